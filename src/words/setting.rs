//! Values of the settings files that need more than a type, where several rooms have them: each refuses what is
//! impossible and says what is allowed.

use std::time::Duration;

use serde::{Deserialize, Deserializer, de};

/// A string that passes `fits`, or an error that says what is allowed.
pub(crate) fn checked<'de, D: Deserializer<'de>>(
    deserializer: D,
    allowed: &'static str,
    fits: impl Fn(&str) -> bool,
) -> Result<String, D::Error> {
    let text = String::deserialize(deserializer)?;
    if fits(&text) { Ok(text) } else { Err(de::Error::custom(format_args!("expected {allowed}"))) }
}

pub(crate) fn milliseconds<'de, D: Deserializer<'de>>(
    d: D,
    range: std::ops::RangeInclusive<u64>,
) -> Result<Duration, D::Error> {
    let number = u64::deserialize(d)?;
    if range.contains(&number) {
        return Ok(Duration::from_millis(number));
    }
    Err(de::Error::custom(format_args!("expected {}–{} milliseconds", range.start(), range.end())))
}

pub(crate) fn patience<'de, D: Deserializer<'de>>(d: D) -> Result<Duration, D::Error> {
    milliseconds(d, 1000..=60_000)
}

pub(crate) fn name<'de, D: Deserializer<'de>>(d: D) -> Result<String, D::Error> {
    checked(d, "a name of 1–32 letters, digits or hyphens", is_name)
}

pub(crate) fn some_name<'de, D: Deserializer<'de>>(d: D) -> Result<Option<String>, D::Error> {
    name(d).map(Some)
}

/// A table whose keys are anybody's, in order.
#[cfg(feature = "hospital")]
pub(crate) fn by_name<'de, D: Deserializer<'de>, T: Deserialize<'de>>(d: D) -> Result<Vec<(String, T)>, D::Error> {
    d.deserialize_map(ByName(std::marker::PhantomData))
}

#[cfg(feature = "hospital")]
struct ByName<T>(std::marker::PhantomData<T>);

#[cfg(feature = "hospital")]
impl<'de, T: Deserialize<'de>> de::Visitor<'de> for ByName<T> {
    type Value = Vec<(String, T)>;

    fn expecting(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("a table")
    }

    fn visit_map<A: de::MapAccess<'de>>(self, mut members: A) -> Result<Self::Value, A::Error> {
        let mut all = Vec::new();
        while let Some(member) = members.next_entry()? {
            all.push(member);
        }
        Ok(all)
    }
}

/// One name, or a list of them.
pub(crate) fn names<'de, D: Deserializer<'de>>(d: D) -> Result<Vec<String>, D::Error> {
    d.deserialize_any(Names)
}

struct Names;

impl<'de> de::Visitor<'de> for Names {
    type Value = Vec<String>;

    fn expecting(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("a name of 1–32 letters, digits or hyphens, or a list of them")
    }

    fn visit_str<E: de::Error>(self, name: &str) -> Result<Self::Value, E> {
        if is_name(name) {
            Ok(vec![name.to_owned()])
        } else {
            Err(E::invalid_value(de::Unexpected::Other("this"), &self))
        }
    }

    fn visit_seq<A: de::SeqAccess<'de>>(self, mut items: A) -> Result<Self::Value, A::Error> {
        let mut names: Vec<String> = Vec::new();
        while let Some(name) = items.next_element::<String>()? {
            if !is_name(&name) || names.contains(&name) {
                return Err(de::Error::invalid_value(de::Unexpected::Other("this"), &self));
            }
            names.push(name);
        }
        Ok(names)
    }
}

pub(crate) fn is_name(text: &str) -> bool {
    (1..=32).contains(&text.len()) && text.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'-')
}

fn https<'de, D: Deserializer<'de>>(d: D) -> Result<String, D::Error> {
    let url = checked(d, "an https:// address without query or fragment", |t| {
        t.strip_prefix("https://").is_some_and(|rest| {
            !rest.is_empty()
                && !rest.starts_with('/')
                && rest.bytes().all(|b| b.is_ascii_graphic() && !b"?#@\\".contains(&b))
        })
    })?;
    Ok(url.trim_end_matches('/').to_owned())
}

/// An address with or without TLS; whoever may be spoken to without it is another setting.
pub(crate) fn some_http<'de, D: Deserializer<'de>>(d: D) -> Result<Option<String>, D::Error> {
    let text = String::deserialize(d)?;
    let secure = match text.strip_prefix("http://") {
        Some(rest) => format!("https://{rest}"),
        None => text.clone(),
    };
    https(de::value::StringDeserializer::<D::Error>::new(secure))?;
    Ok(Some(text.trim_end_matches('/').to_owned()))
}

/// The same, or one for HL7: `mllps://host:port`, `mllp://host:port`.
pub(crate) fn some_system<'de, D: Deserializer<'de>>(d: D) -> Result<Option<String>, D::Error> {
    let text = String::deserialize(d)?;
    let Some(rest) = text.strip_prefix("mllps://").or_else(|| text.strip_prefix("mllp://")) else {
        return some_http(de::value::StringDeserializer::<D::Error>::new(text));
    };
    https_base(de::value::StringDeserializer::<D::Error>::new(format!("https://{}", rest.trim_end_matches('/'))))?;
    Ok(Some(text.trim_end_matches('/').to_owned()))
}

pub(crate) fn https_base<'de, D: Deserializer<'de>>(d: D) -> Result<String, D::Error> {
    let url = https(d)?;
    if url["https://".len()..].contains('/') {
        return Err(de::Error::custom("expected https:// and a host without a path"));
    }
    Ok(url)
}

pub(crate) fn some_https_base<'de, D: Deserializer<'de>>(d: D) -> Result<Option<String>, D::Error> {
    https_base(d).map(Some)
}
