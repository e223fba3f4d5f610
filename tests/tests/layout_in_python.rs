//! What `docs/layout.md` says is enough for a program in another language.

use std::process::Command;

use selvedge::{
    message_queue::{MessageQueue, Text},
    segment::{Directory, RingConfig},
};
use selvedge_tests::Name;

/// What the reader prints, and what it complains of.
fn read(path: &str) -> (String, String) {
    let script = concat!(env!("CARGO_MANIFEST_DIR"), "/../docs/read_queue.py");
    let output = Command::new("python3").args([script, path]).output().expect("Python 3");
    let text = |bytes| String::from_utf8(bytes).expect("text");
    (text(output.stdout), text(output.stderr))
}

#[test]
fn python_reads_what_waits_in_a_live_queue_and_takes_nothing() {
    let (shm, name) = (Directory::shm(), Name::of("layout_in_python"));
    for (n, start) in [0, u64::MAX - 1].into_iter().enumerate() {
        let config = RingConfig::new(4).start_at(start);
        let queue = MessageQueue::<Text<100>>::named(&shm, &name, config).unwrap().0;
        let (mut sender, mut receiver) = (queue.sender().unwrap(), queue.receiver().unwrap());
        for message in ["taken", "one", "zwei ist fünf", ""] {
            sender.send(message).unwrap();
        }
        assert_eq!(receiver.recv().unwrap(), "taken");
        sender.send("the last").unwrap();
        let path = shm.path(&name).unwrap();
        let (printed, complaint) = read(path.to_str().unwrap());
        assert_eq!((&*printed, &*complaint), ("one\nzwei ist fünf\n\nthe last\n", ""), "{n}");
        assert_eq!(receiver.recv().unwrap(), "one");
        shm.unlink(&name).unwrap();
    }
}

#[test]
fn what_is_no_queue_is_refused() {
    let (_, complaint) = read(env!("CARGO_MANIFEST_PATH"));
    assert_eq!(complaint.trim(), "read_queue: not a segment of layout version 2");
}
