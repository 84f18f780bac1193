//! Writes the reference of the scene language: every function there is, from the table the language itself reads.
//!
//! `cargo run --release --example reference_page [FOLDER]` writes `reference.md` and `reference/*.png` into `docs/`.

use fieldgrad::prelude::*;
use fieldgrad::render::Slice;
use fieldgrad::scene::{GALLERY, Word, words};
use fieldgrad::shape::catalogue;
use std::path::Path;

fn main() -> Result<()> {
    let folder = std::env::args().nth(1).unwrap_or_else(|| "docs".into());
    let failed = |error: std::io::Error| Error::File { path: folder.clone(), problem: error.to_string() };
    let pictures = Path::new(&folder).join("reference");
    std::fs::create_dir_all(&pictures).map_err(failed)?;
    let mut page = include_str!("../docs/reference_head.md").to_string();
    let (words, mut groups) = (words(), Vec::new());
    for group in words.iter().map(|word| word.group) {
        if !groups.contains(&group) {
            groups.push(group);
            page += &format!("\n## {}\n", group.replace('_', " "));
            for word in words.iter().filter(|word| word.group == group) {
                page += &entry(word);
                page += &picture(word, &pictures)?;
            }
        }
    }
    std::fs::write(Path::new(&folder).join("reference.md"), page).map_err(failed)
}

/// How a function is called, what it does, what it takes, and an example.
fn entry(word: &Word) -> String {
    let signatures: Vec<String> = word.signatures().map(|text| format!("`{text}`")).collect();
    let doc = word.doc.iter().map(|line| line.trim().replace("[`", "`").replace("`]", "`"));
    let doc = doc.collect::<Vec<_>>().join("\n");
    let longest = word.forms.iter().max_by_key(|form| form.arguments.len()).expect("a way to call it");
    let takes = longest.arguments.iter().map(|(name, kind)| format!("- `{name}`: {}\n", kind.description()));
    let example = word.example().map(|text| format!("show({text});")).unwrap_or_else(|| gallery_line(word.name));
    let (name, signatures, takes) = (word.name, signatures.join(" or "), takes.collect::<String>());
    format!("\n### {name}\n\n{signatures}\n\n{doc}\n\n{takes}\n```rhai\n{example}\n```\n")
}

/// A line of the gallery that calls the function.
fn gallery_line(name: &str) -> String {
    let calls = |line: &&str| {
        let after = |at: usize| line[..at].ends_with(|c: char| c.is_alphanumeric() || c == '_');
        line.match_indices(&format!("{name}(")).any(|(at, _)| !after(at) && !line[..at].contains("//"))
    };
    let line = |text: &'static str| text.lines().find(calls).map(str::trim);
    let found = GALLERY.iter().find_map(|exhibit| Some((exhibit.name, line(exhibit.text)?)));
    found.map_or(String::new(), |(scene, line)| format!("{line}   // in scenes/{scene}.rhai"))
}

/// A slice of a shape, or a number as a curve over t, as a line of the page; nothing for what is neither.
fn picture(word: &Word, folder: &Path) -> Result<String> {
    let Some(entry) = catalogue().find(|entry| entry.name == word.name) else { return Ok(String::new()) };
    let field = (entry.sample)();
    let is_curve = !field.depends_on(Axis::X) && field.depends_on(Axis::T);
    let shown = if is_curve { y() - field.remap([x(), y(), z(), x()]) } else { field };
    let slice = Slice { center: [0.0, 0.0], span: 3.4, z: 0.1, t: 0.3, iso: 0.2 };
    slice.draw(&shown, 80, 80)?.save_png(&folder.join(format!("{}.png", word.name)))?;
    Ok(format!("\n![{0}](reference/{0}.png)\n", word.name))
}
