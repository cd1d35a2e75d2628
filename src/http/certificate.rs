//! What is wrong with a server's certificate, told apart as far as whoever has to mend it needs.

use std::{fmt, sync::Arc};

use rustls::{
    AlertDescription, CertificateError, DigitallySignedStruct, Error, InvalidMessage, OtherError, SignatureScheme,
    client::{
        WebPkiServerVerifier,
        danger::{HandshakeSignatureValid, ServerCertVerified, ServerCertVerifier},
    },
    pki_types::{CertificateDer, ServerName, UnixTime},
};
use x509_cert::{Certificate, der::Decode as _};

use crate::{fault::Cure, words::WallTime};

/// Why there is no secure connection. It names a server, and no person.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum TlsFault {
    /// The certificate is another server's.
    #[error("{0}")]
    OtherName(String),
    /// It is over.
    #[error("{0}")]
    Expired(String),
    /// It has not begun.
    #[error("{0}")]
    NotYetValid(String),
    /// It is its own authority.
    #[error("the server signed its certificate itself, and ca-file does not hold it")]
    SelfSigned,
    /// The chain ends before anybody whom we trust.
    #[error("nobody in ca-file issued the server's certificate, or the server leaves intermediate certificates out")]
    UnknownIssuer,
    /// An authority's certificate in the place of a server's.
    #[error("the server shows an authority's certificate as its own")]
    Authority,
    /// Version 1 or 2 bears no name.
    #[error("the server's certificate is not X.509 version 3")]
    OldVersion,
    /// Plain HTTP, most likely.
    #[error("the server does not speak TLS")]
    NotTls,
    /// Neither protocol nor cipher.
    #[error("server and client have no protocol version or cipher in common ({0})")]
    NothingInCommon(String),
    /// The server does not take us for whom we say we are.
    #[error("the server refuses our certificate, or wants one ({0})")]
    Refused(String),
    /// In rustls' own words.
    #[error("{0}")]
    Other(String),
}

/// When it ends.
pub(super) fn good_until(certificate: &CertificateDer<'_>) -> Option<WallTime> {
    let end = Certificate::from_der(certificate).ok()?.tbs_certificate.validity.not_after.to_unix_duration();
    Some(WallTime(i64::try_from(end.as_millis()).ok()?))
}

/// webpki's words for what rustls has none for.
const OLD_VERSION: &str = "UnsupportedCertVersion";
const AUTHORITY: &str = "CaUsedAsEndEntity";

impl TlsFault {
    pub(super) fn of(error: &Error) -> Self {
        use CertificateError as C;
        let told = error.to_string();
        match error {
            Error::InvalidMessage(InvalidMessage::InvalidContentType) => Self::NotTls,
            Error::InvalidCertificate(C::NotValidForName | C::NotValidForNameContext { .. }) => Self::OtherName(told),
            Error::InvalidCertificate(C::Expired | C::ExpiredContext { .. }) => Self::Expired(told),
            Error::InvalidCertificate(C::NotValidYet | C::NotValidYetContext { .. }) => Self::NotYetValid(told),
            // An authority of the same name and another key is another authority.
            Error::InvalidCertificate(C::UnknownIssuer | C::BadSignature) => Self::UnknownIssuer,
            Error::InvalidCertificate(C::Other(OtherError(other))) => match other.to_string().as_str() {
                OLD_VERSION => Self::OldVersion,
                AUTHORITY => Self::Authority,
                _ if other.is::<SelfSigned>() => Self::SelfSigned,
                _ => Self::Other(told),
            },
            Error::AlertReceived(AlertDescription::HandshakeFailure | AlertDescription::ProtocolVersion)
            | Error::PeerIncompatible(_) => Self::NothingInCommon(told),
            Error::AlertReceived(alert) if is_about_us(*alert) => Self::Refused(told),
            _ => Self::Other(told),
        }
    }

    pub(super) fn cure(&self) -> Option<Cure> {
        Some(match self {
            Self::OtherName(_) => Cure::OtherName,
            Self::Expired(_) => Cure::Expired,
            Self::NotYetValid(_) => Cure::NotYetValid,
            Self::SelfSigned => Cure::SelfSigned,
            Self::UnknownIssuer => Cure::UnknownIssuer,
            Self::Authority => Cure::Authority,
            Self::OldVersion => Cure::OldCertificate,
            Self::NotTls => Cure::NotTls,
            Self::NothingInCommon(_) => Cure::NothingInCommon,
            Self::Refused(_) => Cure::OurCertificate,
            Self::Other(_) => return None,
        })
    }
}

/// A server that says this has not looked at the request.
pub(super) fn is_about_us(alert: AlertDescription) -> bool {
    use AlertDescription as A;
    matches!(
        alert,
        A::HandshakeFailure
            | A::BadCertificate
            | A::UnsupportedCertificate
            | A::CertificateRevoked
            | A::CertificateExpired
            | A::CertificateUnknown
            | A::UnknownCA
            | A::AccessDenied
            | A::DecryptError
            | A::CertificateRequired
    )
}

/// rustls' own judge, who also says of an unknown issuer whether that is the server itself.
#[derive(Debug)]
pub(super) struct Judge(pub(super) Arc<WebPkiServerVerifier>);

/// Subject and issuer are one.
#[derive(Debug)]
struct SelfSigned;

impl fmt::Display for SelfSigned {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("self-signed")
    }
}

impl std::error::Error for SelfSigned {}

impl ServerCertVerifier for Judge {
    fn verify_server_cert(
        &self,
        own: &CertificateDer<'_>,
        others: &[CertificateDer<'_>],
        name: &ServerName<'_>,
        ocsp: &[u8],
        now: UnixTime,
    ) -> Result<ServerCertVerified, Error> {
        self.0.verify_server_cert(own, others, name, ocsp, now).map_err(|error| match error {
            Error::InvalidCertificate(CertificateError::UnknownIssuer) if is_self_signed(own) => {
                Error::InvalidCertificate(CertificateError::Other(OtherError(Arc::new(SelfSigned))))
            }
            other => other,
        })
    }

    fn verify_tls12_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signed: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        self.0.verify_tls12_signature(message, certificate, signed)
    }

    fn verify_tls13_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signed: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        self.0.verify_tls13_signature(message, certificate, signed)
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        self.0.supported_verify_schemes()
    }
}

fn is_self_signed(certificate: &CertificateDer<'_>) -> bool {
    Certificate::from_der(certificate)
        .is_ok_and(|certificate| certificate.tbs_certificate.issuer == certificate.tbs_certificate.subject)
}
