//! Images and errors of WeChat are distinguished by their bytes alone.

#![expect(clippy::unwrap_used, clippy::panic, reason = "helpers of tests may panic as tests may")]

use wxaudit::error::Error;
use wxaudit::token::{Token, Tokens};
use wxaudit::wechat::image::{Picture, picture};
use wxaudit::wechat::request::MediaId;

const TOKEN: &str = "86_raw+server/token=of%a&test?0123456789";
const PNG: &[u8] = b"\x89PNG\r\n\x1a\n";

fn read(body: impl AsRef<[u8]>) -> Result<Picture, Error> {
    let tokens = Tokens::new(Token::new(TOKEN).unwrap());
    picture(&MediaId::parse("media-1").unwrap(), body.as_ref().to_vec(), &tokens)
}

fn problem(body: impl AsRef<[u8]>) -> (String, String, bool) {
    match read(&body) {
        Err(Error::Decode { problem, excerpt, empty }) => (problem, excerpt, empty),
        other => panic!("{other:?}"),
    }
}

#[test]
fn an_image_is_recognized_by_its_first_bytes_and_kept_whole() {
    let rows: [(&[u8], &str); 7] = [
        (b"\xff\xd8\xff\xe0\x00\x10JFIF", "image/jpeg"),
        (b"\xff\xd8\xff\xe1", "image/jpeg"),
        (PNG, "image/png"),
        (b"GIF87a", "image/gif"),
        (b"GIF89a\x01\x00", "image/gif"),
        (b"RIFF\x24\x00\x00\x00WEBPVP8 ", "image/webp"),
        (b"BM\x46\x00\x00\x00\x00\x00\x00\x00\x36", "image/bmp"),
    ];
    for (start, media_type) in rows {
        for rest in [b"".as_slice(), b"{\"errcode\":40007}", &[0; 5000]] {
            let body = [start, rest].concat();
            let found = read(&body).unwrap();
            assert_eq!((found.media_type, found.content), (media_type, body));
            assert_eq!(found.media_id.to_string(), "media-1");
        }
    }
}

#[test]
fn a_truncated_signature_is_not_an_image() {
    let pictures: [&[u8]; 5] =
        [b"\xff\xd8\xff", PNG, b"GIF89a", b"RIFF\x24\x00\x00\x00WEBP", b"BM\x46\x00\x00\x00\x00\x00\x00\x00"];
    for start in pictures {
        assert!(read(start).is_ok());
        for length in 1..start.len() {
            let (what, _, empty) = problem(&start[..length]);
            assert!(what.contains("neither a picture nor an error"), "{start:?}: {what}");
            assert!(!empty);
        }
    }
}

#[test]
fn a_similar_start_is_not_an_image() {
    let bodies: [&[u8]; 8] = [
        b"RIFF\x24\x00\x00\x00WAVEfmt ",
        b"GIF88a..",
        b"\xff\xd8\xfe\xe0",
        b"BM is how this text begins",
        b" \x89PNG\r\n\x1a\n",
        b"\xef\xbb\xbf\x89PNG\r\n\x1a\n",
        b"<svg xmlns='http://www.w3.org/2000/svg'><script>alert(1)</script></svg>",
        b"%PDF-1.4",
    ];
    for body in bodies {
        assert!(problem(body).0.contains("neither a picture nor an error"), "{body:?}");
    }
}

#[test]
fn an_error_of_wechat_is_recognized_at_any_length() {
    let long = "x".repeat(5000);
    for errmsg in ["invalid media_id", &long] {
        let body = format!(r#"{{"errcode":40007,"errmsg":"{errmsg} rid: 637accc2-7d67c301-4ae3af4b"}}"#);
        match read(&body) {
            Err(Error::Api { errcode: 40007, errmsg: said, rid: Some(rid), retry_at: None }) => {
                assert_eq!((said.len(), rid.as_str()), (errmsg.len() + 32, "637accc2-7d67c301-4ae3af4b"));
            }
            other => panic!("{other:?}"),
        }
    }
}

#[test]
fn material_other_than_an_image_is_rejected() {
    for body in [r#"{"errcode":0,"errmsg":"ok"}"#, r#"{"errmsg":"ok","news_item":[]}"#] {
        assert_eq!(problem(body).0, "the material is not a picture");
    }
    for body in [r#"{"title":"video","down_url":"http://…"}"#, "{}", "[]", "null", "<html>Sign in</html>"] {
        assert_eq!(problem(body).0, "the answer is neither a picture nor an error of WeChat", "{body}");
    }
}

#[test]
fn only_an_empty_answer_is_marked_as_empty() {
    for body in ["", " \r\n\t", "\u{feff}"] {
        assert!(problem(body).2, "{body:?}");
    }
    assert!(!problem("<html>").2);
}

#[test]
fn the_excerpt_is_short_and_shows_no_token() {
    for body in [
        format!("<html>no: {TOKEN} {}", "x".repeat(30_000)),
        format!(r#"{{"errcode":null,"errmsg":"access_token=somebody-elses-token {TOKEN}"}}"#),
        format!(r#"{{"errcode":0,"errmsg":"{TOKEN}"}}"#),
    ] {
        let (_, excerpt, _) = problem(&body);
        assert!(excerpt.contains("***") && excerpt.chars().count() <= 200, "{excerpt}");
        assert!(!excerpt.contains("86_raw") && !excerpt.contains("somebody"), "{excerpt}");
    }
}
