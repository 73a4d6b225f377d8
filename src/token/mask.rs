//! Finding a token in text from outside: as it is, and in the forms that servers and proxies write it in.

use super::MASK;

/// A beginning of the token as long as this is masked wherever it stands: somebody shortened it.
const TELLING: usize = 16;
/// At the end of a text, where a cut is likely, a shorter beginning is enough.
const TELLING_AT_END: usize = 8;

/// `text` without the token, or None where it holds nothing of it.
pub(super) fn masked(text: &str, token: &str) -> Option<String> {
    let mut result: Option<String> = None;
    let mut rest = text;
    let mut kept = text;
    while let Some(character) = rest.chars().next() {
        if let Some(length) = matched(rest, token) {
            let result = result.get_or_insert_default();
            result.push_str(kept.get(..kept.len() - rest.len()).unwrap_or_default());
            result.push_str(MASK);
            rest = rest.get(length..).unwrap_or_default();
            kept = rest;
        } else {
            rest = rest.get(character.len_utf8()..).unwrap_or_default();
        }
    }
    if let Some(result) = &mut result {
        result.push_str(kept);
    }
    result
}

/// How much of the beginning of `text` is the token, or so much of it that it tells.
fn matched(text: &str, token: &str) -> Option<usize> {
    // Most places are passed here, at little cost.
    if written(text, token.chars().next()?) == [None, None] {
        return None;
    }
    // Where the text may go on after the characters so far: `%25` is a written `%`, or a plain one before `25`.
    let mut ends = vec![0];
    for (characters, character) in token.chars().enumerate() {
        let rest = |end: usize| text.get(end..).unwrap_or_default();
        let mut next: Vec<usize> = ends
            .iter()
            .flat_map(|&end| {
                written(rest(end), character).into_iter().flatten().map(move |length| end + length)
            })
            .collect();
        next.sort_unstable();
        next.dedup();
        if next.is_empty() {
            let end = ends.last().copied()?;
            // Half of an escape at the very end is a cut too.
            let cut =
                rest(end).is_empty() || (rest(end).len() < 6 && rest(end).starts_with(['%', '\\', '&']));
            return match characters {
                TELLING.. => Some(end),
                TELLING_AT_END.. if cut => Some(text.len()),
                _ => None,
            };
        }
        ends = next;
    }
    ends.last().copied()
}

/// The lengths of `character` at the beginning of `text`: as it is, and escaped.
fn written(text: &str, character: char) -> [Option<usize>; 2] {
    let plain = text.starts_with(character).then(|| character.len_utf8());
    let escaped = match text.as_bytes().first() {
        Some(b'%') => percent_encoded(text, character),
        Some(b'\\') => json_escaped(text, character),
        Some(b'&') => html_escaped(text, character),
        _ => None,
    };
    [plain, escaped]
}

fn percent_encoded(text: &str, character: char) -> Option<usize> {
    let mut buffer = [0; 4];
    let bytes = character.encode_utf8(&mut buffer).bytes();
    let length = bytes.len() * 3;
    let found = text.get(..length)?.as_bytes().chunks(3);
    let equal =
        found.zip(bytes).all(|(found, byte)| found.eq_ignore_ascii_case(format!("%{byte:02x}").as_bytes()));
    equal.then_some(length)
}

fn json_escaped(text: &str, character: char) -> Option<usize> {
    if text.get(1..)?.starts_with(character) {
        return Some(1 + character.len_utf8());
    }
    let mut buffer = [0; 2];
    let units = character.encode_utf16(&mut buffer).iter().map(|unit| format!("\\u{unit:04x}"));
    let escaped = units.collect::<Vec<_>>().concat();
    text.get(..escaped.len())?.eq_ignore_ascii_case(&escaped).then_some(escaped.len())
}

fn html_escaped(text: &str, character: char) -> Option<usize> {
    let end = text.bytes().take(12).position(|byte| byte == b';')?;
    let name = text.get(1..end)?;
    let named = match name {
        "amp" => Some('&'),
        "lt" => Some('<'),
        "gt" => Some('>'),
        "quot" => Some('"'),
        "apos" => Some('\''),
        _ => {
            let number = name.strip_prefix('#')?;
            let parsed = match number.strip_prefix(['x', 'X']) {
                Some(digits) => u32::from_str_radix(digits, 16),
                None => number.parse(),
            };
            char::from_u32(parsed.ok()?)
        }
    };
    (named == Some(character)).then_some(end + 1)
}
