//! `gallery`: the scenes that are built in, listed or written to a folder.

use super::arguments::{Common, GalleryVerb};
use super::{Ending, output};
use crate::error::{Error, Result};
use crate::file::write_whole;
use crate::scene::{Exhibit, GALLERY, PARTS};
use serde_json::json;
use std::path::{Path, PathBuf};

pub(super) fn run(verb: &GalleryVerb, common: &Common) -> Result<Ending> {
    match &verb.folder {
        Some(folder) => write(folder, verb.force, common),
        None => list(common),
    }
}

fn list(common: &Common) -> Result<Ending> {
    if common.json {
        let scenes = GALLERY.iter().map(|exhibit| json!({ "name": exhibit.name, "about": exhibit.about() }));
        return output::print_json(&json!({ "scenes": scenes.collect::<Vec<_>>() }));
    }
    let widest = GALLERY.iter().map(|exhibit| exhibit.name.len()).max().unwrap_or(0);
    let lines = GALLERY.iter().map(|exhibit| format!("{:widest$}  {}\n", exhibit.name, exhibit.about()));
    output::print(lines.collect::<String>().as_bytes())
}

fn write(folder: &Path, force: bool, common: &Common) -> Result<Ending> {
    let all = || GALLERY.iter().chain(PARTS);
    let files: Vec<PathBuf> = all().map(|exhibit| folder.join(exhibit.file())).collect();
    files.iter().try_for_each(|file| output::must_be_new(file, force))?;
    for (file, Exhibit { text, .. }) in files.iter().zip(all()) {
        let inside = file.parent().unwrap_or(folder);
        std::fs::create_dir_all(inside).map_err(|error| Error::File {
            path: inside.display().to_string(),
            problem: error.to_string(),
        })?;
        write_whole(file, |out| out.write_all(text.as_bytes()))?;
    }
    let names: Vec<String> = files.iter().map(|file| file.display().to_string()).collect();
    match common {
        _ if common.json => output::print_json(&json!({ "files": names })),
        _ if common.quiet => Ok(Ending::Done),
        _ => output::print((names.join("\n") + "\n").as_bytes()),
    }
}
