//! The tags of an XML text, one after the other: as much of it as 3MF files need. What stands between tags is passed over, and
//! prefixes of names are too.

use super::Wrong;

/// A tag: that of a start, of an end, or, counted as a start, of both.
pub(super) struct Tag<'a> {
    pub name: &'a str,
    /// Whether it is the end of what it names.
    pub closes: bool,
    /// Its line in the text.
    pub line: usize,
    attributes: &'a str,
}

impl<'a> Tag<'a> {
    /// The value of an attribute.
    pub fn attribute(&self, name: &str) -> Option<&'a str> {
        let mut rest = self.attributes;
        loop {
            let (own, after) = rest.split_once('=')?;
            let after = after.trim_start();
            let quote = after.chars().next().filter(|quote| matches!(quote, '"' | '\''))?;
            let (value, next) = after[1..].split_once(quote)?;
            if local(own.trim()) == name {
                return Some(value);
            }
            rest = next;
        }
    }

    fn asked(&self, name: &str) -> Result<&'a str, Wrong> {
        self.attribute(name).ok_or_else(|| Wrong::Line(self.line, format!("<{}> has no {name}", self.name)))
    }

    pub fn text(&self, name: &str) -> Result<String, Wrong> {
        self.asked(name).map(str::to_string)
    }

    /// A number that is finite.
    pub fn number(&self, name: &str) -> Result<f64, Wrong> {
        super::text::number(self.asked(name)?.trim().as_bytes(), self.line)
    }

    pub fn index(&self, name: &str) -> Result<u32, Wrong> {
        let text = self.asked(name)?.trim();
        let wrong = || {
            Wrong::Line(
                self.line,
                format!("{} is not the number of a vertex", super::text::shown(text.as_bytes())),
            )
        };
        text.parse().map_err(|_| wrong())
    }
}

/// A name without its prefix.
fn local(name: &str) -> &str {
    name.rsplit_once(':').map_or(name, |(_, local)| local)
}

/// The tags of a text, up to the first that is wrong.
pub(super) fn tags(bytes: &[u8]) -> impl Iterator<Item = Result<Tag<'_>, Wrong>> {
    let (mut at, mut line) = (0, 1);
    std::iter::from_fn(move || {
        loop {
            let rest = bytes.get(at..)?;
            let start = rest.iter().position(|&byte| byte == b'<')?;
            line += newlines(&rest[..start]);
            let rest = &rest[start..];
            let skipped =
                [(&b"<!--"[..], &b"-->"[..]), (b"<![CDATA[", b"]]>"), (b"<?", b"?>"), (b"<!", b">")];
            let (end, is_tag) = match skipped.iter().find(|(start, _)| rest.starts_with(start)) {
                Some((_, end)) => {
                    (rest.windows(end.len()).position(|own| own == *end).map(|n| n + end.len()), false)
                }
                None => (tag_end(rest), true),
            };
            let Some(end) = end else {
                at = bytes.len();
                return Some(Err(Wrong::Line(line, "ends in the middle of a tag".into())));
            };
            let own = &rest[..end];
            at += start + end;
            let first = line;
            line += newlines(own);
            if !is_tag {
                continue;
            }
            let Ok(text) = std::str::from_utf8(&own[1..end - 1]) else {
                at = bytes.len();
                return Some(Err(Wrong::Line(first, "a tag is not UTF-8".into())));
            };
            let (text, closes) = text.strip_prefix('/').map_or((text, false), |text| (text, true));
            let text = text.strip_suffix('/').unwrap_or(text);
            let (name, attributes) = text.split_once(char::is_whitespace).unwrap_or((text, ""));
            return Some(Ok(Tag { name: local(name), closes, line: first, attributes }));
        }
    })
}

/// Where a tag ends: behind the > that stands in no quotes.
fn tag_end(of: &[u8]) -> Option<usize> {
    let mut quote = None;
    for (n, &byte) in of.iter().enumerate() {
        match (quote, byte) {
            (None, b'>') => return Some(n + 1),
            (None, b'"' | b'\'') => quote = Some(byte),
            (Some(open), byte) if open == byte => quote = None,
            _ => {}
        }
    }
    None
}

fn newlines(of: &[u8]) -> usize {
    of.iter().filter(|&&byte| byte == b'\n').count()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tags_have_names_attributes_and_lines() {
        let text = b"<?xml version='1'?>\n<!-- <no/> -->\n<a:b p:x = \"1 > 0\" y='2'\n/>text<c></c>";
        let found: Vec<_> = tags(text).map(|tag| tag.unwrap()).collect();
        let shown: Vec<_> = found.iter().map(|tag| (tag.name, tag.closes, tag.line)).collect();
        assert_eq!(shown, [("b", false, 3), ("c", false, 4), ("c", true, 4)]);
        assert_eq!((found[0].attribute("x"), found[0].attribute("y")), (Some("1 > 0"), Some("2")));
        assert_eq!(found[0].attribute("z"), None);
        assert!(tags(b"<a").next().unwrap().is_err());
    }
}
