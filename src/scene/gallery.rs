//! The gallery: the scenes that are built in, each with its text.

use super::{Home, Origin, Scene};
use crate::error::Result;

/// A scene that is built in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Exhibit {
    /// Its name, as the command takes it.
    pub name: &'static str,
    /// Its script.
    pub text: &'static str,
}

impl Exhibit {
    /// What it is about: the first line of its text, which is a comment.
    pub fn about(&self) -> &'static str {
        self.text.lines().next().unwrap_or_default().trim_start_matches('/').trim()
    }

    /// The file it is in the gallery's folder.
    pub fn file(&self) -> String {
        format!("{}.rhai", self.name)
    }

    /// Reads it. It may import the gallery's [`PARTS`].
    pub fn scene(&self) -> Result<Scene> {
        self.with_text(self.text)
    }

    /// Reads another text in its place, which may import the same parts.
    pub fn with_text(&self, text: &str) -> Result<Scene> {
        let (file, text) = (self.file().into(), text.into());
        Scene::from_origin(Origin { file, text, home: Home::Gallery })
    }
}

macro_rules! exhibits {
    ($($name:literal)*) => {
        &[$(Exhibit { name: $name, text: include_str!(concat!("../../scenes/", $name, ".rhai")) }),*]
    };
}

/// Every scene of `scenes/`, by name.
pub const GALLERY: &[Exhibit] = exhibits! {
    "arithmetic" "blends" "bolt" "bounce" "chess" "clock" "comet" "cookies" "coral" "crossing" "curvature" "drop" "engine" "gears" "giant" "heart_beat" "hinge" "island" "jellyfish" "knot" "lantern" "loxodrome" "morph" "nautilus" "neon" "ornament" "orrery" "owl" "phyllotaxis" "ripple" "rubber" "settling" "stadium" "swept" "temple" "towers" "trough"
};

/// Their small pictures: a PNG of cells of [`PICTURE_SIZE`] pixels, [`IN_A_ROW`] in a row, in the order of the gallery. A scene
/// that is newer than this file has none.
pub const PICTURES: &[u8] = include_bytes!("../../assets/gallery/small.png");

/// How wide and how high a small picture is.
pub const PICTURE_SIZE: [usize; 2] = [120, 90];

/// How many small pictures stand in a row.
pub const IN_A_ROW: usize = 8;

/// What they import: scripts that lend their functions and show nothing.
pub const PARTS: &[Exhibit] = exhibits! { "parts/threads" };

/// The text of a part, by its file.
pub(super) fn part(file: &str) -> Option<&'static str> {
    PARTS.iter().find(|part| part.file() == file).map(|part| part.text)
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::path::Path;

    fn scripts(folder: &str) -> Vec<String> {
        let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("scenes").join(folder);
        let entries = std::fs::read_dir(path).unwrap().map(|entry| entry.unwrap().file_name());
        let names = entries.filter_map(|file| Some(file.to_str()?.strip_suffix(".rhai")?.to_string()));
        let mut names: Vec<String> = names.map(|name| format!("{folder}{name}")).collect();
        names.sort();
        names
    }

    #[test]
    fn every_scene_of_the_folder_is_built_in_and_says_what_it_is_about() {
        assert_eq!(scripts(""), GALLERY.iter().map(|exhibit| exhibit.name).collect::<Vec<_>>());
        assert_eq!(scripts("parts/"), PARTS.iter().map(|part| part.name).collect::<Vec<_>>());
        for exhibit in GALLERY {
            assert!(exhibit.text.starts_with("// ") && exhibit.about().ends_with('.'), "{}", exhibit.name);
            exhibit.scene().unwrap_or_else(|error| panic!("{error}"));
        }
    }
}
