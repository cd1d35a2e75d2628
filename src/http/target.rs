//! Where a request goes.

use zeroize::Zeroizing;

use super::HttpError;

/// An address taken apart. The path carries identifiers and is wiped.
pub(super) struct Target {
    pub(super) server: Server,
    /// Path and query.
    pub(super) path: Zeroizing<String>,
}

/// A name, or an address without its brackets, and a port.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Server {
    pub(super) host: String,
    pub(super) port: u16,
}

impl Target {
    /// `https://host[:port][/path][?query]`; a fragment stays here.
    pub(super) fn parse(url: &str) -> Result<Self, HttpError> {
        let rest = url.strip_prefix("https://").ok_or(HttpError::BadAddress)?;
        let rest = rest.split('#').next().unwrap_or(rest);
        let (authority, path) = rest.split_at(rest.find(['/', '?']).unwrap_or(rest.len()));
        if !path.bytes().all(|byte| byte.is_ascii_graphic()) {
            return Err(HttpError::BadAddress);
        }
        let server = Server::parse(authority, 443).ok_or(HttpError::BadAddress)?;
        let slash = if path.starts_with('/') { "" } else { "/" };
        Ok(Self { server, path: Zeroizing::new(format!("{slash}{path}")) })
    }
}

impl Server {
    /// `host`, `host:port`, `[2001:db8::1]:port`
    pub(super) fn parse(authority: &str, default_port: u16) -> Option<Self> {
        let (host, port) = match authority.strip_prefix('[') {
            Some(rest) => rest.split_once(']')?,
            None => authority.split_at(authority.find(':').unwrap_or(authority.len())),
        };
        let port = match port {
            "" => default_port,
            port => port.strip_prefix(':')?.parse().ok()?,
        };
        let fits = |byte: u8| byte.is_ascii_alphanumeric() || b"-._:".contains(&byte);
        (!host.is_empty() && host.len() <= 255 && host.bytes().all(fits)).then(|| Self { host: host.to_owned(), port })
    }

    /// `host:port`, as `CONNECT` and SOCKS want it.
    pub(super) fn authority(&self) -> String {
        let Self { host, port } = self;
        if host.contains(':') { format!("[{host}]:{port}") } else { format!("{host}:{port}") }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_is_taken_apart_and_what_is_none_is_refused() {
        let parsed = |url| {
            let target = Target::parse(url).ok()?;
            Some(format!("{} {}", target.server.authority(), *target.path))
        };
        assert_eq!(parsed("https://a.example").as_deref(), Some("a.example:443 /"));
        assert_eq!(parsed("https://a.example?x=1#y").as_deref(), Some("a.example:443 /?x=1"));
        assert_eq!(parsed("https://[::1]:8443/a/b?c").as_deref(), Some("[::1]:8443 /a/b?c"));
        for wrong in [
            "http://a.example/",
            "https://",
            "https://user:password@a.example/",
            "https://a.example:99999/",
            "https://a.example/a b",
            "https://a.example/a\r\nX: y",
            "https://[::1/",
        ] {
            assert_eq!(parsed(wrong), None, "{wrong}");
        }
    }
}
