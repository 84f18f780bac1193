//! What is in no file yet, kept in one of the window's own until it is, so that no crash and no kill loses it.
//!
//! Each window has its own, and beside it an empty one that it holds locked for as long as it lives. What nobody holds
//! was left by a window that did not end by hand. The next one that starts offers it, and holds it meanwhile, so that
//! no other does.

use super::document::{Document, Source, Unsaved, exhibit};
use crate::error::{Error, Result};
use crate::file::write_whole;
use serde_json::{Value, json};
use std::fs::{File, TryLockError};
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

/// How often what changes is written, at most.
const EVERY: Duration = Duration::from_secs(1);

/// Keeps what a window has not saved.
#[derive(Default)]
pub(super) struct Recovery {
    /// Where; without a folder, nothing is kept.
    folder: Option<PathBuf>,
    own: Option<Left>,
    /// Which change is kept.
    kept: Option<Change>,
    written: Option<Instant>,
}

/// Which change of a document it is.
type Change = (u64, bool, Vec<(String, f64)>);

/// A file that holds what was not saved, and that nobody else offers or removes.
pub(super) struct Left {
    path: PathBuf,
    lock: File,
}

/// What a window left that did not end by hand.
pub(super) struct Offer {
    left: Left,
    /// What it had not saved.
    pub unsaved: Unsaved,
    /// When that was written.
    pub when: SystemTime,
}

impl Recovery {
    /// Keeps what is not saved in a folder, from now on. What others left there is returned, the latest first.
    pub fn within(folder: PathBuf) -> (Recovery, Vec<Offer>) {
        let offers = offers(&folder);
        (Recovery { folder: Some(folder), ..Recovery::default() }, offers)
    }

    /// Writes what is not saved, if that is another than was; removes the file where everything is. Says when it wants
    /// to be asked again.
    pub fn keep(&mut self, document: &Document, now: Instant) -> Result<Option<Duration>> {
        let Some(folder) = &self.folder else { return Ok(None) };
        if !document.is_unsaved() {
            self.forget();
            return Ok(None);
        }
        let change = document.change();
        if self.kept.as_ref() == Some(&change) {
            return Ok(None);
        }
        let rests =
            self.written.map_or(Duration::ZERO, |last| EVERY.saturating_sub(now.duration_since(last)));
        if !rests.is_zero() {
            return Ok(Some(rests));
        }
        self.written = Some(now);
        let own = match &mut self.own {
            Some(own) => own,
            none => none.insert(Left::new(folder)?),
        };
        if let Some(unsaved) = document.unsaved() {
            write_whole(&own.path, |out| writeln!(out, "{:#}", written(&unsaved)))?;
        }
        self.kept = Some(change);
        Ok(None)
    }

    /// Removes what is kept: it is saved, or nobody wants it.
    pub fn forget(&mut self) {
        if let Some(own) = self.own.take() {
            own.remove();
        }
        (self.kept, self.written) = (None, None);
    }

    /// What another window left is from now on this one's.
    pub fn adopt(&mut self, left: Left) {
        self.forget();
        self.own = Some(left);
    }
}

impl Offer {
    /// The file that holds it.
    pub fn into_left(self) -> Left {
        self.left
    }
}

impl Left {
    fn new(folder: &Path) -> Result<Left> {
        let wrong = |error: std::io::Error| Error::File {
            path: folder.display().to_string(),
            problem: format!("cannot be written: {error}"),
        };
        make(folder).map_err(wrong)?;
        let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
        let path = folder.join(format!("{}-{}.json", std::process::id(), now.as_nanos()));
        let lock = locking(&path).map_err(wrong)?;
        let _ = lock.try_lock(); // nobody else has it; where nothing can be locked, it is offered too early
        Ok(Left { path, lock })
    }

    /// Removes the file.
    pub fn remove(self) {
        let _ = std::fs::remove_file(&self.path);
        drop(self.lock);
        let _ = std::fs::remove_file(self.path.with_extension("lock"));
    }
}

/// Makes the folder, if need be, for nobody else to look into: a text may be of a file that others may not read.
fn make(folder: &Path) -> std::io::Result<()> {
    let mut builder = std::fs::DirBuilder::new();
    builder.recursive(true);
    #[cfg(unix)]
    std::os::unix::fs::DirBuilderExt::mode(&mut builder, 0o700);
    builder.create(folder)
}

fn locking(path: &Path) -> std::io::Result<File> {
    File::options().write(true).create(true).truncate(false).open(path.with_extension("lock"))
}

/// What windows left in a folder that ended otherwise than by hand, the latest first.
fn offers(folder: &Path) -> Vec<Offer> {
    let entries = std::fs::read_dir(folder).into_iter().flatten().flatten().map(|entry| entry.path());
    let files = entries.filter(|path| path.extension().is_some_and(|ending| ending == "json"));
    let mut found: Vec<Offer> = files.filter_map(offer).collect();
    found.sort_by_key(|offer| std::cmp::Reverse(offer.when));
    found
}

fn offer(path: PathBuf) -> Option<Offer> {
    let lock = locking(&path).ok()?;
    if let Err(TryLockError::WouldBlock) = lock.try_lock() {
        return None; // its window is open
    }
    let when = std::fs::metadata(&path).and_then(|about| about.modified()).unwrap_or(UNIX_EPOCH);
    let unsaved = read(&serde_json::from_str(&std::fs::read_to_string(&path).ok()?).ok()?)?;
    let left = Left { path, lock };
    if unsaved.is_in_its_file() {
        left.remove();
        return None;
    }
    Some(Offer { left, unsaved, when })
}

fn written(unsaved: &Unsaved) -> Value {
    let Unsaved { source, text, saved, values } = unsaved;
    let source = match source {
        // From wherever it is found again.
        Source::File(path) => {
            json!({ "file": std::path::absolute(path).unwrap_or_else(|_| path.clone()).display().to_string() })
        }
        Source::Exhibit(exhibit) => json!({ "built_in": exhibit.name }),
    };
    // Numbers as texts: to the last bit.
    let values: Vec<Value> = values.iter().map(|(name, value)| json!([name, value.to_string()])).collect();
    json!({ "source": source, "text": text, "saved": saved, "values": values })
}

fn read(known: &Value) -> Option<Unsaved> {
    let source = match known["source"]["file"].as_str() {
        Some(path) => Source::File(path.into()),
        None => Source::Exhibit(exhibit(known["source"]["built_in"].as_str()?)?),
    };
    let value = |pair: &Value| Some((pair[0].as_str()?.to_string(), pair[1].as_str()?.parse().ok()?));
    Some(Unsaved {
        source,
        text: known["text"].as_str()?.into(),
        saved: known["saved"].as_str()?.into(),
        values: known["values"].as_array()?.iter().map(value).collect::<Option<_>>()?,
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::file::TestFolder;
    use crate::scene::Scene;

    const TEXT: &str = "let r = param(\"r\", 0.5, 0.1, 2);\nshow(sphere(r));\n";

    /// A folder with a scene in it, and a place for what is not saved.
    fn folder(name: &str) -> TestFolder {
        let folder = TestFolder::new(name);
        std::fs::write(folder.0.join("a.rhai"), TEXT).unwrap();
        folder
    }

    impl TestFolder {
        fn document(&self, now: Instant) -> Document {
            let path = self.0.join("a.rhai");
            Document::new(Scene::from_file(&path).unwrap(), Source::File(path), now)
        }

        fn kept(&self) -> PathBuf {
            self.0.join("unsaved")
        }

        fn files(&self) -> usize {
            std::fs::read_dir(self.kept()).map_or(0, Iterator::count)
        }
    }

    #[test]
    fn what_is_not_saved_is_kept_within_two_seconds_and_offered_once_its_window_is_gone() {
        let (place, now) = (folder("kept"), Instant::now());
        let mut document = place.document(now);
        let (mut recovery, offers) = Recovery::within(place.kept());
        assert!(offers.is_empty());
        assert_eq!((recovery.keep(&document, now), place.files()), (Ok(None), 0));
        document.text.push_str("// one");
        document.edited(now);
        assert_eq!((recovery.keep(&document, now), place.files()), (Ok(None), 2));
        // What follows soon is written together.
        document.text.push_str(", two");
        document.edited(now);
        document.values.set("r", 1.0 / 3.0);
        let soon = now + Duration::from_millis(100);
        let rests = recovery.keep(&document, soon).unwrap().unwrap();
        assert!(soon + rests <= now + Duration::from_secs(2));
        assert_eq!(recovery.keep(&document, soon + rests), Ok(None));
        let expected = document.unsaved().unwrap();
        // While the window lives, no other offers it.
        assert!(Recovery::within(place.kept()).1.is_empty());
        drop(recovery); // killed: nothing is tidied up
        let (mut other, mut offers) = Recovery::within(place.kept());
        assert_eq!(offers.len(), 1);
        assert_eq!(offers[0].unsaved, expected);
        assert!(Recovery::within(place.kept()).1.is_empty(), "only one window offers it at a time");
        let offer = offers.remove(0);
        let mut recovered = place.document(now);
        recovered.recover(offer.unsaved.clone(), now);
        other.adopt(offer.into_left());
        assert_eq!(recovered.unsaved().unwrap(), expected);
        assert_eq!((other.keep(&recovered, now), place.files()), (Ok(None), 2));
        // The values are there when the text was read, and nothing is kept any more once it is saved.
        let draft = recovered.due(now).unwrap();
        assert!(recovered.read(draft.revision, draft.source.read(&draft.text)));
        assert_eq!(recovered.values.get("r"), Some(1.0 / 3.0));
        recovered.save(None, now).unwrap();
        assert_eq!((other.keep(&recovered, now), place.files()), (Ok(None), 0));
    }

    #[test]
    fn a_text_that_was_saved_after_all_is_not_offered_and_a_file_that_changed_is_said_to_have() {
        let (place, now) = (folder("overtaken"), Instant::now());
        let left = |more: &str| {
            let mut document = place.document(now);
            document.text.push_str(more);
            document.edited(now);
            Recovery::within(place.kept()).0.keep(&document, now).unwrap();
            document.text
        };
        let text = left("// mine");
        std::fs::write(place.0.join("a.rhai"), text).unwrap();
        assert!(Recovery::within(place.kept()).1.is_empty());
        assert_eq!(place.files(), 0);
        std::fs::write(place.0.join("a.rhai"), TEXT).unwrap();
        left("// mine");
        std::fs::write(place.0.join("a.rhai"), TEXT.replace("0.5", "0.7")).unwrap();
        let offer = Recovery::within(place.kept()).1.remove(0);
        let mut document = place.document(now);
        document.recover(offer.unsaved, now);
        assert!(document.is_overtaken() && document.text.ends_with("// mine"));
    }

    #[test]
    fn what_is_no_such_file_is_left_alone_and_a_folder_that_cannot_be_is_said() {
        let (place, now) = (folder("broken"), Instant::now());
        std::fs::create_dir_all(place.kept()).unwrap();
        for text in ["", "{}", "{\"source\": {\"built_in\": \"no such\"}, \"text\": \"\", \"saved\": \"\"}"] {
            std::fs::write(place.kept().join("1-1.json"), text).unwrap();
            assert!(Recovery::within(place.kept()).1.is_empty());
            assert_eq!(std::fs::read_to_string(place.kept().join("1-1.json")).unwrap(), text);
        }
        let mut document = place.document(now);
        document.text.clear();
        let (mut recovery, _) = Recovery::within(place.0.join("a.rhai").join("deeper"));
        assert!(recovery.keep(&document, now).unwrap_err().to_string().contains("cannot be written"));
    }
}
