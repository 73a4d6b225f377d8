//! The list of `NO_PROXY`. `tests/network/proxies/test_no_proxy.py` compares its forms with curl and requests.

use wxaudit::transport::no_proxy::NoProxy;

fn excludes(list: &str, host: &str) -> bool {
    NoProxy::parse(list).excludes(host, None)
}

#[test]
fn a_domain_excludes_itself_and_the_names_below_it() {
    for list in
        ["qq.com", ".qq.com", "qq.com.", "QQ.com", "a.example, qq.com", "a.example qq.com", ",,qq.com,"]
    {
        assert!(excludes(list, "qq.com") && excludes(list, "api.weixin.qq.com"), "{list}");
        assert!(excludes(list, "API.weixin.qq.com."), "{list}");
        assert!(!excludes(list, "notqq.com") && !excludes(list, "qq.com.example"), "{list}");
    }
}

#[test]
fn only_a_single_star_excludes_everything() {
    assert!(excludes("*", "api.weixin.qq.com") && excludes("*", "10.1.2.3"));
    for list in ["", ",", " * ", "*,a.example", "*.qq.com", "."] {
        assert!(!excludes(list, "api.weixin.qq.com"), "{list}");
    }
}

#[test]
fn a_network_excludes_its_addresses() {
    for (list, address, expected) in [
        ("10.1.2.3", "10.1.2.3", true),
        ("10.0.0.0/8", "10.1.2.3", true),
        ("10.0.0.0/8", "11.1.2.3", false),
        ("10.1.2.3/32", "10.1.2.3", true),
        ("10.1.2.3/32", "10.1.2.2", false),
        ("10.1.2.3/8", "10.9.9.9", true),
        ("0.0.0.0/0", "10.1.2.3", false),
        ("10.0.0.0/33", "10.1.2.3", false),
        ("10.0.0.0/-1", "10.1.2.3", false),
        ("10.0.0.0/8", "[2001:db8::1]", false),
        ("2001:db8::1", "[2001:db8::1]", true),
        ("2001:DB8:0::1", "[2001:db8::1]", true),
        ("2001:db8::/32", "[2001:db8::1]", true),
        ("2001:db8::/32", "[2001:db9::1]", false),
        ("::/128", "[::]", true),
        ("2.3", "10.1.2.3", false),
    ] {
        assert_eq!(excludes(list, address), expected, "{list} {address}");
    }
}

#[test]
fn a_port_excludes_only_that_port_of_a_url() {
    let list = NoProxy::parse("qq.com:8443");
    assert!(list.excludes("api.weixin.qq.com", Some(8443)));
    assert!(!list.excludes("api.weixin.qq.com", Some(8444)));
    assert!(!list.excludes("api.weixin.qq.com", None));
    assert!(!excludes("qq.com:https", "qq.com") && !excludes("qq.com:", "qq.com"));
}
