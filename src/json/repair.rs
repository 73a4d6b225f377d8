//! Repairs the interior of JSON strings, and nothing else.
//!
//! Three kinds of damage are mended, each into text that a strict parser takes: raw control
//! characters become escapes and keep their value; invalid UTF-8 becomes U+FFFD by maximal
//! subparts, as in [`String::from_utf8_lossy`]; a surrogate escape without its partner becomes
//! `\ufffd`. All else stays byte for byte, so whatever else is wrong is still an error for the
//! parser that reads the result.

const REPLACEMENT: &[u8] = "\u{FFFD}".as_bytes();
const REPLACEMENT_ESCAPE: &[u8] = br"\ufffd";

/// `body` with its string values repaired; `None` where nothing needs it or it would not help: a
/// key is damaged, an escape is not one of JSON's, a string never ends.
pub(super) fn repair(body: &[u8]) -> Option<Vec<u8>> {
    let mut repaired = Vec::with_capacity(body.len() + body.len() / 8);
    let mut changed = false;
    let mut rest = body;
    while let Some(quote) = rest.iter().position(|byte| *byte == b'"') {
        let (outside, string) = rest.split_at_checked(quote + 1)?;
        let (interior, end) = string.split_at_checked(closing_quote(string)?)?;
        let (_, after) = end.split_first()?;
        repaired.extend_from_slice(outside);
        if repair_interior(interior, &mut repaired)? {
            if is_before_colon(after) {
                return None;
            }
            changed = true;
        }
        repaired.push(b'"');
        rest = after;
    }
    repaired.extend_from_slice(rest);
    changed.then_some(repaired)
}

/// Where the first quote stands that no backslash escapes. Invalid UTF-8 cannot hide one: ASCII is
/// never part of a sequence.
fn closing_quote(string: &[u8]) -> Option<usize> {
    let mut escaped = false;
    string.iter().position(|byte| {
        let closes = *byte == b'"' && !escaped;
        escaped = *byte == b'\\' && !escaped;
        closes
    })
}

/// A string is a key if a colon follows.
fn is_before_colon(after: &[u8]) -> bool {
    after.iter().find(|byte| !matches!(byte, b' ' | b'\t' | b'\n' | b'\r')) == Some(&b':')
}

/// Appends the repaired interior and tells whether it differs; `None` where an escape is not one of
/// JSON's.
fn repair_interior(interior: &[u8], repaired: &mut Vec<u8>) -> Option<bool> {
    let mut changed = false;
    for chunk in interior.utf8_chunks() {
        let mut rest = chunk.valid().as_bytes();
        while let Some(special) = rest.iter().position(|byte| *byte == b'\\' || *byte < b' ') {
            let (plain, from) = rest.split_at_checked(special)?;
            repaired.extend_from_slice(plain);
            let (first, behind) = from.split_first()?;
            if *first == b'\\' {
                let escape = Escape::at(from)?;
                let (text, behind) = from.split_at_checked(escape.length)?;
                repaired.extend_from_slice(if escape.lone_surrogate { REPLACEMENT_ESCAPE } else { text });
                changed |= escape.lone_surrogate;
                rest = behind;
            } else {
                repaired.extend_from_slice(&control_escape(*first));
                changed = true;
                rest = behind;
            }
        }
        repaired.extend_from_slice(rest);
        if !chunk.invalid().is_empty() {
            repaired.extend_from_slice(REPLACEMENT);
            changed = true;
        }
    }
    Some(changed)
}

/// `\u00XX` for a control character below 0x20.
fn control_escape(control: u8) -> [u8; 6] {
    let (high, low) = (control >> 4, control & 0x0F);
    let low = if low < 10 { b'0' + low } else { b'a' + (low - 10) };
    [b'\\', b'u', b'0', b'0', b'0' + high, low]
}

/// An escape, a surrogate pair counting as one.
struct Escape {
    length: usize,
    lone_surrogate: bool,
}

impl Escape {
    /// The escape that `text` begins with. A bad one must not be passed over: repairing what
    /// follows a stray backslash would make a good escape of the two.
    fn at(text: &[u8]) -> Option<Escape> {
        match text {
            [b'\\', b'"' | b'\\' | b'/' | b'b' | b'f' | b'n' | b'r' | b't', ..] => {
                Some(Escape { length: 2, lone_surrogate: false })
            }
            [b'\\', b'u', ..] => Some(match code_unit(text)? {
                0xD800..=0xDBFF => match text.get(6..).and_then(code_unit) {
                    Some(0xDC00..=0xDFFF) => Escape { length: 12, lone_surrogate: false },
                    _ => Escape { length: 6, lone_surrogate: true },
                },
                0xDC00..=0xDFFF => Escape { length: 6, lone_surrogate: true },
                _ => Escape { length: 6, lone_surrogate: false },
            }),
            _ => None,
        }
    }
}

/// The number in a `\uXXXX` that `text` begins with.
fn code_unit(text: &[u8]) -> Option<u32> {
    let [b'\\', b'u', digits @ ..] = text else {
        return None;
    };
    digits.get(..4)?.iter().try_fold(0, |number, digit| Some(number * 16 + char::from(*digit).to_digit(16)?))
}
