//! Finding a token, or a telling piece of one, in text from outside: as it is, and as URLs, JSON and HTML write it.

use super::MASK;

/// A piece of the token as long as this tells too much, wherever it stands: somebody shortened it.
const TELLING: usize = 16;
/// At the end of a text, where a cut is likely, a shorter beginning of the token is enough.
const TELLING_AT_END: usize = 8;
/// Texts may be escaped twice, when one server quotes another.
const ESCAPED_TIMES: usize = 2;

/// Long texts are looked at in portions, so that they take little memory; the overlap is longer than any telling piece
/// in any of its forms.
const PORTION: usize = 4096;
const OVERLAP: usize = 512;

/// A character, and where it stands in the text that it was read from.
#[derive(Clone, Copy)]
struct Seen {
    character: char,
    start: usize,
    end: usize,
}

/// `text` without the token, or None where it holds nothing of it.
pub(super) fn masked(text: &str, token: &str) -> Option<String> {
    // Nearly all texts of real answers are as short as "ok", or Chinese.
    if !may_hold(text, token) {
        return None;
    }
    let token: Vec<char> = token.chars().collect();
    let pieces = Pieces::of(&token);
    let mut hidden = Vec::new();
    let mut start = 0;
    while start < text.len() {
        let end = boundary(text, start + PORTION + OVERLAP);
        look(text, start, end, &token, &pieces, &mut hidden);
        start = boundary(text, start + PORTION);
    }
    if hidden.is_empty() { None } else { Some(without(text, hidden)) }
}

/// Whether `text` has as many characters in a row that could be a telling piece, in whatever form.
fn may_hold(text: &str, token: &str) -> bool {
    let (piece, beginning) = (TELLING.min(token.len()), TELLING_AT_END.min(token.len()));
    if text.len() < beginning || !token.is_ascii() {
        return text.len() >= beginning;
    }
    let may_stand = |byte: &u8| may_stand(*byte, token);
    may_end_with_beginning(text, token, beginning)
        || text.as_bytes().split(|byte| !may_stand(byte)).any(|run| run.len() >= piece)
}

/// Whether the end of `text` could be a beginning of the token, which has at least `shortest` characters.
fn may_end_with_beginning(text: &str, token: &str, shortest: usize) -> bool {
    let end = text.as_bytes().iter().rev().take(shortest);
    if !end.clone().all(|byte| may_stand(*byte, token)) {
        return false;
    }
    let is_plain = !text.bytes().any(|byte| b"%\\&".contains(&byte));
    let begins = |length| token.get(..length).is_some_and(|beginning| text.ends_with(beginning));
    !is_plain || (shortest..=token.len().min(text.len())).any(begins)
}

/// Whether a byte may be a part of a form of the token: of itself, or of an escape, as [`unescaped`] reads them.
fn may_stand(byte: u8, token: &str) -> bool {
    byte.is_ascii_alphanumeric()
        || byte.is_ascii() && (b"%\\&#;+".contains(&byte) || token.as_bytes().contains(&byte))
}

/// Looks for the token between two places of the text, in all its forms.
fn look(
    text: &str,
    start: usize,
    end: usize,
    token: &[char],
    pieces: &Pieces,
    hidden: &mut Vec<(usize, usize)>,
) {
    let characters = text.get(start..end).unwrap_or_default().char_indices();
    let mut view: Vec<Seen> = characters
        .map(|(at, character)| Seen { character, start: start + at, end: start + at + character.len_utf8() })
        .collect();
    for _ in 0..=ESCAPED_TIMES {
        find(&view, token, end == text.len(), pieces, hidden);
        let plainer = unescaped(&view);
        if plainer.len() == view.len() {
            break;
        }
        view = plainer;
    }
}

/// The place where a character begins, at `index` or right behind it.
fn boundary(text: &str, index: usize) -> usize {
    (index..text.len()).find(|&index| text.is_char_boundary(index)).unwrap_or(text.len())
}

/// The text with the given places, which may overlap, replaced.
fn without(text: &str, mut hidden: Vec<(usize, usize)>) -> String {
    hidden.sort_unstable();
    let mut result = String::new();
    let mut shown_to = 0;
    for (start, end) in hidden {
        if start > shown_to || result.is_empty() {
            result.push_str(text.get(shown_to..start).unwrap_or_default());
            result.push_str(MASK);
        }
        shown_to = shown_to.max(end);
    }
    result.push_str(text.get(shown_to..).unwrap_or_default());
    result
}

/// Adds the places of `view` that hold a telling piece of the token.
fn find(view: &[Seen], token: &[char], at_end: bool, pieces: &Pieces, hidden: &mut Vec<(usize, usize)>) {
    // Only where enough characters of the token's kind follow each other is a closer look worth it.
    for run in view.split(|seen| !token.contains(&seen.character)).filter(|run| run.len() >= pieces.length) {
        for (piece, hash) in
            run.windows(pieces.length).zip(hashes(run.iter().map(|seen| seen.character), pieces.length))
        {
            if let ([first, ..], [.., last], true) = (piece, piece, pieces.holds(hash)) {
                hidden.push((first.start, last.end));
            }
        }
    }
    let longest = if at_end { token.len().min(view.len()) } else { 0 };
    for length in (TELLING_AT_END..=longest).rev() {
        if let (Some(tail), Some(beginning)) = (view.get(view.len() - length..), token.get(..length))
            && same(tail, beginning)
            && let ([first, ..], [.., last]) = (tail, tail)
        {
            hidden.push((first.start, last.end));
            return;
        }
    }
}

/// The pieces of a token that tell, by their hashes: a hostile answer of almost-pieces must not cost much time.
struct Pieces {
    length: usize,
    hashes: Vec<u64>,
}

impl Pieces {
    fn of(token: &[char]) -> Self {
        let length = TELLING.min(token.len());
        let mut hashes: Vec<u64> = hashes(token.iter().copied(), length).collect();
        hashes.sort_unstable();
        Self { length, hashes }
    }

    fn holds(&self, hash: u64) -> bool {
        self.hashes.binary_search(&hash).is_ok()
    }
}

/// The rolling hash of each `length` characters in a row. Two rows with one hash would only be masked for nothing.
fn hashes(characters: impl Iterator<Item = char> + Clone, length: usize) -> impl Iterator<Item = u64> {
    const FACTOR: u64 = 0x9e37_79b9_7f4a_7c15;
    let leaving = characters.clone().map(Some);
    let outworn = (0..length).fold(1_u64, |power, _| power.wrapping_mul(FACTOR));
    let leaving = std::iter::repeat_n(None, length).chain(leaving);
    let mut hash = 0_u64;
    let all = characters.zip(leaving).map(move |(entering, leaving)| {
        hash = hash.wrapping_mul(FACTOR).wrapping_add(u64::from(u32::from(entering)) + 1);
        if let Some(leaving) = leaving {
            hash = hash.wrapping_sub((u64::from(u32::from(leaving)) + 1).wrapping_mul(outworn));
        }
        hash
    });
    all.skip(length - 1)
}

fn same(seen: &[Seen], characters: &[char]) -> bool {
    seen.iter().map(|seen| seen.character).eq(characters.iter().copied())
}

/// The view with its escapes read: `%2F`, `\/`, `\u002f`, `\x2f`, `&amp;`, `&#47;`.
fn unescaped(view: &[Seen]) -> Vec<Seen> {
    let mut plainer = Vec::with_capacity(view.len());
    let mut rest = view;
    while let Some((first, others)) = rest.split_first() {
        let read = match first.character {
            '%' => percent_encoded(rest),
            '\\' => backslashed(others),
            '&' => html_entity(others),
            _ => None,
        };
        let (character, length) = read.unwrap_or((first.character, 1));
        let (escape, after) = rest.split_at(length.min(rest.len()));
        let end = escape.last().map_or(first.end, |seen| seen.end);
        plainer.push(Seen { character, start: first.start, end });
        rest = after;
    }
    plainer
}

/// A character written as `%XX` for each of its UTF-8 bytes, and the length of that.
fn percent_encoded(text: &[Seen]) -> Option<(char, usize)> {
    // Nothing is made where no digits follow: a hostile text may hold nothing but percent signs.
    number(text.get(1..3)?, 16)?;
    let mut bytes = Vec::with_capacity(4);
    for triple in text.chunks(3).take(4) {
        let [percent, digits @ ..] = triple else { break };
        let (Some(byte), '%', 2) = (number(digits, 16), percent.character, digits.len()) else { break };
        bytes.push(u8::try_from(byte).ok()?);
        if let Some(character) = std::str::from_utf8(&bytes).ok().and_then(|text| text.chars().next()) {
            return Some((character, bytes.len() * 3));
        }
    }
    None
}

/// What follows a backslash, and the length of the whole escape.
fn backslashed(text: &[Seen]) -> Option<(char, usize)> {
    let (kind, digits) = text.split_first()?;
    let coded = match kind.character {
        'u' => digits.get(..4).and_then(|digits| Some((number(digits, 16)?, 6))),
        'x' => digits.get(..2).and_then(|digits| Some((number(digits, 16)?, 4))),
        _ => None,
    };
    let coded = coded.and_then(|(number, length)| Some((char::from_u32(number)?, length)));
    Some(coded.unwrap_or((kind.character, 2)))
}

/// What follows an ampersand, and the length of the whole entity.
fn html_entity(text: &[Seen]) -> Option<(char, usize)> {
    let end = text.iter().take(10).position(|seen| seen.character == ';')?;
    let name: String = text.get(..end)?.iter().map(|seen| seen.character).collect();
    let character = match name.as_str() {
        "amp" => '&',
        "lt" => '<',
        "gt" => '>',
        "quot" => '"',
        "apos" => '\'',
        _ => {
            let digits = name.strip_prefix('#')?;
            let parsed = match digits.strip_prefix(['x', 'X']) {
                Some(digits) => u32::from_str_radix(digits, 16),
                None => digits.parse(),
            };
            char::from_u32(parsed.ok()?)?
        }
    };
    Some((character, end + 2))
}

fn number(digits: &[Seen], radix: u32) -> Option<u32> {
    digits.iter().try_fold(0, |number, seen| Some(number * radix + seen.character.to_digit(radix)?))
}
