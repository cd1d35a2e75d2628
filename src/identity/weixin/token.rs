//! Access tokens: kept until shortly before they end, renewed by one caller for all (server API,
//! api_getstableaccesstoken).

use std::{
    path::{Path, PathBuf},
    sync::{Mutex, PoisonError},
    time::Duration,
};

use serde::{Deserialize, Serialize};
use zeroize::Zeroizing;

use super::{Weixin, WeixinError, read};
use crate::{
    fault::Code,
    files,
    http::Method,
    words::{Deadline, Moment},
};

/// Where access tokens come from.
#[derive(Clone, Debug)]
pub enum TokenSource {
    /// A central service: `GET`, with a bearer token out of a file where one is set, answers as weixin's own call does.
    /// The way for fleets, whose addresses weixin does not all know.
    Central {
        /// The service's address.
        url: String,
        /// A file with the bearer token.
        bearer: Option<PathBuf>,
    },
    /// A file that another process renews; it holds the token alone.
    File(PathBuf),
    /// `POST /cgi-bin/stable_token` with the app secret out of a file.
    StableToken {
        /// The file.
        secret: PathBuf,
    },
}

/// The token in use, and until when.
#[derive(Default)]
pub(super) struct Tokens(Mutex<Option<(Zeroizing<String>, Moment)>>);

/// A token or secret longer than this is none, bytes.
const LONGEST: usize = 2048;

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
    access_token: String,
    #[serde(default = "two_hours")]
    expires_in: u64,
}

impl Tokens {
    /// The token in use, or a fresh one.
    pub(super) fn current(&self, weixin: &Weixin, deadline: Deadline) -> Result<Zeroizing<String>, WeixinError> {
        let mut kept = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        match &*kept {
            Some((token, until)) if weixin.clock.now().moment < *until => Ok(token.clone()),
            _ => fresh(weixin, None, deadline).map(|token| kept.insert(token).0.clone()),
        }
    }

    /// A token other than `stale`. Whoever comes while another caller fetches it gets that one.
    pub(super) fn renewed(
        &self,
        weixin: &Weixin,
        stale: &str,
        deadline: Deadline,
    ) -> Result<Zeroizing<String>, WeixinError> {
        let mut kept = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        match &*kept {
            Some((token, _)) if **token != stale => Ok(token.clone()),
            _ => fresh(weixin, Some(stale), deadline).map(|token| kept.insert(token).0.clone()),
        }
    }
}

fn fresh(weixin: &Weixin, stale: Option<&str>, deadline: Deadline) -> Result<(Zeroizing<String>, Moment), WeixinError> {
    let settings = &weixin.settings;
    let now = weixin.clock.now().moment;
    match &settings.token {
        TokenSource::File(file) => Ok((secret_in(file)?, now.after(FROM_FILE))),
        TokenSource::Central { url, bearer } => {
            let bearer = bearer.as_deref().map(secret_in).transpose()?;
            let bearer = bearer.map(|token| Zeroizing::new(format!("Bearer {}", &*token)));
            let headers: Vec<(&str, &str)> = bearer.iter().map(|value| ("Authorization", value.as_str())).collect();
            taken(&weixin.send(Method::Get, url, &headers, None, deadline)?, now)
        }
        TokenSource::StableToken { secret } => {
            let secret = secret_in(secret)?;
            let url = format!("{}/cgi-bin/stable_token", settings.base_url);
            let ask = |force_refresh| {
                let question = Question {
                    grant_type: "client_credential",
                    appid: &settings.appid,
                    secret: &secret,
                    force_refresh,
                };
                let body = serde_json::to_vec(&question).map_err(|_| WeixinError::new(Code::X001))?;
                taken(&weixin.send(Method::Post, &url, &[], Some(&Zeroizing::new(body)), deadline)?, now)
            };
            let (token, until) = ask(false)?;
            // Weixin believes in a token that it has just refused: force is allowed twenty times a day.
            if stale.is_some_and(|stale| *token == stale) { ask(true) } else { Ok((token, until)) }
        }
    }
}

/// A token out of an answer, good for nine tenths of its life less a little, so that a fleet does not renew at once.
fn taken(body: &[u8], now: Moment) -> Result<(Zeroizing<String>, Moment), WeixinError> {
    let Answer { access_token, expires_in } = read(body)?;
    let token = Zeroizing::new(access_token);
    if !is_token(&token) {
        return Err(WeixinError::new(Code::W109));
    }
    let life = Duration::from_secs(expires_in.min(7200)) * 9 / 10;
    let jitter = getrandom::u32().map_or(0, |random| random % 100);
    Ok((token, now.after(life - life * jitter / 2000)))
}

/// The one word of a file.
fn secret_in(file: &Path) -> Result<Zeroizing<String>, WeixinError> {
    let line = files::read_secret_line(file, LONGEST)?;
    let word = Zeroizing::new(String::from_utf8_lossy(&line).trim().to_owned());
    if is_token(&word) { Ok(word) } else { Err(WeixinError::new(Code::W103)) }
}

fn is_token(text: &str) -> bool {
    (1..=LONGEST).contains(&text.len()) && text.bytes().all(|b| b.is_ascii_alphanumeric() || b"-_.~+/=".contains(&b))
}

fn two_hours() -> u64 {
    7200
}
