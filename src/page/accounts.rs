//! Named accounts: whoever changes something from a page is somebody.
//!
//! One line each, `NAME ROLE HASH`, in a file of the state directory that nobody but the daemon reads; the hash as the
//! password-hashing competition writes it, argon2id. The file is read at every login: who was added or removed is so at
//! once. Passwords are judged on a thread of their own, one after the other, so that no scene waits for the mathematics
//! and no guess finds a shorter way.

use std::{
    hash::{BuildHasher as _, RandomState},
    io,
    path::{Path, PathBuf},
    sync::{
        Arc,
        mpsc::{SyncSender, TrySendError, sync_channel},
    },
    thread,
    time::Duration,
};

use argon2::{Algorithm, Argon2, Block, Params, Version};
use base64::{Engine as _, engine::general_purpose::STANDARD_NO_PAD as BASE64};
use tokio::sync::oneshot;
use zeroize::Zeroizing;

use super::{delays::Delays, sessions::same};
use crate::{
    files::{self, FileError},
    words::Clock,
};

/// Their file in the state directory.
pub(crate) const ACCOUNTS: &str = "accounts";

/// What somebody may do.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Role {
    /// The triage desk.
    Desk,
    /// The triage desk, and the technician's page.
    Technician,
}

/// Why there is no such account.
#[derive(Debug, thiserror::Error)]
pub enum AccountError {
    /// The file cannot be used.
    #[error(transparent)]
    File(#[from] FileError),
    /// Names are short and plain.
    #[error("a name has 1 to 32 of a-z, 0-9, hyphen")]
    Name,
    /// Passwords are not too short, and no books.
    #[error("a password has 8 to 256 bytes")]
    Password,
    /// The kernel gives no random numbers, or there is too little memory.
    #[error("no hash could be made")]
    Hash,
    /// There are enough.
    #[error("there are {MOST} accounts")]
    Full,
}

/// What came of a login.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Judged {
    /// It is them.
    Known(Role),
    /// No such account, or another password; an account of this name exists or not.
    Wrong { exists: bool },
    /// Not before so long.
    Later(Duration),
    /// Too many log in at once.
    Busy,
}

/// Somebody who logs in, and where the answer goes.
struct Login {
    name: String,
    password: Zeroizing<String>,
    source: String,
    answer: oneshot::Sender<(Judged, u64)>,
}

/// Where logins are judged.
#[derive(Clone)]
pub(super) struct Accounts {
    logins: SyncSender<Login>,
    file: Arc<Path>,
    stamps: RandomState,
}

/// OWASP's second choice of 2024: 12 MiB, three passes, one lane; about a third of a second on a small board.
const MEMORY_KIB: u32 = 12 * 1024;
const PASSES: u32 = 3;

const SALT: usize = 16;
const HASH: usize = 32;

/// Logins that wait.
const WAITING: usize = 8;

/// Accounts of one site.
const MOST: usize = 64;

/// The largest file, bytes.
const LARGEST: usize = 32 * 1024;

impl Role {
    /// The file's word.
    pub(crate) fn as_str(self) -> &'static str {
        match self {
            Self::Desk => "desk",
            Self::Technician => "technician",
        }
    }

    fn parse(word: &str) -> Option<Self> {
        [Self::Desk, Self::Technician].into_iter().find(|role| role.as_str() == word)
    }
}

/// Adds an account, or gives it another password and role.
pub(crate) fn add_account(file: &Path, name: &str, role: Role, password: &str) -> Result<(), AccountError> {
    let plain = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'-';
    if !(1..=32).contains(&name.len()) || !name.bytes().all(plain) {
        return Err(AccountError::Name);
    }
    if !(8..=256).contains(&password.len()) {
        return Err(AccountError::Password);
    }
    let _alone = files::alone(file)?;
    let mut lines = others(&read(file)?, name);
    if lines.len() >= MOST {
        return Err(AccountError::Full);
    }
    let mut salt = [0; SALT];
    getrandom::fill(&mut salt).map_err(|_| AccountError::Hash)?;
    let hash = hash(password.as_bytes(), &salt, MEMORY_KIB, PASSES).ok_or(AccountError::Hash)?;
    let (salt, hash) = (BASE64.encode(salt), BASE64.encode(hash.as_slice()));
    lines.push(format!("{name} {} $argon2id$v=19$m={MEMORY_KIB},t={PASSES},p=1${salt}${hash}", role.as_str()));
    Ok(files::replace(file, format!("{}\n", lines.join("\n")).as_bytes())?)
}

/// Takes an account away; false where there is none.
pub(crate) fn remove_account(file: &Path, name: &str) -> Result<bool, AccountError> {
    let _alone = files::alone(file)?;
    let text = read(file)?;
    if !text.lines().any(|line| is_of(line, name)) {
        return Ok(false);
    }
    files::replace(file, format!("{}\n", others(&text, name).join("\n")).as_bytes())?;
    Ok(true)
}

/// Names and roles.
pub(crate) fn list_accounts(file: &Path) -> Result<Vec<(String, Role)>, AccountError> {
    Ok(read(file)?.lines().filter_map(|line| account(line).map(|(name, role, _)| (name.to_owned(), role))).collect())
}

/// The lines of everybody else; what is no account is not ours to take away.
fn others(text: &str, name: &str) -> Vec<String> {
    text.lines().filter(|line| !line.is_empty() && !is_of(line, name)).map(str::to_owned).collect()
}

/// Whether a line, in order or not, is this account's.
fn is_of(line: &str, name: &str) -> bool {
    line.split(' ').next() == Some(name)
}

/// Of an account's line: another one once it has another password.
fn stamp(stamps: &RandomState, text: &str, name: &str) -> Option<u64> {
    text.lines().find(|line| is_of(line, name)).map(|line| stamps.hash_one(line))
}

/// What the file says; nothing where there is none.
fn read(file: &Path) -> Result<Zeroizing<String>, AccountError> {
    match files::read_secret(file, LARGEST) {
        Ok(bytes) => Ok(Zeroizing::new(String::from_utf8_lossy(&bytes).into_owned())),
        Err(FileError::Empty { .. }) => Ok(Zeroizing::default()),
        Err(error) if error.is_missing() => Ok(Zeroizing::default()),
        Err(error) => Err(error.into()),
    }
}

/// Name, role and hash of a line.
fn account(line: &str) -> Option<(&str, Role, &str)> {
    let mut words = line.split(' ');
    let found = (words.next()?, Role::parse(words.next()?)?, words.next()?);
    words.next().is_none().then_some(found)
}

/// None where the parameters are none, or there is no memory for them.
fn hash(password: &[u8], salt: &[u8], memory_kib: u32, passes: u32) -> Option<Zeroizing<[u8; HASH]>> {
    // A file that asks for more was not written here.
    let params = Params::new(memory_kib.min(64 * 1024), passes.min(16), 1, Some(HASH)).ok()?;
    let mut memory: Vec<Block> = Vec::new();
    memory.try_reserve_exact(params.block_count()).ok()?;
    memory.resize(params.block_count(), Block::default());
    let mut hash = Zeroizing::new([0; HASH]);
    let argon2 = Argon2::new(Algorithm::Argon2id, Version::V0x13, params);
    argon2.hash_password_into_with_memory(password, salt, hash.as_mut_slice(), &mut memory).ok()?;
    Some(hash)
}

/// Whether this is the password.
fn matches(password: &str, told: &str) -> bool {
    let found = (|| {
        let mut parts = told.strip_prefix("$argon2id$v=19$m=")?.split('$');
        let (memory, rest) = parts.next()?.split_once(",t=")?;
        let passes = rest.strip_suffix(",p=1")?;
        let (salt, wanted) = (BASE64.decode(parts.next()?).ok()?, BASE64.decode(parts.next()?).ok()?);
        let made = hash(password.as_bytes(), &salt, memory.parse().ok()?, passes.parse().ok()?)?;
        Some(same(made.as_slice(), wanted))
    })();
    found.unwrap_or(false)
}

impl Accounts {
    /// Begins to judge.
    pub(super) fn open(file: PathBuf, clock: Arc<dyn Clock>) -> io::Result<Self> {
        let (logins, waiting) = sync_channel::<Login>(WAITING);
        let (file, stamps) = (Arc::from(file), RandomState::new());
        let accounts = Self { logins, file: Arc::clone(&file), stamps: stamps.clone() };
        let judge = move || {
            let (mut delays, mut unreadable) = (Delays::default(), false);
            while let Ok(Login { name, password, source, answer }) = waiting.recv() {
                let text = match read(&file) {
                    Ok(text) => text,
                    Err(error) => {
                        if !std::mem::replace(&mut unreadable, true) {
                            tracing::warn!(error = crate::fault::causes(&error), "nobody can log in");
                        }
                        let _ = answer.send((Judged::Busy, 0));
                        continue;
                    }
                };
                unreadable = false;
                let known = text.lines().filter_map(account).find(|(known, ..)| *known == name);
                let judged = match delays.left(&name, &source, clock.now().moment) {
                    Some(left) => Judged::Later(left),
                    None => judge(known, &password),
                };
                match judged {
                    Judged::Known(_) => delays.forgive(&name, &source),
                    Judged::Wrong { .. } => delays.failed(&name, &source, clock.now().moment),
                    Judged::Later(_) | Judged::Busy => {}
                }
                let _ = answer.send((judged, stamp(&stamps, &text, &name).unwrap_or_default()));
            }
        };
        thread::Builder::new().name("accounts".to_owned()).spawn(judge)?;
        Ok(accounts)
    }

    /// Of an account's line now; none where there is no such account.
    pub(super) fn stamp(&self, name: &str) -> Result<Option<u64>, AccountError> {
        Ok(stamp(&self.stamps, &read(&self.file)?, name))
    }

    /// Waits for the answer to a login from this source, and the account's stamp.
    pub(super) async fn log_in(&self, name: String, password: Zeroizing<String>, source: String) -> (Judged, u64) {
        let (answer, answered) = oneshot::channel();
        match self.logins.try_send(Login { name, password, source, answer }) {
            Ok(()) => answered.await.unwrap_or((Judged::Busy, 0)),
            Err(TrySendError::Full(_) | TrySendError::Disconnected(_)) => (Judged::Busy, 0),
        }
    }
}

fn judge(known: Option<(&str, Role, &str)>, password: &str) -> Judged {
    let Some((_, role, told)) = known else {
        // As long as for a name that exists: the time tells nobody which do.
        let _ = hash(password.as_bytes(), &[0; SALT], MEMORY_KIB, PASSES);
        return Judged::Wrong { exists: false };
    };
    if matches(password, told) { Judged::Known(role) } else { Judged::Wrong { exists: true } }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_hash_is_what_other_programs_make_of_the_same() {
        // From the reference implementation's src/test.c.
        let told = "$argon2id$v=19$m=256,t=2,p=1$c29tZXNhbHQ$nf65EOgLrQMR/uIPnA4rEsF5h7TKyQwu9U1bMCHGi/4";
        assert!(matches("password", told));
        assert!(!matches("passwore", told) && !matches("password", "$argon2id$v=19$m=256,t=2,p=1$c29tZXNhbHQ$"));
    }

    #[test]
    fn who_is_added_is_known_and_who_is_removed_is_not() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join(ACCOUNTS);
        let judge = |name: &str, password: &str| {
            let text = read(&file).unwrap();
            super::judge(text.lines().filter_map(account).find(|(known, ..)| *known == name), password)
        };
        assert_eq!(judge("wang", "correct horse"), Judged::Wrong { exists: false });
        add_account(&file, "wang", Role::Desk, "correct horse").unwrap();
        add_account(&file, "li-2", Role::Technician, "battery staple").unwrap();
        assert_eq!(judge("wang", "correct horse"), Judged::Known(Role::Desk));
        assert_eq!(judge("wang", "battery staple"), Judged::Wrong { exists: true });
        add_account(&file, "wang", Role::Technician, "another one").unwrap();
        assert_eq!(judge("wang", "another one"), Judged::Known(Role::Technician));
        assert_eq!(list_accounts(&file).unwrap().len(), 2);
        assert!(remove_account(&file, "wang").unwrap() && !remove_account(&file, "wang").unwrap());
        assert_eq!(judge("wang", "another one"), Judged::Wrong { exists: false });
        // What is no account stands on; only its own name takes it away.
        files::replace(&file, b"a line of somebody's\nwang desk\n").unwrap();
        assert!(!remove_account(&file, "li-2").unwrap());
        add_account(&file, "li-2", Role::Desk, "battery staple").unwrap();
        assert!(remove_account(&file, "wang").unwrap());
        assert!(read(&file).unwrap().starts_with("a line of somebody's\nli-2 desk "));
        for (name, password) in
            [("", "long enough"), ("Wang", "long enough"), ("a b", "long enough"), ("wang", "short")]
        {
            assert!(add_account(&file, name, Role::Desk, password).is_err(), "{name}");
        }
    }
}
