//! NumPy's `.npz` archives: ZIP files of arrays, each by its name.

use super::NumpyArray;
use crate::error::{Error, Result};
use crate::file::{bytes_of, write_whole};
use crate::zip::{Packing, read_zip, write_zip};
use std::path::Path;

/// The most bytes of an archive: what a ZIP file of the first kind holds.
const MAX_BYTES: u64 = u32::MAX as u64;
/// How the names of arrays end in an archive.
const ENDING: &str = ".npy";

/// Reads the arrays of a `.npz` archive with their names, as `np.savez` and `np.savez_compressed` write them.
pub fn read_archive(path: impl AsRef<Path>) -> Result<Vec<(String, NumpyArray)>> {
    let path = path.as_ref();
    let shown = path.display().to_string();
    let bytes = bytes_of(path, &shown, MAX_BYTES)?;
    arrays_of(&bytes).map_err(|problem| Error::File { path: shown, problem })
}

fn arrays_of(bytes: &[u8]) -> Result<Vec<(String, NumpyArray)>, String> {
    let mut arrays: Vec<(String, NumpyArray)> = Vec::new();
    for (name, content) in read_zip(bytes)? {
        let Some(own) = name.strip_suffix(ENDING) else {
            return Err(format!("has an entry {name:?}, which is no array: its name does not end in .npy"));
        };
        if arrays.iter().any(|(other, _)| other == own) {
            return Err(format!("has two arrays {own:?}"));
        }
        let array = NumpyArray::read_from(&content[..], content.len() as u64)
            .map_err(|problem| format!("has an array {own:?} that {problem}"))?;
        arrays.push((own.to_string(), array));
    }
    Ok(arrays)
}

/// Writes arrays with their names to a `.npz` archive, whole or not at all, as `np.savez` does; packed as
/// `np.savez_compressed` does where `is_packed` says so.
pub fn write_archive(path: impl AsRef<Path>, arrays: &[(&str, &NumpyArray)], is_packed: bool) -> Result<()> {
    write_whole(path.as_ref(), |out| {
        let mut files = Vec::new();
        for (name, array) in arrays {
            let mut bytes = Vec::new();
            array.write_to(&mut bytes)?;
            files.push((format!("{name}{ENDING}"), bytes));
        }
        let files: Vec<(&str, &[u8])> =
            files.iter().map(|(name, bytes)| (name.as_str(), &bytes[..])).collect();
        write_zip(&files, if is_packed { Packing::Deflated } else { Packing::Stored }, out)
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::npy::Numbers;
    use proptest::prelude::*;

    fn file(is_packed: bool) -> Vec<u8> {
        let folder = crate::file::TestFolder::new("npz");
        let path = folder.0.join("two.npz");
        let long = NumpyArray::new(&[50, 2], Numbers::Int16((0..100).collect())).unwrap();
        let flag = NumpyArray::new(&[], Numbers::Bool(vec![true])).unwrap();
        write_archive(&path, &[("long", &long), ("flag", &flag)], is_packed).unwrap();
        assert_eq!(read_archive(&path).unwrap(), [("long".to_string(), long), ("flag".to_string(), flag)]);
        std::fs::read(&path).unwrap()
    }

    #[test]
    fn what_is_no_archive_of_arrays_is_said() {
        for is_packed in [false, true] {
            let bytes = file(is_packed);
            for cut in 0..bytes.len() {
                assert!(arrays_of(&bytes[..cut]).is_err(), "{cut}");
            }
            // A byte changed in the numbers is found by their checksum.
            let mut wrong = bytes.clone();
            let middle = bytes.len() / 3;
            wrong[middle] ^= 1;
            assert!(arrays_of(&wrong).is_err());
        }
        let mut bytes = Vec::new();
        write_zip(&[("a.txt", b"text")], Packing::Stored, &mut bytes).unwrap();
        assert!(arrays_of(&bytes).unwrap_err().contains("\"a.txt\", which is no array"));
        let mut bytes = Vec::new();
        write_zip(&[("a.npy", b"text")], Packing::Stored, &mut bytes).unwrap();
        assert!(arrays_of(&bytes).unwrap_err().contains("an array \"a\" that is not a NumPy file"));
        assert!(arrays_of(b"").unwrap_err().contains("is no ZIP archive"));
    }

    proptest! {
        #[test]
        fn no_bytes_panic(is_packed: bool, at in 0..2000usize, with in proptest::collection::vec(any::<u8>(), 1..20)) {
            let mut bytes = file(is_packed);
            let at = at % bytes.len();
            let end = (at + with.len()).min(bytes.len());
            bytes.splice(at..end, with);
            let _ = arrays_of(&bytes);
        }
    }
}
