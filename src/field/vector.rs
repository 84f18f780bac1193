//! Two or three fields together: sizes, offsets, directions, points, and vector fields with their arithmetic.

use super::derivative::positive;
use super::run::run;
use super::{Field, Parameter};
use crate::error::Result;
use crate::number::Real;
use std::ops::{Add, AddAssign, Div, DivAssign, Index, Mul, MulAssign, Neg, Sub, SubAssign};

/// A vector of fields. Arrays and tuples of numbers or fields, and `glam` vectors, convert into it.
///
/// Vectors are added and subtracted, and multiplied and divided by numbers and fields; what converts into a vector may
/// stand on the right, and an array on the left too.
///
/// ```
/// use fieldgrad::prelude::*;
///
/// let at = Vector([x(), y(), z()]);
/// let around = at.cross((0, 1, 0)); // (−z, 0, x): it goes around the y axis
/// let spiral = 0.5 * &around - &at / 4.0 + [0, 1, 0];
/// assert_eq!(spiral.value_at([0.0, 0.0, 2.0, 0.0])?, [-1.0, 1.0, -0.5]);
/// assert_eq!(spiral.curl().value_at([0.3, 0.1, 2.0, 0.0])?, [0.0, -1.0, 0.0]);
/// assert_eq!(spiral.divergence().as_constant(), Some(-0.75));
/// # Ok::<(), fieldgrad::Error>(())
/// ```
#[derive(Clone, Debug, PartialEq)]
pub struct Vector<const N: usize>(pub [Field; N]);

impl<const N: usize> Vector<N> {
    /// The numbers, if every component is one.
    pub fn as_constants(&self) -> Option<[f64; N]> {
        let mut out = [0.0; N];
        for (out, field) in out.iter_mut().zip(&self.0) {
            *out = field.as_constant()?;
        }
        Some(out)
    }

    /// Its length; the derivative at the zero vector is 0.
    pub fn length(&self) -> Field {
        match &self.0[..] {
            [x] => x.abs(),
            [x, y] => x.hypot(y),
            [x, y, z] => Real::length(x.clone(), y.clone(), z.clone()),
            _ => self.length_squared().sqrt(),
        }
    }

    /// The square of its length.
    pub fn length_squared(&self) -> Field {
        self.dot(self)
    }

    /// The scalar product.
    pub fn dot(&self, other: impl Into<Vector<N>>) -> Field {
        let products = self.0.iter().zip(other.into().0).map(|(a, b)| a * b);
        products.reduce(|sum, product| sum + product).unwrap_or_else(|| Field::constant(0.0))
    }

    /// The vector of length 1 in its direction. The zero vector has none: there it is 0, and so are its derivatives.
    ///
    /// ```
    /// use fieldgrad::prelude::*;
    ///
    /// let outwards = Vector([x(), y(), z()]).normalize();
    /// assert_eq!(outwards.value_at([3.0, 0.0, 4.0, 0.0])?, [0.6, 0.0, 0.8]);
    /// assert_eq!(outwards.value_at([0.0; 4])?, [0.0; 3]);
    /// # Ok::<(), fieldgrad::Error>(())
    /// ```
    pub fn normalize(&self) -> Vector<N> {
        let length = self.length();
        Vector(self.0.each_ref().map(|part| positive(&length, part / &length)))
    }

    /// The components at (x, y, z, t), parameters at the values they are declared with.
    ///
    /// It goes through the graph anew at each call: for more than a few points make a tape once, and read that
    /// ([`Tape::eval`](crate::tape::Tape::eval), of [`Vector::tape`]).
    pub fn value_at(&self, at: [f64; 4]) -> Result<[f64; N]> {
        let values = run(&self.0, at, Parameter::value, |_, _| ())?;
        Ok(values.try_into().expect("a value for each component"))
    }
}

impl Vector<3> {
    /// The vector product: at right angles to both, as long as the area between them, right-handed.
    ///
    /// ```
    /// use fieldgrad::prelude::*;
    ///
    /// assert_eq!(Vector::from([1, 0, 0]).cross([0, 1, 0]), [0, 0, 1].into());
    /// ```
    pub fn cross(&self, other: impl Into<Vector<3>>) -> Vector<3> {
        let ([ax, ay, az], Vector([bx, by, bz])) = (&self.0, &other.into());
        Vector([ay * bz - az * by, az * bx - ax * bz, ax * by - ay * bx])
    }
}

impl<const N: usize> Index<usize> for Vector<N> {
    type Output = Field;
    fn index(&self, i: usize) -> &Field {
        &self.0[i]
    }
}

/// `vector ± what is one`, `array ± vector` and `vector ±= what is one`, component by component.
macro_rules! sums {
    ($($trait:ident $method:ident $assign:ident $assigned:ident;)*) => {$(
        impl<T: Into<Vector<N>>, const N: usize> $trait<T> for Vector<N> {
            type Output = Vector<N>;
            fn $method(self, other: T) -> Vector<N> {
                $trait::$method(&self, other)
            }
        }
        impl<T: Into<Vector<N>>, const N: usize> $trait<T> for &Vector<N> {
            type Output = Vector<N>;
            fn $method(self, other: T) -> Vector<N> {
                let other = other.into();
                Vector(std::array::from_fn(|i| $trait::$method(&self[i], &other[i])))
            }
        }
        impl<T: Into<Vector<N>>, const N: usize> $assign<T> for Vector<N> {
            fn $assigned(&mut self, other: T) {
                *self = $trait::$method(&*self, other);
            }
        }
        impl<T: Into<Field>, const N: usize> $trait<Vector<N>> for [T; N] {
            type Output = Vector<N>;
            fn $method(self, other: Vector<N>) -> Vector<N> {
                $trait::$method(Vector::from(self), other)
            }
        }
        impl<T: Into<Field>, const N: usize> $trait<&Vector<N>> for [T; N] {
            type Output = Vector<N>;
            fn $method(self, other: &Vector<N>) -> Vector<N> {
                $trait::$method(Vector::from(self), other)
            }
        }
    )*};
}

sums! {
    Add add AddAssign add_assign;
    Sub sub SubAssign sub_assign;
}

/// `vector ∘ scalar` and `vector ∘= scalar`.
macro_rules! multiples {
    ($($trait:ident $method:ident $assign:ident $assigned:ident;)*) => {$(
        impl<T: Into<Field>, const N: usize> $trait<T> for Vector<N> {
            type Output = Vector<N>;
            #[track_caller]
            fn $method(self, scalar: T) -> Vector<N> {
                $trait::$method(&self, scalar)
            }
        }
        impl<T: Into<Field>, const N: usize> $trait<T> for &Vector<N> {
            type Output = Vector<N>;
            #[track_caller]
            fn $method(self, scalar: T) -> Vector<N> {
                let scalar = scalar.into();
                Vector(self.0.each_ref().map(|part| $trait::$method(part, &scalar)))
            }
        }
        impl<T: Into<Field>, const N: usize> $assign<T> for Vector<N> {
            #[track_caller]
            fn $assigned(&mut self, scalar: T) {
                *self = $trait::$method(&*self, scalar);
            }
        }
    )*};
}

multiples! {
    Mul mul MulAssign mul_assign;
    Div div DivAssign div_assign;
}

/// `scalar * vector`: of fields, and of the numbers that may stand before fields.
macro_rules! multiplied {
    ($($scalar:ty),*) => {$(
        impl<const N: usize> Mul<Vector<N>> for $scalar {
            type Output = Vector<N>;
            #[track_caller]
            fn mul(self, vector: Vector<N>) -> Vector<N> {
                self * &vector
            }
        }
        impl<const N: usize> Mul<&Vector<N>> for $scalar {
            type Output = Vector<N>;
            #[track_caller]
            fn mul(self, vector: &Vector<N>) -> Vector<N> {
                let scalar = Field::from(self);
                Vector(vector.0.each_ref().map(|part| &scalar * part))
            }
        }
    )*};
}

multiplied!(Field, &Field, f64, i32);

impl<const N: usize> Neg for Vector<N> {
    type Output = Vector<N>;
    fn neg(self) -> Vector<N> {
        Vector(self.0.map(Neg::neg))
    }
}

impl<const N: usize> Neg for &Vector<N> {
    type Output = Vector<N>;
    fn neg(self) -> Vector<N> {
        -self.clone()
    }
}

impl<T: Into<Field>, const N: usize> From<[T; N]> for Vector<N> {
    fn from(parts: [T; N]) -> Self {
        Vector(parts.map(Into::into))
    }
}

impl<A: Into<Field>, B: Into<Field>> From<(A, B)> for Vector<2> {
    fn from((a, b): (A, B)) -> Self {
        Vector([a.into(), b.into()])
    }
}

impl<A: Into<Field>, B: Into<Field>, C: Into<Field>> From<(A, B, C)> for Vector<3> {
    fn from((a, b, c): (A, B, C)) -> Self {
        Vector([a.into(), b.into(), c.into()])
    }
}

impl<const N: usize> From<&Vector<N>> for Vector<N> {
    fn from(vector: &Vector<N>) -> Self {
        vector.clone()
    }
}

macro_rules! from_glam {
    ($($from:ty => $n:literal),*) => {$(
        impl From<$from> for Vector<$n> {
            fn from(vector: $from) -> Self {
                Vector(vector.to_array().map(Into::into))
            }
        }
    )*};
}

from_glam!(glam::Vec2 => 2, glam::DVec2 => 2, glam::Vec3 => 3, glam::DVec3 => 3);

/// A list of points: an array, a slice or a `Vec` of anything that is a vector.
#[derive(Clone, Debug, PartialEq)]
pub struct Points<const N: usize>(pub Vec<Vector<N>>);

impl<T: Into<Vector<N>>, const N: usize> From<Vec<T>> for Points<N> {
    fn from(points: Vec<T>) -> Self {
        Points(points.into_iter().map(Into::into).collect())
    }
}

impl<T: Into<Vector<N>>, const N: usize, const M: usize> From<[T; M]> for Points<N> {
    fn from(points: [T; M]) -> Self {
        Points(points.into_iter().map(Into::into).collect())
    }
}

impl<T: Into<Vector<N>> + Clone, const N: usize> From<&[T]> for Points<N> {
    fn from(points: &[T]) -> Self {
        Points(points.iter().cloned().map(Into::into).collect())
    }
}
