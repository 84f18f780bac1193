//! Slices: a flat cut through a field, coloured by its value, with iso-lines and the surface's outline.

use super::Image;
use crate::error::Result;
use crate::field::Field;
use crate::tape::Machine;
use rayon::prelude::*;

/// A flat cut parallel to the xy plane.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Slice {
    /// The middle of the picture, in x and y.
    pub center: [f64; 2],
    /// How much of x the picture spans.
    pub span: f64,
    /// Where the cut is in z.
    pub z: f64,
    /// The time.
    pub t: f64,
    /// How far apart the iso-lines are.
    pub iso: f64,
}

impl Slice {
    /// Draws the cut: blue inside and orange outside, darker with distance, iso-lines between, the outline in black.
    ///
    /// Lines have an even width on the picture whatever the field's slope: distances on the page are f/|∇f|.
    pub fn draw(&self, field: &Field, width: usize, height: usize) -> Result<Image> {
        let tape = field.gradient_tape()?;
        let pixel = self.span / width as f64;
        let row = |v: usize| -> Vec<[f32; 3]> {
            let mut machine = Machine::<f64>::new(&tape);
            machine.set_time(self.t);
            let y = self.center[1] + (height as f64 / 2.0 - 0.5 - v as f64) * pixel;
            let mut color = |u: usize| {
                let x = self.center[0] + (u as f64 + 0.5 - width as f64 / 2.0) * pixel;
                let out = machine.at_point([x, y, self.z]);
                self.color(out[0], out[1].hypot(out[2]), pixel)
            };
            (0..width).map(&mut color).collect()
        };
        let pixels = (0..height).into_par_iter().flat_map_iter(row).collect();
        Ok(Image { width, height, pixels })
    }

    /// The colour where the field is `value` and `steep` along the cut, in a picture whose pixels are `pixel` wide.
    fn color(&self, value: f64, steep: f64, pixel: f64) -> [f32; 3] {
        // Okabe and Ito's blue and orange: told apart by colour-blind people too.
        let base = if value < 0.0 { [0.10, 0.35, 0.62] } else { [0.80, 0.48, 0.13] };
        let paleness = (-value.abs() / (4.0 * self.iso)).exp();
        let mut color = base.map(|v: f64| v * 0.45 + (1.0 - 0.45 * v) * 0.75 * paleness + 0.1 * v);
        let slope = (steep * pixel).max(1e-12);
        let line = |distance: f64, width: f64| (width / 2.0 + 0.5 - distance / slope).clamp(0.0, 1.0);
        let nearest = (value / self.iso).round() * self.iso;
        // Fainter where lines would run together, and where the field is flat along the cut: that is no line.
        let faint = (self.iso / (4.0 * slope)).min(1.0) * (4.0 * steep).min(1.0);
        let iso = 0.35 * line((value - nearest).abs(), 1.0) * faint;
        let edge = line(value.abs(), 3.0);
        color = color.map(|v| v * (1.0 - iso) * (1.0 - edge));
        color.map(|v| v as f32)
    }
}
