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
    if text.len() < TELLING_AT_END.min(token.len()) {
        return None;
    }
    let token: Vec<char> = token.chars().collect();
    let mut hidden = Vec::new();
    let mut start = 0;
    while start < text.len() {
        let end = boundary(text, start + PORTION + OVERLAP);
        look(text, start, end, &token, &mut hidden);
        start = boundary(text, start + PORTION);
    }
    if hidden.is_empty() { None } else { Some(without(text, hidden)) }
}

/// Looks for the token between two places of the text, in all its forms.
fn look(text: &str, start: usize, end: usize, token: &[char], hidden: &mut Vec<(usize, usize)>) {
    let characters = text.get(start..end).unwrap_or_default().char_indices();
    let mut view: Vec<Seen> = characters
        .map(|(at, character)| Seen { character, start: start + at, end: start + at + character.len_utf8() })
        .collect();
    for _ in 0..=ESCAPED_TIMES {
        find(&view, token, end == text.len(), hidden);
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
fn find(view: &[Seen], token: &[char], at_end: bool, hidden: &mut Vec<(usize, usize)>) {
    let telling = TELLING.min(token.len());
    // Only where enough characters of the token's kind follow each other is a closer look worth it.
    for run in view.split(|seen| !token.contains(&seen.character)).filter(|run| run.len() >= telling) {
        for piece in run.windows(telling) {
            let is_piece = token.windows(telling).any(|of_token| same(piece, of_token));
            if let ([first, ..], [.., last], true) = (piece, piece, is_piece) {
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
