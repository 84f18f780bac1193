//! What the window remembers from one run to the next: a small JSON file in the folder the system has for that.

use super::knobs::Knobs;
use crate::error::Result;
use crate::file::write_whole;
use serde_json::{Value, json};
use std::path::{Path, PathBuf};

/// What is remembered.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Memory {
    /// Files opened lately, the last first.
    pub recent: Vec<PathBuf>,
    /// Whether it is dark.
    pub is_dark: bool,
    /// Whether the scene's text is shown.
    pub shows_editor: bool,
    /// Whether the graph is shown.
    pub shows_graph: bool,
    /// Whether the parameters are shown.
    pub shows_parameters: bool,
    /// Whether the scene's probes, and what is made of them, are shown.
    pub shows_senses: bool,
    /// Whether what is under the cursor is told.
    pub shows_probe: bool,
    /// Whether the hints of the first start were put away.
    pub knows_hints: bool,
    /// Which knobs of MIDI devices move which parameters.
    pub knobs: Knobs,
    /// The window's size, in points.
    pub size: [f64; 2],
}

/// How many files are remembered.
const MAX_RECENT: usize = 12;

impl Default for Memory {
    fn default() -> Memory {
        Memory {
            recent: Vec::new(),
            is_dark: true,
            shows_editor: true,
            shows_graph: false,
            shows_parameters: true,
            shows_senses: true,
            shows_probe: false,
            knows_hints: false,
            knobs: Knobs::default(),
            size: [1280.0, 800.0],
        }
    }
}

/// Where it is kept, if the system has such a folder.
pub(super) fn path() -> Option<PathBuf> {
    folder().map(|folder| folder.join("window.json"))
}

/// What this program keeps for whoever uses it, if the system has a folder for that.
pub(super) fn folder() -> Option<PathBuf> {
    let folder = |variable: &str| std::env::var_os(variable).filter(|v| !v.is_empty()).map(PathBuf::from);
    let config = if cfg!(windows) {
        folder("APPDATA")
    } else if cfg!(target_os = "macos") {
        folder("HOME").map(|home| home.join("Library/Application Support"))
    } else {
        folder("XDG_CONFIG_HOME").or_else(|| folder("HOME").map(|home| home.join(".config")))
    };
    config.map(|config| config.join("fieldgrad"))
}

impl Memory {
    /// What a file remembers; what it does not say, or says wrongly, is as at the first start.
    pub(super) fn read(path: &Path) -> Memory {
        let text = std::fs::read_to_string(path).unwrap_or_default();
        let known: Value = serde_json::from_str(&text).unwrap_or_default();
        let usual = Memory::default();
        let is = |name: &str, usual: bool| known[name].as_bool().unwrap_or(usual);
        let recent = known["recent"].as_array().into_iter().flatten();
        let side = |i: usize| known["size"][i].as_f64().filter(|side| (200.0..1e5).contains(side));
        Memory {
            recent: recent.filter_map(Value::as_str).map(PathBuf::from).take(MAX_RECENT).collect(),
            is_dark: is("dark", usual.is_dark),
            shows_editor: is("editor", usual.shows_editor),
            shows_graph: is("graph", usual.shows_graph),
            shows_parameters: is("parameters", usual.shows_parameters),
            shows_senses: is("senses", usual.shows_senses),
            shows_probe: is("probe", usual.shows_probe),
            knows_hints: is("knows_hints", usual.knows_hints),
            knobs: Knobs::from_json(&known["knobs"]),
            size: [0, 1].map(|i| side(i).unwrap_or(usual.size[i])),
        }
    }

    /// Writes it to a file, whose folder is made if need be.
    pub(super) fn write(&self, path: &Path) -> Result<()> {
        if let Some(folder) = path.parent() {
            let _ = std::fs::create_dir_all(folder); // what is wrong with it, writing the file says
        }
        let recent: Vec<String> = self.recent.iter().map(|path| path.display().to_string()).collect();
        let known = json!({
            "recent": recent, "dark": self.is_dark, "editor": self.shows_editor,
            "graph": self.shows_graph, "parameters": self.shows_parameters,
            "senses": self.shows_senses, "probe": self.shows_probe, "knows_hints": self.knows_hints,
            "knobs": self.knobs.to_json(), "size": self.size,
        });
        write_whole(path, |out| writeln!(out, "{known:#}"))
    }

    /// A file was opened or saved.
    pub(super) fn used(&mut self, path: &Path) {
        let path = path.canonicalize().unwrap_or_else(|_| path.to_path_buf());
        self.recent.retain(|other| *other != path);
        self.recent.insert(0, path);
        self.recent.truncate(MAX_RECENT);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_remembered_comes_back_and_what_is_broken_does_no_harm() {
        let folder = std::env::temp_dir().join(format!("fieldgrad_memory_{}", std::process::id()));
        let path = folder.join("deep").join("window.json");
        assert_eq!(Memory::read(&path), Memory::default());
        let mut memory = Memory { is_dark: false, size: [900.0, 700.0], ..Memory::default() };
        for i in 0..20 {
            memory.used(Path::new(&format!("/nowhere/{}.rhai", i % 15)));
        }
        assert_eq!(memory.recent.len(), MAX_RECENT);
        assert_eq!(memory.recent[0], Path::new("/nowhere/4.rhai"));
        memory.write(&path).unwrap();
        assert_eq!(Memory::read(&path), memory);
        std::fs::write(&path, "{\"dark\": 7, \"size\": [1, -3], \"recent\": [3], \"editor\": false").unwrap();
        assert_eq!(Memory::read(&path), Memory::default());
        std::fs::write(&path, "{\"dark\": 7, \"size\": [1, -3], \"recent\": [3], \"editor\": false}")
            .unwrap();
        assert_eq!(Memory::read(&path), Memory { shows_editor: false, ..Memory::default() });
        std::fs::remove_dir_all(&folder).unwrap();
    }
}
