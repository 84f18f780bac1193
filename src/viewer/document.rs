//! What the window is about: a scene's text, what it was last read as, and the values a hand gave its parameters.

use super::values::{Given, Values};
use crate::error::{Error, Mistake, Result};
use crate::file::write_whole;
use crate::scene::{Exhibit, GALLERY, Scene, most_bytes, read_text};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::{Duration, Instant, SystemTime};

/// Where a document comes from, and where its imports are.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Source {
    /// A file, which is written when it is saved.
    File(PathBuf),
    /// A scene that is built in, and becomes a file when it is saved as one.
    Exhibit(Exhibit),
}

impl Source {
    /// What a person calls it.
    pub(super) fn name(&self) -> String {
        match self {
            Source::File(path) => path.file_name().unwrap_or_default().to_string_lossy().into(),
            Source::Exhibit(exhibit) => exhibit.name.into(),
        }
    }

    /// Reads a text in its place.
    pub(super) fn read(&self, text: &str) -> Result<Scene> {
        match self {
            Source::File(path) => Scene::from_text_of(text, path),
            Source::Exhibit(exhibit) => exhibit.with_text(text),
        }
    }

    /// When a file was last written, and how long it is.
    fn state(&self) -> Option<(SystemTime, u64)> {
        let Source::File(path) = self else { return None };
        let about = std::fs::metadata(path).ok()?;
        Some((about.modified().ok()?, about.len()))
    }
}

/// A text that wants reading.
#[derive(Clone, Debug)]
pub(super) struct PendingText {
    /// Which text of the document it is.
    pub revision: u64,
    /// Where it stands.
    pub source: Source,
    /// The text.
    pub text: String,
}

/// How long a hand must rest before what it typed is read.
const REST: Duration = Duration::from_millis(250);
/// How often the file is looked at.
const LOOK: Duration = Duration::from_millis(400);

/// A scene being worked on.
pub(super) struct Document {
    source: Source,
    /// What the editor holds.
    pub text: String,
    /// What the file holds, as far as is known.
    saved: String,
    state: Option<(SystemTime, u64)>,
    looked: Instant,
    /// Whether somebody else wrote the file since the text was begun to be changed.
    is_overtaken: bool,
    revision: u64,
    /// The last text that was read, right or not.
    read: u64,
    /// When the text is to be read, if it was not yet.
    due: Option<Instant>,
    /// Since when the text may be known to be read: since a hand rests.
    rested: Instant,
    /// The scene of the last text that was one.
    scene: Arc<Scene>,
    /// What is wrong with the text, if it is not that scene's.
    error: Option<Error>,
    /// The values of its parameters.
    pub values: Values,
    /// Those that were given when it began, which are known to whoever gave them.
    given: Given,
    /// Those it is to have once its text is read.
    awaited: Given,
}

/// What of a document is in no file: what is lost where it is not saved.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Unsaved {
    /// Where it stands.
    pub source: Source,
    /// The text.
    pub text: String,
    /// The text it was made from.
    pub saved: String,
    /// The values that parameters have instead of the text's.
    pub values: Given,
}

impl Unsaved {
    /// Whether it is in its file after all.
    pub(super) fn is_in_its_file(&self) -> bool {
        let text = match &self.source {
            Source::File(path) => read_text(path, "").ok(),
            Source::Exhibit(exhibit) => Some(exhibit.text.into()),
        };
        self.values.is_empty() && text.is_some_and(|text| text == self.text)
    }
}

impl Document {
    /// A document that begins with a scene. Where that has other values than its text, a hand gave them.
    pub(super) fn new(given: Scene, source: Source, now: Instant) -> Document {
        let text = given.text().to_string();
        let values_given: Vec<(String, f64)> =
            given.parameters().iter().map(|own| (own.name().to_string(), own.value())).collect();
        let scene = given.as_declared();
        let mut values = Values::default();
        values.take(&scene.unknowns());
        values.set_all(&values_given);
        values.let_go();
        let given = values.all();
        Document {
            state: source.state(),
            source,
            saved: text.clone(),
            text,
            looked: now,
            is_overtaken: false,
            revision: 0,
            read: 0,
            due: None,
            rested: now,
            scene: Arc::new(scene),
            error: None,
            values,
            given,
            awaited: Given::new(),
        }
    }

    /// Begins anew with another text. The scene stays until it is read.
    pub(super) fn open(&mut self, source: Source, now: Instant) -> Result<()> {
        let text = match &source {
            Source::File(path) => read_text(path, &path.display().to_string())?,
            Source::Exhibit(exhibit) => exhibit.text.to_string(),
        };
        self.begin(source, text, now);
        Ok(())
    }

    fn begin(&mut self, source: Source, text: String, now: Instant) {
        (self.state, self.is_overtaken) = (source.state(), false);
        (self.source, self.saved, self.text) = (source, text.clone(), text);
        self.values.clear();
        (self.given, self.awaited) = Default::default();
        self.changed(now, Duration::ZERO);
    }

    /// Begins anew with what was not saved. The scene stays until its text is read.
    pub(super) fn recover(&mut self, unsaved: Unsaved, now: Instant) {
        let Unsaved { source, text, saved, values } = unsaved;
        // Of a file that is gone nothing is saved.
        let on_disk = match &source {
            Source::File(path) => read_text(path, "").unwrap_or_default(),
            Source::Exhibit(exhibit) => exhibit.text.to_string(),
        };
        let is_overtaken = on_disk != saved;
        self.begin(source, on_disk, now);
        (self.text, self.is_overtaken, self.awaited) = (text, is_overtaken, values);
    }

    /// What is in no file; nothing, if all is.
    pub(super) fn unsaved(&self) -> Option<Unsaved> {
        self.is_unsaved().then(|| Unsaved {
            source: self.source.clone(),
            text: self.text.clone(),
            saved: self.saved.clone(),
            values: self.moved().map(|(name, value)| (name.to_string(), value)).collect(),
        })
    }

    /// Which change it is: another, where something else is not saved.
    pub(super) fn change(&self) -> (u64, bool, Given) {
        let values = self.moved().map(|(name, value)| (name.to_string(), value)).collect();
        (self.revision, self.is_overtaken, values)
    }

    /// Whether something is in no file. What the command line gave is not lost with the window.
    pub(super) fn is_unsaved(&self) -> bool {
        let is_given = |(name, value): (&str, f64)| {
            self.given.iter().any(|own| (own.0.as_str(), own.1) == (name, value))
        };
        self.text != self.saved || self.moved().any(|moved| !is_given(moved))
    }

    /// The values that parameters have, or will have, instead of the text's.
    fn moved(&self) -> impl Iterator<Item = (&str, f64)> {
        let sliders = self.values.sliders().iter().filter(|slider| slider.is_moved());
        let awaited = self.awaited.iter().map(|(name, value)| (name.as_str(), *value));
        sliders.map(|slider| (slider.parameter.name(), slider.value)).chain(awaited)
    }

    /// Whether somebody else wrote the file since its text was begun to be changed: saving writes over that.
    pub(super) fn is_overtaken(&self) -> bool {
        self.is_overtaken
    }

    /// Since when the scene is not the text's, if it is not: since a hand rests that typed it.
    pub(super) fn is_behind_since(&self) -> Option<Instant> {
        (self.read != self.revision || self.error.is_some()).then_some(self.rested)
    }

    /// Whether the text is still to be read, or is being read.
    pub(super) fn is_unread(&self) -> bool {
        self.read != self.revision
    }

    /// The scene of the last text that was one, with its parameters as that text has them.
    pub(super) fn scene(&self) -> &Arc<Scene> {
        &self.scene
    }

    /// Where it comes from.
    pub(super) fn source(&self) -> &Source {
        &self.source
    }

    /// What is wrong with the text, if it is not the scene's.
    pub(super) fn error(&self) -> Option<&Error> {
        self.error.as_ref()
    }

    /// The mistake in this text, not in what it imports: its line is one of the text's.
    pub(super) fn mistake(&self) -> Option<&Mistake> {
        let name = match &self.source {
            Source::File(path) => path.display().to_string(),
            Source::Exhibit(exhibit) => exhibit.file(),
        };
        match &self.error {
            Some(Error::Scene(mistake)) if *mistake.place.file == *name => Some(mistake),
            _ => None,
        }
    }

    /// Whether there is something to save.
    pub(super) fn is_changed(&self) -> bool {
        self.text != self.saved || self.moved().next().is_some()
    }

    /// The text was changed by hand.
    pub(super) fn edited(&mut self, now: Instant) {
        self.changed(now, REST);
    }

    fn changed(&mut self, now: Instant, rest: Duration) {
        self.revision += 1;
        self.rested = now + rest;
        self.due = Some(self.rested);
    }

    /// How long until there is something to do without a hand.
    pub(super) fn rests(&self, now: Instant) -> Option<Duration> {
        let look = matches!(self.source, Source::File(_)).then_some(self.looked + LOOK);
        [self.due, look].into_iter().flatten().min().map(|next| next.saturating_duration_since(now))
    }

    /// The text, when it is to be read.
    pub(super) fn due(&mut self, now: Instant) -> Option<PendingText> {
        self.due.filter(|&due| due <= now)?;
        self.due = None;
        Some(PendingText { revision: self.revision, source: self.source.clone(), text: self.text.clone() })
    }

    /// A text was read. Whether the scene is another now: what is wrong, or was changed since, leaves it as it was.
    pub(super) fn read(&mut self, revision: u64, result: Result<Scene>) -> bool {
        if revision != self.revision {
            return false;
        }
        self.read = revision;
        match result {
            Ok(scene) => {
                self.values.take(&scene.unknowns());
                if !self.awaited.is_empty() {
                    self.values.set_all(&std::mem::take(&mut self.awaited));
                    self.values.let_go();
                }
                (self.scene, self.error) = (Arc::new(scene), None);
                true
            }
            Err(error) => {
                self.error = Some(error);
                false
            }
        }
    }

    /// Looks whether the file was written by somebody else, and takes its text. What is new, in words, if anything is.
    pub(super) fn look(&mut self, now: Instant) -> Option<String> {
        if now < self.looked + LOOK {
            return None;
        }
        self.looked = now;
        let state = self.source.state();
        if state.is_none() || state == self.state {
            return None;
        }
        let Source::File(path) = &self.source else { return None };
        let text = read_text(path, &path.display().to_string()).ok()?;
        self.state = state;
        if text == self.saved {
            return None;
        }
        let name = self.source.name();
        if self.text != self.saved {
            (self.saved, self.is_overtaken) = (text, true);
            return Some(format!("{name} was changed on disk; your text stays, and saving writes over it"));
        }
        (self.saved, self.text) = (text.clone(), text);
        self.changed(now, Duration::ZERO);
        Some(format!("{name} was changed on disk and is read again"))
    }

    /// The text with the values of the parameters written into it, if it can be.
    pub(super) fn text_with_values(&self) -> Result<String> {
        let moved: Vec<(&str, f64)> = self
            .values
            .sliders()
            .iter()
            .filter(|slider| slider.is_moved())
            .map(|slider| (slider.parameter.name(), slider.value))
            .collect();
        if moved.is_empty() || self.text != self.scene.text() {
            return Ok(self.text.clone());
        }
        self.scene.text_with(&moved)
    }

    /// Writes the document to its file; to another, where one is given, which then is its file.
    ///
    /// Where values cannot be written into the text, nothing is written and the error says why.
    pub(super) fn save(&mut self, path: Option<&Path>, now: Instant) -> Result<PathBuf> {
        let path = match (path, &self.source) {
            (Some(path), _) => path.to_path_buf(),
            (None, Source::File(path)) => path.clone(),
            (None, Source::Exhibit(_)) => {
                return Err(Error::Input("a scene that is built in is saved as a file of its own".into()));
            }
        };
        let text = self.text_with_values()?;
        let most = most_bytes(&path);
        if text.len() > most {
            return Err(Error::Input(format!("a scene has no more than {most} bytes")));
        }
        write_whole(&path, |out| out.write_all(text.as_bytes()))?;
        if self.text == self.scene.text() {
            self.given = self.values.all(); // they are in the file, though the text is yet to be read
        }
        self.source = Source::File(path.clone());
        (self.state, self.is_overtaken) = (self.source.state(), false);
        self.text = text.clone();
        self.saved = text;
        self.changed(now, Duration::ZERO);
        Ok(path)
    }
}

/// The scene that is built in under a name.
pub(super) fn exhibit(name: &str) -> Option<Exhibit> {
    GALLERY.iter().find(|exhibit| exhibit.name == name).copied()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::file::TestFolder;

    const TEXT: &str = "let r = param(\"r\", 0.5, 0.1, 2); // the radius\nshow(sphere(r));\n";

    /// A document of a file with that text.
    fn document(folder: &TestFolder, text: &str) -> (Document, PathBuf, Instant) {
        let path = folder.0.join("a.rhai");
        std::fs::write(&path, text).unwrap();
        let now = Instant::now();
        (Document::new(Scene::from_file(&path).unwrap(), Source::File(path.clone()), now), path, now)
    }

    /// Reads the text that is due, as a worker does.
    fn settle(document: &mut Document, now: Instant) -> bool {
        let draft = document.due(now).expect("a text that is due");
        document.read(draft.revision, draft.source.read(&draft.text))
    }

    #[test]
    fn a_broken_text_keeps_the_scene_and_says_where_it_is_broken() {
        let folder = TestFolder::new("broken");
        let (mut document, _, now) = document(&folder, TEXT);
        let before = document.scene().clone();
        document.text = TEXT.replace("sphere", "spere");
        document.edited(now);
        assert!(document.due(now).is_none(), "a hand that types is waited for");
        assert!(!settle(&mut document, now + REST));
        assert!(Arc::ptr_eq(document.scene(), &before));
        let mistake = document.mistake().unwrap();
        assert_eq!((mistake.place.line, mistake.place.column, mistake.width), (2, 6, 5));
        document.text = TEXT.into();
        document.edited(now);
        assert!(settle(&mut document, now + REST) && document.error().is_none());
    }

    #[test]
    fn an_answer_about_an_older_text_is_not_listened_to() {
        let folder = TestFolder::new("older");
        let (mut document, _, now) = document(&folder, TEXT);
        document.edited(now);
        let draft = document.due(now + REST).unwrap();
        document.text.push_str("show(");
        document.edited(now);
        assert!(!document.read(draft.revision, draft.source.read(&draft.text)));
    }

    #[test]
    fn reading_a_text_is_given_up_soon() {
        let task = crate::task::Task::default();
        let source = Source::Exhibit(exhibit("drop").unwrap());
        std::thread::scope(|scope| {
            let reads = scope.spawn(|| {
                // Calls are slow for their number: it would go on until it has worked for as long as a script may.
                let text = "fn f(n) { if n < 1 { 0 } else { f(n - 1) + f(n - 2) } } f(60); show(sphere(1));";
                task.within(|| source.read(text).err())
            });
            task.give_up();
            assert_eq!(reads.join().unwrap(), Some(Error::Cancelled));
        });
    }

    #[test]
    fn what_a_hand_changed_is_saved_into_the_text() {
        let folder = TestFolder::new("saved");
        let (mut document, path, now) = document(&folder, TEXT);
        assert!(!document.is_changed());
        document.values.set("r", 0.75);
        assert!(document.is_changed());
        document.save(None, now).unwrap();
        assert_eq!(std::fs::read_to_string(&path).unwrap(), TEXT.replace("0.5", "0.75"));
        assert!(settle(&mut document, now) && !document.is_changed());
        assert_eq!(document.values.get("r"), Some(0.75));
        // As another file, which is then the document's.
        let other = folder.0.join("b.rhai");
        document.save(Some(&other), now).unwrap();
        assert_eq!(document.source(), &Source::File(other));
    }

    #[test]
    fn a_file_that_changes_is_read_again_unless_that_would_lose_something() {
        let folder = TestFolder::new("changes");
        let (mut document, path, now) = document(&folder, TEXT);
        assert_eq!(document.look(now + LOOK), None);
        let other = "show(box([1, 1, 1]));\n";
        std::fs::write(&path, other).unwrap();
        assert!(document.look(now + 2 * LOOK).unwrap().contains("read again"));
        assert!(settle(&mut document, now + 2 * LOOK));
        assert_eq!(document.text, other);
        document.text.push_str("// mine");
        document.edited(now);
        std::fs::write(&path, TEXT).unwrap();
        assert!(document.look(now + 3 * LOOK).unwrap().contains("stays"));
        assert!(document.text.ends_with("mine"));
    }

    #[test]
    fn values_given_at_the_start_are_changes_of_the_text() {
        let folder = TestFolder::new("given");
        let (_, path, now) = document(&folder, TEXT);
        let given = Scene::from_file(&path).unwrap().with_parameters(&[("r", 0.8)]).unwrap();
        let document = Document::new(given, Source::File(path), now);
        assert_eq!(document.values.get("r"), Some(0.8));
        assert!(document.is_changed());
        assert_eq!(document.text_with_values().unwrap(), TEXT.replace("0.5", "0.8"));
    }

    #[test]
    fn a_built_in_scene_is_saved_as_a_file() {
        let folder = TestFolder::new("exhibit");
        let (now, drop) = (Instant::now(), exhibit("drop").unwrap());
        let mut document = Document::new(drop.scene().unwrap(), Source::Exhibit(drop), now);
        assert!(document.save(None, now).is_err());
        let path = folder.0.join("mine.rhai");
        document.save(Some(&path), now).unwrap();
        assert_eq!(std::fs::read_to_string(&path).unwrap(), drop.text);
        document.open(Source::Exhibit(exhibit("gears").unwrap()), now).unwrap();
        assert!(settle(&mut document, now));
        assert_eq!(document.scene().text(), exhibit("gears").unwrap().text);
    }
}
