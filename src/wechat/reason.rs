//! Parse the reason of a rejection or a delay into titles and details.
//!
//! The classic form is `1:<title>:<br>(1):<detail><br>(2):<detail><br>2:<title>:<br>(1):…<br>`: items are numbered from
//! 1, and details from 1 in each item. Copies have newlines or spaces instead of `<br>`. Lines without a number may stand
//! before and after the list. Newer reasons are free text. A wrong structure misleads more than none, so a text that does
//! not fit as a whole is one item.

use std::iter::Peekable;
use std::ops::Range;

/// One item of a reason.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Reason {
    /// Without its number and last colon; a line before or after the list as it is, and so the whole text if that has
    /// another form.
    pub title: String,
    /// Without their numbers, in order.
    pub details: Vec<String>,
}

/// Parses `text`, in linear time; returns no item for a blank text.
///
/// Titles and details hold every character in order, except numbering, the last colon of each title, and the line breaks
/// and spaces around them.
#[must_use]
pub fn parse(text: &str) -> Vec<Reason> {
    let Some((whole, separator)) = survey(text) else {
        return Vec::new();
    };
    let line = |text: &str| Reason { title: text.to_owned(), details: Vec::new() };
    let Some(Parts { before, items, after }) = read_parts(whole, separator) else {
        return vec![line(whole)];
    };
    let lines = |ranges: Vec<Range<usize>>| ranges.into_iter().filter_map(|range| whole.get(range).map(line));
    lines(before).chain(items.into_iter().map(|item| item.reason(whole))).chain(lines(after)).collect()
}

/// The separator of a text. There is one kind per text: a newline or space beside `<br>` belongs to the wording.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Separator {
    /// `<br>`, also `<br/>` and `<br />`, in any case.
    Tag,
    Newline,
    Blank,
}

impl Separator {
    /// The length in bytes of the separator at the start of `text`, 0 for none.
    fn length_at(self, text: &str) -> usize {
        match self {
            Separator::Tag => tag_length(text),
            Separator::Newline => leading(text, is_newline),
            Separator::Blank => leading(text, char::is_whitespace),
        }
    }

    /// The position of the first separator in `text`.
    fn find_in(self, text: &str) -> Option<usize> {
        match self {
            Separator::Tag => text
                .match_indices('<')
                .map(|(offset, _)| offset)
                .find(|offset| text.get(*offset..).is_some_and(|tag| tag_length(tag) > 0)),
            Separator::Newline => text.find(is_newline),
            Separator::Blank => text.find(char::is_whitespace),
        }
    }
}

/// `text` without separators and spaces at both ends, and the strongest kind of separator in it; `None` if nothing is
/// left.
fn survey(text: &str) -> Option<(&str, Separator)> {
    let mut pieces = Pieces::new(text, Separator::Tag);
    let first = pieces.next()?;
    if let Some(last) = pieces.last() {
        return Some((text.get(first.start..last.end)?, Separator::Tag));
    }
    let whole = text.get(first)?;
    let has_lines = Pieces::new(whole, Separator::Newline).nth(1).is_some();
    let separator = if has_lines { Separator::Newline } else { Separator::Blank };
    Some((whole, separator))
}

fn is_newline(character: char) -> bool {
    matches!(character, '\n' | '\r' | '\u{85}' | '\u{2028}' | '\u{2029}')
}

/// The length in bytes of the first character if it matches.
fn leading(text: &str, matches: impl Fn(char) -> bool) -> usize {
    text.chars().next().filter(|character| matches(*character)).map_or(0, char::len_utf8)
}

/// The length of the `<br>` at the start of `text`, 0 for none.
fn tag_length(text: &str) -> usize {
    let [b'<', b'b' | b'B', b'r' | b'R', rest @ ..] = text.as_bytes() else {
        return 0;
    };
    let blanks = rest.iter().take_while(|byte| byte.is_ascii_whitespace()).count();
    match rest.get(blanks..) {
        Some([b'>', ..]) => 4 + blanks,
        Some([b'/', b'>', ..]) => 5 + blanks,
        _ => 0,
    }
}

/// Iterates over the non-empty pieces between separators, as ranges of the text without spaces around them.
struct Pieces<'a> {
    text: &'a str,
    position: usize,
    separator: Separator,
}

impl<'a> Pieces<'a> {
    fn new(text: &'a str, separator: Separator) -> Pieces<'a> {
        Pieces { text, position: 0, separator }
    }
}

impl Iterator for Pieces<'_> {
    type Item = Range<usize>;

    fn next(&mut self) -> Option<Range<usize>> {
        while self.position < self.text.len() {
            let rest = self.text.get(self.position..)?;
            let length = self.separator.find_in(rest).unwrap_or(rest.len());
            let (piece, behind) = rest.split_at_checked(length)?;
            let start = self.position + length - piece.trim_start().len();
            self.position += length + self.separator.length_at(behind);
            let piece = piece.trim();
            if !piece.is_empty() {
                return Some(start..start + piece.len());
            }
        }
        None
    }
}

/// A text that has a list: lines before it, its items, and lines after it.
#[derive(Default)]
struct Parts {
    before: Vec<Range<usize>>,
    items: Vec<Item>,
    after: Vec<Range<usize>>,
}

/// An item as ranges of the text.
struct Item {
    title: Range<usize>,
    details: Vec<Range<usize>>,
}

impl Item {
    /// Whether nothing has to follow: it has details, or a title that does not announce any.
    fn is_complete(&self, text: &str) -> bool {
        !self.details.is_empty()
            || text.get(self.title.clone()).is_some_and(|title| !title.ends_with([':', '：']))
    }

    fn reason(&self, text: &str) -> Reason {
        let slice =
            |range: &Range<usize>| text.get(range.clone()).unwrap_or_default().trim_start().to_owned();
        Reason {
            title: without_colon(&slice(&self.title)).to_owned(),
            details: self.details.iter().map(slice).collect(),
        }
    }
}

fn without_colon(title: &str) -> &str {
    title.strip_suffix([':', '：']).unwrap_or(title).trim_end()
}

/// The parts of a text that fits the grammar from the first piece to the last; `None` for any other text.
fn read_parts(text: &str, separator: Separator) -> Option<Parts> {
    let Parts { mut before, mut items, mut after } = Parts::default();
    let mut pieces = Pieces::new(text, separator).peekable();
    while let Some(piece) = pieces.next() {
        let numbered = Mark::of(text, &piece);
        let is_line = numbered.is_none() && separator != Separator::Blank;
        let mark = numbered.filter(|mark| !is_time(mark, text, separator, &mut pieces));
        let next_number = items.len() + 1;
        match (mark, items.last_mut()) {
            (Some(Mark::Item(number, start)), _) if number == next_number && after.is_empty() => {
                items.push(Item { title: start..piece.end, details: Vec::new() });
            }
            (Some(Mark::Detail(number, start)), Some(item))
                if number == item.details.len() + 1 && after.is_empty() =>
            {
                item.details.push(start..piece.end);
            }
            // Titles and details contain spaces too.
            (None, Some(item)) if separator == Separator::Blank => {
                item.details.last_mut().unwrap_or(&mut item.title).end = piece.end;
            }
            (None, None) if is_line => before.push(piece),
            (None, Some(item)) if is_line && item.is_complete(text) => after.push(piece),
            _ => return None,
        }
    }
    let titled = items
        .iter()
        .all(|item| !without_colon(text.get(item.title.clone()).unwrap_or_default().trim()).is_empty());
    // `2:` after a space may be part of the wording: it begins an item only if details follow.
    let detailed = separator != Separator::Blank
        || items.len() == 1
        || items.iter().all(|item| !item.details.is_empty());
    (titled && detailed && !items.is_empty()).then_some(Parts { before, items, after })
}

/// The numbering of a piece: the number, and the position after it.
enum Mark {
    /// `N:`
    Item(usize, usize),
    /// `(k):`
    Detail(usize, usize),
}

impl Mark {
    fn of(text: &str, piece: &Range<usize>) -> Option<Mark> {
        let wording = text.get(piece.clone())?;
        let (number, rest) = match wording.strip_prefix('(') {
            Some(inner) => {
                let (number, rest) = leading_number(inner)?;
                (number, rest.strip_prefix(')')?)
            }
            None => leading_number(wording)?,
        };
        // Some copies have full-width colons.
        let start = piece.end - rest.strip_prefix([':', '：'])?.len();
        Some(if wording.starts_with('(') { Mark::Detail(number, start) } else { Mark::Item(number, start) })
    }
}

/// The decimal number at the start of `text`, and the rest.
fn leading_number(text: &str) -> Option<(usize, &str)> {
    let rest = text.trim_start_matches(|character: char| character.is_ascii_digit());
    let digits = text.get(..text.len() - rest.len())?;
    if digits.starts_with('0') {
        return None;
    }
    Some((digits.parse().ok()?, rest))
}

/// Whether a mark such as the `12:` of `12:30` belongs to a time or a ratio: it numbers an item only if details follow.
fn is_time(mark: &Mark, text: &str, separator: Separator, following: &mut Peekable<Pieces<'_>>) -> bool {
    let Mark::Item(_, start) = mark else {
        return false;
    };
    if !text.as_bytes().get(*start).is_some_and(u8::is_ascii_digit) {
        return false;
    }
    if separator == Separator::Blank {
        return true;
    }
    let next = following.peek().and_then(|next| Mark::of(text, next));
    !matches!(next, Some(Mark::Detail(1, _)))
}
