//! The token: which texts are valid, and that nothing shows it.

#![expect(clippy::unwrap_used, reason = "helpers of tests may panic as tests may")]

use std::hash::RandomState;
use std::time::{Duration, Instant};

use percent_encoding::{NON_ALPHANUMERIC, utf8_percent_encode};
use wxaudit::token::{MASK, Token};

const TOKEN: &str = "86_raw+server/token=of%a&test?0123456789-_~.abcdefghijklmnopqrstuvwxyz";

fn masked(token: &str, text: &str) -> String {
    let mut text = text.to_owned();
    Token::new(token).unwrap().mask(&mut text);
    text
}

#[test]
fn a_token_is_any_printable_text_of_sensible_length() {
    for text in ["x", TOKEN, "a b", "帐号", &"a".repeat(2048)] {
        assert!(Token::new(text).is_ok(), "{text}");
    }
    let bad = [
        "",
        " ",
        "\n",
        "a\n",
        " a",
        "a ",
        "\u{a0}a",
        "a\r\nb",
        "a\0b",
        "a\u{1b}b",
        "a\u{85}b",
        &"a".repeat(2049),
    ];
    for text in bad {
        let problem = Token::new(text).unwrap_err();
        assert!(problem.starts_with("the access token "), "{text:?}");
        assert!(text.len() < 3 || !problem.contains(text), "{text:?}");
    }
}

#[test]
fn debug_and_display_show_a_mask() {
    let token = Token::new(TOKEN).unwrap();
    assert_eq!(format!("{token:?}"), "Token(***)");
    assert_eq!(format!("{token:#?} {:?}", Some(&token)), "Token(***) Some(Token(***))");
    assert_eq!(format!("{token} {token:>9}").trim(), format!("{MASK} {MASK}"));
}

#[test]
fn a_fingerprint_identifies_a_token_and_depends_on_its_key() {
    let key = RandomState::new();
    let (one, same, other) = (Token::new(TOKEN), Token::new(TOKEN), Token::new("another-token"));
    let of = |token: &Result<Token, _>, key: &RandomState| token.as_ref().unwrap().fingerprint(key);
    assert_eq!(of(&one, &key), of(&same, &key));
    assert_ne!(of(&one, &key), of(&other, &key));
    assert_ne!(of(&one, &key), of(&one, &RandomState::new()));
}

#[test]
fn the_token_is_masked_in_every_form() {
    let encoded = Token::new(TOKEN).unwrap().percent_encoded().into_owned();
    let forms = [
        TOKEN,
        &encoded,
        &encoded.to_lowercase(),
        &TOKEN.replace('/', "\\/"),
        &TOKEN.replace('/', "\\u002f").replace('&', "\\u0026"),
        &TOKEN.replace('&', "&amp;").replace('+', "&#43;").replace('=', "&#x3D;"),
        &TOKEN.replace('/', "%2F").replace('+', "%2b"),
    ];
    assert_eq!(masked(TOKEN, &forms.join(" ")), ["***"; 7].join(" "));
    for form in forms {
        assert_eq!(masked(TOKEN, form), "***", "{form}");
        assert_eq!(masked(TOKEN, &format!("帐号 {form}，{form} [{form}]")), "帐号 ***，*** [***]", "{form}");
        assert_eq!(masked(TOKEN, &form.repeat(3)), "***", "{form}");
    }
}

#[test]
fn a_long_prefix_is_masked_too() {
    let rows = [
        (format!("token={}", &TOKEN[..8]), "token=***"),
        (format!("token={}", &TOKEN[..30]), "token=***"),
        (format!("token={}…", &TOKEN[..16]), "token=***…"),
        (format!("token={}… of {TOKEN}", &TOKEN[..20]), "token=***… of ***"),
    ];
    for (text, expected) in rows {
        assert_eq!(masked(TOKEN, &text), expected);
    }
}

#[test]
fn words_that_are_not_the_token_stay() {
    let rows = [
        "86_raw",
        "86_raw and 86_raw+",
        "",
        "%",
        "\\",
        "&",
        "%8",
        "100% \\u5e10 &amp; &#; &#x; &#x110000; &; 86",
        "帐号信息不合规范",
        "invalid credential, access_token is invalid or not latest rid: 637accc2-7d67c301-4ae3af4b",
    ];
    for text in rows {
        assert_eq!(masked(TOKEN, text), text);
    }
}

#[test]
fn short_tokens_are_not_masked() {
    assert_eq!(masked("ok", "ok, the token is ok"), "ok, the token is ok");
    assert_eq!(masked("1234567", "1234567"), "1234567");
    assert_eq!(masked("12345678", "12345678"), "***");
}

#[test]
fn any_token_is_masked_in_every_escaped_form() {
    // Without characters that start an escape: a text with those is ambiguous.
    let alphabets =
        ["aA0_-.~+/=?\"'<>; ", "aA0_-.~+/=?\"'<>; 帐é😀"].map(|text| text.chars().collect::<Vec<_>>());
    let mut random = fastrand::Rng::with_seed(1);
    for round in 0..4000 {
        let alphabet = &alphabets[round % 2];
        let token: String = (0..random.usize(8..60)).map(|_| *random.choice(alphabet).unwrap()).collect();
        if Token::new(&token).is_err() {
            continue;
        }
        for form in forms(&token) {
            let text = masked(&token, &format!("<{form}>|[{form}]"));
            assert_eq!(text, "<***>|[***]", "{token} as {form}");
        }
        let beginning: String = token.chars().take(random.usize(8..=token.chars().count())).collect();
        for form in forms(&beginning) {
            assert_eq!(masked(&token, &format!("帐|{form}")), "帐|***", "{beginning} of {token} as {form}");
        }
    }
}

fn forms(text: &str) -> Vec<String> {
    let encoded = utf8_percent_encode(text, NON_ALPHANUMERIC).to_string();
    let mut forms = vec![
        text.to_owned(),
        encoded.replace('%', "%25"),
        in_json(text),
        in_json(&in_json(text)),
        in_html(text),
    ];
    // Lower-casing the encoding must not lower-case the text itself.
    if !text.contains('A') {
        forms.push(encoded.to_lowercase());
    }
    forms.push(encoded);
    forms
}

fn in_json(text: &str) -> String {
    let quoted = serde_json::to_string(text).unwrap().replace('/', "\\/");
    quoted[1..quoted.len() - 1].to_owned()
}

fn in_html(text: &str) -> String {
    text.replace('<', "&lt;").replace('>', "&#62;").replace('"', "&quot;").replace('\'', "&#x27;")
}

#[test]
fn hostile_texts_are_masked_in_little_time() {
    let token: String = "86_".to_owned() + &"aZ0-_9yB".repeat(64);
    let texts = [
        ("no part of it", "帐".repeat(87_000)),
        ("its characters", "aZ0-_9yA".repeat(32_000)),
        ("almost pieces of it", token[..15].repeat(17_000)),
        ("percent signs", "%".repeat(256_000)),
        ("escapes", "\\u0061".repeat(43_000)),
        ("the token again and again", token.repeat(500)),
    ];
    for (name, text) in texts {
        // The fastest of many runs: the machine may be busy.
        let in_time = (0..20).any(|_| {
            let begun = Instant::now();
            assert!(masked(&token, &text).len() <= text.len());
            begun.elapsed() < Duration::from_millis(50)
        });
        assert!(in_time, "{name}");
    }
}
