//! Access tokens: kept until shortly before they end, renewed by one caller for all (server API,
//! api_getstableaccesstoken).
//!
//! A token is whoever holds it, so it is never written; and without it nobody acts by its end, which is not written
//! either. A start costs one question: as long as its token is good, weixin gives every program the same one and makes
//! none of before invalid. Only force does that.

use std::{
    path::Path,
    sync::{Mutex, MutexGuard, PoisonError},
    time::Duration,
};

use serde::{Deserialize, Serialize};
use zeroize::Zeroizing;

use super::{
    MiniProgram, Weixin,
    errcode::{Kind, Refusal, of_token_service, unreadable},
    read,
};
use crate::{
    fault::{Code, Failure},
    files::{self, Anchored},
    http::Method,
    identity::{
        insist::{Setback, insist},
        lenient,
        one_fetch::OneFetch,
    },
    words::{Deadline, Moment},
};

/// `weixin.token`: where access tokens come from.
#[derive(Clone, Debug, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum TokenSource {
    /// A central service's address: `GET`, with a bearer token out of a file where one is set, answers as weixin's own
    /// call does. The way for fleets, whose addresses weixin does not all know.
    CentralUrl(String),
    /// A file that another process renews; it holds the token alone.
    File(Anchored),
    /// `POST /cgi-bin/stable_token` with the app secret out of this file.
    StableToken(Anchored),
}

/// Whether the file that tokens begin with is usable.
pub(super) fn look(program: &MiniProgram) -> Result<(), Failure> {
    let file = match &program.token {
        TokenSource::CentralUrl(_) => program.token_bearer.as_ref(),
        TokenSource::File(file) => Some(file).filter(|file| file.exists()),
        TokenSource::StableToken(secret) => Some(secret),
    };
    file.map_or(Ok(()), |file| secret_in(file).map(drop))
}

/// The token in use, and who fetches the next one.
#[derive(Default)]
pub(super) struct Tokens {
    kept: Mutex<Option<Token>>,
    /// When weixin was last made to give another one.
    forced: Mutex<Option<Moment>>,
    fetch: OneFetch,
}

/// A token, and until when it is used.
#[derive(Clone)]
struct Token {
    word: Zeroizing<String>,
    until: Moment,
}

/// A token or secret longer than this is none, bytes.
const LONGEST: usize = 2048;

/// The life that weixin gives a token, seconds.
const LIFE: i64 = 7200;

/// A token is used for so long whatever its life is said to be.
const SHORTEST: Duration = Duration::from_secs(60);

/// Force is used so seldom: it takes the token from every other program, twenty times a day at most.
const FORCED_EVERY: Duration = Duration::from_secs(30 * 60);

/// How long a token out of a file is believed before the file is read again.
const FROM_FILE: Duration = Duration::from_secs(60);

/// `POST /cgi-bin/stable_token`
#[derive(Serialize)]
struct Question<'a> {
    grant_type: &'a str,
    appid: &'a str,
    secret: &'a str,
    force_refresh: bool,
}

#[derive(Deserialize)]
struct Answer {
    #[serde(default, deserialize_with = "lenient::text")]
    access_token: Option<String>,
    #[serde(default, deserialize_with = "lenient::number")]
    expires_in: Option<i64>,
}

impl Tokens {
    /// The token in use, or a fresh one.
    pub(super) fn current(&self, weixin: &Weixin, deadline: Deadline) -> Result<Zeroizing<String>, Failure> {
        self.other_than(None, weixin, deadline)
    }

    /// A token other than `stale`, as far as there is one. Whoever comes while another caller fetches it gets that one.
    pub(super) fn renewed(
        &self,
        weixin: &Weixin,
        stale: &str,
        deadline: Deadline,
    ) -> Result<Zeroizing<String>, Failure> {
        self.kept().take_if(|kept| kept.word.as_str() == stale);
        self.other_than(Some(stale), weixin, deadline)
    }

    /// Until when the token in use is believed to be good; none where there is none, or it was refused.
    pub(super) fn until(&self) -> Option<Moment> {
        self.kept().as_ref().map(|kept| kept.until)
    }

    /// Whether force may be used now; it counts as used.
    fn may_force(&self, now: Moment) -> bool {
        let mut forced = self.forced.lock().unwrap_or_else(PoisonError::into_inner);
        let may = forced.is_none_or(|before| now.since(before) >= FORCED_EVERY);
        if may {
            *forced = Some(now);
        }
        may
    }

    fn other_than(
        &self,
        stale: Option<&str>,
        weixin: &Weixin,
        deadline: Deadline,
    ) -> Result<Zeroizing<String>, Failure> {
        let good = || {
            let kept = self.kept().clone();
            kept.filter(|kept| weixin.clock.now().moment < kept.until && Some(kept.word.as_str()) != stale)
        };
        if let Some(token) = good() {
            return Ok(token.word);
        }
        self.fetch
            .run(weixin.clock.ours(), deadline, || {
                if good().is_none() {
                    let token = fresh(weixin, stale, deadline)?;
                    *self.kept() = Some(token);
                }
                Ok(())
            })
            .map_err(|failure| match weixin.settings.token {
                TokenSource::CentralUrl(_) => of_token_service(failure),
                _ => failure,
            })?;
        // Where nobody has another one it is tried once more: weixin says what it thinks of it.
        self.kept().clone().map(|token| token.word).ok_or_else(|| Failure::new(Code::W101))
    }

    fn kept(&self) -> MutexGuard<'_, Option<Token>> {
        self.kept.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn fresh(weixin: &Weixin, stale: Option<&str>, deadline: Deadline) -> Result<Token, Failure> {
    let settings = &weixin.settings;
    let now = weixin.clock.now().moment;
    let ask = |method: Method, url: &str, headers: &[(&str, &str)], body: Option<&[u8]>| {
        insist(weixin.clock.ours(), deadline, || {
            let answer = weixin.send(method, url, headers, body, deadline)?;
            taken(&answer, body, now).map_err(|Refusal { failure, kind }| match kind {
                Kind::Busy(asked) => Setback::Wait(asked, failure),
                _ => Setback::Final(failure),
            })
        })
    };
    match &settings.token {
        TokenSource::File(file) => Ok(Token { word: secret_in(file)?, until: now.after(FROM_FILE) }),
        TokenSource::CentralUrl(url) => {
            let bearer = settings.token_bearer.as_deref().map(secret_in).transpose()?;
            let bearer = bearer.map(|token| Zeroizing::new(format!("Bearer {}", &*token)));
            let headers: Vec<(&str, &str)> = bearer.iter().map(|value| ("Authorization", value.as_str())).collect();
            ask(Method::Get, url, &headers, None)
        }
        TokenSource::StableToken(secret) => {
            let secret = secret_in(secret)?;
            let url = format!("{}/cgi-bin/stable_token", settings.base_url);
            let stable = |force_refresh| {
                let question = Question {
                    grant_type: "client_credential",
                    appid: &settings.appid,
                    secret: &secret,
                    force_refresh,
                };
                let body = serde_json::to_vec(&question).map_err(|_| Failure::new(Code::X001))?;
                ask(Method::Post, &url, &[], Some(&Zeroizing::new(body)))
            };
            let token = stable(false)?;
            // Weixin believes in a token that it has just refused.
            let is_refused = stale.is_some_and(|stale| *token.word == stale);
            if is_refused && weixin.tokens.may_force(now) { stable(true) } else { Ok(token) }
        }
    }
}

/// A token out of an answer, good for nine tenths of its life less a little, so that a fleet does not renew at once. A
/// life beyond what weixin grants, or too short to be of use, is not believed: a stale token is found out anyway.
fn taken(answer: &[u8], sent: Option<&[u8]>, now: Moment) -> Result<Token, Refusal> {
    let Answer { access_token, expires_in } = read(answer, sent)?;
    let word = Zeroizing::new(access_token.unwrap_or_default());
    if !is_token(&word) {
        return Err(Code::W109.into());
    }
    let told = u64::try_from(expires_in.unwrap_or(LIFE).max(0)).unwrap_or_default();
    let life = Duration::from_secs(told).clamp(SHORTEST, Duration::from_secs(LIFE.unsigned_abs())).mul_f64(0.9);
    let jitter = getrandom::u32().unwrap_or_default();
    let jitter = life.mul_f64(f64::from(jitter) / f64::from(u32::MAX) * 0.05);
    Ok(Token { word, until: now.after(life.saturating_sub(jitter)) })
}

/// The one word of a file.
fn secret_in(file: &Path) -> Result<Zeroizing<String>, Failure> {
    let line = files::read_secret_line(file, LONGEST).map_err(unreadable)?;
    let word = Zeroizing::new(String::from_utf8_lossy(&line).trim().to_owned());
    if is_token(&word) { Ok(word) } else { Err(Failure::new(Code::W103)) }
}

fn is_token(text: &str) -> bool {
    (1..=LONGEST).contains(&text.len()) && text.bytes().all(|b| b.is_ascii_alphanumeric() || b"-_.~+/=".contains(&b))
}
