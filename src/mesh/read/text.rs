//! Lines, words and numbers of a text that may be anything.

use super::Wrong;

/// The lines of a text, each with its number from 1.
pub(super) fn lines(bytes: &[u8]) -> impl Iterator<Item = (usize, &[u8])> {
    bytes.split(|&byte| byte == b'\n').enumerate().map(|(n, line)| (n + 1, line.trim_ascii()))
}

/// The words of a line.
pub(super) fn words(line: &[u8]) -> impl Iterator<Item = &[u8]> + Clone {
    line.split(u8::is_ascii_whitespace).filter(|word| !word.is_empty())
}

/// A word as a message shows it.
pub(super) fn shown(word: &[u8]) -> String {
    const MOST: usize = 40;
    let text = String::from_utf8_lossy(&word[..word.len().min(MOST)]).into_owned();
    format!("{text:?}{}", if word.len() > MOST { "…" } else { "" })
}

/// A number that is finite.
pub(super) fn number(word: &[u8], line: usize) -> Result<f64, Wrong> {
    let read = std::str::from_utf8(word).ok().and_then(|text| text.parse::<f64>().ok());
    match read {
        Some(value) if value.is_finite() => Ok(value),
        Some(_) => Err(Wrong::Line(line, format!("{} is not finite", shown(word)))),
        None => Err(Wrong::Line(line, format!("{} is not a number", shown(word)))),
    }
}

/// The next three numbers.
pub(super) fn triple<'a>(
    words: &mut impl Iterator<Item = &'a [u8]>,
    what: &str,
    line: usize,
) -> Result<[f64; 3], Wrong> {
    let mut numbers = [0.0; 3];
    for (n, own) in numbers.iter_mut().enumerate() {
        let Some(word) = words.next() else {
            return Err(Wrong::Line(line, format!("{what} has three numbers, not {n}")));
        };
        *own = number(word, line)?;
    }
    Ok(numbers)
}
