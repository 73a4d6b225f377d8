//! Mask parts of a text that stand in it plainly or behind percent, JSON or HTML escapes.

use std::ops::Range;

/// Replaces a secret in a text.
pub const MASK: &str = "***";

/// A text may be escaped more than once, when one server quotes another.
const MAX_NESTING: usize = 3;

/// Replaces by `***` what `find` finds in the text as it is, and with its escapes decoded once, twice and three times.
pub(super) fn mask(text: &mut String, find: impl Fn(&[u8]) -> Vec<Range<usize>>) {
    let mut hidden = vec![false; text.len()];
    let mut layer =
        Some(Decoded { bytes: text.as_bytes().to_vec(), starts: (0..).take(text.len() + 1).collect() });
    for _ in 0..=MAX_NESTING {
        let Some(decoded) = layer else { break };
        for found in find(&decoded.bytes) {
            if let (Some(start), Some(end)) = (decoded.starts.get(found.start), decoded.starts.get(found.end))
                && let Some(part) = hidden.get_mut(*start as usize..*end as usize)
            {
                part.fill(true);
            }
        }
        layer = decoded.decode();
    }
    if !hidden.contains(&true) {
        return;
    }
    let mut masked = String::new();
    let mut is_masking = false;
    for (at, character) in text.char_indices() {
        let is_hidden = hidden.get(at) == Some(&true);
        if !is_hidden {
            masked.push(character);
        } else if !is_masking {
            masked.push_str(MASK);
        }
        is_masking = is_hidden;
    }
    *text = masked;
}

/// Bytes, and where each of them starts in the original text. One start more is the end of that text.
struct Decoded {
    bytes: Vec<u8>,
    // Half the memory of `usize`; a body has at most 20 MiB.
    starts: Vec<u32>,
}

impl Decoded {
    /// Decodes one layer of escapes; None where there is none.
    fn decode(&self) -> Option<Self> {
        if !self.bytes.iter().any(|byte| is_escape(*byte)) {
            return None;
        }
        let (mut bytes, mut starts) = (Vec::new(), Vec::new());
        let mut at = 0;
        while let (Some(rest @ [first, ..]), Some(start)) = (self.bytes.get(at..), self.starts.get(at)) {
            if let Some(byte) = percent_encoded(rest) {
                bytes.push(byte);
                at += 3;
            } else if let Some((character, length)) = character_escape(rest) {
                bytes.extend_from_slice(character.encode_utf8(&mut [0; 4]).as_bytes());
                at += length;
            } else {
                bytes.push(*first);
                at += 1;
            }
            starts.resize(bytes.len(), *start);
        }
        starts.extend(self.starts.last());
        // An escape is longer than what it stands for.
        (bytes.len() < self.bytes.len()).then_some(Self { bytes, starts })
    }
}

/// Whether an escape begins with that byte.
pub(super) fn is_escape(byte: u8) -> bool {
    matches!(byte, b'%' | b'\\' | b'&')
}

/// `%2F`
fn percent_encoded(text: &[u8]) -> Option<u8> {
    let digits = text.strip_prefix(b"%")?.get(..2)?;
    u8::try_from(number(digits, 16)?).ok()
}

/// `\/`, `\n` or `\u002f` of JSON, `&amp;`, `&#47;` or `&#x2F;` of HTML, and the length of that.
fn character_escape(text: &[u8]) -> Option<(char, usize)> {
    match text {
        [b'\\', b'u', digits @ ..] => Some((char::from_u32(number(digits.get(..4)?, 16)?)?, 6)),
        [b'\\', b'n' | b'r' | b't', ..] => Some(('\n', 2)),
        [b'\\', character, ..] => character.is_ascii().then_some((char::from(*character), 2)),
        [b'&', name @ ..] => {
            let name = name.get(..name.iter().take(10).position(|byte| *byte == b';')?)?;
            let character = match name {
                b"amp" => '&',
                b"lt" => '<',
                b"gt" => '>',
                b"quot" => '"',
                b"apos" => '\'',
                [b'#', b'x' | b'X', digits @ ..] => char::from_u32(number(digits, 16)?)?,
                [b'#', digits @ ..] => char::from_u32(number(digits, 10)?)?,
                _ => return None,
            };
            Some((character, name.len() + 2))
        }
        _ => None,
    }
}

fn number(digits: &[u8], radix: u32) -> Option<u32> {
    let add =
        |number: u32, digit: &u8| number.checked_mul(radix)?.checked_add(char::from(*digit).to_digit(radix)?);
    digits.iter().try_fold(0, add)
}
