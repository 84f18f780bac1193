//! The folder that a path leads to so far, and what there is in it to choose.

use std::path::{Path, PathBuf, is_separator};

/// No more entries of a folder are read.
const MAX_ENTRIES: usize = 5000;

/// What is in a folder, as far as it may be chosen: folders, and the files with some endings.
#[derive(Clone, Debug, Default, PartialEq)]
pub(super) struct Folder {
    /// The text that leads there, up to its last separator; empty for where the program was started.
    pub text: String,
    /// The folders first, each kind in the order of its names.
    pub entries: Vec<FolderEntry>,
    /// Why it could not be read.
    pub problem: Option<String>,
}

/// A file, or a folder.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct FolderEntry {
    pub is_file: bool,
    pub name: String,
}

/// The folder's part of a path that is typed, up to its last separator, and what is typed of a name in it.
pub(super) fn parted(path: &str) -> (&str, &str) {
    path.split_at(path.rfind(is_separator).map_or(0, |last| last + 1))
}

impl Folder {
    /// Reads the folder that a text leads to.
    pub fn read(text: &str, endings: &[&str]) -> Folder {
        let here = if text.is_empty() { Path::new(".") } else { Path::new(text) };
        let mut folder = Folder { text: text.into(), ..Folder::default() };
        let read = match std::fs::read_dir(here) {
            Ok(read) => read,
            Err(error) => return Folder { problem: Some(error.to_string()), ..folder },
        };
        let entries = read.flatten().take(MAX_ENTRIES).filter_map(|entry| {
            let name = entry.file_name().into_string().ok().filter(|name| !name.starts_with('.'))?;
            // As what a link leads to.
            let is_file = !std::fs::metadata(entry.path()).ok()?.is_dir();
            let ending = Path::new(&name).extension().unwrap_or_default().to_string_lossy().to_lowercase();
            (!is_file || endings.contains(&ending.as_str())).then_some(FolderEntry { is_file, name })
        });
        folder.entries = entries.collect();
        folder.entries.sort();
        folder
    }

    /// The text that leads to the folder around it, if there is one.
    pub fn above(&self) -> Option<String> {
        let own = PathBuf::from(&self.text);
        match own.components().next_back() {
            None => Some("../".into()),
            Some(std::path::Component::Normal(_)) => {
                let above = own.parent().map(|above| above.display().to_string()).unwrap_or_default();
                let ends = above.is_empty() || above.ends_with(is_separator);
                Some(if ends { above } else { above + "/" })
            }
            Some(std::path::Component::ParentDir | std::path::Component::CurDir) => {
                Some(format!("{}../", self.text))
            }
            Some(_) => None,
        }
    }

    /// The text of one of its entries.
    pub fn text_of(&self, entry: &FolderEntry) -> String {
        format!("{}{}{}", self.text, entry.name, if entry.is_file { "" } else { "/" })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_folder_shows_what_may_be_chosen() {
        let here = std::env::temp_dir().join(format!("fieldgrad-folder-{}", std::process::id()));
        std::fs::create_dir_all(here.join("inner")).unwrap();
        for name in ["b.rhai", "a.VM", "notes.txt", ".hidden.rhai"] {
            std::fs::write(here.join(name), "").unwrap();
        }
        let text = format!("{}/", here.display());
        let folder = Folder::read(&text, &["rhai", "vm"]);
        let names: Vec<&str> = folder.entries.iter().map(|entry| entry.name.as_str()).collect();
        assert_eq!((names, &folder.problem), (vec!["inner", "a.VM", "b.rhai"], &None));
        assert_eq!(folder.text_of(&folder.entries[0]), format!("{text}inner/"));
        assert_eq!(Folder::read(&folder.text_of(&folder.entries[0]), &[]).above(), Some(text.clone()));
        std::fs::remove_dir_all(&here).unwrap();
        assert!(Folder::read(&text, &["rhai"]).problem.is_some());
    }

    #[test]
    fn a_path_is_a_folder_and_a_name() {
        assert_eq!(parted("scenes/dr"), ("scenes/", "dr"));
        assert_eq!(parted("dr"), ("", "dr"));
        assert_eq!(parted("/"), ("/", ""));
        let above = |text: &str| Folder { text: text.into(), ..Folder::default() }.above();
        assert_eq!(above(""), Some("../".into()));
        assert_eq!(above("../"), Some("../../".into()));
        assert_eq!(above("scenes/"), Some("".into()));
        assert_eq!(above("/a/b/"), Some("/a/".into()));
        assert_eq!(above("/a/"), Some("/".into()));
        assert_eq!(above("/"), None);
    }
}
