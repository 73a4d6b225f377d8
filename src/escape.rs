//! Make text from outside safe to print: colour codes of a terminal, line breaks that forge a line of a log, and marks
//! that turn the direction of writing may stand in it.

use std::borrow::Cow;
use std::fmt::Write as _;

/// Not printable by Unicode, but harmless and common in Chinese text and in emoji: the non-breaking space, the joiner
/// of emoji, the ideographic space.
const KEPT: [char; 3] = ['\u{a0}', '\u{200d}', '\u{3000}'];

/// The text with every control, direction and invisible character written as Python writes it: `\n`, `\x1b`, `\u202e`,
/// `\U000e0001`. Printable text, backslashes and quotes included, stays as it is.
#[must_use]
pub fn escape_controls(text: &str) -> Cow<'_, str> {
    if text.chars().all(is_shown) {
        return Cow::Borrowed(text);
    }
    let mut escaped = String::with_capacity(text.len());
    for character in text.chars() {
        // Writing to a String does not fail.
        let _ = match (character, u32::from(character)) {
            _ if is_shown(character) => escaped.write_char(character),
            ('\t', _) => escaped.write_str(r"\t"),
            ('\n', _) => escaped.write_str(r"\n"),
            ('\r', _) => escaped.write_str(r"\r"),
            (_, code @ ..=0xff) => write!(escaped, r"\x{code:02x}"),
            (_, code @ ..=0xffff) => write!(escaped, r"\u{code:04x}"),
            (_, code) => write!(escaped, r"\U{code:08x}"),
        };
    }
    Cow::Owned(escaped)
}

fn is_shown(character: char) -> bool {
    character.is_ascii_graphic() || character == ' ' || KEPT.contains(&character) || is_printable(character)
}

/// What Python's `str.isprintable` says of a character that is not ASCII. The standard library tells it by
/// `escape_debug` alone.
fn is_printable(character: char) -> bool {
    // It escapes a combining mark too, but not behind a letter.
    character.escape_debug().len() == 1
        || String::from_iter(['a', character]).escape_debug().eq(['a', character])
}
