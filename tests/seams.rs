//! Bounds through jumps: of repetitions, remainders, steps and choices, and of what is turned within what is turned.

use fieldgrad::measure::Bounds;
use fieldgrad::number::{Interval, Intervals, Lanes, Rise};
use fieldgrad::prelude::*;
use fieldgrad::tape::{BOXES, Block, Boxes, Tracer};
use proptest::prelude::*;
use std::f64::consts::{PI, TAU};

/// Fields that jump, or are made by what jumps.
fn fields() -> Vec<(&'static str, Field)> {
    let bead = || sphere(0.3).translate((1.0, 0.1, 0.0));
    let hash = |of: Field| (of * 12.9898).sin().abs();
    vec![
        ("beads", bead().polar_repeat(7)),
        ("turned beads", bead().polar_repeat(4).rotate_y(0.3).rotate_x(0.4).rotate((1.0, 2.0, 0.5), 0.9)),
        ("a seam of its own", bead().polar_repeat(4.5)),
        ("boxes", r#box((0.4, 0.3, 0.2)).rotate_z(0.4).repeat((1.1, 0.9, 0.7))),
        ("moving boxes", r#box((0.4, 0.3, 0.2)).repeat((param("period", 1.3), 0.0, 0.8)).rotate_y(t())),
        ("a few", sphere(0.25).translate((0.1, 0.0, 0.05)).repeat_count((0.8, 0.7, 0.9), (3.0, 2.0, 4.0))),
        ("repeated beads", bead().scale(0.3).polar_repeat(5).repeat((1.2, 0.0, 1.2))),
        ("a step", if_less(x(), 0.3 * y(), sphere(0.7), sphere(0.9) + 0.5)),
        (
            "cells",
            r#box((0.5, 0.3 + hash(x().round()), 0.4 + 0.3 * hash(z().floor()))).remap([
                x() - x().round(),
                y(),
                z() - z().floor() - 0.5,
                t(),
            ]),
        ),
        ("a saw", (x() + y()) % (0.7 + 0.1 * z()) - 0.3),
    ]
}

/// The least box about some places, a little grown, in `f32`.
fn around(center: [f32; 4], size: f32) -> [[f32; 2]; 4] {
    center.map(|middle| [middle - size, middle + size])
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 1500, ..ProptestConfig::default() })]

    /// Whatever is computed at points of a box is within its bounds, in `f64` and in `f32`; so is what pruned tapes give; and
    /// along x the change is within the rise.
    #[test]
    fn bounds_hold_across_jumps(
        which in 0usize..10,
        center in proptest::array::uniform4(-2.0f32..2.0),
        size in prop_oneof![0.0f32..0.02, 0.0f32..0.3, 0.0f32..1.5],
        parts in proptest::collection::vec(proptest::array::uniform4(0.0f32..=1.0), 24),
    ) {
        let (name, field) = fields().swap_remove(which);
        let tape = field.tape().unwrap();
        let sides = around(center, size);
        let place = |part: &[f32; 4]| [0, 1, 2, 3].map(|i| {
            let [lo, hi] = sides[i];
            (lo + part[i] * (hi - lo)).clamp(lo, hi)
        });
        let places: Vec<[f32; 4]> = parts.iter().map(place).collect();
        let over = sides.map(|[lo, hi]| Interval::new(lo.into(), hi.into()));

        let mut tracer = Tracer::new(&tape);
        let bound = tracer.over(over)[0];
        let pruned = tracer.prune(fieldgrad::tape::Asked::Value);
        for place in &places {
            let at = place.map(f64::from);
            let value = tape.eval(&vec![at])[0][0];
            prop_assert!(bound.contains(value), "{name} at {at:?}: {value} in {bound:?}");
            let left = pruned.as_ref().map(|tape| tape.eval(&vec![at])[0][0]);
            prop_assert!(left.is_none_or(|left| left == value), "{name} at {at:?}: {value}, pruned {left:?}");
        }

        let wide = sides.map(|[lo, hi]| Intervals::new(Lanes([lo; BOXES]), Lanes([hi; BOXES])));
        let mut boxes = Boxes::<Intervals<BOXES>>::default();
        boxes.over(&tape, wide);
        let bound = boxes.output(&tape, 0).lane(3);
        let short = boxes.prune(&tape, 3, fieldgrad::tape::Asked::Value, tape.len() - 1);
        let mut rises = Boxes::<Rise<BOXES>>::default();
        let [bx, by, bz, bt] = wide;
        rises.over(&tape, [Rise::along(bx), Rise::across(by), Rise::across(bz), Rise::across(bt)]);
        let found = rises.output(&tape, 0);
        let (rise, from_rise) = (found.slope().lane(3), found.value().lane(3));
        let column = |i: usize| places.iter().map(|place| place[i]).collect::<Vec<f32>>();
        let columns = [0, 1, 2, 3].map(column);
        let run = |tape: &fieldgrad::tape::Tape, columns: &[Vec<f32>; 4]| {
            let mut out = vec![0.0; columns[0].len()];
            Block::over_times(tape).eval(columns.each_ref().map(Vec::as_slice), &mut [&mut out]);
            out
        };
        let values = run(&tape, &columns);
        for (place, &value) in places.iter().zip(&values) {
            let value = f64::from(value);
            prop_assert!(bound.contains(value) && from_rise.contains(value), "{name} at {place:?}: {value} in {bound:?}");
        }
        if let Some(short) = short {
            prop_assert_eq!(&run(&short, &columns), &values, "{} pruned", name);
        }
        // Along x, from the first place.
        let line = |x: f32| [x, places[0][1], places[0][2], places[0][3]];
        let along: Vec<[f64; 4]> = places.iter().map(|place| line(place[0]).map(f64::from)).collect();
        let values = &tape.eval(&along)[0];
        for (at, value) in along.iter().zip(values).skip(1) {
            let (run, change) = (at[0] - along[0][0], value - values[0]);
            let (run, change) = if run < 0.0 { (-run, -change) } else { (run, change) };
            let slack = 1e-6 * (1.0 + value.abs());
            let within = !rise.is_finite() || (rise.lo() * run - slack <= change && change <= rise.hi() * run + slack);
            prop_assert!(within, "{name} from {:?} by {run}: {change} in {rise:?}", along[0]);
        }
    }
}

fn close(found: Bounds, low: [f64; 3], high: [f64; 3]) {
    for i in 0..3 {
        let ends = [(found.min[i], low[i]), (found.max[i], high[i])];
        assert!(ends.iter().all(|(found, truth)| (found - truth).abs() < 0.01), "{found:?}");
    }
}

#[test]
fn a_repetition_is_bounded_as_its_copies_are() -> Result<()> {
    for n in [2, 3, 7, 12] {
        let ring = sphere(0.3).translate((1, 0, 0)).polar_repeat(n);
        let places: Vec<[f64; 2]> =
            (0..n).map(|i| f64::from(i) * TAU / f64::from(n)).map(|a| [a.cos(), a.sin()]).collect();
        let end =
            |axis: usize, sign: f64| places.iter().map(|place| sign * place[axis]).fold(-2.0, f64::max) + 0.3;
        let found = ring.bounds((0.0, 0.0))?.expect("beads");
        close(found, [-end(0, -1.0), -0.3, -end(1, -1.0)], [end(0, 1.0), 0.3, end(1, 1.0)]);
    }
    let few = sphere(0.25).repeat_count((1, 1, 1), (3, 2, 1)).bounds((0.0, 0.0))?.expect("some");
    close(few, [-1.25, -0.75, -0.25], [1.25, 0.75, 0.25]);
    Ok(())
}

/// How many cells of an octree may hold the surface.
fn cells(field: &Field, depth: u32) -> Result<usize> {
    let (side, mut count) = (Interval::new(-1.55, 1.5), 0);
    field.tape()?.cells([side, side, side, Interval::point(0.0)], depth, &mut |_, _| count += 1);
    Ok(count)
}

#[test]
fn a_repetition_has_hardly_more_cells_than_its_copies() -> Result<()> {
    let bead = sphere(0.3).translate((1, 0, 0));
    let copies = union((0..7).map(|i| bead.rotate_y(-f64::from(i) * TAU / 7.0)));
    let (ring, apart) = (cells(&bead.polar_repeat(7), 6)?, cells(&copies, 6)?);
    assert!(ring as f64 <= 1.1 * apart as f64, "{ring} beside {apart}");

    let block = r#box((0.5, 0.3, 0.4)).rotate_z(0.3);
    let places = [-1.0, 0.0, 1.0].map(|x| [-1.0, 0.0, 1.0].map(|z| block.translate((x, 0.0, z))));
    let (many, apart) =
        (cells(&block.repeat((1, 0, 1)), 6)?, cells(&union(places.into_iter().flatten()), 6)?);
    assert!(many as f64 <= 1.3 * apart as f64, "{many} beside {apart}");
    Ok(())
}

#[test]
fn turns_within_turns_are_one_turn() -> Result<()> {
    let block = r#box((0.5, 0.3, 0.4));
    let mut turned = block.clone();
    for i in 0..8 {
        turned = turned
            .rotate((1.0, f64::from(i), 2.0), 0.3 + 0.1 * f64::from(i))
            .rotate_y(PI / 5.0)
            .rotate_x(0.4);
    }
    let (deep, flat) = (cells(&turned, 6)?, cells(&block.rotate((1.0, 0.7, 0.2), 0.8), 6)?);
    assert!(deep as f64 <= 1.3 * flat as f64, "{deep} beside {flat}");
    // The value is the same but for rounding.
    let at = [0.3, -0.2, 0.5, 0.0];
    let (by_tape, by_graph) = (turned.tape()?.eval(&vec![at])[0][0], turned.value_at(at)?);
    assert!((by_tape - by_graph).abs() < 1e-14, "{by_tape} {by_graph}");
    Ok(())
}

#[test]
fn distances_are_known_to_be_no_steeper_than_1() -> Result<()> {
    let solids = [
        ("ball", sphere(0.5)),
        ("turned ball", sphere(0.5).translate((0.2, 0.1, 0.0)).rotate((1.0, 2.0, 3.0), 0.7)),
        ("box", r#box((0.5, 0.3, 0.4))),
        ("rounded box", rounded_box((0.5, 0.3, 0.4), 0.05)),
        ("two", sphere(0.3).smooth_union(r#box((0.5, 0.3, 0.4)).translate((0.4, 0.0, 0.1)), 0.2)),
    ];
    for (name, solid) in solids {
        let side = Interval::new(-1.03, 1.0);
        let found = solid.lipschitz([side, side, side, Interval::point(0.0)])?;
        assert!((0.99..1.3).contains(&found), "{name}: {found}");
    }
    Ok(())
}

/// A solid by chance: shapes that are repeated, folded, turned within turns, cut into cells and blended, from a list of
/// numbers between 0 and 1.
fn grown(chance: &mut impl Iterator<Item = f64>, depth: u32) -> Field {
    let mut next = || chance.next().unwrap_or(0.5);
    let (kind, a, b, c) = (next(), next(), next(), next());
    let leaf = match (3.0 * a) as u32 {
        0 => sphere(0.2 + 0.3 * b),
        1 => r#box((0.2 + 0.4 * b, 0.3, 0.2 + 0.4 * c)),
        _ => polygon([[-0.4, -0.3 - 0.2 * b], [0.4, -0.2], [0.1, 0.1], [0.2 * c, 0.4]]).extrude(0.4),
    };
    if depth == 0 {
        return leaf;
    }
    let turns = |field: Field, count: u32| {
        (0..count).fold(field, |field, i| {
            field.rotate((1.0, 0.3 * f64::from(i), a), 0.4 + b).translate((0.1 * c, 0, 0.1))
        })
    };
    let inner = grown(chance, depth - 1);
    match (12.0 * kind) as u32 {
        0 => inner.translate((0.8 + a, 0.2 * b, 0)).polar_repeat(2 + (6.0 * c) as i32),
        1 => inner.scale(0.5).repeat((0.8 + a, 0.0, 0.9 + b)).intersection(sphere(1.5 + c)),
        2 => inner.scale(0.6).repeat_count((0.9 + a, 0.8, 0.9), (3, 1, 2)),
        3 => inner.translate((0.5 * a, 0.2 * b, 0)).mirror("x").mirror("z"),
        4 => turns(inner, 8),
        5 => inner.twist(2.0 * a - 1.0).rotate_x(b),
        6 => inner.bend(0.3 + 0.6 * a).rotate_z(b),
        7 => inner.taper(0.4 * a).rotate_x(3.0 * b),
        8 => {
            let blobs = (0..50).map(|i| f64::from(i) + 10.0 * a);
            let place = |at: f64| {
                (
                    (2.4 * at).cos() * 0.16 * at.sqrt(),
                    0.1 * (7.0 * at).sin(),
                    (2.4 * at).sin() * 0.16 * at.sqrt(),
                )
            };
            blobs
                .map(|at| sphere(0.1 + 0.1 * b).translate(place(at)))
                .fold(inner, |all, blob| all.smooth_union(blob, 0.2 * c + 0.05))
        }
        9 => {
            let cell = clamp((x() / 0.9).round(), -2, 2);
            let high = 0.7 + 0.3 * (12.9898 * &cell).sin();
            inner.scale(0.5).remap([x() - 0.9 * cell, y() / high, z(), t()])
        }
        10 => grown(chance, depth - 1).translate((a, b, 0)).difference(inner),
        _ => {
            inner.rotate_y(t() + a).smooth_union(grown(chance, depth - 1).translate((b, 0, c)), 0.1 + 0.3 * a)
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 3000, ..ProptestConfig::default() })]

    /// What intervals say of a box of a scene by chance holds at its points.
    #[test]
    fn bounds_hold_in_scenes_by_chance(
        chance in proptest::collection::vec(0.0f64..1.0, 40),
        depth in 1u32..4,
        center in proptest::array::uniform4(-1.5f32..1.5),
        size in prop_oneof![0.0f32..0.02, 0.0f32..0.3, 0.0f32..1.5],
        parts in proptest::collection::vec(proptest::array::uniform4(0.0f32..=1.0), 16),
    ) {
        let tape = grown(&mut chance.into_iter(), depth).tape().unwrap();
        let sides = around(center, size);
        let place = |part: &[f32; 4]| [0, 1, 2, 3].map(|i| {
            let [lo, hi] = sides[i];
            f64::from((lo + part[i] * (hi - lo)).clamp(lo, hi))
        });
        let places: Vec<[f64; 4]> = parts.iter().map(place).collect();
        let bound = Tracer::new(&tape).over(sides.map(|[lo, hi]| Interval::new(lo.into(), hi.into())))[0];
        let wide = sides.map(|[lo, hi]| Intervals::new(Lanes([lo; BOXES]), Lanes([hi; BOXES])));
        let mut boxes = Boxes::<Intervals<BOXES>>::default();
        boxes.over(&tape, wide);
        let lane = boxes.output(&tape, 0).lane(5);
        for (at, value) in places.iter().zip(&tape.eval(&places)[0]) {
            prop_assert!(bound.contains(*value) && lane.contains(*value), "{value} at {at:?} in {bound:?}, {lane:?}");
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 24, ..ProptestConfig::default() })]

    /// The box that is found holds every point of the solid, out to far away; and where there is a derivative it is no
    /// steeper than is said.
    #[test]
    fn solids_by_chance_lie_within_their_bounds(
        chance in proptest::collection::vec(0.0f64..1.0, 40),
        depth in 1u32..3,
        points in proptest::collection::vec(proptest::array::uniform3(-1.0f64..1.0), 400),
        center in proptest::array::uniform3(-1.5f64..1.5),
    ) {
        let field = grown(&mut chance.into_iter(), depth);
        let places: Vec<[f64; 4]> = { points.iter().zip(0..) }
            .map(|(&[x, y, z], n)| {
                let scale = [1.5, 3.0, 30.0, 1e6][n % 4];
                [scale * x, scale * y, scale * z, 0.3]
            })
            .collect();
        if let Ok(found) = field.bounds((0.3, 0.3)) {
            for (at, &value) in places.iter().zip(&field.tape().unwrap().eval(&places)[0]) {
                let within = found.is_some_and(|found| found.contains([at[0], at[1], at[2]]));
                prop_assert!(value > 0.0 || within, "{value} at {at:?} outside {found:?}");
            }
        }
        let over = center.map(|middle| Interval::new(middle - 0.04, middle + 0.04));
        let steepest = field.lipschitz([over[0], over[1], over[2], Interval::point(0.3)]).unwrap();
        let [fx, fy, fz, _] = field.gradient();
        let near: Vec<[f64; 4]> =
            points.iter().map(|p| [center[0] + 0.04 * p[0], center[1] + 0.04 * p[1], center[2] + 0.04 * p[2], 0.3]).collect();
        for (at, &norm) in near.iter().zip(&length([fx, fy, fz]).tape().unwrap().eval(&near)[0]) {
            prop_assert!(norm <= steepest * (1.0 + 1e-12), "{norm} at {at:?}, at most {steepest}");
        }
    }
}

#[test]
fn what_is_bounded_is_found_to_be() -> Result<()> {
    let bar = || rounded_box((0.4, 1.5, 0.4), 0.1);
    let tooth =
        polygon([[-0.15, -0.14], [-0.15, 0.14], [0.0, 0.08], [0.1, 0.04], [0.1, -0.04], [0.0, -0.08]]);
    let teeth =
        tooth.extrude(0.35).translate((1, 0, 0)).rotate_x(PI / 2.0).polar_repeat(18).rotate_x(-PI / 2.0);
    let solids = [
        ("teeth", teeth, [1.1, 1.1, 0.175]),
        ("a twist on its side", bar().twist(2.2).rotate_x(PI / 2.0), [0.25, 0.25, 0.75]),
        ("a turned taper", bar().taper(0.6).rotate_z(-PI / 2.0), [0.75, 0.28, 0.28]),
        ("a bent bar", bar().rotate_z(PI / 2.0).bend(0.9), [0.95, 0.5, 0.2]),
        (
            "a surface of degree 4",
            (x().square() + y().square()).square() + z().square().square() - x() * y(),
            [0.57, 0.57, 0.5],
        ),
    ];
    for (name, solid, reach) in solids {
        let found = solid.bounds((0.0, 0.0))?.expect(name);
        for i in 0..3 {
            let far = found.max[i].max(-found.min[i]);
            assert!(far < reach[i] + 0.03 && far > 0.7 * reach[i], "{name}: {found:?}");
        }
    }
    Ok(())
}
