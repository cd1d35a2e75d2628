//! A template's file: TOML, every text and path of it read and judged before anybody stands at the kiosk. Documented in
//! src/checkin/TEMPLATES.md.

use std::collections::BTreeMap;

use serde::Deserialize;

use super::{
    call::{Body, Call},
    node::{self, Writing},
    path::Path,
    rule::{Means, Rule},
    sign::Signer,
    text::{Filled, Form, Text, Values, Wanted},
};
use crate::{checkin::charset::Charset, files::Settings, http::Method};

/// A hospital's interface.
#[derive(Clone, Debug)]
pub struct Template {
    /// What it is called.
    pub(super) title: String,
    pub(super) charset: Charset,
    pub(super) tables: BTreeMap<String, BTreeMap<String, String>>,
    /// One after the other, before anything else, and again when the hospital says so.
    pub(super) sign_in: Vec<Call>,
    /// Again with every day of business.
    pub(super) daily: bool,
    /// Who is this? Without it the person's own document is asked with.
    pub(super) identify: Option<Call>,
    pub(super) list: Call,
    pub(super) arrive: Call,
    pub(super) cancel: Option<Call>,
    /// Tells what became of a gate's grant.
    pub(super) passage: Option<Call>,
    pub(super) signer: Option<Signer>,
}

#[derive(Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
struct File {
    title: String,
    #[serde(default)]
    charset: Charset,
    #[serde(default)]
    daily: bool,
    #[serde(default)]
    namespaces: BTreeMap<String, String>,
    #[serde(default)]
    tables: BTreeMap<String, BTreeMap<String, String>>,
    #[serde(default)]
    call: Step,
    #[serde(default)]
    sign_in: Vec<Step>,
    identify: Option<Step>,
    list: Step,
    arrive: Step,
    cancel: Option<Step>,
    passage: Option<Step>,
    sign: Option<Signer>,
}

/// What a step says, or what `[call]` says for all of them.
#[derive(Clone, Default, Deserialize)]
#[serde(default, rename_all = "kebab-case", deny_unknown_fields)]
struct Step {
    method: Option<String>,
    path: Option<String>,
    headers: BTreeMap<String, String>,
    form: Option<Form>,
    body: Option<String>,
    inner_form: Option<Form>,
    inner: Option<String>,
    set: BTreeMap<String, String>,
    answers: Option<Answers>,
    root: Option<String>,
    success: Option<WrittenRule>,
    error_text: Option<Paths>,
    errors: Option<Vec<WrittenRule>>,
    each: Option<String>,
    read: BTreeMap<String, Paths>,
    fields: Vec<WrittenField>,
    only: Vec<WrittenRule>,
    states: Vec<WrittenRule>,
    by_us: Option<WrittenRule>,
    requeued: Option<WrittenRule>,
    requeues: bool,
    list_again: bool,
    any_name: bool,
}

/// `answers`
#[derive(Clone, Copy, Deserialize)]
#[serde(rename_all = "kebab-case")]
enum Answers {
    Xml,
    Json,
}

/// One path, or several of which the first that says something counts.
#[derive(Clone, Deserialize)]
#[serde(untagged)]
enum Paths {
    One(String),
    Several(Vec<String>),
}

#[derive(Clone, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
struct WrittenRule {
    path: Paths,
    #[serde(default)]
    is: Vec<String>,
    #[serde(default)]
    not: Vec<String>,
    #[serde(default)]
    starts: Vec<String>,
    #[serde(default)]
    holds: Vec<String>,
    at_least: Option<i64>,
    #[serde(default)]
    today: bool,
    #[serde(default)]
    means: Means,
}

#[derive(Clone, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
struct WrittenField {
    label: Option<String>,
    path: Paths,
    #[serde(default)]
    emphasis: bool,
}

/// What stands beside the known members of a visit: `费别：医保`.
#[derive(Clone, Debug)]
pub(super) struct Field {
    pub(super) label: Option<String>,
    pub(super) paths: Vec<Path>,
    pub(super) emphasis: bool,
}

/// The templates that travel with the program.
const SHIPPED: [(&str, &str); 7] = [
    ("dhc-selfreg", include_str!("../templates/dhc-selfreg.toml")),
    ("dhc-esb", include_str!("../templates/dhc-esb.toml")),
    ("hip", include_str!("../templates/hip.toml")),
    ("lianzhong", include_str!("../templates/lianzhong.toml")),
    ("queue-confirm", include_str!("../templates/queue-confirm.toml")),
    ("queue-device", include_str!("../templates/queue-device.toml")),
    ("soap-json", include_str!("../templates/soap-json.toml")),
];

/// A name of a header: RFC 9110, token.
fn is_header(name: &str) -> bool {
    !name.is_empty() && name.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"!#$%&'*+-.^_`|~".contains(&byte))
}

impl Template {
    /// The text of a template that travels with the program.
    pub fn shipped(name: &str) -> Option<&'static str> {
        SHIPPED.iter().find(|(shipped, _)| *shipped == name).map(|(_, text)| *text)
    }

    /// The names of those.
    pub fn names() -> impl Iterator<Item = &'static str> {
        SHIPPED.iter().map(|(name, _)| *name)
    }

    /// Reads a template; otherwise what is wrong with it, by its line or by the name of its part.
    pub fn parse(text: &str) -> Result<Self, String> {
        let name = std::path::Path::new("");
        let file = Settings::parse(name, text, &[]).and_then(|settings| settings.read::<File>(name));
        let file = file.map_err(|wrong| format!("line {}: {}", wrong.line, wrong.message))?;
        let step = |name: &'static str, step: &Step| {
            step.over(&file.call).read(name, &file.namespaces).map_err(|what| format!("{name}.{what}"))
        };
        let template = Self {
            title: file.title.clone(),
            charset: file.charset,
            daily: file.daily,
            sign_in: file.sign_in.iter().map(|call| step("sign-in", call)).collect::<Result<_, _>>()?,
            identify: file.identify.as_ref().map(|call| step("identify", call)).transpose()?,
            list: step("list", &file.list)?,
            arrive: step("arrive", &file.arrive)?,
            cancel: file.cancel.as_ref().map(|call| step("cancel", call)).transpose()?,
            passage: file.passage.as_ref().map(|call| step("passage", call)).transpose()?,
            signer: file.sign.clone(),
            tables: file.tables,
        };
        for (name, call) in [("identify", template.identify.as_ref()), ("list", Some(&template.list))] {
            if call.is_some_and(|call| call.each.is_none()) {
                return Err(format!("{name}.each is missing: the path of what is listed"));
            }
        }
        // A GET whose connection breaks may be sent twice.
        if let Some(Call { name, .. }) = template.calls().find(|call| call.changes() && call.method == Method::Get) {
            return Err(format!("{name}.method is POST: what changes something is sent once"));
        }
        if !template.list.read.contains_key("id") {
            return Err("list.read.id is missing: what tells one visit from another".to_owned());
        }
        for call in template.calls() {
            call.wanted().try_for_each(|wanted| template.judge(wanted, call.name))?;
        }
        template.signer.iter().flat_map(Signer::wanted).try_for_each(|wanted| template.judge(wanted, "sign"))?;
        Ok(template)
    }

    /// Every step.
    pub(super) fn calls(&self) -> impl Iterator<Item = &Call> {
        let own = [self.identify.as_ref(), Some(&self.list), Some(&self.arrive), self.cancel.as_ref()];
        self.sign_in.iter().chain(own.into_iter().chain([self.passage.as_ref()]).flatten())
    }

    /// Every value that a text asks for.
    pub(super) fn wanted(&self) -> impl Iterator<Item = &Wanted> {
        self.calls().flat_map(Call::wanted).chain(self.signer.iter().flat_map(Signer::wanted))
    }

    fn judge(&self, wanted: &Wanted, step: &str) -> Result<(), String> {
        let Wanted { name, table, .. } = wanted;
        if let Some(table) = table.as_ref().filter(|table| !self.tables.contains_key(*table)) {
            return Err(format!("${{{name}|{table}}} asks for a table that is none of [tables]"));
        }
        let (room, member) = name.split_once('.').unwrap_or((name, ""));
        let kept = || self.sign_in.iter().any(|call| call.read.contains_key(member));
        let of_visit = || self.list.read.contains_key(member);
        let is_known = match room {
            "person" => ["name", "id", "id-kind", "card", "card-kind", "voucher", "voucher-kind", "union-id", "openid"]
                .contains(&member),
            "companion" => ["name", "id"].contains(&member),
            "record" => self.identify.as_ref().is_some_and(|call| call.read.contains_key(member)),
            // Of a visit that somebody went through for no more is remembered.
            "visit" if step == "passage" => member == "id",
            "visit" => of_visit(),
            "passage" => step == "passage" && ["at", "code", "outcome", "report"].contains(&member),
            "kept" => kept(),
            "site" | "secret" => !member.is_empty(),
            "wsse" => ["nonce", "created", "digest"].contains(&member),
            "now" | "serial" | "uuid" | "lane" | "series" | "session" | "inner" => member.is_empty(),
            _ => false,
        };
        if is_known { Ok(()) } else { Err(format!("${{{name}}} is nothing that anybody knows")) }
    }
}

impl Step {
    /// This step where it says something, else `[call]`.
    fn over(&self, call: &Self) -> Self {
        let both = |own: &BTreeMap<_, _>, shared: &BTreeMap<_, _>| {
            let mut both: BTreeMap<String, String> = shared.clone();
            both.extend(own.clone());
            both
        };
        let mut step = self.clone();
        step.headers = both(&self.headers, &call.headers);
        step.set = both(&self.set, &call.set);
        macro_rules! or { ($($member:ident)*) => { $( step.$member = step.$member.or_else(|| call.$member.clone()); )* } }
        or!(method path form body inner_form inner answers root success error_text);
        // A step's own errors are looked at first.
        let own = |text: &mut String| {
            for (name, value) in &step.set {
                *text = text.replace(&format!("${{step.{name}}}"), value);
            }
        };
        [&mut step.path, &mut step.body, &mut step.inner].into_iter().flatten().for_each(own);
        step.headers.values_mut().for_each(own);
        step.errors = Some(self.errors.iter().chain(&call.errors).flatten().cloned().collect());
        step
    }

    fn read(&self, name: &'static str, namespaces: &BTreeMap<String, String>) -> Result<Call, String> {
        let method = match self.method.as_deref().unwrap_or("POST") {
            "GET" => Method::Get,
            "POST" => Method::Post,
            _ => return Err("method is GET or POST".to_owned()),
        };
        let path = |member: &str, paths: &Paths| paths.read(namespaces).map_err(|what| format!("{member}: {what}"));
        let rule = |member: &str, rule: &WrittenRule| rule.read(namespaces).map_err(|what| format!("{member}: {what}"));
        let rules = |member: &str, written: &[WrittenRule]| {
            written.iter().map(|written| rule(member, written)).collect::<Result<Vec<_>, _>>()
        };
        let line = |member: &str, text: &str| Text::read(text, Form::Line).map_err(|what| format!("{member}: {what}"));
        let form = self.form.unwrap_or_default();
        let body = self.body.as_deref().map(|body| Body::read(body, form)).transpose();
        let inner = self.inner.as_deref().map(|inner| Text::read(inner, self.inner_form.unwrap_or_default()));
        for (member, form, text) in
            [("body", form, &self.body), ("inner", self.inner_form.unwrap_or_default(), &self.inner)]
        {
            if let Some(text) = text {
                is_whole(text, form).map_err(|what| format!("{member}: {what}"))?;
            }
        }
        let writing = match self.answers {
            Some(Answers::Xml) => Writing::Xml,
            Some(Answers::Json) => Writing::Json,
            None if form == Form::Xml => Writing::Xml,
            None => Writing::Json,
        };
        let one =
            |member: &str, text: &String| Path::read(text, namespaces).map_err(|what| format!("{member}: {what}"));
        let header = |(name, value): (&String, &String)| match is_header(name) {
            true => Ok((name.clone(), line("headers", value)?)),
            false => Err(format!("headers: `{name}` is no header's name")),
        };
        Ok(Call {
            name,
            method,
            path: Text::read(self.path.as_deref().unwrap_or_default(), Form::Path)
                .map_err(|what| format!("path: {what}"))?,
            headers: self.headers.iter().map(header).collect::<Result<_, String>>()?,
            body: body.map_err(|what| format!("body: {what}"))?,
            inner: inner.transpose().map_err(|what| format!("inner: {what}"))?,
            writing,
            root: self.root.as_ref().map(|root| one("root", root)).transpose()?.unwrap_or_default(),
            success: self.success.as_ref().map(|success| rule("success", success)).transpose()?,
            error_text: self.error_text.as_ref().map(|text| path("error-text", text)).transpose()?.unwrap_or_default(),
            errors: rules("errors", self.errors.as_deref().unwrap_or_default())?,
            each: self.each.as_ref().map(|each| one("each", each)).transpose()?,
            read: self
                .read
                .iter()
                .map(|(name, paths)| Ok((name.clone(), path(name, paths)?)))
                .collect::<Result<_, String>>()?,
            fields: self
                .fields
                .iter()
                .map(|field| {
                    let paths = path("fields", &field.path)?;
                    Ok(Field { label: field.label.clone(), paths, emphasis: field.emphasis })
                })
                .collect::<Result<_, String>>()?,
            only: rules("only", &self.only)?,
            states: rules("states", &self.states)?,
            by_us: self.by_us.as_ref().map(|by_us| rule("by-us", by_us)).transpose()?,
            requeued: self.requeued.as_ref().map(|requeued| rule("requeued", requeued)).transpose()?,
            requeues: self.requeues,
            list_again: self.list_again,
            any_name: self.any_name,
        })
    }
}

/// Whether a text is whole XML or JSON wherever its values are empty.
fn is_whole(text: &str, form: Form) -> Result<(), String> {
    struct Nothing;
    impl Values for Nothing {
        fn value(&self, _: &Wanted) -> Option<Filled<'_>> {
            None
        }
    }
    let writing = match form {
        Form::Xml => Writing::Xml,
        Form::Json => Writing::Json,
        Form::Parameters | Form::Line | Form::Path => return Ok(()),
    };
    let filled = Text::read(text, form)?.fill(&Nothing);
    node::read(&filled, writing).map(|_| ()).ok_or_else(|| format!("is no whole {writing:?}"))
}

impl Paths {
    fn read(&self, namespaces: &BTreeMap<String, String>) -> Result<Vec<Path>, String> {
        let written = match self {
            Self::One(path) => std::slice::from_ref(path),
            Self::Several(paths) => paths,
        };
        written.iter().map(|path| Path::read(path, namespaces)).collect()
    }
}

impl WrittenRule {
    fn read(&self, namespaces: &BTreeMap<String, String>) -> Result<Rule, String> {
        let texts = |texts: &[String]| texts.iter().map(|text| Text::read(text, Form::Line)).collect::<Result<_, _>>();
        Ok(Rule {
            paths: self.path.read(namespaces)?,
            is: texts(&self.is)?,
            not: texts(&self.not)?,
            starts: texts(&self.starts)?,
            holds: texts(&self.holds)?,
            at_least: self.at_least,
            today: self.today.then(|| Text::read("${now:yyyy-MM-dd}", Form::Line)).transpose()?,
            means: self.means,
        })
    }
}
