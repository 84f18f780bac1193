//! Containment: planes are below and above what is computed all over the triangle, for every operation.

use super::*;
use proptest::prelude::*;

/// Values at corners: of every size, often alike, often on both sides of 0 or of a whole number.
fn corners() -> impl Strategy<Value = [f64; 3]> {
    let near = (-4.0..4.0, -6i32..1, [-1.0..1.0, -1.0..1.0, -1.0..1.0]);
    near.prop_map(|(at, size, off): (f64, i32, [f64; 3])| {
        let at = if size % 2 == 0 { at } else { at.round() };
        off.map(|off| at + off * 10f64.powi(size))
    })
}

/// Weights of corners, that sum to 1.
fn places() -> impl Strategy<Value = [f64; 3]> {
    (0.0..1.0, 0.0..1.0, 0u8..6).prop_map(|(u, v, kind): (f64, f64, u8)| match kind {
        0 => [1.0, 0.0, 0.0],
        1 => [u, 1.0 - u, 0.0],
        _ if u + v > 1.0 => [1.0 - u, 1.0 - v, u + v - 1.0],
        _ => [u, v, 1.0 - u - v],
    })
}

fn at(corners: &[f64; 3], place: &[f64; 3]) -> f64 {
    // Of an infinite corner without weight there is nothing.
    (0..3).filter(|&k| place[k] > 0.0).map(|k| corners[k] * place[k]).sum()
}

fn check(op: Op, args: &[[f64; 3]], place: &[f64; 3]) -> Result<(), TestCaseError> {
    let found = op.on(|i| LinearBounds::through(args[i]));
    let given: Vec<f64> = args.iter().map(|corners| at(corners, place)).collect();
    let value = op.on(|i| given[i]);
    if !value.is_finite() || !op.is_defined(|i| given[i]) {
        return Ok(());
    }
    // The place itself is rounded.
    let off = 1e-9 * (1.0 + value.abs());
    let (low, high) = (at(&found.low, place), at(&found.high, place));
    let jumps =
        matches!(op, Op::Floor | Op::Ceil | Op::Round | Op::Sign | Op::Modulo | Op::IfLess | Op::Atan2);
    let is_in_range = found.range.lo() - off <= value && value <= found.range.hi() + off;
    // Beside a jump rounding of the place leads to its other side.
    prop_assert!(jumps || is_in_range, "{op:?} {args:?} at {place:?}: {value} and {found:?}");
    let steep =
        matches!(op, Op::Recip | Op::Div | Op::Tan | Op::Sqrt | Op::Ln | Op::Pow | Op::Asin | Op::Acos);
    let off = if steep { 1e-6 * (1.0 + value.abs()) } else { off };
    prop_assert!(
        jumps || (low - off <= value && value <= high + off),
        "{op:?} {args:?} at {place:?}: {value} and {found:?}"
    );
    Ok(())
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 400, ..ProptestConfig::default() })]

    #[test]
    fn planes_hold_every_operation(
        args in [corners(), corners(), corners(), corners()],
        same in 0usize..4,
        width in 1e-6..2.0f64,
        place in places(),
    ) {
        for op in Op::ALL {
            let mut args = args;
            if same > 0 {
                // Operands near one another, where kinks are; and the width of a blend is a number, mostly.
                args[1] = [0, 1, 2].map(|k| args[0][k] + 0.01 * args[1][(k + same) % 3]);
                args[2] = if op.arity() == 3 { [width; 3] } else { args[2] };
            }
            check(op, &args[..op.arity()], &place)?;
        }
    }
}

#[test]
fn they_are_as_near_as_the_square_of_the_size() {
    // A sphere's surface, tangent planes of it, and the seam of two smoothly joined ones.
    let ball = |p: [LinearBounds; 3], x: f64| {
        let [px, py, pz] = p;
        let off = LinearBounds::constant(x);
        LinearBounds::length(px - off, py, pz) - LinearBounds::constant(1.0)
    };
    let mut last = [f64::INFINITY; 2];
    for n in 0..6 {
        let h = 0.2 * 0.5f64.powi(n);
        // About (0, y, 0), across the seam.
        let y = 1.0f64.hypot(0.3);
        let corners = [[-h, 0.0, -h], [h, 0.0, -h], [0.0, 0.0, h]];
        let p = || {
            [0, 1, 2]
                .map(|axis| LinearBounds::through(corners.map(|c| c[axis] + if axis == 1 { y } else { 0.0 })))
        };
        for (k, last) in [0.0, 0.05].into_iter().zip(&mut last) {
            let (a, b) = (ball(p(), 0.3), ball(p(), -0.3));
            let both = LinearBounds::smooth_min(a, b, LinearBounds::constant(k), Smooth::Cubic);
            let middle = (0.09 + y * y).sqrt() - 1.0 - k / 6.0;
            let off = both.range().hi() - middle;
            assert!(off >= -1e-12 && (off < 3.0 * h * h), "{k} {h}: {off}");
            assert!(off < 0.3 * *last, "{k} {h}: {off} after {last}");
            *last = off;
        }
    }
}

#[test]
fn a_branch_is_taken_where_planes_tell() {
    // x < y all over the triangle, though their ranges overlap.
    let (x, y) = (LinearBounds::through([0.0, 1.0, 2.0]), LinearBounds::through([0.5, 1.5, 2.5]));
    let (one, two) = (LinearBounds::constant(1.0), LinearBounds::constant(2.0));
    assert_eq!(LinearBounds::if_less(x.clone(), y.clone(), one.clone(), two.clone()), one);
    assert_eq!(LinearBounds::if_less(y, x, one, two.clone()), two);
}
