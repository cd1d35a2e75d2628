//! Where a request goes.

/// A name, or an address without its brackets, and a port.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Server {
    pub(super) host: String,
    pub(super) port: u16,
    /// Without TLS.
    pub(super) plain: bool,
}

impl Server {
    /// Of `https://host[:port][/path][?query]`, or of `http://` likewise; none where that is something else.
    pub(super) fn of(url: &str) -> Option<Self> {
        let (rest, plain) = match url.strip_prefix("http://") {
            Some(rest) => (rest, true),
            None => (url.strip_prefix("https://")?, false),
        };
        let rest = rest.split('#').next().unwrap_or(rest);
        let (authority, path) = rest.split_at(rest.find(['/', '?']).unwrap_or(rest.len()));
        if !path.bytes().all(|byte| byte.is_ascii_graphic()) {
            return None;
        }
        let server = Self::parse(authority, if plain { 80 } else { 443 })?;
        Some(Self { plain, ..server })
    }

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
        (!host.is_empty() && host.len() <= 255 && host.bytes().all(fits)).then(|| Self {
            host: host.to_owned(),
            port,
            plain: false,
        })
    }

    /// `host:port`, as `CONNECT` and SOCKS want it.
    pub(super) fn authority(&self) -> String {
        let Self { host, port, .. } = self;
        if host.contains(':') { format!("[{host}]:{port}") } else { format!("{host}:{port}") }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_is_taken_apart_and_what_is_none_is_refused() {
        let parsed = |url| Server::of(url).map(|server| server.authority());
        assert_eq!(parsed("https://a.example").as_deref(), Some("a.example:443"));
        assert_eq!(parsed("https://a.example?x=1#y").as_deref(), Some("a.example:443"));
        assert_eq!(parsed("https://[::1]:8443/a/b?c").as_deref(), Some("[::1]:8443"));
        assert_eq!(parsed("http://a.example/x").as_deref(), Some("a.example:80"));
        for wrong in [
            "ftp://a.example/",
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
