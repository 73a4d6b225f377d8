//! Secrets that nobody here knows, found by their names in what WeChat tells of a request.

use std::time::{Duration, Instant};

use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};
use wxaudit::json;
use wxaudit::token::{is_secret, mask_tokens};

fn masked(text: &str) -> String {
    let mut text = text.to_owned();
    mask_tokens(&mut text);
    text
}

#[test]
fn every_notation_is_masked() {
    let rows = [
        ("access_token=86_aB-9", "access_token=***"),
        ("access_token=86_aB-9&next=1", "access_token=***&next=1"),
        ("a=1&access_token=86%26%22x%2F+y#end", "a=1&access_token=***#end"),
        ("https://api.weixin.qq.com/x?ACCESS_TOKEN=AB", "https://api.weixin.qq.com/x?ACCESS_TOKEN=***"),
        (r#"{"access_token":"A/B","expires_in":7200}"#, r#"{"access_token":"***","expires_in":7200}"#),
        (r#"{"access_token" : "A B,c;d{e}"}"#, r#"{"access_token" : "***"}"#),
        ("{\"access_token\":\n\t\"A\"}", "{\"access_token\":\n\t\"***\"}"),
        (r#"{"access_token":"86_ab\/cd\u002fef","a":1}"#, r#"{"access_token":"***","a":1}"#),
        (r#"{\"access_token\":\"86_ab\\\/cd\",\"a\":1}"#, r#"{\"access_token\":\"***\",\"a\":1}"#),
        (r#"{\\\"access_token\\\":\\\"AB\\\"}"#, r#"{\\\"access_token\\\":\\\"***\\\"}"#),
        (r#"{\"access_token\":\n  \"AB\"}"#, r#"{\"access_token\":\n  \"***\"}"#),
        ("%7B%22access_token%22%3A%22A%2FB%22%7D", "%7B%22access_token%22%3A%22***%22%7D"),
        ("%7B%22access_token%22%3A+%22AB%22%7D", "%7B%22access_token%22%3A+%22***%22%7D"),
        ("%7b%5c%22access_token%5c%22%3a%5c%22AB%5c%22", "%7b%5c%22access_token%5c%22%3a%5c%22***%5c%22"),
        ("url%3Daccess_token%3DAB%26next%3D1", "url%3Daccess_token%3D***%26next%3D1"),
        ("access_token%253DAB%2526next", "access_token%253D***%2526next"),
        ("&quot;access_token&quot;:&quot;AB&quot;", "&quot;access_token&quot;:&quot;***&quot;"),
        ("{'access_token': 'AB', 'a': 1}", "{'access_token': '***', 'a': 1}"),
        ("access_token: AB, next", "access_token: ***, next"),
        (r#"{"token":["AB","CD"],"a":1}"#, r#"{"token":[***],"a":1}"#),
        (r#"{"access_token":"cut off her"#, r#"{"access_token":"***"#),
        (r#"{"password":"a\"b"}"#, r#"{"password":"***"}"#),
        ("access_token=AB\" and text", "access_token=***\" and text"),
        (r"url=x?access_token=86_a\/b&c=d", "url=x?access_token=***&c=d"),
        (r"url=x?access_token=86\u0026c=d\n", r"url=x?access_token=***\u0026c=d\n"),
    ];
    for (text, expected) in rows {
        assert_eq!(masked(text), expected, "{text}");
        assert_eq!(masked(expected), expected, "masking again changes nothing");
    }
}

/// Encodes all but alphanumerics and the mask.
const ENCODED: &AsciiSet = &NON_ALPHANUMERIC.remove(b'*');

#[test]
fn a_text_is_masked_the_same_way_however_it_is_escaped() {
    let escapes: [fn(&str) -> String; 4] = [
        |text| utf8_percent_encode(text, ENCODED).to_string(),
        |text| utf8_percent_encode(text, ENCODED).to_string().to_lowercase(),
        |text| text.replace('\\', r"\\").replace('"', r#"\""#).replace('/', r"\/"),
        |text| text.replace('&', "&amp;").replace('"', "&quot;").replace('\'', "&#x27;").replace('<', "&lt;"),
    ];
    let texts = [
        r#"{"access_token":"SECRET","expires_in":7200}"#,
        r#"{"n":[{"component_ticket" : 'SECRET'}]}"#,
        "https://api.weixin.qq.com/x?access_token=SECRET&a=1",
        "<xml>帐号<Ticket>SECRET</Ticket></xml>",
    ];
    let mut random = fastrand::Rng::with_seed(1);
    for _ in 0..5000 {
        let secret: String = (0..20).map(|_| char::from(random.choice(*b"aZ0_-.@/+").unwrap_or(0))).collect();
        let text = random.choice(texts).unwrap_or_default();
        let (mut text, mut expected) =
            (text.replace("SECRET", &format!("x{secret}")), text.replace("SECRET", "***"));
        for _ in 0..random.usize(0..=3) {
            let escape = random.choice(escapes).unwrap_or(escapes[0]);
            (text, expected) = (escape(&text), escape(&expected));
        }
        assert_eq!(masked(&text), expected, "{text}");
    }
}

#[test]
fn each_kind_of_secret_of_wechat_is_masked() {
    let names = [
        "access_token",
        "component_access_token",
        "authorizer_access_token",
        "authorizer_refresh_token",
        "component_verify_ticket",
        "ticket",
        "component_appsecret",
        "appsecret",
        "secret",
        "pre_auth_code",
        "authorization_code",
        "js_code",
        "session_key",
        "EncodingAESKey",
        "token",
    ];
    for name in names {
        assert!(is_secret(name), "{name}");
        assert_eq!(masked(&format!("{name}=AB&x=1")), format!("{name}=***&x=1"));
        assert_eq!(masked(&format!(r#"{{"{name}":"AB"}}"#)), format!(r#"{{"{name}":"***"}}"#));
    }
    let both = r#"{"authorizer_access_token":"AB","authorizer_refresh_token":"CD","expires_in":7200}"#;
    let expected = r#"{"authorizer_access_token":"***","authorizer_refresh_token":"***","expires_in":7200}"#;
    assert_eq!(masked(both), expected);
}

#[test]
fn nothing_else_is_changed() {
    for text in [
        "",
        "token",
        "token=",
        "access_token=&next=1",
        "invalid credential, access_token is invalid or not latest rid: 637accc2-7d67c301-4ae3af4b",
        "access_token missing",
        "access_token expired",
        r#"{"access_token":"","expires_in":7200}"#,
        r#"{"access_token":null,"expires_in":7200}"#,
        r#"{\"token\":\"\",\"a\":1}"#,
        r#"{"auditid":1234567}"#,
        r#"{"tokenizer":"x","secretary":"y","ticketing":"z"}"#,
        r#"{"tokens_left":5,"errcode":0,"errmsg":"ok"}"#,
        "审核 token 中文：内容",
        "50% of tokens \\ \" ' %",
        "cgi_path=/wxa/get_auditstatus&status=0",
    ] {
        assert_eq!(masked(text), text);
        assert!(!is_secret("errmsg") && !is_secret("tokenizer") && !is_secret("request_url"));
    }
    assert_eq!(masked("账号 access_token=秘密😀&状态=好"), "账号 access_token=***&状态=好");
}

#[test]
fn xml_and_lists_in_queries_are_masked_too() {
    for (text, shown) in [
        (
            "<xml><access_token>SECRET</access_token><n>5</n></xml>",
            "<xml><access_token>***</access_token><n>5</n></xml>",
        ),
        ("<Token><![CDATA[SE<CR>ET]]></Token>", "<Token><![CDATA[***]]></Token>"),
        ("&lt;Ticket&gt;SECRET&lt;/Ticket&gt;", "&lt;Ticket&gt;***&lt;/Ticket&gt;"),
        ("&lt;Ticket&gt;&lt;![CDATA[SECRET]]&gt;", "&lt;Ticket&gt;&lt;![CDATA[***]]&gt;"),
        ("access_token[]=SECRET&a=1", "access_token[]=***&a=1"),
        ("access_token%5B%5D=SECRET&a=1", "access_token%5B%5D=***&a=1"),
        (r#"{"encoding_aes_key":"SECRET","a":1}"#, r#"{"encoding_aes_key":"***","a":1}"#),
    ] {
        assert_eq!(masked(text), shown);
    }
}

#[test]
fn members_of_objects_are_masked_by_their_names() {
    let body = br#"{"request":{"access_token":"AB","deep":[{"ticket":["CD",{"x":"EF"}],"n":5}],
        "request_url":"access_token=GH&a=1","token":null,"count":7}}"#;
    let mut value = json::parse(body).map_or(json::Json::Null, |parsed| parsed.value);
    value.mask_tokens();
    let shown = format!("{value:?}");
    for secret in ["AB", "CD", "EF", "GH"] {
        assert!(!shown.contains(secret), "{shown}");
    }
    assert!(shown.contains("a=1") && shown.contains("Integer(7)") && shown.contains("Null"), "{shown}");
}

#[test]
fn hostile_texts_take_linear_time() {
    let pieces = [
        "token",
        "token=",
        "token=a&",
        "token=%",
        "token\":\"",
        "token\\\":\\\"a",
        "token:\\\\\\\\",
        "token=[",
        "token=\\\\\\\\",
        "\\",
        "\"",
        "%22",
        "%5c",
        " ",
        "+",
        "token = \\\\\\\\\\\\",
        "token%3da%2",
        "token=null&",
        "token>",
        "<token><![cdata[",
        "token[]=",
        "帐token=帐",
    ];
    for piece in pieces {
        for start in ["", "token", "token=", "token=\"", "token=[", "token%3d"] {
            let time = |length: usize| {
                let text = start.to_owned() + &piece.repeat(length / piece.len());
                let times = (0..5).map(|_| {
                    let begun = Instant::now();
                    let shown = masked(&text);
                    let took = begun.elapsed();
                    assert!(shown.len() <= 3 * text.len() + 3);
                    took
                });
                times.min().unwrap_or(Duration::MAX).as_secs_f64()
            };
            // Sixteen times the text may take 64 times as long, since the machine may be busy; quadratic time is 256 times.
            let (short, long) = (time(4_000), time(64_000));
            assert!(long < 64.0 * short.max(2e-5), "{start:?} {piece:?}: {short} s, {long} s");
        }
    }
}
