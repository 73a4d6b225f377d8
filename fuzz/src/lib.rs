//! What several fuzz targets need: a token that must not be seen again, and a second reading of an answer.

use serde_json::Value;

/// A token with characters that URLs encode. The seeds hold it, so that the fuzzer need not guess it.
pub const TOKEN: &str = "86_raw+server/token=of%a&test?0123456789";

/// A text of the token that long tells too much. Pieces of 16 characters are masked; escapes that are written afterwards
/// may look like a few characters more.
const PIECE: usize = 24;

/// Panics if the text shows a long piece of the token, or all of it as URLs have it.
///
/// # Panics
/// See above.
pub fn assert_hides_token(text: &str, encoded: &str) {
    let piece = |start: usize, length: usize| TOKEN.get(start..start + length);
    // Each piece holds one of these, which are quicker to look for.
    let mut parts = (0..TOKEN.len()).step_by(PIECE / 2 + 1).filter_map(|start| piece(start, PIECE / 2));
    let hides = !parts.any(|part| text.contains(part))
        || !(0..TOKEN.len()).filter_map(|start| piece(start, PIECE)).any(|piece| text.contains(piece));
    assert!(hides && !text.contains(encoded), "the token shows in {text:?}");
}

/// Reads a body as JSON without any code of ours, after replacing what may only stand inside of strings there: control
/// characters, invalid UTF-8 and halves of surrogate pairs.
///
/// # Panics
/// If it is not JSON even so.
#[must_use]
pub fn read_again(body: &[u8]) -> Value {
    let text = String::from_utf8_lossy(body);
    let mut clean = String::new();
    let mut rest = text.trim_start_matches('\u{feff}').chars();
    while let Some(character) = rest.next() {
        match character {
            '\\' if is_surrogate(rest.as_str()) => {
                clean.push('\u{fffd}');
                rest = rest.as_str()[5..].chars();
            }
            // It stays an escape of what follows.
            '\\' => clean.extend(std::iter::once('\\').chain(rest.next())),
            character if character.is_control() => clean.push(' '),
            character => clean.push(character),
        }
    }
    serde_json::from_str(&clean).unwrap_or_else(|error| panic!("{error}: {clean:?}"))
}

/// Whether `\` before that text makes half a surrogate pair, as `\ud83d` does.
fn is_surrogate(text: &str) -> bool {
    let digits = text.strip_prefix('u').and_then(|digits| digits.get(..4));
    digits
        .and_then(|digits| u32::from_str_radix(digits, 16).ok())
        .is_some_and(|code| (0xd800..0xe000).contains(&code))
}

/// A whole number, or a string of one.
#[must_use]
pub fn whole_number(value: &Value) -> Option<i64> {
    let text = value.as_str().filter(|text| !text.starts_with('+'));
    value.as_i64().or_else(|| text?.parse().ok())
}
