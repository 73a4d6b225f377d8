//! The secrets, and the search for them in text.

use std::collections::BTreeSet;

use wxaudit::token::Token;

pub(crate) const TOKEN: &str =
    r#"92_zQx7Jb15+b0fK1f2/0b1QLk7c3e=2fcWmR9e78%b47TqYd41&487s"a3fUbb2\z7a8<XpV3v5GdPq-8_~.Nn0"#;
pub(crate) const FRESH_TOKEN: &str = "93_HhT4mw8cVbPzR2yLk6sXqN0dJ5fGaU1eWoIi7tYrBxCvMl3nQpZ9-_SgDjEuAhKy";
pub(crate) const PASSWORD: &str = "p4ss~Wq8Zt1Xv5Lm2Kc9Rb7Nd3Fg6Hj0Ys!$";

const FRAGMENT: usize = 16;

/// A piece of a secret in `text`: 16 characters or more, in any form in which Rust and HTTP write text.
pub(crate) fn found(text: &str) -> Option<String> {
    [TOKEN, FRESH_TOKEN, PASSWORD].into_iter().flat_map(forms).find_map(|form| {
        let characters: Vec<char> = form.chars().collect();
        let pieces = characters.windows(FRAGMENT).map(|piece| piece.iter().collect::<String>());
        pieces.into_iter().find(|piece| text.contains(piece))
    })
}

fn forms(secret: &str) -> BTreeSet<String> {
    let percent = |unescaped: &str, digits: fn(u8) -> String| {
        secret.bytes().fold(String::new(), |mut text, byte| {
            if byte.is_ascii_alphanumeric() || unescaped.contains(char::from(byte)) {
                text.push(char::from(byte));
            } else {
                text.push_str(&digits(byte));
            }
            text
        })
    };
    let mut forms = BTreeSet::from([
        secret.to_owned(),
        secret.escape_debug().to_string(),
        secret.replace('/', "\\/").replace('"', "\\\""),
        percent("-._~", |byte| format!("%{byte:02X}")),
        percent("-._~", |byte| format!("%{byte:02x}")),
        percent("-._~/", |byte| format!("%{byte:02X}")),
        percent("", |byte| format!("\\u{byte:04x}")),
        format!("{:?}", secret.as_bytes()),
    ]);
    // Credentials are base64 of user and password. The form depends on the offset of the secret modulo 3.
    forms.extend((0..3).map(|offset| base64(&secret.as_bytes()[offset..])));
    forms
}

fn base64(bytes: &[u8]) -> String {
    const ALPHABET: &[u8] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    bytes
        .chunks_exact(3)
        .flat_map(|chunk| {
            let bits = u32::from(chunk[0]) << 16 | u32::from(chunk[1]) << 8 | u32::from(chunk[2]);
            [18, 12, 6, 0].map(|shift| char::from(ALPHABET[(bits >> shift & 63) as usize]))
        })
        .collect()
}

#[test]
fn the_search_finds_a_secret_in_each_form_and_each_piece_of_it() {
    for secret in [TOKEN, FRESH_TOKEN, PASSWORD] {
        let url = format!("https://h/p?access_token={}", Token::new(secret).unwrap().percent_encoded());
        let request = format!("POST /p?access_token={secret} HTTP/1.1").into_bytes();
        let credentials = (0..3).map(|count| base64(format!("{}{secret}", "-".repeat(count)).as_bytes()));
        let texts = [secret.to_owned(), url, format!("{:?}", Some(secret)), format!("{request:?}")];
        for text in texts.into_iter().chain(credentials) {
            assert!(found(&text).is_some(), "{text}");
        }
        for piece in secret.chars().collect::<Vec<_>>().windows(FRAGMENT) {
            assert!(found(&piece.iter().collect::<String>()).is_some());
        }
        assert!(found(&secret[..FRAGMENT - 1]).is_none());
    }
}
