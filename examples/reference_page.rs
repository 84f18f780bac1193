//! Writes the reference of the scene language: every function there is, from the table the language itself reads.
//!
//! `cargo run --release --example reference_page [FOLDER]` writes `reference.md` and `reference/*.png` into `docs/`.

use fieldgrad::prelude::*;
use fieldgrad::render::{Size, Slice};
use fieldgrad::scene::{GALLERY, Word, words};
use fieldgrad::shape::catalogue;
use std::path::Path;

fn main() -> std::result::Result<(), Box<dyn std::error::Error>> {
    let folder = std::env::args().nth(1).unwrap_or_else(|| "docs".into());
    let pictures = Path::new(&folder).join("reference");
    std::fs::create_dir_all(&pictures)?;
    let (words, mut groups) = (words(), Vec::new());
    let mut page = String::from(include_str!("../docs/reference_head.md"));
    for group in words.iter().map(|word| word.group) {
        if !groups.contains(&group) {
            groups.push(group);
            page += &format!("\n## {}\n", group.replace('_', " "));
            for word in words.iter().filter(|word| word.group == group) {
                page += &(entry(word) + &picture(word, &pictures)?);
            }
        }
    }
    Ok(std::fs::write(Path::new(&folder).join("reference.md"), page)?)
}

/// How a function is called, what it does, what it takes, and an example.
fn entry(word: &Word) -> String {
    let calls = word.signatures().map(|text| format!("`{text}`")).collect::<Vec<_>>().join(" or ");
    let doc = word.doc.join("\n").trim().replace("\n ", "\n").replace("[`", "`").replace("`]", "`");
    let longest = word.forms.iter().max_by_key(|form| form.arguments.len()).expect("a way to call it");
    let takes = longest.arguments.iter().map(|(name, kind)| format!("- `{name}`: {}\n", kind.description()));
    let takes = String::from_iter(takes);
    let line = word.example().map(|text| format!("show({text});")).or_else(|| gallery_line(word.name));
    let example = line.map_or(String::new(), |line| format!("\n```rhai\n{line}\n```\n"));
    format!("\n### {}\n\n{calls}\n\n{doc}\n\n{takes}{example}", word.name)
}

/// A line of the gallery that calls the function, if one does.
fn gallery_line(name: &str) -> Option<String> {
    let (call, is_letter) = (format!("{name}("), |c: char| c.is_alphanumeric() || c == '_');
    let starts = |code: &str| code.match_indices(&call).any(|(at, _)| !code[..at].ends_with(is_letter));
    let calls = |line: &&str| line.split("//").next().is_some_and(starts);
    let found = GALLERY.iter().find_map(|exhibit| Some((exhibit.name, exhibit.text.lines().find(calls)?)));
    found.map(|(scene, line)| format!("{}   // in scenes/{scene}.rhai", line.trim()))
}

/// A slice of a shape, or a number as a curve over t, as a line of the page; nothing for what is neither.
fn picture(word: &Word, folder: &Path) -> Result<String> {
    let Some(entry) = catalogue().find(|entry| entry.name == word.name) else { return Ok(String::new()) };
    let field = (entry.sample)();
    let is_curve = !field.depends_on(Axis::X) && field.depends_on(Axis::T);
    let shown = if is_curve { y() - field.remap([x(), y(), z(), x()]) } else { field };
    let (path, size) = (folder.join(format!("{}.png", word.name)), Size { width: 80, height: 80 });
    Slice::facing([0.0, 0.0, 0.1, 0.3], 3.4, size, 0.2).draw(&shown, size)?.save_png(&path)?;
    Ok(format!("\n![{0}](reference/{0}.png)\n", word.name))
}
