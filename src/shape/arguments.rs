//! The kinds of argument shape functions take: each converts what users write, and checks what is constant in it.
//!
//! A number may always be a field: a parameter, a function of time, even of space. Only constants can be checked when
//! the call is made; a size that is a parameter may wander below zero, and every shape documents that it stays finite.

use super::catalogue::Call;
use super::dynamic::Argument;
use crate::field::{Axis, Field, Points, Vector};
use crate::number::Smooth;

fn taken_number(call: &mut Call, argument: &'static str, field: Field) -> Field {
    // A constant that is not finite carries an error of its own; the call's says more.
    let field = match field.as_constant() {
        Some(value) if !value.is_finite() => {
            call.wrong(argument, format!("is {value}, not a finite number"));
            Field::constant(0.0)
        }
        _ => field,
    };
    call.note(argument, &field);
    field
}

fn not_negative(call: &mut Call, argument: &str, field: &Field) {
    if let Some(value) = field.as_constant().filter(|value| *value < 0.0) {
        call.wrong(argument, format!("is {value}, which is negative"));
    }
}

macro_rules! argument {
    ($(#[$doc:meta])* $name:ident, $target:ty, $taken:expr) => {
        $(#[$doc])*
        pub trait $name: Into<$target> {
            #[doc(hidden)]
            fn taken(self, call: &mut Call, argument: &'static str) -> $target {
                let taken: fn(&mut Call, &'static str, $target) -> $target = $taken;
                taken(call, argument, self.into())
            }
        }
        impl<T: Into<$target>> $name for T {}
    };
}

argument! {
    /// A number or a field: anything finite.
    Number, Field, taken_number
}
argument! {
    /// A size: not negative, if it is a constant.
    Length, Field, |call, argument, field| {
        not_negative(call, argument, &field);
        taken_number(call, argument, field)
    }
}
argument! {
    /// A number that must not be 0 (a period, a factor): above it, if it is a constant.
    Positive, Field, |call, argument, field| {
        if let Some(value) = field.as_constant().filter(|value| *value <= 0.0) {
            call.wrong(argument, format!("is {value}, and must be above 0"));
        }
        taken_number(call, argument, field)
    }
}
argument! {
    /// How many: at least 1, if it is a constant.
    Count, Field, |call, argument, field| {
        if let Some(value) = field.as_constant().filter(|value| *value < 1.0) {
            call.wrong(argument, format!("is {value}, and must be at least 1"));
        }
        taken_number(call, argument, field)
    }
}
argument! {
    /// Two numbers or fields.
    Pair, Vector<2>, |call, argument, vector| Vector(vector.0.map(|part| taken_number(call, argument, part)))
}
argument! {
    /// Two sizes, not negative where constant.
    Extent2, Vector<2>, |call, argument, vector| Vector(vector.0.map(|part| Length::taken(part, call, argument)))
}
argument! {
    /// Three numbers or fields.
    Triple, Vector<3>, |call, argument, vector| Vector(vector.0.map(|part| taken_number(call, argument, part)))
}
argument! {
    /// Three sizes, not negative where constant.
    Extent3, Vector<3>, |call, argument, vector| Vector(vector.0.map(|part| Length::taken(part, call, argument)))
}
argument! {
    /// A direction: three numbers or fields, not all 0; any length.
    Direction, Vector<3>, |call, argument, vector| {
        if vector.as_constants().is_some_and(|parts| parts == [0.0; 3]) {
            call.wrong(argument, "is the zero vector, which has no direction");
        }
        Triple::taken(vector, call, argument)
    }
}

fn taken_points<const N: usize>(
    call: &mut Call,
    argument: &'static str,
    points: Points<N>,
    least: usize,
) -> Points<N> {
    if points.0.len() < least {
        call.wrong(argument, format!("has {} points, and must have at least {least}", points.0.len()));
    }
    let taken = |part| taken_number(call, argument, part);
    let mut taken = taken;
    Points(points.0.into_iter().map(|point| Vector(point.0.map(&mut taken))).collect())
}

argument! {
    /// A closed outline in the plane: at least three points.
    Outline, Points<2>, |call, argument, points| taken_points(call, argument, points, 3)
}
argument! {
    /// A path in space: at least two points.
    Path, Points<3>, |call, argument, points| taken_points(call, argument, points, 2)
}

argument! {
    /// Keys of an animation, `[time, value]`: at least one, their times not going back.
    Keys, Points<2>, |call, argument, keys| {
        let times: Vec<f64> = keys.0.iter().filter_map(|key| key.0[0].as_constant()).collect();
        if let Some(pair) = times.windows(2).find(|pair| pair[1] < pair[0]) {
            call.wrong(argument, format!("go back in time, from {} to {}", pair[0], pair[1]));
        }
        taken_points(call, argument, keys, 1)
    }
}

/// Several fields.
#[derive(Clone, Debug)]
pub struct Fields(pub Vec<Field>);

/// One field, or several: an array, a slice, a `Vec` or any other iterator, by value or by reference.
pub trait Shapes: Sized {
    /// The fields.
    fn into_fields(self) -> Fields;

    #[doc(hidden)]
    fn taken(self, call: &mut Call, argument: &'static str) -> Fields {
        let Fields(fields) = self.into_fields();
        Fields(fields.into_iter().map(|field| taken_number(call, argument, field)).collect())
    }
}

impl Shapes for Field {
    fn into_fields(self) -> Fields {
        Fields(vec![self])
    }
}
impl Shapes for &Field {
    fn into_fields(self) -> Fields {
        Fields(vec![self.clone()])
    }
}
impl<I: IntoIterator<Item: Into<Field>>> Shapes for I {
    fn into_fields(self) -> Fields {
        Fields(self.into_iter().map(Into::into).collect())
    }
}

/// A choice among a few, named by text or by value: a wrong name is a mistake of the call.
macro_rules! choice {
    ($(#[$doc:meta])* $name:ident, $target:ty, $known:expr) => {
        $(#[$doc])*
        pub trait $name: Sized {
            #[doc(hidden)]
            fn choose(self) -> Result<$target, String>;
            #[doc(hidden)]
            fn taken(self, call: &mut Call, argument: &'static str) -> $target {
                let known: &[(&str, $target)] = $known;
                self.choose().unwrap_or_else(|name| {
                    let names: Vec<&str> = known.iter().map(|(name, _)| *name).collect();
                    call.wrong(argument, format!("is {name:?}, and must be one of {}", names.join(", ")));
                    known[0].1
                })
            }
        }
        impl $name for $target {
            fn choose(self) -> Result<$target, String> {
                Ok(self)
            }
        }
        impl $name for &str {
            fn choose(self) -> Result<$target, String> {
                let known: &[(&str, $target)] = $known;
                known.iter().find(|(name, _)| *name == self).map(|(_, value)| *value).ok_or(self.into())
            }
        }
        impl $name for Argument {
            fn choose(self) -> Result<$target, String> {
                $name::choose(String::from(self).as_str())
            }
        }
    };
}

choice! {
    /// An axis of space: `"x"`, `"y"` or `"z"`, or an [`Axis`].
    SpaceAxis, Axis, &[("x", Axis::X), ("y", Axis::Y), ("z", Axis::Z)]
}
choice! {
    /// A kind of smooth minimum, by name or as a [`Smooth`].
    SmoothKind, Smooth, &[
        ("cubic", Smooth::Cubic),
        ("quadratic", Smooth::Quadratic),
        ("quartic", Smooth::Quartic),
        ("circular", Smooth::Circular),
        ("exponential", Smooth::Exponential),
        ("root", Smooth::Root),
    ]
}
