//! Sums over points and their derivatives in every parameter, against the adjoint in `f64`, a point at a time.

mod support;

use fieldgrad::number::Op;
use fieldgrad::prelude::*;
use fieldgrad::shape::catalogue;
use fieldgrad::tape::{Adjoint, Sum, Sum64, Tape};
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
    holds_within(name, sum.total(), sum.gradient(), truth, ulps * f64::from(f32::EPSILON))
}

/// The same of a sum in `f64`, whose addends are the reference's: it may add them in another order.
fn holds_in_f64(name: &str, sum: &Sum64, truth: &Reference) -> Result<(), String> {
    holds_within(&format!("{name} in f64"), sum.total(), sum.gradient(), truth, 1e-13)
}

fn holds_within(
    name: &str,
    total: f64,
    gradient: Vec<f64>,
    truth: &Reference,
    most: f64,
) -> Result<(), String> {
    let near = |a: f64, b: f64, size: f64| (a - b).abs() <= most * (1.0 + size);
    if !near(total, truth.total, truth.size) {
        return Err(format!("{name}: the total {total} is not {}", truth.total));
    }
    for (n, (own, exact)) in gradient.into_iter().zip(&truth.gradient).enumerate() {
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

/// The same in `f64`.
fn half_squares_in_f64(_: usize, values: &[&[f64]], seeds: &mut [&mut [f64]]) -> f64 {
    let mut sum = 0.0;
    for (values, seeds) in values.iter().zip(seeds) {
        seeds.copy_from_slice(values);
        sum += values.iter().map(|f| 0.5 * f * f).sum::<f64>();
    }
    sum
}

fn in_f64(points: &Columns) -> [Vec<f64>; 4] {
    points.each_ref().map(|axis| axis.iter().map(|&x| f64::from(x)).collect())
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
    let truth = reference(&value, &points, |f| (f[0], vec![1.0]));
    holds(name, &sum, &truth, ulps)?;
    let doubles = in_f64(&points);
    let mut sum64 = Sum64::over_times(&value);
    sum64.add(doubles.each_ref().map(Vec::as_slice));
    holds_in_f64(name, &sum64, &truth)?;
    sum.set_parameters(&value.parameters().map(|parameter| parameter.value()).collect::<Vec<_>>());
    sum.add_loss(views(&points), |_, f: [&[f32]; 1], seeds| half_squares_of(f, seeds));
    let truth = reference(&value, &points, half_squares);
    holds(name, &sum, &truth, ulps)?;
    sum64.set_parameters(&value.parameters().map(|parameter| parameter.value()).collect::<Vec<_>>());
    sum64.add_loss(doubles.each_ref().map(Vec::as_slice), &half_squares_in_f64);
    holds_in_f64(name, &sum64, &truth)?;
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
        let points = if support::is_slow(&field) { 10 } else { 150 };
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
        Op::DirectionCosine if i == 0 => field.sin(),
        Op::DirectionCosine => 1.0 + field.square(),
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

/// A moving scene with a bit of everything, and 6 parameters.
fn scene() -> Field {
    let moving = r#box((1.0, param("height", 0.5), 0.8)).rotate((1, 2, 3), t() * param("speed", 0.7));
    let ball = sphere(param("r", 0.5)).translate((0.2, param("rise", 0.3) * sin(t()), 0));
    let blended = ball.smooth_union(moving, param("blend", 0.3));
    blended | torus(0.8, param("tube", 0.1))
}

/// A tape of a field and its derivatives in space, for losses of both.
fn with_slopes(field: &Field) -> Tape {
    let [x, y, z, _] = field.gradient();
    Tape::new(&[field.clone(), x, y, z]).unwrap()
}

#[test]
fn losses_of_derivatives_have_mixed_derivatives() {
    let tape = with_slopes(&scene());
    let points = smooth_points(&scene().tape().unwrap(), columns(3000, 3));
    let mut sum = Sum::over_times(&tape);
    sum.add_loss(views(&points), |_, outputs: [&[f32]; 4], seeds| half_squares_of(outputs, seeds));
    let truth = reference(&tape, &points, half_squares);
    assert!(truth.sizes.iter().all(|&size| size > 1.0), "{truth:?}");
    holds("half squares", &sum, &truth, 64.0).unwrap();
    let mut sum64 = Sum64::over_times(&tape);
    sum64.add_loss(in_f64(&points).each_ref().map(Vec::as_slice), &half_squares_in_f64);
    holds_in_f64("half squares", &sum64, &truth).unwrap();
}

#[test]
fn kernels_send_back() {
    let rough = scene().displace(param("depth", 0.1) * noise(param("grain", 0.6)));
    let swept = sphere(0.4).translate((t(), 0, 0)).sweep(0, param("until", 0.6)).offset(param("offset", 0.1));
    let still =
        sphere(0.5).offset(noise(param("grain", 0.6)).remap([0.1, 0.2, 0.3, 0.4].map(Field::constant)));
    for (name, field, points) in
        [("noise", rough, 400), ("sweep", swept, 40), ("one for all points", still, 50)]
    {
        let compared = sum_is_the_adjoint(name, &field, points, 256.0, 7).unwrap();
        assert!(compared * 10 > points * 9, "{name}: {compared}");
    }
}

#[test]
fn choices_send_everything_to_what_they_chose() {
    let (a, b) = (param("a", 1.0), param("b", 1.0));
    // The other branch is infinite, or steep without end, and sends nothing.
    let wild = |own: &Field| own * x().recip();
    let tie = (&a * x()).min(&b * x());
    let least = (&a * x()).min(wild(&b).abs() + 10);
    let most = (&a * x()).max(-(wild(&b).abs()) - 10);
    let chosen = if_less(x(), 1, &a * x(), (&b * (1 - x())).sqrt());
    let root = (&a * x().square()).sqrt() + (&b * x()).abs();
    let columns: Columns = [vec![0.0, 0.5, -0.25, 0.0], vec![0.0; 4], vec![0.0; 4], vec![0.0; 4]];
    for (n, field) in [tie, least, most, chosen, root].into_iter().enumerate() {
        let tape = field.tape().unwrap();
        let mut sum = Sum::over_times(&tape);
        sum.add(views(&columns));
        assert!(sum.gradient().iter().all(|slope| slope.is_finite()), "{n}: {:?}", sum.gradient());
        holds(&format!("choice {n}"), &sum, &reference(&tape, &columns, |f| (f[0], vec![1.0])), 16.0)
            .unwrap();
    }
}

/// Outputs that are the same for all points, the same twice, coordinates, and numbers; an operand that stands twice.
#[test]
fn outputs_of_every_kind() {
    let (a, b) = (param("a", 0.7), param("b", 0.4));
    let [shared, both] = [(&a * &b).exp(), (&a * x()).min(&b + y())];
    let outputs =
        [shared, both.clone(), both.clone(), a.clone(), x(), Field::constant(2.0), &both * &both, y().sin()];
    let tape = Tape::new(&outputs).unwrap();
    let points = columns(777, 9);
    for time in [None, Some(0.3)] {
        let mut points = points.clone();
        let loss = |_: usize, f: [&[f32]; 8], seeds: [&mut [f32]; 8]| half_squares_of(f, seeds);
        let sum = match time {
            None => {
                let mut sum = Sum::over_times(&tape);
                sum.add_loss(views(&points), loss);
                sum
            }
            Some(t) => {
                points[3].fill(t);
                let mut sum = Sum::new(&tape);
                sum.set_time(t.into());
                sum.add_loss([&points[0], &points[1], &points[2]], loss);
                sum
            }
        };
        let truth = reference(&tape, &points, half_squares);
        holds("outputs", &sum, &truth, 16.0).unwrap();
        let [x, y, z, t] = &in_f64(&points);
        let mut sum64 = if time.is_none() { Sum64::over_times(&tape) } else { Sum64::new(&tape) };
        match time {
            None => sum64.add_loss([x, y, z, t], &half_squares_in_f64),
            Some(time) => {
                sum64.set_time(time.into());
                sum64.add_loss([x, y, z], &half_squares_in_f64);
            }
        }
        holds_in_f64("outputs", &sum64, &truth).unwrap();
    }
}

#[test]
fn any_number_of_points_in_any_portions() {
    let tape = scene().tape().unwrap();
    let smooth = smooth_points(&tape, columns(20_500, 4));
    let all = views(&smooth);
    for count in [0, 1, 2, 15, 16, 17, 255, 1003, 8192, 8193, 20_000] {
        let points = all.map(|axis| axis[..count].to_vec());
        let truth = reference(&tape, &points, |f| (f[0], vec![1.0]));
        let mut whole = Sum::over_times(&tape);
        whole.add(views(&points));
        holds(&format!("{count} points"), &whole, &truth, 64.0).unwrap();
        let mut portions = Sum::over_times(&tape);
        for start in (0..count).step_by(733) {
            let end = (start + 733).min(count);
            portions.add(all.map(|axis| &axis[start..end]));
        }
        holds(&format!("{count} points in portions"), &portions, &truth, 64.0).unwrap();
    }
}

/// At one time after another, the derivative is of all that was added; setting the parameters begins again.
#[test]
fn times_and_parameters_may_change() {
    let tape = scene().tape().unwrap();
    let mut points = smooth_points(&tape, columns(500, 6));
    let mut sum = Sum::new(&tape);
    sum.add([&points[0], &points[1], &points[2]]);
    sum.set_parameters(&tape.parameters().map(|parameter| parameter.value()).collect::<Vec<_>>());
    let mut columns: Columns = Default::default();
    for frame in [0.0f32, 0.4, 1.1] {
        sum.set_time(frame.into());
        sum.add([&points[0], &points[1], &points[2]]);
        points[3].fill(frame);
        for (all, axis) in columns.iter_mut().zip(&points) {
            all.extend(axis);
        }
    }
    holds("frames", &sum, &reference(&tape, &columns, |f| (f[0], vec![1.0])), 256.0).unwrap();
}

/// The bound that is stated where the sums are: f32 between, f64 beyond. Addends of one sign, over many points.
#[test]
fn long_sums_lose_nothing() {
    let tape = (param("a", 1.1) * (x().square() + 1)).tape().unwrap();
    let xs: Vec<f32> = (0..300_000).map(|i| (i as f32 * 0.37).sin()).collect();
    let zeros = vec![0.0; xs.len()];
    let mut sum = Sum::new(&tape);
    sum.add([&xs, &zeros, &zeros]);
    let exact: f64 = xs.iter().map(|&x| f64::from(x) * f64::from(x) + 1.0).sum();
    assert!((sum.gradient()[0] / exact - 1.0).abs() < 1e-7, "{} {exact}", sum.gradient()[0]);
    // One parameter that is used in very many places.
    let many = (1..4000).map(|i| (param("k", 0.5) * (x() + i)).abs()).reduce(|sum, more| sum + more).unwrap();
    let tape = many.tape().unwrap();
    let mut sum = Sum::new(&tape);
    sum.add([&xs[..300], &zeros[..300], &zeros[..300]]);
    let exact: f64 =
        xs[..300].iter().map(|&x| (1..4000).map(|i| (f64::from(x) + f64::from(i)).abs()).sum::<f64>()).sum();
    assert!((sum.gradient()[0] / exact - 1.0).abs() < 1e-6, "{} {exact}", sum.gradient()[0]);
}

#[test]
fn any_number_of_threads_gives_the_same_bits() {
    let tape = with_slopes(&scene());
    let points = columns(50_001, 8);
    let on = |threads: usize| {
        let pool = rayon::ThreadPoolBuilder::new().num_threads(threads).build().unwrap();
        pool.install(|| {
            let mut sum = Sum::over_times(&tape);
            sum.add_loss(views(&points), |_, f: [&[f32]; 4], seeds| half_squares_of(f, seeds));
            let mut sum64 = Sum64::over_times(&tape);
            let doubles = in_f64(&points);
            sum64.add_loss(doubles.each_ref().map(Vec::as_slice), &half_squares_in_f64);
            let bits = |slopes: Vec<f64>| slopes.into_iter().map(f64::to_bits).collect::<Vec<_>>();
            [(sum.total(), sum.gradient()), (sum64.total(), sum64.gradient())]
                .map(|(total, gradient)| (total.to_bits(), bits(gradient)))
        })
    };
    let one = on(1);
    assert!(one == on(2) && one == on(4));
}

/// The index a loss is given is that of its first point.
#[test]
fn a_loss_knows_its_points() {
    let tape = (param("scale", 2.0) * x()).tape().unwrap();
    let xs: Vec<f32> = (0..20_000).map(|i| (i % 7) as f32).collect();
    let zeros = vec![0.0; xs.len()];
    let targets: Vec<f32> = xs.iter().map(|x| 2.0 * x).collect();
    let mut sum = Sum::new(&tape);
    sum.add_loss([&xs, &zeros, &zeros], |start, [values]: [&[f32]; 1], [seeds]| {
        let mut loss = 0.0;
        for (i, (seed, value)) in seeds.iter_mut().zip(values).enumerate() {
            *seed = value - targets[start + i];
            loss += f64::from(*seed).abs();
        }
        loss
    });
    assert_eq!((sum.total(), sum.gradient()), (0.0, vec![0.0]));
}

#[test]
fn a_tape_without_parameters_or_without_outputs_sums() {
    let tape = sphere(0.5).tape().unwrap();
    let mut sum = Sum::new(&tape);
    sum.add([&[1.5], &[0.0], &[0.0]]);
    assert_eq!((sum.total(), sum.gradient()), (1.0, Vec::new()));
    let none = Tape::new(&[]).unwrap();
    let mut sum = Sum::new(&none);
    sum.add([&[1.5], &[0.0], &[0.0]]);
    assert_eq!((sum.total(), sum.gradient()), (0.0, Vec::new()));
}
