//! A grown field as a scene's text.

use super::grow::{AXES, Grown};
use super::kind::PartKind;
use super::part::{Part, SOLID, TURNED_BOX, written};
use std::fmt::Write;

impl Grown {
    /// The scene's text: a comment that says what each part is, its solid, and its blend with those before it. `about`
    /// is said in comments at its head.
    pub fn text(&self, about: &str) -> String {
        let mut text = String::new();
        about.lines().for_each(|line| {
            let _ = writeln!(text, "// {line}");
        });
        text += match self.parts.first().map_or(PartKind::Any, |part| part.kind) {
            PartKind::Any => SOLID,
            PartKind::Box => TURNED_BOX,
            PartKind::Sphere | PartKind::Capsule => "",
        };
        for (part, n) in self.parts.iter().zip(1..) {
            let name = n.to_string();
            let _ = writeln!(text, "// {n}: {}", self.described(part));
            let own = part.text(&name, self.reach, self.digits);
            let _ = match n {
                1 => writeln!(text, "let whole = {own};"),
                _ if part.kind != PartKind::Any => writeln!(text, "whole = union(whole, {own});"),
                _ => writeln!(
                    text,
                    "whole = smooth_union(whole, {own}, {});",
                    part.blend_text(&name, self.reach, self.digits)
                ),
            };
        }
        let planes: Vec<&str> = (0..3).filter(|&axis| self.mirrored[axis]).map(|axis| AXES[axis]).collect();
        if planes.is_empty() {
            let _ = writeln!(text, "show(whole{});", self.offset_text());
            return text + self.bounds_text().as_str();
        }
        let _ = writeln!(text, "// The same on the other side.");
        let mirrors: String = planes.iter().map(|axis| format!(".mirror(\"{axis}\")")).collect();
        let place = |sign: f64| {
            let [x, y, z] = self.middle.map(|own| written(sign * own, self.reach));
            format!(".translate([{x}, {y}, {z}])")
        };
        let _ = match self.middle == [0.0; 3] {
            true => writeln!(text, "show(whole{mirrors}{});", self.offset_text()),
            false => {
                writeln!(text, "show(whole{}{mirrors}{}{});", place(-1.0), place(1.0), self.offset_text())
            }
        };
        text + self.bounds_text().as_str()
    }

    /// How far the whole is moved outwards.
    fn offset_text(&self) -> String {
        if self.offset == 0.0 { String::new() } else { format!(".offset({})", self.offset) }
    }

    /// The box, which no bounds show of parts that are bent and tapered.
    fn bounds_text(&self) -> String {
        let corner = |at: [f64; 3]| at.map(|x| written(x, self.reach)).join(", ");
        format!("bounds([{}], [{}]);\n", corner(self.around.min), corner(self.around.max))
    }

    /// A part's kind and place, in words.
    fn described(&self, part: &Part) -> String {
        let far = 0.15 * self.reach;
        let sides = [["left", "right"], ["low", "high"], ["back", "front"]];
        let words = (0..3).filter_map(|axis| {
            let off = part.at[axis] - self.middle[axis];
            (off.abs() > far).then(|| sides[axis][usize::from(off > 0.0)])
        });
        let place = words.collect::<Vec<_>>().join(" ");
        format!("{}, {}", part.word(), if place.is_empty() { "middle" } else { &place })
    }
}
