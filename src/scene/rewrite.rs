//! Writing parameters back: new start values in a scene's own text, and every other character as it was.
//!
//! The numbers to replace are found among the tokens of the text, from the places of the calls that declared the
//! parameters: comments and texts that look like such calls are no tokens.

use super::draft::Declared;
use super::script::tokens;
use super::{Origin, Scene};
use crate::error::{Error, Place, Result};
use rhai::{Position, Token};
use std::collections::BTreeMap;

/// A number of the text: where it begins and ends, in bytes, and its value.
#[derive(Clone, Copy)]
struct Literal {
    start: usize,
    end: usize,
    value: f64,
}

pub(super) fn rewritten(scene: &Scene, values: &[(&str, f64)]) -> Result<String> {
    let text = &*scene.content.origin.text;
    let script = Script { text, lines: line_starts(text), tokens: tokens(text) };
    // By where they begin: what each number is to become, and for which parameter.
    let mut changes: BTreeMap<usize, (Literal, f64, &Declared)> = BTreeMap::new();
    for declared in &*scene.content.declared {
        let name = declared.parameter.name();
        let wanted = wanted(scene, name, values);
        let literal = match script.start_value(scene, declared) {
            Ok(literal) => literal,
            Err(problem) if wanted != declared.parameter.value() => {
                return Err(
                    scene.error_at(&declared.place, format!("{name} cannot be written back: {problem}"))
                );
            }
            Err(_) => continue, // and it keeps its value
        };
        if let Some((_, other, first)) = changes.insert(literal.start, (literal, wanted, declared))
            && other != wanted
        {
            let first = first.parameter.name();
            let problem = format!("{name} and {first} start with one and the same number, and cannot differ");
            return Err(scene.error_at(&declared.place, problem));
        }
    }
    let mut written = String::with_capacity(text.len());
    let mut copied = 0;
    for (start, (literal, value, _)) in changes {
        if literal.value != value {
            written.push_str(&text[copied..start]);
            written.push_str(&numeral(value, &text[start..literal.end]));
            copied = literal.end;
        }
    }
    written.push_str(&text[copied..]);
    check(scene, &written, values)?;
    Ok(written)
}

/// The value a parameter is to start with: the one given, or the scene's.
fn wanted(scene: &Scene, name: &str, values: &[(&str, f64)]) -> f64 {
    let given = values.iter().rev().find(|(own, _)| *own == name).map(|(_, value)| *value);
    given.or(scene.value_of(name)).unwrap_or_default()
}

/// That the text, read again, gives the parameters with the new values.
fn check(scene: &Scene, written: &str, values: &[(&str, f64)]) -> Result<()> {
    let again = Scene::from_origin(Origin { text: written.into(), ..scene.content.origin.clone() })?;
    let wanted = scene.parameters().into_iter().map(|parameter| {
        let name = parameter.name();
        (name.to_string(), wanted(scene, name, values))
    });
    let found =
        again.parameters().into_iter().map(|parameter| (parameter.name().to_string(), parameter.value()));
    match wanted.eq(found) {
        true => Ok(()),
        false => Err(Error::Input(format!(
            "{}: the values cannot be written back: the text with them in it declares other parameters",
            scene.file()
        ))),
    }
}

/// A number as it is written: whole where it was and is whole, with a sign where it is negative.
fn numeral(value: f64, before: &str) -> String {
    let was_whole = !before.contains(['.', 'e', 'E']);
    match value.abs() {
        0.0 => if was_whole { "0" } else { "0.0" }.into(),
        1e-5..1e15 if value.fract() == 0.0 && !was_whole => format!("{value:.1}"),
        1e-5..1e15 => format!("{value}"),
        _ => {
            // The mantissa gets a point, without which a numeral with an exponent is none to Rhai.
            let text = format!("{value:e}");
            let (mantissa, exponent) = text.split_once('e').expect("as formatted");
            let point = if mantissa.contains('.') { "" } else { ".0" };
            format!("{mantissa}{point}e{exponent}")
        }
    }
}

fn line_starts(text: &str) -> Vec<usize> {
    std::iter::once(0).chain(text.match_indices('\n').map(|(at, _)| at + 1)).collect()
}

struct Script<'a> {
    text: &'a str,
    lines: Vec<usize>,
    tokens: Vec<(Token, Position)>,
}

impl Script<'_> {
    /// Where in the text a token begins, in bytes.
    fn offset(&self, position: Position) -> Option<usize> {
        let line = self.lines.get(position.line()? - 1)?;
        let (at, _) = self.text[*line..].char_indices().nth(position.position()? - 1)?;
        Some(line + at)
    }

    /// The number a parameter starts with; or why there is none to replace.
    fn start_value(&self, scene: &Scene, declared: &Declared) -> Result<Literal, String> {
        let Place { file, line, column } = &declared.place;
        if file != &scene.content.origin.file {
            return Err(format!("it is declared in another file, {file}"));
        }
        let here = |position: &Position| {
            (position.line(), position.position()) == (Some(*line as usize), Some(*column as usize))
        };
        let computed = || "its start value is computed, not written as a number".to_string();
        let call = self.tokens.iter().position(|(_, position)| here(position)).ok_or_else(computed)?;
        // The place of a method call is its name's or its dot's.
        let call = if self.tokens[call].0 == Token::Period { call + 1 } else { call };
        let is_call =
            matches!(&self.tokens.get(call), Some((Token::Identifier(name), _)) if name.as_str() == "param");
        if !is_call || self.tokens.get(call + 1).is_none_or(|(token, _)| *token != Token::LeftParen) {
            return Err(computed());
        }
        let is_method = call > 0 && self.tokens[call - 1].0 == Token::Period;
        let arguments = self.entries(call + 1);
        let value = arguments.get(if is_method { 0 } else { 1 }).ok_or_else(computed)?;
        let value = match declared.part {
            None => *value,
            Some(part) => {
                let (first, last) = *value;
                let is_list = self.tokens[first].0 == Token::LeftBracket;
                let parts = if is_list { self.entries(first) } else { Vec::new() };
                let closes = parts.last().is_some_and(|&(_, end)| end + 1 == last);
                *parts.get(part).filter(|_| closes).ok_or_else(computed)?
            }
        };
        self.literal(value).ok_or_else(computed)
    }

    /// The entries between a bracket and the one that closes it, each by its first token and the one behind its last.
    fn entries(&self, open: usize) -> Vec<(usize, usize)> {
        let mut entries = Vec::new();
        let (mut depth, mut start) = (0, open + 1);
        for (i, (token, _)) in self.tokens.iter().enumerate().skip(open) {
            match token {
                Token::LeftParen | Token::LeftBracket | Token::LeftBrace | Token::MapStart => depth += 1,
                Token::RightParen | Token::RightBracket | Token::RightBrace => depth -= 1,
                _ => (),
            }
            let ends = depth == 0 || (depth == 1 && *token == Token::Comma);
            if ends && i > start {
                entries.push((start, i));
            }
            if depth == 1 && *token == Token::Comma {
                start = i + 1;
            }
            if depth == 0 {
                break;
            }
        }
        entries
    }

    /// The number that tokens are, if they are one, with its sign.
    fn literal(&self, (first, end): (usize, usize)) -> Option<Literal> {
        let is_minus = |token: &Token| matches!(token, Token::Minus | Token::UnaryMinus);
        let (sign, number) = match &self.tokens[first..end] {
            [(minus, at), number] if is_minus(minus) => (Some(at), number),
            [number] => (None, number),
            _ => return None,
        };
        let size = match &number.0 {
            Token::IntegerConstant(whole) => *whole as f64,
            Token::FloatConstant(float) => *float.0,
            _ => return None,
        };
        let digits = self.offset(number.1)?;
        // A minus right before its digits is part of the token.
        let minus = usize::from(self.text[digits..].starts_with('-'));
        let end = digits + minus + numeral_length(&self.text[digits + minus..]);
        let start = match sign {
            Some(at) => self.offset(*at)?,
            None => digits,
        };
        Some(Literal { start, end, value: if sign.is_some() { -size } else { size } })
    }
}

/// How many bytes the numeral at the start of a text takes.
fn numeral_length(text: &str) -> usize {
    let bytes = text.as_bytes();
    let is_part = |i: usize| match bytes[i] {
        b'0'..=b'9' | b'a'..=b'z' | b'A'..=b'Z' | b'_' => true,
        b'.' => bytes.get(i + 1).is_none_or(|next| next.is_ascii_digit() || !next.is_ascii_alphabetic()),
        b'+' | b'-' => i > 0 && matches!(bytes[i - 1], b'e' | b'E') && !text.starts_with("0x"),
        _ => false,
    };
    (0..bytes.len()).take_while(|&i| is_part(i)).count()
}
