//! A slice of every shape in the catalogue that fits a tile, side by side: solids cut at z = 0.1, figures as they are.
//!
//! `cargo run --release --example shape_sheet [FILE.png]`

use fieldgrad::prelude::*;
use fieldgrad::render::{Image, Size, Slice};
use fieldgrad::shape::catalogue;
use std::path::Path;

const TILE: usize = 120;
const COLUMNS: usize = 12;

fn main() -> Result<()> {
    let path = std::env::args().nth(1).unwrap_or_else(|| "shape_sheet.png".into());
    let groups = [
        "solid",
        "polyhedron",
        "curve",
        "lattice",
        "plane",
        "into_space",
        "combine",
        "blend",
        "place",
        "warp",
    ];
    let shapes: Vec<_> = catalogue().filter(|entry| groups.contains(&entry.group)).collect();

    let rows = shapes.len().div_ceil(COLUMNS);
    let (width, height) = (COLUMNS * TILE, rows * TILE);
    let mut sheet = Image { width, height, pixels: vec![[1.0; 3]; width * height] };
    let size = Size { width: TILE - 4, height: TILE - 4 };
    let slice = Slice::facing([0.0, 0.0, 0.1, 0.3], 3.4, size, 0.2);
    for (n, entry) in shapes.iter().enumerate() {
        let tile = slice.draw(&(entry.sample)(), size)?;
        let corner = n / COLUMNS * TILE * width + n % COLUMNS * TILE;
        for (row, pixels) in tile.pixels.chunks(tile.width).enumerate() {
            let start = corner + (row + 2) * width + 2;
            sheet.pixels[start..start + tile.width].copy_from_slice(pixels);
        }
        println!("row {}, column {:2}: {}", n / COLUMNS + 1, n % COLUMNS + 1, entry.name);
    }
    sheet.save_png(Path::new(&path))?;
    println!("{path}");
    Ok(())
}
