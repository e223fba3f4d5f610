//! Hundreds of connections in one thread: tasks of tokio send back what comes, through shared memory and over TCP.
//!
//! ```sh
//! cargo run --features tokio --example tasks -- serve local://echo tcp://127.0.0.1:7777
//! cargo run --features tokio --example tasks -- ping local://echo --connections 200
//! ```
//!
//! A client that is killed ends all of its connections at once.
#![allow(clippy::print_stdout, reason = "a program for a terminal")]

mod common;

use std::{
    io::{self, Read, Write},
    process::ExitCode,
    time::Duration,
};

use clap::{Parser, ValueEnum};
use common::Done;
use nix::sys::resource::{Resource, getrlimit, setrlimit};
use selvedge::{
    poll::{Async, AsyncListener},
    socket::{Address, local},
};
use tokio::{
    io::{AsyncRead, AsyncWrite},
    net::TcpListener,
    runtime,
    sync::mpsc::{UnboundedSender, unbounded_channel},
    time,
};

/// How long to leave the kernel that could not let anybody in.
const PAUSE: Duration = Duration::from_millis(100);

/// Hundreds of connections in one thread.
#[derive(Debug, Parser)]
enum Role {
    /// Send back what comes over any number of connections.
    Serve {
        /// Where to listen: local://PATH or tcp://HOST:PORT.
        #[arg(required = true, value_name = "ADDRESS")]
        addresses: Vec<Address>,
        /// End when so many connections have ended.
        #[arg(long, value_name = "N", default_value_t = u64::MAX, hide_default_value = true)]
        connections: u64,
    },
    /// Open so many connections, send something over each, and wait for all answers.
    Ping {
        address: Address,
        /// A server takes no more than 1024, unless it is configured to.
        #[arg(long, value_name = "N", value_parser = clap::value_parser!(u64).range(1..=1024))]
        connections: u64,
        #[arg(long, value_enum, default_value_t = Then::End)]
        then: Then,
    },
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
enum Then {
    /// Hang up.
    End,
    /// Keep the connections open.
    Stay,
    /// Die by SIGKILL.
    Crash,
}

fn main() -> ExitCode {
    let role = Role::parse();
    common::run("tasks", &[], |_| run(&role))
}

fn run(role: &Role) -> Done {
    common::go_to_directory()?;
    // A connection takes five descriptors here.
    let (_, most) = getrlimit(Resource::RLIMIT_NOFILE)?;
    setrlimit(Resource::RLIMIT_NOFILE, most, most)?;
    match role {
        Role::Serve { addresses, connections } => {
            let runtime = runtime::Builder::new_current_thread().enable_all().build()?;
            runtime.block_on(serve(addresses, *connections))
        }
        Role::Ping { address, connections, then } => ping(address, *connections, *then),
    }
}

async fn serve(addresses: &[Address], connections: u64) -> Done {
    let (ended, mut endings) = unbounded_channel();
    for address in addresses {
        tokio::spawn(let_in(Door::at(address).await?, ended.clone()));
    }
    for _ in 0..connections {
        while time::timeout(PAUSE, endings.recv()).await.is_err() {
            common::go_on()?;
        }
    }
    println!("{connections} connections were served");
    // With the runtime all tasks end, and what they have is dropped.
    Ok(())
}

/// Lets in whoever comes, and gives each a task.
async fn let_in(mut door: Door, ended: UnboundedSender<()>) {
    loop {
        match door.guest().await {
            Ok((mut reader, mut writer)) => {
                let ended = ended.clone();
                tokio::spawn(async move {
                    // A guest that is gone is no concern of the others.
                    let _ = tokio::io::copy(&mut reader, &mut writer).await;
                    drop((reader, writer));
                    let _ = ended.send(());
                });
            }
            Err(error) => {
                eprintln!("tasks: nobody can be let in now: {error}");
                time::sleep(PAUSE).await;
            }
        }
    }
}

/// Where guests come in.
enum Door {
    Local(Box<AsyncListener>),
    Tcp(TcpListener),
}

/// The two ends of a connection.
type Guest = (Box<dyn AsyncRead + Send + Unpin>, Box<dyn AsyncWrite + Send + Unpin>);

impl Door {
    async fn at(address: &Address) -> io::Result<Self> {
        match address {
            Address::Local(path) => {
                let listener = AsyncListener::new(local::Listener::at(path)?)?;
                Ok(Self::Local(Box::new(listener)))
            }
            Address::Tcp(place) => TcpListener::bind(place).await.map(Self::Tcp),
            _ => Err(io::Error::new(io::ErrorKind::Unsupported, "local:// or tcp://")),
        }
    }

    async fn guest(&mut self) -> io::Result<Guest> {
        Ok(match self {
            Self::Local(listener) => {
                let (reader, writer) = listener.accept().await?.split();
                let writer = writer.expect("it is not finished");
                (Box::new(Async::new(reader)?), Box::new(Async::new(writer)?))
            }
            Self::Tcp(listener) => {
                let (reader, writer) = listener.accept().await?.0.into_split();
                (Box::new(reader), Box::new(writer))
            }
        })
    }
}

fn ping(address: &Address, connections: u64, then: Then) -> Done {
    let all = (0..connections).map(|_| common::connect(address));
    let mut all = all.collect::<Result<Vec<_>, _>>()?;
    for (number, connection) in (0..connections).zip(&mut all) {
        connection.write_all(&number.to_le_bytes())?;
    }
    for (number, connection) in (0..connections).zip(&mut all) {
        let mut answer = [0; size_of::<u64>()];
        connection.read_exact(&mut answer)?;
        assert_eq!(u64::from_le_bytes(answer), number, "each is answered its own");
    }
    println!("{connections} connections are answered");
    match then {
        Then::End => Ok(()),
        Then::Stay => common::pause(Duration::MAX),
        Then::Crash => common::crash(),
    }
}
