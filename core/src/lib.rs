#![doc = include_str!("../README.md")]

pub mod layout;
#[cfg(target_os = "linux")]
pub mod message_queue;
#[cfg(target_os = "linux")]
pub mod mutex;
#[cfg(target_os = "linux")]
pub mod permits;
#[cfg(target_os = "linux")]
pub mod pipe;
pub mod platform;
pub mod protocol;
#[cfg(target_os = "linux")]
pub mod segment;
#[cfg(target_os = "linux")]
pub mod shared_memory;
