//! As much of HTTP/1.1 as a page needs: which request came, and what is answered.

use std::{
    io::{self, ErrorKind::TimedOut},
    time::{Duration, Instant},
};

use httparse::{EMPTY_HEADER, Request};
use selvedge::socket::Socket;

pub(crate) const OK: &str = "200 OK";
const MALFORMED: &str = "400 Bad Request";
const NOT_FOUND: &str = "404 Not Found";
const NOT_GET: &str = "405 Method Not Allowed";
const LATE: &str = "408 Request Timeout";
const TOO_LONG: &str = "431 Request Header Fields Too Large";

/// The longest request, in bytes, and in headers.
const LONGEST: usize = 8 * 1024;
const HEADERS: usize = 64;

/// Reads a request, and says with which status it is answered.
pub(crate) fn receive(socket: &mut impl Socket, until: Instant) -> io::Result<&'static str> {
    let (mut request, mut come) = ([0; LONGEST], 0);
    while come < LONGEST {
        match socket.read_within(&mut request[come..], Some(left(until))) {
            Ok(0) => return Ok(MALFORMED),
            Ok(count) => come += count,
            Err(error) if error.kind() == TimedOut => return Ok(LATE),
            Err(error) => return Err(error),
        }
        if let Some(status) = status(&request[..come]) {
            return Ok(status);
        }
    }
    Ok(TOO_LONG)
}

/// The status, once all of the request is there.
fn status(bytes: &[u8]) -> Option<&'static str> {
    let mut headers = [EMPTY_HEADER; HEADERS];
    let mut request = Request::new(&mut headers);
    match request.parse(bytes) {
        Ok(whole) if whole.is_partial() => None,
        Ok(_) => Some(match (request.method, request.path) {
            (Some("GET"), Some("/")) => OK,
            (Some("GET"), _) => NOT_FOUND,
            _ => NOT_GET,
        }),
        Err(_) => Some(MALFORMED),
    }
}

/// Answers with a page, and waits until it is read: whoever hangs up before all that was sent to it is read
/// resets the connection, and the answer may be lost.
pub(crate) fn answer(
    socket: &mut impl Socket,
    status: &str,
    page: &str,
    until: Instant,
) -> io::Result<()> {
    let length = page.len();
    let answer = format!(
        "HTTP/1.1 {status}\r\nContent-Type: text/html; charset=utf-8\r\nContent-Length: {length}\r\n\
         Content-Security-Policy: default-src 'none'; img-src data:\r\nCache-Control: no-store\r\nAllow: GET\r\n\
         Connection: close\r\n\r\n{page}"
    );
    let mut unsent = answer.as_bytes();
    while !unsent.is_empty() {
        unsent = &unsent[socket.write_within(unsent, Some(left(until)))?..];
    }
    // A browser that has all of it may have hung up already.
    if socket.finish().is_ok() {
        let mut ignored = [0; LONGEST];
        let mut reads = || socket.read_within(&mut ignored, Some(left(until)));
        while Instant::now() < until && reads().is_ok_and(|count| count > 0) {}
    }
    Ok(())
}

fn left(until: Instant) -> Duration {
    until.saturating_duration_since(Instant::now())
}

/// Text as it stands in a page.
pub(crate) fn escape(text: &str) -> String {
    let mut escaped = String::new();
    for letter in text.chars() {
        match letter {
            '&' => escaped += "&amp;",
            '<' => escaped += "&lt;",
            '>' => escaped += "&gt;",
            '"' => escaped += "&quot;",
            '\'' => escaped += "&#39;",
            letter => escaped.push(letter),
        }
    }
    escaped
}
