#![doc = include_str!("../README.md")]

pub mod layout;
#[cfg(target_os = "linux")]
pub mod mutex;
#[cfg(target_os = "linux")]
pub mod permits;
pub mod platform;
pub mod protocol;
#[cfg(target_os = "linux")]
pub mod segment;
