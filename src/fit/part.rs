//! The part that scenes are grown of: one kind of solid that is a ball, a rod, a slab, a box, a drop, a cone or a horn.

use super::kind::PartKind;
use crate::field::{Field, Vector, param, param_in, param_vector};
use crate::shape::{r#box, capsule, rounded_box, sphere};
use nalgebra::{Rotation3, Vector3};
use std::f64::consts::{FRAC_PI_2, PI};
use std::fmt::Write;

/// A rounded box, tapered and bent along its own y, turned and moved, and blended with what stands before it: thirteen
/// numbers.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Part {
    /// Where its middle is.
    pub at: [f64; 3],
    /// Its whole sides, before it is tapered and bent.
    pub size: [f64; 3],
    /// The angles it is turned by, in radians, about x, then y, then z.
    pub turn: [f64; 3],
    /// The radius of its edges.
    pub round: f64,
    /// How much it narrows along its own y.
    pub taper: f64,
    /// The curvature of its own y axis.
    pub bend: f64,
    /// The width of its blend with the parts before it.
    pub blend: f64,
    /// The solid that it is kept to: a sphere's radius is `round`, a capsule is along its own y, a box has sharp edges, and none of
    /// them is blended.
    pub kind: PartKind,
}

/// How many numbers a part has, the last of which is its blend.
pub(super) const NUMBERS: usize = Part::NUMBERS;

/// The ranges of a part's numbers, in order, where the size of the whole is 1.
pub(super) const RANGES: [(f64, f64); NUMBERS] = {
    let (at, size, turn) = ((-2.0, 2.0), (2e-3, 2.0), (-8.0 * PI, 8.0 * PI));
    [at, at, at, size, size, size, turn, turn, turn, (0.0, 1.0), (-4.0, 4.0), (-6.0, 6.0), (1e-4, MAX_BLEND)]
};
/// The widest blend, in parts of the size of the whole: with wider ones all parts count everywhere.
pub(super) const MAX_BLEND: f64 = 0.12;

/// The solid of the numbers of a part, without its blend.
pub(super) fn solid(numbers: &[Field]) -> Field {
    let [x, y, z, w, h, d, a, b, c, round, taper, bend] = numbers else { unreachable!("twelve numbers") };
    rounded_box(Vector([w, h, d].map(Field::clone)), round)
        .taper(taper)
        .rotate_z(FRAC_PI_2)
        .bend(bend)
        .rotate_x(a)
        .rotate_y(b)
        .rotate_z(c)
        .translate(Vector([x, y, z].map(Field::clone)))
}

/// A box that is turned, as scenes have it.
pub(super) const TURNED_BOX: &str = "fn turned_box(size, turn, at) {
  box(size).rotate_x(turn.x).rotate_y(turn.y).rotate_z(turn.z).translate(at)
}
";

/// The same, as scenes have it.
pub(super) const SOLID: &str = "fn part(size, round, taper, bend, turn, at) {
  rounded_box(size, round).taper(taper).rotate_z(deg(90)).bend(bend)
    .rotate_x(turn.x).rotate_y(turn.y).rotate_z(turn.z).translate(at)
}
";

impl Part {
    /// How many numbers a part has.
    pub const NUMBERS: usize = 13;

    /// A ball, as a part.
    pub fn ball(at: [f64; 3], r: f64) -> Part {
        let (turn, size) = ([0.0; 3], [2.0 * r; 3]);
        let (round, blend) = (0.9 * r, 0.3 * r);
        Part { at, size, turn, round, taper: 0.0, bend: 0.0, blend, kind: PartKind::Any }
    }

    /// The part of its numbers in a space whose origin is `origin` and whose unit is `reach`.
    pub(super) fn placed(kind: PartKind, numbers: &[f64], origin: [f64; 3], reach: f64) -> Part {
        let three = |from: usize| -> [f64; 3] { std::array::from_fn(|axis| numbers[from + axis]) };
        let at = three(0);
        Part {
            at: std::array::from_fn(|axis| origin[axis] + reach * at[axis]),
            size: three(3).map(|side| reach * side),
            // Whole turns say nothing.
            turn: three(6).map(|angle| angle - 2.0 * PI * (angle / (2.0 * PI)).round()),
            round: reach * numbers[9],
            taper: numbers[10] / reach,
            bend: numbers[11] / reach,
            blend: reach * numbers[12],
            kind,
        }
    }

    /// The same with its numbers as they are written: rounded to about a ten-thousandth of what is their size, or to so many digits
    /// more.
    pub(super) fn rounded(&self, reach: f64, digits: usize) -> Part {
        let length = |value: f64| rounded(value, finer(reach, digits));
        // What is wider than half the least side counts as that.
        let round = self.size.iter().fold(self.round, |round, side| round.min(side / 2.0));
        Part {
            at: self.at.map(length),
            size: self.size.map(length),
            turn: self.turn.map(|angle| rounded(angle, finer(1.0, digits))),
            round: length(round),
            taper: rounded(self.taper, finer(1.0 / reach, digits)),
            bend: rounded(self.bend, finer(1.0 / reach, digits)),
            blend: length(self.blend),
            kind: self.kind,
        }
    }

    /// The ends of a capsule's segment, as they are written.
    pub(super) fn ends(&self, reach: f64, digits: usize) -> [[f64; 3]; 2] {
        let [a, b, c] = self.turn;
        let half = (0.5 * self.size[1] - self.round).max(0.0);
        // Its own y lies along x when it is turned.
        let along = Rotation3::from_euler_angles(a, b, c) * Vector3::new(half, 0.0, 0.0);
        let end = |way: f64, axis: usize| rounded(self.at[axis] + way * along[axis], finer(reach, digits));
        [-1.0, 1.0].map(|way| [0, 1, 2].map(|axis| end(way, axis)))
    }

    /// The sides of a box along x, y and z before it is turned.
    pub fn sides(&self) -> [f64; 3] {
        [self.size[1], self.size[0], self.size[2]]
    }

    /// The same, all of its surface moved out by so much; of a box, all its faces.
    pub(super) fn swollen(&self, by: f64) -> Part {
        Part { size: self.size.map(|side| side + 2.0 * by), round: self.round + by, ..*self }
    }

    /// The solid, with its numbers as parameters whose names end in `name`. `reach` is the size of what it is a part
    /// of. Its blend is none of them.
    pub fn field(&self, name: &str, reach: f64) -> Field {
        self.field_to(name, reach, 0)
    }

    /// The same of numbers that are written to so many digits more.
    pub(super) fn field_to(&self, name: &str, reach: f64, digits: usize) -> Field {
        let own = |what: &str| format!("{what}_{name}");
        let size = |axis: usize| {
            let name = format!("{}.{}", own("size"), ["x", "y", "z"][axis]);
            param_in(&name, self.size[axis], 0.0, coarse(MOST * reach))
        };
        let (Vector(at), Vector(turn)) =
            (param_vector(&own("at"), self.at), param_vector(&own("turn"), self.turn));
        match self.kind {
            PartKind::Any => {}
            PartKind::Sphere => {
                let radius = param_in(&own("radius"), self.round, 0.0, coarse(reach));
                return sphere(radius).translate(param_vector(&own("at"), self.at));
            }
            PartKind::Capsule => {
                let [from, to] = self.ends(reach, digits);
                let [from, to] = [("from", from), ("to", to)].map(|(what, at)| param_vector(&own(what), at));
                return capsule(from, to, param_in(&own("radius"), self.round, 0.0, coarse(reach)));
            }
            PartKind::Box => {
                let sides = [0, 1, 2].map(|axis| {
                    let name = format!("{}.{}", own("size"), ["x", "y", "z"][axis]);
                    param_in(&name, self.sides()[axis], 0.0, coarse(MOST * reach))
                });
                let Vector([a, b, c]) = param_vector(&own("turn"), self.turn);
                let at = param_vector(&own("at"), self.at);
                return r#box(Vector(sides)).rotate_x(a).rotate_y(b).rotate_z(c).translate(at);
            }
        }
        let round = param_in(&own("round"), self.round, 0.0, coarse(reach));
        let (taper, bend) = (param(&own("taper"), self.taper), param(&own("bend"), self.bend));
        let [x, y, z] = at;
        let [a, b, c] = turn;
        solid(&[x, y, z, size(0), size(1), size(2), a, b, c, round, taper, bend])
    }

    /// The width of its blend as a parameter whose name ends in `name`.
    pub(super) fn blend_field(&self, name: &str, reach: f64) -> Field {
        param_in(&format!("blend_{name}"), self.blend, 0.0, coarse(MOST_BLEND * reach))
    }

    /// The solid as a scene's text, a call of [`SOLID`].
    pub(super) fn text(&self, name: &str, reach: f64, digits: usize) -> String {
        let length = |value: f64| written(value, finer(reach, digits));
        let three = |of: [String; 3]| format!("[{}]", of.join(", "));
        let places = |name: &str, at: [f64; 3]| format!("param(\"{name}\", {})", three(at.map(length)));
        let angles = three(self.turn.map(|angle| written(angle, finer(1.0, digits))));
        let radius = format!("param(\"radius_{name}\", {}, 0, {})", length(self.round), coarse(reach));
        let at = places(&format!("at_{name}"), self.at);
        match self.kind {
            PartKind::Any => {}
            PartKind::Sphere => return format!("sphere({radius}).translate({at})"),
            PartKind::Capsule => {
                let [from, to] = self.ends(reach, digits);
                let ends =
                    [("from", from), ("to", to)].map(|(what, at)| places(&format!("{what}_{name}"), at));
                return format!("capsule({}, {}, {radius})", ends[0], ends[1]);
            }
            PartKind::Box => {
                let size = three(self.sides().map(length));
                return format!(
                    "turned_box(param(\"size_{name}\", {size}, 0, {}), param(\"turn_{name}\", {angles}), {at})",
                    coarse(MOST * reach)
                );
            }
        }
        let size = three(self.size.map(length));
        let mut text = format!("part(param(\"size_{name}\", {size}, 0, {}), ", coarse(MOST * reach));
        let _ = write!(text, "param(\"round_{name}\", {}, 0, {}), ", length(self.round), coarse(reach));
        let _ =
            write!(text, "param(\"taper_{name}\", {}), ", written(self.taper, finer(1.0 / reach, digits)));
        let _ =
            write!(text, "param(\"bend_{name}\", {}),\n  ", written(self.bend, finer(1.0 / reach, digits)));
        let _ = write!(text, "param(\"turn_{name}\", {angles}), {at})");
        text
    }

    /// The width of its blend as a scene's text.
    pub(super) fn blend_text(&self, name: &str, reach: f64, digits: usize) -> String {
        let own = written(self.blend, finer(reach, digits));
        format!("param(\"blend_{name}\", {own}, 0, {})", coarse(MOST_BLEND * reach))
    }

    /// The word for such a solid: of its sides, and how round and tapered it is.
    pub(super) fn word(&self) -> &'static str {
        match self.kind {
            PartKind::Any => {}
            PartKind::Sphere => return "sphere",
            PartKind::Capsule => return "capsule",
            PartKind::Box => return "box",
        }
        let mut sides = self.size;
        sides.sort_by(f64::total_cmp);
        let [least, middle, most] = sides;
        let narrowing = (self.taper * self.size[1]).abs();
        match () {
            () if (self.bend * self.size[1]).abs() > 1.0 => "horn",
            () if narrowing > 1.0 => "cone",
            () if middle < 0.5 * most => "rod",
            () if least < 0.5 * middle => "slab",
            () if self.round < 0.25 * least => "box",
            () if narrowing > 0.4 => "drop",
            () => "ball",
        }
    }
}

/// The longest side that a scene's reader may give a part, in parts of the size of the whole.
const MOST: f64 = 2.0;
/// The widest blend that a scene's reader may give it.
const MOST_BLEND: f64 = 0.3;

/// A size of which what is rounded to it has so many digits more.
pub(super) fn finer(size: f64, digits: usize) -> f64 {
    size * 0.1f64.powi(digits as i32)
}

/// How many digits behind the point are written of what has that size.
pub(super) fn digits_of(size: f64) -> usize {
    (3.69 - size.log10()).ceil().clamp(0.0, 12.0) as usize
}

/// A number as it is written, to about a ten-thousandth of what is its size.
pub(super) fn written(value: f64, size: f64) -> String {
    let digits = digits_of(size);
    let text = format!("{value:.digits$}");
    let short = if text.contains('.') { text.trim_end_matches('0').trim_end_matches('.') } else { &text };
    match short {
        "-0" | "" => "0".into(),
        short => short.into(),
    }
}

/// The end of a range: to two digits, and never below.
fn coarse(end: f64) -> f64 {
    let digits = |end: f64| format!("{end:.1e}").parse().unwrap_or(end);
    let near = digits(end);
    if near < end { digits(near + 0.06 * 10.0f64.powf(end.log10().floor())) } else { near }
}

/// The number that is written.
pub(super) fn rounded(value: f64, size: f64) -> f64 {
    written(value, size).parse().unwrap_or(value)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_largest_part_there_can_be_is_within_what_its_text_allows() {
        let most = RANGES.map(|(_, high)| high);
        for n in 0..400 {
            let reach = 1.037f64.powi(n - 200);
            assert!(coarse(reach) >= reach && coarse(reach) < 1.11 * reach, "{reach}");
            let part = Part::placed(PartKind::Any, &most, [0.0; 3], reach).rounded(reach, 0);
            assert!(part.field("1", reach).parameters().is_ok(), "{reach}");
            assert!(part.blend_field("1", reach).parameters().is_ok(), "{reach}");
            assert!(part.size.iter().all(|side| *side <= coarse(MOST * reach)), "{reach}");
        }
    }
}
