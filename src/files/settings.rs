//! A settings file's values, out of its TOML into the rooms' types.
//!
//! The TOML crate's own way makes code for every kind of value wherever a type is read: a quarter of a megabyte in the
//! device program. A setting is looked for as the kind that it has, and what is wrong is told by its kind and its
//! line; of its value no more than a word that is none of those allowed.

#[cfg(test)]
mod tests;

use std::{borrow::Cow, fmt, ops::Range, path::Path};

use serde::{
    Deserializer,
    de::{
        DeserializeOwned, DeserializeSeed, EnumAccess, Error, Expected, MapAccess, SeqAccess, Unexpected,
        VariantAccess, Visitor,
    },
    forward_to_deserialize_any,
};
use toml::{
    Spanned,
    de::{DeTable, DeValue},
};

use super::table::{WrongLine, line_of};

/// A settings file whose syntax is right.
pub(crate) struct Settings<'t> {
    text: &'t str,
    root: Spanned<DeValue<'t>>,
}

/// What is wrong, and the bytes at which it stands as soon as they are known.
pub(crate) struct Misfit(Box<(String, Option<Range<usize>>)>);

/// A value of the file.
#[derive(Clone, Copy)]
pub(crate) struct At<'a>(&'a Spanned<DeValue<'a>>);

/// A table's keys and values, in turn.
struct Pairs<'a> {
    rest: toml::map::Iter<'a, Spanned<Cow<'a, str>>, Spanned<DeValue<'a>>>,
    value: Option<At<'a>>,
}

/// A key, whose text names a member.
struct Key<'a>(&'a Spanned<Cow<'a, str>>);

/// A list's values, in turn.
struct Items<'a>(std::slice::Iter<'a, Spanned<DeValue<'a>>>);

/// A variant: a word, or a table's only key with what belongs to it.
struct Variant<'a> {
    word: &'a str,
    value: Option<At<'a>>,
    at: Range<usize>,
}

impl<'t> Settings<'t> {
    /// Parses a file's text; `file` is for messages. `[name]` is the only one of `[[name]]` for each name of `many`.
    pub(crate) fn parse(file: &Path, text: &'t str, many: &[&str]) -> Result<Self, WrongLine> {
        let table = DeTable::parse(text).map_err(|error| WrongLine {
            file: file.to_owned(),
            line: line_of(text, error.span()),
            message: error.message().to_owned(),
        })?;
        let span = table.span();
        let mut table = table.into_inner();
        for name in many {
            super::table::one_is_many(&mut table, name);
        }
        Ok(Self { text, root: Spanned::new(span, DeValue::Table(table)) })
    }

    /// The whole of it; `file` is for messages.
    pub(crate) fn read<T: DeserializeOwned>(&self, file: &Path) -> Result<T, WrongLine> {
        self.walk(file, |root| root.read())
    }

    /// What a walk over its tables finds; `file` is for messages.
    pub(crate) fn walk<T>(&self, file: &Path, walk: impl FnOnce(At<'_>) -> Result<T, Misfit>) -> Result<T, WrongLine> {
        walk(At(&self.root)).map_err(|Misfit(misfit)| {
            let (message, at) = *misfit;
            WrongLine { file: file.to_owned(), line: line_of(self.text, at), message }
        })
    }

    /// The tables `[[name]]`, each with the bytes at which it begins.
    pub(crate) fn tables(&self, name: &str) -> impl Iterator<Item = &Spanned<DeValue<'t>>> {
        let tables = self.root.get_ref().get(name).and_then(|tables| tables.get_ref().as_array());
        tables.into_iter().flat_map(|tables| tables.iter())
    }
}

impl Misfit {
    fn at(mut self, span: Range<usize>) -> Self {
        self.0.1.get_or_insert(span);
        self
    }
}

impl Error for Misfit {
    fn custom<T: fmt::Display>(message: T) -> Self {
        Self(Box::new((message.to_string(), None)))
    }

    fn invalid_type(_: Unexpected<'_>, expected: &dyn Expected) -> Self {
        Self::custom(format_args!("expected {expected}"))
    }

    fn invalid_value(_: Unexpected<'_>, expected: &dyn Expected) -> Self {
        Self::custom(format_args!("expected {expected}"))
    }
}

impl fmt::Display for Misfit {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0.0)
    }
}

impl fmt::Debug for Misfit {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

impl std::error::Error for Misfit {}

/// What one by one is asked of tables whose types would be more code than the asking.
#[cfg(feature = "hospital")]
impl<'a> At<'a> {
    /// Refuses what is no table, and members that nobody knows.
    pub(crate) fn knows(self, known: &[&str]) -> Result<Self, Misfit> {
        for (key, _) in self.table(&"a table")?.rest {
            if !known.contains(&&**key.get_ref()) {
                let what = format_args!("`{}` is none of {}", key.get_ref(), known.join(", "));
                return Err(Misfit::custom(what).at(key.span()));
            }
        }
        Ok(self)
    }

    /// A member of a table.
    pub(crate) fn member(self, name: &str) -> Option<At<'a>> {
        self.0.get_ref().as_table()?.get(name).map(At)
    }

    /// A member that must be there.
    pub(crate) fn needs(self, name: &str) -> Result<At<'a>, Misfit> {
        self.member(name).ok_or_else(|| self.wrong(format!("missing field `{name}`")))
    }

    /// A list's values.
    pub(crate) fn items(self) -> Result<impl Iterator<Item = At<'a>>, Misfit> {
        Ok(self.list(&"a list")?.0.map(At))
    }

    /// A table's members by their names, in order.
    pub(crate) fn members(self) -> Result<impl Iterator<Item = (&'a str, At<'a>)>, Misfit> {
        Ok(self.table(&"a table")?.rest.map(|(key, value)| (&**key.get_ref(), At(value))))
    }

    /// A word or a text.
    pub(crate) fn said(self) -> Result<&'a str, Misfit> {
        self.text(&"a text")
    }

    /// A list's values, or the only one.
    pub(crate) fn one_or_several(self) -> impl Iterator<Item = At<'a>> {
        let several = match self.0.get_ref() {
            DeValue::Array(several) => several.as_ref(),
            _ => std::slice::from_ref(self.0),
        };
        several.iter().map(At)
    }

    /// Something is wrong with this value.
    pub(crate) fn wrong(self, what: String) -> Misfit {
        Misfit(Box::new((what, Some(self.0.span()))))
    }
}

impl<'a> At<'a> {
    /// The value as this type.
    pub(crate) fn read<T: DeserializeOwned>(self) -> Result<T, Misfit> {
        T::deserialize(self).map_err(|misfit| misfit.at(self.0.span()))
    }

    fn table(self, expected: &dyn Expected) -> Result<Pairs<'a>, Misfit> {
        match self.0.get_ref() {
            DeValue::Table(table) => Ok(Pairs { rest: table.iter(), value: None }),
            _ => Err(self.misfit(expected)),
        }
    }

    fn list(self, expected: &dyn Expected) -> Result<Items<'a>, Misfit> {
        match self.0.get_ref() {
            DeValue::Array(list) => Ok(Items(list.iter())),
            _ => Err(self.misfit(expected)),
        }
    }

    fn text(self, expected: &dyn Expected) -> Result<&'a str, Misfit> {
        self.0.get_ref().as_str().ok_or_else(|| self.misfit(expected))
    }

    fn number(self, expected: &dyn Expected) -> Result<i64, Misfit> {
        let number = self.0.get_ref().as_integer();
        let number = number.and_then(|number| i64::from_str_radix(number.as_str(), number.radix()).ok());
        number.ok_or_else(|| self.misfit(expected))
    }

    fn variant(self, expected: &dyn Expected) -> Result<Variant<'a>, Misfit> {
        let at = self.0.span();
        match self.0.get_ref() {
            DeValue::String(word) => Ok(Variant { word, value: None, at }),
            DeValue::Table(table) if table.len() == 1 => {
                let only = table.iter().next().map(|(word, value)| Variant {
                    word: word.get_ref(),
                    value: Some(At(value)),
                    at: word.span(),
                });
                only.ok_or_else(|| self.misfit(expected))
            }
            _ => Err(self.misfit(expected)),
        }
    }

    fn misfit(self, expected: &dyn Expected) -> Misfit {
        let found = self.0.get_ref().type_str();
        Misfit::custom(format_args!("expected {expected}, not {found}")).at(self.0.span())
    }
}

/// Each number is read as the largest one; its own type says what it can be.
macro_rules! numbers {
    ($($name:ident)*) => {$(
        fn $name<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Misfit> {
            let number = self.number(&visitor)?;
            visitor.visit_i64(number).map_err(|error: Misfit| error.at(self.0.span()))
        }
    )*};
}

impl<'de> Deserializer<'de> for At<'_> {
    type Error = Misfit;

    numbers!(deserialize_i8 deserialize_i16 deserialize_i32 deserialize_i64);
    numbers!(deserialize_u8 deserialize_u16 deserialize_u32 deserialize_u64);

    /// A setting of several kinds.
    fn deserialize_any<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Misfit> {
        match self.0.get_ref() {
            DeValue::String(_) => self.deserialize_str(visitor),
            DeValue::Integer(_) => self.deserialize_i64(visitor),
            DeValue::Boolean(_) => self.deserialize_bool(visitor),
            DeValue::Array(_) => self.deserialize_seq(visitor),
            DeValue::Table(_) => self.deserialize_map(visitor),
            DeValue::Float(_) | DeValue::Datetime(_) => Err(self.misfit(&visitor)),
        }
    }

    fn deserialize_bool<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Misfit> {
        match self.0.get_ref() {
            DeValue::Boolean(value) => visitor.visit_bool(*value),
            _ => Err(self.misfit(&visitor)),
        }
    }

    fn deserialize_str<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Misfit> {
        let text = self.text(&visitor)?;
        visitor.visit_str(text).map_err(|error: Misfit| error.at(self.0.span()))
    }

    fn deserialize_string<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Misfit> {
        self.deserialize_str(visitor)
    }

    fn deserialize_option<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Misfit> {
        visitor.visit_some(self)
    }

    fn deserialize_newtype_struct<V: Visitor<'de>>(self, _: &'static str, visitor: V) -> Result<V::Value, Misfit> {
        visitor.visit_newtype_struct(self)
    }

    fn deserialize_seq<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Misfit> {
        let list = self.list(&visitor)?;
        visitor.visit_seq(list).map_err(|error| error.at(self.0.span()))
    }

    fn deserialize_map<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Misfit> {
        let table = self.table(&visitor)?;
        visitor.visit_map(table).map_err(|error| error.at(self.0.span()))
    }

    fn deserialize_struct<V: Visitor<'de>>(
        self,
        _: &'static str,
        _: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, Misfit> {
        self.deserialize_map(visitor)
    }

    fn deserialize_enum<V: Visitor<'de>>(
        self,
        _: &'static str,
        _: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, Misfit> {
        let variant = self.variant(&visitor)?;
        visitor.visit_enum(variant).map_err(|error| error.at(self.0.span()))
    }

    fn deserialize_ignored_any<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Misfit> {
        visitor.visit_unit()
    }

    forward_to_deserialize_any! { f32 f64 char bytes byte_buf unit unit_struct tuple tuple_struct identifier }
}

impl<'de> Deserializer<'de> for Key<'_> {
    type Error = Misfit;

    fn deserialize_any<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Misfit> {
        visitor.visit_str(self.0.get_ref()).map_err(|error: Misfit| error.at(self.0.span()))
    }

    fn deserialize_newtype_struct<V: Visitor<'de>>(self, _: &'static str, visitor: V) -> Result<V::Value, Misfit> {
        visitor.visit_newtype_struct(self)
    }

    fn deserialize_enum<V: Visitor<'de>>(
        self,
        _: &'static str,
        _: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, Misfit> {
        let at = self.0.span();
        let variant = Variant { word: self.0.get_ref(), value: None, at: at.clone() };
        visitor.visit_enum(variant).map_err(|error| error.at(at))
    }

    forward_to_deserialize_any! {
        bool i8 i16 i32 i64 u8 u16 u32 u64 f32 f64 char str string bytes byte_buf option unit unit_struct seq tuple
        tuple_struct map struct identifier ignored_any
    }
}

impl<'de> MapAccess<'de> for Pairs<'_> {
    type Error = Misfit;

    fn next_key_seed<K: DeserializeSeed<'de>>(&mut self, seed: K) -> Result<Option<K::Value>, Misfit> {
        let Some((key, value)) = self.rest.next() else { return Ok(None) };
        self.value = Some(At(value));
        seed.deserialize(Key(key)).map(Some)
    }

    fn next_value_seed<V: DeserializeSeed<'de>>(&mut self, seed: V) -> Result<V::Value, Misfit> {
        let value = self.value.take().ok_or_else(|| Misfit::custom("a key comes before its value"))?;
        seed.deserialize(value).map_err(|error| error.at(value.0.span()))
    }
}

impl<'de> SeqAccess<'de> for Items<'_> {
    type Error = Misfit;

    fn next_element_seed<T: DeserializeSeed<'de>>(&mut self, seed: T) -> Result<Option<T::Value>, Misfit> {
        let Some(item) = self.0.next() else { return Ok(None) };
        seed.deserialize(At(item)).map(Some).map_err(|error| error.at(item.span()))
    }
}

impl<'de> EnumAccess<'de> for Variant<'_> {
    type Error = Misfit;
    type Variant = Self;

    fn variant_seed<V: DeserializeSeed<'de>>(self, seed: V) -> Result<(V::Value, Self), Misfit> {
        let word = serde::de::value::StrDeserializer::new(self.word);
        let value = seed.deserialize(word).map_err(|error: Misfit| error.at(self.at.clone()))?;
        Ok((value, self))
    }
}

impl<'de> VariantAccess<'de> for Variant<'_> {
    type Error = Misfit;

    fn unit_variant(self) -> Result<(), Misfit> {
        match self.value {
            None => Ok(()),
            Some(_) => Err(Misfit::custom(format_args!("expected \"{}\" alone", self.word)).at(self.at)),
        }
    }

    fn newtype_variant_seed<T: DeserializeSeed<'de>>(self, seed: T) -> Result<T::Value, Misfit> {
        match self.value {
            Some(value) => seed.deserialize(value).map_err(|error| error.at(value.0.span())),
            None => Err(Misfit::custom(format_args!("expected {{ {} = … }}", self.word)).at(self.at)),
        }
    }

    fn tuple_variant<V: Visitor<'de>>(self, _: usize, visitor: V) -> Result<V::Value, Misfit> {
        Err(Misfit::invalid_type(Unexpected::TupleVariant, &visitor))
    }

    fn struct_variant<V: Visitor<'de>>(self, _: &'static [&'static str], visitor: V) -> Result<V::Value, Misfit> {
        match self.value {
            Some(value) => value.deserialize_map(visitor),
            None => Err(Misfit::custom(format_args!("expected {{ {} = … }}", self.word)).at(self.at)),
        }
    }
}
