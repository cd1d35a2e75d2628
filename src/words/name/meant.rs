//! What is meant by a character that stands in a name for another: the one table.
//!
//! | what comes                                              | becomes                             | source |
//! |---------------------------------------------------------|-------------------------------------|--------|
//! | U+E815–E864, private use                                | the hanzi of GBK's rows FE50–FEA0   | GB 18030-2022, annex; before 2005 they had no code of their own |
//! | U+2F00–2FD5, Kangxi radicals                            | the hanzi                           | Unicode, NFKC |
//! | U+2E81–2EF3, CJK radicals supplement                    | the hanzi                           | Unicode, `EquivalentUnifiedIdeograph.txt` |
//! | U+F900–FAD9 and 2F800–2FA1D, compatibility ideographs   | the hanzi                           | Unicode, NFC |
//! | … but the twenty-one of them that GBK holds             | as they are                         | see [`GBKS_OWN`] |
//! | full-width, half-width, small and presentation forms, ligatures, mathematical letters | the letter | Unicode, NFKC |
//! | • ‧ ∙ ⋅ ・ and further dots at half height, and a full stop between two hanzi | · U+00B7 | the 2016 notice on ethnic names: · is A1A4 |
//! | ’ ‘ ʼ ʻ ′ and ` ´                                       | '                                   | passports write any of them |
//! | ‐ ‑ ‒ – — −                                             | -                                   | the same |
//! | no-break, ideographic and other blanks                  | a blank                             | |
//! | zero-width blanks and joiners, soft hyphen, U+FEFF      | nothing                             | nobody reads them |
//! | a letter and its marks                                  | the composed letter                 | Unicode, NFC |
//!
//! What is no letter after that is refused by [`super::letters`].

use unicode_normalization::UnicodeNormalization;

/// U+E815–E864 in order.
const PRIVATE: &str = "⺁𠂇𠂉𠃌⺄㑳㑇⺈⺋龴㖞㘚㘎⺌⺗㥮㤘龵㧏㧟㩳㧐龶龷㭎㱮㳠⺧𡗗龸⺪䁖䅟⺮䌷⺳⺶⺷𢦏䎱\
     䎬⺻䏝䓖䙡䙌龹䜣䜩䝼䞍⻊䥇䥺䥽䦂䦃䦅䦆䦟䦛䦷䦶龺𤇾䲣䲟䲠䲡䱷䲢䴓䴔䴕䴖䴗䴘䴙䶮龻";

/// U+2E80–2EF3 in order. U+2E80 is no hanzi, U+2E9A nothing.
const RADICALS: &str = "\u{FFFD}厂乛乚乙亻冂𠘨刀刂卜㔾小小兀尣尢𡯂巳幺彑彐忄心扌攵\u{FFFD}旡日月歺母民氵氺灬爫爫丬牛\
     犭王𤴔目示礻𥫗糹纟罓罒㓁冗𦉫羊𦍌𦍋耂肀聿肉𦥑艹艹艹虎衤覀西见角𧢲讠贝𧾷车辶辶辶邑\
     钅長镸长门𨸏阝雨青韦页风飞食𩙿飠饣𩠐马骨鬼鱼鸟卤麦黄黾斉齐歯齿竜龙龜亀龟";

/// The compatibility ideographs with a two-byte code in GBK. Twelve are hanzi like any other and only live in that
/// block. The other nine Unicode takes for the same as another hanzi, but documents in China's own charset tell them
/// apart, and what a document carries is sent on. The rest of the block has no such document: it is one hanzi with a
/// second code from a foreign charset, and two codes would make two people of one.
const GBKS_OWN: &str = "\u{F92C}\u{F979}\u{F995}\u{F9E7}\u{F9F1}\u{FA0C}\u{FA0D}\u{FA0E}\u{FA0F}\u{FA11}\u{FA13}\
     \u{FA14}\u{FA18}\u{FA1F}\u{FA20}\u{FA21}\u{FA23}\u{FA24}\u{FA27}\u{FA28}\u{FA29}";

/// The name as it is meant.
pub(super) fn name(raw: &str) -> String {
    let mut meant = String::with_capacity(raw.len());
    raw.chars().for_each(|c| push(&mut meant, c));
    tidy(&composed(&meant))
}

/// A text of which every character stays, but what stood for a hanzi is that one and marks are composed: the table's first
/// five rows and its last.
pub(in crate::words) fn text(raw: &str) -> String {
    let mut meant = String::with_capacity(raw.len());
    for c in raw.chars() {
        match c {
            '\u{E815}'..='\u{E864}' | '\u{2E81}'..='\u{2EF3}' | '\u{2F00}'..='\u{2FD5}' => push(&mut meant, c),
            _ => meant.push(c),
        }
    }
    composed(&meant)
}

fn push(name: &mut String, c: char) {
    let nth = |table: &str, first: char| table.chars().nth((u32::from(c) - u32::from(first)) as usize).unwrap_or(c);
    match c {
        '\u{E815}'..='\u{E864}' => {
            // GBK's rows hold radicals, too.
            let standard = nth(PRIVATE, '\u{E815}');
            if standard == c { name.push(c) } else { push(name, standard) }
        }
        '\u{2E80}'..='\u{2EF3}' => name.push(nth(RADICALS, '\u{2E80}')),
        '·' | '•' | '‧' | '∙' | '⋅' | '・' | '･' | '\u{387}' | '\u{1427}' | '\u{16EB}' | '\u{25CF}' | '\u{2E30}'
        | '\u{2E31}' | '\u{2E33}' | '\u{A78F}' | '\u{10101}' => name.push(POINT),
        '‘' | '’' | '‛' | 'ʻ' | 'ʼ' | 'ʹ' | '′' | '`' | '´' | '＇' => name.push('\''),
        '\u{2010}'..='\u{2015}' | '\u{2212}' | '﹘' => name.push('-'),
        '\u{A0}' | '\u{1680}' | '\u{2000}'..='\u{200A}' | '\u{202F}' | '\u{205F}' | '\u{3000}' => name.push(' '),
        '\u{AD}' | '\u{34F}' | '\u{200B}'..='\u{200D}' | '\u{2060}' | '\u{FEFF}' => {}
        '\u{2F00}'..='\u{2FD5}'
        | '\u{FB00}'..='\u{FB06}'
        | '\u{FB50}'..='\u{FDFC}'
        | '\u{FE50}'..='\u{FEFC}'
        | '\u{FF01}'..='\u{FFDC}'
        | '\u{1D400}'..='\u{1D7FF}' => name.extend(std::iter::once(c).nfkc()),
        _ => name.push(c),
    }
}

/// The interpunct of names.
const POINT: char = '·';

/// Letters and their marks composed, GBK's own untouched.
fn composed(name: &str) -> String {
    let is_own = |c: char| GBKS_OWN.contains(c);
    let mut composed = String::with_capacity(name.len());
    for run in name.split_inclusive(is_own) {
        let rest = run.trim_end_matches(is_own);
        composed.extend(rest.nfc());
        composed.push_str(&run[rest.len()..]);
    }
    composed
}

/// Single blanks, none beside a point or between two hanzi; a full stop between two hanzi is a point.
fn tidy(name: &str) -> String {
    let mut tidy = String::with_capacity(name.len());
    let mut characters = name.trim_matches([' ', POINT]).chars().peekable();
    while let Some(c) = characters.next() {
        let before = tidy.chars().next_back().unwrap_or(POINT);
        let after = characters.clone().find(|c| *c != ' ').unwrap_or(POINT);
        let among_hanzi = is_hanzi(before) && is_hanzi(after);
        match c {
            ' ' if matches!(before, ' ' | POINT) || after == POINT || among_hanzi => {}
            '.' | '。' | POINT if among_hanzi => tidy.push(POINT),
            POINT if before == POINT => {}
            _ => tidy.push(c),
        }
    }
    tidy
}

/// A hanzi, 々 and 〇 included.
pub(super) fn is_hanzi(c: char) -> bool {
    matches!(c, '々' | '〇' | '〻' | '\u{3400}'..='\u{4DBF}' | '\u{4E00}'..='\u{9FFF}' | '\u{F900}'..='\u{FAFF}'
        | '\u{20000}'..='\u{2FA1F}' | '\u{30000}'..='\u{3347F}')
}
