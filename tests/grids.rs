//! Grids evaluated with pruned tapes against every point with the whole tape, bit for bit.

use fieldgrad::prelude::*;
use fieldgrad::shape::catalogue;
use fieldgrad::tape::{Asked, Block, Boxes, Grid, Samples, Tape, Tracer};
use proptest::test_runner::{Config, TestRunner};

mod support;
use support::{Random, is_slow, plan};

/// A tape's outputs at each point of a grid, unpruned.
fn point_by_point(grid: &Grid, tape: &Tape) -> Vec<Vec<f32>> {
    let axes = [grid.x, grid.y, grid.z, grid.t];
    let fixed = tape.fixed(axes.map(|axis| (axis.count == 1).then(|| f64::from(axis.at(0)))));
    let mut block = Block::new(&fixed);
    let mut outputs = vec![Vec::new(); tape.output_count()];
    let places = |axis: Samples| (0..axis.count).map(move |i| axis.at(i));
    let mut points = [Vec::new(), Vec::new(), Vec::new()];
    for z in places(grid.z) {
        for y in places(grid.y) {
            for x in places(grid.x) {
                points.iter_mut().zip([x, y, z]).for_each(|(column, v)| column.push(v));
            }
        }
    }
    for t in places(grid.t) {
        block.set_time(f64::from(t));
        let mut now = vec![vec![0.0; points[0].len()]; outputs.len()];
        let mut views: Vec<&mut [f32]> = now.iter_mut().map(Vec::as_mut_slice).collect();
        block.eval([&points[0], &points[1], &points[2]], &mut views);
        outputs.iter_mut().zip(now).for_each(|(all, now)| all.extend(now));
    }
    outputs
}

/// Holds a grid to its points: values and slopes to the last bit, signs where only they are asked.
fn holds(name: &str, field: &Field, grid: &Grid) -> Result<(), String> {
    let tape = field.gradient_tape().map_err(|error| format!("{name}: {error}"))?;
    let (whole, pruned) = (point_by_point(grid, &tape), grid.eval(&tape, Asked::Value));
    for (output, (whole, pruned)) in whole.iter().zip(&pruned).enumerate() {
        let differs = whole.iter().zip(pruned).position(|(a, b)| a.to_bits() != b.to_bits());
        if let Some(i) = differs {
            return Err(format!("{name}: output {output} of point {i} is {}, not {}", pruned[i], whole[i]));
        }
    }
    let value = field.tape().map_err(|error| format!("{name}: {error}"))?;
    let sides = grid.eval(&value, Asked::Sign).remove(0);
    let sign = |v: f32| (v > 0.0, v < 0.0);
    match whole[0].iter().zip(&sides).position(|(a, b)| sign(*a) != sign(*b)) {
        Some(i) => Err(format!("{name}: the side of point {i} is {}, not {}", sides[i], whole[0][i])),
        None => Ok(()),
    }
}

/// Space and time around the origin, off centre and not a round number of points.
fn around_the_origin() -> Grid {
    Grid {
        x: Samples::middles(-1.4, 1.5, 37),
        y: Samples { start: 1.3, step: -0.09, count: 30 },
        z: Samples::middles(-0.9, 1.0, 3),
        t: Samples { start: 0.1, step: 0.07, count: 5 },
    }
}

#[test]
fn every_shape() {
    for entry in catalogue().filter(|entry| !is_slow(&(entry.sample)())) {
        holds(entry.name, &(entry.sample)(), &around_the_origin()).unwrap();
    }
}

#[test]
fn random_compositions() {
    let grid = Grid { z: Samples::one(0.15), ..around_the_origin() };
    let mut runner = TestRunner::new(Config { failure_persistence: None, ..Config::with_cases(150) });
    let check = |plan: support::Plan| {
        let field = plan.build();
        match field.gradient_tape() {
            Ok(tape) if tape.len() < 3000 => {
                holds("a composition", &field, &grid).map_err(proptest::test_runner::TestCaseError::fail)
            }
            _ => Ok(()),
        }
    };
    runner.run(&plan(), check).unwrap();
}

/// Spheres in no order that circle, under a plain union.
fn crowd(count: usize) -> Field {
    let mut random = Random(count as u64);
    let spheres = (0..count).map(|_| {
        let mut place = || random.between(-1.0, 1.0);
        let at = (place() + 0.05 * t().sin(), place() + 0.05 * t().cos(), 0.1 * place());
        sphere(0.02).translate(at)
    });
    union(spheres.collect::<Vec<_>>())
}

#[test]
fn a_crowd_over_time() {
    let side = Samples::middles(-1.0, 1.0, 64);
    let frames = Samples { start: 0.0, step: 1.0 / 30.0, count: 12 };
    let grid = Grid { x: side, y: side, z: Samples::one(0.0), t: frames };
    holds("crowd", &crowd(400), &grid).unwrap();
}

#[test]
fn of_a_chain_of_minima_only_those_are_left_that_can_be_least() {
    // The nearest comes last: when the others are looked at, nothing nearer is known yet.
    let far_first = (0..1000).rev().map(|i| sphere(0.5).translate([3.0 * i as f64, 0.0, 0.0]));
    let tape = union(far_first.collect::<Vec<_>>()).tape().unwrap();
    let mut tracer = Tracer::new(&tape);
    tracer.over([0.1, 0.2, 0.3, 0.0].map(|v| Interval::new(v - 0.2, v + 0.2)));
    let left = tracer.prune(Asked::Value).expect("much is decided").len();
    assert!(left <= sphere(0.5).translate([1.0, 0.0, 0.0]).tape().unwrap().len(), "{left}");
}

#[test]
fn where_only_the_side_is_asked_what_is_clear_of_the_surface_is_dropped() {
    // All three are near the box, and any of the outer two may be the nearest; but the surface of only one is in it.
    let outer = [-1.0, 1.0].map(|y| r#box([0.2, 0.2, 0.2]).translate([0.0, y, 0.0]));
    let field = sphere(0.3).union(outer).difference([plane([0.0, 1.0, 0.0], -2.0)]);
    let tape = field.tape().unwrap();
    let mut boxes = Boxes::default();
    let wide = fieldgrad::number::Intervals::around([Interval::new(-0.35, 0.35); 16]);
    boxes.over(&tape, [wide, wide, wide, wide]);
    let left = boxes.prune(&tape, 3, Asked::Sign, tape.len()).expect("it is no longer").len();
    assert_eq!(left, sphere(0.3).tape().unwrap().len());
}

#[test]
fn any_number_of_threads_gives_the_same_bits() {
    let side = Samples::middles(-1.0, 1.0, 200);
    let grid =
        Grid { x: side, y: side, z: Samples::one(0.1), t: Samples { start: 0.0, step: 0.1, count: 3 } };
    let tape = crowd(100).gradient_tape().unwrap();
    let on = |threads: usize| {
        let pool = rayon::ThreadPoolBuilder::new().num_threads(threads).build().unwrap();
        pool.install(|| grid.eval(&tape, Asked::Value))
    };
    let one = on(1);
    assert!(one == on(2) && one == on(4));
}

#[test]
fn a_grid_of_nothing_and_of_one_point() {
    let ball = sphere(0.5);
    let tape = ball.tape().unwrap();
    let one = Grid { x: Samples::one(1.0), y: Samples::one(0.0), z: Samples::one(0.0), t: Samples::one(0.0) };
    assert_eq!(one.eval(&tape, Asked::Value), [[0.5]]);
    let none = Grid { y: Samples::middles(0.0, 1.0, 0), ..one };
    assert!(none.is_empty());
    assert_eq!(none.eval(&tape, Asked::Value), [Vec::<f32>::new()]);
}
