//! NumPy's `.npy` files (versions 1 to 3 of the format), as far as points and values go: rows of `f4` or `f8`.
//!
//! The format is described in NumPy's own reference, in `numpy.lib.format`: six bytes of magic, two of version, the
//! length of a header, the header, which is a Python dictionary, and the numbers.

use crate::error::{Error, Result};
use std::io::Write;

const MAGIC: &[u8] = b"\x93NUMPY";

/// Rows of numbers.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Array {
    pub(super) columns: usize,
    /// Row after row.
    pub(super) values: Vec<f64>,
}

impl Array {
    /// Reads a file's bytes. `file` is what messages call it.
    pub(super) fn read(bytes: &[u8], file: &str) -> Result<Array> {
        read(bytes).map_err(|problem| Error::File { path: file.into(), problem })
    }
}

fn read(bytes: &[u8]) -> Result<Array, String> {
    let short = || "ends in the middle of its header".to_string();
    let rest = bytes.strip_prefix(MAGIC).ok_or("is not a NumPy file: it does not start with \\x93NUMPY")?;
    let (&[major, _], rest) = rest.split_first_chunk().ok_or_else(short)?;
    let (length, rest) = match major {
        1 => rest.split_first_chunk().map(|(length, rest)| (u16::from_le_bytes(*length) as usize, rest)),
        2 | 3 => rest.split_first_chunk().map(|(length, rest)| (u32::from_le_bytes(*length) as usize, rest)),
        _ => return Err(format!("is of version {major} of the NumPy format; versions 1 to 3 are known")),
    }
    .ok_or_else(short)?;
    let (header, data) = rest.split_at_checked(length).ok_or_else(short)?;
    let header = std::str::from_utf8(header).map_err(|_| "has a header that is no text")?;
    if entry(header, "fortran_order")?.starts_with("True") {
        return Err("is in Fortran order; np.ascontiguousarray makes an array that can be read".into());
    }
    let (rows, columns) = shape(entry(header, "shape")?)?;
    let count = rows.checked_mul(columns).ok_or("has a shape that is too large")?;
    let descr = entry(header, "descr")?;
    let kind = descr.split(['\'', '"']).nth(1).unwrap_or(descr);
    let size = match kind {
        "<f8" => 8,
        "<f4" => 4,
        _ => {
            return Err(format!(
                "holds {kind} numbers; <f8 and <f4 are known, as of np.float64 and np.float32"
            ));
        }
    };
    if count.checked_mul(size) != Some(data.len()) {
        return Err(format!("has {} bytes of numbers, not {rows}×{columns}×{size}", data.len()));
    }
    let values = match size {
        8 => data.as_chunks().0.iter().map(|number| f64::from_le_bytes(*number)).collect(),
        _ => data.as_chunks().0.iter().map(|number| f32::from_le_bytes(*number) as f64).collect(),
    };
    Ok(Array { columns, values })
}

/// What stands behind a key of the header.
fn entry<'a>(header: &'a str, key: &str) -> Result<&'a str, String> {
    let behind = ['\'', '"'].iter().find_map(|quote| header.split_once(&format!("{quote}{key}{quote}")));
    let value = behind.and_then(|(_, behind)| behind.trim_start().strip_prefix(':'));
    value.map(str::trim_start).ok_or_else(|| format!("has no {key} in its header"))
}

/// The numbers of rows and columns.
fn shape(text: &str) -> Result<(usize, usize), String> {
    let inside = text.strip_prefix('(').and_then(|rest| rest.split_once(')')).map(|(inside, _)| inside);
    let sizes = inside.map(|inside| {
        inside.split(',').map(str::trim).filter(|size| !size.is_empty()).map(str::parse).collect::<Vec<_>>()
    });
    match sizes.as_deref() {
        Some([Ok(rows), Ok(columns)]) => Ok((*rows, *columns)),
        Some(sizes) if sizes.iter().all(Result::is_ok) => {
            Err(format!("has {} dimensions; rows and columns are 2", sizes.len()))
        }
        _ => Err("has no readable shape in its header".into()),
    }
}

/// Writes the header of rows of `f8`, or of `f4`.
pub(super) fn write_header(
    out: &mut dyn Write,
    rows: usize,
    columns: usize,
    f4: bool,
) -> std::io::Result<()> {
    let kind = if f4 { "<f4" } else { "<f8" };
    let mut header = format!("{{'descr': '{kind}', 'fortran_order': False, 'shape': ({rows}, {columns}), }}");
    // The numbers start at a multiple of 64 bytes.
    let before = MAGIC.len() + 4;
    let padded = (before + header.len() + 1).next_multiple_of(64) - before;
    header.extend(std::iter::repeat_n(' ', padded - header.len() - 1));
    header.push('\n');
    out.write_all(MAGIC)?;
    out.write_all(&[1, 0])?;
    out.write_all(&(header.len() as u16).to_le_bytes())?;
    out.write_all(header.as_bytes())
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn file(rows: usize, columns: usize, values: &[f64]) -> Vec<u8> {
        let mut bytes = Vec::new();
        write_header(&mut bytes, rows, columns, false).unwrap();
        bytes.extend(values.iter().flat_map(|value| value.to_le_bytes()));
        bytes
    }

    #[test]
    fn what_is_written_is_read() {
        let values = [1.0, -2.5, 1e-300, 4.0, 5.0, 6.0];
        let bytes = file(2, 3, &values);
        assert_eq!((bytes.len() - 48) % 64, 0);
        assert_eq!(Array::read(&bytes, "a.npy").unwrap(), Array { columns: 3, values: values.into() });
    }

    #[test]
    fn a_header_of_version_2_in_another_order_is_read() {
        let header = "{\"shape\": (1, 2), \"fortran_order\": False, \"descr\": \"<f4\"}\n";
        let mut bytes = [MAGIC, &[2, 0], &(header.len() as u32).to_le_bytes(), header.as_bytes()].concat();
        bytes.extend([0.5f32, 3.0].iter().flat_map(|value| value.to_le_bytes()));
        assert_eq!(Array::read(&bytes, "a.npy").unwrap().values, [0.5, 3.0]);
    }

    #[test]
    fn what_cannot_be_read_is_said() {
        let good = String::from_utf8_lossy(&file(1, 3, &[])[10..]).into_owned();
        let with = |header: &str| {
            let length = (header.len() as u16).to_le_bytes();
            [MAGIC, &[1, 0], &length, header.as_bytes(), &[0; 24]].concat()
        };
        let cases = [
            (b"x,y,z\n".to_vec(), "is not a NumPy file"),
            (MAGIC.to_vec(), "ends in the middle of its header"),
            ([MAGIC, &[9, 0, 0, 0]].concat(), "is of version 9"),
            (with(&good.replace("False", "True")), "is in Fortran order"),
            (with(&good.replace("<f8", ">f8")), "holds >f8 numbers"),
            (with(&good.replace("(1, 3)", "(3,)")), "has 1 dimensions"),
            (with(&good.replace("(1, 3)", "(a, 3)")), "has no readable shape"),
            (with(&good.replace("(1, 3)", "(2, 3)")), "has 24 bytes of numbers, not 2×3×8"),
            (with(&good.replace("(1, 3)", "(4294967296, 4294967296)")), "has a shape that is too large"),
            (with("{}"), "has no fortran_order in its header"),
        ];
        for (bytes, want) in cases {
            let error = Array::read(&bytes, "a.npy").unwrap_err().to_string();
            assert!(error.starts_with(&format!("a.npy: {want}")), "{error}, not {want}");
        }
        assert!(Array::read(&with(&good), "a.npy").is_ok());
    }

    proptest! {
        #[test]
        fn no_bytes_panic(tail in proptest::collection::vec(any::<u8>(), 0..80), cut in 0..200usize, at in 0..200usize) {
            let mut bytes = file(2, 3, &[1.0; 6]);
            bytes.truncate(cut);
            let at = at.min(bytes.len());
            bytes.splice(at..(at + tail.len() / 2).min(bytes.len()), tail);
            let _ = Array::read(&bytes, "a.npy");
        }
    }
}
