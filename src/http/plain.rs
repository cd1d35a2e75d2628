//! Plain HTTP, towards networks that the site names and nowhere else: hospitals whose systems know no TLS.

use std::{
    fmt,
    io::{self, Read as _, Write as _},
    net::{IpAddr, TcpStream},
    str::FromStr,
};

use rustix::net::{RecvFlags, recv};
use serde::Deserialize;

use super::timer::{Timer, of_socket};

/// A network: `10.0.0.0/8`, `fd00::/8`; an address alone is itself.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(try_from = "String")]
pub struct Network {
    address: IpAddr,
    length: u8,
}

impl FromStr for Network {
    type Err = &'static str;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        const ALLOWED: &str = "expected a network such as \"10.0.0.0/8\"";
        let (address, length) = text.split_once('/').map_or((text, None), |(address, length)| (address, Some(length)));
        let address: IpAddr = address.parse().map_err(|_| ALLOWED)?;
        let most = if address.is_ipv4() { 32 } else { 128 };
        let length = length.map_or(Ok(most), str::parse).map_err(|_| ALLOWED)?;
        if length > most { Err(ALLOWED) } else { Ok(Self { address, length }) }
    }
}

impl fmt::Display for Network {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}/{}", self.address, self.length)
    }
}

impl TryFrom<String> for Network {
    type Error = &'static str;

    fn try_from(text: String) -> Result<Self, Self::Error> {
        text.parse()
    }
}

impl Network {
    /// Whether this address is one of it.
    pub(crate) fn holds(&self, address: IpAddr) -> bool {
        let bits = |address| match address {
            IpAddr::V4(v4) => u128::from(u32::from(v4)) << 96,
            IpAddr::V6(v6) => u128::from(v6),
        };
        let address = address.to_canonical();
        let beyond = 128_u32.saturating_sub(self.length.into());
        let differs = bits(address) ^ bits(self.address);
        address.is_ipv4() == self.address.is_ipv4() && differs.checked_shr(beyond).unwrap_or(0) == 0
    }

    /// Whether nobody outside a site can have such an address (RFC 1918, RFC 4193, loopback).
    pub(crate) fn is_private(&self) -> bool {
        let within = |network: &str| {
            network.parse::<Self>().is_ok_and(|all| all.length <= self.length && all.holds(self.address))
        };
        ["10.0.0.0/8", "172.16.0.0/12", "192.168.0.0/16", "127.0.0.0/8", "fc00::/7", "::1/128"].into_iter().any(within)
    }
}

/// A connection without TLS.
pub(super) struct Plain(pub(super) TcpStream);

/// Read at once, bytes.
const READ: usize = 8 * 1024;

impl Plain {
    /// Writes all of it; `sent` tells whether the kernel took the last byte.
    pub(super) fn write(&mut self, bytes: &[u8], sent: &mut bool, timer: &Timer<'_>) -> io::Result<()> {
        let mut rest = bytes;
        while !rest.is_empty() {
            timer.limit(&self.0)?;
            match self.0.write(rest).map_err(of_socket)? {
                0 => return Err(io::ErrorKind::WriteZero.into()),
                written => rest = &rest[written..],
            }
        }
        *sent = true;
        Ok(())
    }

    /// Adds what comes to `plain`; false when the server has closed the connection.
    pub(super) fn read(&mut self, plain: &mut Vec<u8>, timer: &Timer<'_>) -> io::Result<bool> {
        timer.limit(&self.0)?;
        let before = plain.len();
        plain.resize(before.saturating_add(READ), 0);
        let read = self.0.read(&mut plain[before..]).map_err(of_socket);
        plain.truncate(before.saturating_add(*read.as_ref().unwrap_or(&0)));
        Ok(read? > 0)
    }

    /// Whether an idle connection still stands, with nothing on it that nobody asked for.
    pub(super) fn is_open(&self) -> bool {
        matches!(recv(&self.0, &mut [0_u8; 1], RecvFlags::PEEK | RecvFlags::DONTWAIT), Err(rustix::io::Errno::AGAIN))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_network_holds_its_addresses_and_no_others() {
        for (network, within, without) in [
            ("10.0.0.0/8", "10.255.0.1", "11.0.0.1"),
            ("192.0.2.7", "192.0.2.7", "192.0.2.8"),
            ("128.0.0.0/1", "200.1.1.1", "127.0.0.1"),
            ("fd00::/8", "fd12::1", "fe80::1"),
            ("172.16.0.0/12", "::ffff:172.20.0.1", "::172.20.0.1"),
        ] {
            let network: Network = network.parse().unwrap();
            assert!(network.holds(within.parse().unwrap()) && !network.holds(without.parse().unwrap()), "{network:?}");
        }
        let everything: Network = "0.0.0.0/0".parse().unwrap();
        assert!(everything.holds("8.8.8.8".parse().unwrap()) && !everything.is_private());
        for (text, is_private) in
            [("10.1.0.0/16", true), ("172.16.0.0/11", false), ("30.0.0.0/8", false), ("fd00::/8", true)]
        {
            assert_eq!(text.parse::<Network>().unwrap().is_private(), is_private, "{text}");
        }
        for wrong in ["", "10.0.0.0/33", "10.0.0/8", "example/8", "10.0.0.0/-1"] {
            assert!(wrong.parse::<Network>().is_err(), "{wrong}");
        }
    }
}
