//! Doubles: a block of `f64` points at once, for fits and for whoever wants all the digits of many points.

use super::{Columns, Output, Real, Smooth};
use std::ops::{Add, Div, Mul, Neg, Sub};

/// `N` numbers in `f64`, one a point, worked on together.
///
/// The rules are those of [`float`](super::float) on `f64`, bit for bit: a lane's result is what its point alone gives.
/// The loops have a fixed length, and the compiler turns those of plain arithmetic into vector instructions.
#[derive(Clone, Copy, Debug, PartialEq)]
#[repr(align(64))]
pub struct Doubles<const N: usize>(pub [f64; N]);

// The loops are written out, as those of `Lanes` are, and for the same reason.
impl<const N: usize> Doubles<N> {
    #[inline(always)]
    fn each(mut self, rule: impl Fn(f64) -> f64) -> Self {
        for i in 0..N {
            self.0[i] = rule(self.0[i]);
        }
        self
    }

    #[inline(always)]
    fn pairwise(mut self, other: Self, rule: impl Fn(f64, f64) -> f64) -> Self {
        for i in 0..N {
            self.0[i] = rule(self.0[i], other.0[i]);
        }
        self
    }

    #[inline(always)]
    fn threefold(mut self, b: Self, c: Self, rule: impl Fn(f64, f64, f64) -> f64) -> Self {
        for i in 0..N {
            self.0[i] = rule(self.0[i], b.0[i], c.0[i]);
        }
        self
    }
}

macro_rules! operator {
    ($($trait:ident $method:ident)*) => {$(
        impl<const N: usize> $trait for Doubles<N> {
            type Output = Self;
            #[inline(always)]
            fn $method(self, other: Self) -> Self {
                self.pairwise(other, f64::$method)
            }
        }
    )*};
}
operator! { Add add  Sub sub  Mul mul  Div div }

impl<const N: usize> Neg for Doubles<N> {
    type Output = Self;
    #[inline(always)]
    fn neg(self) -> Self {
        self.each(f64::neg)
    }
}

/// The operations of `f64`, lane by lane.
macro_rules! lanewise {
    ($($one:ident)*; $($two:ident)*) => {
        $(#[inline(always)]
        fn $one(self) -> Self {
            self.each(<f64 as Real>::$one)
        })*
        $(#[inline(always)]
        fn $two(self, other: Self) -> Self {
            self.pairwise(other, <f64 as Real>::$two)
        })*
    };
}

impl<const N: usize> Real for Doubles<N> {
    #[inline(always)]
    fn constant(value: f64) -> Self {
        Doubles([value; N])
    }

    lanewise! {
        abs sqrt square recip exp ln sin cos tan asin acos atan floor ceil round sign ramp;
        min max pow atan2 modulo hypot gated
    }

    #[inline(always)]
    fn length(a: Self, b: Self, c: Self) -> Self {
        a.threefold(b, c, <f64 as Real>::length)
    }

    #[inline(always)]
    fn if_less(a: Self, b: Self, mut then: Self, otherwise: Self) -> Self {
        for i in 0..N {
            then.0[i] = if a.0[i] < b.0[i] { then.0[i] } else { otherwise.0[i] };
        }
        then
    }

    #[inline(always)]
    fn mix(a: Self, b: Self, w: Self) -> Self {
        a.threefold(b, w, <f64 as Real>::mix)
    }

    #[inline(always)]
    fn smooth_min(a: Self, b: Self, k: Self, kind: Smooth) -> Self {
        a.threefold(b, k, |a, b, k| <f64 as Real>::smooth_min(a, b, k, kind))
    }

    #[inline(always)]
    fn smooth_weight(a: Self, b: Self, k: Self, kind: Smooth) -> Self {
        a.threefold(b, k, |a, b, k| <f64 as Real>::smooth_weight(a, b, k, kind))
    }

    fn kernel(output: &Output, inputs: &[Self]) -> Self {
        let columns: Vec<f64> = inputs.iter().flat_map(|input| input.0).collect();
        let mut results = [0.0; N];
        output.values(&[output.number()], Columns::new(&columns, N), &mut results);
        Doubles(results)
    }
}
