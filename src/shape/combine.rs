//! Combining any number of shapes: union and its kin. Materials go with the shapes.
//!
//! Where any operand is painted, a union's unpainted ones wear the default material; an intersection or a difference
//! spreads the paint it has, so that a cut shows the colour of what was cut.

use super::arguments::*;
use crate::field::*;
use std::ops::{BitAnd, BitOr};

shapes! {
    /// What is in any of the shapes: min(a, b, …). Exact outside where the shapes are exact, a bound inside.
    /// Takes any number of shapes; of none, it is nothing at all: 1e9 everywhere.
    bound(Nearest) union(shapes: impl Shapes) {
        let painted = default_material(shapes.0);
        painted.into_iter().reduce(|a, b| a.min(b)).unwrap_or(Field::constant(1e9))
    } as in super::sphere(0.6).union(super::sphere(0.5).translate([0.5, 0.3, 0.1]));

    /// What is in all of the shapes: max(a, b, …). Exact inside where the shapes are exact, a bound outside.
    /// Of no shapes, it is everything: −1e9 everywhere.
    bound(All) intersection(shapes: impl Shapes) {
        let painted = shared_material(shapes.0);
        painted.into_iter().reduce(|a, b| a.max(b)).unwrap_or(Field::constant(-1e9))
    } as in super::sphere(0.8).intersection(super::r#box([1.0, 2.0, 0.7]).translate([0.2, 0.1, 0.0]));

    /// The first shape less all the others: max(a, −b, …). A bound.
    bound(First) difference(shapes: impl Shapes) {
        let painted = shared_material(shapes.0).into_iter();
        painted.reduce(|a, b| a.max(-b)).unwrap_or(Field::constant(1e9))
    } as in super::sphere(0.8).difference(super::sphere(0.5).translate([0.5, 0.3, 0.1]));

    /// What is in an odd number of the shapes. A bound.
    bound(Nearest) xor(shapes: impl Shapes) {
        let painted = default_material(shapes.0);
        painted.into_iter().reduce(|a, b| a.min(&b).max(-a.max(&b))).unwrap_or(Field::constant(1e9))
    } as in super::sphere(0.7).xor(super::sphere(0.5).translate([0.5, 0.3, 0.1]));
}

macro_rules! with_others {
    ($($(#[$doc:meta])* $name:ident;)*) => {
        /// # Unions, intersections and differences
        ///
        /// Of any number of shapes, on the first of them.
        impl Field {
            $($(#[$doc])*
            #[track_caller]
            pub fn $name(&self, others: impl Shapes) -> Field {
                let Fields(others) = others.into_fields();
                self::$name(std::iter::once(self.clone()).chain(others).collect::<Vec<_>>())
            })*
        }
    };
}

with_others! {
    /// What is in this shape or in any of the others.
    union;
    /// What is in this shape and in all of the others.
    intersection;
    /// This shape less all of the others.
    difference;
    /// What is in an odd number of these shapes.
    xor;
}

/// `a | b` is the union and `a & b` the intersection, of fields or references to them.
macro_rules! operator {
    ($($trait:ident $method:ident $function:ident $own:ty;)*) => {$(
        impl<T: Into<Field>> $trait<T> for $own {
            type Output = Field;
            #[track_caller]
            fn $method(self, other: T) -> Field {
                $function([Field::from(self), other.into()])
            }
        }
    )*};
}

operator! {
    BitOr bitor union Field;
    BitOr bitor union &Field;
    BitAnd bitand intersection Field;
    BitAnd bitand intersection &Field;
}

/// If any is painted, the others get the default material.
pub(super) fn default_material(shapes: Vec<Field>) -> Vec<Field> {
    painted_like(shapes, |_| Material::default())
}

/// If any is painted, the others get the material of the first that is.
pub(super) fn shared_material(shapes: Vec<Field>) -> Vec<Field> {
    painted_like(shapes, Material::clone)
}

fn painted_like(shapes: Vec<Field>, material: impl Fn(&Material) -> Material) -> Vec<Field> {
    let Some(material) = shapes.iter().find_map(Field::material).map(material) else {
        return shapes;
    };
    let painted = |shape: Field| match shape.material() {
        Some(_) => shape,
        None => shape.painted(material.clone()),
    };
    shapes.into_iter().map(painted).collect()
}
