//! A guest book. Local clients leave messages through shared memory, others over TCP and UDP; a browser shows them:
//!
//! ```sh
//! cargo run --example server -- --frames local://guests --http tcp://127.0.0.1:8080
//! cargo run --example client -- local://guests hello
//! chromium http://127.0.0.1:8080/
//! ```
//!
//! One thread waits for whoever comes, wherever that is; each guest is then served by a thread, and by nobody for longer
//! than its patience lasts. A guest that is killed, silent or talks nonsense costs the others nothing.
#![allow(clippy::print_stdout, reason = "a program for a terminal")]

mod common;

use std::{
    collections::VecDeque,
    io::ErrorKind::TimedOut,
    os::fd::AsFd,
    process::ExitCode,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    thread::{self, JoinHandle},
    time::{Duration, Instant},
};

use clap::Parser;
use common::{Done, http};
use selvedge::{
    poll,
    socket::{
        self, Address, Connection, Listener, Peer, Socket,
        frame::{FrameError, Framed},
    },
};

/// A guest that says nothing for so long is hung up on.
const PATIENCE: Duration = Duration::from_secs(5);

/// The most guests of a door that are served at a time. Others are turned away.
const MOST_GUESTS: usize = 64;

/// The longest message, in bytes.
const LONGEST: u32 = 1024;

/// How many messages the page shows.
const SHOWN: usize = 100;

/// How long to leave the kernel that could not let anybody in.
const PAUSE: Duration = Duration::from_millis(100);

/// A guest book: messages are left, and a page shows them.
#[derive(Debug, Parser)]
struct Arguments {
    /// Where messages are left, each a frame, as `client` does: local://PATH, tcp://HOST:PORT, udp://HOST:PORT.
    #[arg(long, value_name = "ADDRESS", num_args = 1..)]
    frames: Vec<Address>,
    /// Where browsers see the page: tcp://HOST:PORT.
    #[arg(long, value_name = "ADDRESS", num_args = 1..)]
    http: Vec<Address>,
    /// End when so many guests have come, and are served.
    #[arg(long, value_name = "N", default_value_t = usize::MAX, hide_default_value = true)]
    guests: usize,
}

/// Serves a guest.
type Serve = fn(Connection, &Book) -> Result<(), FrameError>;

/// Where guests come in.
struct Door {
    listener: Listener,
    serve: Serve,
    guests: Vec<JoinHandle<()>>,
}

/// What the guests have left.
#[derive(Default)]
struct Book(Mutex<Pages>);

#[derive(Default)]
struct Pages {
    /// The last of them, and who left them.
    messages: VecDeque<(Peer, String)>,
    count: u64,
    /// How many guests hung up in the middle of a message.
    cut: u64,
}

fn main() -> ExitCode {
    let arguments = Arguments::parse();
    common::run("server", &[], |_| run(arguments))
}

fn run(Arguments { frames, http, guests }: Arguments) -> Done {
    common::go_to_directory()?;
    let mut doors = Vec::new();
    for (what, addresses, serve) in
        [("frames", frames, converse as Serve), ("http", http, show as Serve)]
    {
        for address in addresses {
            let listener = socket::listen(&address)?;
            println!("{what} at {}", listener.address()?);
            doors.push(Door { listener, serve, guests: Vec::new() });
        }
    }
    let book = Arc::new(Book::default());
    let mut missing = guests;
    while missing > 0 {
        let listeners: Vec<_> = doors.iter().map(|door| &door.listener as &dyn AsFd).collect();
        poll::wait(&listeners, None)?;
        // Who is being served is hung up on.
        common::go_on()?;
        for door in &mut doors {
            door.let_in(&book, &mut missing);
        }
    }
    for guest in doors.into_iter().flat_map(|door| door.guests) {
        guest.join().expect("no guest makes a thread panic");
    }
    let Pages { count, cut, .. } = *book.pages();
    println!("guests: {guests}, messages: {count}, broken off: {cut}");
    Ok(())
}

impl Door {
    /// Lets in who is there, up to so many.
    fn let_in(&mut self, book: &Arc<Book>, missing: &mut usize) {
        while *missing > 0 {
            match self.listener.accept_within(Some(Duration::ZERO)) {
                Ok(guest) => {
                    *missing -= 1;
                    self.welcome(guest, book.clone());
                }
                Err(error) if error.kind() == TimedOut => break,
                Err(error) => {
                    eprintln!("server: nobody can be let in now: {error}");
                    // It may be interrupted.
                    let _ = common::pause(PAUSE);
                    break;
                }
            }
        }
    }

    fn welcome(&mut self, guest: Connection, book: Arc<Book>) {
        self.guests.retain(|guest| !guest.is_finished());
        let who = guest.peer().map_or_else(|error| error.to_string(), |who| who.to_string());
        if self.guests.len() == MOST_GUESTS {
            eprintln!("server: {who} is turned away");
            return;
        }
        let serve = self.serve;
        self.guests.push(thread::spawn(move || {
            if let Err(error) = serve(guest, &book) {
                book.pages().cut += u64::from(matches!(error, FrameError::Cut));
                eprintln!("server: {who}: {error}");
            }
        }));
    }
}

/// Enters messages, and says which number each has, until the guest hangs up.
fn converse(guest: Connection, book: &Book) -> Result<(), FrameError> {
    let who = guest.peer()?;
    let mut guest = Framed::with_limit(guest, LONGEST);
    while let Some(message) = guest.recv(Some(PATIENCE))? {
        let number = book.enter(who, String::from_utf8_lossy(&message).into_owned());
        guest.send(format!("message {number}").as_bytes(), Some(PATIENCE))?;
    }
    Ok(())
}

/// Shows the page.
fn show(mut browser: Connection, book: &Book) -> Result<(), FrameError> {
    let until = Instant::now() + PATIENCE;
    let status = http::receive(&mut browser, until)?;
    let page = if status == http::OK { book.page() } else { format!("<h1>{status}</h1>\n") };
    Ok(http::answer(&mut browser, status, &page, until)?)
}

impl Book {
    fn pages(&self) -> MutexGuard<'_, Pages> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Enters a message, and says how many there are now.
    fn enter(&self, who: Peer, message: String) -> u64 {
        let mut pages = self.pages();
        if pages.messages.len() == SHOWN {
            pages.messages.pop_front();
        }
        pages.messages.push_back((who, message));
        pages.count += 1;
        pages.count
    }

    /// A page that a browser loads again every two seconds.
    fn page(&self) -> String {
        let pages = self.pages();
        let mut page = format!(
            "<!DOCTYPE html>\n<html lang=\"en\">\n<meta charset=\"utf-8\">\n\
             <meta http-equiv=\"refresh\" content=\"2\">\n<link rel=\"icon\" href=\"data:,\">\n\
             <title>Guest book</title>\n<h1>Guest book</h1>\n<p>Messages: {}</p>\n<ul>\n",
            pages.count
        );
        for (who, message) in &pages.messages {
            page += &format!("<li>{} <small>by {who}</small></li>\n", http::escape(message));
        }
        page + "</ul>\n</html>\n"
    }
}
