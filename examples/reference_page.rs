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
    let pictures = Path::new(&folder).join("reference");
    std::fs::create_dir_all(&pictures).expect("a folder that can be written");
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
    std::fs::write(Path::new(&folder).join("reference.md"), page).expect("a folder that can be written");
    Ok(())
}

/// How a function is called, what it does, what it takes, and an example.
fn entry(word: &Word) -> String {
    let calls: Vec<String> = word.signatures().map(|text| format!("`{text}`")).collect();
    let plain = |line: &&str| line.trim().replace("[`", "`").replace("`]", "`");
    let doc: Vec<String> = word.doc.iter().map(plain).collect();
    let longest = word.forms.iter().max_by_key(|form| form.arguments.len()).expect("a way to call it");
    let takes = longest.arguments.iter().map(|(name, kind)| format!("- `{name}`: {}\n", kind.description()));
    let example =
        word.example().map(|text| format!("show({text});")).unwrap_or_else(|| gallery_line(word.name));
    let (calls, doc, takes) = (calls.join(" or "), doc.join("\n"), takes.collect::<String>());
    format!("\n### {}\n\n{calls}\n\n{doc}\n\n{takes}\n```rhai\n{example}\n```\n", word.name)
}

/// A line of the gallery that calls the function.
fn gallery_line(name: &str) -> String {
    let in_word = |c: char| c.is_alphanumeric() || c == '_';
    let calls = |line: &&str| {
        let code = line.split("//").next().unwrap_or_default();
        code.match_indices(&format!("{name}(")).any(|(at, _)| !code[..at].ends_with(in_word))
    };
    let found = GALLERY.iter().find_map(|exhibit| Some((exhibit.name, exhibit.text.lines().find(calls)?)));
    found.map_or(String::new(), |(scene, line)| format!("{}   // in scenes/{scene}.rhai", line.trim()))
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
