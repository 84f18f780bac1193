//! A scene's text as an editor sees it: what each part of it is, and what a word begun may become.
//!
//! ```
//! use fieldgrad::scene::editing::{TokenKind, completions, tokens};
//!
//! let text = "show(tor";
//! assert_eq!(tokens(text)[0], (0..4, TokenKind::Function));
//! let (begun, words) = completions(text, text.len());
//! assert_eq!((&text[begun], words[0].name), ("tor", "torus"));
//! ```

use super::{Word, words};
use std::ops::Range;
use std::sync::LazyLock;

/// What a part of a text is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum TokenKind {
    /// A remark for people.
    Comment,
    /// A text in quotes.
    Quoted,
    /// A number.
    Number,
    /// A word of the language itself.
    Keyword,
    /// A function scenes can call.
    Function,
    /// Any other name.
    Name,
    /// All else.
    Plain,
}

const KEYWORDS: [&str; 22] = [
    "let", "const", "fn", "if", "else", "for", "in", "while", "loop", "do", "until", "return", "break",
    "continue", "import", "export", "as", "true", "false", "switch", "throw", "private",
];

static WORDS: LazyLock<Vec<Word>> = LazyLock::new(words);

/// The parts of a text, one behind the other without gaps.
pub fn tokens(text: &str) -> Vec<(Range<usize>, TokenKind)> {
    let mut parts: Vec<(Range<usize>, TokenKind)> = Vec::new();
    let mut at = 0;
    while at < text.len() {
        let (length, kind) = first(&text[at..]);
        match parts.last_mut() {
            Some((last, TokenKind::Plain)) if kind == TokenKind::Plain => last.end = at + length,
            _ => parts.push((at..at + length, kind)),
        }
        at += length;
    }
    parts
}

/// How long the part is that a text begins with, and what it is.
fn first(text: &str) -> (usize, TokenKind) {
    let begins = text.chars().next().unwrap_or(' ');
    let while_true =
        |is: fn(char) -> bool| text.char_indices().find(|(_, c)| !is(*c)).map_or(text.len(), |(i, _)| i);
    match begins {
        '/' if text.starts_with("//") => (text.find('\n').unwrap_or(text.len()), TokenKind::Comment),
        '/' if text.starts_with("/*") => (remark(text), TokenKind::Comment),
        '"' => (quoted(text), TokenKind::Quoted),
        '`' => (text[1..].find('`').map_or(text.len(), |end| end + 2), TokenKind::Quoted),
        '0'..='9' => (number(text), TokenKind::Number),
        c if is_of_name(c) => {
            let length = while_true(is_of_name);
            let word = &text[..length];
            let kind = match () {
                _ if KEYWORDS.contains(&word) => TokenKind::Keyword,
                _ if WORDS.iter().any(|known| known.name == word) => TokenKind::Function,
                _ => TokenKind::Name,
            };
            (length, kind)
        }
        c => (c.len_utf8(), TokenKind::Plain),
    }
}

fn is_of_name(c: char) -> bool {
    c.is_alphanumeric() || c == '_'
}

/// How long a remark is that may hold others.
fn remark(text: &str) -> usize {
    let bytes = text.as_bytes();
    let (mut depth, mut at) = (0, 0);
    while at + 1 < bytes.len() {
        match &bytes[at..at + 2] {
            b"/*" => (depth, at) = (depth + 1, at + 2),
            b"*/" => (depth, at) = (depth - 1, at + 2),
            _ => at += 1,
        }
        if depth == 0 {
            return at;
        }
    }
    text.len()
}

/// How long a text in quotes is; it ends with its line, if nothing else ends it.
fn quoted(text: &str) -> usize {
    let mut is_escaped = false;
    for (i, c) in text.char_indices().skip(1) {
        match c {
            '\n' => return i,
            '"' if !is_escaped => return i + 1,
            _ => is_escaped = c == '\\' && !is_escaped,
        }
    }
    text.len()
}

fn number(text: &str) -> usize {
    let bytes = text.as_bytes();
    let mut at = 0;
    while at < bytes.len() {
        let after = bytes.get(at + 1).copied().unwrap_or(b' ');
        let goes_on = match bytes[at] {
            b'0'..=b'9' | b'a'..=b'z' | b'A'..=b'Z' | b'_' => true,
            b'.' => after.is_ascii_digit(),
            b'-' | b'+' => matches!(bytes[at - 1], b'e' | b'E') && after.is_ascii_digit(),
            _ => false,
        };
        if !goes_on {
            break;
        }
        at += 1;
    }
    at
}

/// How many words are proposed.
const MAX_COMPLETIONS: usize = 8;

/// The name that ends at a place of the text, and the words it may become; none within remarks and quotes.
pub fn completions(text: &str, at: usize) -> (Range<usize>, Vec<&'static Word>) {
    let before = &text[..at];
    let start = before.char_indices().rev().take_while(|(_, c)| is_of_name(*c)).last().map_or(at, |(i, _)| i);
    let begun = &text[start..at];
    let goes_on = text[at..].chars().next().is_some_and(is_of_name);
    let is_name = begun.len() >= 2 && !begun.starts_with(|c: char| c.is_ascii_digit()) && !goes_on;
    let kind =
        tokens(text).into_iter().find(|(part, _)| part.start < at && at <= part.end).map(|(_, kind)| kind);
    if !is_name || matches!(kind, Some(TokenKind::Comment | TokenKind::Quoted | TokenKind::Number)) {
        return (start..at, Vec::new());
    }
    let mut found: Vec<&'static Word> =
        WORDS.iter().filter(|word| word.name.starts_with(begun) && word.name != begun).collect();
    found.sort_by_key(|word| (word.name.len(), word.name));
    found.truncate(MAX_COMPLETIONS);
    (start..at, found)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::scene::GALLERY;

    #[test]
    fn parts_are_what_they_are() {
        let text = "let r = sphere(0.5e-1); // no \"text\"\nfoo(\"a // \\\" b\", `x`) /* a /* b */ c */ 1..2";
        let found: Vec<(&str, TokenKind)> = tokens(text)
            .into_iter()
            .map(|(part, kind)| (&text[part], kind))
            .filter(|(_, k)| *k != TokenKind::Plain)
            .collect();
        assert_eq!(
            found,
            [
                ("let", TokenKind::Keyword),
                ("r", TokenKind::Name),
                ("sphere", TokenKind::Function),
                ("0.5e-1", TokenKind::Number),
                ("// no \"text\"", TokenKind::Comment),
                ("foo", TokenKind::Name),
                ("\"a // \\\" b\"", TokenKind::Quoted),
                ("`x`", TokenKind::Quoted),
                ("/* a /* b */ c */", TokenKind::Comment),
                ("1", TokenKind::Number),
                ("2", TokenKind::Number),
            ]
        );
    }

    #[test]
    fn parts_fill_every_text_whole_or_cut_anywhere() {
        for exhibit in GALLERY {
            let cuts = exhibit.text.char_indices().map(|(i, _)| i).step_by(37);
            for end in cuts.chain([exhibit.text.len()]) {
                let text = &exhibit.text[..end];
                let mut at = 0;
                for (part, _) in tokens(text) {
                    assert!(part.start == at && part.end > at && text.is_char_boundary(part.end));
                    at = part.end;
                }
                assert_eq!(at, text.len());
            }
        }
    }

    #[test]
    fn words_are_proposed_where_a_name_is_begun() {
        let names = |text: &str| -> Vec<&str> {
            completions(text, text.len()).1.iter().map(|proposal| proposal.name).collect()
        };
        assert_eq!(names("show(sph"), ["sphere"]);
        assert!(names("a.smooth_").contains(&"smooth_union"));
        assert!(names("s").is_empty() && names("// sph").is_empty() && names("\"sph").is_empty());
        assert!(names("sphere").is_empty() && names("1sp").is_empty());
        let (range, _) = completions("é + sph", "é + sph".len());
        assert_eq!(range, 5..8);
    }
}
