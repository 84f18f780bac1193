//! One suite over every operation, every shape and random compositions of the whole library, on every reading.

mod support;

use fieldgrad::number::{Dual, Intervals, Lanes, LinearBounds, Op, Real};
use fieldgrad::prelude::*;
use fieldgrad::shape::catalogue;
use fieldgrad::tape::{Adjoint, Asked, BOXES, Boxes, Machine, Tape, Tracer};
use proptest::test_runner::{Config, RngAlgorithm, TestRng, TestRunner};
use support::peer::Peer;
use support::{Random, close, has_kernel, is_smooth_near, same};

/// Every operation as a field of the coordinates, kept inside its domain.
fn operations() -> Vec<(String, Field)> {
    let operands = |op: Op| -> Vec<Field> {
        let unit = || (x() * 0.9).sin() * 0.95;
        let positive = || 0.3 + x().square() + 0.2 * y().sin().square();
        match op {
            Op::Sqrt | Op::Ln | Op::Recip => vec![positive()],
            Op::Asin | Op::Acos => vec![unit()],
            Op::Tan => vec![unit()],
            Op::Div | Op::Modulo => vec![x() + y() * t(), positive()],
            Op::Pow => vec![positive(), y() + z()],
            Op::DirectionCosine => vec![x() * y() - t(), (x() * y() - t()).hypot(z())],
            Op::SmoothMin(_) | Op::SmoothWeight(_) => vec![x() + t(), y() - z(), 0.2 + t().square()],
            _ => vec![x() + 0.3 * t(), y() - 0.2 * x(), z() + x() * y(), t() - z()],
        }
    };
    let build = |op: Op| {
        let operands: Vec<Field> = operands(op);
        op.apply(|i| operands[i].clone())
    };
    Op::ALL.iter().map(|&op| (format!("{op:?}"), build(op))).collect()
}

/// Every function of the shape library, by its sample.
fn shapes() -> Vec<(String, Field)> {
    catalogue().map(|entry| (entry.name.to_string(), (entry.sample)())).collect()
}

/// How often comparisons that stay away from kinks were made, and how often they were left out.
#[derive(Debug, Default)]
struct Count {
    compared: usize,
    left_out: usize,
}

/// How far lanes of `f32` may be from `f64`, in units in the last place of 1 + |f| + |∇f|.
const LANES_ULPS: f64 = 256.0;

/// Holds one field to everything. `points` is how many points of space and time.
fn conforms(name: &str, field: &Field, points: usize, seed: u64, count: &mut Count) -> Result<(), String> {
    let fail = |what: &str, at: [f64; 4], detail: String| Err(format!("{name}: {what} at {at:?}: {detail}"));
    let tape = field.tape().map_err(|error| format!("{name}: {error}"))?;
    let gradient_tape = field.gradient_tape().map_err(|error| format!("{name}: {error}"))?;
    let mut numbers = Machine::<f64>::new(&tape);
    let mut duals = Machine::<Dual<f64>>::new(&tape);
    let mut lanes = Machine::<Lanes<8>>::new(&tape);
    let mut gradients = Machine::<f64>::new(&gradient_tape);
    let mut adjoint = Adjoint::<f64>::new(&tape);
    let mut random = Random(seed);
    // A kernel has no independent dual to be held against.
    let kernel = has_kernel(field);
    let multiplied_out = ["rotate", "composition", "swept"].contains(&name);
    for _ in 0..points {
        let at = random.point();
        let value = field.value_at(at).map_err(|error| error.to_string())?;
        let dual: Dual<f64> = field.run(Dual::variables(at)).map_err(|error| error.to_string())?;
        let steepest = dual.slope.iter().fold(0f64, |most, slope| most.max(slope.abs()));
        if !dual.is_finite() {
            return fail("not finite", at, format!("{dual:?}"));
        }

        // The tape is the direct evaluation, bit for bit, on every number; but for rounding, where it multiplies turns
        // within turns out.
        let agree =
            |a: f64, b: f64| same(a, b) || multiplied_out && close(a, b, 1e-12, steepest + value.abs());
        let taped = numbers.at(at)[0];
        if !agree(value, taped) || !same(value, dual.value) {
            return fail("the tape", at, format!("{taped} is not {value}"));
        }
        let taped = duals.at(Dual::variables(at))[0];
        if !agree(taped.value, dual.value) || !(0..4).all(|i| agree(taped.slope[i], dual.slope[i])) {
            return fail("the tape's duals", at, format!("{taped:?} is not {dual:?}"));
        }

        // The derivative as a field, and the adjoint, are the dual's.
        let out = gradients.at(at);
        if !(0..4).all(|i| close(out[i + 1], dual.slope[i], 1e-11, steepest)) {
            return fail("the gradient as fields", at, format!("{out:?} is not {dual:?}"));
        }
        let _ = adjoint.forward(at);
        adjoint.back(&[1.0]);
        let back = adjoint.coordinates();
        if !(0..4).all(|i| close(back[i], dual.slope[i], 1e-10, steepest)) {
            return fail("the adjoint", at, format!("{back:?} is not {:?}", dual.slope));
        }

        // Differences, and an independent implementation, away from kinks.
        let smooth = is_smooth_near(&tape, at, 1e-4);
        if smooth {
            count.compared += 1;
            for i in 0..4 {
                let by = |d: f64| {
                    let mut to = at;
                    to[i] += d;
                    to
                };
                // Richardson's extrapolation of the central difference: its error is of fourth order.
                let mut difference = |e: f64| (numbers.at(by(e))[0] - numbers.at(by(-e))[0]) / (2.0 * e);
                let (coarse, fine) = (difference(4e-5), difference(2e-5));
                let slope = (4.0 * fine - coarse) / 3.0;
                let converges = close(coarse, fine, 1e-6, steepest + value.abs());
                if converges && !close(slope, dual.slope[i], 1e-6, steepest + value.abs()) {
                    return fail("the difference", at, format!("{slope} is not {} in {i}", dual.slope[i]));
                }
            }
            if !kernel {
                let [px, py, pz, pt] = [0, 1, 2, 3].map(|i| Peer::variable(at[i], i));
                let peer = field.run([px, py, pz, pt]).map_err(|error| error.to_string())?.slope();
                if !(0..4).all(|i| close(peer[i], dual.slope[i], 1e-12, steepest)) {
                    return fail("num-dual", at, format!("{peer:?} is not {:?}", dual.slope));
                }
            }
        } else {
            count.left_out += 1;
        }

        // Lanes of f32 against f64 at the same (rounded) point.
        let near = at.map(|v| v as f32);
        let lane = lanes.at(near.map(|v| Lanes([v; 8])))[0].0;
        let exact = field.value_at(near.map(f64::from)).map_err(|error| error.to_string())?;
        let tolerance = LANES_ULPS * f64::from(f32::EPSILON) * (1.0 + exact.abs() + steepest);
        if smooth && (lane[0] as f64 - exact).abs() > tolerance {
            return fail("lanes", at, format!("{} is not {exact}", lane[0]));
        }
    }
    Ok(())
}

/// Holds one field to what boxes promise: bounds contain, and pruning changes nothing.
fn bounds_hold(name: &str, field: &Field, boxes: usize, samples: usize, seed: u64) -> Result<(), String> {
    let tape = field.tape().map_err(|error| format!("{name}: {error}"))?;
    let mut random = Random(seed);
    let mut tracer = Tracer::new(&tape);
    let mut many = Boxes::default();
    let mut bounds = Machine::<Dual<Interval>>::new(&tape);
    let mut numbers = Machine::<Dual<f64>>::new(&tape);
    for n in 0..boxes {
        let middle = random.point();
        let size = [0.02, 0.2, 1.0][n % 3];
        let over = random.around(middle, size);
        let bound = tracer.over(over)[0];
        let slopes = bounds.at(Dual::variables(over))[0];
        let pruned = tracer.prune(Asked::Value).unwrap_or(tape.clone());
        many.over(&tape, over.map(|side| Intervals::around([side; BOXES])));
        let wide = many.output(&tape, 0).lane(n % BOXES);
        let also = many.prune(&tape, n % BOXES, Asked::Value, tape.len()).expect("it is no longer");
        let mut also = Machine::<Dual<f64>>::new(&also);
        if pruned.len() > tape.len() {
            return Err(format!("{name}: pruning made the tape longer"));
        }
        let mut shorter = Machine::<Dual<f64>>::new(&pruned);
        for _ in 0..samples {
            let at = random.inside(over);
            let value = numbers.at(Dual::variables(at))[0];
            if !bound.contains(value.value) || !slopes.value.contains(value.value) {
                return Err(format!(
                    "{name}: {bound:?} over {over:?} does not hold {} at {at:?}",
                    value.value
                ));
            }
            for i in 0..4 {
                if !slopes.slope[i].contains(value.slope[i]) {
                    let (own, all) = (value.slope[i], slopes.slope[i]);
                    return Err(format!(
                        "{name}: slope {i}, {all:?} over {over:?} does not hold {own} at {at:?}"
                    ));
                }
            }
            if !wide.contains(value.value) {
                return Err(format!(
                    "{name}: {wide:?} over {over:?} does not hold {} at {at:?}",
                    value.value
                ));
            }
            for short in [shorter.at(Dual::variables(at))[0], also.at(Dual::variables(at))[0]] {
                if !same(short.value, value.value) || !(0..4).all(|i| same(short.slope[i], value.slope[i])) {
                    return Err(format!(
                        "{name}: pruned over {over:?}: {short:?} is not {value:?} at {at:?}"
                    ));
                }
            }
        }
    }
    Ok(())
}

/// Holds one field to what triangles promise: planes are below and above it.
fn planes_hold(name: &str, field: &Field, triangles: usize, samples: usize, seed: u64) -> Result<(), String> {
    let tape = field.tape().map_err(|error| format!("{name}: {error}"))?;
    let mut random = Random(seed);
    let mut planes = Machine::<LinearBounds>::new(&tape);
    let mut numbers = Machine::<f64>::new(&tape);
    for n in 0..triangles {
        let middle = random.point();
        let over = random.around(middle, [0.02, 0.2, 1.0][n % 3]);
        let [a, b, c] = [0, 1, 2].map(|_| random.inside(over));
        let t = a[3];
        // Points inside are rounded.
        let side = |axis: usize| LinearBounds::about([a[axis], b[axis], c[axis]], 1e-14);
        let found = planes.at([side(0), side(1), side(2), LinearBounds::constant(t)])[0].clone();
        for _ in 0..samples {
            let (u, v) = (random.unit(), random.unit());
            let (u, v) = if u + v > 1.0 { (1.0 - u, 1.0 - v) } else { (u, v) };
            let within = |of: [f64; 3]| {
                [1.0 - u - v, u, v]
                    .iter()
                    .zip(of)
                    .map(|(share, x)| if *share == 0.0 { 0.0 } else { share * x })
                    .sum::<f64>()
            };
            let at = [0, 1, 2].map(|axis| within([a[axis], b[axis], c[axis]]));
            let value = numbers.at([at[0], at[1], at[2], t])[0];
            let (low, high) = (within(found.low()), within(found.high()));
            let off = 1e-9 * (1.0 + value.abs());
            if !(low - off <= value && value <= high + off && found.range().contains(value)) {
                return Err(format!(
                    "{name}: {found:?} over {a:?}, {b:?}, {c:?} do not hold {value} at {at:?}, {t}"
                ));
            }
        }
    }
    Ok(())
}

/// The Hessian is symmetric, is the gradient's difference, and times a vector is what the shortcut says.
fn hessian_holds(name: &str, field: &Field, points: usize, seed: u64) -> Result<(), String> {
    let mut random = Random(seed);
    let tape = field.tape().map_err(|error| error.to_string())?;
    for _ in 0..points {
        let at = random.point();
        let h = field.hessian_at(at).map_err(|error| error.to_string())?;
        let largest = h.iter().flatten().fold(0f64, |most, v| most.max(v.abs()));
        if !largest.is_finite() {
            return Err(format!("{name}: the Hessian at {at:?} is {h:?}"));
        }
        for i in 0..4 {
            for j in 0..i {
                if !close(h[i][j], h[j][i], 1e-9, largest) {
                    return Err(format!("{name}: not symmetric at {at:?}: {h:?}"));
                }
            }
        }
        let v = [0.3, -0.7, 0.5, 0.9];
        let product = field.hessian_vector_at(at, v).map_err(|error| error.to_string())?;
        for i in 0..4 {
            let full: f64 = (0..4).map(|j| h[i][j] * v[j]).sum();
            if !close(product[i], full, 1e-9, largest) {
                return Err(format!("{name}: H·v at {at:?}: {} is not {full}", product[i]));
            }
        }
        if is_smooth_near(&tape, at, 1e-4) && largest < 1e3 {
            for i in 0..4 {
                let by = |d: f64| {
                    let mut to = at;
                    to[i] += d;
                    field.gradient_at(to)
                };
                let e = 1e-5;
                let (above, below) = (by(e).unwrap(), by(-e).unwrap());
                for j in 0..4 {
                    let slope = (above[j] - below[j]) / (2.0 * e);
                    if !close(slope, h[i][j], 1e-4, largest) {
                        return Err(format!("{name}: H[{i}][{j}] at {at:?}: {slope} is not {}", h[i][j]));
                    }
                }
            }
        }
    }
    Ok(())
}

/// The adjoint of every parameter is the forward derivative.
fn parameters_hold(name: &str, field: &Field, points: usize, seed: u64) -> Result<(), String> {
    let mut random = Random(seed);
    let parameters = field.parameters().map_err(|error| error.to_string())?;
    for _ in 0..points {
        let at = random.point();
        let back = field.parameter_gradient_at(at).map_err(|error| error.to_string())?;
        let largest = back.iter().fold(0f64, |most, v| most.max(v.abs()));
        for (own, back) in parameters.iter().zip(&back) {
            let seeded = |parameter: &Parameter| {
                let slope = [if parameter.name() == own.name() { 1.0 } else { 0.0 }];
                Dual::<f64, 1> { value: parameter.value(), slope }
            };
            let forward = field.run_with(at.map(Dual::fixed), seeded).map_err(|error| error.to_string())?;
            if !close(*back, forward.slope[0], 1e-10, largest) {
                let (name_of, forward) = (own.name(), forward.slope[0]);
                return Err(format!("{name}: ∂/∂{name_of} at {at:?}: {back} is not {forward}"));
            }
        }
    }
    Ok(())
}

fn each(fields: Vec<(String, Field)>, check: impl Fn(&str, &Field, u64) -> Result<(), String>) {
    let failures: Vec<String> = fields
        .iter()
        .enumerate()
        .filter_map(|(i, (name, field))| check(name, field, 1000 + i as u64).err())
        .collect();
    assert!(failures.is_empty(), "{} of {}:\n{}", failures.len(), fields.len(), failures.join("\n"));
}

fn fewer_for_kernels(field: &Field, points: usize) -> usize {
    if has_kernel(field) { points / 10 } else { points }
}

#[test]
fn every_operation_and_shape_on_every_reading() {
    let count = std::cell::RefCell::new(Count::default());
    each([operations(), shapes()].concat(), |name, field, seed| {
        conforms(name, field, fewer_for_kernels(field, 200), seed, &mut count.borrow_mut())
    });
    let count = count.into_inner();
    assert!(count.compared > 9 * count.left_out, "too many points near kinks: {count:?}");
}

#[test]
fn every_operation_and_shape_over_boxes() {
    each([operations(), shapes()].concat(), |name, field, seed| {
        bounds_hold(name, field, fewer_for_kernels(field, 60), 10, seed)
    });
}

#[test]
fn every_operation_and_shape_over_triangles() {
    each([operations(), shapes()].concat(), |name, field, seed| {
        planes_hold(name, field, fewer_for_kernels(field, 60), 10, seed)
    });
}

#[test]
fn every_operation_and_shape_to_second_order() {
    each([operations(), shapes()].concat(), |name, field, seed| {
        hessian_holds(name, field, fewer_for_kernels(field, 30), seed)
    });
}

/// Random compositions of the whole library, each held to everything at a few points and boxes.
#[test]
fn random_compositions() {
    const CASES: u32 = 10_000;
    let count = std::cell::RefCell::new(Count::default());
    let config =
        Config { cases: CASES, failure_persistence: None, max_shrink_iters: 300, ..Config::default() };
    let rng = TestRng::from_seed(RngAlgorithm::ChaCha, &[7; 32]);
    let mut runner = TestRunner::new_with_rng(config, rng);
    let result = runner.run(&support::plan(), |plan| {
        let field = plan.build();
        let failed = |text: String| proptest::test_runner::TestCaseError::fail(text);
        conforms("composition", &field, 3, 11, &mut count.borrow_mut()).map_err(failed)?;
        bounds_hold("composition", &field, 3, 3, 12).map_err(failed)?;
        planes_hold("composition", &field, 3, 3, 14).map_err(failed)?;
        parameters_hold("composition", &field, 1, 13).map_err(failed)
    });
    if let Err(error) = result {
        panic!("{error}");
    }
    let count = count.into_inner();
    assert!(count.compared > 4 * count.left_out, "too many points near kinks: {count:?}");
}

/// Random compositions, swept over a span of time: kernels with whole graphs in them.
#[test]
fn random_compositions_swept() {
    let config = Config { cases: 60, failure_persistence: None, max_shrink_iters: 20, ..Config::default() };
    let rng = TestRng::from_seed(RngAlgorithm::ChaCha, &[9; 32]);
    let result = TestRunner::new_with_rng(config, rng).run(&support::plan(), |plan| {
        let field = plan.build().sweep(0, param("until", 0.4));
        let failed = |text: String| proptest::test_runner::TestCaseError::fail(text);
        conforms("swept", &field, 2, 21, &mut Count::default()).map_err(failed)?;
        bounds_hold("swept", &field, 2, 2, 22).map_err(failed)?;
        parameters_hold("swept", &field, 1, 23).map_err(failed)
    });
    if let Err(error) = result {
        panic!("{error}");
    }
}

#[test]
fn a_tape_lists_its_parameters_as_the_field_does() {
    let field =
        sphere(param("a", 1.0)).translate((param("b", 0.5), 0, param("c", 0.1))) | sphere(param("a", 1.0));
    let names: Vec<String> = field.parameters().unwrap().iter().map(|p| p.name().to_string()).collect();
    let tape = Tape::new(&[field]).unwrap();
    assert_eq!(tape.parameters().map(|p| p.name().to_string()).collect::<Vec<_>>(), names);
}
