//! `send_bytes NAME COUNT`: writes the first COUNT bytes into the ring NAME, in pieces of changing
//! length, and closes it.

use std::error::Error;

use selvedge::segment::{Directory, SpscRing};
use selvedge_tests::{byte, child};

fn main() -> Result<(), Box<dyn Error>> {
    let [name, count] = child();
    let count: u64 = count.parse()?;
    let mut producer = Directory::shm().attach::<SpscRing<u8>>(&name)?.producer()?;
    let mut sent = 0;
    let mut piece = Vec::new();
    while sent < count {
        let len = (1 + sent % 611).min(count - sent);
        piece.clear();
        piece.extend((sent..sent + len).map(byte));
        let mut rest = &piece[..];
        while !rest.is_empty() {
            let written = producer.write_until(rest, None)?;
            rest = &rest[written..];
        }
        sent += len;
    }
    producer.close();
    Ok(())
}
