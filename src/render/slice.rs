//! Slices: a flat cut through a field, coloured by its value, with iso-lines, the surface's outline and gradients.
//!
//! A cut spans any two of x, y, z and t: with t, it shows how what lies on a line moves.

use super::options::Options;
use super::scale::rounded;
use super::stage::SceneTapes;
use super::{Image, Size};
use crate::error::{Error, Result};
use crate::field::{Axis, Field};
use crate::measure::Bounds;
use crate::scene::Scene;
use crate::tape::{Asked, Grid, Samples, Tape};
use crate::task;
use rayon::prelude::*;

/// A flat cut, parallel to two of the axes.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Slice {
    /// The axis across the picture, and the one up it.
    pub axes: [Axis; 2],
    /// The middle of the picture: x, y, z and t.
    pub center: [f64; 4],
    /// How much of each of its axes the picture spans.
    pub span: [f64; 2],
    /// How far apart the iso-lines are.
    pub iso: f64,
    /// Whether arrows show which way the field rises, and how steeply.
    pub arrows: bool,
}

/// How far apart arrows are, in pixels.
const ARROWS: f64 = 40.0;

impl Slice {
    /// A cut parallel to the xy plane, through a point of space and time, with square pixels.
    pub fn facing(center: [f64; 4], span: f64, size: Size, iso: f64) -> Slice {
        let tall = span * size.height as f64 / size.width as f64;
        Slice { axes: [Axis::X, Axis::Y], center, span: [span, tall], iso, arrows: false }
    }

    /// Draws the cut: blue inside and orange outside, darker with distance, iso-lines between, the outline in black.
    ///
    /// Lines have an even width on the picture whatever the field's slope: distances on the page are f/|∇f|.
    pub fn draw(&self, field: &Field, size: Size) -> Result<Image> {
        let slopes = self.axes.map(|axis| field.derivative(axis));
        let tape = Tape::new(&[field.clone(), slopes[0].clone(), slopes[1].clone()])?;
        self.draw_tape(&tape, size)
    }

    /// The same of the tape of a field and its derivatives along the axes, its parameters at the tape's values.
    fn draw_tape(&self, tape: &Tape, Size { width, height }: Size) -> Result<Image> {
        let [across, up] = self.axes.map(|axis| axis as usize);
        let half = self.span.map(|span| 0.5 * span);
        let mut samples = self.center.map(Samples::one);
        samples[across] =
            Samples::middles(self.center[across] - half[0], self.center[across] + half[0], width);
        samples[up] = Samples::middles(self.center[up] + half[1], self.center[up] - half[1], height);
        let [x, y, z, t] = samples;
        task::does("cutting");
        let found = Grid { x, y, z, t }.eval(tape, Asked::Value);
        task::check()?;
        let pixel = [self.span[0] / width as f64, self.span[1] / height as f64];
        let at = |i: usize, j: usize| if across < up { j * width + i } else { i * height + j };
        let value = |i: usize, j: usize| [0, 1, 2].map(|output: usize| f64::from(found[output][at(i, j)]));
        let color = |n: usize| {
            let (i, j) = (n % width, n / width);
            let color = colored(value(i, j), pixel, self.iso);
            match self.arrows {
                true => {
                    let ink = arrow(i, j, [width, height], pixel, value);
                    color.map(|v| v * (1.0 - 0.75 * ink as f32))
                }
                false => color,
            }
        };
        let pixels = (0..width * height).into_par_iter().map(color).collect();
        Ok(Image { width, height, pixels })
    }
}

/// The colour where the field is `value` with these slopes along a cut, in a picture of pixels of that size, with iso-lines
/// so far apart.
pub(super) fn colored([value, across, up]: [f64; 3], pixel: [f64; 2], apart: f64) -> [f32; 3] {
    // Okabe and Ito's blue and orange: told apart by colour-blind people too.
    let base = if value < 0.0 { [0.10, 0.35, 0.62] } else { [0.80, 0.48, 0.13] };
    let paleness = (-value.abs() / (4.0 * apart)).exp();
    let mut color = base.map(|v: f64| v * 0.45 + (1.0 - 0.45 * v) * 0.75 * paleness + 0.1 * v);
    let steep = across.hypot(up);
    let slope = (across * pixel[0]).hypot(up * pixel[1]).max(1e-12);
    let line = |distance: f64, width: f64| (width / 2.0 + 0.5 - distance / slope).clamp(0.0, 1.0);
    let nearest = (value / apart).round() * apart;
    // Fainter where lines would run together, and where the field is flat along the cut: that is no line.
    let faint = (apart / (4.0 * slope)).min(1.0) * (4.0 * steep).min(1.0);
    let iso = 0.35 * line((value - nearest).abs(), 1.0) * faint;
    let edge = line(value.abs(), 3.0);
    color = color.map(|v| v * (1.0 - iso) * (1.0 - edge));
    color.map(|v| v as f32)
}

/// How much of a pixel the arrow of its cell covers. An arrow stands across the iso-lines, as long as the field is steep.
fn arrow(
    i: usize,
    j: usize,
    [width, height]: [usize; 2],
    pixel: [f64; 2],
    value: impl Fn(usize, usize) -> [f64; 3],
) -> f64 {
    let middle = |v: usize, most: usize| {
        let middle = (v as f64 / ARROWS).floor() * ARROWS + 0.5 * ARROWS;
        (middle < most as f64).then_some(middle)
    };
    let (Some(x), Some(y)) = (middle(i, width), middle(j, height)) else { return 0.0 };
    let [_, across, up] = value(x as usize, y as usize);
    let (slope, steep) = ((across * pixel[0]).hypot(up * pixel[1]), across.hypot(up));
    if slope.is_nan() || slope < 1e-12 {
        return 0.0;
    }
    let toward = [across * pixel[0], -up * pixel[1]].map(|v| v * steep / slope);
    let from = [i as f64 + 0.5 - x, j as f64 + 0.5 - y];
    Arrow::of(toward, 0.36 * ARROWS, 6.0).map_or(0.0, |arrow| (1.1 - arrow.distance(from)).clamp(0.0, 1.0))
}

/// An arrow that shows a slope, about its middle.
pub(super) struct Arrow {
    toward: [f64; 2],
    half: f64,
    head: f64,
}

impl Arrow {
    /// The arrow of a slope: half as long as `longest` where it is 1.5 or more; none where the field is flat.
    pub fn of([across, up]: [f64; 2], longest: f64, head: f64) -> Option<Arrow> {
        let steep = across.hypot(up);
        if steep.is_nan() || steep < 1e-12 {
            return None;
        }
        let half = longest * (steep / 1.5).min(1.0);
        Some(Arrow { toward: [across / steep, up / steep], half, head: half.min(head) })
    }

    /// How far a place, seen from its middle, is from its line.
    pub fn distance(&self, [px, py]: [f64; 2]) -> f64 {
        let ([dx, dy], half) = (self.toward, self.half);
        let (along, aside) = (px * dx + py * dy, (px * dy - py * dx).abs());
        let shaft = (along - along.clamp(-half, half)).hypot(aside);
        // A barb goes back from the tip by as much as it goes aside.
        let back = (0.5 * ((half - along) + aside)).clamp(0.0, 0.7 * self.head);
        let barb = (half - back - along).hypot(aside - back);
        shaft.min(barb)
    }
}

/// Which flat cut of a scene is wanted: the coordinates that are held, as in `z=0` or `y=0,z=0`.
///
/// With one coordinate of space held, the cut shows the other two, at the picture's time. With two held, it shows the
/// third across and time upwards. `t` may be held besides one.
#[derive(Clone, Debug, PartialEq)]
pub struct Cut {
    axes: [Axis; 2],
    held: [Option<f64>; 4],
}

impl std::str::FromStr for Cut {
    type Err = Error;

    fn from_str(text: &str) -> Result<Cut> {
        let wrong = |problem: String| {
            Err(Error::Input(format!("{text:?} is no cut such as z=0 or y=0,z=0: {problem}")))
        };
        let mut held = [None; 4];
        for part in text.split(',') {
            let Some((name, value)) = part.split_once('=') else {
                return wrong(format!("{part:?} does not hold a coordinate"));
            };
            let Some(axis) = Axis::ALL.into_iter().find(|axis| axis.name() == name.trim()) else {
                return wrong(format!("there is no coordinate {:?}", name.trim()));
            };
            let Some(value) = value.trim().parse::<f64>().ok().filter(|value| value.is_finite()) else {
                return wrong(format!("{:?} is no number", value.trim()));
            };
            if held[axis as usize].replace(value).is_some() {
                return wrong(format!("{} is held twice", axis.name()));
            }
        }
        let free: Vec<Axis> = Axis::ALL.into_iter().filter(|&axis| held[axis as usize].is_none()).collect();
        match free.as_slice() {
            &[a, b] | &[a, b, Axis::T] => Ok(Cut { axes: [a, b], held }),
            _ => wrong("two coordinates must be left, or two of space".into()),
        }
    }
}

impl Cut {
    /// The coordinate of space that is held, and where, if the cut is a plane in space.
    pub(super) fn plane(&self) -> Option<(usize, f64)> {
        let mut held = (0..3).filter_map(|axis| Some((axis, self.held[axis]?)));
        match (held.next(), held.next()) {
            (Some(plane), None) => Some(plane),
            _ => None,
        }
    }

    /// The cut through the middle of a scene: through all of its bounds, and its timeline.
    pub fn of(&self, scene: &Scene, size: Size, t: f64) -> Result<Slice> {
        self.slice(scene, &SceneTapes::default(), size, t)
    }

    fn slice(&self, scene: &Scene, tapes: &SceneTapes, size: Size, t: f64) -> Result<Slice> {
        let timeline = scene.timeline();
        let still = timeline.to <= timeline.from;
        let span = (timeline.from, if still { timeline.from + 1.0 } else { timeline.to });
        let bounds = match scene.bounds() {
            Some(bounds) => bounds,
            None => match tapes.shape(scene)?.bounds((timeline.from, timeline.to)) {
                Ok(Some(bounds)) => bounds.grown(0.1 * bounds.size().into_iter().fold(0.0, f64::max)),
                Ok(None) | Err(Error::Unbounded) => Bounds::new([-2.0; 3], [2.0; 3]),
                Err(error) => return Err(error),
            },
        };
        let [x, y, z] = bounds.center();
        let middle = [x, y, z, t];
        let center = [0, 1, 2, 3].map(|i| self.held[i].unwrap_or(middle[i]));
        let wide = |axis: Axis| bounds.size().get(axis as usize).copied().unwrap_or(span.1 - span.0);
        let mut slice = Slice { axes: self.axes, center, span: self.axes.map(wide), iso: 0.1, arrows: true };
        if self.axes[1] == Axis::T {
            slice.center[3] = 0.5 * (span.0 + span.1);
        } else {
            // Lengths are the same both ways.
            let pixel = (slice.span[0] / size.width as f64).max(slice.span[1] / size.height as f64).max(1e-9);
            slice.span = [pixel * size.width as f64, pixel * size.height as f64];
        }
        slice.iso = rounded(slice.span[0] / 50.0);
        Ok(slice)
    }

    pub(super) fn draw(&self, scene: &Scene, tapes: &SceneTapes, options: &Options, t: f64) -> Result<Image> {
        let slice = self.slice(scene, tapes, options.size, t)?;
        slice.draw_tape(&tapes.cut(scene, slice.axes)?, options.size)
    }
}
