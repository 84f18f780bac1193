//! NumPy's `.npy` files: arrays of real numbers, read to their shape and values, and written. Stands below all rooms.
//!
//! A promise of a header is held to the file's length before any room is made for it. The format is that of NumPy's
//! `numpy.lib.format`, versions 1 to 3: a header that is a Python dictionary, then the numbers.

use crate::error::{Error, Result};
use crate::task;
use std::fs::File;
use std::io::{self, BufReader, Read, Write};
use std::path::Path;

const MAGIC: &[u8] = b"\x93NUMPY";
/// The most bytes of a header: NumPy itself reads no longer one unasked.
const MAX_HEADER: usize = 10_000;
/// The bytes before the numbers are a multiple of this.
const ALIGNMENT: usize = 64;
/// How many numbers are read at a time.
const PIECE: usize = 1 << 13;

/// An array of real numbers, the last axis the fastest.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Array<T> {
    /// How many along each axis.
    pub(crate) shape: Vec<usize>,
    pub(crate) values: Vec<T>,
}

/// A kind of number that arrays are written in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Float {
    F4,
    F8,
}

/// A number that arrays are read to: each of their types goes into it, rounded where it must be.
pub(crate) trait Number: Copy {
    fn of(value: f64) -> Self;
}

impl Number for f32 {
    fn of(value: f64) -> f32 {
        value as f32
    }
}

impl Number for f64 {
    fn of(value: f64) -> f64 {
        value
    }
}

impl<T: Number> Array<T> {
    /// Reads a file. An error where it is no plain file, is no array of real numbers, or has more than `most` of them.
    /// `shown` is what messages call it.
    pub(crate) fn open(path: &Path, shown: &str, most: usize) -> Result<Array<T>> {
        let wrong = |problem: String| Error::File { path: shown.into(), problem };
        let about = std::fs::metadata(path).map_err(|error| match error.kind() {
            io::ErrorKind::NotFound => wrong("there is no such file".into()),
            _ => wrong(error.to_string()),
        })?;
        match () {
            _ if about.is_dir() => Err(wrong("is a folder, not a file".into())),
            _ if !about.is_file() => Err(wrong("is not a plain file".into())),
            _ => {
                let opened = File::open(path).map_err(|error| wrong(error.to_string()))?;
                let read = read(BufReader::new(opened.take(about.len())), about.len(), most);
                task::check()?; // what was given up is not whole
                read.map_err(wrong)
            }
        }
    }
}

fn read<T: Number>(mut from: impl Read, length: u64, most: usize) -> Result<Array<T>, String> {
    let (header, before) = header_of(&mut from)?;
    let NpyHeader { number, fortran_order, shape } = header;
    let count = shape.iter().product::<usize>();
    if count > most {
        return Err(format!("has {count} numbers; at most {most} are read"));
    }
    let bytes = length.saturating_sub(before);
    if count.checked_mul(number.size).map(|bytes| bytes as u64) != Some(bytes) {
        let sides: Vec<String> = shape.iter().chain([&number.size]).map(usize::to_string).collect();
        return Err(format!("has {bytes} bytes of numbers, not {}", sides.join("×")));
    }
    let mut values = Vec::new();
    values.try_reserve_exact(count).map_err(|_| "is larger than the memory there is".to_string())?;
    let unread = |error: io::Error| match error.kind() {
        io::ErrorKind::UnexpectedEof => "ends before its last number".into(),
        _ => error.to_string(),
    };
    number.read_all(count, from, &mut values).map_err(unread)?;
    let values = if fortran_order { last_fastest(&shape, &values) } else { values };
    Ok(Array { shape, values })
}

/// The header, and how many bytes there are before the numbers.
fn header_of(from: &mut impl Read) -> Result<(NpyHeader, u64), String> {
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
struct NpyHeader {
    number: NumberType,
    fortran_order: bool,
    shape: Vec<usize>,
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
                "descr" => number = Some(NumberType::of(reader.value()?)?),
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

/// A type of real numbers.
#[derive(Clone, Copy)]
struct NumberType {
    letter: u8,
    /// How many bytes a number has.
    size: usize,
    is_big_endian: bool,
}

impl NumberType {
    /// The type of a name such as `<f4`: the order of bytes, the kind, and how many bytes.
    fn of(name: &str) -> Result<NumberType, String> {
        let wrong = || {
            let shown: String = name.chars().take(40).collect();
            format!("holds numbers of the type {shown}; bool, i1 to i8, u1 to u8, f2, f4 and f8 are read")
        };
        let &[order, letter, ref digits @ ..] = name.as_bytes() else { return Err(wrong()) };
        let size = match (letter, digits) {
            (b'b' | b'i' | b'u', b"1") => 1,
            (b'i' | b'u' | b'f', b"2") => 2,
            (b'i' | b'u' | b'f', b"4") => 4,
            (b'i' | b'u' | b'f', b"8") => 8,
            _ => return Err(wrong()),
        };
        let is_big_endian = match order {
            b'<' => false,
            b'>' => true,
            b'|' if size == 1 => false,
            b'=' => cfg!(target_endian = "big"),
            _ => return Err(wrong()),
        };
        Ok(NumberType { letter, size, is_big_endian })
    }

    /// Reads the numbers, in the order they stand in.
    fn read_all<T: Number>(self, count: usize, from: impl Read, to: &mut Vec<T>) -> io::Result<()> {
        macro_rules! as_type {
            ($type:ty) => {
                match self.is_big_endian {
                    true => typed(count, from, to, |bytes| Ok(<$type>::from_be_bytes(bytes) as f64)),
                    false => typed(count, from, to, |bytes| Ok(<$type>::from_le_bytes(bytes) as f64)),
                }
            };
        }
        match (self.letter, self.size) {
            (b'b', _) => typed(count, from, to, |[byte]| match byte {
                0 | 1 => Ok(f64::from(byte)),
                _ => Err(io::Error::other(format!("has a bool of {byte}, which is neither 0 nor 1"))),
            }),
            (b'i', 1) => as_type!(i8),
            (b'i', 2) => as_type!(i16),
            (b'i', 4) => as_type!(i32),
            (b'i', _) => as_type!(i64),
            (b'u', 1) => as_type!(u8),
            (b'u', 2) => as_type!(u16),
            (b'u', 4) => as_type!(u32),
            (b'u', _) => as_type!(u64),
            (_, 2) => match self.is_big_endian {
                true => typed(count, from, to, |bytes| Ok(half(u16::from_be_bytes(bytes)))),
                false => typed(count, from, to, |bytes| Ok(half(u16::from_le_bytes(bytes)))),
            },
            (_, 4) => as_type!(f32),
            _ => as_type!(f64),
        }
    }
}

/// The number of 16 bits that IEEE 754 calls binary16.
fn half(bits: u16) -> f64 {
    let (exponent, fraction) = (i32::from(bits >> 10 & 31), f64::from(bits & 1023) / 1024.0);
    let size = match exponent {
        0 => fraction * 2f64.powi(-14),
        31 if fraction == 0.0 => f64::INFINITY,
        31 => f64::NAN,
        _ => (1.0 + fraction) * 2f64.powi(exponent - 15),
    };
    if bits >> 15 == 1 { -size } else { size }
}

fn typed<T: Number, const SIZE: usize>(
    count: usize,
    mut from: impl Read,
    to: &mut Vec<T>,
    convert: impl Fn([u8; SIZE]) -> io::Result<f64>,
) -> io::Result<()> {
    let mut piece = vec![0; SIZE * PIECE];
    while to.len() < count && !task::is_given_up() {
        let piece = &mut piece[..SIZE * PIECE.min(count - to.len())];
        from.read_exact(piece)?;
        for bytes in piece.as_chunks().0 {
            to.push(T::of(convert(*bytes)?));
        }
    }
    Ok(())
}

/// The values of an array whose first axis is the fastest, in the order in which the last is.
fn last_fastest<T: Copy>(shape: &[usize], values: &[T]) -> Vec<T> {
    // How far apart neighbours along each axis stand.
    let steps: Vec<usize> =
        shape.iter().scan(1, |step, &n| Some(std::mem::replace(step, *step * n))).collect();
    let (mut place, mut at) = (vec![0; shape.len()], 0);
    let mut out = Vec::with_capacity(values.len());
    for _ in 0..values.len() {
        out.push(values[at]);
        for axis in (0..shape.len()).rev() {
            place[axis] += 1;
            at += steps[axis];
            if place[axis] < shape[axis] {
                break;
            }
            at -= steps[axis] * shape[axis];
            place[axis] = 0;
        }
    }
    out
}

/// Writes the header of an array; its numbers follow, the last axis the fastest, each written by [`Float::write`].
pub(crate) fn write_header(out: &mut dyn Write, shape: &[usize], float: Float) -> io::Result<()> {
    let name = if float == Float::F4 { "<f4" } else { "<f8" };
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

impl Float {
    /// Writes numbers of an array.
    pub(crate) fn write(self, out: &mut dyn Write, values: impl Iterator<Item = f64>) -> io::Result<()> {
        let bytes: Vec<u8> = match self {
            Float::F4 => values.flat_map(|value| (value as f32).to_le_bytes()).collect(),
            Float::F8 => values.flat_map(f64::to_le_bytes).collect(),
        };
        out.write_all(&bytes)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn read(bytes: &[u8]) -> Result<Array<f64>, String> {
        super::read(bytes, bytes.len() as u64, 1 << 20)
    }

    fn file(shape: &[usize], values: &[f64]) -> Vec<u8> {
        let mut bytes = Vec::new();
        write_header(&mut bytes, shape, Float::F8).unwrap();
        Float::F8.write(&mut bytes, values.iter().copied()).unwrap();
        bytes
    }

    /// A file of a header as it is given, and of bytes.
    fn with(header: &str, data: &[u8]) -> Vec<u8> {
        [MAGIC, &[1, 0], &(header.len() as u16).to_le_bytes(), header.as_bytes(), data].concat()
    }

    fn of_type(name: &str, order: &str, shape: &str, data: &[u8]) -> Vec<u8> {
        with(&format!("{{'descr': '{name}', 'fortran_order': {order}, 'shape': {shape}, }}\n"), data)
    }

    #[test]
    fn what_is_written_is_read() {
        let values = [1.0, -2.5, 1e-300, 4.0, 5.0, 6.0];
        let bytes = file(&[2, 3], &values);
        assert_eq!((bytes.len() - 48) % 64, 0);
        assert_eq!(read(&bytes).unwrap(), Array { shape: vec![2, 3], values: values.into() });
        let mut bytes = Vec::new();
        write_header(&mut bytes, &[3, 1, 1, 2], Float::F4).unwrap();
        Float::F4.write(&mut bytes, values.into_iter()).unwrap();
        let found: Array<f32> = super::read(&bytes[..], bytes.len() as u64, 6).unwrap();
        assert_eq!(found, Array { shape: vec![3, 1, 1, 2], values: values.map(|value| value as f32).into() });
        assert_eq!(read(&file(&[0, 3], &[])).unwrap(), Array { shape: vec![0, 3], values: vec![] });
        assert_eq!(read(&file(&[], &[7.0])).unwrap(), Array { shape: vec![], values: vec![7.0] });
    }

    #[test]
    fn a_header_of_version_2_in_another_order_is_read() {
        let header = "{\"shape\": (1, 2), \"fortran_order\": False, \"descr\": \"<f4\"}\n";
        let mut bytes = [MAGIC, &[2, 0], &(header.len() as u32).to_le_bytes(), header.as_bytes()].concat();
        bytes.extend([0.5f32, 3.0].iter().flat_map(|value| value.to_le_bytes()));
        assert_eq!(read(&bytes).unwrap().values, [0.5, 3.0]);
    }

    #[test]
    fn every_real_type_is_read_in_either_order_of_bytes() {
        let cases: [(&str, &[u8], &[f64]); 22] = [
            ("|b1", &[0, 1], &[0.0, 1.0]),
            ("|i1", &[0xff, 5], &[-1.0, 5.0]),
            ("|u1", &[0xff, 5], &[255.0, 5.0]),
            ("<i2", &[0xfe, 0xff, 1, 2], &[-2.0, 513.0]),
            (">i2", &[0xff, 0xfe, 2, 1], &[-2.0, 513.0]),
            ("<u2", &[0xfe, 0xff], &[65534.0]),
            (">u2", &[0xff, 0xfe], &[65534.0]),
            ("<i4", &(-70_000i32).to_le_bytes(), &[-70_000.0]),
            (">i4", &(-70_000i32).to_be_bytes(), &[-70_000.0]),
            ("<u4", &4_000_000_000u32.to_le_bytes(), &[4e9]),
            (">u4", &4_000_000_000u32.to_be_bytes(), &[4e9]),
            ("<i8", &(-(1i64 << 40)).to_le_bytes(), &[-1_099_511_627_776.0]),
            (">i8", &(-(1i64 << 40)).to_be_bytes(), &[-1_099_511_627_776.0]),
            ("<u8", &(1u64 << 63).to_le_bytes(), &[9_223_372_036_854_775_808.0]),
            (">u8", &(1u64 << 63).to_be_bytes(), &[9_223_372_036_854_775_808.0]),
            ("=f4", &(-2.5f32).to_ne_bytes(), &[-2.5]),
            ("<f2", &[0x00, 0xc1, 0x01, 0x00, 0xff, 0x03], &[-2.5, 2f64.powi(-24), 1023.0 * 2f64.powi(-24)]),
            ("<f2", &[0xff, 0x7b, 0x00, 0x7c, 0x00, 0xfc], &[65504.0, f64::INFINITY, f64::NEG_INFINITY]),
            (">f2", &[0xc1, 0x00], &[-2.5]),
            (">f4", &(-2.5f32).to_be_bytes(), &[-2.5]),
            ("<f8", &0.1f64.to_le_bytes(), &[0.1]),
            (">f8", &0.1f64.to_be_bytes(), &[0.1]),
        ];
        for (name, data, want) in cases {
            let bytes = of_type(name, "False", &format!("({},)", want.len()), data);
            assert_eq!(read(&bytes).map(|array| array.values).as_deref(), Ok(want), "{name}");
        }
    }

    #[test]
    fn fortran_order_is_turned() {
        // np.arange(24).reshape(2, 3, 4), as np.asfortranarray keeps it.
        let data: Vec<u8> = (0..24u8).map(|n| n % 2 * 12 + n / 2 % 3 * 4 + n / 6).collect();
        let found = read(&of_type("|u1", "True", "(2, 3, 4)", &data)).unwrap();
        assert_eq!(found.shape, [2, 3, 4]);
        assert_eq!(found.values, (0..24).map(f64::from).collect::<Vec<_>>());
    }

    #[test]
    fn what_cannot_be_read_is_said() {
        let good = |name: &str, order: &str, shape: &str| of_type(name, order, shape, &[0; 24]);
        let deep = format!("{}{}", "[".repeat(3000), "]".repeat(3000));
        let cases = [
            (b"x,y,z\n".to_vec(), "is not a NumPy file"),
            (MAGIC.to_vec(), "ends in the middle of its header"),
            ([MAGIC, &[9, 0, 0, 0]].concat(), "is of version 9"),
            ([MAGIC, &[1, 0], &[200, 0], b"{'descr'"].concat(), "ends in the middle of its header"),
            (
                [MAGIC, &[2, 0], &[0xff; 4]].concat(),
                "has a header of 4294967295 bytes; at most 10000 are read",
            ),
            (good("<c8", "False", "(1, 3)"), "holds numbers of the type <c8;"),
            (good("<f16", "False", "(1, 3)"), "holds numbers of the type <f16;"),
            (good("|O", "False", "(1, 3)"), "holds numbers of the type |O;"),
            (
                with("{'descr': [('a', '<f4'), ], 'fortran_order': False, 'shape': (6,), }", &[0; 24]),
                "holds numbers of the type [('a', '<f4'), ]",
            ),
            (good("<f8", "False", "(a, 3)"), "has a header that cannot be read"),
            (
                good("<f8", "False", "(-1, 3)"),
                "has a header that cannot be read: it has \"-1, 3), }\\n\" where a size must be",
            ),
            (good("<f8", "False", "(2, 3)"), "has 24 bytes of numbers, not 2×3×8"),
            (good("<f8", "False", "(4294967296, 4294967296)"), "has a shape that is too large"),
            (good("<f8", "False", "(0, 4294967296, 4294967296)"), "has a shape that is too large"),
            (
                good("<f8", "False", "(0xff,)"),
                "has a header that cannot be read: it has \"xff,), }\\n\" where a comma must be",
            ),
            (good("<f8", "False", "(1048577,)"), "has 1048577 numbers; at most 1048576 are read"),
            (
                good("<f8", "False", &deep),
                "has a header that cannot be read: it has \"[[[[[[[[[[[[\" where '(' must be",
            ),
            (good("<f8", "Maybe", "(1, 3)"), "has a header that cannot be read"),
            (with("{}", &[]), "has a header that cannot be read: it lacks 'descr'"),
            (of_type("|b1", "False", "(1,)", &[7]), "has a bool of 7"),
        ];
        for (bytes, want) in cases {
            let error = read(&bytes).unwrap_err();
            assert!(error.starts_with(want), "{error}, not {want}");
        }
        assert!(read(&good("<f8", "False", "(1, 3)")).is_ok());
    }

    #[test]
    fn what_is_no_plain_file_is_refused() {
        let said = |path: &str| Array::<f32>::open(Path::new(path), path, 8).unwrap_err().to_string();
        assert_eq!(said("nowhere.npy"), "nowhere.npy: there is no such file");
        let folder = std::env::temp_dir().display().to_string();
        assert_eq!(said(&folder), format!("{folder}: is a folder, not a file"));
        if cfg!(target_os = "linux") {
            assert_eq!(said("/dev/zero"), "/dev/zero: is not a plain file");
        }
    }

    proptest! {
        #[test]
        fn no_bytes_panic(tail in proptest::collection::vec(any::<u8>(), 0..80), cut in 0..200usize, at in 0..200usize) {
            let mut bytes = file(&[2, 3], &[1.0; 6]);
            bytes.truncate(cut);
            let at = at.min(bytes.len());
            bytes.splice(at..(at + tail.len() / 2).min(bytes.len()), tail);
            let _ = read(&bytes);
        }

        #[test]
        fn no_header_panics(text in "[-\\[\\](){}0-9a-f_x'\",:. \\\\]{0,80}", is_begun: bool) {
            let text = if is_begun { format!("{{'descr': '<f4', 'fortran_order': False, 'shape': {text}") } else { text };
            let _ = read(&with(&text, &[0; 24]));
        }
    }
}
