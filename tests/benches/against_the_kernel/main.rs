//! Each mechanism beside the kernel's and glibc's, in one run: what is told is the ratio, on one machine.
//!
//! | measurement | the other process | held against |
//! |-------------|-------------------|--------------|
//! | [`pipe`]: 1 MiB, in writes of 64 B, 4 KiB and 64 KiB | reads, up to 64 KiB at a time | `pipe(2)`, `mkfifo(3)`, a stream `socketpair(2)` |
//! | [`pipe`]: a byte there and back | echoes | the same |
//! | [`queue`]: 10,000 messages of 64 B | receives | `mq_open(3)` with room for 10, a `SOCK_SEQPACKET` `socketpair(2)` |
//! | [`queue`]: a message there and back | echoes | the same |
//! | [`socket`]: 1 MiB, in writes of 64 B, 4 KiB and 64 KiB | reads, up to 64 KiB at a time | stream sockets of `unix(7)`; `tcp(7)` over loopback, `TCP_NODELAY` |
//! | [`socket`]: a byte there and back | echoes | the same |
//! | [`socket`]: a connection made, closed and found closed | connects and closes | the same |
//! | [`semaphore`]: acquire and release | none | `sem_init(3)` between processes |
//! | [`semaphore`]: a permit there and back | hands it back | the same |
//! | [`mutex`]: lock, add, unlock | none, or does the same all the time | a robust `pthread_mutex_t` between processes |
//! | [`memory`]: read 8, 64 and 1024 B | writes all the time | the same; a `pthread_rwlock_t`; a copy that may be torn |
//!
//! This program is the other process too. Each of the two stays on a core of its own, if there are two that it may
//! use; what machine that was is printed first. The time of a stream, and of what goes there and back, ends when
//! the other process has said how much came, which is compared; where both change a number, nothing of it may be
//! missing; and what is read under a lock, or from a cell, must be whole. A measurement that stands still for a minute
//! ends the run. The other process ends with this one, however that ends.
#![allow(clippy::print_stdout, reason = "it is told to who runs it")]

mod bytes;
mod contest;
mod machine;
mod memory;
mod mutex;
mod peer;
mod pipe;
mod posix;
mod queue;
mod semaphore;
mod socket;

use contest::Contest;

fn main() {
    if peer::is_this() {
        return;
    }
    machine::settle();
    let mut contest = Contest::new();
    pipe::measure(&mut contest);
    queue::measure(&mut contest);
    socket::measure(&mut contest);
    semaphore::measure(&mut contest);
    mutex::measure(&mut contest);
    memory::measure(&mut contest);
    contest.finish();
}
