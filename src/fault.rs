//! Stable operator codes: on the panel's corner, in the log, in the journal, in the table of fault/CODES.md.
//!
//! One code per *different action of an operator*. Codes are never renumbered and never reused. This module knows no
//! other; everything may know it.

use std::{fmt, str::FromStr};

/// Something that went wrong and has a code.
pub trait Fault: std::error::Error {
    /// The operator's code.
    fn code(&self) -> Code;
}

/// Exit codes of the program (sysexits.h).
pub mod exit {
    /// Everything asked for was done.
    pub const OK: u8 = 0;
    /// A check or lookup failed; the output says which.
    pub const FAILED: u8 = 1;
    /// The command line is wrong.
    pub const USAGE: u8 = 64;
    /// A needed service cannot be reached.
    pub const UNAVAILABLE: u8 = 69;
    /// A bug of ours.
    pub const SOFTWARE: u8 = 70;
    /// The state directory or a device cannot be read or written.
    pub const IO: u8 = 74;
    /// A permission is missing, or a key may be read by others.
    pub const NO_PERMISSION: u8 = 77;
    /// The site or board file is wrong; a restart does not cure it.
    pub const CONFIG: u8 = 78;
}

macro_rules! codes {
    ($($code:ident $seen:literal, $cure:literal;)*) => {
        /// A stable operator code.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub enum Code { $(#[doc = $seen] $code,)* }

        impl Code {
            /// Every code, in order.
            pub const ALL: &'static [Self] = &[$(Self::$code,)*];

            /// `N301`
            pub fn as_str(self) -> &'static str {
                match self { $(Self::$code => stringify!($code),)* }
            }

            /// What is wrong, in a few words.
            pub fn summary(self) -> &'static str {
                match self { $(Self::$code => $seen,)* }
            }

            /// What the operator does about it.
            pub fn cure(self) -> &'static str {
                match self { $(Self::$code => $cure,)* }
            }
        }
    };
}

codes! {
    C101 "site file cannot be used", "correct the line named in the message; `facemchd check` reads it without starting";
    C102 "board file cannot be used", "correct the line named in the message, or name another board in the site file";
    C103 "state directory cannot be used", "create it, give it to the daemon's user, free space on its file system";
    C105 "clock is before the program was built", "let the board reach a time server or set its clock; it recovers by itself";
    C106 "clock differs from WeChat's by more than five minutes", "set the board's clock; until then the offset learnt from WeChat is used";
    C107 "no merchant is picked", "name a [[merchant]] of the site file in the lane or the frame, or list the terminal in its terminals";
    C108 "the clock was set", "find out what sets it if it happens often; days and retention follow confirmed time only";
    C110 "another facemchd drives these devices", "stop it first (systemctl stop facemchd), or wait until it ends; the message names its process";
    T201 "a line from the terminal is not a frame", "compare the terminal's lines with PROTOCOL.md; check baud rate and cable";
    T202 "a line from the terminal is longer than 4096 bytes", "check baud rate and cable, or shorten the frame";
    T203 "a frame's checksum is wrong", "check cable and earth; compare CRC-16/CCITT-FALSE over the bytes before `*`";
    T204 "unknown frame type", "update the terminal's app or this program";
    T205 "the face_sid is not usable", "forward the terminal SDK's face_sid unchanged";
    T206 "the terminal did not recognise a face", "the person looks again; if it stays, restart the terminal";
    T207 "no such session or option", "the terminal answers the session named in the last outcome or scene";
    T208 "the lane is serving somebody", "the terminal sends the face again when the outcome has come";
    T209 "too many frames", "the terminal sends less; more than 50 frames a second are dropped";
    T210 "the terminal's port is gone", "plug the terminal in, it is found again by itself; a socket needs its folder to be there";
    T211 "somebody without permission tried to act as the terminal", "add its uid to allow-uids or its certificate's subject to allow-subjects, or find out what it is";
    T212 "consent was not given", "the person agrees on the terminal, or uses another way in";
    T213 "this way in is not set up, or lacks a document", "set [weixin] up, or read the identity card before the claim";
    T214 "nobody here can judge this way in", "list it in the lane's other-ways; a voucher or a card alone needs checkin.adapter = \"http\", a card also a lane that asks for names";
    T220 "the list of terminals' certificates that were taken back is out of date", "put the authority's newest list in the place of [terminals] crl-file and reload; until then the old one counts";
    N301 "WeChat cannot be reached", "check cable, route and firewall for both WeChat Pay domains; `facemchd check` names the hop";
    N302 "WeChat's name cannot be resolved", "check the resolver, or set proxy or connect-to";
    N303 "no secure connection to WeChat", "check clock, ca-file and whether a middlebox intercepts TLS";
    N304 "WeChat did not answer in time", "check the line's delay; raise patience-ms only if people accept the wait";
    N305 "WeChat's answer cannot be read", "check for a captive portal or a proxy's own page; else report the Request-ID to WeChat";
    N306 "the proxy refuses", "check proxy address and whether it allows the WeChat Pay domains";
    N310 "an answer is not signed by WeChat", "find who answers in WeChat's place; check public-key and its id";
    N311 "an answer is signed with an unknown key", "public-key mode: set the key id the console shows; else wait for the certificate";
    N312 "an answer's time is not within five minutes", "set the board's clock";
    N313 "an answer came twice", "somebody replays answers: check the network";
    N320 "WeChat does not accept this face any more", "the person looks again";
    N321 "WeChat refuses permission", "apply for the face real-name permission for this sub-merchant; check appid and sub_mchid";
    N322 "WeChat does not accept our signature", "check mchid, serial-no, the sign key and the clock";
    N323 "WeChat asks us to slow down", "wait; if it stays, ask WeChat for a higher rate";
    N324 "WeChat has a fault", "wait; if it stays, report the Request-ID to WeChat";
    N325 "WeChat's answer holds no real name", "check info-type and the permission of the sub-merchant";
    N326 "WeChat grants the face terminal nothing", "compare appid, mchid, store and APIv2 key of [authinfo]; WeChat's own words stand in the log";
    K401 "a key file cannot be used", "give a PEM private key (PKCS#8 or PKCS#1) or certificate; see the message";
    K402 "a key can be read by others", "chmod 0600 the key file and give it to the daemon's user";
    K403 "a key is shorter than 2048 bits", "get a new key and certificate from WeChat";
    K404 "a key does not belong to the configured certificate", "check which key and serial number belong together";
    K405 "the name could not be opened", "check keys.decrypt, sub-serial-no, padding and charset";
    K406 "WeChat's certificates could not be opened", "check keys.apiv3 against the console";
    K407 "a certificate has expired or is about to", "renew it in the console and replace the file";
    J501 "the journal was damaged and has been salvaged", "look at `facemchd journal verify`; replace the card if it happens again";
    J502 "the journal cannot be written", "free space, check the card; nobody is served until it works";
    J503 "the journal is nearly full or old", "raise journal.max-bytes or max-age, or collect the journal";
    J504 "the state was damaged and has been rebuilt", "nothing; replace the card if it happens again";
    J505 "nobody knows whether the gate was opened: the program ended in between", "the check-in is taken back; the person presents the face again";
    D601 "the panel does not answer", "check cable and supply of the panel";
    D602 "buttons, switches, sensors or lights cannot be used", "check the lines in the board file and their wiring; `facemchd probe` lists them";
    D603 "the case is open", "close it; find out who opened it";
    D610 "a character cannot be drawn", "install a font with this character; the number on the slip is right";
    P701 "the printer does not answer", "check cable, supply and baud rate of the printer";
    P702 "the printer has no paper", "put in a new roll; it goes on by itself";
    P703 "the printer's cover is open", "close it";
    P704 "the printer has a mechanical fault", "clear the cutter or the jam, switch it off and on";
    P705 "nobody knows whether the slip was printed", "look; reprint only when the person has none";
    P706 "the printer's paper is nearly out", "have a new roll ready";
    P707 "a slip came too late and was dropped", "the person takes the number to the staff window";
    P708 "a slip was not taken and was drawn back", "give the person the number; the slip lies in the printer's bin";
    G801 "the gate's output cannot be switched", "check the line in the board file and its wiring";
    G802 "the gate was not opened: the grant had ended", "the person presents the face again";
    G803 "nobody went through the gate in time; the check-in was taken back", "the person presents the face again";
    G804 "somebody went through behind another person", "staff look at the lane; check the passage sensors if nobody was there";
    G805 "somebody came through the wrong way", "staff look at the lane; check which sensor is the first one";
    G806 "the gate did not close", "clear the passage; check gate and contact";
    G807 "the fire input is active: nobody is let through by us", "follow the site's plan; it goes on by itself when the input is released";
    H901 "the site's system cannot be reached", "check its address and the network to it";
    H902 "the site's system answers something else than agreed", "compare its answer with INTERFACE.md";
    H903 "the site's system refuses us", "check hmac-key or the client certificate";
    H904 "the site's system did not answer in time", "look into the site's system; the person is sent to staff";
    H905 "nobody knows what became of a check-in", "look the session up in the site's system";
    W101 "weixin does not accept our access token", "check weixin.token: only one place may fetch tokens for an appid";
    W102 "weixin does not know our address", "add the address that the message names to the appid's white list, or take tokens from a central service";
    W103 "weixin does not accept appid or secret", "check weixin.appid and the files of weixin.token; the secret may be frozen";
    W104 "weixin's quota is used up", "wait until tomorrow; look for a second program that fetches tokens";
    W105 "the person's authorisation is used up or not theirs", "the person agrees again in the mini-program";
    W106 "the person has no real name at WeChat", "another way in: ID card, queue code, staff window";
    W107 "the appid may not ask for real names", "apply for the permission, and bind appid and mch-id to each other";
    W108 "weixin does not accept our question", "check weixin.mch-id, cert-serialno, key and the clock";
    W109 "weixin's answer cannot be read", "check for a captive portal or a proxy's own page; else report the rid to weixin";
    W110 "weixin is busy", "wait";
    W111 "name and document do not belong to this WeChat user", "the person goes to the staff window with the document";
    W112 "weixin waits for the administrator to admit our address", "the appid's administrator confirms the address in WeChat, or puts it on the white list; after a refusal, an hour (89507) or a day (89506) must pass";
    W113 "weixin refuses with a number that is not known here", "look the number up in weixin's table of return codes, or report the rid to weixin";
    W114 "the central service gives no access token", "look at the service that weixin.token names, and at the network to it";
    X001 "the program has a fault", "report it with the log; it restarts by itself";
    X002 "the program was stopped while a person was served", "the person presents the face again";
    X003 "too much work at once", "the person presents the face again; raise concurrency if it happens often";
    X010 "staff have closed the lane", "turn the lane's switch, or `facemchd lane NAME normal`";
    X011 "the lane is in maintenance", "turn the lane's switch, or `facemchd lane NAME normal`";
}

impl Code {
    /// The program's exit code when this ends it.
    pub fn exit(self) -> u8 {
        match self {
            Self::C103 | Self::C110 => exit::IO,
            Self::K402 => exit::NO_PERMISSION,
            Self::X001 => exit::SOFTWARE,
            _ => match self.as_str().as_bytes()[0] {
                b'C' | b'K' => exit::CONFIG,
                b'N' | b'H' | b'W' => exit::UNAVAILABLE,
                _ => exit::IO,
            },
        }
    }
}

/// A fault with its whole chain of causes, on one line: `K401 the key cannot be read; caused by: permission denied`.
pub fn chain(fault: &dyn Fault) -> String {
    format!("{} {}", fault.code(), causes(fault))
}

/// An error with its whole chain of causes, on one line.
pub fn causes<E: std::error::Error + ?Sized>(error: &E) -> String {
    let mut line = error.to_string();
    let mut cause = error.source();
    while let Some(error) = cause {
        line.push_str("; caused by: ");
        line.push_str(&error.to_string());
        cause = error.source();
    }
    line
}

impl fmt::Display for Code {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// A text that is not a code.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("not an operator code")]
pub struct CodeError;

impl FromStr for Code {
    type Err = CodeError;

    fn from_str(text: &str) -> Result<Self, CodeError> {
        Self::ALL.iter().copied().find(|code| code.as_str() == text).ok_or(CodeError)
    }
}
