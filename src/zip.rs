//! ZIP archives (PKWARE's APPNOTE 6.3, its first kind: no more than 4 GiB), written and read. Stands below all rooms.

use miniz_oxide::deflate::compress_to_vec;
use miniz_oxide::inflate::decompress_to_vec_with_limit;
use std::borrow::Cow;
use std::io::{Error, Write};

/// How hard is tried to make it small, of 10.
const LEVEL: u8 = 6;
/// The version of the format that a reader must know: 2.0.
const VERSION: u16 = 20;
const STORED: u16 = 0;
const DEFLATED: u16 = 8;
/// How much longer a content is than it is packed, at most: what deflating can do, and no more is taken on trust.
const MAX_GROWTH: usize = 1040;
/// The length that says it is larger, and stands elsewhere.
const LARGER: usize = u32::MAX as usize;
/// 1980-01-01, 00:00: the same file for the same content.
const TIME: [u16; 2] = [0, 1 << 5 | 1];

/// How the content of files stands in an archive.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Packing {
    /// As it is.
    Stored,
    /// Packed.
    Deflated,
}

/// Writes an archive of files, each with its name.
pub(crate) fn write_zip(
    files: &[(&str, &[u8])],
    packing: Packing,
    out: &mut dyn Write,
) -> std::io::Result<()> {
    let mut directory = Vec::new();
    let mut start = 0usize;
    for &(name, content) in files {
        let (method, packed) = match packing {
            Packing::Stored => (STORED, Cow::Borrowed(content)),
            Packing::Deflated => (DEFLATED, Cow::Owned(compress_to_vec(content, LEVEL))),
        };
        let mut about = Vec::new();
        for short in [VERSION, 0, method, TIME[0], TIME[1]] {
            about.extend(short.to_le_bytes());
        }
        for long in [checksum(content), small(packed.len())?, small(content.len())?] {
            about.extend(long.to_le_bytes());
        }
        about.extend((name.len() as u16).to_le_bytes());
        about.extend([0; 2]); // nothing further
        let header = [b"PK\x03\x04", &about[..], name.as_bytes()].concat();
        out.write_all(&header)?;
        out.write_all(&packed)?;
        directory.extend(b"PK\x01\x02");
        directory.extend(VERSION.to_le_bytes());
        directory.extend(&about);
        directory.extend([0; 10]); // no comment, on this disk, of no kind
        directory.extend(small(start)?.to_le_bytes());
        directory.extend(name.as_bytes());
        start += header.len() + packed.len();
    }
    out.write_all(&directory)?;
    let count = (files.len() as u16).to_le_bytes();
    let end = [&b"PK\x05\x06"[..], &[0; 4], &count, &count].concat();
    out.write_all(&end)?;
    for long in [small(directory.len())?, small(start)?] {
        out.write_all(&long.to_le_bytes())?;
    }
    out.write_all(&[0; 2])
}

/// A file of an archive: its name and its content.
pub(crate) type ZipEntry<'a> = (String, Cow<'a, [u8]>);

/// The files of an archive, each with its name, by its directory. Lengths and checksums are held to what is there.
pub(crate) fn read_zip(bytes: &[u8]) -> Result<Vec<ZipEntry<'_>>, String> {
    let outside = || "is a ZIP archive whose directory points outside of it".to_string();
    let part = |from: usize, length: usize| {
        from.checked_add(length).and_then(|to| bytes.get(from..to)).ok_or_else(outside)
    };
    let short = |at: usize| part(at, 2).map(|bytes| usize::from(u16::from_le_bytes([bytes[0], bytes[1]])));
    let long = |at: usize| {
        part(at, 4).map(|bytes| u32::from_le_bytes([bytes[0], bytes[1], bytes[2], bytes[3]]) as usize)
    };
    // The end of the directory is the last that looks so: a comment of up to 65,535 bytes may follow.
    let first = bytes.len().saturating_sub(22 + usize::from(u16::MAX));
    let is_end = |at: &usize| bytes[*at..].starts_with(b"PK\x05\x06");
    let end = (first..bytes.len().saturating_sub(21)).rev().find(is_end).ok_or("is no ZIP archive")?;
    let (count, mut entry) = (short(end + 10)?, long(end + 16)?);
    let mut files = Vec::new();
    // Entries that share their bytes would unpack to more than the file is worth.
    let mut left = bytes.len();
    for _ in 0..count {
        if part(entry, 4)? != b"PK\x01\x02" {
            return Err(outside());
        }
        let name = part(entry + 46, short(entry + 28)?)?;
        let name = String::from_utf8_lossy(name).into_owned();
        let (packed, length, start) = (long(entry + 20)?, long(entry + 24)?, long(entry + 42)?);
        if [packed, length, start].contains(&LARGER) {
            return Err(format!(
                "has an entry {name:?} in the format for more than 4 GiB, which is not read"
            ));
        }
        if short(entry + 8)? & 1 == 1 {
            return Err(format!("has an entry {name:?} that is encrypted"));
        }
        if part(start, 4)? != b"PK\x03\x04" {
            return Err(outside());
        }
        let from = start + 30 + short(start + 26)? + short(start + 28)?;
        let content = part(from, packed)?;
        left = left.checked_sub(packed).ok_or_else(outside)?;
        let content = match short(entry + 10)? as u16 {
            STORED => Cow::Borrowed(content),
            DEFLATED if length / MAX_GROWTH > packed => {
                return Err(format!(
                    "has an entry {name:?} of {packed} bytes that says it unpacks to {length}"
                ));
            }
            DEFLATED => {
                let unpacked = decompress_to_vec_with_limit(content, length);
                Cow::Owned(unpacked.map_err(|_| format!("has an entry {name:?} that does not unpack"))?)
            }
            other => {
                return Err(format!("has an entry {name:?} packed by method {other}, which is not read"));
            }
        };
        if content.len() != length || checksum(&content) as usize != long(entry + 16)? {
            return Err(format!("has an entry {name:?} that is damaged: its checksum is another"));
        }
        files.push((name, content));
        entry += 46 + short(entry + 28)? + short(entry + 30)? + short(entry + 32)?;
    }
    Ok(files)
}

fn small(length: usize) -> std::io::Result<u32> {
    u32::try_from(length).map_err(|_| Error::other("such a file holds no more than 4 GiB"))
}

/// The CRC-32 of bytes (ISO 3309).
fn checksum(bytes: &[u8]) -> u32 {
    let mut table = [0u32; 256];
    for (n, entry) in table.iter_mut().enumerate() {
        *entry = (0..8).fold(n as u32, |crc, _| if crc & 1 == 1 { crc >> 1 ^ 0xedb8_8320 } else { crc >> 1 });
    }
    !bytes.iter().fold(!0, |crc, &byte| crc >> 8 ^ table[(crc as u8 ^ byte) as usize])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_checksum_is_the_usual_one() {
        assert_eq!(checksum(b"123456789"), 0xcbf4_3926); // the check value of its definition
    }

    #[test]
    fn an_archive_is_unpacked_by_its_directory() {
        let files = [("a.txt", &b"aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"[..]), ("b/c.bin", &[7, 1, 255][..])];
        let mut bytes = Vec::new();
        write_zip(&files, Packing::Deflated, &mut bytes).unwrap();
        let read = read_zip(&bytes).unwrap();
        assert!(read.iter().map(|(name, content)| (name.as_str(), &content[..])).eq(files));
        let short = |at: usize| usize::from(u16::from_le_bytes([bytes[at], bytes[at + 1]]));
        let long = |at: usize| u32::from_le_bytes(bytes[at..at + 4].try_into().unwrap()) as usize;
        let end = bytes.len() - 22;
        assert_eq!((&bytes[end..end + 4], short(end + 10)), (&b"PK\x05\x06"[..], 2));
        let mut entry = long(end + 16);
        assert_eq!(entry + long(end + 12), end);
        for (name, content) in files {
            assert_eq!(&bytes[entry..entry + 4], b"PK\x01\x02");
            let (packed, length, header) = (long(entry + 20), long(entry + 24), long(entry + 42));
            assert_eq!(&bytes[entry + 46..][..short(entry + 28)], name.as_bytes());
            assert_eq!((&bytes[header..header + 4], length), (&b"PK\x03\x04"[..], content.len()));
            assert_eq!(bytes[header + 4..header + 30], bytes[entry + 6..entry + 32], "said twice");
            let from = header + 30 + name.len();
            let found = miniz_oxide::inflate::decompress_to_vec(&bytes[from..from + packed]).unwrap();
            assert_eq!((&found[..], long(entry + 16)), (content, checksum(content) as usize));
            entry += 46 + name.len();
        }
        assert_eq!(entry, end);
    }
}
