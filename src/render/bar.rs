//! A colour scale drawn into a picture, with numbers: what its colours mean.

use super::Image;
use super::scale::Scale;
use crate::shape::text;
use crate::tape::{Asked, Grid, Samples};

/// Draws a scale into the lower left corner of a picture that is large enough for one.
pub(crate) fn draw(image: &mut Image, scale: &Scale, title: &str) {
    let unit = (image.height as f64 / 60.0).clamp(6.0, 14.0).round();
    let (width, left) = ((16.0 * unit) as usize, 2.0 * unit);
    if image.width < width + 4 * unit as usize || image.height < 10 * unit as usize {
        return;
    }
    let top = image.height as f64 - 4.6 * unit;
    // A dim panel, so that the letters are read before any picture.
    let panel = [left - unit, top - 2.4 * unit, left + width as f64 + unit, top + 3.6 * unit];
    each(image, panel, |_, _, color| *color = color.map(|v| 0.18 * v + 0.008));
    let bar = [left, top, left + width as f64, top + unit];
    each(image, bar, |i, _, color| {
        let part = (i as f64 + 0.5 - left) / width as f64;
        *color = scale.color(scale.from + part * (scale.to - scale.from));
    });
    write(image, title, [left + 0.5 * width as f64, top - 1.1 * unit], unit);
    for part in [0.0, 0.5, 1.0] {
        let at = left + part * width as f64;
        each(image, [at - 0.5, top + unit, at + 0.5, top + 1.5 * unit], |_, _, color| *color = [0.8; 3]);
        let label = label(scale.from + part * (scale.to - scale.from));
        // The outer numbers stay over the bar.
        let half = 0.3 * unit * label.len() as f64;
        let at = at.clamp(left - 0.5 * unit + half, left + width as f64 + 0.5 * unit - half);
        write(image, &label, [at, top + 2.5 * unit], unit);
    }
}

/// A number in few digits.
fn label(value: f64) -> String {
    let value = value + 0.0;
    if value != 0.0 && !(1e-3..1e6).contains(&value.abs()) {
        return format!("{value:.1e}");
    }
    let text = format!("{value:.4}");
    text.trim_end_matches('0').trim_end_matches('.').into()
}

/// Changes the pixels of a rectangle: left, top, right and bottom.
fn each(image: &mut Image, [l, t, r, b]: [f64; 4], mut change: impl FnMut(usize, usize, &mut [f32; 3])) {
    let within = |v: f64, most: usize| (v.round().max(0.0) as usize).min(most);
    for j in within(t, image.height)..within(b, image.height) {
        for i in within(l, image.width)..within(r, image.width) {
            change(i, j, &mut image.pixels[j * image.width + i]);
        }
    }
}

/// Writes a line of the project's own letters, centred, in white.
fn write(image: &mut Image, line: &str, [x, y]: [f64; 2], size: f64) {
    let half = (0.5 * size * line.len() as f64).ceil() + 1.0;
    let (columns, rows) = (2 * half as usize, 2 * size as usize);
    let (left, top) = ((x - half).round(), (y - size).round());
    let grid = Grid {
        x: Samples { start: left + 0.5 - x, step: 1.0, count: columns },
        y: Samples { start: y - top - 0.5, step: -1.0, count: rows },
        z: Samples::one(0.0),
        t: Samples::one(0.0),
    };
    let Ok(tape) = text(line, size).tape() else { return };
    let distances = grid.eval(&tape, Asked::Value).swap_remove(0);
    each(image, [left, top, left + columns as f64, top + rows as f64], |i, j, color| {
        let (column, row) = ((i as f64 - left) as usize, (j as f64 - top) as usize);
        let ink = (0.5 - distances[row * columns + column]).clamp(0.0, 1.0);
        *color = color.map(|v| v + ink * (0.9 - v));
    });
}
