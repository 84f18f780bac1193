//! No NaN and no infinity, in value or derivative, at the places where formulas divide by zero.

mod support;

use fieldgrad::number::{Dual, Lanes};
use fieldgrad::prelude::*;
use fieldgrad::shape::catalogue;
use fieldgrad::tape::{Machine, Tape};

/// Origins, axes, centres, faces, edges, corners and ties of what the samples are made of, and far away.
fn places() -> Vec<[f64; 4]> {
    let near = [0.0, 0.3, 0.4, 0.5, 0.6, 0.8, 1.2];
    let signed: Vec<f64> = near.iter().flat_map(|&v| [v, -v]).skip(1).collect();
    let mut places = Vec::new();
    for &x in &signed {
        for &y in &signed {
            for &z in &signed {
                places.push([x, y, z, if x > y { 0.0 } else { 0.5 }]);
            }
        }
    }
    for far in [1e3, 1e6, -1e6] {
        for axis in 0..3 {
            let mut at = [0.0, 0.0, 0.0, 1.0];
            at[axis] = far;
            places.push(at);
        }
        places.push([far, far, far, 2.0]);
        places.push([far, -far, 0.0, 2.0]);
    }
    // A hair beside the axes, where squares underflow.
    for tiny in [1e-8, 1e-30, 1e-160, 1e-300] {
        places.push([tiny, 0.0, 0.0, 0.0]);
        places.push([0.0, -tiny, 0.0, 0.0]);
        places.push([tiny, tiny, tiny, 0.0]);
    }
    places
}

/// What is not finite somewhere, if anything.
fn first_not_finite(name: &str, field: &Field, every: usize) -> Option<String> {
    let tape = match field.tape() {
        Ok(tape) => tape,
        Err(error) => return Some(format!("{name}: {error}")),
    };
    let slow = support::is_slow(field) || tape.len() > 300;
    let mut duals = Machine::<Dual<f64>>::new(&tape);
    let mut hessians = Machine::<Dual<Dual<f64>>>::new(&tape);
    let mut lanes = Machine::<Dual<Lanes<4>>>::new(&tape);
    for (i, at) in places().into_iter().enumerate().step_by(if slow { 23 } else { every }) {
        let dual = duals.at(Dual::variables(at))[0];
        if !dual.is_finite() {
            return Some(format!("{name} at {at:?}: {dual:?}"));
        }
        if i % 8 == 0 {
            let hessian = &hessians.at(Dual::variables(Dual::variables(at)))[0];
            if !hessian.slope.iter().all(|row| row.is_finite()) {
                return Some(format!(
                    "{name} at {at:?}: the Hessian {:?}",
                    hessian.slope.map(|row| row.slope)
                ));
            }
        }
        if i % 5 == 0 {
            let near = at.map(|v| Lanes([v as f32; 4]));
            let lane = &lanes.at(Dual::variables(near))[0];
            let finite = |lanes: &Lanes<4>| lanes.0.iter().all(|v| v.is_finite());
            if !finite(&lane.value) || !lane.slope.iter().all(finite) {
                return Some(format!("{name} at {at:?} in f32: {lane:?}"));
            }
        }
    }
    None
}

#[test]
fn every_shape_is_finite_everywhere() {
    let bad: Vec<String> =
        catalogue().filter_map(|entry| first_not_finite(entry.name, &(entry.sample)(), 1)).collect();
    assert!(bad.is_empty(), "{}", bad.join("\n"));
}

/// Sizes, widths, rates and periods of 0, as constants and as parameters, and parameters below 0.
#[test]
fn degenerate_combinations_and_warps_are_finite() {
    let values =
        [("0", Field::constant(0.0)), ("param 0", param("p", 0.0)), ("param -0.3", param("p", -0.3))];
    let mut bad = Vec::new();
    for (what, k) in &values {
        let ball = || sphere(0.5);
        let brick = || r#box([1.0, 0.6, 0.8]);
        let moving = || ball().translate((t().sin(), 0, 0));
        let positive = |k: &Field| if k.as_constant().is_some() { Field::constant(1e-9) } else { k.clone() };
        let fields: Vec<(&str, Field)> = vec![
            ("smooth_union", ball().smooth_union(brick(), k)),
            ("smooth_union with itself", ball().smooth_union(ball(), k)),
            ("smooth_intersection", ball().smooth_intersection(brick(), k)),
            ("smooth_difference", ball().smooth_difference(brick(), k)),
            ("quadratic", ball().smooth_min_kind(brick(), k, "quadratic")),
            ("quartic", ball().smooth_min_kind(brick(), k, "quartic")),
            ("circular", ball().smooth_min_kind(brick(), k, "circular")),
            ("exponential", ball().smooth_min_kind(brick(), k, "exponential")),
            ("root", ball().smooth_min_kind(brick(), k, "root")),
            ("round_union", ball().round_union(brick(), k)),
            ("chamfer_union", ball().chamfer_union(brick(), k)),
            ("stairs_union", ball().stairs_union(brick(), k, 3)),
            ("blend", ball().blend(brick(), k)),
            ("translate", brick().translate((k, k, k))),
            ("rotate", brick().rotate((0, 1, 0), k)),
            ("rotate about a parameter", brick().rotate((param("a", 0.0), 0, 0), 1)),
            ("scale", brick().scale(positive(k))),
            ("stretch", brick().stretch((k, 1, k))),
            ("repeat", ball().repeat((k, k, 0))),
            ("repeat_count", ball().repeat_count((k, 1, 1), (k, 2, 3))),
            ("polar_repeat", ball().polar_repeat(param("n", 0.0) + k)),
            ("elongate", ball().elongate((k, k, k))),
            ("shell", ball().shell(k)),
            ("twist", brick().twist(k)),
            ("bend", brick().bend(k)),
            ("taper", brick().taper(k)),
            ("shear", brick().shear((k, k))),
            ("delay", moving().delay(k)),
            ("loop_time", moving().loop_time(positive(k))),
            ("ping_pong", moving().ping_pong(positive(k))),
            ("morph", morph(ball(), brick(), 0, param("to", 0.0) + k)),
            ("trail", moving().trail(k)),
            ("sweep", moving().sweep(k, k)),
            ("noise", noise(positive(k))),
        ];
        for (name, field) in fields {
            bad.extend(first_not_finite(&format!("{name}({what})"), &field, 7));
        }
    }
    assert!(bad.is_empty(), "{}", bad.join("\n"));
}

/// The derivatives of k → 0 are those of the plain minimum.
#[test]
fn a_vanishing_blend_is_the_plain_union() {
    let (a, b) = (sphere(0.5), r#box([1.0, 0.6, 0.8]).translate([0.3, 0.0, 0.0]));
    let plain = a.union(&b);
    for k in [1e-3, 1e-9, 1e-300] {
        let smooth = Tape::new(&[a.smooth_union(&b, k), plain.clone()]).unwrap();
        let mut machine = Machine::<Dual<f64>>::new(&smooth);
        for at in places().into_iter().step_by(5) {
            let out = machine.at(Dual::variables(at));
            assert!((out[0].value - out[1].value).abs() <= k / 6.0 + 1e-15);
            if (a.value_at(at).unwrap() - b.value_at(at).unwrap()).abs() > k {
                assert_eq!(out[0], out[1], "at {at:?}, k = {k}");
            }
        }
    }
}
