//! Lanes: a block of `f32` points at once, what images and fits are made with.

use super::{Columns, Output, Real, elementary};
use std::array::from_fn;
use std::ops::{Add, Div, Mul, Neg, Sub};

/// `N` numbers in `f32`, one a point, worked on together.
///
/// The loops have a fixed length and neither branch nor call, and the compiler turns them into vector instructions. A
/// lane's result depends on that lane alone, and is the same bits for every `N` and every instruction set: a block
/// never differs from its points. The rules are those of [`float`](super::float) on `f32`, bit for bit; only the
/// transcendental functions are their own, within 0.53 ulp of the true value (`f32`'s are within 1 or 2); sines and
/// cosines of less than 100 within 2.2, and sines and their like only where |a| ≤ 2³². Far from the origin `f32` runs out of digits: keep what is evaluated near it,
/// or use `f64`.
#[derive(Clone, Copy, Debug, PartialEq)]
#[repr(align(64))]
pub struct Lanes<const N: usize>(pub [f32; N]);

// The loops are written out, not left to `array::from_fn`: a closure or a function of the standard library that is not
// inlined would be compiled for the plainest machine, not for the one whose loop it stands in.
impl<const N: usize> Lanes<N> {
    /// Each lane through `rule`.
    #[inline(always)]
    fn each(self, rule: impl Fn(f32) -> f32) -> Self {
        let mut lanes = [0.0; N];
        for i in 0..N {
            lanes[i] = rule(self.0[i]);
        }
        Lanes(lanes)
    }

    /// The cheap rule in lanes up to [`elementary::NEAR`], the one that holds far out in the others. Which one a lane
    /// gets does not depend on the lanes beside it; only whether the second is worked out at all.
    #[inline(always)]
    fn near_or_far(self, near: impl Fn(f32) -> f32, far: impl Fn(f32) -> f32) -> Self {
        let mut lanes = self.each(near).0;
        let mut all_near = true;
        for i in 0..N {
            all_near &= self.0[i].abs() <= elementary::NEAR;
        }
        if !all_near {
            let far = self.each(far).0;
            for i in 0..N {
                lanes[i] = if self.0[i].abs() <= elementary::NEAR { lanes[i] } else { far[i] };
            }
        }
        Lanes(lanes)
    }

    /// The lanes of two blocks, pair by pair, through `rule`.
    #[inline(always)]
    fn pairwise(self, other: Self, rule: impl Fn(f32, f32) -> f32) -> Self {
        let mut lanes = [0.0; N];
        for i in 0..N {
            lanes[i] = rule(self.0[i], other.0[i]);
        }
        Lanes(lanes)
    }

    /// Inputs as the columns that a kernel takes.
    fn columns(inputs: &[Self]) -> Vec<f32> {
        inputs.iter().flat_map(|input| input.0).collect()
    }
}

macro_rules! operator {
    ($($trait:ident $method:ident)*) => {$(
        impl<const N: usize> $trait for Lanes<N> {
            type Output = Self;
            #[inline(always)]
            fn $method(self, other: Self) -> Self {
                self.pairwise(other, f32::$method)
            }
        }
    )*};
}
operator! { Add add  Sub sub  Mul mul  Div div }

impl<const N: usize> Neg for Lanes<N> {
    type Output = Self;
    #[inline(always)]
    fn neg(self) -> Self {
        self.each(f32::neg)
    }
}

/// The operations of `f32`, lane by lane; after `own`, those of [`elementary`].
macro_rules! lanewise {
    ($($one:ident)*; $($two:ident)*; own $($own_one:ident)*; $($own_two:ident)*) => {
        $(#[inline(always)]
        fn $one(self) -> Self {
            self.each(<f32 as Real>::$one)
        })*
        $(#[inline(always)]
        fn $two(self, other: Self) -> Self {
            self.pairwise(other, <f32 as Real>::$two)
        })*
        $(#[inline(always)]
        fn $own_one(self) -> Self {
            self.each(elementary::$own_one)
        })*
        $(#[inline(always)]
        fn $own_two(self, other: Self) -> Self {
            self.pairwise(other, elementary::$own_two)
        })*
    };
}

impl<const N: usize> Real for Lanes<N> {
    #[inline(always)]
    fn constant(value: f64) -> Self {
        Lanes([value as f32; N])
    }

    lanewise! {
        abs sqrt square recip sign ramp;
        min max hypot gated;
        own floor ceil round exp ln tan asin acos atan;
        modulo pow atan2
    }

    #[inline(always)]
    fn sin(self) -> Self {
        self.near_or_far(elementary::sin_near, elementary::sin)
    }

    #[inline(always)]
    fn cos(self) -> Self {
        self.near_or_far(elementary::cos_near, elementary::cos)
    }

    #[inline(always)]
    fn length(a: Self, b: Self, c: Self) -> Self {
        let mut lanes = [0.0; N];
        for i in 0..N {
            lanes[i] = <f32 as Real>::length(a.0[i], b.0[i], c.0[i]);
        }
        Lanes(lanes)
    }

    #[inline(always)]
    fn if_less(a: Self, b: Self, then: Self, otherwise: Self) -> Self {
        let mut lanes = [0.0; N];
        for i in 0..N {
            lanes[i] = if a.0[i] < b.0[i] { then.0[i] } else { otherwise.0[i] };
        }
        Lanes(lanes)
    }

    // A lane is a point.

    fn kernel(output: &Output, inputs: &[Self]) -> Self {
        let mut found = Self::zero();
        output.values_f32(&[output.number()], Columns::new(&Self::columns(inputs), N), &mut found.0);
        found
    }

    fn kernel_with_gradient(output: &Output, inputs: &[Self]) -> (Self, Vec<Self>) {
        let mut found = vec![0.0; (1 + inputs.len()) * N];
        output.values_with_gradient_f32(Columns::new(&Self::columns(inputs), N), &mut found);
        let mut found = found.chunks_exact(N).map(|column| Lanes(from_fn(|lane| column[lane])));
        (found.next().expect("a value"), found.collect())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::number::elementary::tests::ulps;
    use crate::number::{Derivative, Kernel};
    use crate::number::{Dual, Interval, Op, Smooth};
    use proptest::prelude::*;
    use std::sync::Arc;

    fn same(a: f32, b: f32) -> bool {
        a.to_bits() == b.to_bits() || (a.is_nan() && b.is_nan())
    }

    fn number() -> impl Strategy<Value = f32> {
        prop_oneof![
            -4.0f32..4.0,
            (-3i8..4).prop_map(f32::from),
            any::<u32>().prop_map(f32::from_bits), // every bit pattern: subnormal, infinite, NaN
        ]
    }

    fn block() -> impl Strategy<Value = Lanes<16>> {
        proptest::collection::vec(number(), 16).prop_map(|lanes| Lanes(from_fn(|i| lanes[i])))
    }

    /// Whether `f32` asks the system's library, and `Lanes` its own.
    fn transcendental(op: Op) -> bool {
        use Op::*;
        matches!(op, Exp | Ln | Sin | Cos | Tan | Asin | Acos | Atan | Pow | Atan2)
            || matches!(op, SmoothMin(Smooth::Exponential) | SmoothWeight(Smooth::Exponential))
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(1000))]

        #[test]
        fn a_block_is_its_points(args in [block(), block(), block(), block()]) {
            for op in Op::ALL {
                let lanes = op.on(|i| Dual::<_, 4>::variable(args[i], i));
                for lane in 0..16 {
                    let one = op.on(|i| Dual::<_, 4>::variable(Lanes([args[i].0[lane]]), i));
                    prop_assert!(same(lanes.value.0[lane], one.value.0[0]), "{op:?} {lanes:?} {one:?}");
                    for (block, slope) in lanes.slope.iter().zip(one.slope) {
                        prop_assert!(same(block.0[lane], slope.0[0]), "{op:?} {lanes:?} {one:?}");
                    }
                }
            }
        }
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(16_000))]

        #[test]
        fn every_operation_but_the_transcendental_is_the_scalar_rule(args in [number(), number(), number(), number()]) {
            for op in Op::ALL.into_iter().filter(|&op| !transcendental(op)) {
                let lanes = op.on(|i| Dual::<_, 4>::variable(Lanes([args[i]]), i));
                let scalar = op.on(|i| Dual::<_, 4>::variable(args[i], i));
                prop_assert!(same(lanes.value.0[0], scalar.value), "{op:?} {lanes:?} {scalar:?}");
                for (block, slope) in lanes.slope.iter().zip(scalar.slope) {
                    prop_assert!(same(block.0[0], slope), "{op:?} {lanes:?} {scalar:?}");
                }
            }
        }

        #[test]
        fn the_transcendental_are_within_their_ulps_of_f64(args in [number(), number()]) {
            for op in Op::ALL.into_iter().filter(|&op| transcendental(op) && op.arity() <= 2) {
                if matches!(op, Op::Sin | Op::Cos | Op::Tan) && args[0].is_finite() && args[0].abs() > 2f32.powi(32) {
                    continue;
                }
                let lanes = op.on(|i| Lanes([args[i]])).0[0];
                let truth = op.on(|i| f64::from(args[i]));
                let near = matches!(op, Op::Sin | Op::Cos) && args[0].abs() <= elementary::NEAR;
                let stated = if near { 2.2 } else { 0.53 };
                let zero = lanes == 0.0 && truth == 0.0; // of either sign
                prop_assert!(zero || ulps(lanes, truth) <= stated, "{op:?} {args:?} {lanes} {truth}");
            }
        }
    }

    /// a·b, and the derivative in either.
    #[derive(Debug)]
    struct Product;

    impl Kernel for Product {
        fn name(&self) -> &str {
            "product"
        }
        fn value(&self, output: usize, inputs: &[f64]) -> f64 {
            [inputs[0] * inputs[1], inputs[1], inputs[0]][output]
        }
        fn bounds(&self, output: usize, inputs: &[Interval]) -> Interval {
            [inputs[0] * inputs[1], inputs[1], inputs[0]][output]
        }
        fn derivative(&self, _: usize, input: usize) -> Derivative {
            Derivative::Own(1 + input)
        }
    }

    #[test]
    fn kernels_run_in_every_lane() {
        let product = Output::new(Arc::new(Product), 0);
        let inputs = [Lanes([1.0, 2.0, -3.0]), Lanes([0.5, 4.0, 2.0])];
        let (value, gradient) = Lanes::kernel_with_gradient(&product, &inputs);
        assert_eq!(value.0, [0.5, 8.0, -6.0]);
        assert_eq!(value, Lanes::kernel(&product, &inputs));
        assert_eq!(gradient, [inputs[1], inputs[0]]);
    }
}
