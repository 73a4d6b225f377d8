//! The excerpt of an answer that cannot be decoded.

use wxaudit::error::Error;
use wxaudit::token::{Token, Tokens};
use wxaudit::wechat::decode::object;

#[test]
fn a_long_token_is_masked_as_a_whole() {
    let token = "86_raw+server/token=".repeat(100);
    let tokens = Tokens::new(Token::new(&token).unwrap());
    let body = format!("{}{token}{}", "x".repeat(100), "y".repeat(300));
    let Err(Error::Decode { excerpt, .. }) = object(body.as_bytes(), &tokens) else {
        panic!("{body}");
    };
    assert_eq!(excerpt, format!("{}***{}", "x".repeat(100), "y".repeat(97)));
}
