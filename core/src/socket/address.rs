//! Where servers listen, as text.

use core::{fmt, str::FromStr};
use std::path::PathBuf;

/// Where a server listens: `local://PATH`, `tcp://HOST:PORT` or `udp://HOST:PORT`. `HOST` is a name, an IPv4 address,
/// or an IPv6 address in brackets; port 0 is one that the kernel chooses.
///
/// ```
/// use selvedge::socket::Address;
///
/// let address: Address = "tcp://[::1]:7777".parse()?;
/// assert_eq!(address, Address::Tcp("[::1]:7777".into()));
/// assert!("localhost:7777".parse::<Address>().is_err());
/// # Ok::<(), selvedge::socket::AddressError>(())
/// ```
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Address {
    /// The path of a Unix socket.
    Local(PathBuf),
    /// Host and port.
    Tcp(String),
    /// Host and port.
    Udp(String),
}

/// Why a text is not an [`Address`].
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{0:?} is no address: local://PATH, tcp://HOST:PORT or udp://HOST:PORT")]
pub struct AddressError(String);

impl FromStr for Address {
    type Err = AddressError;

    fn from_str(text: &str) -> Result<Self, AddressError> {
        let has_port = |place: &str| {
            place
                .rsplit_once(':')
                .is_some_and(|(host, port)| !host.is_empty() && port.parse::<u16>().is_ok())
        };
        match text.split_once("://") {
            Some(("local", path)) if !path.is_empty() => Ok(Self::Local(path.into())),
            Some(("tcp", place)) if has_port(place) => Ok(Self::Tcp(place.into())),
            Some(("udp", place)) if has_port(place) => Ok(Self::Udp(place.into())),
            _ => Err(AddressError(text.into())),
        }
    }
}

impl fmt::Display for Address {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Local(path) => write!(f, "local://{}", path.display()),
            Self::Tcp(place) => write!(f, "tcp://{place}"),
            Self::Udp(place) => write!(f, "udp://{place}"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_is_what_it_says_and_nonsense_is_none() {
        for text in
            ["local:///run/x", "local://x", "tcp://a:1", "tcp://[::1]:0", "udp://1.2.3.4:65535"]
        {
            assert_eq!(
                text.parse::<Address>().map(|address| address.to_string()).as_deref(),
                Ok(text)
            );
        }
        for text in
            ["", "x", "local://", "tcp://", "tcp://a", "tcp://:1", "udp://a:65536", "ftp://a:1"]
        {
            assert_eq!(text.parse::<Address>(), Err(AddressError(text.into())));
        }
    }
}
