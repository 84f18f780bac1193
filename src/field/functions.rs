//! Arithmetic by name, as functions and as methods: `sin(x())` and `x().sin()`.

use super::{Axis, Field, Vector};
use crate::number::Real;

/// The coordinate x.
pub fn x() -> Field {
    Field::coordinate(Axis::X)
}
/// The coordinate y, up.
pub fn y() -> Field {
    Field::coordinate(Axis::Y)
}
/// The coordinate z.
pub fn z() -> Field {
    Field::coordinate(Axis::Z)
}
/// Time.
pub fn t() -> Field {
    Field::coordinate(Axis::T)
}
/// An angle given in degrees.
pub fn deg(angle: impl Into<Field>) -> Field {
    angle.into() * (std::f64::consts::PI / 180.0)
}

/// A function of the list below, as scene files find it.
pub(crate) struct Function {
    pub(crate) name: &'static str,
    pub(crate) doc: &'static [&'static str],
    pub(crate) arguments: &'static [&'static str],
    /// The function, called with one field for each argument.
    pub(crate) apply: fn(Vec<Field>) -> Field,
}

/// Declares each function of one field twice, free and as a method, and lists it.
macro_rules! functions {
    ($($(#[doc = $doc:literal])* $name:ident($first:ident $(, $rest:ident)*);)*) => {
        /// The functions of numbers that are fields again.
        pub(crate) const FUNCTIONS: &[Function] = &[$(Function {
            name: stringify!($name),
            doc: &[$($doc),*],
            arguments: &[stringify!($first) $(, stringify!($rest))*],
            apply: |arguments| {
                let [$first $(, $rest)*] = arguments.try_into().expect("a field for each argument");
                $name($first $(, $rest)*)
            },
        }),*];

        $($(#[doc = $doc])*
        pub fn $name($first: impl Into<Field> $(, $rest: impl Into<Field>)*) -> Field {
            Real::$name($first.into() $(, $rest.into())*)
        })*

        /// Arithmetic as methods.
        impl Field {
            $($(#[doc = $doc])*
            pub fn $name(&self $(, $rest: impl Into<Field>)*) -> Field {
                Real::$name(self.clone() $(, $rest.into())*)
            })*
        }
    };
}

functions! {
    /// |a|; its derivative at 0 is 0.
    abs(a);
    /// √a; its derivative at 0 is 0.
    sqrt(a);
    /// a².
    square(a);
    /// 1/a.
    recip(a);
    /// eᵃ.
    exp(a);
    /// The natural logarithm of a.
    ln(a);
    /// Sine.
    sin(a);
    /// Cosine.
    cos(a);
    /// Tangent.
    tan(a);
    /// Arc sine; its derivative at ±1 is 0.
    asin(a);
    /// Arc cosine; its derivative at ±1 is 0.
    acos(a);
    /// Arc tangent.
    atan(a);
    /// The angle of the point (x, a).
    atan2(a, x);
    /// The smaller; a at a tie.
    min(a, b);
    /// The larger; a at a tie.
    max(a, b);
    /// a held between low and high.
    clamp(a, low, high);
    /// a(1 − w) + b·w.
    mix(a, b, w);
    /// The largest whole number not above a.
    floor(a);
    /// The smallest whole number not below a.
    ceil(a);
    /// The nearest whole number, halves to the even one.
    round(a);
    /// a − ⌊a⌋.
    fract(a);
    /// −1, 0 or 1.
    sign(a);
    /// a to the power of b.
    pow(a, b);
    /// a − b·⌊a/b⌋, with the sign of b; also `a % b`.
    modulo(a, b);
    /// √(a² + b²).
    hypot(a, b);
    /// 3a² − 2a³, held at 0 below 0 and at 1 above 1.
    ramp(a);
    /// `then` where a < b, else `otherwise`.
    if_less(a, b, then, otherwise);
}

/// 0 where a is below the edge, 1 from there on.
pub fn step(edge: impl Into<Field>, a: impl Into<Field>) -> Field {
    if_less(a, edge, 0.0, 1.0)
}

/// The smooth ramp of a from 0 at `low` to 1 at `high`, in the order shaders write it.
pub fn smoothstep(low: impl Into<Field>, high: impl Into<Field>, a: impl Into<Field>) -> Field {
    Real::smoothstep(a.into(), low.into(), high.into())
}

/// The length of a vector.
pub fn length(v: impl Into<Vector<3>>) -> Field {
    v.into().length()
}

/// The scalar product of two vectors.
pub fn dot(a: impl Into<Vector<3>>, b: impl Into<Vector<3>>) -> Field {
    a.into().dot(b)
}

/// The vector product of two vectors: at right angles to both, right-handed.
pub fn cross(a: impl Into<Vector<3>>, b: impl Into<Vector<3>>) -> Vector<3> {
    a.into().cross(b)
}

/// The vector of length 1 in a vector's direction; 0 at the zero vector.
pub fn normalize(v: impl Into<Vector<3>>) -> Vector<3> {
    v.into().normalize()
}

/// # Steps
impl Field {
    /// 0 below the edge, 1 from there on.
    pub fn step(&self, edge: impl Into<Field>) -> Field {
        step(edge, self)
    }

    /// The smooth ramp from 0 at `low` to 1 at `high`.
    pub fn smoothstep(&self, low: impl Into<Field>, high: impl Into<Field>) -> Field {
        smoothstep(low, high, self)
    }
}
