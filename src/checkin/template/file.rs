//! A template's file: TOML, every text and path of it read and judged before anybody stands at the kiosk. Documented in
//! src/checkin/TEMPLATES.md.

use super::{
    call::{Body, Call},
    node::{self, Writing},
    path::Path,
    rule::{Means, Rule},
    sign::Signer,
    text::{Filled, Form, Text, Values, Wanted},
    values::{Named, of},
};
use crate::{
    checkin::charset::Charset,
    files::{At, Misfit, Settings},
    http::Method,
};

/// A hospital's interface.
#[derive(Clone, Debug)]
pub struct Template {
    /// What it is called.
    pub(super) title: String,
    pub(super) charset: Charset,
    pub(super) tables: Vec<(String, Named)>,
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

/// A step as it is written: where its own table says nothing, `[call]` says it for all of them.
struct Step<'a> {
    name: &'static str,
    own: At<'a>,
    call: Option<At<'a>>,
    namespaces: &'a Named,
}

/// What stands beside the known members of a visit: `费别：医保`.
#[derive(Clone, Debug)]
pub(super) struct Field {
    pub(super) label: Option<String>,
    pub(super) paths: Vec<Path>,
    pub(super) emphasis: bool,
}

/// The templates that travel with the program. On a device they lie beside it; only where nothing is installed they are
/// in it.
#[cfg(any(test, feature = "sim"))]
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
    #[cfg(any(test, feature = "sim"))]
    pub fn shipped(name: &str) -> Option<&'static str> {
        SHIPPED.iter().find(|(shipped, _)| *shipped == name).map(|(_, text)| *text)
    }

    /// The names of those.
    #[cfg(test)]
    pub(super) fn names() -> impl Iterator<Item = &'static str> {
        SHIPPED.iter().map(|(name, _)| *name)
    }

    /// Reads a template; otherwise what is wrong with it, by its line or by the name of its part.
    pub fn parse(text: &str) -> Result<Self, String> {
        let name = std::path::Path::new("");
        let file = Settings::parse(name, text, &[]).and_then(|settings| settings.walk(name, Self::read));
        let template = file.map_err(|wrong| format!("line {}: {}", wrong.line, wrong.message))?;
        for (name, call) in [("identify", template.identify.as_ref()), ("list", Some(&template.list))] {
            if call.is_some_and(|call| call.each.is_none()) {
                return Err(format!("{name}.each is missing: the path of what is listed"));
            }
        }
        // A GET whose connection breaks may be sent twice.
        if let Some(Call { name, .. }) = template.calls().find(|call| call.changes() && call.method == Method::Get) {
            return Err(format!("{name}.method is POST: what changes something is sent once"));
        }
        if !template.list.reads("id") {
            return Err("list.read.id is missing: what tells one visit from another".to_owned());
        }
        for call in template.calls() {
            call.wanted().into_iter().try_for_each(|wanted| template.judge(wanted, call.name))?;
        }
        template.of_signer().into_iter().try_for_each(|wanted| template.judge(wanted, "sign"))?;
        Ok(template)
    }

    fn read(file: At<'_>) -> Result<Self, Misfit> {
        let file = file.knows(&[
            "title",
            "charset",
            "daily",
            "namespaces",
            "tables",
            "call",
            "sign-in",
            "identify",
            "list",
            "arrive",
            "cancel",
            "passage",
            "sign",
        ])?;
        let call = file.member("call").map(|call| call.knows(SHARED)).transpose()?;
        let namespaces = file.member("namespaces").map(At::read).transpose()?.unwrap_or_default();
        let read = |name, own| Step { name, own, call, namespaces: &namespaces }.read();
        let step = |name| file.member(name).map(|own| read(name, own)).transpose();
        let needed = |name| read(name, file.needs(name)?);
        let mut template = Self {
            title: file.needs("title")?.said()?.to_owned(),
            charset: file.member("charset").map(At::read).transpose()?.unwrap_or_default(),
            daily: is_set(file, "daily")?,
            sign_in: Vec::new(),
            identify: step("identify")?,
            list: needed("list")?,
            arrive: needed("arrive")?,
            cancel: step("cancel")?,
            passage: step("passage")?,
            signer: file.member("sign").map(At::read).transpose()?,
            tables: Vec::new(),
        };
        if let Some(steps) = file.member("sign-in") {
            for own in steps.items()? {
                template.sign_in.push(read("sign-in", own)?);
            }
        }
        if let Some(tables) = file.member("tables") {
            for (name, table) in tables.members()? {
                template.tables.push((name.to_owned(), table.read()?));
            }
        }
        Ok(template)
    }

    /// Every step.
    pub(super) fn calls(&self) -> impl Iterator<Item = &Call> {
        let own =
            [self.identify.as_ref(), Some(&self.list), Some(&self.arrive), self.cancel.as_ref(), self.passage.as_ref()];
        self.sign_in.iter().chain(own.into_iter().flatten())
    }

    /// Every value that a text asks for.
    pub(super) fn wanted(&self) -> Vec<&Wanted> {
        let mut wanted = self.of_signer();
        self.calls().for_each(|call| wanted.extend(call.wanted()));
        wanted
    }

    fn of_signer(&self) -> Vec<&Wanted> {
        let mut wanted = Vec::new();
        self.signer.iter().for_each(|signer| signer.wanted(&mut wanted));
        wanted
    }

    fn judge(&self, wanted: &Wanted, step: &str) -> Result<(), String> {
        let Wanted { name, table, .. } = wanted;
        if let Some(table) = table.as_ref().filter(|table| of(&self.tables, table).is_none()) {
            return Err(format!("${{{name}|{table}}} asks for a table that is none of [tables]"));
        }
        let (room, member) = name.split_once('.').unwrap_or((name, ""));
        let kept = || self.sign_in.iter().any(|call| call.reads(member));
        let of_visit = || self.list.reads(member);
        let is_known = match room {
            "person" => ["name", "id", "id-kind", "card", "card-kind", "voucher", "voucher-kind", "union-id", "openid"]
                .contains(&member),
            "companion" => ["name", "id"].contains(&member),
            "record" => self.identify.as_ref().is_some_and(|call| call.reads(member)),
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

/// What `[call]` may say for every step.
const SHARED: &[&str] = &[
    "method",
    "path",
    "headers",
    "form",
    "body",
    "inner-form",
    "inner",
    "set",
    "answers",
    "root",
    "success",
    "error-text",
    "errors",
];

/// What a step says for itself.
const OWN: &[&str] =
    &["each", "read", "fields", "only", "states", "by-us", "requeued", "requeues", "list-again", "any-name"];

impl<'a> Step<'a> {
    fn read(&self) -> Result<Call, Misfit> {
        let own = self.own.knows(&[SHARED, OWN].concat())?;
        let forms = [("xml", Form::Xml), ("json", Form::Json), ("form", Form::Parameters)];
        let form = self.one_of("form", forms)?.unwrap_or(Form::Xml);
        let inner_form = self.one_of("inner-form", forms)?.unwrap_or(Form::Xml);
        let writing = if form == Form::Xml { Writing::Xml } else { Writing::Json };
        let mut call = Call {
            name: self.name,
            method: self.one_of("method", [("GET", Method::Get), ("POST", Method::Post)])?.unwrap_or(Method::Post),
            path: self.text("path", Form::Path, Text::read)?.unwrap_or_default(),
            headers: Vec::new(),
            body: self.text("body", form, Body::read)?,
            inner: self.text("inner", inner_form, Text::read)?,
            writing: self.one_of("answers", [("xml", Writing::Xml), ("json", Writing::Json)])?.unwrap_or(writing),
            root: self.path("root")?.unwrap_or_default(),
            success: self.rule("success")?,
            error_text: match self.member("error-text") {
                Some(paths) => self.paths("error-text", paths)?,
                None => Vec::new(),
            },
            // A step's own errors are looked at first.
            errors: self.rules("errors")?,
            each: self.path("each")?,
            read: Vec::new(),
            fields: Vec::new(),
            only: self.rules("only")?,
            states: self.rules("states")?,
            by_us: self.rule("by-us")?,
            requeued: self.rule("requeued")?,
            requeues: is_set(own, "requeues")?,
            list_again: is_set(own, "list-again")?,
            any_name: is_set(own, "any-name")?,
        };
        for headers in self.both("headers") {
            for (name, value) in headers.members()? {
                if !is_header(name) {
                    return Err(self.wrong("headers", value, &format!("`{name}` is no header's name")));
                }
                if !call.headers.iter().any(|(known, _)| known == name) {
                    let text = Text::read(&self.with_constants(value.said()?)?, Form::Line);
                    call.headers.push((name.to_owned(), text.map_err(|what| self.wrong("headers", value, &what))?));
                }
            }
        }
        if let Some(read) = own.member("read") {
            for (name, paths) in read.members()? {
                call.read.push((name.to_owned(), self.paths(name, paths)?));
            }
        }
        if let Some(fields) = own.member("fields") {
            for field in fields.items()? {
                let field = field.knows(&["label", "path", "emphasis"])?;
                call.fields.push(Field {
                    label: field.member("label").map(At::said).transpose()?.map(str::to_owned),
                    paths: self.paths("fields", field.needs("path")?)?,
                    emphasis: is_set(field, "emphasis")?,
                });
            }
        }
        Ok(call)
    }

    /// What both say, the step first.
    fn both(&self, member: &'static str) -> impl Iterator<Item = At<'a>> {
        [Some(self.own), self.call].into_iter().flatten().filter_map(move |table| table.member(member))
    }

    fn member(&self, member: &'static str) -> Option<At<'a>> {
        self.both(member).next()
    }

    /// What a word stands for; nothing where none is said.
    fn one_of<T: Copy, const N: usize>(
        &self,
        member: &'static str,
        words: [(&str, T); N],
    ) -> Result<Option<T>, Misfit> {
        let Some(at) = self.member(member) else { return Ok(None) };
        let said = at.said()?;
        let known = words.iter().find(|(word, _)| *word == said);
        let none = || self.wrong(member, at, &format!("is one of {}", words.map(|(word, _)| word).join(", ")));
        known.map(|(_, of)| Some(*of)).ok_or_else(none)
    }

    fn wrong(&self, member: &str, at: At<'_>, what: &str) -> Misfit {
        at.wrong(format!("{}.{member}: {what}", self.name))
    }

    /// A text, with what `set` says for `${step.NAME}`.
    fn with_constants(&self, text: &str) -> Result<String, Misfit> {
        let mut text = text.to_owned();
        for constants in self.both("set") {
            for (name, value) in constants.members()? {
                text = text.replace(&format!("${{step.{name}}}"), value.said()?);
            }
        }
        Ok(text)
    }

    fn text<T>(
        &self,
        member: &'static str,
        form: Form,
        read: impl FnOnce(&str, Form) -> Result<T, String>,
    ) -> Result<Option<T>, Misfit> {
        let Some(at) = self.member(member) else { return Ok(None) };
        let text = self.with_constants(at.said()?)?;
        let whole = is_whole(&text, form).and_then(|()| read(&text, form));
        whole.map(Some).map_err(|what| self.wrong(member, at, &what))
    }

    fn path(&self, member: &'static str) -> Result<Option<Path>, Misfit> {
        self.member(member).map(|path| self.one_path(member, path)).transpose()
    }

    fn one_path(&self, member: &str, path: At<'a>) -> Result<Path, Misfit> {
        Path::read(path.said()?, self.namespaces).map_err(|what| self.wrong(member, path, &what))
    }

    /// One path, or several of which the first that says something counts.
    fn paths(&self, member: &str, written: At<'a>) -> Result<Vec<Path>, Misfit> {
        let mut paths = Vec::new();
        for path in written.one_or_several() {
            paths.push(self.one_path(member, path)?);
        }
        Ok(paths)
    }

    fn rule(&self, member: &'static str) -> Result<Option<Rule>, Misfit> {
        self.member(member).map(|rule| self.one_rule(member, rule)).transpose()
    }

    /// Those of the step, then those of `[call]`.
    fn rules(&self, member: &'static str) -> Result<Vec<Rule>, Misfit> {
        let mut rules = Vec::new();
        for written in self.both(member) {
            for rule in written.items()? {
                rules.push(self.one_rule(member, rule)?);
            }
        }
        Ok(rules)
    }

    fn one_rule(&self, member: &str, rule: At<'a>) -> Result<Rule, Misfit> {
        let rule = rule.knows(&["path", "is", "not", "starts", "holds", "at-least", "today", "means"])?;
        let line = |at: At<'_>, text: &str| Text::read(text, Form::Line).map_err(|what| self.wrong(member, at, &what));
        let texts = |name| {
            let mut texts = Vec::new();
            if let Some(written) = rule.member(name) {
                for text in written.items()? {
                    texts.push(line(text, text.said()?)?);
                }
            }
            Ok(texts)
        };
        Ok(Rule {
            paths: self.paths(member, rule.needs("path")?)?,
            is: texts("is")?,
            not: texts("not")?,
            starts: texts("starts")?,
            holds: texts("holds")?,
            at_least: rule.member("at-least").map(At::read).transpose()?,
            today: if is_set(rule, "today")? { Some(line(rule, "${now:yyyy-MM-dd}")?) } else { None },
            means: match rule.member("means") {
                Some(means) => Means::read(means.said()?).map_err(|what| self.wrong(member, means, &what))?,
                None => Means::default(),
            },
        })
    }
}

/// A switch, which is off where nobody speaks of it.
fn is_set(table: At<'_>, member: &str) -> Result<bool, Misfit> {
    Ok(table.member(member).map(At::read).transpose()?.unwrap_or_default())
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
