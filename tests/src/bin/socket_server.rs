//! `socket_server ADDRESS bytes|frames MODE`: says where it listens, and echoes what each client sends, in a thread of its
//! own, until it ends or a second passes in which nothing comes. It is asked by a line how it fared, and tells whom
//! it refused, and how each connection ended that did not end well. A panic ends it.

#![allow(clippy::print_stdout, reason = "the test hears it")]

use std::{
    collections::BTreeMap,
    error::Error,
    io::{self, ErrorKind},
    panic, process,
    sync::mpsc::{Receiver, Sender, channel},
    thread,
    time::Duration,
};

use selvedge::{
    pipe::Ended,
    socket::{
        self, Address, Connection, Listener, Socket,
        frame::{FrameError, Framed},
        local::{self, ListenerConfig},
    },
};
use selvedge_tests::child;

/// How long a client may keep it waiting.
const PATIENCE: Duration = Duration::from_secs(1);

fn main() -> Result<(), Box<dyn Error>> {
    let [address, how, mode] = child();
    let show = panic::take_hook();
    panic::set_hook(Box::new(move |info| {
        show(info);
        process::abort()
    }));
    let mut listener = listen(&address.parse()?, u32::from_str_radix(&mode, 8)?)?;
    println!("{}", listener.address()?);
    let serve = if how == "frames" { serve_frames } else { serve_bytes };
    let (tell, told) = channel();
    let asked = questions();
    loop {
        match listener.accept_within(Some(Duration::from_millis(5))) {
            Ok(connection) => {
                let tell = tell.clone();
                thread::spawn(move || serve(connection, &tell));
            }
            Err(error) if error.kind() == ErrorKind::TimedOut => {}
            Err(error) => tell.send(format!("accept: {error}"))?,
        }
        if asked.try_recv().is_ok() {
            println!("{}", report(&listener, told.try_iter()));
        }
    }
}

fn listen(address: &Address, mode: u32) -> io::Result<Listener> {
    let Address::Local(path) = address else { return socket::listen(address) };
    let config = ListenerConfig::new().mode(mode).patience(Duration::from_millis(200));
    Ok(Listener::Local(local::Listener::with(path, config)?))
}

fn questions() -> Receiver<String> {
    let (ask, asked) = channel();
    thread::spawn(move || {
        io::stdin().lines().map_while(Result::ok).try_for_each(|line| ask.send(line))
    });
    asked
}

fn report(listener: &Listener, ends: impl Iterator<Item = String>) -> String {
    let mut counts = BTreeMap::new();
    if let Listener::Local(listener) = listener {
        let refused = listener.refused();
        counts.insert("not allowed".to_owned(), refused.not_allowed);
        counts.insert("malformed".to_owned(), refused.malformed);
        counts.insert("silent".to_owned(), refused.silent);
        counts.insert("busy".to_owned(), refused.busy);
    }
    for end in ends.filter(|end| !end.is_empty()) {
        *counts.entry(end).or_default() += 1;
    }
    let counts = counts.iter().filter(|(_, count)| **count > 0).map(|(what, count)| {
        // Honest clients may be among many.
        if *count < 1000 { format!("{count} {what}") } else { format!("thousands {what}") }
    });
    counts.collect::<Vec<_>>().join(", ")
}

fn serve_bytes(mut connection: Connection, tell: &Sender<String>) {
    let mut bytes = [0; 4096];
    let end = loop {
        let echoed = connection.read_within(&mut bytes, Some(PATIENCE)).and_then(|count| {
            let mut left = &bytes[..count];
            while !left.is_empty() {
                left = &left[connection.write_within(left, Some(PATIENCE))?..];
            }
            Ok(count)
        });
        match echoed {
            Ok(0) => break None,
            Ok(_) => {}
            // The client has gone, and what it has left to be read says how.
            Err(error) if error.kind() == ErrorKind::BrokenPipe => {
                let _ = connection.read_within(&mut bytes, Some(PATIENCE));
                break None;
            }
            Err(error) => break Some(error.to_string()),
        }
    };
    // It tells first, so that who sees it let go can ask.
    match (end, connection) {
        (None, Connection::Local(connection)) => {
            let (reader, _writer) = connection.split();
            let died = reader.ended() != Some(Ended::Closed);
            let _ = tell.send(if died { "died".into() } else { String::new() });
        }
        (end, _connection) => _ = tell.send(end.unwrap_or_default()),
    }
}

fn serve_frames(connection: Connection, tell: &Sender<String>) {
    let mut framed = Framed::new(connection);
    let end = loop {
        let echoed = framed.recv(Some(PATIENCE)).and_then(|message| {
            message.map(|message| framed.send(&message, Some(PATIENCE))).transpose()
        });
        match echoed {
            Ok(None) => break String::new(),
            Ok(Some(())) => {}
            Err(FrameError::Io(error)) => break error.kind().to_string(),
            Err(error) => break error.to_string(),
        }
    };
    let _ = tell.send(end);
}
