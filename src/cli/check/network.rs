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
    checkin::{CheckIn as _, CheckInSettings},
    cli::{build, phrases::check as say},
    config::Site,
    fault::{Code, Failure},
    files,
    http::{Client, Method, Request},
    identity::{self, Merchant, WechatClock},
    vault::{KeysRead, RequestToSign},
    words::{Clock, Deadline, FaceSid, InfoType, SessionId},
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
            report.skipped("resolver", say::proxy_resolves());
            hop("proxy", Code::N306, authority(&proxy.0), report);
        }
        None => {
            report.skipped("proxy", say::no_proxy());
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
    site_systems(site, clock, report);
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
            report.warning("interface", Code::N301, say::no_interface_up());
        }
        Ok(links) => report.ok("interface", say::interfaces(links.join(", "))),
        Err(_) => report.skipped("interface", say::no_interfaces_listed()),
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
        return report.failed(id, Code::N302, say::not_resolved(with_port));
    };
    match addresses.iter().map(|address| TcpStream::connect_timeout(address, HOP)).find(Result::is_ok) {
        Some(_) => report.ok(id, say::connected(with_port)),
        None => report.failed(id, code, say::no_connection(with_port)),
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
    let client = match Client::open(&build::wechat_route(site), Arc::clone(clock)) {
        Ok(client) => client,
        Err(error) => return report.fault("tls", error),
    };
    let Ok(vault) = build::vault(site, site.first_merchant(), &mut KeysRead::default()) else {
        return report.skipped("wechat", say::needs_keys());
    };
    let timestamp = clock.now().wall.unix_seconds();
    let Ok(nonce) = getrandom::u64().map(|number| format!("{number:032x}")) else {
        return report.failed("wechat", Code::X001, say::no_random_numbers());
    };
    let path_and_query = "/v3/certificates";
    let to_sign = RequestToSign { method: "GET", path_and_query, timestamp, nonce: &nonce, body: b"" };
    let authorization = match vault.sign_request(&to_sign) {
        Ok(authorization) => authorization,
        Err(error) => return report.fault("wechat", error),
    };
    let url = format!("{}{path_and_query}", site.wechatpay.base_url);
    let headers = [("Accept", "application/json"), ("Authorization", authorization.as_str())];
    let deadline = Deadline::from_now(&**clock, HOP);
    let request = Request { method: Method::Get, url: &url, headers: &headers, body: None, deadline, max_body: 65536 };
    let response = match client.send(&request) {
        Ok(response) => response,
        Err(error) => return report.fault("tls", identity::unanswered(error)),
    };
    report.ok("tls", say::tls_well());
    if let Some(theirs) = response.header("date").and_then(identity::http_date) {
        let offset = theirs.saturating_sub(clock.now().wall.unix_seconds());
        if offset.saturating_abs() >= CLOCK_WINDOW {
            report.failed("clock-offset", Code::C106, say::ahead(offset));
        } else {
            report.ok("clock-offset", say::offset(offset));
        }
    }
    if !is_wechat(&response) {
        let status = response.status;
        return report.failed("wechat", Code::N305, say::not_wechat(status));
    }
    match response.status {
        200 => report.ok("wechat", say::accepted_certificate_mode()),
        404 => report.ok("wechat", say::accepted_public_key_mode()),
        401 => report.failed("wechat", Code::N322, say::signature_refused()),
        403 => report.failed("wechat", Code::N321, say::no_permission()),
        429 => report.warning("wechat", Code::N323, say::too_many_requests()),
        status => report.failed("wechat", Code::N324, say::status(status)),
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
        return report.skipped("weixin", say::not_set_up());
    }
    match build::weixin(site, clock) {
        Err(failure) => report.fault("weixin", failure),
        Ok(weixin) => match weixin.categories(Deadline::from_now(&**clock, 2 * HOP)) {
            Ok(categories) => report.ok("weixin", say::token_accepted(categories.len())),
            Err(error) => report.fault("weixin", error),
        },
    }
}

/// Every system of the site's, each by its name where there are several.
fn site_systems(site: &Site, clock: &Arc<dyn Clock>, report: &mut Report<'_>) {
    for settings in &site.checkins {
        let whose = settings.name.as_ref().filter(|_| site.checkins.len() > 1);
        #[cfg(feature = "hospital")]
        roster(site, settings, whose, clock, report);
        if !settings.adapter.asks() {
            report.skipped("site-system", say::numbers_given_here(whose_system(whose)));
            continue;
        }
        #[cfg(feature = "hospital")]
        plain(settings, report);
        site_system(knock(site, settings, clock), whose, report);
    }
}

/// Opens what the start opens, and shows it to the site's system without asking about anybody: it signs in, or asks what
/// became of a session that never was, or only meets it where there is no such question.
fn knock(site: &Site, settings: &CheckInSettings, clock: &Arc<dyn Clock>) -> Result<(), Failure> {
    let (nobody, deadline) = (SessionId { run: 0, serial: 1 }, Deadline::from_now(&**clock, HOP));
    #[cfg(feature = "hospital")]
    let memory = || Arc::new(crate::checkin::Memory::new(None));
    #[cfg(feature = "hospital")]
    use crate::checkin::Adapter;
    match settings.adapter {
        #[cfg(feature = "hospital")]
        Adapter::Template => build::hospital::by_template(site, settings, clock, memory())?.knocks(deadline),
        #[cfg(feature = "hl7")]
        Adapter::Hl7 => build::hospital::hl7(settings, clock, memory())?.look_for(deadline),
        #[cfg(feature = "fhir")]
        Adapter::Fhir => build::hospital::fhir(site, settings, clock)?.resolve(nobody, deadline).map(drop),
        _ => build::http_checkin(site, settings, clock)?.resolve(nobody, deadline).map(drop),
    }
}

/// What came of a question to a system of the site's.
fn site_system(asked: Result<(), Failure>, whose: Option<&String>, report: &mut Report<'_>) {
    match (asked, whose) {
        (Ok(()), whose) => report.ok("site-system", say::site_system_well(whose_system(whose))),
        (Err(failure), None) => report.fault("site-system", failure),
        (Err(failure), Some(whose)) => report.fault("site-system", failure.within(whose)),
    }
}

fn whose_system(name: Option<&String>) -> String {
    name.map_or_else(String::new, say::whose_system)
}

/// Today's expected people, where there is a list of them: fetched, its signature and its day.
#[cfg(feature = "hospital")]
fn roster(
    site: &Site,
    settings: &CheckInSettings,
    whose: Option<&String>,
    clock: &Arc<dyn Clock>,
    report: &mut Report<'_>,
) {
    match build::roster::roster(site, settings, clock, &Arc::default()) {
        Ok(None) => {}
        Err(failure) => report.fault("roster", failure),
        Ok(Some(roster)) => {
            let _ = roster.look_for(Deadline::from_now(&**clock, HOP));
            match roster.people() {
                Ok(people) => report.ok("roster", say::roster_well(whose_system(whose), people)),
                Err(failure) => report.fault("roster", failure),
            }
        }
    }
}

/// Names go to a hospital in the clear.
#[cfg(feature = "hospital")]
fn plain(settings: &CheckInSettings, report: &mut Report<'_>) {
    let url = settings.url.as_deref().unwrap_or_default();
    if ["http://", "mllp://"].iter().any(|plain| url.starts_with(plain)) {
        let networks: Vec<String> = settings.plain_http.iter().map(ToString::to_string).collect();
        let text = match settings.plain_http.iter().all(crate::http::Network::is_private) {
            true => say::goes_plainly(networks.join(", ")),
            false => say::goes_plainly_public(networks.join(", ")),
        };
        report.warning("plain-http", Code::H913, text);
    }
}

/// What nothing is kept of.
fn lookup(
    site: &Site,
    merchant: &Merchant,
    client: &Client,
    theirs: &Arc<WechatClock>,
) -> Result<identity::FaceLookup, Failure> {
    build::face_lookup(site, merchant, client, theirs, Arc::new(Forgetful), &mut KeysRead::default())
}

/// WeChat itself proves what only it can: that our signature is accepted, that its own verifies with the configured
/// key, and that it can open what we seal for it. Asks about nobody.
pub(super) fn echo(site: &Site, clock: &Arc<dyn Clock>, report: &mut Report<'_>) {
    let theirs = WechatClock::new(Arc::clone(clock));
    let lookup =
        build::wechat_client(site, clock).and_then(|client| lookup(site, site.first_merchant(), &client, &theirs));
    let lookup = match lookup {
        Ok(lookup) => lookup,
        Err(fault) => return report.fault("echo", fault),
    };
    match lookup.echo(Deadline::from_now(&**clock, 2 * HOP)) {
        Ok(echo) if echo.sealed => report.ok("echo", say::echo_sealed()),
        Ok(_) => report.ok("echo", say::echo_signed()),
        Err(error) if error.code() == Code::N320 => {
            report.failed("echo", Code::N310, say::cannot_open_seal());
        }
        Err(error) => report.fault("echo", error),
    }
}

/// The merchants of the lanes, or the only one, are known to WeChat as they are configured: it is asked about a face that
/// nobody has, and is to answer that and nothing else. What WeChat looks at only once it knows the face stays unseen.
pub(super) fn sub_merchants(site: &Site, clock: &Arc<dyn Clock>, report: &mut Report<'_>) {
    let Some(nobody) = getrandom::u64().ok().and_then(|number| FaceSid::parse(&format!("nobody-{number:016x}")).ok())
    else {
        return report.failed("sub-merchant", Code::X001, say::no_random_numbers());
    };
    let of_lanes =
        |merchant: &&Merchant| site.merchants.len() == 1 || site.lane.iter().any(|lane| lane.merchant == merchant.name);
    let theirs = WechatClock::new(Arc::clone(clock));
    for merchant in site.merchants.iter().filter(of_lanes) {
        let whose = merchant.name.as_ref().map_or_else(String::new, say::whose_merchant);
        let asked = build::wechat_client(site, clock)
            .and_then(|client| lookup(site, merchant, &client, &theirs))
            .map(|lookup| lookup.look_up(&nobody, Deadline::from_now(&**clock, 2 * HOP)));
        match asked {
            Ok(Err(error)) if error.code() == Code::N320 => {
                report.ok("sub-merchant", say::refuses_only_nobody(whose));
            }
            Ok(Err(error)) if error.code() == Code::N321 => {
                let text = say::not_let_ask(whose, merchant_fields(merchant));
                report.failed("sub-merchant", Code::N321, text);
            }
            Ok(Err(error)) => report.fault("sub-merchant", error),
            Ok(Ok(_)) => report.failed("sub-merchant", Code::N305, say::nobody_named(whose)),
            Err(fault) => report.fault("sub-merchant", fault),
        }
    }
}

/// What no question about nobody can prove.
pub(super) fn unproven(site: &Site, report: &mut Report<'_>) {
    if site.info_type() == InfoType::RealName {
        report.skipped("unproven", say::seal_unproven());
    }
    if site.authinfo.is_some() {
        report.skipped("unproven", say::apiv2_unproven());
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
