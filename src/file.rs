//! Files, written whole or not at all. Stands below all rooms.

use crate::error::{Error, Result};
use std::fs::File;
use std::io::{BufWriter, Write};
use std::path::{Path, PathBuf};
use std::sync::{Mutex, MutexGuard, PoisonError};

/// The temporary files of writes under way.
static UNFINISHED: Mutex<Vec<PathBuf>> = Mutex::new(Vec::new());

fn unfinished() -> MutexGuard<'static, Vec<PathBuf>> {
    UNFINISHED.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Writes a file: into a temporary one beside it first, so that it is there whole or not at all.
///
/// What is no plain file (a terminal, a pipe) is written to as it stands. An [`Error`] of the library's that `write`
/// wraps in an input error comes out as it is.
pub(crate) fn write_whole(
    path: &Path,
    write: impl FnOnce(&mut dyn Write) -> std::io::Result<()>,
) -> Result<()> {
    // Through a link the file itself is replaced, and the link stays.
    let target = path.canonicalize().unwrap_or_else(|_| path.to_path_buf());
    let wrong = |problem: String| Error::File { path: path.display().to_string(), problem };
    let failed = |error: std::io::Error| match error.downcast::<Error>() {
        Ok(error) => error,
        Err(error) => wrong(format!("cannot be written: {error}")),
    };
    if target.is_dir() {
        return Err(wrong("is a folder, and cannot be written as a file".into()));
    }
    if target.exists() && !target.is_file() {
        let written = File::options().write(true).open(&target).and_then(|file| filled(file, write));
        return written.map_err(failed);
    }
    let mut name = target.file_name().unwrap_or_default().to_os_string();
    name.push(format!(".{}.part", std::process::id()));
    let part = target.with_file_name(name);
    unfinished().push(part.clone());
    let written = File::create(&part).and_then(|file| filled(file, write));
    // The list is held while the file takes its name: who clears it finds the file finished, or never will.
    let mut list = unfinished();
    let finished = written.and_then(|()| std::fs::rename(&part, &target));
    if finished.is_err() {
        let _ = std::fs::remove_file(&part);
    }
    list.retain(|other| *other != part);
    finished.map_err(failed)
}

/// That a file can be written there, before long work on what is to be in it.
pub(crate) fn check_writable(path: &Path) -> Result<()> {
    if path.exists() && !path.is_dir() && !path.is_file() {
        return Ok(()); // a terminal or a pipe
    }
    let name =
        format!("{}.{}.try", path.file_name().unwrap_or_default().to_string_lossy(), std::process::id());
    let try_it = path.with_file_name(name);
    let made = match path.is_dir() {
        true => Err(std::io::Error::other("is a folder")),
        false => File::create(&try_it).and_then(|_| std::fs::remove_file(&try_it)),
    };
    made.map_err(|error| Error::File {
        path: path.display().to_string(),
        problem: format!("cannot be written: {error}"),
    })
}

fn filled(file: File, write: impl FnOnce(&mut dyn Write) -> std::io::Result<()>) -> std::io::Result<()> {
    let mut buffer = BufWriter::with_capacity(1 << 16, file);
    write(&mut buffer)?;
    buffer.flush()
}

/// Removes what writes under way have left so far, and ends the program: no write can begin or finish any more.
pub(crate) fn abandon_and_exit(code: i32) -> ! {
    let list = unfinished();
    for part in list.iter() {
        let _ = std::fs::remove_file(part);
    }
    std::process::exit(code)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_write_that_fails_leaves_the_old_file_and_nothing_else() {
        let folder = std::env::temp_dir().join(format!("fieldgrad_file_{}", std::process::id()));
        std::fs::create_dir_all(&folder).unwrap();
        let path = folder.join("a.txt");
        write_whole(&path, |out| out.write_all(b"old")).unwrap();
        let failed = write_whole(&path, |out| {
            out.write_all(&[b'n'; 1 << 17])?;
            Err(std::io::Error::other("the disk is full"))
        });
        assert!(failed.unwrap_err().to_string().ends_with("a.txt: cannot be written: the disk is full"));
        assert_eq!(std::fs::read(&path).unwrap(), b"old");
        assert_eq!(std::fs::read_dir(&folder).unwrap().count(), 1);
        assert!(write_whole(&folder, |_| Ok(())).unwrap_err().to_string().contains("is a folder"));
        std::fs::remove_dir_all(&folder).unwrap();
    }
}
