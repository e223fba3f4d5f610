//! Clients that are let in, and write what they like into the memory that they share with the server.

use std::{
    fs::File,
    os::{
        fd::{AsRawFd, OwnedFd},
        unix::fs::FileExt,
    },
    thread,
    time::{Duration, Instant},
};

use nix::{
    errno::Errno,
    sys::socket::{MsgFlags, Shutdown, recv, send, shutdown},
};
use selvedge::{
    layout::Field,
    pipe::Pipe,
    platform::{
        Ordering::Relaxed,
        Owner,
        native::{Native, NativeCell},
    },
    protocol::spsc::{self, End},
    segment::HEADER_SIZE,
};
use selvedge_tests::{FOR_EVER, View, handshake::let_in};

use crate::{Attack, Victim, local, table};

/// A client's lifeline, and its view of the two rings.
struct Intruder {
    line: OwnedFd,
    to: View,
    from: View,
    payload: File,
}

const CAPACITY: u64 = Pipe::CAPACITY as u64;

fn fields() -> [Field; 7] {
    spsc::Ring::<Native, [NativeCell<u8>; Pipe::CAPACITY]>::fields()
}

impl Intruder {
    fn of(victim: &Victim) -> Self {
        let (line, [to, from]) = let_in(victim.path()).unwrap();
        let [to_view, from_view] = [&to, &from].map(|memory| View::of(memory, &fields()).unwrap());
        Self { line, to: to_view, from: from_view, payload: to.into() }
    }

    /// Writes over the bytes that are on their way.
    fn overwrites(&self, bytes: &[u8]) {
        let slots = fields().into_iter().find(|field| field.name == "slots").unwrap();
        self.payload.write_all_at(bytes, (HEADER_SIZE + slots.offset) as u64).unwrap();
    }

    /// Writes bytes as a client does, but for the wake-up: the server looks ten times a second.
    fn writes(&self, bytes: &[u8]) {
        self.overwrites(bytes);
        self.to.u64("tail").store(bytes.len() as u64, Relaxed);
    }

    /// How many bytes come back.
    fn echo(&self) -> u64 {
        let end = Instant::now() + FOR_EVER;
        while self.from.u64("tail").load(Relaxed) == 0 && Instant::now() < end {
            thread::sleep(Duration::from_millis(1));
        }
        self.from.u64("tail").load(Relaxed)
    }

    /// What becomes of its connection, if it does nothing more.
    fn ends(&self) -> String {
        let mut byte = [0];
        match recv(self.line.as_raw_fd(), &mut byte, MsgFlags::empty()) {
            Ok(0) => "the server hung up".into(),
            said => format!("{said:?}"),
        }
    }

    /// Stores what looks random into all words, for a while.
    fn scribbles(&self) {
        let mut state = 0x2545_F491_4F6C_DD1D_u64;
        let end = Instant::now() + Duration::from_millis(300);
        while Instant::now() < end {
            for view in [&self.to, &self.from] {
                for name in ["head", "tail", "filled", "freed"] {
                    state ^= state << 13;
                    state ^= state >> 7;
                    state ^= state << 17;
                    let value = if state.is_multiple_of(2) { state } else { state % CAPACITY };
                    view.u64(name).store(value, Relaxed);
                }
                let owner = if state.is_multiple_of(3) { state as u32 } else { (state % 4) as u32 };
                view.u32(if state.is_multiple_of(5) { "producer" } else { "consumer" })
                    .store(owner, Relaxed);
            }
        }
    }
}

const ATTACKS: &[Attack] = &[
    local("no attack", |victim| {
        let intruder = Intruder::of(victim);
        intruder.writes(b"hello");
        let echo = intruder.echo();
        intruder.to.u32("producer").store(End::CLOSED.0, Relaxed);
        format!("{echo} bytes come back; {}", intruder.ends())
    }),
    local("more bytes than there is room for", |victim| {
        let intruder = Intruder::of(victim);
        intruder.to.u64("tail").store(CAPACITY + 1, Relaxed);
        intruder.ends()
    }),
    local("fewer bytes than none", |victim| {
        let intruder = Intruder::of(victim);
        intruder.to.u64("tail").store(u64::MAX, Relaxed);
        intruder.ends()
    }),
    local("bytes taken that were not written", |victim| {
        let intruder = Intruder::of(victim);
        intruder.from.u64("head").store(CAPACITY, Relaxed);
        intruder.writes(b"hello");
        intruder.ends()
    }),
    local("the server's own positions, written over", |victim| {
        let intruder = Intruder::of(victim);
        intruder.to.u64("head").store(7777, Relaxed);
        intruder.from.u64("tail").store(7777, Relaxed);
        intruder.writes(b"hello");
        thread::sleep(Duration::from_millis(300));
        format!("its tail is {}", intruder.from.u64("tail").load(Relaxed))
    }),
    local("its ends given to the server", |victim| {
        let intruder = Intruder::of(victim);
        for (view, end) in [(&intruder.to, "producer"), (&intruder.from, "consumer")] {
            view.u32(end).store(End::owned(Owner(1)).0, Relaxed);
        }
        intruder.ends()
    }),
    local("the server's ends closed for it", |victim| {
        let intruder = Intruder::of(victim);
        for (view, end) in [(&intruder.to, "consumer"), (&intruder.from, "producer")] {
            view.u32(end).store(End::CLOSED.0, Relaxed);
        }
        intruder.writes(b"hello");
        format!("{} bytes come back", intruder.echo())
    }),
    local("its ends vacant, and it is gone", |victim| {
        let intruder = Intruder::of(victim);
        for (view, end) in [(&intruder.to, "producer"), (&intruder.from, "consumer")] {
            view.u32(end).store(End::VACANT.0, Relaxed);
        }
        "it could".into()
    }),
    local("the bytes that are being read, again and again", |victim| {
        let intruder = Intruder::of(victim);
        let end = Instant::now() + Duration::from_millis(300);
        let mut bytes = vec![0_u8; Pipe::CAPACITY];
        while Instant::now() < end {
            let next = bytes[0].wrapping_add(1);
            bytes.fill(next);
            intruder.overwrites(&bytes);
            let taken = intruder.to.u64("head").load(Relaxed);
            intruder.to.u64("tail").store(taken.wrapping_add(CAPACITY), Relaxed);
            let come = intruder.from.u64("tail").load(Relaxed);
            intruder.from.u64("head").store(come, Relaxed);
        }
        assert!(intruder.from.u64("tail").load(Relaxed) > CAPACITY, "it was echoed");
        "they come back as what they were at some time".into()
    }),
    local("megabytes on the lifeline", |victim| {
        let intruder = Intruder::of(victim);
        let flags = MsgFlags::MSG_DONTWAIT | MsgFlags::MSG_NOSIGNAL;
        let sent = (0..1000).map(|_| send(intruder.line.as_raw_fd(), &[7; 4096], flags));
        let refused = sent.filter(|sent| *sent == Err(Errno::EAGAIN)).count();
        assert!(refused > 900, "{refused}");
        intruder.writes(b"hello");
        format!("there is no room for them; {} bytes come back", intruder.echo())
    }),
    local("a lifeline that is hung up, and it goes on", |victim| {
        let intruder = Intruder::of(victim);
        shutdown(intruder.line.as_raw_fd(), Shutdown::Both).unwrap();
        let Intruder { to, from, .. } = &intruder;
        let end = Instant::now() + Duration::from_millis(500);
        let mut count = 0;
        while Instant::now() < end {
            count += 1;
            intruder.overwrites(&[7; 64]);
            to.u32("producer").store(End::owned(Owner(0)).0, Relaxed);
            to.u64("tail").store(to.u64("head").load(Relaxed) + count % 2, Relaxed);
            from.u64("head").store(from.u64("tail").load(Relaxed), Relaxed);
        }
        "it could".into()
    }),
];

#[test]
fn whatever_a_client_writes_into_the_memory_ends_its_own_connection_at_most() {
    insta::assert_snapshot!(table(ATTACKS));
}

#[test]
fn whatever_words_a_client_writes_again_and_again_end_its_own_connection_at_most() {
    let mut victim = Victim::start("local", "bytes");
    for _ in 0..5 {
        victim.is_attacked(|victim| {
            Intruder::of(victim).scribbles();
            String::new()
        });
    }
    // What looks random may have closed it each time, and there were nothing to tell.
    victim.is_attacked(|victim| {
        Intruder::of(victim).to.u64("tail").store(u64::MAX, Relaxed);
        String::new()
    });
    let told = victim.tells_of(&[
        "died",
        "the ring was still empty at the deadline",
        "the ring was still full at the deadline",
        "the consumer has closed the ring",
        "the ring is full and its consumer is dead",
        "the ring's counters are impossible: shared memory is corrupt",
    ]);
    assert!(told.contains("impossible"), "{told}");
}
