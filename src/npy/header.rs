//! The header of a `.npy` file: a Python dictionary that says the type, the order and the shape of the numbers behind it.

use super::Float;
use super::number_type::StoredType;
use std::io::{self, Read, Write};

pub(super) const MAGIC: &[u8] = b"\x93NUMPY";
/// The most bytes of a header: NumPy itself reads no longer one unasked.
const MAX_HEADER: usize = 10_000;
/// The bytes before the numbers are a multiple of this.
const ALIGNMENT: usize = 64;

/// The header, and how many bytes there are before the numbers.
pub(super) fn header_of(from: &mut impl Read) -> Result<(NpyHeader, u64), String> {
    let short = || "ends in the middle of its header".to_string();
    let mut start = [0; 12];
    let mut take = |range: std::ops::Range<usize>| {
        let wanted = &mut start[range];
        from.read_exact(wanted).map(|()| wanted.to_vec()).map_err(|error| error.kind())
    };
    let magic = take(0..6).unwrap_or_default();
    if magic != MAGIC {
        return Err("is not a NumPy file: it does not start with \\x93NUMPY".into());
    }
    let version = take(6..8).map_err(|_| short())?;
    let end = match version[..] {
        [1, 0] => 10,
        [2 | 3, 0] => 12,
        _ => {
            let major = version[0];
            return Err(format!("is of version {major} of the NumPy format; versions 1 to 3 are known"));
        }
    };
    let length = take(8..end).map_err(|_| short())?;
    let length = length.iter().rev().fold(0usize, |all, &byte| all << 8 | usize::from(byte));
    if length > MAX_HEADER {
        return Err(format!("has a header of {length} bytes; at most {MAX_HEADER} are read"));
    }
    let mut text = vec![0; length];
    from.read_exact(&mut text).map_err(|_| short())?;
    let text = String::from_utf8(text).map_err(|_| "has a header that is no text")?;
    Ok((NpyHeader::of(&text)?, (end + length) as u64))
}

/// A header, as far as it is read.
pub(super) struct NpyHeader {
    pub(super) number: StoredType,
    pub(super) fortran_order: bool,
    pub(super) shape: Vec<usize>,
}

impl NpyHeader {
    /// Reads the dictionary: the three keys in any order, and no other.
    fn of(text: &str) -> Result<NpyHeader, String> {
        let mut reader = Literals { rest: text };
        let (mut number, mut order, mut shape) = (None, None, None);
        reader.expect('{')?;
        while !reader.take('}') {
            let key = reader.string()?;
            reader.expect(':')?;
            match key {
                "descr" => number = Some(StoredType::of(reader.value()?)?),
                "fortran_order" => order = Some(reader.truth()?),
                "shape" => shape = Some(reader.sizes()?),
                _ => return Err(unreadable(format!("nothing is known of its key {key:?}"))),
            }
            if !reader.take(',') && !reader.rest.trim_start().starts_with('}') {
                return Err(reader.unexpected("a comma"));
            }
        }
        match (number, order, shape) {
            _ if !reader.rest.trim().is_empty() => Err(reader.unexpected("its end")),
            (Some(number), Some(fortran_order), Some(shape)) => {
                Ok(NpyHeader { number, fortran_order, shape })
            }
            (None, ..) => Err(unreadable("it lacks 'descr'")),
            (_, None, _) => Err(unreadable("it lacks 'fortran_order'")),
            _ => Err(unreadable("it lacks 'shape'")),
        }
    }
}

fn unreadable(problem: impl std::fmt::Display) -> String {
    format!("has a header that cannot be read: {problem}")
}

/// The Python literals of a header, read one after the other.
struct Literals<'a> {
    rest: &'a str,
}

impl<'a> Literals<'a> {
    fn take(&mut self, wanted: char) -> bool {
        let after = self.rest.trim_start().strip_prefix(wanted);
        self.rest = after.unwrap_or(self.rest);
        after.is_some()
    }

    fn expect(&mut self, wanted: char) -> Result<(), String> {
        if self.take(wanted) { Ok(()) } else { Err(self.unexpected(&format!("{wanted:?}"))) }
    }

    fn unexpected(&self, wanted: &str) -> String {
        let found: String = self.rest.trim_start().chars().take(12).collect();
        unreadable(format!("it has {found:?} where {wanted} must be"))
    }

    /// The text before the first character that ends it.
    fn until(&mut self, is_end: impl Fn(char) -> bool) -> &'a str {
        let rest = self.rest.trim_start();
        let (found, after) = rest.split_at(rest.find(is_end).unwrap_or(rest.len()));
        self.rest = after;
        found
    }

    fn string(&mut self) -> Result<&'a str, String> {
        let quote = if self.take('"') { '"' } else { '\'' };
        if quote == '\'' {
            self.expect(quote)?;
        }
        let found = self.until(|c| c == quote);
        self.expect(quote)?;
        Ok(found)
    }

    /// A string, or what else stands there as it is written.
    fn value(&mut self) -> Result<&'a str, String> {
        match self.rest.trim_start().starts_with(['"', '\'']) {
            true => self.string(),
            false => Ok(self.until(|c| c == '\n').trim_end()),
        }
    }

    fn truth(&mut self) -> Result<bool, String> {
        let before = Literals { rest: self.rest };
        match self.until(|c| !c.is_ascii_alphabetic()) {
            "True" => Ok(true),
            "False" => Ok(false),
            _ => Err(before.unexpected("True or False")),
        }
    }

    /// A tuple of sizes whose product, were none of them 0, fits.
    fn sizes(&mut self) -> Result<Vec<usize>, String> {
        let (mut sizes, mut all) = (Vec::new(), 1usize);
        self.expect('(')?;
        while !self.take(')') {
            let before = Literals { rest: self.rest };
            let digits = self.until(|c| !c.is_ascii_digit());
            if digits.is_empty() {
                return Err(before.unexpected("a size"));
            }
            let size = digits.parse().ok();
            let next = size.and_then(|size: usize| all.checked_mul(size.max(1)));
            let (Some(size), Some(next)) = (size, next) else {
                return Err("has a shape that is too large".into());
            };
            sizes.push(size);
            all = next;
            if !self.take(',') && !self.rest.trim_start().starts_with(')') {
                return Err(self.unexpected("a comma"));
            }
        }
        Ok(sizes)
    }
}

/// Writes the header of an array; its numbers follow, the last axis the fastest, each written by [`Float::write`].
pub(crate) fn write_header(out: &mut dyn Write, shape: &[usize], float: Float) -> io::Result<()> {
    write_header_of(out, shape, if float == Float::F4 { "<f4" } else { "<f8" })
}

/// Writes the header of an array of numbers of a type by its name.
pub(super) fn write_header_of(out: &mut dyn Write, shape: &[usize], name: &str) -> io::Result<()> {
    let sides: Vec<String> = shape.iter().map(usize::to_string).collect();
    let sides = sides.join(", ") + if shape.len() == 1 { "," } else { "" };
    let text = format!("{{'descr': '{name}', 'fortran_order': False, 'shape': ({sides}), }}");
    let start = [MAGIC, &[1, 0]].concat();
    let length = (start.len() + 2 + text.len() + 1).next_multiple_of(ALIGNMENT) - start.len() - 2;
    out.write_all(&start)?;
    let length_written = u16::try_from(length).map_err(io::Error::other)?;
    out.write_all(&length_written.to_le_bytes())?;
    writeln!(out, "{text:width$}", width = length - 1)
}
