//! A reason is taken apart without losing, adding or moving a word.

#![no_main]

use libfuzzer_sys::fuzz_target;
use wxaudit::wechat::reason;

fuzz_target!(|text: &str| {
    let reasons = reason::parse(text);
    let parts: Vec<&str> = reasons
        .iter()
        .flat_map(|item| std::iter::once(&item.title).chain(&item.details))
        .map(String::as_str)
        .collect();
    assert_eq!(reasons.is_empty(), without_tags(text).trim().is_empty(), "{text:?}: {reasons:?}");
    assert!(reasons.iter().all(|item| !item.title.trim().is_empty()), "{text:?}: {reasons:?}");
    assert!(parts.iter().all(|part| text.contains(*part)), "{text:?}: {reasons:?}");

    // All of it is in the text, in this order …
    let mut rest = text.chars();
    for character in parts.iter().flat_map(|part| part.chars()) {
        assert!(rest.any(|next| next == character), "{text:?}: {reasons:?}");
    }
    // … and what is left out is numbering, colons, separators and spaces.
    let words =
        |text: &str| -> String { without_tags(text).chars().filter(|one| !is_left_out(*one)).collect() };
    let kept: String = parts.iter().map(|part| words(part)).collect();
    assert_eq!(kept, words(text), "{text:?}: {reasons:?}");
});

fn is_left_out(character: char) -> bool {
    character.is_whitespace() || character.is_ascii_digit() || matches!(character, '(' | ')' | ':' | '：')
}

/// The text without `<br>`, `<br/>` and `<br />` in any case.
fn without_tags(text: &str) -> String {
    let mut left = String::new();
    let mut rest = text;
    while let Some(at) = rest.find('<') {
        let (before, tag) = rest.split_at(at);
        left.push_str(before);
        let inside = tag.find('>').and_then(|end| tag.get(1..end)).unwrap_or_default();
        let name = inside.strip_suffix('/').unwrap_or(inside).trim_ascii_end();
        if name.eq_ignore_ascii_case("br") {
            left.push(' ');
            rest = tag.get(inside.len() + 2..).unwrap_or_default();
        } else {
            left.push('<');
            rest = tag.get(1..).unwrap_or_default();
        }
    }
    left + rest
}
