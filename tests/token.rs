//! The token: what is one, and that nothing shows it.

use std::hash::RandomState;

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
fn a_fingerprint_tells_tokens_apart_and_depends_on_its_key() {
    let key = RandomState::new();
    let (one, same, other) = (Token::new(TOKEN), Token::new(TOKEN), Token::new("another-token"));
    let of = |token: &Result<Token, _>, key: &RandomState| token.as_ref().unwrap().fingerprint(key);
    assert_eq!(of(&one, &key), of(&same, &key));
    assert_ne!(of(&one, &key), of(&other, &key));
    assert_ne!(of(&one, &key), of(&one, &RandomState::new()));
}

#[test]
fn the_token_is_masked_wherever_it_stands() {
    let encoded = Token::new(TOKEN).unwrap().percent_encoded();
    for form in [
        TOKEN,
        &encoded,
        &encoded.to_lowercase(),
        &TOKEN.replace('/', "\\/"),
        &TOKEN.replace('/', "\\u002f").replace('&', "\\u0026"),
        &TOKEN.replace('&', "&amp;").replace('+', "&#43;").replace('=', "&#x3D;"),
        &TOKEN.replace('/', "%2F").replace('+', "%2b"),
    ] {
        assert_eq!(masked(TOKEN, form), "***", "{form}");
        let text = format!("帐号 {form}{form} and %{form}\\{form}&{form}");
        assert_eq!(masked(TOKEN, &text), "帐号 ****** and %***\\***&***", "{form}");
    }
}

#[test]
fn a_beginning_that_tells_is_masked_too() {
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
fn short_texts_are_no_tokens_to_mask() {
    assert_eq!(masked("ok", "ok, the token is ok"), "ok, the token is ok");
    assert_eq!(masked("1234567", "1234567"), "1234567");
    assert_eq!(masked("12345678", "12345678"), "***");
}

#[test]
fn any_mixture_of_forms_is_masked() {
    let mut random = fastrand::Rng::with_seed(1);
    for _ in 0..2000 {
        let token: String = (0..random.usize(8..60))
            .map(|_| random.choice("aA0_-.~%+/=&?\\\"'<>; 帐é😀".chars()).unwrap())
            .collect();
        if Token::new(&token).is_err() {
            continue;
        }
        let form: String = token.chars().map(|character| any_form(&mut random, character)).collect();
        let text = masked(&token, &format!("<{form}> [{form}]"));
        assert_eq!(text, "<***> [***]", "{token} as {form}");
    }
}

fn any_form(random: &mut fastrand::Rng, character: char) -> String {
    let mut bytes = [0; 4];
    let percent = |bytes: &[u8]| bytes.iter().map(|byte| format!("%{byte:02X}")).collect::<String>();
    match random.u32(0..6) {
        0 => percent(character.encode_utf8(&mut bytes).as_bytes()),
        1 => percent(character.encode_utf8(&mut bytes).as_bytes()).to_lowercase(),
        2 => character.encode_utf16(&mut [0; 2]).iter().map(|unit| format!("\\u{unit:04x}")).collect(),
        3 => format!("&#{};", u32::from(character)),
        _ => character.to_string(),
    }
}
