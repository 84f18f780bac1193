//! The places of a picture that its rays have met: where they are, and what of the light is known there.

use super::device::Gpu;
use super::frame;
use super::program;
use super::work::Handed;
use crate::error::Result;
use crate::render::shared::{LOOKS, LampBasis, Patch, REACH, Shot, enough, is_near, look, on_ground};
use crate::render::{Lens, Options, Shade, Size, Stage};
use crate::tape::{BOXES, Boxes, Tape};
use glam::Vec3;
use rayon::prelude::*;
use std::sync::Arc;

/// How many pixels across the tiles are that rays are bounded over.
pub(super) const TILE: usize = 16;

/// The same of shadows, in texels.
pub(super) const SHADOW_TILE: usize = 32;

pub(super) fn vec(a: [f64; 3]) -> Vec3 {
    Vec3::from(a.map(|v| v as f32))
}

pub(super) fn four(xyz: Vec3, w: f32) -> [f32; 4] {
    xyz.extend(w).to_array()
}

/// The least and the most of some places.
type PlaceSpan = [Vec3; 2];

const EMPTY: PlaceSpan = [Vec3::INFINITY, Vec3::NEG_INFINITY];

fn both([low, high]: PlaceSpan, [l, h]: PlaceSpan) -> PlaceSpan {
    [low.min(l), high.max(h)]
}

impl Shot {
    /// What a ray meets, where `seen` has how deep each goes: a place of the surface, or of the ground.
    fn place(&self, seen: &[f32], column: usize, row: usize) -> Option<(Vec3, bool)> {
        let depth = seen[2 * (row * self.fine.width + column)];
        let [u, v] = self.fine.across(column as f64 + 0.5, row as f64 + 0.5);
        if depth >= 0.0 {
            return Some((vec(self.lens.at([u, v, f64::from(depth)])), true));
        }
        let [start, ray] = self.lens.ray([u, v]).map(|v| v.as_vec3());
        on_ground(self.ground, self.ball, start, ray).map(|(place, _)| (place, false))
    }

    /// The least and the most of the places that are seen, as lamps see them.
    pub(super) fn spans(&self, options: &Options, seen: &[f32], lamps: &[&LampBasis]) -> Vec<(Vec3, Vec3)> {
        let (Size { width, height }, side) = (options.size, options.side());
        let none = || vec![EMPTY; lamps.len()];
        let of_row = |j: usize| {
            let mut spans = none();
            let places =
                (0..width).filter_map(|i| self.place(seen, i * side + side / 2, j * side + side / 2));
            for (place, _) in places.filter(|&(place, _)| is_near(place, self.ball)) {
                for (span, lamp) in spans.iter_mut().zip(lamps) {
                    *span = both(*span, [lamp.flat(place); 2]);
                }
            }
            spans
        };
        let all =
            |a: Vec<PlaceSpan>, b: Vec<PlaceSpan>| a.into_iter().zip(b).map(|(a, b)| both(a, b)).collect();
        let spans = (0..height).into_par_iter().map(of_row).reduce(none, all);
        spans.into_iter().map(|[low, high]| (low, high)).collect()
    }

    /// The tiles of the picture, with what is enough to colour each.
    pub(super) fn tiles(&self, stage: &Stage, options: &Options, seen: &[f32]) -> Result<Vec<ShotTile>> {
        let (Size { width, height }, small) = (self.fine, TILE * options.side());
        let corners =
            (0..height).step_by(small).flat_map(|row| (0..width).step_by(small).map(move |i| (i, row)));
        let corners: Vec<(usize, usize)> = corners.collect();
        let rects = corners.iter().map(|&(i, j)| [i, j, (i + small).min(width), (j + small).min(height)]);
        let rects: Vec<[usize; 4]> = rects.collect();
        // Of the surface alone, and of all with what is looked at around it.
        let far = LOOKS.iter().fold(0.0f32, |far, look| far.max(look.0)) * REACH * self.ball.1;
        let spans = |&[left, top, right, bottom]: &[usize; 4]| {
            let (mut spans, mut wide) = ([EMPTY; 2], 0.0f32);
            for (row, column) in (top..bottom).flat_map(|row| (left..right).map(move |column| (row, column)))
            {
                let Some((place, is_surface)) = self.place(seen, column, row) else { continue };
                // What shaders round is less than a ray's width.
                wide = wide.max(1e-3 * place.distance(vec(self.lens.eye)));
                spans[1] = both(spans[1], [place; 2]);
                if is_surface {
                    spans[0] = both(spans[0], [place; 2]);
                }
            }
            [wide, far + wide].into_iter().zip(spans).map(|(by, [low, high])| [low - by, high + by]).collect()
        };
        let spans: Vec<Vec<PlaceSpan>> = rects.par_iter().map(spans).collect();
        let still = |tape: &Tape| Arc::new(tape.fixed([None, None, None, Some(self.time)]));
        let shown = self.enough(&still(&stage.asked(options.shade)?), &spans, 0);
        let value = match options.shade {
            Shade::Lit => self.enough(&still(&stage.shape()?), &spans, 1),
            _ => vec![None; rects.len()],
        };
        let tapes = shown.into_iter().zip(value).map(|(shown, value)| [shown, value]);
        Ok(rects.into_iter().zip(tapes).map(|(rect, tapes)| ShotTile { rect, tapes }).collect())
    }

    /// What is enough of a tape in each tile's span of a kind; none where that is empty.
    fn enough(&self, tape: &Arc<Tape>, spans: &[Vec<PlaceSpan>], which: usize) -> Vec<Option<Arc<Tape>>> {
        let some = |boxes: &mut Boxes, spans: &[Vec<PlaceSpan>]| {
            let within: Vec<PlaceSpan> = spans.iter().map(|spans| spans[which]).collect();
            let is_empty = |&[low, high]: &PlaceSpan| low.cmpgt(high).any();
            let full: Vec<PlaceSpan> = within.iter().filter(|span| !is_empty(span)).copied().collect();
            look(tape, &full, boxes);
            let mut lanes = 0..;
            let one = |span: &PlaceSpan| {
                let lane = if is_empty(span) { None } else { lanes.next() }?;
                Some(enough(tape, lane, boxes).map_or_else(|| tape.clone(), Arc::new))
            };
            within.iter().map(one).collect::<Vec<_>>()
        };
        spans.par_chunks(BOXES).map_init(Boxes::default, some).flatten_iter().collect()
    }
}

/// Some of a picture's rays, and what is enough to colour them: the tapes a view asks for, if they meet anything.
pub(super) struct ShotTile {
    rect: [usize; 4],
    pub tapes: [Option<Arc<Tape>>; 2],
}

impl ShotTile {
    /// As vertices are told of it.
    pub(super) fn told(&self, handed: &Handed) -> Vec<u8> {
        let [[a, b], [c, d]] = self.tapes.each_ref().map(|tape| handed.place(tape.as_ref()));
        program::tile(self.rect, [a, b, c, d], 0.0)
    }
}

/// A lens, as the shaders take it.
pub(super) fn of_view(lens: &Lens, size: Size, tolerance: [f32; 2]) -> Vec<f32> {
    let across = lens.across(size.step(), 1.0) as f32;
    let wide = if lens.parallel { [across, 0.0] } else { [0.0, across] };
    let vectors = [
        four(vec(lens.eye), f32::from(u8::from(lens.parallel))),
        four(vec(lens.ahead), size.step() as f32),
        four(vec(lens.right), 0.5 * size.width as f32),
        four(vec(lens.up), 0.5 * size.height as f32),
        [tolerance[0], tolerance[1], wide[0], wide[1]],
    ];
    vectors.concat()
}

/// The stretches of all tiles, two texels each.
pub(super) fn stretches(gpu: &Gpu, tiles: &[Patch], handed: &Handed) -> Result<wgpu::Texture> {
    const WIDTH: usize = 1024;
    let held = |rise: f32| rise.clamp(-1e30, 1e30);
    let all = tiles.iter().flat_map(|tile| &tile.stretches);
    let mut pixels: Vec<f32> = all
        .flat_map(|of| {
            let [least, most] = of.rise.map(held);
            let [first, last] = handed.place(Some(&of.tape)).map(|line| line as f32);
            [of.from, of.to, least, most, first, last, of.after, 0.0]
        })
        .collect();
    let height = pixels.len().div_ceil(4 * WIDTH).max(1);
    pixels.resize(4 * WIDTH * height, 0.0);
    frame::colored(gpu, Size { width: WIDTH, height }, &pixels)
}
