//! `receive_bytes NAME`: reads the ring NAME to its end, in pieces of changing length, checks each
//! byte, and prints their number and how many reads got less than they asked for.
#![allow(clippy::print_stdout, reason = "the test reads it")]

use std::error::Error;

use selvedge::{
    protocol::spsc::PopTimeoutError,
    segment::{Directory, SpscRing},
};
use selvedge_tests::{byte, child};

fn main() -> Result<(), Box<dyn Error>> {
    let [name] = child();
    let mut consumer = Directory::shm().attach::<SpscRing<u8>>(&name)?.consumer()?;
    let (mut received, mut partial) = (0, 0);
    let mut buffer = [0; 400];
    loop {
        let wanted = 1 + received as usize % buffer.len();
        let got = match consumer.read_until(&mut buffer[..wanted], None) {
            Ok(count) => count,
            Err(PopTimeoutError::Closed) => break,
            Err(error) => return Err(error.into()),
        };
        for found in &buffer[..got] {
            if *found != byte(received) {
                return Err(format!("byte {received} is {found}").into());
            }
            received += 1;
        }
        partial += u64::from(got < wanted);
    }
    println!("{received} {partial}");
    Ok(())
}
