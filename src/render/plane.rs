//! A flat cut in space: what the field is on a plane, drawn into a view of the scene.

use super::march::NOTHING;
use super::places::values_at;
use super::slice::{Arrow, colored};
use super::{Cut, Image, Lens, Size};
use crate::error::Result;
use crate::measure::Bounds;
use crate::tape::Tape;
use crate::task;
use glam::Vec3;
use rayon::prelude::*;

/// How plainly the plane is seen before the surface, and how plainly behind or within it.
const BEFORE: f32 = 0.92;
const BEHIND: f32 = 0.5;

/// How many arrows stand along the longer side of the plane.
const ARROWS: f64 = 14.0;

/// A pixel that sees the plane: where, how plainly, and how much of the plane is in it.
struct Spot {
    pixel: usize,
    place: Vec3,
    plain: f32,
    wide: f64,
}

/// Draws the plane of a cut through a field, given as a tape of it and its derivatives along the plane, over all of
/// some bounds, into a picture. A depth for each of its pixels says where the surface is.
pub(super) fn draw(
    image: &mut Image,
    depths: &[f32],
    (tape, cut, bounds): (&Tape, &Cut, &Bounds),
    lens: &Lens,
    t: f64,
) -> Result<()> {
    let Some((axis, at)) = cut.plane() else { return Ok(()) };
    let [a, b] = [(axis + 1) % 3, (axis + 2) % 3];
    let bounds = bounds.grown(0.1 * bounds.size().into_iter().fold(0.0, f64::max));
    let size = Size { width: image.width, height: image.height };
    let spot = |pixel: usize| {
        let [u, v] = size.middle(pixel);
        let (near, far) = (lens.at([u, v, 0.0])[axis], lens.at([u, v, 1.0])[axis]);
        let s = (at - near) / (far - near);
        if !(s > lens.near && s < lens.far) {
            return None;
        }
        let place = lens.at([u, v, s]);
        let is_within = [a, b].iter().all(|&i| bounds.min[i] <= place[i] && place[i] <= bounds.max[i]);
        let plain = if depths[pixel] == NOTHING || s < f64::from(depths[pixel]) { BEFORE } else { BEHIND };
        let wide = lens.across(size.step(), s);
        is_within.then(|| Spot { pixel, place: Vec3::from(place.map(|v| v as f32)), plain, wide })
    };
    let spots: Vec<Spot> = size.tiled().collect::<Vec<_>>().into_par_iter().filter_map(spot).collect();
    let tape = tape.fixed([None, None, None, Some(t)]);
    let found = values_at(&tape, &spots.iter().map(|spot| spot.place).collect::<Vec<_>>());

    // An arrow for each cell of the plane, as the field is in the cell's middle.
    let sides = [a, b].map(|i| bounds.size()[i]);
    let cell = sides[0].max(sides[1]) / ARROWS;
    let counts = sides.map(|side| ((side / cell).ceil() as usize).max(1));
    let middle = |n: usize| {
        let mut place = [at; 3];
        place[a] = bounds.min[a] + (0.5 + (n % counts[0]) as f64) * cell;
        place[b] = bounds.min[b] + (0.5 + (n / counts[0]) as f64) * cell;
        Vec3::from(place.map(|v| v as f32))
    };
    let slopes = values_at(&tape, &(0..counts[0] * counts[1]).map(middle).collect::<Vec<_>>());

    task::check()?;
    let iso = super::scale::rounded(sides[0].max(sides[1]) / 50.0);
    let color = |(n, spot): (usize, &Spot)| {
        let [value, across, up] = [0, 1, 2].map(|output: usize| f64::from(found[output][n]));
        let color = colored([value, across, up], [spot.wide; 2], iso);
        let part = [a, b].map(|i| (f64::from(spot.place[i]) - bounds.min[i]) / cell);
        let [i, j] = [0, 1].map(|axis| (part[axis].max(0.0) as usize).min(counts[axis] - 1));
        let own = i + j * counts[0];
        let steep = [1, 2].map(|output: usize| f64::from(slopes[output][own]));
        let arrow = Arrow::of(steep, 0.36 * cell, 0.15 * cell);
        let from = [(part[0] - i as f64 - 0.5) * cell, (part[1] - j as f64 - 0.5) * cell];
        let ink = arrow.map_or(0.0, |arrow| (1.1 - arrow.distance(from) / spot.wide).clamp(0.0, 1.0));
        color.map(|v| v * (1.0 - 0.75 * ink as f32))
    };
    let colors: Vec<[f32; 3]> = spots.par_iter().enumerate().map(color).collect();
    for (spot, color) in spots.iter().zip(colors) {
        let behind = Vec3::from(image.pixels[spot.pixel]);
        image.pixels[spot.pixel] = behind.lerp(Vec3::from(color), spot.plain).to_array();
    }
    Ok(())
}
