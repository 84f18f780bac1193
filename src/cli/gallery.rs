//! `gallery`: the scenes that are built in, listed or written to a folder.

use super::arguments::{Common, Gallery};
use super::{Ending, output};
use crate::error::{Error, Result};
use crate::file::write_whole;
use crate::scene::GALLERY;
use serde_json::json;
use std::path::{Path, PathBuf};

pub(super) fn run(verb: &Gallery, common: &Common) -> Result<Ending> {
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
    let files: Vec<PathBuf> =
        GALLERY.iter().map(|exhibit| folder.join(format!("{}.rhai", exhibit.name))).collect();
    files.iter().try_for_each(|file| output::must_be_new(file, force))?;
    std::fs::create_dir_all(folder)
        .map_err(|error| Error::File { path: folder.display().to_string(), problem: error.to_string() })?;
    for (file, exhibit) in files.iter().zip(GALLERY) {
        write_whole(file, |out| out.write_all(exhibit.text.as_bytes()))?;
    }
    let names: Vec<String> = files.iter().map(|file| file.display().to_string()).collect();
    match common {
        _ if common.json => output::print_json(&json!({ "files": names })),
        _ if common.quiet => Ok(Ending::Done),
        _ => output::print((names.join("\n") + "\n").as_bytes()),
    }
}
