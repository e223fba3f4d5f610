#![doc = include_str!("../README.md")]

pub mod layout;
pub mod platform;
pub mod protocol;
#[cfg(target_os = "linux")]
pub mod segment;
