//! The access token as a redacting type, and redaction of secrets in text.

use std::borrow::Cow;
use std::fmt;
use std::hash::{BuildHasher, RandomState};
use std::sync::Arc;

use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};

mod mask;
mod mistaken;
mod named;
mod unescape;

pub use mistaken::is_appid;
pub use named::{is_secret, mask_tokens};
pub use unescape::MASK;

/// Masking shorter tokens would mask parts of ordinary words.
const MIN_MASKED_LEN: usize = 8;

/// No longer text of the usual characters is taken for something else than a token.
const MIN_USUAL_LEN: usize = 18;

/// Real tokens have up to about 512 characters.
const MAX_LEN: usize = 2048;

/// Keeps the unreserved characters of RFC 3986.
const QUERY_VALUE: &AsciiSet = &NON_ALPHANUMERIC.remove(b'-').remove(b'.').remove(b'_').remove(b'~');

/// Whether a text needs no encoding in a URL. WeChat's tokens usually do not.
fn is_unreserved(text: &str) -> bool {
    // Without an early exit, the compiler can vectorize it.
    text.bytes().fold(true, |all, byte| {
        all & (byte.is_ascii_alphanumeric() | matches!(byte, b'-' | b'.' | b'_' | b'~'))
    })
}

/// An access token. Debug and Display show `***`; only [`Token::percent_encoded`] and [`Token::reveal`] return its text.
#[derive(Clone)]
pub struct Token(Arc<str>);

/// In constant time, so that the duration does not reveal where two tokens differ.
impl PartialEq for Token {
    fn eq(&self, other: &Self) -> bool {
        let (mine, others) = (self.0.as_bytes(), other.0.as_bytes());
        mine.len() == others.len()
            && mine.iter().zip(others).fold(0, |difference, (mine, other)| difference | (mine ^ other)) == 0
    }
}

impl Eq for Token {}

impl Token {
    /// A token from its text.
    ///
    /// # Errors
    /// A message without the token if it is empty, too long or not printable.
    pub fn new(text: &str) -> Result<Self, &'static str> {
        let problem = if text.is_empty() {
            Some("the access token is empty; look at the variable, cache or file that it is from")
        } else if is_unreserved(text) {
            // Nearly always. Those of WeChat have more than 100 characters.
            if text.len() > MIN_USUAL_LEN { None } else { mistaken::short(text) }
        } else {
            mistaken::odd(text).or_else(|| {
                (text.trim() != text || text.chars().any(char::is_control)).then_some(
                    "the access token contains a control character or line break, or has spaces around it; strip it \
                     first",
                )
            })
        };
        match problem {
            Some(problem) => Err(problem),
            None if text.len() > MAX_LEN => {
                Err("the access token has more than 2048 bytes; WeChat's have up to about 512")
            }
            None => Ok(Self(text.into())),
        }
    }

    /// Another secret, such as the key of a push, in the same type. Its text is not checked.
    #[must_use]
    pub fn of_secret(text: &str) -> Self {
        Self(text.into())
    }

    /// The text of the token.
    #[must_use]
    pub fn reveal(&self) -> &str {
        &self.0
    }

    /// The token, encoded for the query of a URL. Call it as late as possible.
    #[must_use]
    pub fn percent_encoded(&self) -> Cow<'_, str> {
        if is_unreserved(&self.0) {
            return Cow::Borrowed(&self.0);
        }
        utf8_percent_encode(&self.0, QUERY_VALUE).into()
    }

    /// A hash that identifies the token under `key` without revealing it.
    #[must_use]
    pub fn fingerprint(&self, key: &RandomState) -> u64 {
        key.hash_one(&self.0)
    }

    /// Replaces the token, and any long part of it, by `***` in `text`: plain or encoded for URLs, JSON and HTML.
    pub fn mask(&self, text: &mut String) {
        if self.0.len() >= MIN_MASKED_LEN {
            mask::mask(text, &self.0);
        }
    }
}

impl fmt::Debug for Token {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("Token(***)")
    }
}

impl fmt::Display for Token {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(MASK)
    }
}

/// The tokens of one call: the current one and the previous one, which a late answer may contain.
#[derive(Debug, Clone)]
pub struct Tokens {
    current: Token,
    former: Option<Token>,
}

impl Tokens {
    /// The tokens of a call that begins with `current`.
    #[must_use]
    pub fn new(current: Token) -> Self {
        Self { current, former: None }
    }

    /// Replaces the current token.
    pub fn renew(&mut self, fresh: Token) {
        self.former = Some(std::mem::replace(&mut self.current, fresh));
    }

    /// The token to send.
    #[must_use]
    pub fn current(&self) -> &Token {
        &self.current
    }

    /// Masks all of them in `text`; see [`Token::mask`].
    pub fn mask(&self, text: &mut String) {
        self.current.mask(text);
        if let Some(former) = &self.former {
            former.mask(text);
        }
    }
}
