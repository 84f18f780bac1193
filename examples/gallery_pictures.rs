//! The gallery's pictures: a large one of each scene, one file of small ones, and the page that shows them.
//!
//! `cargo run --release --example gallery_pictures [FOLDER [NAME ...]]`: into FOLDER/assets/gallery and
//! FOLDER/docs/gallery.md; with names, the pictures of those alone.

use fieldgrad::prelude::*;
use fieldgrad::render::{Image, Options, Size, Stage};
use fieldgrad::scene::{Exhibit, GALLERY, IN_A_ROW, PICTURE_SIZE, PICTURES};
use std::fmt::Write;
use std::path::{Path, PathBuf};

const LARGE: Size = Size { width: 480, height: 360 };

fn main() -> std::result::Result<(), Box<dyn std::error::Error>> {
    let mut arguments = std::env::args().skip(1);
    let folder = PathBuf::from(arguments.next().unwrap_or_else(|| ".".into()));
    let (names, pictures) = (arguments.collect::<Vec<String>>(), folder.join("assets/gallery"));
    [&pictures, &folder.join("docs")].into_iter().try_for_each(std::fs::create_dir_all)?;
    let ([wide, high], mut sheet) = (PICTURE_SIZE, Image::from_png(PICTURES)?);
    sheet.height = high * GALLERY.len().div_ceil(IN_A_ROW);
    sheet.pixels.resize(sheet.width * sheet.height, [0.0; 3]);
    for (n, exhibit) in GALLERY.iter().enumerate() {
        if names.is_empty() || names.iter().any(|name| name == exhibit.name) {
            sheet.put(&draw(exhibit, &pictures)?, [n % IN_A_ROW * wide, n / IN_A_ROW * high]);
            println!("{}", exhibit.name);
        }
    }
    sheet.save_png(&pictures.join("small.png"))?;
    Ok(std::fs::write(folder.join("docs/gallery.md"), page())?)
}

/// Three tenths into its timeline, where what moves is on its way. Writes the large picture, and gives the small one.
fn draw(exhibit: &Exhibit, folder: &Path) -> Result<Image> {
    let scene = exhibit.scene()?;
    let timeline = scene.timeline();
    let time = Some(0.7 * timeline.from + 0.3 * timeline.to);
    let stage = Stage::new(&scene)?;
    let image = |size: Size| stage.picture(&Options::default().size(size).time(time));
    image(LARGE)?.save_png(&folder.join(format!("{}.png", exhibit.name)))?;
    image(Size { width: PICTURE_SIZE[0], height: PICTURE_SIZE[1] })
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
