//! Decode permanent material, such as the screenshots of a rejection: an image, or an error in JSON.

use crate::error::Error;
use crate::token::Tokens;
use crate::wechat::decode;
use crate::wechat::request::MediaId;

/// A downloaded image.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Picture {
    /// Its id.
    pub media_id: MediaId,
    /// Its bytes, unchanged.
    pub content: Vec<u8>,
    /// Its media type by the first bytes, such as `image/png`.
    pub media_type: &'static str,
}

/// Decodes the answer of `get_material`. Neither Content-Type nor length distinguishes an image from an error.
///
/// # Errors
/// [`Error::Api`] for an error of WeChat, [`Error::Decode`] for anything else that is not an image.
pub fn picture(media_id: &MediaId, body: Vec<u8>, tokens: &Tokens) -> Result<Picture, Error> {
    if let Some(media_type) = media_type(&body) {
        return Ok(Picture { media_id: media_id.clone(), content: body, media_type });
    }
    Err(match decode::object(&body, tokens) {
        Ok(_) => decode::refused("the material is not a picture", &body, tokens),
        Err(Error::Decode { empty: false, .. }) => {
            decode::refused("the answer is neither a picture nor an error of WeChat", &body, tokens)
        }
        Err(error) => error,
    })
}

/// Recognizes the formats that WeChat accepts, and WebP.
fn media_type(body: &[u8]) -> Option<&'static str> {
    match body {
        [0xff, 0xd8, 0xff, ..] => Some("image/jpeg"),
        [0x89, b'P', b'N', b'G', b'\r', b'\n', 0x1a, b'\n', ..] => Some("image/png"),
        [b'G', b'I', b'F', b'8', b'7' | b'9', b'a', ..] => Some("image/gif"),
        [b'R', b'I', b'F', b'F', _, _, _, _, b'W', b'E', b'B', b'P', ..] => Some("image/webp"),
        // A text may begin with these letters too, so check the four zeros after the size.
        [b'B', b'M', _, _, _, _, 0, 0, 0, 0, ..] => Some("image/bmp"),
        _ => None,
    }
}
