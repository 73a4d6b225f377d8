//! Split a text into its PEM parts: all of them, or an error that names the one that cannot be read.
//!
//! It reads what OpenSSL reads, and more where no other reading is possible: indented parts, a byte order mark, the end
//! of a part and the beginning of the next on one line. No error holds anything of the text, which may be a private key.

/// What a part is, by its label.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// `CERTIFICATE`.
    Certificate,
    /// `TRUSTED CERTIFICATE`: a certificate with OpenSSL's own rules about its use.
    TrustedCertificate,
    /// A private key of any format.
    PrivateKey,
    /// Anything else.
    Other,
}

impl Kind {
    fn of(label: &str) -> Self {
        match label {
            // OpenSSL accepts the old label too.
            "CERTIFICATE" | "X509 CERTIFICATE" => Self::Certificate,
            "TRUSTED CERTIFICATE" => Self::TrustedCertificate,
            _ if label.ends_with("PRIVATE KEY") => Self::PrivateKey,
            _ => Self::Other,
        }
    }
}

/// A part of a text.
#[derive(Debug)]
pub struct Part {
    /// What it is.
    pub kind: Kind,
    /// The Base64 text of a certificate, without line breaks; empty for other kinds.
    pub base64: String,
    /// Where it stands, as messages say it: `part 2 (line 23)`.
    pub place: String,
}

const BEGIN: &str = "-----BEGIN";
const END: &str = "-----END";
const MARK: &str = "-----";

/// The parts of `text`, in order. Text between them is ignored, as OpenSSL does.
///
/// # Errors
/// What is wrong with which part, in words.
pub fn parts(text: &str) -> Result<Vec<Part>, String> {
    let mut parts = Vec::new();
    let mut open: Option<(Part, &str)> = None;
    // A lone carriage return ends a line too, but does not count as one in messages.
    for (index, line) in text.split('\n').enumerate() {
        for line in line.split('\r') {
            let mut rest = line.trim_start_matches('\u{feff}').trim();
            while !rest.is_empty() {
                let number = index + 1;
                (open, rest) = match open {
                    None => begin(rest, number, parts.len() + 1)?,
                    Some((mut part, label)) => match within(rest, number, &mut part, label)? {
                        None => (Some((part, label)), ""),
                        Some(behind) => {
                            parts.push(part);
                            (None, behind)
                        }
                    },
                };
            }
        }
    }
    match open {
        Some((part, _)) => Err(format!("{} has no end", part.place)),
        None => Ok(parts),
    }
}

type Open<'t> = (Option<(Part, &'t str)>, &'t str);

/// Reads the rest of a line outside of a part.
fn begin(rest: &str, line: usize, number: usize) -> Result<Open<'_>, String> {
    let place = format!("part {number} (line {line})");
    let Some(labelled) = rest.strip_prefix(BEGIN) else {
        if rest.starts_with(END) {
            return Err(format!("line {line} ends a part that has no beginning"));
        }
        if rest.contains(BEGIN) && !rest.starts_with('#') {
            return Err(format!(
                "{place} does not begin at the start of its line; put a line break before it"
            ));
        }
        return Ok((None, ""));
    };
    let Some((label, behind)) = labelled.strip_prefix(' ').and_then(|label| label.split_once(MARK)) else {
        return Err(format!("{place} has a beginning that is cut off"));
    };
    if !behind.is_empty() {
        let advice = if behind.starts_with('\\') {
            r"replace each \n in the file by a line break"
        } else {
            "put a line break behind its first five dashes and label"
        };
        return Err(format!("{place} stands on a single line; {advice}"));
    }
    Ok((Some((Part { kind: Kind::of(label), base64: String::new(), place }, label)), ""))
}

/// Reads a line within a part. Returns the rest of the line that ends it.
fn within<'t>(rest: &'t str, line: usize, part: &mut Part, label: &str) -> Result<Option<&'t str>, String> {
    let place = &part.place;
    if let Some(labelled) = rest.strip_prefix(END) {
        let behind = labelled.strip_prefix(' ').and_then(|labelled| labelled.strip_prefix(label));
        let behind = behind.and_then(|behind| behind.strip_prefix(MARK));
        return match behind {
            Some(behind) if behind.is_empty() || behind.starts_with(BEGIN) => Ok(Some(behind)),
            Some(_) => Err(format!("{place}: text follows its end on line {line}")),
            None => Err(format!("{place}: its end on line {line} is that of another kind, or cut off")),
        };
    }
    if rest.starts_with(BEGIN) {
        return Err(format!("{place} has no end before the next part begins on line {line}"));
    }
    if matches!(part.kind, Kind::Certificate) {
        let is_base64 = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'+' | b'/' | b'=');
        if !rest.bytes().all(|byte| is_base64(byte) || byte.is_ascii_whitespace()) {
            return Err(format!("{place}: line {line} is not Base64"));
        }
        part.base64.extend(rest.split_ascii_whitespace());
    }
    Ok(None)
}
