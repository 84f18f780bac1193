//! What made a surface: the shapes that a solid is put together of, and which of them a point belongs to.

use super::catalogue::{Entry, Joins, catalogue};
use super::dynamic::ArgumentKind;
use crate::error::Result;
use crate::field::{Field, KeyMap, Kind};
use crate::number::{Op, Real};
use std::collections::HashMap;
use std::sync::LazyLock;

/// The shapes that a solid is put together of.
///
/// ```
/// use fieldgrad::prelude::*;
///
/// let ball = sphere(1).translate([2, 0, 0]).name("ball");
/// let parts = r#box([1, 1, 1]).union(ball).offset(0.1).parts();
/// assert_eq!(parts.names(), ["box", "ball"]);
/// assert_eq!(parts.which.value_at([3.1, 0.0, 0.0, 0.0])?, 1.0);
/// # Ok::<(), fieldgrad::Error>(())
/// ```
#[derive(Clone, Debug)]
pub struct Parts {
    /// The shapes, as they stand in the graph, in the order in which they are met there.
    pub shapes: Vec<Field>,
    /// Which of them the surface at a point belongs to, counted from 0.
    pub which: Field,
}

impl Parts {
    /// What the shapes are called, in their order: by their own names, or by those of what was placed, warped or offset to
    /// make them.
    pub fn names(&self) -> Vec<String> {
        let name = |shape: &Field| {
            let mut shape = shape.clone();
            while let (false, Within::Changed(inner)) = (is_named(&shape), Within::of(&shape)) {
                shape = inner;
            }
            shape.title()
        };
        self.shapes.iter().map(name).collect()
    }
}

/// # Parts of a solid
impl Field {
    /// The shapes that the solid is put together of, and which of them made what.
    ///
    /// What a union or a blend of unions joins is parted, also where the whole was then placed, warped or offset. What
    /// was [named](Field::name) is one part, and so is what is cut: a hole belongs to the shape that it is in. Where
    /// shapes blend, the surface belongs to the nearer one. A shape that stands in two places of the graph is one part.
    pub fn parts(&self) -> Parts {
        let mut sorter = Sorter::default();
        let mut steps = vec![(self.clone(), false)];
        while let Some((field, is_ready)) = steps.pop() {
            if sorter.known.contains_key(&field.key()) {
                continue;
            }
            let is_whole = field.key() != self.key() && is_named(&field);
            let within = if is_whole { Within::Nothing } else { Within::of(&field) };
            if is_ready {
                let which = sorter.sort(&field, within);
                sorter.known.insert(field.key(), which);
            } else {
                steps.push((field, true));
                steps.extend(within.shapes().iter().rev().map(|inner| (inner.clone(), false)));
            }
        }
        match sorter.known.remove(&self.key()).flatten() {
            Some(which) => Parts { shapes: sorter.shapes, which },
            None => Parts { shapes: vec![self.clone()], which: Field::constant(0.0) },
        }
    }

    /// What made the surface at a point, or what is nearest to it: the whole solid first, then what is within it, down
    /// to one shape. Below a translation, say, stands the shape that was translated.
    pub fn provenance_at(&self, point: [f64; 4]) -> Result<Vec<Field>> {
        let (mut here, mut at) = (self.clone(), point);
        let mut provenance = vec![here.clone()];
        while !is_primitive(&here) {
            let parent = |n: usize| here.parents()[n].clone();
            let value = |n: usize| here.parents()[n].value_at(at);
            let next = match here.kind() {
                Kind::Remap => {
                    at = [value(1)?, value(2)?, value(3)?, value(4)?];
                    parent(0)
                }
                Kind::Scalar(Op::Min | Op::SmoothMin(_)) => parent(usize::from(value(1)? < value(0)?)),
                Kind::Scalar(Op::Max) => parent(usize::from(value(1)? > value(0)?)),
                Kind::Scalar(Op::IfLess) => parent(if value(0)? < value(1)? { 2 } else { 3 }),
                Kind::Scalar(Op::Mix) => parent(usize::from(value(2)? > 0.5)),
                Kind::Scalar(_) => match here.parents().iter().find(|parent| parent.reads().space()) {
                    Some(parent) => parent.clone(),
                    None => break,
                },
                _ => break,
            };
            here = next;
            if here.label().is_some() {
                provenance.push(here.clone());
            }
        }
        Ok(provenance)
    }
}

/// What a node is put together of.
enum Within {
    /// Of nothing that is known apart.
    Nothing,
    /// Of several shapes, each of which makes the surface where it is the nearest.
    Nearest(Vec<Field>),
    /// Of what the first of these is of that is itself of several.
    First(Vec<Field>),
    /// Of what one shape is of, from which the node is computed somehow.
    Changed(Field),
}

impl Within {
    fn of(field: &Field) -> Within {
        let Some((label, entry)) = field.label().and_then(|label| Some((label, entry(label.function())?)))
        else {
            return Within::unlabelled(field);
        };
        let is_shape = |name: &str| {
            let kind = entry.arguments.iter().find(|(own, _)| *own == name).map(|(_, kind)| *kind);
            matches!(kind, Some(ArgumentKind::Field | ArgumentKind::Shapes))
                || (entry.joins.is_some() && ["a", "b"].contains(&name))
        };
        let solids = label.arguments().iter().filter(|(name, field)| is_shape(name) && field.reads().space());
        let mut solids: Vec<Field> = solids.map(|(_, field)| field.clone()).collect();
        match entry.joins {
            _ if solids.is_empty() => Within::Nothing,
            Some(Joins::Nearest) => Within::Nearest(solids),
            Some(Joins::First) => Within::First(vec![solids.swap_remove(0)]),
            Some(Joins::All) => Within::First(solids),
            None if solids.len() == 1 => Within::Changed(solids.swap_remove(0)),
            None => Within::Nothing,
        }
    }

    fn unlabelled(field: &Field) -> Within {
        let parents = field.parents();
        match field.kind() {
            Kind::Remap => Within::Changed(parents[0].clone()),
            Kind::Scalar(Op::Min | Op::SmoothMin(_)) => Within::Nearest(parents[..2].to_vec()),
            Kind::Scalar(Op::Max) => Within::First(parents.to_vec()),
            Kind::Scalar(Op::Neg) => Within::Nothing,
            Kind::Scalar(_) => Within::First(
                parents.iter().filter(|parent| parent.reads().space()).take(1).cloned().collect(),
            ),
            _ => Within::Nothing,
        }
    }

    /// What must be known of it first.
    fn shapes(&self) -> &[Field] {
        match self {
            Within::Nothing => &[],
            Within::Nearest(shapes) | Within::First(shapes) => shapes,
            Within::Changed(shape) => std::slice::from_ref(shape),
        }
    }
}

/// What has been found of a solid's parts.
#[derive(Default)]
struct Sorter {
    shapes: Vec<Field>,
    numbers: KeyMap<usize>,
    /// Of each node, which part its points belong to; none, where it is not put together of several.
    known: KeyMap<Option<Field>>,
}

impl Sorter {
    /// Which part the points of a node belong to, where it is put together of several.
    fn sort(&mut self, field: &Field, within: Within) -> Option<Field> {
        match within {
            Within::Nothing => None,
            Within::First(shapes) => shapes.iter().find_map(|shape| self.split(shape)),
            Within::Changed(shape) => self.split(&shape).and_then(|which| carried(field, &shape, &which)),
            Within::Nearest(shapes) => {
                let each = shapes.iter().map(|shape| (shape.without_material(), self.part(shape)));
                let nearer = |(least, which): (Field, Field), (next, own): (Field, Field)| {
                    let which = Real::if_less(next.clone(), least.clone(), own, which);
                    (Real::min(least, next), which)
                };
                each.reduce(nearer).map(|(_, which)| which)
            }
        }
    }

    fn split(&self, shape: &Field) -> Option<Field> {
        self.known.get(&shape.key()).cloned().flatten()
    }

    /// Which part the points of a shape belong to: to itself, where it is one.
    fn part(&mut self, shape: &Field) -> Field {
        self.split(shape).unwrap_or_else(|| {
            let shapes = &mut self.shapes;
            let number = *self.numbers.entry(shape.key()).or_insert_with(|| {
                shapes.push(shape.clone());
                shapes.len() - 1
            });
            Field::constant(number as f64)
        })
    }
}

/// What is known at a shape's points, at those of a node that a function computes from the shape: where that places it,
/// repeats it, or changes its value. The nodes on the way have no labels.
fn carried(node: &Field, shape: &Field, which: &Field) -> Option<Field> {
    let parents = node.parents();
    let of = |parent: &Field| match () {
        _ if parent.key() == shape.key() => Some(which.clone()),
        _ if parent.label().is_some() || !parent.reads().space() => None,
        _ => carried(parent, shape, which),
    };
    match node.kind() {
        Kind::Remap => {
            let [from, x, y, z, t] = parents else { return None };
            Some(of(from)?.remap([x, y, z, t].map(Field::clone)))
        }
        Kind::Scalar(Op::Min) => match [of(&parents[0]), of(&parents[1])] {
            [Some(a), Some(b)] => {
                let [first, second] = [0, 1].map(|n: usize| parents[n].without_material());
                Some(Real::if_less(second, first, b, a))
            }
            [a, b] => a.or(b),
        },
        Kind::Scalar(_) => parents.iter().find_map(of),
        _ => None,
    }
}

/// The shape functions by their names.
static ENTRIES: LazyLock<HashMap<&'static str, &'static Entry>> =
    LazyLock::new(|| catalogue().map(|entry| (entry.name, entry)).collect());

fn entry(function: &str) -> Option<&'static Entry> {
    ENTRIES.get(function).copied()
}

/// Whether a person gave the node a name of its own.
fn is_named(field: &Field) -> bool {
    field.label().is_some_and(|label| label.title() != label.function())
}

/// Whether a shape function made the node, of no other shape.
fn is_primitive(field: &Field) -> bool {
    let entry = field.label().and_then(|label| entry(label.function()));
    entry.is_some() && matches!(Within::of(field), Within::Nothing)
}

#[cfg(test)]
mod tests {
    use crate::prelude::*;

    fn which(field: &Field, [x, y, z]: [f64; 3]) -> String {
        let parts = field.parts();
        let which = parts.which.value_at([x, y, z, 0.0]).unwrap();
        parts.shapes[which as usize].title()
    }

    #[test]
    fn what_is_joined_is_parted_wherever_it_was_put() {
        let pair = sphere(1).union(r#box([1, 1, 1]).translate([3, 0, 0]));
        let changed = [
            pair.clone(),
            pair.smooth_union(torus(1, 0.2).translate([0, 9, 0]), 0.2),
            pair.round_union(torus(1, 0.2).translate([0, 9, 0]), 0.2),
            pair.offset(0.1).scale(1).twist(1e-9),
            pair.difference(cylinder(0.1, 9)),
            pair.intersection(sphere(20)),
            pair.color("#ff0000") | pair.translate([0, 30, 0]),
        ];
        for field in changed {
            assert_eq!(which(&field, [1.0, 0.0, 0.0]), "sphere");
            assert_eq!(which(&field, [3.5, 0.0, 0.0]), "translate");
        }
        let far = pair.translate([0, 30, 0]).rotate_y(0.5).repeat([50, 100, 50]);
        assert_eq!(which(&far, [0.9, 30.0, 0.0]), "sphere");
        let (s, c) = 0.5f64.sin_cos();
        assert_eq!(which(&far, [3.0 * c, 130.0, -3.0 * s]), "translate");
    }

    #[test]
    fn what_is_named_or_cut_or_a_shape_is_one_part() {
        let pair = sphere(1).union(r#box([1, 1, 1]).translate([3, 0, 0])).name("pair");
        let parts = (pair.clone() | box_frame([9, 9, 9], 0.1)).parts();
        assert_eq!(parts.names(), ["pair", "box_frame"]);
        assert_eq!(
            sphere(1).union(pair.translate([9, 0, 0]).offset(0.1)).parts().names(),
            ["sphere", "pair"]
        );
        assert_eq!(pair.parts().shapes.len(), 2);
        for whole in
            [box_frame([1, 1, 1], 0.1), sphere(1).difference(pair), x() * 2 - 1, Field::constant(1.0)]
        {
            let parts = whole.parts();
            assert_eq!((parts.shapes.len(), parts.which.as_constant()), (1, Some(0.0)));
        }
    }

    #[test]
    fn many_shapes_are_parted_without_a_deep_stack() {
        let many: Vec<Field> = (0..20_000).map(|i| sphere(0.4).translate([f64::from(i), 0.0, 0.0])).collect();
        let parts = union(many).parts();
        assert_eq!(parts.shapes.len(), 20_000);
        assert_eq!(parts.which.value_at([777.1, 0.0, 0.0, 0.0]).unwrap(), 777.0);
    }

    #[test]
    fn provenance_goes_down_to_one_shape() {
        let ball = sphere(1).name("ball").translate([3, 0, 0]);
        let solid = r#box([2, 2, 2]).difference(cylinder(0.3, 3)).smooth_union(ball, 0.1).rotate_z(0.5);
        let made = |[x, y, z]: [f64; 3]| {
            let (s, c) = 0.5f64.sin_cos();
            let provenance = solid.provenance_at([x * c - y * s, x * s + y * c, z, 0.0]).unwrap();
            provenance.iter().map(Field::title).collect::<Vec<_>>()
        };
        assert_eq!(made([4.0, 0.0, 0.0]), ["rotate_z", "smooth_union", "translate", "ball"]);
        assert_eq!(made([-1.0, 0.5, 0.5]), ["rotate_z", "smooth_union", "difference", "box"]);
        // The wall of the hole was made by what cut it.
        assert_eq!(made([-0.3, 0.0, 0.0]), ["rotate_z", "smooth_union", "difference", "cylinder"]);
    }
}
