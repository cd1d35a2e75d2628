//! The few requests that are signed, and the message that is.

/// A request of ours, exactly as it goes over the wire.
#[derive(Clone, Copy)]
pub struct RequestToSign<'a> {
    /// `GET` or `POST`.
    pub method: &'a str,
    /// Path and query as sent, percent-encoded.
    pub path_and_query: &'a str,
    /// Seconds since 1970.
    pub timestamp: i64,
    /// 16–32 characters of `[0-9A-Za-z]`, fresh for each attempt.
    pub nonce: &'a str,
    /// The body as sent; empty for GET.
    pub body: &'a [u8],
}

impl RequestToSign<'_> {
    /// `METHOD\nPATH?QUERY\nTIMESTAMP\nNONCE\nBODY\n` (APIv3 rules, signature generation), or none for a request that
    /// is not ours.
    pub(super) fn message(&self) -> Option<Vec<u8>> {
        if !self.is_ours() {
            return None;
        }
        let Self { method, path_and_query, timestamp, nonce, body } = self;
        let mut message = format!("{method}\n{path_and_query}\n{timestamp}\n{nonce}\n").into_bytes();
        message.extend_from_slice(body);
        message.push(b'\n');
        Some(message)
    }

    fn is_ours(&self) -> bool {
        let nonce_fits = (16..=32).contains(&self.nonce.len()) && self.nonce.bytes().all(|b| b.is_ascii_alphanumeric());
        let path_fits = self.path_and_query.bytes().all(|byte| byte.is_ascii_graphic());
        let path = self.path_and_query.split('?').next().unwrap_or("");
        let allowed = match self.method {
            "GET" if self.body.is_empty() => {
                path == "/v3/certificates" || path.strip_prefix("/v3/facemch/users/").is_some_and(is_one_segment)
            }
            "POST" => path == "/v3/security/echo",
            _ => false,
        };
        nonce_fits && path_fits && allowed
    }
}

/// One RFC 3986 segment of unreserved and percent-encoded characters that no server reads as a step up or down.
fn is_one_segment(segment: &str) -> bool {
    let plain = segment.bytes().all(|b| b.is_ascii_alphanumeric() || b"-._~%".contains(&b));
    let dots = segment.replace("%2E", ".").replace("%2e", ".");
    plain && !segment.is_empty() && dots != "." && dots != ".."
}

#[cfg(test)]
mod tests {
    use super::*;

    fn message(method: &str, path_and_query: &str, body: &[u8]) -> Option<Vec<u8>> {
        RequestToSign { method, path_and_query, timestamp: 1, nonce: "0123456789abcdef", body }.message()
    }

    #[test]
    fn only_our_own_requests_are_signed() {
        assert!(message("GET", "/v3/facemch/users/a%2Fb?info_type=ASK_REAL_NAME", b"").is_some());
        assert!(message("GET", "/v3/certificates?algorithm_type=RSA", b"").is_some());
        assert!(message("POST", "/v3/security/echo", b"{}").is_some());
        for (method, path) in [
            ("POST", "/v3/refund/domestic/refunds"),
            ("POST", "/v3/certificates"),
            ("GET", "/v3/facemch/users/"),
            ("GET", "/v3/facemch/users/a/b"),
            ("GET", "/v3/facemch/users/.."),
            ("GET", "/v3/facemch/users/%2e%2E"),
            ("GET", "/v3/facemch/users//a"),
            ("GET", "/v3/certificates/../pay"),
            ("GET", "/v3/facemch/users/a\n1\n"),
            ("DELETE", "/v3/certificates"),
        ] {
            assert!(message(method, path, b"").is_none(), "{method} {path}");
        }
        assert!(message("GET", "/v3/certificates", b"x").is_none());
    }

    #[test]
    fn a_nonce_with_other_characters_is_refused() {
        let request = RequestToSign {
            method: "GET",
            path_and_query: "/v3/certificates",
            timestamp: 1,
            nonce: "0123456789abcde\n",
            body: b"",
        };
        assert!(request.message().is_none());
    }
}
