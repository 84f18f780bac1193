//! The gallery: the scenes that are built in, each with its text.

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
}

macro_rules! exhibits {
    ($($name:literal)*) => {
        &[$(Exhibit { name: $name, text: include_str!(concat!("../../scenes/", $name, ".rhai")) }),*]
    };
}

/// Every scene of `scenes/`, by name.
pub const GALLERY: &[Exhibit] = exhibits! { "drop" };

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_scene_of_the_folder_is_built_in_and_says_what_it_is_about() {
        let folder = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("scenes");
        let entries = std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().file_name());
        let files = entries.filter_map(|file| Some(file.to_str()?.strip_suffix(".rhai")?.to_string()));
        let mut files: Vec<String> = files.collect();
        files.sort();
        assert_eq!(files, GALLERY.iter().map(|exhibit| exhibit.name).collect::<Vec<_>>());
        for exhibit in GALLERY {
            assert!(exhibit.text.starts_with("// ") && exhibit.about().ends_with('.'), "{}", exhibit.name);
        }
    }
}
