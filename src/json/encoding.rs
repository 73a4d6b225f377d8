//! Distinguish a body in another encoding from UTF-8 with a few damaged bytes.
//!
//! Repairing the former would replace nearly all of its text, so it is an error instead.

/// Fewer bytes than this are damage rather than another encoding.
const MIN_FOREIGN_BYTES: usize = 4;

/// The name of the encoding of `body`; `None` if it is UTF-8 or unknown.
pub(super) fn foreign(body: &[u8]) -> Option<&'static str> {
    if let [0xFF, 0xFE, ..] | [0xFE, 0xFF, ..] | [0, _, ..] | [_, 0, ..] = body {
        return Some("UTF-16 or UTF-32");
    }
    is_gbk(body).then_some("GBK")
}

/// Whether all that is not ASCII decodes as GBK and resembles UTF-8 less.
///
/// In GBK, most bytes of Chinese text are invalid as UTF-8, some form characters of two bytes, and hardly any form longer
/// ones. In damaged UTF-8, nearly all of Chinese text is characters of three bytes.
fn is_gbk(body: &[u8]) -> bool {
    if std::str::from_utf8(body).is_ok() {
        return false;
    }
    let (mut invalid, mut short, mut long) = (0, 0, 0);
    for chunk in body.utf8_chunks() {
        invalid += chunk.invalid().len();
        for character in chunk.valid().chars() {
            match character.len_utf8() {
                1 => {}
                2 => short += 2,
                length => long += length,
            }
        }
    }
    if invalid * 3 < short || invalid < long {
        return false;
    }
    match read_as_gbk(body) {
        Gbk::No => false,
        Gbk::Yes => invalid + short >= MIN_FOREIGN_BYTES,
        // JSON would read this backslash as an escape, so even a short text would be wrong.
        Gbk::WithBackslash => true,
    }
}

enum Gbk {
    No,
    Yes,
    /// The second byte of a character is an ASCII backslash.
    WithBackslash,
}

/// Decodes pairs of bytes, and the characters of four bytes that GB 18030 adds.
fn read_as_gbk(body: &[u8]) -> Gbk {
    let mut verdict = Gbk::Yes;
    let mut rest = body;
    loop {
        rest = match rest {
            [] => return verdict,
            [0..=0x7F, rest @ ..] | [0x81..=0xFE, b'0'..=b'9', 0x81..=0xFE, b'0'..=b'9', rest @ ..] => rest,
            [0x81..=0xFE, trail @ (0x40..=0x7E | 0x80..=0xFE), rest @ ..] => {
                if *trail == b'\\' {
                    verdict = Gbk::WithBackslash;
                }
                rest
            }
            _ => return Gbk::No,
        };
    }
}
