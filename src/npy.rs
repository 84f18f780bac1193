//! NumPy's `.npy` files: arrays of real numbers, read to their shape and values, and written. Stands below all rooms.
//!
//! The format is read by `npyz`. It believes what a header says: so this module looks first at how long a header is, how
//! deep it nests and how large an array it promises, and holds that to the file's length before it makes room for it.

use crate::error::{Error, Result};
use crate::task;
use npyz::{DType, Deserialize, NpyHeader, Order, TypeChar, TypeRead, WriteOptions, WriterBuilder, half};
use std::fs::File;
use std::io::{self, BufReader, Read, Write};
use std::path::Path;

const MAGIC: &[u8] = b"\x93NUMPY";
/// The most bytes of a header: NumPy itself reads no longer one unasked.
const MAX_HEADER: usize = 10_000;
/// The most brackets of a header: those around it, those of its shape, and a few of what is refused with better words.
const MAX_BRACKETS: usize = 8;
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
    let dtype = header.dtype();
    let size = size_of_real(&dtype)?;
    let count = header.len();
    if count > most as u64 {
        return Err(format!("has {count} numbers; at most {most} are read"));
    }
    let bytes = length.saturating_sub(before);
    if count.checked_mul(size as u64) != Some(bytes) {
        let shape: Vec<String> = header.shape().iter().chain([&(size as u64)]).map(u64::to_string).collect();
        return Err(format!("has {bytes} bytes of numbers, not {}", shape.join("×")));
    }
    let shape: Vec<usize> = header.shape().iter().map(|&count| count as usize).collect();
    let mut values = Vec::new();
    values.try_reserve_exact(count as usize).map_err(|_| "is larger than the memory there is".to_string())?;
    let unread = |error: io::Error| match error.kind() {
        io::ErrorKind::UnexpectedEof => "ends before its last number".into(),
        _ => error.to_string(),
    };
    read_all(&dtype, size, count as usize, from, &mut values).map_err(unread)?;
    let values = if header.order() == Order::Fortran { last_fastest(&shape, &values) } else { values };
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
    check_header(&text)?;
    let header = NpyHeader::from_reader(start[..end].chain(&text[..]));
    let header = header.map_err(|error| format!("has a header that cannot be read: {error}"))?;
    Ok((header, (end + length) as u64))
}

/// That a header may be read: `npyz` goes as deep as its brackets do, and multiplies its sizes whatever they are.
fn check_header(text: &[u8]) -> Result<(), String> {
    let text = std::str::from_utf8(text).map_err(|_| "has a header that is no text")?;
    if text.chars().filter(|c| "([{".contains(*c)).count() > MAX_BRACKETS {
        return Err("has a header of many brackets, as of records; arrays of one real type are read".into());
    }
    let words = text.split(|c: char| !(c.is_alphanumeric() || c == '_'));
    let numbers = words.filter(|word| word.starts_with(|c: char| c.is_ascii_digit()));
    let all = numbers.map(|word| word.parse().ok()).try_fold(1u64, |all, size: Option<u64>| {
        all.checked_mul(size?.max(1)) // what is empty may have other sides as long as it likes, but not here
    });
    all.map(|_| ()).ok_or_else(|| "has a shape that is too large, or not of plain numbers".into())
}

/// How many bytes a number of a type has; an error where it is no real number.
fn size_of_real(dtype: &DType) -> Result<usize, String> {
    let wrong = || {
        let name = dtype.descr();
        format!("holds numbers of the type {name}; bool, i1 to i8, u1 to u8, f2, f4 and f8 are read")
    };
    let DType::Plain(plain) = dtype else { return Err(wrong()) };
    match (plain.type_char(), plain.size_field()) {
        (TypeChar::Bool, 1) => Ok(1),
        (TypeChar::Int | TypeChar::Uint, size @ (1 | 2 | 4 | 8)) => Ok(size as usize),
        (TypeChar::Float, size @ (2 | 4 | 8)) => Ok(size as usize),
        _ => Err(wrong()),
    }
}

/// Reads the numbers, in the order they stand in.
fn read_all<T: Number>(
    dtype: &DType,
    size: usize,
    count: usize,
    from: impl Read,
    to: &mut Vec<T>,
) -> io::Result<()> {
    let DType::Plain(plain) = dtype else { unreachable!("as `size_of_real` found") };
    macro_rules! as_type {
        ($type:ty, $convert:expr) => {
            typed::<$type, T>(dtype, size, count, from, to, $convert)
        };
    }
    match (plain.type_char(), size) {
        (TypeChar::Bool, _) => as_type!(bool, |value| f64::from(u8::from(value))),
        (TypeChar::Int, 1) => as_type!(i8, f64::from),
        (TypeChar::Int, 2) => as_type!(i16, f64::from),
        (TypeChar::Int, 4) => as_type!(i32, f64::from),
        (TypeChar::Int, _) => as_type!(i64, |value| value as f64),
        (TypeChar::Uint, 1) => as_type!(u8, f64::from),
        (TypeChar::Uint, 2) => as_type!(u16, f64::from),
        (TypeChar::Uint, 4) => as_type!(u32, f64::from),
        (TypeChar::Uint, _) => as_type!(u64, |value| value as f64),
        (_, 2) => as_type!(half::f16, f64::from),
        (_, 4) => as_type!(f32, f64::from),
        _ => as_type!(f64, |value| value),
    }
}

fn typed<S: Deserialize, T: Number>(
    dtype: &DType,
    size: usize,
    count: usize,
    mut from: impl Read,
    to: &mut Vec<T>,
    convert: impl Fn(S) -> f64,
) -> io::Result<()>
where
    S::TypeReader: TypeRead<Value = S>,
{
    let reader = S::reader(dtype).map_err(io::Error::other)?;
    let mut piece = vec![0; size * PIECE];
    while to.len() < count && !task::is_given_up() {
        let piece = &mut piece[..size * PIECE.min(count - to.len())];
        from.read_exact(piece)?;
        for bytes in piece.chunks_exact(size) {
            to.push(T::of(convert(reader.read_one(bytes)?)));
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
    let dtype = DType::new_scalar(name.parse().map_err(io::Error::other)?);
    let shape: Vec<u64> = shape.iter().map(|&count| count as u64).collect();
    let written = WriteOptions::new_header_only().dtype(dtype).shape(&shape).writer(out).write_header_only();
    written.map(|_| ())
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
        let cases: [(&str, &[u8], &[f64]); 20] = [
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
            ("<f2", &[0x00, 0xc1], &[-2.5]),
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
            (good("<c8", "False", "(1, 3)"), "holds numbers of the type '<c8'"),
            (good("<f16", "False", "(1, 3)"), "holds numbers of the type '<f16'"),
            (good("|O", "False", "(1, 3)"), "holds numbers of the type '|O'"),
            (
                with("{'descr': [('a', '<f4'), ], 'fortran_order': False, 'shape': (6,), }", &[0; 24]),
                "holds numbers of the type [('a', '<f4'), ]",
            ),
            (good("<f8", "False", "(a, 3)"), "has a header that cannot be read"),
            (
                good("<f8", "False", "(-1, 3)"),
                "has a header that cannot be read: dimension cannot be negative",
            ),
            (good("<f8", "False", "(2, 3)"), "has 24 bytes of numbers, not 2×3×8"),
            (good("<f8", "False", "(4294967296, 4294967296)"), "has a shape that is too large"),
            (good("<f8", "False", "(0, 4294967296, 4294967296)"), "has a shape that is too large"),
            (good("<f8", "False", "(0xff,)"), "has a shape that is too large, or not of plain numbers"),
            (good("<f8", "False", "(1048577,)"), "has 1048577 numbers; at most 1048576 are read"),
            (good("<f8", "False", &deep), "has a header of many brackets"),
            (good("<f8", "Maybe", "(1, 3)"), "has a header that cannot be read"),
            (with("{}", &[]), "has a header that cannot be read: dict is missing key 'fortran_order'"),
            (of_type("|b1", "False", "(1,)", &[7]), "invalid value for bool"),
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
