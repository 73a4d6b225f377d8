//! Secrets that nobody here knows, found by the names that stand before them: what WeChat tells of a request holds the
//! token that it was made with, and perhaps those that it was answered with.

use super::MASK;

/// What the names of WeChat's secrets end with.
const NAMES: [&str; 10] = [
    "token",
    "ticket",
    "secret",
    "auth_code",
    "authorization_code",
    "js_code",
    "session_key",
    "encodingaeskey",
    "encoding_aes_key",
    "password",
];
const QUOTES: [&str; 6] = ["\"", "'", "%22", "%27", "%2522", "&quot;"];
const SEPARATORS: [&str; 9] = ["=", ":", "%3d", "%3a", "%253d", "%253a", ">", "&gt;", "%3e"];
const CDATA: [&str; 3] = ["<![cdata[", "&lt;![cdata[", "%3c![cdata["];
const BLANKS: [&str; 6] = ["%20", "%2520", "+", "%0a", "%0d", "%09"];
const NOTHING: [&str; 3] = ["null", "true", "false"];
/// As often as that one JSON text may stand in another.
const MOST_BACKSLASHES: usize = 15;

/// Whether that is the name of a secret.
#[must_use]
pub fn is_secret(name: &str) -> bool {
    let lower = name.to_ascii_lowercase();
    NAMES.iter().any(|secret| lower.ends_with(secret))
}

/// Replaces every value that stands behind the name of a secret, as queries, JSON and XML write them, by `***`. Takes linear
/// time.
pub fn mask_tokens(text: &mut String) {
    let lower = text.to_ascii_lowercase();
    let mut masked = String::new();
    let mut done = 0;
    for name_end in name_ends(&lower) {
        if name_end < done {
            continue;
        }
        let Some((start, end)) = value(&lower, name_end) else {
            continue;
        };
        masked.push_str(text.get(done..start).unwrap_or_default());
        masked.push_str(MASK);
        done = end;
    }
    if done > 0 {
        masked.push_str(text.get(done..).unwrap_or_default());
        *text = masked;
    }
}

/// Where names end, in order.
fn name_ends(lower: &str) -> Vec<usize> {
    let ends_of = |name: &'static str| lower.match_indices(name).map(move |(at, _)| at + name.len());
    let mut ends: Vec<usize> = NAMES.into_iter().flat_map(ends_of).collect();
    ends.sort_unstable();
    ends
}

/// Where the value behind a name stands: after a separator, with or without quotes.
fn value(lower: &str, name_end: usize) -> Option<(usize, usize)> {
    let mut rest = Rest { lower, at: name_end };
    rest.skip_blanks();
    rest.skip_quote();
    rest.skip_blanks();
    rest.skip_one(&["[]", "%5b%5d"]);
    let separator = rest.skip_one(&SEPARATORS)?;
    rest.skip_blanks();
    if rest.skip_one(&CDATA).is_some() {
        return Some((rest.at, rest.first_of(&["]]>", "]]&gt;", "]]%3e"])));
    }
    let several = rest.skip_one(&["[", "%5b"]);
    rest.skip_blanks();
    let quote = if several.is_none() { rest.skip_quote() } else { None };
    let start = rest.at;
    let end = match (several, quote) {
        (Some(_), _) => rest.first_of(&["]", "%5d"]),
        (None, Some((backslashes, quote))) => rest.closed_by(quote, backslashes),
        (None, None) => rest.unquoted(separator),
    };
    let plain = quote.is_none() && lower.get(start..end).is_some_and(|value| NOTHING.contains(&value));
    (end > start && !plain).then_some((start, end))
}

/// A text, and how far it has been read.
struct Rest<'a> {
    lower: &'a str,
    at: usize,
}

impl Rest<'_> {
    fn text(&self) -> &str {
        self.lower.get(self.at..).unwrap_or_default()
    }

    fn skip_one(&mut self, choices: &[&'static str]) -> Option<&'static str> {
        let found = *choices.iter().find(|choice| self.text().starts_with(**choice))?;
        self.at += found.len();
        Some(found)
    }

    /// Blanks, as they are and as JSON and URLs write them.
    fn skip_blanks(&mut self) {
        loop {
            let backslashes = backslashes(self.text());
            let escaped =
                self.text().get(backslashes..).is_some_and(|rest| rest.starts_with(['n', 'r', 't']));
            if let Some(blank) = self.text().chars().next().filter(|first| first.is_whitespace()) {
                self.at += blank.len_utf8();
            } else if backslashes > 0 && escaped {
                self.at += backslashes + 1;
            } else if self.skip_one(&BLANKS).is_none() {
                return;
            }
        }
    }

    /// A quote, and how many backslashes stand before it.
    fn skip_quote(&mut self) -> Option<(usize, &'static str)> {
        let before = self.at;
        let mut backslashes = backslashes(self.text());
        self.at += backslashes;
        while self.skip_one(&["%5c"]).is_some() && backslashes < MOST_BACKSLASHES {
            backslashes += 1;
        }
        let quote = self.skip_one(&QUOTES);
        if quote.is_none() {
            self.at = before;
        }
        quote.map(|quote| (backslashes, quote))
    }

    fn first_of(&self, ends: &[&str]) -> usize {
        let found = self.text().char_indices().find(|(at, _)| {
            let here = self.text().get(*at..).unwrap_or_default();
            ends.iter().any(|end| here.starts_with(end))
        });
        found.map_or(self.lower.len(), |(at, _)| self.at + at)
    }

    /// Up to that quote, one that more backslashes escape excepted.
    fn closed_by(&self, quote: &str, backslashes: usize) -> usize {
        let mut run = 0;
        for (at, character) in self.text().char_indices() {
            if character == '\\' {
                run += 1;
                continue;
            }
            let closes = self.text().get(at..).is_some_and(|here| here.starts_with(quote));
            if closes && run <= backslashes {
                return self.at + at - run;
            }
            run = 0;
        }
        self.lower.len()
    }

    fn unquoted(&self, separator: &str) -> usize {
        let ends: &[&str] = match separator {
            ">" => &["<"],
            "&gt;" => &["&lt;"],
            "=" => &["&", "\"", "'", "<", ">", "#"],
            ":" => &["&", "\"", "'", "<", ">", ",", ";", "{", "}", "[", "]"],
            _ => &["&", "\"", "'", "<", ">", "%26", "%22", "%27", "%2c", "%7d", "%2526", "%2522", "%20"],
        };
        let mut escape_until = 0;
        for (at, character) in self.text().char_indices() {
            let here = self.text().get(at..).unwrap_or_default();
            if character == '\\' && at >= escape_until {
                // An escaped slash, `\/` or `\u002f`, is one of the value.
                let run = backslashes(here);
                if !here.get(run..).is_some_and(|after| after.starts_with(['/', 'u'])) {
                    return self.at + at;
                }
                escape_until = at + run;
            }
            if character.is_whitespace() || ends.iter().any(|end| here.starts_with(end)) {
                return self.at + at;
            }
        }
        self.lower.len()
    }
}

/// How many backslashes a text begins with.
fn backslashes(text: &str) -> usize {
    text.bytes().take(MOST_BACKSLASHES).take_while(|byte| *byte == b'\\').count()
}
