//! Repair the interior of JSON strings, and nothing else.
//!
//! Raw control characters become escapes with the same value, invalid UTF-8 becomes U+FFFD as in
//! [`String::from_utf8_lossy`], and a lone surrogate escape becomes `\ufffd`. Everything else stays unchanged, so that
//! the parser still rejects what else is wrong.

const REPLACEMENT: &[u8] = "\u{FFFD}".as_bytes();
const REPLACEMENT_ESCAPE: &[u8] = br"\ufffd";

/// `body` with its string values repaired. `None` if nothing needs a repair, or none is possible: a key is damaged, an
/// escape is invalid, or a string does not end.
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

/// The position of the first unescaped quote. Invalid UTF-8 cannot hide one: ASCII is never part of a sequence.
fn closing_quote(string: &[u8]) -> Option<usize> {
    let mut escaped = false;
    string.iter().position(|byte| {
        let closes = *byte == b'"' && !escaped;
        escaped = *byte == b'\\' && !escaped;
        closes
    })
}

/// Whether a colon follows, so that the string is a key.
fn is_before_colon(after: &[u8]) -> bool {
    after.iter().find(|byte| !matches!(byte, b' ' | b'\t' | b'\n' | b'\r')) == Some(&b':')
}

/// Appends the repaired interior and returns whether it differs; `None` if an escape is invalid.
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

/// An escape, or two of them that form a surrogate pair.
struct Escape {
    length: usize,
    lone_surrogate: bool,
}

impl Escape {
    /// The escape at the start of `text`; `None` for an invalid one. That must not be skipped: with a repaired character
    /// after it, a stray backslash could become a valid escape.
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

/// The number of the `\uXXXX` at the start of `text`.
fn code_unit(text: &[u8]) -> Option<u32> {
    let [b'\\', b'u', digits @ ..] = text else {
        return None;
    };
    digits.get(..4)?.iter().try_fold(0, |number, digit| Some(number * 16 + char::from(*digit).to_digit(16)?))
}
