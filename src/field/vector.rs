//! Two or three fields together: sizes, offsets, directions, points.

use super::Field;

/// A vector of fields. Arrays and tuples of numbers or fields, and `glam` vectors, convert into it.
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
}

impl Vector<3> {
    /// Its length.
    pub fn length(&self) -> Field {
        let [x, y, z] = &self.0;
        super::length([x, y, z])
    }

    /// The scalar product.
    pub fn dot(&self, other: &Vector<3>) -> Field {
        super::dot(self.clone(), other.clone())
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
