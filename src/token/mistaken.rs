//! Recognize what is passed as a token by mistake. No message holds any of the text.

/// "wx" and 16 hexadecimal digits.
const APPID_LENGTH: usize = 18;

const PLACEHOLDER: &str = "this is the placeholder of an example; pass the authorizer_access_token of the mini program, from \
                           api_authorizer_token";

/// Whether a text has the form of an appid.
#[must_use]
pub fn is_appid(text: &str) -> bool {
    text.len() == APPID_LENGTH
        && text.strip_prefix("wx").is_some_and(|rest| rest.bytes().all(|byte| byte.is_ascii_hexdigit()))
}

/// What a text is that has only characters of tokens and is too short for one.
pub(super) fn short(text: &str) -> Option<&'static str> {
    if is_appid(text) {
        return Some(
            "this is an appid; pass the authorizer_access_token of that mini program, from api_authorizer_token",
        );
    }
    if is_placeholder(text) {
        return Some(PLACEHOLDER);
    }
    matches!(text, "None" | "null" | "undefined")
        .then_some("this is the text of a missing value, not a token; look where it was turned into text")
}

/// Dots, a row of x, or a name that examples have in the place of a token. "token" is what tests have there.
fn is_placeholder(text: &str) -> bool {
    let is_row_of = |letter: u8| text.bytes().all(|byte| byte.eq_ignore_ascii_case(&letter));
    let name = text.to_ascii_lowercase().replace('-', "_");
    is_row_of(b'.')
        || (is_row_of(b'x') && text.len() > 2)
        || name == "wxaudit_token"
        || (name.starts_with("your_") && name.ends_with("token"))
}

/// What a text is that has a character which no token of WeChat has.
pub(super) fn odd(text: &str) -> Option<&'static str> {
    let is_bearer = text.get(..7).is_some_and(|start| start.eq_ignore_ascii_case("bearer "));
    let problem = match text.as_bytes() {
        _ if text.contains('\u{feff}') => {
            "the token begins with a byte order mark (BOM); read its file with encoding=\"utf-8-sig\""
        }
        _ if is_bearer => {
            "the token begins with \"Bearer \"; pass only what follows, since WeChat takes it in the URL"
        }
        [b'b', quote @ (b'"' | b'\''), .., last] if quote == last => {
            "this is the repr of bytes (b'…'); turn bytes into text with .decode(), not with str()"
        }
        [quote @ (b'"' | b'\''), .., last] if quote == last => {
            "the token is in quotation marks; pass only what is between them, such as by json.loads"
        }
        [b'{', .., b'}'] | [b'[', .., b']'] => {
            "this is JSON; read it with json.loads and pass its authorizer_access_token"
        }
        [b'<', .., b'>'] | [b'$', ..] => PLACEHOLDER,
        _ if text.contains('…') => PLACEHOLDER,
        _ if text.starts_with("refreshtoken@@@") => {
            "this is an authorizer_refresh_token; exchange it for the authorizer_access_token with api_authorizer_token"
        }
        _ if text.starts_with("ticket@@@") => {
            "this is a component_verify_ticket; pass the authorizer_access_token of the mini program, from \
             api_authorizer_token"
        }
        b"***" => {
            "this is the mask that str() of a Token gives; pass the Token itself, or what its reveal() returns"
        }
        _ if text.contains("access_token=") => {
            "this is a URL or a query; pass only the value of access_token"
        }
        _ => return None,
    };
    Some(problem)
}
