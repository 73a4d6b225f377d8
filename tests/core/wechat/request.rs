//! Requests: audit ids, base URLs, and the URL and body that are sent.

use wxaudit::error::Error;
use wxaudit::token::Token;
use wxaudit::wechat::operation::Operation;
use wxaudit::wechat::request::{AuditId, BaseUrl, MediaId, RequestId, is_request_id};

fn is_argument<T>(result: &Result<T, Error>, expected: &str) -> bool {
    matches!(result, Err(Error::Argument { field, .. }) if *field == expected)
}

#[test]
fn an_audit_id_is_a_positive_number_of_63_bits() {
    for number in [1, 5, (1 << 53) + 1, i128::from(i64::MAX)] {
        assert_eq!(i128::from(AuditId::new(number).unwrap().get()), number);
    }
    for number in [0, -1, i128::from(i64::MIN), i128::from(i64::MAX) + 1, 1 << 64, i128::MAX, i128::MIN] {
        assert!(is_argument(&AuditId::new(number), "auditid"), "{number}");
    }
}

#[test]
fn the_text_of_an_audit_id_is_decimal_digits() {
    for (text, number) in [
        ("1", 1),
        ("00123", 123),
        ("9007199254740993", 9_007_199_254_740_993),
        ("9223372036854775807", i64::MAX),
    ] {
        assert_eq!(AuditId::parse(text).unwrap().get(), number);
    }
    let bad = [
        "",
        "0",
        "000",
        "-1",
        "+1",
        " 1",
        "1 ",
        "1\n",
        "1.0",
        "1e3",
        "0x10",
        "1_000",
        "latest",
        "١٢٣",
        "１２３",
        "²",
        "9223372036854775808",
        "18446744073709551617",
        "99999999999999999999999999999999999999999999",
    ];
    for text in bad {
        assert!(is_argument(&AuditId::parse(text), "auditid"), "{text:?}");
    }
}

#[test]
fn base_urls_are_https_or_loopback() {
    let good = [
        ("https://api.weixin.qq.com", "https://api.weixin.qq.com", false),
        ("https://api.weixin.qq.com/", "https://api.weixin.qq.com", false),
        ("HTTPS://API.WEIXIN.QQ.COM", "https://api.weixin.qq.com", false),
        ("https://api2.weixin.qq.com:8443/gateway/", "https://api2.weixin.qq.com:8443/gateway", false),
        ("https://api.weixin.qq.com:443", "https://api.weixin.qq.com", false),
        ("https://[2001:db8::1]", "https://[2001:db8::1]", false),
        ("https://localhost", "https://localhost", true),
        ("http://localhost:8080", "http://localhost:8080", true),
        ("http://127.0.0.1", "http://127.0.0.1", true),
        ("http://127.9.9.9:1", "http://127.9.9.9:1", true),
        ("http://[::1]:8080", "http://[::1]:8080", true),
    ];
    for (text, shown, loopback) in good {
        let base = BaseUrl::parse(text).unwrap_or_else(|error| panic!("{text}: {error}"));
        assert_eq!((base.to_string().as_str(), base.is_loopback()), (shown, loopback), "{text}");
        assert_eq!(base.is_https(), shown.starts_with("https:"), "{text}");
    }
}

#[test]
fn every_other_base_url_is_rejected_without_showing_a_password() {
    let bad = [
        "",
        "api.weixin.qq.com",
        "//api.weixin.qq.com",
        "https:/api.weixin.qq.com",
        "https://",
        "https:///path",
        "ftp://api.weixin.qq.com",
        "file:///etc/passwd",
        "http://api.weixin.qq.com",
        "http://192.168.0.1",
        "http://0.0.0.0",
        "http://localhost.example.com",
        "http://127.0.0.1.example.com",
        "http://x.localhost",
        "http://[::ffff:127.0.0.1]",
        "http://[::2]",
        "https://user@api.weixin.qq.com",
        "https://user:a-password@api.weixin.qq.com",
        "https://:a-password@api.weixin.qq.com",
        "https://@api.weixin.qq.com",
        "https://api.weixin.qq.com@example.com",
        "https://api.weixin.qq.com?",
        "https://api.weixin.qq.com?access_token=a-password",
        "https://api.weixin.qq.com#",
        "https://api.weixin.qq.com/#a-password",
        "https://api.weixin\n.qq.com",
        "https://api.weixin.qq.com\n",
        "https://api.weixin\t.qq.com",
        " https://api.weixin.qq.com",
        "https://api.weixin.qq.com/a b",
        "https://api.weixin.qq.com\\@example.com",
        "https:\\\\api.weixin.qq.com",
        "https://api.weixin.qq.com\0",
        "https://api.weixin.qq.com\u{7f}",
        "https://api.weixin.qq.ｃom",
        "https://арi.weixin.qq.com",
        "https://api。weixin.qq.com",
        "http://0x7f.1",
        "http://0x7f000001",
        "http://2130706433",
        "http://0177.0.0.1",
        "http://127.1",
        "http://127.0.0.1.",
        "https://api.weixin.qq.com%2eexample.com",
        "http://%6cocalhost",
        "https://api.weixin.qq.com:99999",
        "https://api.weixin.qq.com:abc",
        "http://[::1",
        "http://[0:0:0:0:0:0:0:1]",
    ];
    for text in bad {
        let error = BaseUrl::parse(text).map(|base| panic!("{text:?}: {base}")).unwrap_err();
        assert!(matches!(&error, Error::Argument { field: "base_url", .. }), "{text:?}: {error}");
        assert!(!error.to_string().contains("a-password"), "{text:?}: {error}");
    }
}

#[test]
fn the_body_is_the_audit_id_only() {
    let request = Operation::AuditStatus(AuditId::new((1 << 53) + 1).unwrap()).request();
    assert_eq!(request.method, "POST");
    assert_eq!(request.body, r#"{"auditid":9007199254740993}"#);
}

#[test]
fn the_token_is_percent_encoded_in_the_query() {
    let request = Operation::AuditStatus(AuditId::new(1).unwrap()).request();
    let rows = [
        ("86_A-z.0~9", "86_A-z.0~9"),
        ("+/=&?#%", "%2B%2F%3D%26%3F%23%25"),
        ("a b", "a%20b"),
        ("\"'<>\\^`{|}[]@:;,!$()*", "%22%27%3C%3E%5C%5E%60%7B%7C%7D%5B%5D%40%3A%3B%2C%21%24%28%29%2A"),
        ("帐号", "%E5%B8%90%E5%8F%B7"),
        ("a%2Bb", "a%252Bb"),
    ];
    for (token, encoded) in rows {
        let token = Token::new(token).unwrap();
        assert_eq!(token.percent_encoded(), encoded);
        for (base, prefix) in [
            ("https://api.weixin.qq.com", "https://api.weixin.qq.com"),
            ("https://api.weixin.qq.com/", "https://api.weixin.qq.com"),
            ("http://127.0.0.1:80/gateway/", "http://127.0.0.1/gateway"),
            ("https://[2001:db8::1]:8443/a%20b/c", "https://[2001:db8::1]:8443/a%20b/c"),
        ] {
            let uri = request.uri(&BaseUrl::parse(base).unwrap(), &token).unwrap();
            assert_eq!(uri.to_string(), format!("{prefix}/wxa/get_auditstatus?access_token={encoded}"));
        }
    }
}

#[test]
fn a_media_id_is_letters_digits_hyphens_and_underscores() {
    let longest = "aZ09-_".repeat(42);
    for text in ["a", "-", "_", &longest] {
        assert_eq!(MediaId::parse(text).unwrap().to_string(), text);
    }
    let too_long = "a".repeat(257);
    let bad = [
        "",
        &too_long,
        "a b",
        "a\n",
        "a|b",
        "../../etc/passwd",
        "a/b",
        "a.b",
        "a\\b",
        "a\"",
        "a\",\"x\":\"",
        "a\0",
        "a\u{e9}",
        "ａ",
        "帐",
    ];
    for text in bad {
        assert!(is_argument(&MediaId::parse(text), "media_id"), "{text:?}");
    }
}

#[test]
fn a_request_id_is_three_blocks_of_eight_hexadecimal_digits() {
    for text in ["637accc2-7d67c301-4ae3af4b", "00000000-ffffffff-ABCDEF09"] {
        assert_eq!(RequestId::parse(text).unwrap().to_string(), text);
    }
    let bad = [
        "",
        "--",
        "637accc2",
        "637accc2-7d67c301",
        "637accc2-7d67c301-4ae3af4",
        "637accc2-7d67c301-4ae3af4bb",
        "637accc2-7d67c301-4ae3af4g",
        "637accc2-7d67c301-4ae3af4b-",
        "637accc2-7d67c301-4ae3af4b-12345678",
        "637accc2_7d67c301_4ae3af4b",
        " 637accc2-7d67c301-4ae3af4b",
        "637accc2-7d67c301-4ae3af4b\n",
        "637accc2-7d67c301-4ae3af\"\"",
        "６37accc2-7d67c301-4ae3a",
    ];
    for text in bad {
        assert!(!is_request_id(text), "{text:?}");
        assert!(is_argument(&RequestId::parse(text), "rid"), "{text:?}");
    }
}

#[test]
fn each_operation_is_one_request() {
    let rid = RequestId::parse("637accc2-7d67c301-4ae3af4b").unwrap();
    let rows = [
        (
            Operation::AuditStatus(AuditId::new(5).unwrap()),
            ("POST", "/wxa/get_auditstatus", r#"{"auditid":5}"#),
        ),
        (Operation::LatestAuditStatus, ("GET", "/wxa/get_latest_auditstatus", "")),
        (
            Operation::Screenshot(MediaId::parse("a-_9").unwrap()),
            ("POST", "/cgi-bin/material/get_material", r#"{"media_id":"a-_9"}"#),
        ),
        (
            Operation::Explain(rid),
            ("POST", "/cgi-bin/openapi/rid/get", r#"{"rid":"637accc2-7d67c301-4ae3af4b"}"#),
        ),
        (Operation::Quota, ("POST", "/cgi-bin/openapi/quota/get", r#"{"cgi_path":"/wxa/get_auditstatus"}"#)),
    ];
    let base = BaseUrl::parse("https://api.weixin.qq.com").unwrap();
    for (operation, expected) in rows {
        let request = operation.request();
        let body = std::str::from_utf8(&request.body).unwrap();
        assert_eq!((request.method.as_str(), request.path, body), expected);
        let pictures = matches!(operation, Operation::Screenshot(_));
        assert_eq!(request.max_answer_size, if pictures { 20 << 20 } else { 256 << 10 });
        let uri = request.uri(&base, &Token::new("a-token").unwrap()).unwrap();
        assert_eq!(
            uri.to_string(),
            format!("https://api.weixin.qq.com{}?access_token=a-token", request.path)
        );
        let of_an_audit = matches!(operation, Operation::AuditStatus(_));
        assert_eq!(operation.auditid().is_some(), of_an_audit);
    }
}
