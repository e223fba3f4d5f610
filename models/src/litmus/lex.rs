//! The words of a litmus test.

use std::fmt;

/// A piece of the text.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Token<'a> {
    /// A name.
    Word(&'a str),
    /// What begins with a digit.
    Number(&'a str),
    /// A sign, of which [`SYMBOLS`] has those with two characters.
    Symbol(&'a str),
    /// A comment without an end.
    OpenComment,
    /// The end of the text.
    End,
}

impl fmt::Display for Token<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Word(text) | Self::Number(text) | Self::Symbol(text) => write!(f, "`{text}`"),
            Self::OpenComment => f.write_str("a comment without an end"),
            Self::End => f.write_str("the end"),
        }
    }
}

/// The signs with two characters.
const SYMBOLS: [&str; 8] = ["/\\", "\\/", "==", "!=", "<=", ">=", "&&", "||"];

/// What opens and closes comments.
const COMMENTS: [(&str, &str); 3] = [("//", "\n"), ("/*", "*/"), ("(*", "*)")];

/// The tokens of `text` from `start` on, each with its place; the last one is the end. Within braces
/// `(*x` opens no comment.
pub(super) fn tokens(text: &str, start: usize) -> Vec<(usize, Token<'_>)> {
    let (mut tokens, mut at, mut braces) = (Vec::new(), start, 0_usize);
    loop {
        let rest = &text[at..];
        let Some(first) = rest.chars().next() else {
            tokens.push((at, Token::End));
            return tokens;
        };
        if first.is_whitespace() {
            at += first.len_utf8();
            continue;
        }
        let comment = COMMENTS.iter().find(|(opening, _)| {
            rest.strip_prefix(opening).is_some_and(|inside| {
                !(*opening == "(*" && braces > 0 && inside.starts_with(is_in_word))
            })
        });
        if let Some((opening, closing)) = comment {
            match rest[opening.len()..].find(closing) {
                Some(end) => at += opening.len() + end + closing.len(),
                None => {
                    if *closing != "\n" {
                        tokens.push((at, Token::OpenComment));
                    }
                    at = text.len();
                }
            }
            continue;
        }
        let word = rest.find(|c: char| !is_in_word(c)).unwrap_or(rest.len());
        let token = match first {
            '0'..='9' => Token::Number(&rest[..word]),
            c if is_in_word(c) => Token::Word(&rest[..word]),
            c => {
                let two = SYMBOLS.iter().find(|symbol| rest.starts_with(**symbol));
                Token::Symbol(&rest[..two.map_or(c.len_utf8(), |symbol| symbol.len())])
            }
        };
        match token {
            Token::Symbol("{") => braces += 1,
            Token::Symbol("}") => braces = braces.saturating_sub(1),
            _ => {}
        }
        tokens.push((at, token));
        at += match token {
            Token::Word(text) | Token::Number(text) | Token::Symbol(text) => text.len(),
            Token::OpenComment | Token::End => 0,
        };
    }
}

fn is_in_word(c: char) -> bool {
    c.is_ascii_alphanumeric() || c == '_'
}
