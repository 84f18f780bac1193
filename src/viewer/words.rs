//! The scene's text as an editor sees it: what each part of it is, and what a word begun may become.

use crate::scene::{Word, words};
use std::ops::Range;
use std::sync::LazyLock;

/// What a part of a text is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Kind {
    /// A remark for people.
    Comment,
    /// A text in quotes.
    Quoted,
    /// A number.
    Number,
    /// A word of the language itself.
    Keyword,
    /// A function scenes can call.
    Known,
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
pub(super) fn parts(text: &str) -> Vec<(Range<usize>, Kind)> {
    let mut parts: Vec<(Range<usize>, Kind)> = Vec::new();
    let mut at = 0;
    while at < text.len() {
        let (length, kind) = first(&text[at..]);
        match parts.last_mut() {
            Some((last, Kind::Plain)) if kind == Kind::Plain => last.end = at + length,
            _ => parts.push((at..at + length, kind)),
        }
        at += length;
    }
    parts
}

/// How long the part is that a text begins with, and what it is.
fn first(text: &str) -> (usize, Kind) {
    let begins = text.chars().next().unwrap_or(' ');
    let while_true =
        |is: fn(char) -> bool| text.char_indices().find(|(_, c)| !is(*c)).map_or(text.len(), |(i, _)| i);
    match begins {
        '/' if text.starts_with("//") => (text.find('\n').unwrap_or(text.len()), Kind::Comment),
        '/' if text.starts_with("/*") => (remark(text), Kind::Comment),
        '"' => (quoted(text), Kind::Quoted),
        '`' => (text[1..].find('`').map_or(text.len(), |end| end + 2), Kind::Quoted),
        '0'..='9' => (number(text), Kind::Number),
        c if is_of_name(c) => {
            let length = while_true(is_of_name);
            let word = &text[..length];
            let kind = match () {
                _ if KEYWORDS.contains(&word) => Kind::Keyword,
                _ if WORDS.iter().any(|known| known.name == word) => Kind::Known,
                _ => Kind::Name,
            };
            (length, kind)
        }
        c => (c.len_utf8(), Kind::Plain),
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

/// A word that may be meant by what is typed so far.
pub(super) struct Proposal {
    /// The word.
    pub word: &'static Word,
}

impl Proposal {
    /// How it is called, and what it is.
    pub(super) fn says(&self) -> (String, &'static str) {
        let form = self.word.signatures().next().unwrap_or_default();
        (form, self.word.doc.first().copied().unwrap_or_default().trim())
    }
}

/// How many words are proposed.
const MAX_PROPOSED: usize = 8;

/// The name that ends at a place of the text, and the words it may become; none within remarks and quotes.
pub(super) fn proposals(text: &str, at: usize) -> (Range<usize>, Vec<Proposal>) {
    let before = &text[..at];
    let start = before.char_indices().rev().take_while(|(_, c)| is_of_name(*c)).last().map_or(at, |(i, _)| i);
    let begun = &text[start..at];
    let goes_on = text[at..].chars().next().is_some_and(is_of_name);
    let is_name = begun.len() >= 2 && !begun.starts_with(|c: char| c.is_ascii_digit()) && !goes_on;
    let kind =
        parts(text).into_iter().find(|(part, _)| part.start < at && at <= part.end).map(|(_, kind)| kind);
    if !is_name || matches!(kind, Some(Kind::Comment | Kind::Quoted | Kind::Number)) {
        return (start..at, Vec::new());
    }
    let mut found: Vec<&'static Word> =
        WORDS.iter().filter(|word| word.name.starts_with(begun) && word.name != begun).collect();
    found.sort_by_key(|word| (word.name.len(), word.name));
    found.truncate(MAX_PROPOSED);
    (start..at, found.into_iter().map(|word| Proposal { word }).collect())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::scene::GALLERY;

    #[test]
    fn parts_are_what_they_are() {
        let text = "let r = sphere(0.5e-1); // no \"text\"\nfoo(\"a // \\\" b\", `x`) /* a /* b */ c */ 1..2";
        let found: Vec<(&str, Kind)> = parts(text)
            .into_iter()
            .map(|(part, kind)| (&text[part], kind))
            .filter(|(_, k)| *k != Kind::Plain)
            .collect();
        assert_eq!(
            found,
            [
                ("let", Kind::Keyword),
                ("r", Kind::Name),
                ("sphere", Kind::Known),
                ("0.5e-1", Kind::Number),
                ("// no \"text\"", Kind::Comment),
                ("foo", Kind::Name),
                ("\"a // \\\" b\"", Kind::Quoted),
                ("`x`", Kind::Quoted),
                ("/* a /* b */ c */", Kind::Comment),
                ("1", Kind::Number),
                ("2", Kind::Number),
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
                for (part, _) in parts(text) {
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
            proposals(text, text.len()).1.iter().map(|proposal| proposal.word.name).collect()
        };
        assert_eq!(names("show(sph"), ["sphere"]);
        assert!(names("a.smooth_").contains(&"smooth_union"));
        assert!(names("s").is_empty() && names("// sph").is_empty() && names("\"sph").is_empty());
        assert!(names("sphere").is_empty() && names("1sp").is_empty());
        let (range, _) = proposals("é + sph", "é + sph".len());
        assert_eq!(range, 5..8);
    }
}
