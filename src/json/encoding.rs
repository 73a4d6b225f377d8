//! Tells a body in another encoding from UTF-8 with a few damaged bytes.
//!
//! Repairing the former would give an answer that is nothing but replacement characters; it is an
//! error instead.

/// Fewer bytes than this, a few characters at most, are damage and not an encoding.
const FEWEST_BYTES: usize = 4;

/// The name of the encoding that `body`, which is no strict JSON, seems to be in; `None` where it
/// is UTF-8 or cannot be told.
pub(super) fn foreign(body: &[u8]) -> Option<&'static str> {
    if let [0xFF, 0xFE, ..] | [0xFE, 0xFF, ..] | [0, _, ..] | [_, 0, ..] = body {
        return Some("UTF-16 or UTF-32");
    }
    is_gbk(body).then_some("GBK")
}

/// Whether all that is not ASCII reads as GBK and looks the less like UTF-8.
///
/// Of Chinese in GBK, most bytes are invalid as UTF-8, quite a few pass for characters of two bytes, hardly any for
/// longer ones. Chinese in UTF-8 with some damage is the reverse: nearly all of it is characters of three.
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
        Gbk::Yes => invalid + short >= FEWEST_BYTES,
        // As JSON this backslash escapes what follows, so the text would come out wrong however short it is.
        Gbk::WithBackslash => true,
    }
}

enum Gbk {
    No,
    Yes,
    /// The second byte of a character is an ASCII backslash.
    WithBackslash,
}

/// Reads pairs, and the four-byte characters that GB 18030 adds.
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
