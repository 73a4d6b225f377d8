//! Secrets: the one type in which an access token travels, and its removal from text.

use std::borrow::Cow;
use std::fmt;
use std::hash::{BuildHasher, RandomState};
use std::sync::Arc;

use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};

mod mask;
mod named;
mod unescape;

pub use named::{is_secret, mask_tokens};
pub use unescape::MASK;

/// Shorter texts are no tokens, and masking them would garble ordinary words.
const SHORTEST_MASKED: usize = 8;

/// Real tokens have up to about 512 characters; far longer ones are something else, pasted by mistake.
const LONGEST: usize = 2048;

/// RFC 3986's unreserved characters stay as they are.
const QUERY_VALUE: &AsciiSet = &NON_ALPHANUMERIC.remove(b'-').remove(b'.').remove(b'_').remove(b'~');

/// Whether a text stands in a URL as it is: so do WeChat's tokens.
fn is_unreserved(text: &str) -> bool {
    // No early end: so the compiler can look at many bytes at once.
    text.bytes().fold(true, |all, byte| {
        all & (byte.is_ascii_alphanumeric() | matches!(byte, b'-' | b'.' | b'_' | b'~'))
    })
}

/// What keeps a text from being a token; the text itself is never in it.
fn check(text: &str) -> Result<(), &'static str> {
    if text.is_empty() {
        Err("the access token is empty")
    } else if text.len() > LONGEST {
        Err("the access token has more than 2048 bytes; WeChat's have up to about 512")
    } else if !is_unreserved(text) && (text.trim() != text || text.chars().any(char::is_control)) {
        Err("the access token holds a line break, a control character or blanks around it; strip it first")
    } else {
        Ok(())
    }
}

/// An access token. Debug and Display show `***`; only [`Token::percent_encoded`] gives it away.
#[derive(Clone, PartialEq, Eq)]
pub struct Token(Arc<str>);

impl Token {
    /// Takes a token as WeChat gave it.
    ///
    /// # Errors
    /// A sentence, without the token in it, when it is empty, too long or not printable.
    pub fn new(text: &str) -> Result<Self, &'static str> {
        check(text)?;
        Ok(Self(text.into()))
    }

    /// The same, of a text that is shared already.
    ///
    /// # Errors
    /// As [`Token::new`].
    pub fn shared(text: &Arc<str>) -> Result<Self, &'static str> {
        check(text)?;
        Ok(Self(Arc::clone(text)))
    }

    /// The token as it stands in the query of a URL. To be called at the last moment.
    #[must_use]
    pub fn percent_encoded(&self) -> Cow<'_, str> {
        if is_unreserved(&self.0) {
            return Cow::Borrowed(&self.0);
        }
        utf8_percent_encode(&self.0, QUERY_VALUE).into()
    }

    /// A number that tells tokens apart under one `key` and says nothing about them.
    #[must_use]
    pub fn fingerprint(&self, key: &RandomState) -> u64 {
        key.hash_one(&self.0)
    }

    /// Replaces the token in `text`, and any long piece of it, by `***`: plain, or as URLs, JSON and HTML write it.
    pub fn mask(&self, text: &mut String) {
        if self.0.len() >= SHORTEST_MASKED {
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

/// The tokens of one call: the one it uses, and the one before it, which a late answer may still name.
#[derive(Debug, Clone)]
pub struct Tokens {
    current: Token,
    former: Option<Token>,
}

impl Tokens {
    /// A call begins with one token.
    #[must_use]
    pub fn new(current: Token) -> Self {
        Self { current, former: None }
    }

    /// Goes on with a fresh one.
    pub fn renew(&mut self, fresh: Token) {
        self.former = Some(std::mem::replace(&mut self.current, fresh));
    }

    /// The token to send.
    #[must_use]
    pub fn current(&self) -> &Token {
        &self.current
    }

    /// Replaces all of them in `text`; see [`Token::mask`].
    pub fn mask(&self, text: &mut String) {
        self.current.mask(text);
        if let Some(former) = &self.former {
            former.mask(text);
        }
    }
}
