//! `f64`, the reference, and `f32`: the rules of plain floating point.

use super::{Columns, Output, Real};

macro_rules! float {
    ($float:ident, { $($kernels:tt)* }) => {
        impl Real for $float {
            #[inline(always)]
            fn constant(value: f64) -> Self {
                value as $float
            }
            #[inline(always)]
            fn abs(self) -> Self {
                $float::abs(self)
            }
            #[inline(always)]
            fn sqrt(self) -> Self {
                $float::sqrt(self)
            }
            #[inline(always)]
            fn square(self) -> Self {
                self * self
            }
            #[inline(always)]
            fn recip(self) -> Self {
                1.0 / self
            }
            fn exp(self) -> Self {
                $float::exp(self)
            }
            fn ln(self) -> Self {
                $float::ln(self)
            }
            fn sin(self) -> Self {
                $float::sin(self)
            }
            fn cos(self) -> Self {
                $float::cos(self)
            }
            fn tan(self) -> Self {
                $float::tan(self)
            }
            fn asin(self) -> Self {
                $float::asin(self)
            }
            fn acos(self) -> Self {
                $float::acos(self)
            }
            fn atan(self) -> Self {
                $float::atan(self)
            }
            #[inline(always)]
            fn floor(self) -> Self {
                $float::floor(self)
            }
            #[inline(always)]
            fn ceil(self) -> Self {
                $float::ceil(self)
            }
            #[inline(always)]
            fn round(self) -> Self {
                $float::round_ties_even(self)
            }
            #[inline(always)]
            fn sign(self) -> Self {
                // NaN stays NaN, ±0 gives 0.
                if self > 0.0 {
                    1.0
                } else if self < 0.0 {
                    -1.0
                } else {
                    self * 0.0
                }
            }
            #[inline(always)]
            fn ramp(self) -> Self {
                let a = Real::clamp(self, 0.0, 1.0);
                a * a * (3.0 - 2.0 * a)
            }
            #[inline(always)]
            fn min(self, other: Self) -> Self {
                if other < self { other } else { self }
            }
            #[inline(always)]
            fn max(self, other: Self) -> Self {
                if self < other { other } else { self }
            }
            fn pow(self, exponent: Self) -> Self {
                $float::powf(self, exponent)
            }
            fn atan2(self, x: Self) -> Self {
                $float::atan2(self, x)
            }
            #[inline(always)]
            fn modulo(self, divisor: Self) -> Self {
                self - divisor * (self / divisor).floor()
            }
            #[inline(always)]
            fn hypot(self, other: Self) -> Self {
                $float::sqrt(self * self + other * other)
            }
            #[inline(always)]
            fn length(a: Self, b: Self, c: Self) -> Self {
                $float::sqrt(a * a + b * b + c * c)
            }
            #[inline(always)]
            fn if_less(a: Self, b: Self, then: Self, otherwise: Self) -> Self {
                if a < b { then } else { otherwise }
            }
            $($kernels)*
            #[inline(always)]
            fn gated(self, factor: Self) -> Self {
                if self == 0.0 { 0.0 } else { self * factor }
            }
        }
    };
}

float!(f64, {
    fn kernel(output: &Output, inputs: &[Self]) -> Self {
        output.value(inputs)
    }
    fn kernel_with_gradient(output: &Output, inputs: &[Self]) -> (Self, Vec<Self>) {
        let mut gradient = vec![0.0; inputs.len()];
        let value = output.value_with_gradient(inputs, &mut gradient);
        (value, gradient)
    }
});

float!(f32, {
    fn kernel(output: &Output, inputs: &[Self]) -> Self {
        let mut result = [0.0];
        output.values_f32(&[output.number()], Columns::new(inputs, 1), &mut result);
        result[0]
    }
});

#[cfg(test)]
mod tests {
    use crate::number::Real;

    #[test]
    fn conventions() {
        assert_eq!(Real::round(0.5), 0.0);
        assert_eq!(Real::round(1.5), 2.0);
        assert_eq!((-0.25f64).modulo(1.0), 0.75);
        assert_eq!(0.25f64.modulo(-1.0), -0.75);
        assert_eq!(Real::sign(-0.0), 0.0);
        assert!(Real::sign(f64::NAN).is_nan());
        assert!(Real::min(0.0f64, -0.0).is_sign_positive(), "the first at a tie");
        assert_eq!(0.0f64.gated(f64::INFINITY), 0.0);
        assert_eq!(0.25f64.smoothstep(0.0, 1.0), 0.15625);
    }
}
