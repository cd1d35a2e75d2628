//! How numbers are read aloud, from clips of single digits, tens and so on.

use super::Clip;
use crate::words::Language;

/// The greatest number that is read as one; greater ones are spelled.
const GREATEST: u32 = 9999;

/// Clips that every language has for numbers: their names without the leading `n`, in Chinese and English.
const CHINESE: [(u32, &str); 13] = [
    (0, "零"),
    (1, "一"),
    (2, "二"),
    (3, "三"),
    (4, "四"),
    (5, "五"),
    (6, "六"),
    (7, "七"),
    (8, "八"),
    (9, "九"),
    (10, "十"),
    (100, "百"),
    (1000, "千"),
];

const ENGLISH: [&str; 21] = [
    "zero",
    "one",
    "two",
    "three",
    "four",
    "five",
    "six",
    "seven",
    "eight",
    "nine",
    "ten",
    "eleven",
    "twelve",
    "thirteen",
    "fourteen",
    "fifteen",
    "sixteen",
    "seventeen",
    "eighteen",
    "nineteen",
    "twenty",
];

const ENGLISH_TENS: [(u32, &str); 9] = [
    (30, "thirty"),
    (40, "forty"),
    (50, "fifty"),
    (60, "sixty"),
    (70, "seventy"),
    (80, "eighty"),
    (90, "ninety"),
    (100, "hundred"),
    (1000, "thousand"),
];

/// Every clip that numbers, times and letters are read from.
pub(super) fn script(language: Language) -> Vec<Clip> {
    let clip = |name: &str, words: &str| Clip { name: name.to_owned(), words: words.to_owned() };
    let number = |(number, words): (u32, &str)| clip(&format!("n{number}"), words);
    let mut clips: Vec<Clip> = ('A'..='Z')
        .map(|letter| clip(&format!("letter-{}", letter.to_ascii_lowercase()), &letter.to_string()))
        .collect();
    match language {
        Language::En => {
            clips.extend((0..).zip(ENGLISH).chain(ENGLISH_TENS).map(number));
            clips.extend([clip("and", "and"), clip("clock-oh", "oh"), clip("clock-oclock", "o'clock")]);
        }
        Language::ZhHans | Language::ZhHant | Language::ZhHantHk => {
            let (two, hour) = if language == Language::ZhHans { ("两", "点") } else { ("兩", "點") };
            clips.extend(CHINESE.map(number));
            clips.extend([clip("n2-of", two), clip("clock-hour", hour), clip("clock-minute", "分")]);
        }
    }
    clips
}

/// A number as one: 一百零五, one hundred and five.
pub(super) fn number(language: Language, number: u32) -> Vec<String> {
    match language {
        _ if number > GREATEST => spelled(&number.to_string()),
        Language::En => english(number),
        _ => chinese(number),
    }
}

/// A number of people: 两人 and not 二人.
pub(super) fn count(language: Language, count: u32) -> Vec<String> {
    match (language, count) {
        (Language::En, _) | (_, 0 | 1 | 3..) => number(language, count),
        _ => vec!["n2-of".to_owned()],
    }
}

/// A time of day: 十点三十分, ten thirty.
pub(super) fn time(language: Language, hour: u8, minute: u8) -> Vec<String> {
    let (read, clip) = (|part: u8| number(language, part.into()), |name: &str| vec![name.to_owned()]);
    let parts = match (language, minute) {
        (Language::En, 0) => vec![read(hour), clip("clock-oclock")],
        (Language::En, 1..=9) => vec![read(hour), clip("clock-oh"), read(minute)],
        (Language::En, _) => vec![read(hour), read(minute)],
        (_, 0) => vec![read(hour), clip("clock-hour")],
        (_, 1..=9) => vec![read(hour), clip("clock-hour"), clip("n0"), read(minute), clip("clock-minute")],
        _ => vec![read(hour), clip("clock-hour"), read(minute), clip("clock-minute")],
    };
    parts.concat()
}

/// Letter by letter and digit by digit; what is neither is not read.
pub(super) fn spelled(text: &str) -> Vec<String> {
    let read = |character: char| match character.to_ascii_lowercase() {
        digit @ '0'..='9' => Some(format!("n{digit}")),
        letter @ 'a'..='z' => Some(format!("letter-{letter}")),
        _ => None,
    };
    text.chars().filter_map(read).collect()
}

fn clip(number: u32) -> String {
    format!("n{number}")
}

fn chinese(number: u32) -> Vec<String> {
    if number < 20 {
        let ten = (number >= 10).then(|| clip(10));
        let unit = (!number.is_multiple_of(10) || number == 0).then(|| clip(number % 10));
        return ten.into_iter().chain(unit).collect();
    }
    let mut clips: Vec<String> = Vec::new();
    let mut gap = false;
    for place in [1000, 100, 10, 1] {
        match number / place % 10 {
            0 => gap = !clips.is_empty(),
            digit => {
                if std::mem::take(&mut gap) {
                    clips.push(clip(0));
                }
                clips.push(clip(digit));
                clips.extend((place > 1).then(|| clip(place)));
            }
        }
    }
    clips
}

fn english(number: u32) -> Vec<String> {
    let mut clips = Vec::new();
    let (thousands, hundreds, rest) = (number / 1000, number / 100 % 10, number % 100);
    if thousands > 0 {
        clips.extend([clip(thousands), clip(1000)]);
    }
    if hundreds > 0 {
        clips.extend([clip(hundreds), clip(100)]);
    }
    if !clips.is_empty() && rest > 0 {
        clips.push("and".to_owned());
    }
    match (rest, rest % 10) {
        (0, _) if !clips.is_empty() => {}
        (0..=20, _) | (_, 0) => clips.push(clip(rest)),
        (_, unit) => clips.extend([clip(rest.saturating_sub(unit)), clip(unit)]),
    }
    clips
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(clips: Vec<String>, language: Language) -> String {
        let script = script(language);
        let words = clips.iter().map(|name| {
            script.iter().find(|clip| clip.name == *name).unwrap_or_else(|| panic!("no clip {name}")).words.as_str()
        });
        words.collect::<Vec<_>>().join(if language == Language::En { " " } else { "" })
    }

    #[test]
    fn numbers_are_read_as_people_read_them() {
        for (number_, chinese, english) in [
            (0, "零", "zero"),
            (5, "五", "five"),
            (10, "十", "ten"),
            (12, "十二", "twelve"),
            (20, "二十", "twenty"),
            (36, "三十六", "thirty six"),
            (100, "一百", "one hundred"),
            (105, "一百零五", "one hundred and five"),
            (110, "一百一十", "one hundred and ten"),
            (1000, "一千", "one thousand"),
            (1005, "一千零五", "one thousand and five"),
            (1050, "一千零五十", "one thousand and fifty"),
            (9999, "九千九百九十九", "nine thousand nine hundred and ninety nine"),
        ] {
            assert_eq!(read(number(Language::ZhHans, number_), Language::ZhHans), chinese);
            assert_eq!(read(number(Language::En, number_), Language::En), english);
        }
        for any in 0..=20_000 {
            for language in Language::ALL {
                assert!(!read(number(language, any), language).is_empty(), "{any}");
            }
        }
        assert_eq!(read(count(Language::ZhHans, 2), Language::ZhHans), "两");
        assert_eq!(read(count(Language::ZhHantHk, 2), Language::ZhHantHk), "兩");
        assert_eq!(read(count(Language::ZhHans, 12), Language::ZhHans), "十二");
    }

    #[test]
    fn times_and_queue_numbers_are_read_as_people_read_them() {
        for ((hour, minute), chinese, english) in [
            ((10, 30), "十点三十分", "ten thirty"),
            ((8, 0), "八点", "eight o'clock"),
            ((14, 5), "十四点零五分", "fourteen oh five"),
            ((0, 59), "零点五十九分", "zero fifty nine"),
        ] {
            assert_eq!(read(time(Language::ZhHans, hour, minute), Language::ZhHans), chinese);
            assert_eq!(read(time(Language::En, hour, minute), Language::En), english);
        }
        assert_eq!(read(spelled("A036-b"), Language::ZhHans), "A零三六B");
    }
}
