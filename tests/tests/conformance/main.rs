//! The same questions to the kernel's mechanisms and to ours: the answers stand side by side in a snapshot, so that
//! every difference is explicit.
#![cfg(target_os = "linux")]

mod message_queue;
mod pipe;
