//! The example of a server: a guest book that local clients, others on the network and browsers use at once.
#![cfg(target_os = "linux")]

use std::{
    io::{Read, Write},
    net::TcpStream,
    path::Path,
    process::Command,
};

use selvedge::socket::{self, Address, Connection, Socket, frame::Framed};
use selvedge_tests::{Children, FOR_EVER, examples, hear};
use tempfile::TempDir;

/// A guest book, and where it listens.
struct Server {
    _children: Children,
    _directory: TempDir,
    local: Address,
    tcp: Address,
    /// Host and port.
    http: String,
}

impl Server {
    fn start() -> Self {
        let directory = tempfile::tempdir_in("/dev/shm").unwrap();
        let mut children = Children::new();
        let child = examples::start(
            &mut children,
            directory.path(),
            "server",
            "--frames local://guests tcp://127.0.0.1:0 --http tcp://127.0.0.1:0",
        );
        assert_eq!(hear(child), "frames at local://guests");
        let tcp = hear(child).strip_prefix("frames at ").unwrap().parse().unwrap();
        let http = hear(child).strip_prefix("http at tcp://").unwrap().to_owned();
        let local = Address::Local(directory.path().join("guests"));
        Self { _children: children, _directory: directory, local, tcp, http }
    }

    fn browser(&self) -> TcpStream {
        TcpStream::connect(&self.http).unwrap()
    }

    /// A guest with half of a message.
    fn half_a_frame(&self, address: &Address) -> Connection {
        let mut guest = socket::connect(address).unwrap();
        guest.write_all(&[9, 0, 0, 0, b'n', b'e', b'v', b'e', b'r']).unwrap();
        guest
    }
}

/// Leaves a message, and hears the answer.
fn say(guest: &mut Framed<Connection>, message: &str) -> String {
    guest.send(message.as_bytes(), Some(FOR_EVER)).unwrap();
    String::from_utf8(guest.recv(Some(FOR_EVER)).unwrap().unwrap()).unwrap()
}

/// What a server of HTTP answers to these bytes.
fn answer(mut browser: TcpStream, bytes: &[u8]) -> String {
    // It may hang up before it has read all of them.
    let _ = browser.write_all(bytes);
    browser.set_read_timeout(Some(2 * FOR_EVER)).unwrap();
    let mut answer = String::new();
    browser.read_to_string(&mut answer).unwrap();
    answer
}

#[test]
fn whoever_talks_nonsense_is_told_so_and_holds_up_nobody() {
    let server = Server::start();
    let mut guest = Framed::new(socket::connect(&server.local).unwrap());
    let _silent = [(); 3].map(|()| server.browser());
    let _half = [&server.local, &server.tcp].map(|address| server.half_a_frame(address));

    let garbage: Vec<u8> = (0..100_000).map(selvedge_tests::byte).collect();
    let long = "a".repeat(1_000_000);
    let requests = [
        ("GET / HTTP/1.1\r\nHost: here\r\n\r\n", "200 OK"),
        ("GET /elsewhere HTTP/1.1\r\n\r\n", "404 Not Found"),
        ("POST / HTTP/1.1\r\nContent-Length: 5\r\n\r\nhello", "405 Method Not Allowed"),
        ("GET / HTTP/1.1\r\nno header\r\n\r\n", "400 Bad Request"),
        (&format!("GET / HTTP/1.1\r\nLong: {long}"), "431 Request Header Fields Too Large"),
        (&format!("GET /{long}"), "431 Request Header Fields Too Large"),
        ("GET / HTTP/1.1\r\nHo", "408 Request Timeout"),
    ];
    let requests = requests.map(|(request, status)| (request.as_bytes(), status));
    let requests = [(&*garbage, "400 Bad Request")].into_iter().chain(requests);
    for (number, (request, status)) in (1..).zip(requests) {
        let answer = answer(server.browser(), request);
        assert!(answer.starts_with(&format!("HTTP/1.1 {status}\r\n")), "{status}: {answer}");
        if status != "408 Request Timeout" {
            assert_eq!(say(&mut guest, status), format!("message {number}"));
        }
    }
}

#[test]
fn garbage_instead_of_frames_ends_its_own_connection_alone() {
    let server = Server::start();
    let mut far = Framed::new(socket::connect(&server.tcp).unwrap());
    let mut near = Framed::new(socket::connect(&server.local).unwrap());
    for (number, address) in (0..).zip([&server.local, &server.tcp]) {
        let mut garbage = socket::connect(address).unwrap();
        garbage.write_all(&[0xff; 4]).unwrap();
        assert_eq!(garbage.read_within(&mut [0], Some(FOR_EVER)).unwrap(), 0, "hung up");
        assert_eq!(say(&mut near, "near"), format!("message {}", 2 * number + 1));
        assert_eq!(say(&mut far, "far"), format!("message {}", 2 * number + 2));
    }
}

/// What a browser makes of a page.
fn document(profile: &Path, address: &str) -> String {
    let mut chromium = Command::new("chromium");
    chromium.args([
        "--headless",
        "--no-sandbox",
        "--disable-gpu",
        "--disable-quic",
        "--no-first-run",
        "--disable-background-networking",
        "--disable-component-update",
        "--disable-sync",
        "--log-level=3",
        "--dump-dom",
    ]);
    chromium.arg(format!("--user-data-dir={}", profile.display())).arg(address);
    let mut children = Children::new();
    children.start("chromium (apt-get install --no-install-recommends chromium)", &mut chromium);
    children.finish().remove(0)
}

#[test]
#[ignore = "needs chromium"]
fn a_browser_shows_what_a_local_client_has_said() {
    let server = Server::start();
    let mut guest = Framed::new(socket::connect(&server.local).unwrap());
    assert_eq!(say(&mut guest, "<h2>hello</h2>"), "message 1");
    let profile = tempfile::tempdir().unwrap();
    let shown = document(profile.path(), &format!("http://{}/", server.http));
    let who = format!("process {} of user {}", std::process::id(), nix::unistd::getuid());
    let entry = format!("<li>&lt;h2&gt;hello&lt;/h2&gt; <small>by {who}</small></li>");
    assert!(shown.contains(&entry) && shown.contains("<p>Messages: 1</p>"), "{shown}");
    assert_eq!(say(&mut guest, "still here"), "message 2");
}
