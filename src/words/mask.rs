//! What of a name or number a bystander may read.

use unicode_segmentation::UnicodeSegmentation;

use super::COMPOUND_SURNAMES;

/// The name with its middle hidden, grapheme by grapheme: `张三丰` → `张*丰`, `张三` → `张*`, `欧阳测试` → `欧阳*试`,
/// `阿卜杜拉·买买提` → `阿***·***`. Variation selectors count with the character they follow.
pub(crate) fn masked_name(name: &str) -> String {
    if name.contains('·') {
        return masked_parts(name);
    }
    let graphemes: Vec<&str> = name.graphemes(true).collect();
    let surname =
        usize::from(COMPOUND_SURNAMES.split(' ').any(|surname| name.starts_with(surname)) && graphemes.len() > 2) + 1;
    match graphemes.len() {
        0 => String::new(),
        1 => "*".to_owned(),
        n if n == surname + 1 => format!("{}*", graphemes[..surname].concat()),
        n => format!("{}{}{}", graphemes[..surname].concat(), "*".repeat(n - surname - 1), graphemes[n - 1]),
    }
}

/// A name with interpuncts: the first grapheme of the first part, the rest of every part hidden, the points kept.
fn masked_parts(name: &str) -> String {
    let mut shown = String::new();
    for (index, part) in name.split('·').enumerate() {
        let mut graphemes = part.graphemes(true);
        if index == 0 {
            shown.push_str(graphemes.next().unwrap_or(""));
        } else {
            shown.push('·');
        }
        shown.extend(graphemes.map(|_| '*'));
    }
    shown
}

/// A document number with only its first and last characters: `11010519491231002X` → `1****************X`.
pub(crate) fn masked_credential(id: &str) -> String {
    let characters: Vec<char> = id.chars().collect();
    match characters.as_slice() {
        [] => String::new(),
        [first, middle @ .., last] if middle.len() >= 2 => {
            format!("{first}{}{last}", "*".repeat(middle.len()))
        }
        short => "*".repeat(short.len()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_middle_is_hidden_and_the_surname_kept() {
        for (name, shown) in [
            ("张三丰", "张*丰"),
            ("张三", "张*"),
            ("张", "*"),
            ("欧阳测试", "欧阳*试"),
            ("欧阳锋", "欧阳*"),
            ("欧阳", "欧*"),
            ("司寇长风", "司寇*风"),
            ("單于明", "單于*"),
            ("阿卜杜拉·买买提", "阿***·***"),
            ("葛\u{E0100}洪山", "葛\u{E0100}*山"),
            ("", ""),
        ] {
            assert_eq!(masked_name(name), shown);
        }
    }

    #[test]
    fn a_credential_keeps_two_characters_at_most() {
        assert_eq!(masked_credential("11010519491231002X"), "1****************X");
        assert_eq!(masked_credential("A12"), "***");
    }
}
