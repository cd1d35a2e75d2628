//! The way to WeChat and to the site's system, hop by hop; the first failed line is the broken hop.

use std::{
    net::{SocketAddr, TcpStream, ToSocketAddrs as _},
    path::Path,
    sync::{Arc, mpsc},
    thread,
    time::Duration,
};

use super::{Forgetful, Report};
use crate::{
    cli::build,
    config::{Adapter, Merchant, Site},
    fault::{Code, Fault as _},
    files,
    http::{Client, Method, Request},
    identity::{self, WechatClock},
    vault::RequestToSign,
    words::{Clock, Deadline, FaceSid, SessionId},
};

/// How long one hop may take.
const HOP: Duration = Duration::from_secs(4);

/// WeChat refuses requests signed further away than this from its own clock, seconds (APIv3 rules, signature
/// generation).
const CLOCK_WINDOW: i64 = 300;

pub(super) fn check(site: &Site, clock: &Arc<dyn Clock>, report: &mut Report<'_>) {
    interface(report);
    let wechatpay = &site.wechatpay;
    match &wechatpay.proxy {
        Some(proxy) => {
            // Behind a proxy this machine resolves and connects to nothing else.
            report.skipped("resolver", "the proxy resolves names");
            hop("proxy", Code::N306, authority(&proxy.0), report);
        }
        None => {
            report.skipped("proxy", "none set");
            for (id, url) in
                [("route-main", Some(&wechatpay.base_url)), ("route-backup", wechatpay.backup_url.as_ref())]
            {
                let Some(url) = url else { continue };
                match wechatpay.connect_to {
                    Some(address) => hop(id, Code::N301, &address.to_string(), report),
                    None => hop(id, Code::N301, authority(url), report),
                }
            }
        }
    }
    wechat(site, clock, report);
    site_system(site, clock, report);
}

fn interface(report: &mut Report<'_>) {
    let folder = Path::new("/sys/class/net");
    let is_up = |link: &String| {
        link != "lo"
            && files::read_text(&folder.join(link).join("operstate"), 64).is_ok_and(|state| state.trim() == "up")
    };
    let links = files::list(folder).map(|links| links.into_iter().filter(is_up).collect::<Vec<_>>());
    match links {
        Ok(links) if links.is_empty() => {
            report.warning("interface", Code::N301, "no network interface is up; only loopback can be reached");
        }
        Ok(links) => report.ok("interface", format!("up: {}", links.join(", "))),
        Err(_) => report.skipped("interface", "this kernel lists no interfaces"),
    }
}

/// Resolves `host:port` and connects.
fn hop(id: &'static str, code: Code, authority: &str, report: &mut Report<'_>) {
    let with_port = if authority.rsplit_once(':').is_some_and(|(_, port)| port.parse::<u16>().is_ok()) {
        authority.to_owned()
    } else {
        format!("{authority}:443")
    };
    let Some(addresses) = resolve(with_port.clone()) else {
        return report.failed(id, Code::N302, format!("{with_port}: the name cannot be resolved"));
    };
    match addresses.iter().map(|address| TcpStream::connect_timeout(address, HOP)).find(Result::is_ok) {
        Some(_) => report.ok(id, format!("{with_port}: connected")),
        None => report.failed(id, code, format!("{with_port}: no connection")),
    }
}

/// The resolver has no deadline of its own: it is asked on a thread that is left behind when it takes too long.
fn resolve(authority: String) -> Option<Vec<SocketAddr>> {
    let (answer, answered) = mpsc::channel();
    let ask = move || answer.send(authority.to_socket_addrs().map(Iterator::collect::<Vec<_>>));
    thread::Builder::new().name("resolver".to_owned()).spawn(ask).ok()?;
    answered.recv_timeout(HOP).ok()?.ok().filter(|addresses| !addresses.is_empty())
}

/// `host[:port]` of an address.
fn authority(url: &str) -> &str {
    let rest = url.split_once("://").map_or(url, |(_, rest)| rest);
    let rest = rest.split('/').next().unwrap_or(rest);
    rest.rsplit_once('@').map_or(rest, |(_, host)| host)
}

/// TLS, then a signed request that reads no person.
fn wechat(site: &Site, clock: &Arc<dyn Clock>, report: &mut Report<'_>) {
    let client = match Client::open(&build::http_settings(site), Arc::clone(clock)) {
        Ok(client) => client,
        Err(error) => return report.fault("tls", &error),
    };
    let Ok(vault) = build::vault(site, site.first_merchant()) else {
        return report.skipped("wechat", "needs the keys");
    };
    let timestamp = clock.now().wall.unix_seconds();
    let Ok(nonce) = getrandom::u64().map(|number| format!("{number:032x}")) else {
        return report.failed("wechat", Code::X001, "the kernel gives no random numbers");
    };
    let path_and_query = "/v3/certificates";
    let to_sign = RequestToSign { method: "GET", path_and_query, timestamp, nonce: &nonce, body: b"" };
    let authorization = match vault.sign_request(&to_sign) {
        Ok(authorization) => authorization,
        Err(error) => return report.fault("wechat", &error),
    };
    let url = format!("{}{path_and_query}", site.wechatpay.base_url);
    let headers = [("Accept", "application/json"), ("Authorization", authorization.as_str())];
    let deadline = Deadline::from_now(&**clock, HOP);
    let request = Request { method: Method::Get, url: &url, headers: &headers, body: None, deadline, max_body: 65536 };
    let response = match client.send(&request) {
        Ok(response) => response,
        Err(error) => return report.fault("tls", &error),
    };
    report.ok("tls", "the certificate and the name are right");
    if let Some(theirs) = response.header("date").and_then(identity::http_date) {
        let offset = theirs.saturating_sub(clock.now().wall.unix_seconds());
        if offset.saturating_abs() >= CLOCK_WINDOW {
            report.failed("clock-offset", Code::C106, format!("WeChat's clock is {offset} s ahead of ours"));
        } else {
            report.ok("clock-offset", format!("{offset} s"));
        }
    }
    if !is_wechat(&response) {
        let status = response.status;
        return report.failed("wechat", Code::N305, format!("status {status} of something that is not WeChat Pay"));
    }
    match response.status {
        200 => report.ok("wechat", "our signature is accepted; certificate mode"),
        404 => report.ok("wechat", "our signature is accepted; public-key mode"),
        401 => report.failed("wechat", Code::N322, "our signature is not accepted"),
        403 => report.failed("wechat", Code::N321, "no permission"),
        429 => report.warning("wechat", Code::N323, "too many requests"),
        status => report.failed("wechat", Code::N324, format!("status {status}")),
    }
}

/// Whoever answers in WeChat's place, as captive portals do, knows neither its request ids nor its errors. WeChat's own
/// front may answer a page when what is behind it fails.
fn is_wechat(response: &crate::http::Response) -> bool {
    if response.status >= 500 {
        return true;
    }
    let is_json = response.header("content-type").is_some_and(|kind| kind.contains("json"));
    response.header("request-id").is_some() && (is_json || response.header("wechatpay-signature").is_some())
}

/// The mini-program's calls: a token, and a list that everybody may have.
pub(super) fn weixin(site: &Site, clock: &Arc<dyn Clock>, report: &mut Report<'_>) {
    if site.weixin.is_none() {
        return report.skipped("weixin", "not set up");
    }
    match build::weixin(site, clock) {
        Err(failure) => report.failed("weixin", Code::C101, failure.line),
        Ok(weixin) => match weixin.categories(Deadline::from_now(&**clock, 2 * HOP)) {
            Ok(categories) => report.ok("weixin", format!("token accepted, {} categories", categories.len())),
            Err(error) => report.fault("weixin", &error),
        },
    }
}

/// A question about a session that never was: the site's system answers 404 and is well.
fn site_system(site: &Site, clock: &Arc<dyn Clock>, report: &mut Report<'_>) {
    if site.checkin.adapter == Adapter::Local {
        return report.skipped("site-system", "numbers are given here");
    }
    match build::http_checkin(site, clock) {
        Err(fault) => report.fault("site-system", &*fault),
        Ok(adapter) => match adapter.resolve(SessionId { run: 0, serial: 1 }, Deadline::from_now(&**clock, HOP)) {
            crate::words::Resolution::CannotSay(code) => report.failed("site-system", code, code.summary()),
            _ => report.ok("site-system", "reached, and it accepts our credentials"),
        },
    }
}

/// WeChat itself proves what only it can: that our signature is accepted, that its own verifies with the configured
/// key, and that it can open what we seal for it. Asks about nobody.
pub(super) fn echo(site: &Site, clock: &Arc<dyn Clock>, report: &mut Report<'_>) {
    let theirs = WechatClock::new(Arc::clone(clock));
    let lookup = build::wechat_client(site, clock)
        .and_then(|client| build::face_lookup(site, site.first_merchant(), &client, &theirs, Arc::new(Forgetful)));
    let lookup = match lookup {
        Ok(lookup) => lookup,
        Err(fault) => return report.fault("echo", &*fault),
    };
    match lookup.echo(Deadline::from_now(&**clock, 2 * HOP)) {
        Ok(echo) if echo.sealed => report.ok("echo", "WeChat accepts our signature and our seal, and its own verifies"),
        Ok(_) => report.ok("echo", "WeChat accepts our signature, and its own verifies"),
        Err(error) if error.code() == Code::N320 => {
            let text = "WeChat cannot open what we seal: wechatpay.public-key is not the key that public-key-id names";
            report.failed("echo", Code::N310, text);
        }
        Err(error) => report.fault("echo", &error),
    }
}

/// The merchants of the lanes, or the only one, are known to WeChat as they are configured: it is asked about a face that
/// nobody has, and is to answer that and nothing else. What WeChat looks at only once it knows the face stays unseen.
pub(super) fn sub_merchants(site: &Site, clock: &Arc<dyn Clock>, report: &mut Report<'_>) {
    let Some(nobody) = getrandom::u64().ok().and_then(|number| FaceSid::parse(&format!("nobody-{number:016x}")).ok())
    else {
        return report.failed("sub-merchant", Code::X001, "the kernel gives no random numbers");
    };
    let of_lanes =
        |merchant: &&Merchant| site.merchants.len() == 1 || site.lane.iter().any(|lane| lane.merchant == merchant.name);
    let theirs = WechatClock::new(Arc::clone(clock));
    for merchant in site.merchants.iter().filter(of_lanes) {
        let whose = merchant.name.as_ref().map_or_else(String::new, |name| format!("merchant {name}: "));
        let asked = build::wechat_client(site, clock)
            .and_then(|client| build::face_lookup(site, merchant, &client, &theirs, Arc::new(Forgetful)))
            .map(|lookup| lookup.look_up(&nobody, Deadline::from_now(&**clock, 2 * HOP)));
        match asked {
            Ok(Err(error)) if error.code() == Code::N320 => {
                report.ok("sub-merchant", format!("{whose}WeChat refuses nothing but a face that nobody has"));
            }
            Ok(Err(error)) if error.code() == Code::N321 => {
                let text = format!("{whose}WeChat does not let us ask for {}", merchant_fields(merchant));
                report.failed("sub-merchant", Code::N321, text);
            }
            Ok(Err(error)) => report.fault("sub-merchant", &error),
            Ok(Ok(_)) => report.failed("sub-merchant", Code::N305, format!("{whose}a face that nobody has was named")),
            Err(fault) => report.fault("sub-merchant", &*fault),
        }
    }
}

/// The numbers that a refusal may be about.
fn merchant_fields(merchant: &Merchant) -> String {
    let Merchant { mchid, appid, sub_mchid, sub_appid, .. } = merchant;
    let mut fields = format!("mchid {mchid} appid {appid}");
    for (name, value) in [("sub-mchid", sub_mchid), ("sub-appid", sub_appid)] {
        if let Some(value) = value {
            fields.push_str(&format!(" {name} {value}"));
        }
    }
    fields
}
