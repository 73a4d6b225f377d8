//! Mask secrets that are not known here, by the names in front of them: what WeChat tells of a request holds the token
//! that it was made with, and perhaps those in its answer.

use std::ops::Range;

use super::unescape;

/// What the names of WeChat's secrets end with.
const NAMES: [&str; 10] = [
    "token",
    "ticket",
    "secret",
    "auth_code",
    "authorization_code",
    "js_code",
    "session_key",
    "encodingaeskey",
    "encoding_aes_key",
    "password",
];
/// Between a name and its value, as queries, JSON and XML write them.
const SEPARATORS: &[u8] = b"=:>";
/// Between a name and the separator: a blank, the end of `"name"`, of `name[]`.
const AFTER_NAME: &[u8] = b" \t\r\n+\"'[]";
const BEFORE_VALUE: &[u8] = b" \t\r\n+";
/// Ends a value without quotes. What a backslash escapes is found when it is decoded.
const AFTER_VALUE: &[u8] = b" \t\r\n&\"'<>#,;{}[]\\";
const CDATA: &[u8] = b"<![CDATA[";

/// Whether that is the name of a secret.
#[must_use]
pub fn is_secret(name: &str) -> bool {
    names_secret(name.as_bytes())
}

fn names_secret(name: &[u8]) -> bool {
    NAMES.iter().any(|secret| {
        let end = name.get(name.len().saturating_sub(secret.len())..);
        end.is_some_and(|end| end.eq_ignore_ascii_case(secret.as_bytes()))
    })
}

/// Replaces every value that stands behind the name of a secret by `***`. Takes linear time.
pub fn mask_tokens(text: &mut String) {
    unescape::mask(text, |text| {
        let mut found: Vec<Range<usize>> = Vec::new();
        for (at, _) in text.iter().enumerate().filter(|(_, byte)| SEPARATORS.contains(byte)) {
            if found.last().is_none_or(|last| last.end <= at)
                && let Some((before, [_, after @ ..])) = text.split_at_checked(at)
                && let Some(name_end) = before.iter().rposition(|byte| !AFTER_NAME.contains(byte))
                && before.get(..=name_end).is_some_and(names_secret)
                && let Some(value) = value(after)
            {
                found.push(at + 1 + value.start..at + 1 + value.end);
            }
        }
        found
    });
}

/// Where the value stands in what follows a separator.
fn value(text: &[u8]) -> Option<Range<usize>> {
    let blanks = text.iter().position(|byte| !BEFORE_VALUE.contains(byte))?;
    let value = text.get(blanks..)?;
    let (opening, ends): (usize, &[u8]) = match value {
        [b'"', ..] => (1, b"\""),
        [b'\'', ..] => (1, b"'"),
        [b'[', ..] => (1, b"]"),
        _ if value.get(..CDATA.len()).is_some_and(|it| it.eq_ignore_ascii_case(CDATA)) => (CDATA.len(), b"]"),
        _ => (0, AFTER_VALUE),
    };
    let value = value.get(opening..)?;
    let mut is_escaped = false;
    let length = value.iter().position(|byte| {
        let is_end = ends.contains(byte) && !is_escaped;
        is_escaped = *byte == b'\\' && !is_escaped;
        is_end
    });
    let value = value.get(..length.unwrap_or(value.len()))?;
    let is_nothing = value.is_empty() || opening == 0 && matches!(value, b"null" | b"true" | b"false");
    (!is_nothing).then_some(blanks + opening..blanks + opening + value.len())
}
