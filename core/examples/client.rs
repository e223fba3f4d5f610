//! Leaves messages in the guest book of `server`, and prints what it answers. Start the two in any order:
//!
//! ```sh
//! cargo run --example server -- --frames local://guests tcp://127.0.0.1:7777
//! cargo run --example client -- local://guests hello
//! cargo run --example client -- tcp://127.0.0.1:7777 "hello from far away"
//! ```
#![allow(clippy::print_stdout, reason = "a program for a terminal")]

mod common;

use std::{io::Write, process::ExitCode, time::Duration};

use clap::Parser;
use common::Done;
use selvedge::socket::{Address, frame::Framed};

/// How long the server may take to answer.
const PATIENCE: Duration = Duration::from_secs(5);

/// Leave messages in a guest book.
#[derive(Debug, Parser)]
struct Arguments {
    /// Where the server listens: local://PATH, tcp://HOST:PORT or udp://HOST:PORT.
    address: Address,
    /// What to say.
    #[arg(required = true, value_name = "MESSAGE")]
    messages: Vec<String>,
    /// Die by SIGKILL when half of the first message is sent.
    #[arg(long)]
    crash: bool,
}

fn main() -> ExitCode {
    let arguments = Arguments::parse();
    common::run("client", &[], |_| run(&arguments))
}

fn run(Arguments { address, messages, crash }: &Arguments) -> Done {
    common::go_to_directory()?;
    let mut connection = common::connect(address)?;
    if *crash {
        let message = messages[0].as_bytes();
        connection.write_all(&(message.len() as u32).to_le_bytes())?;
        connection.write_all(&message[..message.len() / 2])?;
        common::crash();
    }
    let mut server = Framed::new(connection);
    for message in messages {
        server.send(message.as_bytes(), Some(PATIENCE))?;
        let answer = server.recv(Some(PATIENCE))?.ok_or("the server has hung up")?;
        println!("{}", String::from_utf8_lossy(&answer));
    }
    Ok(())
}
