//! A number whose operations are called where others are inlined.
//!
//! The rule of a derivative is some dozen operations. On numbers that are many lanes wide, each of several parts, all of
//! them inlined make functions that the compiler takes seconds for, and that run no faster.

use super::{Output, Real, Smooth};
use std::ops::{Add, Div, Mul, Neg, Sub};

/// A number of that type, by calls.
#[derive(Clone, Copy, Debug)]
pub(super) struct Called<R>(pub(super) R);

macro_rules! operator {
    ($($trait:ident $method:ident($($other:ident)?);)*) => {$(
        impl<R: Real> $trait for Called<R> {
            type Output = Self;
            #[inline(never)]
            fn $method(self $(, $other: Self)?) -> Self {
                Called(self.0.$method($($other.0)?))
            }
        }
    )*};
}

operator! {
    Add add(other);
    Sub sub(other);
    Mul mul(other);
    Div div(other);
    Neg neg();
}

macro_rules! method {
    ($($method:ident($($arg:ident),*);)*) => {$(
        #[inline(never)]
        fn $method(self $(, $arg: Self)*) -> Self {
            Called(self.0.$method($($arg.0),*))
        }
    )*};
}

macro_rules! function {
    ($($name:ident($($arg:ident),* $(; $kind:ident)?);)*) => {$(
        #[inline(never)]
        fn $name($($arg: Self,)* $($kind: Smooth)?) -> Self {
            Called(R::$name($($arg.0,)* $($kind)?))
        }
    )*};
}

impl<R: Real> Real for Called<R> {
    fn constant(value: f64) -> Self {
        Called(R::constant(value))
    }

    method! {
        abs(); sqrt(); square(); recip(); exp(); ln(); sin(); cos(); tan(); asin(); acos(); atan();
        floor(); ceil(); round(); sign(); ramp();
        min(other); max(other); pow(exponent); atan2(x); modulo(divisor); hypot(other);
        direction_cosine(length); gated(factor);
    }

    function! {
        length(a, b, c);
        if_less(a, b, then, otherwise);
        mix(a, b, w);
        smooth_min(a, b, k; kind);
        smooth_weight(a, b, k; kind);
    }

    fn kernel(output: &Output, inputs: &[Self]) -> Self {
        let inputs: Vec<R> = inputs.iter().map(|input| input.0.clone()).collect();
        Called(R::kernel(output, &inputs))
    }
}
