//! The gallery's pictures: each scene as a large one and a small one, and the page that shows them.
//!
//! `cargo run --release --example gallery_pictures [FOLDER [NAME ...]]`: into FOLDER/assets/gallery and
//! FOLDER/docs/gallery.md; with names, the pictures of those alone.

use fieldgrad::prelude::*;
use fieldgrad::render::{Options, Size, Stage};
use fieldgrad::scene::{Exhibit, GALLERY};
use std::fmt::Write;
use std::path::{Path, PathBuf};

const LARGE: Size = Size { width: 480, height: 360 };
const SMALL: Size = Size { width: 120, height: 90 };

fn main() -> std::result::Result<(), Box<dyn std::error::Error>> {
    let mut arguments = std::env::args().skip(1);
    let folder = PathBuf::from(arguments.next().unwrap_or_else(|| ".".into()));
    let (names, pictures) = (arguments.collect::<Vec<String>>(), folder.join("assets/gallery"));
    std::fs::create_dir_all(pictures.join("small"))?;
    for exhibit in
        GALLERY.iter().filter(|exhibit| names.is_empty() || names.iter().any(|n| n == exhibit.name))
    {
        draw(exhibit, &pictures)?;
        println!("{}", exhibit.name);
    }
    std::fs::create_dir_all(folder.join("docs"))?;
    Ok(std::fs::write(folder.join("docs/gallery.md"), page())?)
}

/// Three tenths into its timeline, where what moves is on its way.
fn draw(exhibit: &Exhibit, folder: &Path) -> Result<()> {
    let scene = exhibit.scene()?;
    let timeline = scene.timeline();
    let time = Some(0.7 * timeline.from + 0.3 * timeline.to);
    let stage = Stage::new(&scene)?;
    for (size, folder) in [(LARGE, folder.to_path_buf()), (SMALL, folder.join("small"))] {
        let image = stage.picture(&Options { size, time, ..Options::default() })?;
        image.save_png(&folder.join(format!("{}.png", exhibit.name)))?;
    }
    Ok(())
}

/// A page of all of them, three in a row, with what each scene says of itself in its first line.
fn page() -> String {
    let mut page = String::from(
        "# The gallery\n\nThe scenes that are built in: `fieldgrad render NAME -o NAME.png` draws one, `fieldgrad gallery FOLDER` \
         writes their\ntexts to a folder. The pictures are made by `cargo run --release --example gallery_pictures`.\n\n\
         | | | |\n|---|---|---|\n",
    );
    let cell = |exhibit: &Exhibit| {
        let (name, says) = (exhibit.name, exhibit.text.lines().next().unwrap_or_default());
        let says = says.trim_start_matches('/').trim().replace('|', "\\|");
        format!("![{name}](../assets/gallery/{name}.png)<br>[**{name}**](../scenes/{name}.rhai): {says}")
    };
    for row in GALLERY.chunks(3) {
        let _ = writeln!(page, "| {} |", row.iter().map(cell).collect::<Vec<_>>().join(" | "));
    }
    page
}
