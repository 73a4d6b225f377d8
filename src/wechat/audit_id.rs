//! The id of an audit, and what is passed in its place by mistake.

use std::fmt;

use crate::error::Error;
use crate::token::is_appid;

/// The id of an audit, as `submit_audit` returned it: 1 to 2⁶³ − 1.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct AuditId(i64);

impl AuditId {
    /// An audit id from a number.
    ///
    /// # Errors
    /// [`Error::Argument`] for 0, a negative number, or one above 2⁶³ − 1.
    pub fn new(number: i128) -> Result<Self, Error> {
        let problem = "is out of range; WeChat's audit ids are positive 64-bit integers";
        match i64::try_from(number) {
            Ok(id) if id > 0 => Ok(Self(id)),
            _ => Err(Error::argument("auditid", problem)),
        }
    }

    /// An audit id from its decimal digits.
    ///
    /// Neither ".0" nor spaces are accepted: such a text has passed a float, which may have rounded it, or was not read as
    /// a value of its own.
    ///
    /// # Errors
    /// [`Error::Argument`] for anything else: signs, spaces, digits other than ASCII, a number out of range.
    pub fn parse(text: &str) -> Result<Self, Error> {
        if !is_digits(text) {
            return Err(Error::argument("auditid", mistaken_id(text)));
        }
        // A number of more than 64 bits is as far out of range as 0.
        Self::new(text.parse::<i64>().unwrap_or(0).into())
    }

    /// The id as a number.
    #[must_use]
    pub fn get(self) -> i64 {
        self.0
    }
}

fn is_digits(text: &str) -> bool {
    !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit())
}

/// What a text is that is not an audit id. It may be a token, so no message shows it.
fn mistaken_id(text: &str) -> &'static str {
    let text_of_float = |text: &str| {
        text.split_once('.').is_some_and(|(whole, fraction)| is_digits(whole) && is_digits(fraction))
    };
    let in_exponent = |text: &str| {
        let (number, exponent) = text.split_once(['e', 'E'])?;
        let is_number = is_digits(number) || text_of_float(number);
        Some(is_number && is_digits(exponent.trim_start_matches(['+', '-'])))
    };
    if text.trim().is_empty() {
        "is empty; pass the number that submit_audit returned"
    } else if is_digits(text.trim()) {
        "has spaces or a line break around its digits; pass auditid.strip()"
    } else if in_exponent(text.trim()) == Some(true) {
        "is in scientific notation: Excel has rounded this id; export its column as text"
    } else if text_of_float(text.trim()) {
        "has a decimal point: floats round large ids; read its column as text or integers (pandas: Int64)"
    } else if is_digits(&text.replace([',', '，', '_', ' ', '\''], "")) {
        "has separators between its digits; pass only the digits"
    } else if is_appid(text) {
        "is an appid; pass the number that submit_audit returned"
    } else if text.len() > LONGEST_ID && text.bytes().all(|byte| byte.is_ascii_graphic()) {
        "looks like an access token; the token comes first: (token, auditid)"
    } else {
        "must be a whole number or a string of decimal digits"
    }
}

/// 2⁶³ − 1 has 19 digits.
const LONGEST_ID: usize = 20;

impl fmt::Display for AuditId {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(formatter)
    }
}
