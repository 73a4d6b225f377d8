//! Parse JSON leniently: strictly at first, and if that fails, once more with damaged strings repaired.
//!
//! WeChat is known to send raw control characters and invalid UTF-8 inside strings. Only the interior of string values
//! is repaired: a repaired key, number or bracket could turn one answer into another. May use `token`.

mod encoding;
mod repair;

use std::cell::Cell;
use std::collections::HashSet;
use std::fmt;

use serde::de::{DeserializeSeed, Deserializer, Error as _, MapAccess, SeqAccess, Visitor};

use crate::token::{MASK, is_secret, mask_tokens};

const BYTE_ORDER_MARK: &[u8] = b"\xEF\xBB\xBF";

/// Real answers hold about ten values. This limits the memory for a hostile one to a few megabytes.
pub(crate) const MAX_VALUES: usize = 10_000;

/// Up to this many members, comparing keys pairwise is cheaper than hashing them.
const SMALL_OBJECT: usize = 16;

/// A JSON value. Objects keep their order and have no duplicate keys.
#[derive(Debug, Clone, PartialEq)]
pub enum Json {
    /// `null`.
    Null,
    /// `true` or `false`.
    Bool(bool),
    /// An integer that fits.
    Integer(i64),
    /// An integer above `i64::MAX`; one above `u64::MAX` is a `Float`.
    Unsigned(u64),
    /// A finite number.
    Float(f64),
    /// Text, with escapes decoded.
    String(String),
    /// Items in order.
    Array(Vec<Json>),
    /// Members in order, without duplicate keys.
    Object(Vec<(String, Json)>),
}

impl Json {
    /// The member `key` of an object; `None` if there is none or this is not an object.
    #[must_use]
    pub fn get(&self, key: &str) -> Option<&Json> {
        match self {
            Json::Object(members) => members.iter().find(|(name, _)| name == key).map(|(_, value)| value),
            _ => None,
        }
    }

    /// Passes every string, keys included, through `change`. Recurses to the depth of the value, which is at most 128
    /// for a parsed one.
    pub fn map_strings(&mut self, change: &mut impl FnMut(&mut String)) {
        match self {
            Json::String(text) => change(text),
            Json::Array(items) => items.iter_mut().for_each(|item| item.map_strings(change)),
            Json::Object(members) => {
                for (key, value) in members {
                    change(key);
                    value.map_strings(change);
                }
            }
            Json::Null | Json::Bool(_) | Json::Integer(_) | Json::Unsigned(_) | Json::Float(_) => {}
        }
    }

    /// Masks secrets by their names, in members of objects and within texts.
    pub fn mask_tokens(&mut self) {
        match self {
            Json::String(text) => mask_tokens(text),
            Json::Array(items) => items.iter_mut().for_each(Json::mask_tokens),
            Json::Object(members) => {
                for (key, value) in members {
                    mask_tokens(key);
                    if is_secret(key) {
                        value.map_strings(&mut |text| MASK.clone_into(text));
                    } else {
                        value.mask_tokens();
                    }
                }
            }
            Json::Null | Json::Bool(_) | Json::Integer(_) | Json::Unsigned(_) | Json::Float(_) => {}
        }
    }
}

/// A decoded body.
#[derive(Debug, Clone, PartialEq)]
pub struct Parsed {
    /// The value.
    pub value: Json,
    /// Whether strings were repaired, so that they may differ from what was sent.
    pub lossy: bool,
}

/// Why a body is not valid JSON.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct JsonError {
    /// For programs.
    pub kind: JsonErrorKind,
    /// For people. Holds no text of the body, which may echo a token.
    pub message: String,
}

/// The kinds of errors.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum JsonErrorKind {
    /// Empty or blank.
    Empty,
    /// Text, but not UTF-8: GBK, UTF-16, UTF-32.
    Encoding,
    /// Anything else: broken, truncated, repeated keys, too deep, too many values.
    Malformed,
}

impl JsonError {
    /// Whether the body was empty or blank, as servers send it on a temporary failure.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.kind == JsonErrorKind::Empty
    }
}

impl fmt::Display for JsonError {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(&self.message)
    }
}

impl std::error::Error for JsonError {}

/// Parses one JSON text of any type, after an optional byte order mark, in linear time.
///
/// # Errors
/// [`JsonError`] if the body is empty, not UTF-8 or malformed outside the interior of its string values; if an object
/// repeats a key, a number is out of range, nesting exceeds 128 levels or there are more than 10 000 values.
pub fn parse(body: &[u8]) -> Result<Parsed, JsonError> {
    let body = body.strip_prefix(BYTE_ORDER_MARK).unwrap_or(body);
    if body.iter().all(|byte| matches!(byte, b' ' | b'\t' | b'\n' | b'\r')) {
        return Err(JsonError { kind: JsonErrorKind::Empty, message: "the body is empty".to_owned() });
    }
    let error = match parse_strictly(body) {
        Ok(value) => return Ok(Parsed { value, lossy: false }),
        Err(error) => error,
    };
    if let Some(encoding) = encoding::foreign(body) {
        let message = format!("the body is not UTF-8 (looks like {encoding})");
        return Err(JsonError { kind: JsonErrorKind::Encoding, message });
    }
    let Some(repaired) = repair::repair(body) else {
        return Err(malformed(error.to_string()));
    };
    match parse_strictly(&repaired) {
        Ok(value) => Ok(Parsed { value, lossy: true }),
        // The position is that in the repaired text.
        Err(error) => Err(malformed(format!("{error}, after its strings were repaired"))),
    }
}

fn malformed(message: String) -> JsonError {
    JsonError { kind: JsonErrorKind::Malformed, message }
}

/// The error holds no text of the body: `serde_json` quotes it only when a visitor rejects a type, and `Node` accepts
/// every type.
fn parse_strictly(body: &[u8]) -> Result<Json, serde_json::Error> {
    let left = Cell::new(MAX_VALUES);
    let mut deserializer = serde_json::Deserializer::from_slice(body);
    let value = Node { left: &left }.deserialize(&mut deserializer)?;
    deserializer.end()?;
    Ok(value)
}

/// Builds one value. `left` counts down the values that the body may still hold.
#[derive(Clone, Copy)]
struct Node<'a> {
    left: &'a Cell<usize>,
}

impl<'de> DeserializeSeed<'de> for Node<'_> {
    type Value = Json;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<Json, D::Error> {
        let Some(left) = self.left.get().checked_sub(1) else {
            return Err(D::Error::custom("too many values"));
        };
        self.left.set(left);
        deserializer.deserialize_any(self)
    }
}

impl<'de> Visitor<'de> for Node<'_> {
    type Value = Json;

    fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("a JSON value")
    }

    fn visit_unit<E>(self) -> Result<Json, E> {
        Ok(Json::Null)
    }

    fn visit_bool<E>(self, value: bool) -> Result<Json, E> {
        Ok(Json::Bool(value))
    }

    fn visit_i64<E>(self, value: i64) -> Result<Json, E> {
        Ok(Json::Integer(value))
    }

    fn visit_u64<E>(self, value: u64) -> Result<Json, E> {
        Ok(i64::try_from(value).map_or(Json::Unsigned(value), Json::Integer))
    }

    fn visit_f64<E>(self, value: f64) -> Result<Json, E> {
        Ok(Json::Float(value))
    }

    fn visit_str<E>(self, value: &str) -> Result<Json, E> {
        Ok(Json::String(value.to_owned()))
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut access: A) -> Result<Json, A::Error> {
        let mut items = Vec::new();
        while let Some(item) = access.next_element_seed(self)? {
            items.push(item);
        }
        Ok(Json::Array(items))
    }

    fn visit_map<A: MapAccess<'de>>(self, mut access: A) -> Result<Json, A::Error> {
        let mut members = Vec::new();
        while let Some(key) = access.next_key::<String>()? {
            members.push((key, access.next_value_seed(self)?));
        }
        if repeats_a_key(&members) {
            return Err(A::Error::custom("an object repeats a key"));
        }
        Ok(Json::Object(members))
    }
}

fn repeats_a_key(members: &[(String, Json)]) -> bool {
    if members.len() <= SMALL_OBJECT {
        return members
            .iter()
            .enumerate()
            .any(|(at, (key, _))| members.iter().take(at).any(|(other, _)| other == key));
    }
    let mut seen = HashSet::with_capacity(members.len());
    !members.iter().all(|(key, _)| seen.insert(key.as_str()))
}
