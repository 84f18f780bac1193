//! Sums over points and their derivatives in every parameter, against the adjoint in `f64`, a point at a time.

mod support;

use fieldgrad::number::Op;
use fieldgrad::prelude::*;
use fieldgrad::shape::catalogue;
use fieldgrad::tape::{Adjoint, Sum, Tape};
use proptest::test_runner::{Config, RngAlgorithm, TestRng, TestRunner};
use support::{Random, is_smooth_near};

/// Points as columns, a time each.
type Columns = [Vec<f32>; 4];

fn columns(count: usize, seed: u64) -> Columns {
    let mut random = Random(seed);
    let points: Vec<[f64; 4]> = (0..count).map(|_| random.point()).collect();
    [0, 1, 2, 3].map(|axis| points.iter().map(|point| point[axis] as f32).collect())
}

fn views(columns: &Columns) -> [&[f32]; 4] {
    columns.each_ref().map(Vec::as_slice)
}

/// What a sum should be: the total, the derivatives, and how large the addends of each are.
#[derive(Clone, Debug)]
struct Reference {
    total: f64,
    gradient: Vec<f64>,
    size: f64,
    sizes: Vec<f64>,
}

/// Σ loss(outputs), in `f64`, with `loss` giving its value and its derivative in each output.
fn reference(tape: &Tape, points: &Columns, loss: impl Fn(&[f64]) -> (f64, Vec<f64>)) -> Reference {
    let mut adjoint = Adjoint::<f64>::new(tape);
    let zeros = vec![0.0; tape.parameters().len()];
    let mut sum = Reference { total: 0.0, gradient: zeros.clone(), size: 0.0, sizes: zeros };
    for i in 0..points[0].len() {
        let at = points.each_ref().map(|axis| f64::from(axis[i]));
        let outputs: Vec<f64> = adjoint.forward(at).copied().collect();
        let (value, seeds) = loss(&outputs);
        adjoint.back(&seeds);
        sum.total += value;
        sum.size += value.abs();
        for (n, slope) in adjoint.parameters().enumerate() {
            sum.gradient[n] += slope;
            sum.sizes[n] += slope.abs();
        }
    }
    sum
}

/// Holds a sum to its reference, within so many units in the last place of `f32` of its addends' sizes.
fn holds(name: &str, sum: &Sum, truth: &Reference, ulps: f64) -> Result<(), String> {
    let most = ulps * f64::from(f32::EPSILON);
    let near = |a: f64, b: f64, size: f64| (a - b).abs() <= most * (1.0 + size);
    if !near(sum.total(), truth.total, truth.size) {
        return Err(format!("{name}: the total {} is not {}", sum.total(), truth.total));
    }
    for (n, (own, exact)) in sum.gradient().into_iter().zip(&truth.gradient).enumerate() {
        if !near(own, *exact, truth.sizes[n]) {
            let size = truth.sizes[n];
            return Err(format!("{name}: ∂{n}: {own} is not {exact}, of addends of {size} in all"));
        }
    }
    Ok(())
}

/// The sum of every output, each weighted by its value: Σ ½ Σ f².
fn half_squares(outputs: &[f64]) -> (f64, Vec<f64>) {
    (outputs.iter().map(|f| 0.5 * f * f).sum(), outputs.to_vec())
}

/// The same in columns.
fn half_squares_of<const N: usize>(values: [&[f32]; N], seeds: [&mut [f32]; N]) -> f64 {
    let mut sum = 0.0;
    for (values, seeds) in values.into_iter().zip(seeds) {
        seeds.copy_from_slice(values);
        sum += values.iter().map(|&f| 0.5 * f64::from(f) * f64::from(f)).sum::<f64>();
    }
    sum
}

/// Those of the points that are away from kinks, where `f32` and `f64` may choose differently.
fn smooth_points(tape: &Tape, points: Columns) -> Columns {
    let smooth = |i: &usize| is_smooth_near(tape, points.each_ref().map(|axis| f64::from(axis[*i])), 1e-4);
    let kept: Vec<usize> = (0..points[0].len()).filter(smooth).collect();
    points.each_ref().map(|axis| kept.iter().map(|&i| axis[i]).collect())
}

/// A field's value and spatial gradient, summed with their squares, against `f64`. How many points were compared.
fn sum_is_the_adjoint(
    name: &str,
    field: &Field,
    points: usize,
    ulps: f64,
    seed: u64,
) -> Result<usize, String> {
    let value = field.tape().map_err(|error| error.to_string())?;
    let points = smooth_points(&value, columns(points, seed));
    let mut sum = Sum::over_times(&value);
    sum.add(views(&points));
    holds(name, &sum, &reference(&value, &points, |f| (f[0], vec![1.0])), ulps)?;
    sum.set_parameters(&value.parameters().map(|parameter| parameter.value()).collect::<Vec<_>>());
    sum.add_loss(views(&points), |_, f: [&[f32]; 1], seeds| half_squares_of(f, seeds));
    holds(name, &sum, &reference(&value, &points, half_squares), ulps)?;
    Ok(points[0].len())
}

/// A field moved, turned and sized by parameters.
fn with_parameters(field: &Field) -> Field {
    let place = (param("at.x", 0.1), param("at.y", -0.2), param("at.z", 0.15));
    let moved = field.scale(param("size", 1.1)).rotate((1, param("axis", 0.3), 2), param("angle", 0.4));
    moved.translate(place).offset(param("offset", 0.05))
}

#[test]
fn every_shape() {
    let mut compared = 0;
    let mut failures = Vec::new();
    let entries: Vec<_> = catalogue().collect();
    for (i, entry) in entries.iter().enumerate() {
        let field = with_parameters(&(entry.sample)());
        let points = if support::is_swept(entry.name) { 10 } else { 150 };
        match sum_is_the_adjoint(entry.name, &field, points, 512.0, 100 + i as u64) {
            Ok(count) => compared += count,
            Err(text) => failures.push(text),
        }
    }
    assert!(failures.is_empty(), "{} of {}:\n{}", failures.len(), entries.len(), failures.join("\n"));
    assert!(compared > 130 * entries.len(), "too many points near kinks: {compared}");
}

/// Every operation, each operand in turn the same for all points, moved by a parameter, or neither.
#[test]
fn every_operation_with_every_kind_of_operand() {
    let own =
        |i: usize| [0.4 * x() + 0.3, 0.2 * y() - z(), 0.5 + 0.1 * t() * x(), z() + 0.3 * y()][i].clone();
    let kinds: [fn(Field, usize) -> Field; 4] = [
        |own, _| own,
        |own, i| own + 0.2 * param(&format!("a{i}"), 0.5) * sin(x()),
        |_, i| param(&format!("b{i}"), 0.35 + 0.17 * i as f64),
        |_, i| Field::constant(0.45 + 0.11 * i as f64),
    ];
    let inside = |op: Op, i: usize, field: Field| match op {
        Op::Sqrt | Op::Ln | Op::Recip => 0.3 + field.square(),
        Op::Asin | Op::Acos | Op::Tan => 0.9 * field.sin(),
        Op::Div | Op::Modulo if i == 1 => 0.4 + field.square(),
        Op::Pow if i == 0 => 0.3 + field.square(),
        Op::SmoothMin(_) | Op::SmoothWeight(_) if i == 2 => 0.3 + field.square(),
        _ => field,
    };
    let mut failures = Vec::new();
    let mut compared = 0;
    let mut cases = 0;
    for op in Op::ALL {
        for choice in 0..4usize.pow(op.arity() as u32) {
            let operands: Vec<Field> = (0..op.arity())
                .map(|i| inside(op, i, kinds[choice / 4usize.pow(i as u32) % 4](own(i), i)))
                .collect();
            let field = op.apply(|i| operands[i].clone()) + param("level", 0.1) * x();
            cases += 1;
            match sum_is_the_adjoint(&format!("{op:?} {choice}"), &field, 37, 512.0, choice as u64) {
                Ok(count) => compared += count,
                Err(text) => failures.push(text),
            }
        }
    }
    assert!(
        failures.is_empty(),
        "{} of {cases}:\n{}",
        failures.len(),
        failures[..failures.len().min(30)].join("\n")
    );
    assert!(compared > 30 * cases, "too many points near kinks: {compared} of {cases} cases");
}

#[test]
fn random_compositions() {
    let config =
        Config { cases: 1500, failure_persistence: None, max_shrink_iters: 300, ..Config::default() };
    let rng = TestRng::from_seed(RngAlgorithm::ChaCha, &[11; 32]);
    let compared = std::cell::Cell::new(0);
    let result = TestRunner::new_with_rng(config, rng).run(&support::plan(), |plan| {
        let count = sum_is_the_adjoint("composition", &plan.build(), 40, 4096.0, 5);
        let count = count.map_err(proptest::test_runner::TestCaseError::fail)?;
        compared.set(compared.get() + count);
        Ok(())
    });
    if let Err(error) = result {
        panic!("{error}");
    }
    assert!(compared.get() > 30 * 1500, "too many points near kinks: {}", compared.get());
}
