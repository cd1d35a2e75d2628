//! Numbers of identity documents: their one form, and what the form tells.

use super::CredentialType;

/// The longest number, characters.
const LONGEST: usize = 64;

/// The number in its one form: upper case, without blanks, hyphens, fillers of machine-readable lines and what nobody
/// sees; full-width characters and what looks like the check character X become ASCII. Hanzi stay, for the military
/// write them. Nothing where something else is left.
pub(super) fn normal(number: &str) -> Option<String> {
    let number = number.trim();
    if number.chars().nth(4 * LONGEST).is_some() {
        return None;
    }
    let mut normal = String::with_capacity(number.len());
    for c in number.chars() {
        match c {
            '\u{FF01}'..='\u{FF5E}' => {
                let ascii = u32::from(c).checked_sub(0xFEE0).and_then(char::from_u32)?;
                normal.extend((!is_passed_over(ascii)).then(|| ascii.to_ascii_uppercase()));
            }
            'Ⅹ' | 'ⅹ' | '×' | 'Χ' | 'χ' | 'Х' | 'х' => normal.push('X'),
            _ if is_passed_over(c) => {}
            '!'..='~' => normal.push(c.to_ascii_uppercase()),
            '\u{4E00}'..='\u{9FFF}' => normal.push(c),
            _ => return None,
        }
    }
    (1..=LONGEST).contains(&normal.chars().count()).then_some(normal)
}

fn is_passed_over(c: char) -> bool {
    (c.is_whitespace() && !c.is_control())
        || matches!(c, '-' | '<' | '\u{AD}' | '\u{2010}'..='\u{2015}' | '\u{2212}' | '\u{FE58}' | '\u{FE63}')
        || matches!(c, '\u{200B}'..='\u{200F}' | '\u{202A}'..='\u{202E}' | '\u{2060}'..='\u{2069}' | '\u{FEFF}')
}

/// A number as a document of this kind carries it, and the kind: the one its form tells where nobody says it. Nothing
/// where it cannot be a number of that kind.
pub(super) fn read(kind: CredentialType, number: &str) -> Option<(CredentialType, String)> {
    let number = normal(number)?;
    let unsaid = kind == CredentialType::UNSAID;
    let resident = resident(&number);
    let kind = match (&resident, unsaid) {
        (Some(resident), true) => kind_of_resident(resident),
        (None, true) => told_by_form(&number)?,
        (_, false) => kind,
    };
    let is_military = !number.is_ascii();
    match kind {
        CredentialType::Officer | CredentialType::Soldier | CredentialType::Police => Some((kind, number)),
        // A licence may have fifteen or eighteen digits of its own.
        CredentialType::BusinessLicence | CredentialType::OtherDocument => Some((kind, number)),
        _ if is_military => None,
        _ if kind.has_check_character() => Some((kind, resident?)),
        CredentialType::Other(number_of_kind) if !(12..=18).contains(&number_of_kind) => Some((kind, number)),
        // A child's page of the register, a permit that became a residence permit: its number is a resident's.
        _ if is_like_a_residents(&number) => Some((kind, resident?)),
        _ => Some((kind, number)),
    }
}

/// What tells the holder of this document from every other, whatever the way in and whatever it is called there.
pub(super) fn holder(kind: CredentialType, number: &str) -> String {
    let is_vague = matches!(kind, CredentialType::OtherDocument | CredentialType::Other(_));
    if kind != CredentialType::BusinessLicence && resident(number).is_some() {
        return format!("1:{number}");
    }
    let kind = if is_vague { told_by_form(number).unwrap_or(kind) } else { kind };
    let stays = match kind {
        // A letter and eight digits for life; the two after them count the permits (until 2013 and 2015).
        CredentialType::HomeReturn if is_home_return(number) => 9,
        CredentialType::TaiwanCompatriot if is_taiwan_compatriot(number) => 8,
        _ => number.len(),
    };
    format!("{}:{}", kind.number(), number.get(..stays).unwrap_or(number))
}

/// GB 11643: region, date of birth, sequence, check character. Also what other documents took over: 81, 82 and 83 0000
/// of the residence permits, 9 of foreigners' cards since 2023. The fifteen digits of before 1999, which have neither
/// century nor check character, become the eighteen of the same person.
fn resident(number: &str) -> Option<String> {
    let number = match number.len() {
        15 if is_digits(number) && is_region(number) => {
            let body = format!("{}19{}", &number[..6], &number[6..]);
            let check = check_character(&body)?;
            body + &check.to_string()
        }
        18 => number.to_owned(),
        _ => return None,
    };
    let (body, check) = number.split_at_checked(17)?;
    let right = check_character(body).is_some_and(|wanted| check.starts_with(wanted));
    (right && is_date(&body[6..14])).then_some(number)
}

fn check_character(body: &str) -> Option<char> {
    const WEIGHTS: [u32; 17] = [7, 9, 10, 5, 8, 4, 2, 1, 6, 3, 7, 9, 10, 5, 8, 4, 2];
    if body.len() != WEIGHTS.len() || !is_digits(body) {
        return None;
    }
    let sum: u32 = body.bytes().zip(WEIGHTS).map(|(digit, weight)| u32::from(digit - b'0') * weight).sum();
    "10X98765432".chars().nth(sum as usize % 11)
}

/// `YYYYMMDD` of somebody who may be alive when this is read.
fn is_date(text: &str) -> bool {
    let part = |from: usize, to: usize| text.get(from..to).and_then(|digits| digits.parse::<u32>().ok());
    let (Some(year), Some(month), Some(day)) = (part(0, 4), part(4, 6), part(6, 8)) else { return false };
    let days = match month {
        2 if year % 4 == 0 && (year % 100 != 0 || year % 400 == 0) => 29,
        2 => 28,
        4 | 6 | 9 | 11 => 30,
        1..=12 => 31,
        _ => 0,
    };
    (1880..2100).contains(&year) && (1..=days).contains(&day)
}

/// The first digits of GB/T 2260.
fn is_region(number: &str) -> bool {
    let province = number.get(..2).and_then(|digits| digits.parse::<u32>().ok());
    province.is_some_and(
        |province| matches!(province, 11..=15 | 21..=23 | 31..=37 | 41..=46 | 50..=54 | 61..=65 | 71 | 81..=83 | 91),
    )
}

fn kind_of_resident(number: &str) -> CredentialType {
    match number {
        _ if number.starts_with("810000") || number.starts_with("820000") => CredentialType::HK_MACAO_RESIDENCE,
        _ if number.starts_with("830000") => CredentialType::TAIWAN_RESIDENCE,
        _ if number.starts_with('9') => CredentialType::FOREIGN_RESIDENCE,
        _ => CredentialType::MainlandId,
    }
}

/// What a number tells that is no resident's: nothing where it is one that was read or typed wrong.
fn told_by_form(number: &str) -> Option<CredentialType> {
    if resident(number).is_some() {
        return Some(CredentialType::MainlandId);
    }
    if is_like_a_residents(number) {
        return None;
    }
    let letters = number.bytes().filter(u8::is_ascii_uppercase).count();
    let digits = number.bytes().filter(u8::is_ascii_digit).count();
    let plain = letters + digits == number.len();
    Some(match number.len() {
        _ if number.contains("士字第") => CredentialType::Soldier,
        _ if number.contains("字第") => CredentialType::Officer,
        _ if is_home_return(number) => CredentialType::HomeReturn,
        _ if is_taiwan_compatriot(number) => CredentialType::TaiwanCompatriot,
        15 if number.bytes().take(3).all(|b| b.is_ascii_uppercase()) && digits == 12 => {
            CredentialType::FOREIGN_RESIDENCE
        }
        7 | 9 if digits == number.len() => CredentialType::Passport,
        6..=9 if plain && letters > 0 && digits >= 5 => CredentialType::Passport,
        _ => CredentialType::OtherDocument,
    })
}

/// 回乡证: H or M, eight digits, and two more on older ones.
fn is_home_return(number: &str) -> bool {
    number.strip_prefix(['H', 'M']).is_some_and(|rest| matches!(rest.len(), 8 | 10) && is_digits(rest))
}

/// 台胞证: eight digits, and two more on older ones, with a letter in brackets behind them.
fn is_taiwan_compatriot(number: &str) -> bool {
    let bracket = |c: char| matches!(c, '(' | ')') || c.is_ascii_uppercase();
    let bare = if number.len() > 10 { number.trim_end_matches(bracket) } else { number };
    matches!(bare.len(), 8 | 10) && is_digits(bare) && number.len() - bare.len() <= 3
}

/// Fifteen digits, or seventeen and one more or X: nothing else has that many.
fn is_like_a_residents(number: &str) -> bool {
    match number.len() {
        15 => is_digits(number),
        18 => number.is_char_boundary(17) && is_digits(&number[..17]) && (number.ends_with('X') || is_digits(number)),
        _ => false,
    }
}

fn is_digits(text: &str) -> bool {
    !text.is_empty() && text.bytes().all(|b| b.is_ascii_digit())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::words::Credential;

    fn told(number: &str) -> Option<(i64, String)> {
        read(CredentialType::UNSAID, number).map(|(kind, number)| (kind.number(), number))
    }

    #[test]
    fn a_number_has_one_form_however_it_is_written() {
        let one = "11010519491231002X";
        for written in [
            "11010519491231002x",
            " 110105 19491231 002X ",
            "110105-19491231-002X",
            "１１０１０５１９４９１２３１００２Ｘ",
            "11010519491231002Ⅹ",
            "11010519491231002×",
            "11010519491231002Х",
            "\u{202D}11010519491231002X\u{202C}",
            "\u{FEFF}110105\u{200B}19491231002X",
            "110105491231002",
        ] {
            assert_eq!(told(written), Some((1, one.to_owned())), "{written:?}");
            assert_eq!(read(CredentialType::TemporaryId, written).expect("read").1, one);
        }
        assert_eq!(told("e 1234-5678<<"), Some((2, "E12345678".to_owned())));
        for none in ["", " ", "-", "1101\u{7}05", "é1234567", "\u{1F600}", &"1".repeat(65)] {
            assert_eq!(told(none), None, "{none:?}");
        }
    }

    #[test]
    fn the_form_tells_the_kind_where_nobody_says_it() {
        for (number, kind) in [
            ("11010519491231002X", 1),
            ("810000199408230021", 17),
            ("820000199009275478", 17),
            ("83000019810715006X", 18),
            ("911124198108030024", 12),
            ("CHN123456789012", 12),
            ("H12345678", 5),
            ("M1234567801", 5),
            ("12345678", 9),
            ("0012345601", 9),
            ("0012345601(B)", 9),
            ("E12345678", 2),
            ("EA1234567", 2),
            ("G12345678", 2),
            ("PE1234567", 2),
            ("D1234567", 2),
            ("512345678", 2),
            ("C01X00T47", 2),
            ("南字第1234567号", 3),
            ("北士字第1234567号", 4),
            ("A123456(3)", 11),
            ("1101", 11),
        ] {
            assert_eq!(told(number).map(|(kind, _)| kind), Some(kind), "{number}");
        }
    }

    #[test]
    fn a_number_that_was_read_wrong_is_refused_whoever_brings_it() {
        for number in
            ["110105194912310021", "110105194913310020", "110105194902300028", "810000199408230020", "990105491231002"]
        {
            assert_eq!(told(number), None, "{number}");
        }
        for kind in [1, 2, 5, 6, 7, 9, 12, 17, 18] {
            assert!(read(CredentialType::from_number(kind), "110105194912310021").is_none(), "{kind}");
        }
        for kind in [1, 6] {
            assert!(read(CredentialType::from_number(kind), "E12345678").is_none(), "{kind}");
        }
        for kind in [2, 3, 5, 7, 8, 9, 10, 11, 12, 17, 99] {
            assert!(read(CredentialType::from_number(kind), "E12345678").is_some(), "{kind}");
        }
    }

    #[test]
    fn one_person_has_one_key_whatever_the_document_is_called() {
        let key = |kind, number: &str| {
            let document = Credential::parse(CredentialType::from_number(kind), number).expect("a document");
            document.holder().reveal().to_owned()
        };
        let card = key(1, "11010519491231002X");
        for (kind, number) in
            [(6, "11010519491231002x"), (0, "110105491231002"), (7, "11010519491231002X"), (11, "11010519491231002X")]
        {
            assert_eq!(key(kind, number), card, "{kind}");
        }
        assert_eq!(key(0, "810000199408230021"), key(1, "810000199408230021"));
        assert_eq!(key(17, "810000199408230021"), key(5, "810000199408230021"));
        assert_eq!(key(5, "H1234567801"), key(0, "h12345678"));
        assert_eq!(key(5, "H12345678"), key(11, "H1234567802"));
        assert_eq!(key(9, "0012345601"), key(0, "00123456"));
        assert_eq!(key(12, "CHN123456789012"), key(0, "chn 123456789012"));
        // Other people's numbers may have the same digits.
        assert_ne!(key(2, "12345678"), key(9, "12345678"));
        assert_ne!(key(4, "12345678"), key(3, "12345678"));
        assert_ne!(key(5, "H12345678"), key(5, "M12345678"));
    }
}
