//! Files, written whole or not at all. Stands below all rooms.

use crate::error::{Error, Result};
use std::fs::File;
use std::io::{BufWriter, Write};
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Mutex, MutexGuard, PoisonError};

/// The temporary files of writes under way.
static UNFINISHED: Mutex<Vec<PathBuf>> = Mutex::new(Vec::new());

fn unfinished() -> MutexGuard<'static, Vec<PathBuf>> {
    UNFINISHED.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Writes a file: into a temporary one beside it first, so that it is there whole or not at all.
///
/// A file that is there keeps its permissions; one that may not be written to is left alone. Through a link, one that
/// leads nowhere yet included, the file it leads to is written, and the link stays. What is no plain file (a terminal,
/// a pipe) is written to as it stands. An [`Error`] of the library's that `write` wraps in an input error comes out as
/// it is.
pub(crate) fn write_whole(
    path: &Path,
    write: impl FnOnce(&mut dyn Write) -> std::io::Result<()>,
) -> Result<()> {
    let failed = |error: std::io::Error| match error.downcast::<Error>() {
        Ok(error) => error,
        Err(error) => unwritable(path, error),
    };
    let target = match WriteTarget::of(path)? {
        WriteTarget::Device(target) => {
            let written = File::options().write(true).open(&target).and_then(|file| filled(file, write));
            return written.map_err(failed);
        }
        WriteTarget::Plain(target) => target,
    };
    let permissions = std::fs::metadata(&target).ok().map(|about| about.permissions());
    let part = beside(&target);
    unfinished().push(part.clone());
    let written = File::create_new(&part).and_then(|file| {
        // Before anything is in it: what others may not read they may not read in between either.
        permissions.map_or(Ok(()), |permissions| file.set_permissions(permissions))?;
        filled(file, write)
    });
    // The list is held while the file takes its name: who clears it finds the file finished, or never will.
    let mut list = unfinished();
    let finished = written.and_then(|()| std::fs::rename(&part, &target));
    if finished.is_err() {
        let _ = std::fs::remove_file(&part);
    }
    list.retain(|other| *other != part);
    finished.map_err(failed)
}

/// The bytes of a plain file of at most so many.
pub(crate) fn bytes_of(path: &Path, shown: &str, most: u64) -> Result<Vec<u8>> {
    let wrong = |problem: String| Error::File { path: shown.into(), problem };
    let about = std::fs::metadata(path).map_err(|error| match error.kind() {
        std::io::ErrorKind::NotFound => wrong("there is no such file".into()),
        _ => wrong(error.to_string()),
    })?;
    match () {
        _ if about.is_dir() => Err(wrong("is a folder, not a file".into())),
        _ if !about.is_file() => Err(wrong("is not a plain file".into())),
        _ if about.len() > most => Err(wrong(format!("has {} bytes; at most {most} are read", about.len()))),
        _ => std::fs::read(path).map_err(|error| wrong(error.to_string())),
    }
}

/// That a file can be written there, before long work on what is to be in it.
pub(crate) fn check_writable(path: &Path) -> Result<()> {
    let WriteTarget::Plain(target) = WriteTarget::of(path)? else { return Ok(()) };
    let try_it = beside(&target);
    let made = File::create_new(&try_it).and_then(|_| std::fs::remove_file(&try_it));
    made.map_err(|error| unwritable(path, error))
}

fn unwritable(path: &Path, problem: impl std::fmt::Display) -> Error {
    Error::File { path: path.display().to_string(), problem: format!("cannot be written: {problem}") }
}

/// What is written to.
enum WriteTarget {
    /// A plain file, there already or not: no link.
    Plain(PathBuf),
    /// A terminal, a pipe, a device.
    Device(PathBuf),
}

/// The most links that may lead from one to the next.
const MAX_LINKS: usize = 40;

impl WriteTarget {
    /// What a path leads to; an error where nothing can be written.
    fn of(path: &Path) -> Result<WriteTarget> {
        let mut target = path.to_path_buf();
        let mut links = 0;
        while let Ok(next) = std::fs::read_link(&target) {
            target = target.with_file_name("").join(next); // a relative link starts where it stands
            links += 1;
            if links > MAX_LINKS {
                return Err(unwritable(path, "its links lead in a circle"));
            }
        }
        let Ok(about) = std::fs::metadata(&target) else { return Ok(WriteTarget::Plain(target)) };
        match () {
            _ if about.is_dir() => Err(unwritable(path, "is a folder")),
            _ if !about.is_file() => Ok(WriteTarget::Device(target)),
            _ if about.permissions().readonly() => Err(unwritable(path, "it is read-only")),
            // Renaming asks only the folder; whether the file itself may be changed, the system knows.
            _ => match File::options().append(true).open(&target) {
                Ok(_) => Ok(WriteTarget::Plain(target)),
                Err(error) => Err(unwritable(path, error)),
            },
        }
    }
}

/// The most bytes of a file's name that are kept in that of its temporary file: names have 255 at most.
const MAX_NAME: usize = 200;

/// A name beside a file's for what is to become it, which no other write has.
fn beside(target: &Path) -> PathBuf {
    static COUNT: AtomicU64 = AtomicU64::new(0);
    let name = target.file_name().unwrap_or_default().to_string_lossy();
    let end = (0..=name.len().min(MAX_NAME)).rev().find(|&end| name.is_char_boundary(end)).unwrap_or(0);
    let kept = &name[..end];
    let (process, n) = (std::process::id(), COUNT.fetch_add(1, Ordering::Relaxed));
    target.with_file_name(format!("{kept}.{process}.{n}.part"))
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

/// A folder of its own for a test, gone when it ends.
#[cfg(test)]
pub(crate) struct TestFolder(pub(crate) PathBuf);

#[cfg(test)]
impl TestFolder {
    pub(crate) fn new(name: &str) -> TestFolder {
        static COUNT: AtomicU64 = AtomicU64::new(0);
        let own = (std::process::id(), COUNT.fetch_add(1, Ordering::Relaxed));
        let path = std::env::temp_dir().join(format!("fieldgrad_{name}_{}_{}", own.0, own.1));
        let _ = std::fs::remove_dir_all(&path);
        std::fs::create_dir_all(&path).unwrap();
        TestFolder(path)
    }

    /// The names of what is in it, sorted.
    pub(crate) fn names(&self) -> Vec<String> {
        let entries = std::fs::read_dir(&self.0).unwrap();
        let mut names: Vec<String> =
            entries.map(|entry| entry.unwrap().file_name().to_string_lossy().into()).collect();
        names.sort();
        names
    }
}

#[cfg(test)]
impl Drop for TestFolder {
    fn drop(&mut self) {
        let _ = std::fs::remove_dir_all(&self.0);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn write(path: &Path, text: &str) -> Result<()> {
        write_whole(path, |out| out.write_all(text.as_bytes()))
    }

    #[test]
    fn a_write_that_fails_leaves_the_old_file_and_nothing_else() {
        let folder = TestFolder::new("failed");
        let path = folder.0.join("a.txt");
        write(&path, "old").unwrap();
        let failed = write_whole(&path, |out| {
            out.write_all(&[b'n'; 1 << 17])?;
            Err(std::io::Error::other("the disk is full"))
        });
        assert!(failed.unwrap_err().to_string().ends_with("a.txt: cannot be written: the disk is full"));
        assert_eq!(std::fs::read(&path).unwrap(), b"old");
        assert_eq!(folder.names(), ["a.txt"]);
        assert!(write(&folder.0, "").unwrap_err().to_string().contains("is a folder"));
    }

    #[test]
    fn a_name_as_long_as_names_can_be_is_as_good_as_any() {
        let folder = TestFolder::new("long");
        for name in ["a".repeat(255), "é".repeat(127)] {
            let path = folder.0.join(&name);
            check_writable(&path).unwrap();
            write(&path, "long").unwrap();
            assert_eq!(std::fs::read(&path).unwrap(), b"long");
        }
        assert_eq!(folder.names().len(), 2);
    }

    #[cfg(unix)]
    #[test]
    fn a_file_keeps_its_permissions_and_one_that_is_read_only_its_content() {
        use std::os::unix::fs::PermissionsExt;
        let folder = TestFolder::new("modes");
        let path = folder.0.join("a.txt");
        write(&path, "old").unwrap();
        let mode = |path: &Path| std::fs::metadata(path).unwrap().permissions().mode() & 0o7777;
        for wanted in [0o600, 0o640, 0o755] {
            std::fs::set_permissions(&path, std::fs::Permissions::from_mode(wanted)).unwrap();
            write(&path, "new").unwrap();
            assert_eq!(mode(&path), wanted);
        }
        std::fs::set_permissions(&path, std::fs::Permissions::from_mode(0o444)).unwrap();
        for refused in [write(&path, "newer"), check_writable(&path)] {
            let said = refused.unwrap_err().to_string();
            assert!(said.ends_with("a.txt: cannot be written: it is read-only"), "{said}");
        }
        assert_eq!((std::fs::read(&path).unwrap(), mode(&path)), (b"new".to_vec(), 0o444));
        assert_eq!(folder.names(), ["a.txt"]);
    }

    #[cfg(unix)]
    #[test]
    fn a_link_stays_wherever_it_leads() {
        use std::os::unix::fs::symlink;
        let folder = TestFolder::new("links");
        let at = |name: &str| folder.0.join(name);
        std::fs::create_dir(at("below")).unwrap();
        symlink("below/file", at("dangling")).unwrap();
        symlink(at("dangling"), at("twice")).unwrap();
        for (link, text) in [("dangling", "first"), ("twice", "second")] {
            check_writable(&at(link)).unwrap();
            write(&at(link), text).unwrap();
            assert_eq!(std::fs::read_to_string(at("below/file")).unwrap(), text);
            assert!(at(link).symlink_metadata().unwrap().is_symlink());
        }
        symlink("nowhere/file", at("lost")).unwrap();
        assert!(write(&at("lost"), "").is_err() && check_writable(&at("lost")).is_err());
        symlink("b", at("a")).unwrap();
        symlink("a", at("b")).unwrap();
        assert!(write(&at("a"), "").unwrap_err().to_string().contains("in a circle"));
        assert_eq!(folder.names(), ["a", "b", "below", "dangling", "lost", "twice"]);
    }
}
