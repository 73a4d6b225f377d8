//! The parts of a base URL, and the reason why another one is refused.

use wxaudit::wechat::request::BaseUrl;

#[test]
fn a_base_url_has_a_host_and_a_port() {
    for (text, host, port) in [
        ("https://api.weixin.qq.com", "api.weixin.qq.com", 443),
        ("https://api2.weixin.qq.com:8443/gateway", "api2.weixin.qq.com", 8443),
        ("http://localhost", "localhost", 80),
        ("http://[::1]:8080", "[::1]", 8080),
    ] {
        let base = BaseUrl::parse(text).unwrap();
        assert_eq!((base.host(), base.port()), (host, port), "{text}");
    }
}

#[test]
fn a_refusal_says_what_is_wrong() {
    for (text, problem) in [
        ("https://api.weixin.qq.com/a b", "spaces, control characters or backslashes"),
        ("https://api.weixin.qq.com/a\u{7f}", "spaces, control characters or backslashes"),
        ("https://api.weixin.qq.com/a\\b", "spaces, control characters or backslashes"),
        ("https://user@api.weixin.qq.com", "must not contain a user or a password"),
        ("https://:secret@api.weixin.qq.com", "must not contain a user or a password"),
        ("https://api.weixin.qq.com?a", "must not contain a query or a fragment"),
        ("https://api.weixin.qq.com#a", "must not contain a query or a fragment"),
        ("http://127.1", "not in its plain form"),
        ("http://api.weixin.qq.com", "http would expose the access token"),
        ("ftp://api.weixin.qq.com", "must start with https://"),
    ] {
        let error = BaseUrl::parse(text).unwrap_err().to_string();
        assert!(error.contains(problem), "{text}: {error}");
    }
}
