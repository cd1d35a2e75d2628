//! A roster out of a table of people, for whoever makes the site's lists.

use std::fmt::Write as _;

use super::{
    list::FIRST,
    person::{RosterKey, named},
};
use crate::{
    checkin::reading,
    words::{Credential, CredentialType, RealName, Text},
};

/// What a list says of itself.
pub struct Making<'a> {
    /// `2026-11-26`
    pub day: &'a str,
    /// RFC 3339.
    pub issued: &'a str,
    /// What its readers have, too.
    pub key: &'a RosterKey,
}

/// Why there is no list. Nothing of a row is repeated.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("row {row}: {what}")]
pub struct MakeError {
    /// From 1, the names of the columns.
    pub row: usize,
    /// What is wrong with it.
    pub what: &'static str,
}

/// The columns, by their names in the first row.
const COLUMNS: [&str; 5] = ["name", "number", "union-id", "voucher", "place"];

/// The same as Chinese tables have them.
const COLUMNS_ZH: [&str; 5] = ["姓名", "证件号", "union-id", "凭证", "地点"];

impl Making<'_> {
    /// The list without its signature, and how many are on it. `table` is CSV (RFC 4180) in UTF-8 or GB 18030, whose first
    /// row names its columns: `name` and `number`, `union-id` or `voucher`, and `place` where people are told one.
    pub fn list(&self, table: &[u8]) -> Result<(String, usize), MakeError> {
        let text = zeroize::Zeroizing::new(reading::decode(table, None));
        let mut rows = rows(&text).into_iter().enumerate().map(|(at, row)| (at.saturating_add(1), row));
        let (_, names) = rows.next().ok_or(MakeError { row: 1, what: "the table is empty" })?;
        let column = |wanted: &str| {
            let own = COLUMNS.iter().position(|name| name.eq_ignore_ascii_case(wanted.trim()));
            own.or_else(|| COLUMNS_ZH.iter().position(|name| *name == wanted.trim()))
        };
        let columns: Vec<Option<usize>> = names.iter().map(|name| column(name)).collect();
        if columns.iter().all(|column| column.is_none_or(|column| column == 4)) {
            return Err(MakeError {
                row: 1,
                what: "expected columns name and number, union-id, or voucher, and place",
            });
        }
        let mut people = std::collections::BTreeMap::new();
        for (row, cells) in rows {
            let mut told = [""; COLUMNS.len()];
            for (column, cell) in columns.iter().zip(&cells) {
                if let Some(column) = *column {
                    told[column] = cell.trim();
                }
            }
            if told[..4].iter().all(|cell| cell.is_empty()) {
                continue;
            }
            for hash in self.hashes(told).map_err(|what| MakeError { row, what })? {
                people.insert(hash, Text::clean(told[4]));
            }
        }
        let mut list = format!("{FIRST}\nday {}\nissued {}\npeople {}\n", self.day, self.issued, people.len());
        for (hash, place) in &people {
            hash.iter().for_each(|byte| {
                let _ = write!(list, "{byte:02x}");
            });
            if !place.is_empty() {
                let _ = write!(list, "\t{}", place.as_str().replace('\t', " "));
            }
            list.push('\n');
        }
        Ok((list, people.len()))
    }

    fn hashes(
        &self,
        [name, number, union_id, voucher, _]: [&str; COLUMNS.len()],
    ) -> Result<Vec<[u8; 32]>, &'static str> {
        let mut hashes = Vec::new();
        match (name.is_empty(), number.is_empty()) {
            (true, true) => {}
            (false, false) => {
                let name = RealName::parse(name).ok_or("the name is none")?;
                let credential = Credential::parse(CredentialType::UNSAID, number);
                let credential = credential.ok_or("the number is none of a document")?;
                hashes.push(self.key.hash(self.day, "person", &named(&name, &credential)));
            }
            _ => return Err("a name needs a number, and a number a name"),
        }
        let others = [("union-id", union_id), ("voucher", voucher)].into_iter().filter(|(_, text)| !text.is_empty());
        hashes.extend(others.map(|(kind, text)| self.key.hash(self.day, kind, text)));
        Ok(hashes)
    }
}

/// The rows of a CSV text: commas, quotes doubled within quotes, any line end.
fn rows(text: &str) -> Vec<Vec<zeroize::Zeroizing<String>>> {
    let (mut rows, mut row, mut cell) = (Vec::new(), Vec::new(), zeroize::Zeroizing::new(String::new()));
    let mut quoted = false;
    let mut characters = text.chars().peekable();
    while let Some(c) = characters.next() {
        match c {
            '"' if quoted && characters.peek() == Some(&'"') => {
                characters.next();
                cell.push('"');
            }
            '"' => quoted = !quoted,
            ',' if !quoted => row.push(std::mem::take(&mut cell)),
            '\r' if !quoted && characters.peek() == Some(&'\n') => {}
            '\r' | '\n' if !quoted => {
                row.push(std::mem::take(&mut cell));
                rows.push(std::mem::take(&mut row));
            }
            c => cell.push(c),
        }
    }
    if !cell.is_empty() || !row.is_empty() {
        row.push(cell);
        rows.push(row);
    }
    rows
}
