//! The part that scenes are grown of: one kind of solid that is a ball, a rod, a slab, a box, a drop or a cone.

use crate::field::{Field, param, param_in, param_vector};
use crate::shape::rounded_box;
use std::fmt::Write;

/// A rounded box, tapered, turned and moved: eleven numbers.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Part {
    /// Where its middle is.
    pub at: [f64; 3],
    /// Its whole sides, before it is tapered.
    pub size: [f64; 3],
    /// The radius of its edges.
    pub round: f64,
    /// How much it narrows along its own y.
    pub taper: f64,
    /// The angles it is turned by, in radians, about x, then y, then z.
    pub turn: [f64; 3],
}

/// How many numbers a part has.
pub(super) const NUMBERS: usize = 11;

impl Part {
    /// A ball, as a part.
    pub fn ball(at: [f64; 3], r: f64) -> Part {
        Part { at, size: [2.0 * r; 3], round: 0.9 * r, taper: 0.0, turn: [0.0; 3] }
    }

    /// The solid, with its numbers as parameters whose names end in `name`. `reach` is the size of what it is a part
    /// of.
    pub fn field(&self, name: &str, reach: f64) -> Field {
        let side = |axis: usize| {
            let name = format!("size_{name}.{}", ["x", "y", "z"][axis]);
            param_in(&name, self.size[axis], LEAST * reach, MOST * reach)
        };
        let angle = |axis: usize| param(&format!("turn_{}_{name}", ["x", "y", "z"][axis]), self.turn[axis]);
        let round = param_in(&format!("round_{name}"), self.round, 0.0, reach);
        let most = MAX_TAPER / reach;
        let taper = param_in(&format!("taper_{name}"), self.taper, -most, most);
        rounded_box([side(0), side(1), side(2)], round)
            .taper(taper)
            .rotate_x(angle(0))
            .rotate_y(angle(1))
            .rotate_z(angle(2))
            .translate(param_vector(&format!("at_{name}"), self.at))
    }

    /// The same as a scene's text.
    pub(super) fn text(&self, name: &str, reach: f64) -> String {
        let number = |value: f64| written(value, reach);
        let Part { at, size, round, taper, turn } = self;
        let ([w, h, d], [x, y, z]) = (size.map(number), at.map(number));
        let (least, most) = (number(LEAST * reach), number(MOST * reach));
        let mut text = format!("rounded_box(param(\"size_{name}\", [{w}, {h}, {d}], {least}, {most}), ");
        let _ = write!(text, "param(\"round_{name}\", {}, 0, {}))", number(*round), number(reach));
        let _ = write!(text, "\n  .taper(param(\"taper_{name}\", {}))", written(*taper, 1.0 / reach));
        for (axis, angle) in ["x", "y", "z"].iter().zip(turn) {
            let _ = write!(text, ".rotate_{axis}(param(\"turn_{axis}_{name}\", {}))", written(*angle, 1.0));
        }
        let _ = write!(text, "\n  .translate(param(\"at_{name}\", [{x}, {y}, {z}]))");
        text
    }
}

/// The most a part narrows over the size of the whole.
const MAX_TAPER: f64 = 4.0;

/// The least and the longest side of a part, in parts of the size of the whole.
const LEAST: f64 = 1e-3;
const MOST: f64 = 2.0;

/// A number as it is written, to about a ten-thousandth of what is its size.
pub(super) fn written(value: f64, size: f64) -> String {
    let digits = (4.0 - size.log10().floor()).clamp(1.0, 12.0) as usize;
    let text = format!("{value:.digits$}");
    let short = text.trim_end_matches('0');
    if short.ends_with('.') { format!("{short}0") } else { short.into() }
}
