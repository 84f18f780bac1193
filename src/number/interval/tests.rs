//! Containment: what intervals promise, on random operands of every kind.

use super::*;
use crate::number::{Dual, Op};
use proptest::array::uniform4;
use proptest::prelude::*;

/// Moderate, whole, special, and of every magnitude.
fn number() -> impl Strategy<Value = f64> {
    prop_oneof![
        4 => -10.0..10.0,
        2 => -1.5..1.5,
        2 => (-6i8..7).prop_map(f64::from),
        1 => prop::sample::select(vec![0.0, -0.0, PI, FRAC_PI_2, 0.5, f64::INFINITY, -f64::INFINITY]),
        2 => (-1.0..1.0, -323i32..309).prop_map(|(v, e)| v * 10f64.powi(e)),
    ]
}

/// Points, small boxes, big boxes, boxes that touch zero or lie about it.
fn interval() -> impl Strategy<Value = Interval> {
    (number(), number(), -20i32..0, 0..8).prop_map(|(a, b, e, kind)| match kind {
        0 | 1 => Interval::point(a),
        2 | 3 => Interval::new(a, a + a.abs().max(1.0) * 10f64.powi(e)),
        4 => Interval::new(0.0, a),
        5 => Interval::new(-a.abs(), b.abs()),
        _ => Interval::new(a, b),
    })
}

/// A point inside, often an end, a zero of either sign, or a whole number.
fn pick(within: Interval, how: u8, t: f64) -> f64 {
    let between = within.lo.max(f64::MIN) * (1.0 - t) + within.hi.min(f64::MAX) * t;
    let candidate = match how % 8 {
        0 => within.lo,
        1 => within.hi,
        2 => [0.0, -0.0][(t > 0.5) as usize],
        3 => between.round(),
        4 => within.lo.next_up(),
        _ => between,
    };
    [candidate, between, within.lo].into_iter().find(|&v| within.contains(v)).unwrap()
}

/// Division by zero, outside the domain: an infinity whose sign is that of a zero.
fn is_pole(op: Op, at: [f64; 4]) -> bool {
    match op {
        Op::Recip => at[0] == 0.0,
        Op::Div => at[1] == 0.0,
        Op::Pow => at[0] == 0.0 && at[1] < 0.0,
        _ => false,
    }
}

fn picks() -> impl Strategy<Value = [[(u8, f64); 4]; 4]> {
    uniform4(uniform4((any::<u8>(), 0.0..1.0)))
}

/// One point inside each of four boxes.
fn point_of(boxes: &[Interval; 4], how: &[(u8, f64); 4]) -> [f64; 4] {
    std::array::from_fn(|i| pick(boxes[i], how[i].0, how[i].1))
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(20_000))]

    #[test]
    fn contains_what_f64_computes(boxes in uniform4(interval()), picks in picks()) {
        for op in Op::ALL {
            let bound = op.on(|i| boxes[i]);
            prop_assert!(bound.lo <= bound.hi, "{op:?} gives {bound:?}");
            for at in picks.map(|how| point_of(&boxes, &how)) {
                let value = op.on(|i| at[i]);
                let outside = is_pole(op, at) || !op.is_defined(|i| at[i]);
                let inside = bound.contains(value) || value.is_nan() || outside;
                prop_assert!(inside, "{op:?} at {at:?} is {value:e}, not in {bound:?}");
            }
        }
    }

    #[test]
    fn contains_the_slopes_f64_computes(
        boxes in uniform4(interval()),
        slopes in uniform4(uniform4(interval())),
        picks in picks(),
        slope_picks in picks(),
    ) {
        for op in Op::ALL {
            let bound = op.on(|i| Dual { value: boxes[i], slope: slopes[i] });
            prop_assert!(bound.slope.iter().all(|slope| slope.lo <= slope.hi), "{op:?} {bound:?}");
            for at in picks.map(|how| point_of(&boxes, &how)) {
                let vanishes = at[..op.arity()].iter().all(|v| v.abs() < 1e-150);
                if !op.is_defined(|i| at[i]) || matches!(op, Op::Hypot | Op::Length) && vanishes {
                    continue; // the squares are subnormal, and the rule's cosines are not within ±1
                }
                let slope = |i: usize| point_of(&slopes[i], &slope_picks[i]);
                let dual = op.on(|i| Dual { value: at[i], slope: slope(i) });
                for n in 0..4 {
                    let inside = bound.slope[n].contains(dual.slope[n]) || !dual.slope[n].is_finite();
                    prop_assert!(inside, "{op:?} at {at:?}: {dual:?} not in {bound:?}");
                }
            }
        }
    }

    #[test]
    fn the_true_result_lies_between_the_ends(a in number(), b in number()) {
        if !(a.is_finite() && b.is_finite() && (a * b).is_finite()) {
            return Ok(());
        }
        let (p, q) = (Interval::point(a), Interval::point(b));
        // What rounding took off, computed exactly, points away from the end that rounded inwards.
        let check = |bound: Interval, value: f64, taken: f64| {
            let strict = (taken <= 0.0 || bound.hi > value) && (taken >= 0.0 || bound.lo < value);
            strict && bound.contains(value) && bound.hi <= value.next_up() && bound.lo >= value.next_down()
        };
        prop_assert!(check(p + q, a + b, two_sum(a, b).1));
        prop_assert!(check(p * q, a * b, a.mul_add(b, -(a * b))));
        prop_assert!(check(p.square(), a * a, a.mul_add(a, -(a * a))) || (a * a).is_infinite());
        if b != 0.0 && (a / b).is_finite() {
            prop_assert!(check(p / q, a / b, -(a / b).mul_add(b, -a) * b.sign()));
        }
        if a >= 0.0 {
            prop_assert!(check(p.sqrt(), a.sqrt(), -a.sqrt().mul_add(a.sqrt(), -a)));
        }
    }

    #[test]
    fn points_stay_narrow(at in uniform4(0.05..0.95)) {
        let at = [at[0], 1.0 + at[1], at[2], at[3]];
        for op in Op::ALL {
            let bound = op.on(|i| Interval::point(at[i]));
            let scale = bound.largest().max(0.25);
            prop_assert!(bound.width() <= 1e-13 * scale, "{op:?} at {at:?}: {bound:?}");
        }
    }
}

fn of(lo: f64, hi: f64) -> Interval {
    Interval::new(lo, hi)
}

/// The same but for rounding, and not narrower.
fn assert_tight(found: Interval, lo: f64, hi: f64) {
    let close = (found.lo - lo).abs().max((found.hi - hi).abs()) < 2e-14 * (1.0 + found.largest());
    assert!(close && found.contains(lo) && found.contains(hi), "{found:?} for [{lo}, {hi}]");
}

#[test]
fn arithmetic_is_exact_where_f64_is() {
    assert_eq!(of(1.0, 2.0) + of(3.0, 4.5), of(4.0, 6.5));
    assert_eq!(of(0.1, 0.1) - of(0.1, 0.1), Interval::ZERO);
    assert_eq!(of(-1.0, 2.0) * of(3.0, 4.0), of(-4.0, 8.0));
    assert_eq!(Interval::ZERO * Interval::WHOLE, Interval::ZERO);
    assert_eq!(of(0.0, 0.1) * of(0.1, f64::INFINITY), of(0.0, f64::INFINITY));
    assert_eq!(of(1.0, 3.0) / of(2.0, 4.0), of(0.25, 1.5));
    assert_eq!(of(0.0, 2.0).recip(), of(0.5, f64::INFINITY));
    assert_eq!(of(-2.0, 0.0).recip(), of(-f64::INFINITY, -0.5));
    assert_eq!(of(-1.0, 1.0).recip(), Interval::WHOLE);
    assert_eq!(of(-1.0, 4.0).sqrt(), of(0.0, 2.0));
    assert_eq!(of(-4.0, -1.0).sqrt(), Interval::WHOLE);
    assert_eq!(of(-3.0, 2.0).square(), of(0.0, 9.0));
    assert_eq!(of(-1.0, 2.0).abs(), of(0.0, 2.0));
    for tiny in [1e-200, 2f64.powi(-600)] {
        let product = Interval::point(tiny) * Interval::point(-tiny);
        assert!(product.lo < 0.0 && product.hi == 0.0, "an underflow is not a zero");
    }
    assert_eq!(Interval::constant(f64::NAN), Interval::WHOLE);
    assert_eq!(Interval::WHOLE - Interval::WHOLE, Interval::WHOLE);
}

#[test]
fn waves_find_their_crests() {
    assert_tight(of(0.0, PI).sin(), PI.sin().min(0.0), 1.0);
    assert_tight(of(-1.0, 1.0).sin(), -(1f64.sin()), 1f64.sin());
    assert_tight(of(3.0, 4.0).cos(), -1.0, 4f64.cos());
    assert_tight(of(101.0, 102.0).cos(), 102f64.cos(), 101f64.cos());
    assert_eq!(of(0.0, 1e16).sin(), of(-1.0, 1.0));
    assert_tight(of(-1.5, 1.5).tan(), -(1.5f64.tan()), 1.5f64.tan());
    assert_eq!(of(1.5, 1.6).tan(), Interval::WHOLE);
    assert_tight(of(-2.0, 0.5).acos(), 0.5f64.acos(), PI);
}

#[test]
fn angles_and_the_cut() {
    assert_tight(of(1.0, 2.0).atan2(of(1.0, 2.0)), 0.5f64.atan(), 2f64.atan());
    assert_tight(of(1.0, 2.0).atan2(of(-1.0, 1.0)), FRAC_PI_2 / 2.0, 1.5 * FRAC_PI_2);
    assert_tight(of(-1.0, 1.0).atan2(of(1.0, 2.0)), -FRAC_PI_2 / 2.0, FRAC_PI_2 / 2.0);
    for y in [of(-1.0, 1.0), of(0.0, 1.0), Interval::ZERO] {
        assert_tight(y.atan2(of(-2.0, -1.0)), -PI, PI);
    }
    assert_tight(of(-2.0, -1.0).atan2(of(-1.0, -1.0)), -1.5 * FRAC_PI_2, (-2f64).atan2(-1.0));
}

#[test]
fn powers_of_either_sign() {
    let three = Interval::point(3.0);
    assert_tight(of(-2.0, 1.0).pow(three), -8.0, 1.0);
    assert_tight(of(-2.0, 1.0).pow(Interval::point(2.0)), 0.0, 4.0);
    assert_tight(of(-2.0, -1.0).pow(Interval::point(-1.0)), -1.0, -0.5);
    assert_eq!(of(-2.0, 1.0).pow(Interval::point(-1.0)), Interval::WHOLE);
    assert_eq!(Interval::WHOLE.pow(Interval::ZERO), Interval::ONE);
    assert_tight(of(0.0, 4.0).pow(Interval::point(0.5)), 0.0, 2.0);
    assert_tight(of(0.5, 2.0).pow(of(-1.0, 2.0)), 0.25, 4.0);
    let slope = Dual::<Interval, 1>::variable(of(-2.0, 1.0), 0).pow(Dual::constant(3.0)).slope[0];
    assert_tight(slope, 0.0, 12.0);
}

#[test]
fn remainders_within_a_cell_and_across() {
    assert_eq!(of(2.25, 2.75).modulo(Interval::ONE), of(0.25, 0.75));
    assert_eq!(of(-0.75, -0.25).modulo(Interval::ONE), of(0.25, 0.75));
    assert_eq!(of(2.25, 2.75).modulo(-Interval::ONE), of(-0.75, -0.25));
    assert_tight(of(0.75, 1.25).modulo(Interval::ONE), 0.0, 1.0);
    assert_eq!(of(3.0, 3.5).fract(), of(0.0, 0.5));
    assert_eq!(of(3.5, 4.5).fract(), of(0.0, 1.0));
    assert_eq!(of(3.0, 3.5).modulo(of(-1.0, 1.0)), Interval::WHOLE);
}

#[test]
fn lengths_where_squares_overflow_or_vanish() {
    assert_tight(of(-1.0, 3.0).hypot(of(4.0, 4.0)), 4.0, 5.0);
    for size in [1e-200, 1e-162, 1e200] {
        let bound = Interval::point(size).hypot(Interval::ZERO);
        assert!(
            bound.contains(size) && bound.contains(size.hypot(0.0)) && bound.contains(Real::hypot(size, 0.0))
        );
    }
    assert_eq!(of(0.0, 1.0).direction_cosine(of(0.0, 1.0)), of(0.0, 1.0));
    assert_eq!(of(1.0, 2.0).direction_cosine(of(2.0, 4.0)), of(0.25, 1.0));
    assert_eq!(Interval::ZERO.direction_cosine(Interval::ZERO), Interval::ZERO);
}

#[test]
fn blends_and_choices() {
    assert_tight(Interval::mix(of(0.0, 1.0), of(2.0, 4.0), of(0.0, 0.5)), 0.0, 2.5);
    assert_eq!(Interval::mix(of(0.0, 1.0), Interval::WHOLE, Interval::ZERO), of(0.0, 1.0));
    let third: f64 = 1.0 / 3.0; // a(1 − w) + b·w is 2⁻⁵⁴ for it, where `f64` cancels to something else
    let cancelled = Interval::mix(Interval::ONE, Interval::point(-2.0), Interval::point(third));
    assert!(cancelled.contains(third.mul_add(-3.0, 1.0)) && cancelled.contains(f64::mix(1.0, -2.0, third)));
    assert_tight(of(-1.0, 0.5).ramp(), 0.0, 0.5);
    for kind in Smooth::ALL {
        let bound = Interval::smooth_min(of(0.0, 1.0), of(0.5, 2.0), of(0.5, 1.0), kind);
        assert_tight(bound, kind.value(0.0, 0.5, 1.0), kind.value(1.0, 2.0, 0.5));
        let half_open = Interval::smooth_min(of(0.0, 1.0), of(0.5, f64::INFINITY), of(0.5, 1.0), kind);
        assert_tight(half_open, kind.value(0.0, 0.5, 1.0), 1.0);
        if kind.is_banded() {
            assert_eq!(Interval::smooth_min(of(0.0, 1.0), of(2.0, 3.0), of(0.0, 1.0), kind), of(0.0, 1.0));
        }
    }
    let (one, two) = (Interval::ONE, Interval::point(2.0));
    assert_eq!(Interval::if_less(of(0.0, 1.0), of(1.5, 2.0), one, two), one);
    assert_eq!(Interval::if_less(of(1.0, 2.0), of(0.0, 1.0), one, two), two);
    assert_eq!(Interval::if_less(of(0.0, 2.0), of(1.0, 1.0), one, two), of(1.0, 2.0));
}
