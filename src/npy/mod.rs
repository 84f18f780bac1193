//! NumPy's arrays of real numbers, in `.npy` files and, several by name, in `.npz` archives. Uses no other room.
//!
//! A [`NumpyArray`] is one in any of NumPy's real types, a [`NumberType`]; `Array` is how the rooms read numbers of any type
//! as the one that they work in. A promise of a header is held to the file's length before any room is made for it. The
//! format is that of NumPy's `numpy.lib.format`, versions 1 to 3: a header that is a Python dictionary, then the numbers.

#[cfg(any(feature = "learn", feature = "mesh"))]
mod archive;
mod half;
mod header;
mod number_type;
mod numbers;

#[cfg(any(feature = "learn", feature = "mesh"))]
pub use archive::{read_archive, write_archive};
pub use half::Half;
pub(crate) use header::write_header;
use header::{NpyHeader, header_of};
use number_type::FileNumber;
pub use number_type::NumberType;
pub use numbers::{Numbers, NumpyArray, read, write};

use crate::error::{Error, Result};
use crate::task;
use std::fs::File;
use std::io::{self, BufReader, Read, Write};
use std::path::Path;

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

/// A plain file, with how many bytes it has.
fn opened(path: &Path, shown: &str) -> Result<(impl Read, u64)> {
    let wrong = |problem: String| Error::File { path: shown.into(), problem };
    let about = std::fs::metadata(path).map_err(|error| match error.kind() {
        io::ErrorKind::NotFound => wrong("there is no such file".into()),
        _ => wrong(error.to_string()),
    })?;
    match () {
        _ if about.is_dir() => Err(wrong("is a folder, not a file".into())),
        _ if !about.is_file() => Err(wrong("is not a plain file".into())),
        _ => {
            let file = File::open(path).map_err(|error| wrong(error.to_string()))?;
            Ok((BufReader::new(file.take(about.len())), about.len()))
        }
    }
}

impl<T: FileNumber + Copy> Array<T> {
    /// Reads a file. An error where it is no plain file, is no array of real numbers, or has more than `most` of them.
    /// `shown` is what messages call it.
    pub(crate) fn open(path: &Path, shown: &str, most: usize) -> Result<Array<T>> {
        let (file, length) = opened(path, shown)?;
        let read = read_as(file, length, most);
        task::check()?; // what was given up is not whole
        read.map_err(|problem| Error::File { path: shown.into(), problem })
    }
}

/// The numbers of a file's bytes, each as `T`: rounded where it must be.
fn read_as<T: FileNumber + Copy>(mut from: impl Read, length: u64, most: usize) -> Result<Array<T>, String> {
    let (header, before) = header_of(&mut from)?;
    let count = checked_count(&header, length.saturating_sub(before), most)?;
    let NpyHeader { number, fortran_order, shape } = header;
    let mut values = Vec::new();
    values.try_reserve_exact(count).map_err(|_| "is larger than the memory there is".to_string())?;
    number.read_all(count, from, &mut values).map_err(unread)?;
    let values = if fortran_order { last_fastest(&shape, &values) } else { values };
    Ok(Array { shape, values })
}

/// How many numbers there are, if that is no more than `most`, and if they take so many bytes.
fn checked_count(header: &NpyHeader, bytes: u64, most: usize) -> Result<usize, String> {
    let (count, size) = (header.shape.iter().product::<usize>(), header.number.size());
    if count > most {
        return Err(format!("has {count} numbers; at most {most} are read"));
    }
    if count.checked_mul(size).map(|bytes| bytes as u64) != Some(bytes) {
        let sides: Vec<String> = header.shape.iter().chain([&size]).map(usize::to_string).collect();
        return Err(format!("has {bytes} bytes of numbers, not {}", sides.join("×")));
    }
    Ok(count)
}

fn unread(error: io::Error) -> String {
    match error.kind() {
        io::ErrorKind::UnexpectedEof => "ends before its last number".into(),
        _ => error.to_string(),
    }
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
    use super::header::MAGIC;
    use super::*;
    use proptest::prelude::*;

    fn read(bytes: &[u8]) -> Result<Array<f64>, String> {
        super::read_as(bytes, bytes.len() as u64, 1 << 20)
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
        let found: Array<f32> = super::read_as(&bytes[..], bytes.len() as u64, 6).unwrap();
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
