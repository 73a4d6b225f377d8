//! Mask a known token in text: the whole token, a long piece of it, and its beginning where the text is cut off.

use std::collections::HashSet;
use std::ops::Range;

use super::unescape::{self, is_escape};

/// A shorter piece of the token does not tell enough to be used.
const PIECE: usize = 16;
/// At the end of a text, where a cut is likely, a shorter beginning of the token is masked too.
const BEGINNING: usize = 8;

/// Masks a token of at least 8 bytes.
pub(super) fn mask(text: &mut String, token: &str) {
    let token = token.as_bytes();
    if !may_hold(text.as_bytes(), token) {
        return;
    }
    let length = PIECE.min(token.len());
    let pieces: HashSet<&[u8]> = token.windows(length).collect();
    unescape::mask(text, |text| {
        let mut found: Vec<Range<usize>> = Vec::new();
        for (start, _) in text.windows(length).enumerate().filter(|(_, piece)| pieces.contains(piece)) {
            match found.last_mut() {
                Some(last) if start <= last.end => last.end = start + length,
                _ => found.push(start..start + length),
            }
        }
        found.extend(beginning_at_end(text, token));
        found
    });
}

/// Where the text ends with the beginning of the token.
fn beginning_at_end(text: &[u8], token: &[u8]) -> Option<Range<usize>> {
    let is_at_end = |length: &usize| token.get(..*length).is_some_and(|beginning| text.ends_with(beginning));
    let length = (BEGINNING..=token.len().min(text.len())).rev().find(is_at_end)?;
    Some(text.len() - length..text.len())
}

/// Whether a closer look is worth its cost: nearly all texts of real answers are as short as "ok", or Chinese. Every
/// form of a real token is a run of visible ASCII characters.
fn may_hold(text: &[u8], token: &[u8]) -> bool {
    if text.len() < BEGINNING {
        return false;
    }
    let mut runs = text.rsplit(|byte| !byte.is_ascii_graphic());
    let end = runs.next().unwrap_or_default();
    end.len() >= PIECE.min(token.len())
        || runs.any(|run| run.len() >= PIECE.min(token.len()))
        || end.len() >= BEGINNING && end.iter().any(|byte| is_escape(*byte))
        || beginning_at_end(end, token).is_some()
        || !token.iter().all(u8::is_ascii_graphic)
}
