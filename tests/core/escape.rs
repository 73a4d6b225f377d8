//! Text from outside, made safe to print.

use std::borrow::Cow;

use wxaudit::error::Error;
use wxaudit::escape::escape_controls;

#[test]
fn invisible_characters_are_escaped() {
    for (text, shown) in [
        ("\u{1b}[31m", r"\x1b[31m"),
        ("a\r\nb\tc", r"a\r\nb\tc"),
        ("\0\u{7f}\u{85}\u{9b}\u{ad}", r"\x00\x7f\x85\x9b\xad"),
        (
            "\u{202e}\u{2066}\u{200e}\u{61c}\u{feff}\u{2028}\u{200b}",
            r"\u202e\u2066\u200e\u061c\ufeff\u2028\u200b",
        ),
        ("\u{e000}\u{ffff}\u{e0001}\u{10ffff}", r"\ue000\uffff\U000e0001\U0010ffff"),
        ("审核\u{202e}拒绝", r"审核\u202e拒绝"),
    ] {
        assert_eq!(escape_controls(text), shown);
        assert_eq!(escape_controls(shown), shown, "a second time changes nothing");
    }
}

#[test]
fn printable_and_harmless_characters_are_kept() {
    for text in [
        "",
        "审核 ok，100%",
        r#"back\slash 'quotes' "too""#,
        "non-breaking\u{a0}space, ideographic\u{3000}space",
        "👩\u{200d}💻",
        // A combining mark, and variation selectors.
        "e\u{301} \u{301} ❤\u{fe0f} 葛\u{e0100}",
    ] {
        assert!(matches!(escape_controls(text), Cow::Borrowed(shown) if shown == text), "{text:?}");
    }
}

#[test]
fn the_text_of_an_error_of_wechat_is_escaped() {
    let errmsg = "say \"no\"\u{1b}\nforged".to_owned();
    let error = Error::Api { errcode: 40013, errmsg, rid: None, retry_at: None };
    assert_eq!(error.to_string(), r#"40013 say "no"\x1b\nforged"#);
}
