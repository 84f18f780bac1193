//! What a verb says: on standard output, or in files.

use super::Ending;
use crate::error::{Error, Result};
use crate::file::write_whole;
use serde_json::Value;
use std::io::{ErrorKind, Write};
use std::path::Path;

/// Prints to standard output. That nobody listens any more is no mistake.
pub(super) fn print(bytes: &[u8]) -> Result<Ending> {
    print_by(|out| out.write_all(bytes))?;
    Ok(Ending::Done)
}

/// Prints one JSON object.
pub(super) fn print_json(value: &Value) -> Result<Ending> {
    print(format!("{value:#}\n").as_bytes())
}

/// Prints what a function writes, piece by piece.
pub(super) fn print_by(write: impl FnOnce(&mut dyn Write) -> std::io::Result<()>) -> Result<()> {
    let mut out = std::io::stdout().lock();
    match write(&mut out).and_then(|()| out.flush()) {
        Err(error) if error.kind() != ErrorKind::BrokenPipe => {
            Err(Error::File { path: "standard output".into(), problem: error.to_string() })
        }
        _ => Ok(()),
    }
}

/// Writes a text file, and says so.
pub(super) fn save(path: &Path, text: &str, common: &super::Common) -> Result<Ending> {
    write_whole(path, |out| out.write_all(text.as_bytes()))?;
    saved(path, common)
}

/// Says that a file was written.
pub(super) fn saved(path: &Path, common: &super::Common) -> Result<Ending> {
    match common {
        _ if common.json => print_json(&serde_json::json!({ "file": path.display().to_string() })),
        _ if common.quiet => Ok(Ending::Done),
        _ => {
            eprintln!("{} is written", path.display());
            Ok(Ending::Done)
        }
    }
}

/// How a file's name ends, in small letters.
pub(super) fn extension(path: &Path) -> String {
    path.extension().map_or(String::new(), |extension| extension.to_string_lossy().to_lowercase())
}

/// That a file is of none of the kinds a verb writes or reads.
pub(super) fn unknown_kind(path: &Path, kinds: &str) -> Error {
    Error::File { path: path.display().to_string(), problem: format!("must end in {kinds}") }
}

/// A file that must not be there yet.
pub(super) fn must_be_new(path: &Path, force: bool) -> Result<()> {
    match path.symlink_metadata() {
        Ok(_) if !force => {
            let problem = "is there already; --force writes over it".into();
            Err(Error::File { path: path.display().to_string(), problem })
        }
        _ => Ok(()),
    }
}

/// A finite number as JSON, anything else as text, which JSON has no number for. −0 is 0.
pub(super) fn json_number(value: f64) -> Value {
    if value.is_finite() { (value + 0.0).into() } else { value.to_string().into() }
}
