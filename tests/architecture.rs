//! A room uses only the rooms above it: what `ARCHITECTURE.md` draws, held against the `use crate::` lines.

use std::path::{Path, PathBuf};

/// From the foundation up. `error` stands below all of them.
const ROOMS: [&str; 15] = [
    "npy", "number", "field", "tape", "shape", "measure", "mesh", "learn", "scene", "sense", "render", "gpu",
    "fit", "viewer", "cli",
];

fn sources(folder: &Path, found: &mut Vec<PathBuf>) {
    for entry in std::fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            sources(&path, found);
        } else if path.extension().is_some_and(|extension| extension == "rs") {
            found.push(path);
        }
    }
}

#[test]
fn a_room_uses_only_the_rooms_above_it() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("src");
    let mut files = Vec::new();
    sources(&root, &mut files);
    let mut wrong = Vec::new();
    let mut lines_read = 0;
    for file in &files {
        let inside = file.strip_prefix(&root).unwrap();
        let room = inside.components().next().unwrap().as_os_str().to_str().unwrap();
        let Some(own) = ROOMS.iter().position(|name| *name == room) else { continue };
        for (n, line) in std::fs::read_to_string(file).unwrap().lines().enumerate() {
            if line.trim_start().starts_with("//") {
                continue;
            }
            for used in line.split("crate::").skip(1) {
                let used: String = used.chars().take_while(|c| c.is_alphanumeric() || *c == '_').collect();
                lines_read += 1;
                if ROOMS.iter().position(|name| *name == used).is_some_and(|other| other > own) {
                    wrong.push(format!("{}:{}: {room} uses {used}", inside.display(), n + 1));
                }
            }
        }
    }
    assert!(lines_read > 20, "the test no longer finds the lines it is about");
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn the_page_names_every_room_there_is() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let page = std::fs::read_to_string(root.join("ARCHITECTURE.md")).unwrap();
    for entry in std::fs::read_dir(root.join("src")).unwrap() {
        let path = entry.unwrap().path();
        let name = path.file_name().unwrap().to_str().unwrap().to_string();
        if path.is_dir() {
            assert!(ROOMS.contains(&name.as_str()), "{name}/ is a room that this test does not know");
            assert!(page.contains(&format!("`{name}/`")), "ARCHITECTURE.md does not say what `{name}/` is");
        }
    }
}

#[test]
fn no_two_types_have_one_name() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("src");
    let mut files = Vec::new();
    sources(&root, &mut files);
    let (mut known, mut twice) = (std::collections::HashMap::<String, PathBuf>::new(), Vec::new());
    for file in &files {
        for line in std::fs::read_to_string(file).unwrap().lines() {
            let line = line
                .trim_start_matches("pub ")
                .trim_start_matches("pub(crate) ")
                .trim_start_matches("pub(super) ");
            let Some((kind, rest)) = line.split_once(' ') else { continue };
            if !["struct", "enum", "trait", "type"].contains(&kind) {
                continue; // what is within functions is indented
            }
            let name: String = rest.chars().take_while(|c| c.is_alphanumeric()).collect();
            match known.insert(name.clone(), file.clone()) {
                Some(other) if other != *file => {
                    twice.push(format!("{name} in {} and {}", other.display(), file.display()));
                }
                _ => {}
            }
        }
    }
    assert!(known.len() > 300, "the test no longer finds the types it is about");
    assert!(twice.is_empty(), "{}", twice.join("\n"));
}
