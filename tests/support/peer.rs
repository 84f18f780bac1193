//! An independent dual number: `num-dual`'s, made to run fields. Only its derivatives are under comparison; where a
//! rule is a convention (a kink) the tests stay away.

use fieldgrad::number::{Output, Real};
use num_dual::{DualNum, DualSVec64};
use std::ops::{Add, Div, Mul, Neg, Sub};

#[derive(Clone, Debug)]
pub struct Peer(pub DualSVec64<4>);

impl Peer {
    pub fn variable(value: f64, i: usize) -> Peer {
        let mut slope = nalgebra::SVector::<f64, 4>::zeros();
        slope[i] = 1.0;
        Peer(DualSVec64::new(value, num_dual::Derivative::some(slope)))
    }

    pub fn slope(&self) -> [f64; 4] {
        match self.0.eps.0 {
            Some(slope) => slope.into(),
            None => [0.0; 4],
        }
    }
}

macro_rules! operator {
    ($($trait:ident $method:ident;)*) => {$(
        impl $trait for Peer {
            type Output = Peer;
            fn $method(self, other: Peer) -> Peer {
                Peer($trait::$method(self.0, other.0))
            }
        }
    )*};
}

operator! { Add add; Sub sub; Mul mul; Div div; }

impl Neg for Peer {
    type Output = Peer;
    fn neg(self) -> Peer {
        Peer(-self.0)
    }
}

macro_rules! unary {
    ($($name:ident $theirs:ident;)*) => {$(
        fn $name(self) -> Self {
            Peer(self.0.$theirs())
        }
    )*};
}

macro_rules! stepped {
    ($($name:ident;)*) => {$(
        fn $name(self) -> Self {
            Peer::constant(Real::$name(self.0.re))
        }
    )*};
}

impl Real for Peer {
    fn constant(value: f64) -> Self {
        Peer(DualSVec64::from_re(value))
    }
    unary! {
        recip recip; exp exp; ln ln; sin sin; cos cos; tan tan; asin asin; acos acos; atan atan;
    }
    stepped! { floor; ceil; round; sign; }
    fn abs(self) -> Self {
        if self.0.re < 0.0 { -self } else { self }
    }
    fn sqrt(self) -> Self {
        if self.0.re == 0.0 { Peer::constant(0.0) } else { Peer(self.0.sqrt()) }
    }
    fn square(self) -> Self {
        Peer(self.0 * self.0)
    }
    fn ramp(self) -> Self {
        let a = Real::clamp(self, Peer::constant(0.0), Peer::constant(1.0));
        Peer(a.0 * a.0 * (DualSVec64::from_re(3.0) - a.0 * 2.0))
    }
    fn min(self, other: Self) -> Self {
        if other.0.re < self.0.re { other } else { self }
    }
    fn max(self, other: Self) -> Self {
        if self.0.re < other.0.re { other } else { self }
    }
    fn pow(self, exponent: Self) -> Self {
        Peer(self.0.powd(exponent.0))
    }
    fn atan2(self, x: Self) -> Self {
        Peer(self.0.atan2(x.0))
    }
    fn modulo(self, divisor: Self) -> Self {
        let whole = (self.0.re / divisor.0.re).floor();
        Peer(self.0 - divisor.0 * whole)
    }
    fn hypot(self, other: Self) -> Self {
        (self.square() + other.square()).sqrt()
    }
    fn length(a: Self, b: Self, c: Self) -> Self {
        (a.square() + b.square() + c.square()).sqrt()
    }
    fn if_less(a: Self, b: Self, then: Self, otherwise: Self) -> Self {
        if a.0.re < b.0.re { then } else { otherwise }
    }
    fn kernel(_: &Output, _: &[Self]) -> Self {
        unreachable!("kernels have no independent rule, and no test runs them on this one")
    }
}
