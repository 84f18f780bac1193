//! What a kernel promises, held on kernels of the crate and on one from outside it, through the public API.

mod support;

use fieldgrad::field::{Kind, kernel, kernel_output};
use fieldgrad::number::{Columns, Derivative, Dual, Identity, Output};
use fieldgrad::prelude::*;
use fieldgrad::shape::grid::{GridSamples, Interpolation, sampled};
use fieldgrad::tape::{Adjoint, Asked, Block, Boxes, Machine, Sum, Tape};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use support::{Random, close};

/// The outputs of a field's kernels, if it is made of them.
fn kernels(field: &Field) -> Vec<(Output, usize)> {
    let mut found = Vec::new();
    let mut stack = vec![field.clone()];
    while let Some(node) = stack.pop() {
        if let Kind::Kernel(output) = node.kind() {
            found.push((output.clone(), node.parents().len()));
        }
        stack.extend(node.parents().iter().cloned());
    }
    found
}

fn wavy(counts: &[usize], interpolation: Interpolation) -> Field {
    let all: usize = counts.iter().product();
    let mut random = Random(3);
    let values = (0..all).map(|_| random.between(-1.0, 1.0) as f32).collect();
    let samples = GridSamples::new(counts, [-1.0, -1.2, -0.9, 0.0], [1.1, 1.0, 1.3, 1.5], values).unwrap();
    sampled(&samples, interpolation)
}

fn all() -> Vec<(&'static str, Field)> {
    vec![
        ("noise", noise(0.8)),
        ("sweep", r#box([0.4, 0.3, 0.5]).translate((t(), 0.5 * t(), 0)).sweep(-0.7, param("until", 0.7))),
        ("grid", wavy(&[7, 6, 8], Interpolation::Cubic)),
        ("moving grid", wavy(&[5, 4, 6, 5], Interpolation::Cubic)),
        ("linear grid", wavy(&[7, 6, 8], Interpolation::Linear)),
    ]
}

#[test]
fn equal_content_is_one_kernel() {
    assert_eq!(noise(1.0), noise(1.0));
    let f = noise(0.7);
    assert_eq!(f.dx().dy(), f.dy().dx());
    let swept = || sphere(0.3).translate((t(), 0, 0)).sweep(0, 1);
    assert_eq!(swept(), swept());
    assert_eq!(swept().dx().dz(), swept().dz().dx());
    assert_eq!(wavy(&[4, 4, 4], Interpolation::Cubic), wavy(&[4, 4, 4], Interpolation::Cubic));
    assert_ne!(wavy(&[4, 4, 4], Interpolation::Cubic), wavy(&[4, 4, 4], Interpolation::Linear));
}

/// Inputs that a kernel of a field may be given there: what its parents are.
fn inputs_of(field: &Field, random: &mut Random) -> (Output, Vec<f64>) {
    let (output, _) = kernels(field)[0].clone();
    let at = random.point();
    let mut stack = vec![field.clone()];
    while let Some(node) = stack.pop() {
        if matches!(node.kind(), Kind::Kernel(_)) {
            let values = node.parents().iter().map(|parent| parent.value_at(at).unwrap());
            return (output, values.collect());
        }
        stack.extend(node.parents().iter().rev().cloned());
    }
    unreachable!("it has a kernel")
}

#[test]
fn columns_are_points() {
    let mut random = Random(1);
    for (name, field) in all() {
        let rows: Vec<(Output, Vec<f64>)> = (0..40).map(|_| inputs_of(&field, &mut random)).collect();
        let (output, arity) = (&rows[0].0, rows[0].1.len());
        let columns: Vec<f64> =
            (0..arity).flat_map(|i| rows.iter().map(move |(_, inputs)| inputs[i])).collect();
        let slopes: Vec<usize> =
            (0..arity).filter_map(|i| output.derivative(i)).map(|d| d.number()).collect();
        let wanted: Vec<usize> = std::iter::once(output.number()).chain(slopes).collect();
        let mut together = vec![0.0; wanted.len() * rows.len()];
        output.values(&wanted, Columns::new(&columns, rows.len()), &mut together);
        let narrow: Vec<f32> = columns.iter().map(|&value| value as f32).collect();
        let mut single = vec![0.0f32; together.len()];
        output.values_f32(&wanted, Columns::new(&narrow, rows.len()), &mut single);
        for (n, &number) in wanted.iter().enumerate() {
            for (row, (_, inputs)) in rows.iter().enumerate() {
                let (alone, found) =
                    (Kernel::value(&***output, number, inputs), together[n * rows.len() + row]);
                assert!(
                    close(alone, found, 1e-12, 1.0),
                    "{name}: output {number} at {inputs:?}: {found}, not {alone}"
                );
                if n == 0 {
                    let off = (f64::from(single[row]) - alone).abs();
                    assert!(
                        off < 3e-5 * (1.0 + alone.abs()),
                        "{name} at {inputs:?}: {} is not {alone}",
                        single[row]
                    );
                }
            }
        }
    }
}

#[test]
fn derivatives_are_differences_and_adjoints() {
    let mut random = Random(2);
    for (name, field) in all().into_iter().filter(|(name, _)| *name != "linear grid") {
        let tape = field.tape().unwrap();
        let mut adjoint = Adjoint::<f64>::new(&tape);
        for _ in 0..60 {
            let at = random.point();
            if !support::is_smooth_near(&tape, at, 1e-4) {
                continue;
            }
            let dual: Dual<f64> = field.run(Dual::variables(at)).unwrap();
            let _ = adjoint.forward(at);
            adjoint.back(&[1.0]);
            let back = adjoint.coordinates();
            for axis in 0..4 {
                let by = |d: f64| {
                    let mut to = at;
                    to[axis] += d;
                    field.value_at(to).unwrap()
                };
                let difference = (by(1e-5) - by(-1e-5)) / 2e-5;
                assert!(
                    close(dual.slope[axis], back[axis], 1e-10, 1.0),
                    "{name} at {at:?}: {dual:?}, {back:?}"
                );
                assert!(
                    close(dual.slope[axis], difference, 1e-6, 1.0),
                    "{name} at {at:?}: {dual:?}, {difference} in {axis}"
                );
            }
        }
    }
}

#[test]
fn bounds_contain_and_rises_bound_differences() {
    let mut random = Random(4);
    for (name, field) in all() {
        for round in 0..80 {
            let size = [0.01, 0.1, 0.6][round % 3];
            let (output, middle) = inputs_of(&field, &mut random);
            // A grid's places are those of its samples.
            let last = |i: usize| match name {
                "grid" | "linear grid" => [0.0, 6.0, 5.0, 7.0][i],
                "moving grid" => [4.0, 3.0, 5.0, 4.0][i],
                _ => f64::INFINITY,
            };
            let first = if name.ends_with("grid") { 0.0 } else { f64::NEG_INFINITY };
            let mut side = |(i, &v): (usize, &f64)| {
                let held = |end: f64| end.max(first).min(last(i));
                Interval::new(held(v - size * random.unit()), held(v + size * random.unit()))
            };
            let sides: Vec<Interval> = middle.iter().enumerate().map(&mut side).collect();
            let numbers: Vec<usize> = (0..sides.len())
                .filter_map(|i| output.derivative(i))
                .map(|d| d.number())
                .chain([output.number()])
                .collect();
            let inside = |random: &mut Random| -> Vec<f64> {
                sides
                    .iter()
                    .map(|side| random.between(side.lo(), side.hi()).clamp(side.lo(), side.hi()))
                    .collect()
            };
            for number in numbers {
                let bound = Kernel::bounds(&**output, number, &sides);
                let still = vec![Interval::point(0.0); sides.len()];
                for _ in 0..4 {
                    let (a, b) = (inside(&mut random), inside(&mut random));
                    let [fa, fb] = [&a, &b].map(|inputs| Kernel::value(&**output, number, inputs));
                    assert!(
                        bound.contains(fa),
                        "{name}: {bound:?} of output {number} over {sides:?} holds {fa} at {a:?}"
                    );
                    // Along the line from a to b, one unit long.
                    let mut rises = still.clone();
                    rises.iter_mut().enumerate().for_each(|(i, rise)| *rise = Interval::point(b[i] - a[i]));
                    let rise = output.rise(number, &sides, &rises);
                    let (slack, change) = (1e-9 * (1.0 + fa.abs()) + 1e-6 * rise.largest().min(1e6), fb - fa);
                    let within = rise.lo() - slack <= change && change <= rise.hi() + slack;
                    assert!(
                        within,
                        "{name}: {rise:?} of output {number} from {a:?} to {b:?} bounds {change}"
                    );
                }
            }
        }
    }
}

#[test]
fn a_grids_samples_are_weights() {
    let mut random = Random(6);
    for interpolation in [Interpolation::Cubic, Interpolation::Linear] {
        let field = wavy(&[3, 4, 5], interpolation);
        let (output, _) = kernels(&field)[0].clone();
        let weights = output.weights();
        assert_eq!((weights.len(), output.weight_count()), (60, 60));
        let inputs: Vec<f64> = [0.0, 1.3, 2.2, 0.7].to_vec();
        let slope = output.derivative(2).unwrap().number();
        let wanted = [output.number(), slope];
        let adjoints = [0.7, -1.3];
        let [mut to_inputs, mut to_weights] = [vec![0.0; 4], vec![0.0; 60]];
        let points = Columns::new(&inputs, 1);
        output.backward(&wanted, points, Columns::new(&adjoints, 1), &mut to_inputs, &mut to_weights);
        let loss = |weights: &[f64]| {
            let moved = output.with_weights(weights).unwrap();
            let mut out = [0.0; 2];
            moved.values(&wanted, points, &mut out);
            adjoints[0] * out[0] + adjoints[1] * out[1]
        };
        for _ in 0..20 {
            let n = (random.unit() * 60.0) as usize;
            let by = |d: f64| {
                let mut moved = weights.clone();
                moved[n] += d;
                loss(&moved)
            };
            // The samples are `f32`: steps that those hold, and a loss that is linear in them.
            let slope = (by(0.25) - by(-0.25)) / 0.5;
            assert!(
                (slope - to_weights[n]).abs() < 1e-6,
                "{interpolation:?} {n}: {} is not {slope}",
                to_weights[n]
            );
        }
    }
}

/// A tape's weights: in reverse mode, summed over points, and moved, against differences and one another.
#[test]
fn a_tapes_weights_have_gradients() {
    let mut random = Random(8);
    let grid = wavy(&[3, 4, 5], Interpolation::Cubic);
    // Two kernels, one at two places and with its derivative, below a parameter and a blend.
    let other = wavy(&[4, 3, 3], Interpolation::Linear);
    let moved = grid.clone().translate([param("along", 0.2), 0.into(), 0.into()]);
    let field =
        grid.clone().smooth_union(moved, 0.5) * param("by", 0.7) - 0.3 * (&other * &other) + grid.dx();
    let tape = field.tape().unwrap();
    let weights = tape.weights();
    assert_eq!(weights.len(), 60 + 36);

    let points: Vec<[f64; 4]> = (0..3000).map(|_| random.point().map(|v| 0.4 * v)).collect();
    let mut adjoint = Adjoint::<f64>::new(&tape);
    let mut back = |at: [f64; 4]| {
        let _ = adjoint.forward(at);
        adjoint.back(&[1.0]);
        adjoint.weights()
    };
    let mut total = vec![0.0; weights.len()];
    for &at in &points {
        total.iter_mut().zip(back(at)).for_each(|(sum, more)| *sum += more);
    }
    let by_reverse = back(points[0]);
    for n in (0..weights.len()).step_by(7) {
        let value = |d: f64| {
            let mut moved = weights.clone();
            moved[n] += d;
            Machine::<f64>::new(&tape.with_weights(&moved).unwrap()).at(points[0])[0]
        };
        // The samples are `f32`: steps that those hold.
        let slope = (value(1.0 / 256.0) - value(-1.0 / 256.0)) * 128.0;
        assert!((slope - by_reverse[n]).abs() < 1e-4, "{n}: {} is not {slope}", by_reverse[n]);
    }

    let columns = [0, 1, 2, 3].map(|axis| points.iter().map(|at| at[axis] as f32).collect::<Vec<f32>>());
    let mut sum = Sum::over_times(&tape).for_weights();
    let [x, y, z, t] = columns.each_ref().map(Vec::as_slice);
    sum.add([x, y, z, t]);
    let found = sum.weight_gradient();
    let largest = total.iter().fold(0.0f64, |most, slope| most.max(slope.abs()));
    for (n, (found, want)) in found.iter().zip(&total).enumerate() {
        assert!((found - want).abs() < 1e-4 * largest, "{n}: {found}, not {want}");
    }
    // All points eight times, by any number of threads: the same bits.
    let repeated = |threads: usize| {
        let pool = rayon::ThreadPoolBuilder::new().num_threads(threads).build().unwrap();
        let mut sum = Sum::over_times(&tape).for_weights();
        pool.install(|| sum.add([x, y, z, t].map(|column| column.repeat(8)).each_ref().map(Vec::as_slice)));
        sum.weight_gradient()
    };
    let by_one = repeated(1);
    assert_eq!(by_one, repeated(3));
    assert!(by_one.iter().zip(&found).all(|(eight, one)| (eight - 8.0 * one).abs() < 1e-3 * largest));
}

/// a·b, a and b from outside the crate, which counts its walks.
#[derive(Debug)]
struct Product(Arc<AtomicUsize>);

impl Kernel for Product {
    fn name(&self) -> &str {
        "product"
    }
    fn identity(&self) -> Option<Identity> {
        Some(Identity::of("a product from outside"))
    }
    fn value(&self, output: usize, inputs: &[f64]) -> f64 {
        [inputs[0] * inputs[1], inputs[1], inputs[0]][output]
    }
    fn bounds(&self, output: usize, inputs: &[Interval]) -> Interval {
        [inputs[0] * inputs[1], inputs[1], inputs[0]][output]
    }
    fn derivative(&self, output: usize, input: usize) -> Derivative {
        if output == 0 { Derivative::Own(1 + input) } else { Derivative::Zero }
    }
    fn smoothness(&self, _: usize, _: &[Interval]) -> Smoothness {
        Smoothness::Smooth
    }
    fn values_f32(&self, outputs: &[usize], inputs: Columns<f32>, results: &mut [f32]) {
        self.0.fetch_add(1, Ordering::Relaxed);
        let (a, b) = (inputs.column(0), inputs.column(1));
        for (n, &output) in outputs.iter().enumerate() {
            for row in 0..inputs.rows() {
                results[n * inputs.rows() + row] = [a[row] * b[row], b[row], a[row]][output];
            }
        }
    }
}

#[test]
fn outputs_at_the_same_inputs_share_one_walk() {
    let walks = Arc::new(AtomicUsize::new(0));
    let product: Arc<dyn Kernel> = Arc::new(Product(walks.clone()));
    let out = |n: usize| kernel_output(Output::new(product.clone(), n), [x() + 1, y() * t()]);
    let tape = Tape::new(&[out(0) + z(), out(1) * out(2), kernel(product.clone(), [z(), x()])]).unwrap();
    let points = [[0.5f32, 1.0], [2.0, -1.0], [0.25, 0.0]];
    let mut results = vec![vec![0.0f32; 2]; 3];
    let mut views: Vec<&mut [f32]> = results.iter_mut().map(Vec::as_mut_slice).collect();
    let mut block = Block::new(&tape);
    block.set_time(3.0);
    block.eval([&points[0], &points[1], &points[2]], &mut views);
    assert_eq!(walks.load(Ordering::Relaxed), 2, "one walk for the three outputs, one at other inputs");
    assert_eq!(results, [[9.25, -6.0], [9.0, -6.0], [0.125, 0.0]]);
    // Pruned, and on other readings, they are the same.
    let over = [Interval::new(0.0, 1.0); 4];
    let mut boxes: Boxes = Boxes::default();
    boxes.over(&tape, over.map(|side| fieldgrad::number::Intervals::around([side; 16])));
    let pruned = boxes.prune(&tape, 0, Asked::Value, tape.len()).unwrap_or_else(|| tape.clone());
    let at = [0.5, 0.3, 0.25, 0.7];
    assert_eq!(Machine::<f64>::new(&pruned).at(at), Machine::<f64>::new(&tape).at(at));
}

#[test]
fn a_grid_goes_through_its_samples_and_on_beyond_its_box() {
    let ball = sphere(0.6);
    let n = 24;
    let at = |i: usize| -1.0 + 2.0 * i as f64 / (n - 1) as f64;
    let mut values = Vec::new();
    for i in 0..n {
        for j in 0..n {
            for k in 0..n {
                values.push(ball.value_at([at(i), at(j), at(k), 0.0]).unwrap() as f32);
            }
        }
    }
    let samples = GridSamples::new(&[n; 3], [-1.0, -1.0, -1.0, 0.0], [1.0, 1.0, 1.0, 0.0], values).unwrap();
    let grid = sampled(&samples, Interpolation::Cubic);
    let mut random = Random(8);
    for _ in 0..200 {
        let [i, j, k] = [0, 1, 2].map(|_| (random.unit() * n as f64) as usize);
        let place = [at(i), at(j), at(k), 0.3];
        let off = grid.value_at(place).unwrap() - ball.value_at(place).unwrap();
        assert!(off.abs() < 1e-6, "{off} at the sample {place:?}");
        let near = [0, 1, 2].map(|_| random.between(-0.95, 0.95));
        let place = [near[0], near[1], near[2], 0.0];
        if ball.value_at(place).unwrap() > -0.35 {
            let off = grid.value_at(place).unwrap() - ball.value_at(place).unwrap();
            assert!(off.abs() < 2e-3, "{off} at {place:?}");
        }
        // Beyond the box it is a bound on the distance, and continuous.
        let far = [0, 1, 2].map(|_| random.between(-3.0, 3.0));
        let place = [far[0], far[1], far[2], 0.0];
        let (found, truth) = (grid.value_at(place).unwrap(), ball.value_at(place).unwrap());
        assert!(found <= truth + 3e-3, "{found} at {place:?}, where the distance is {truth}");
        assert!(found > 0.0 || truth < 0.05, "{found} at {place:?}");
    }
    for bad in [
        GridSamples::new(&[2, 2], [0.0; 4], [1.0; 4], vec![0.0; 4]),
        GridSamples::new(&[2, 2, 2], [0.0; 4], [1.0; 4], vec![0.0; 7]),
        GridSamples::new(&[2, 2, 0], [0.0; 4], [1.0; 4], vec![]),
        GridSamples::new(&[2, 2, 2], [0.0; 4], [1.0; 4], vec![f32::NAN; 8]),
        GridSamples::new(&[2, 2, 2], [0.0; 4], [0.0; 4], vec![0.0; 8]),
        GridSamples::new(&[usize::MAX, 2, 2], [0.0; 4], [1.0; 4], vec![0.0; 8]),
    ] {
        assert!(bad.is_err());
    }
}

/// Where bounds are not taken for what they are not, no ray is lost: at third derivatives of noise, which jump between
/// lattice cells, and at a sweep of what jumps in space.
#[test]
fn surfaces_that_jump_are_met() {
    use fieldgrad::render::march::{NOTHING, depths};
    use fieldgrad::render::{Lens, Size};
    // About 9 where x < 0 and 88 beyond.
    let rough = noise(100).dx().dx().dx() * 1_000_000 - 50;
    let sheet = (if_less((x() - 0.3).abs(), 0.06, -1, 1) + 0.1 * t().sin()).sweep(0, 1);
    for (name, field) in [("noise", rough.max(-x() - 0.3) & sphere(1.2)), ("sheet", sheet & sphere(1))] {
        let lens = Lens::pinhole([0.3, 0.4, 4.0], [0.0; 3], [0.0, 1.0, 0.0], 40.0);
        let size = Size { width: 40, height: 40 };
        let met = depths(&field, &lens, size, 0.0).unwrap();
        let tape = field.tape().unwrap();
        let mut machine = Machine::<f64>::new(&tape);
        let mut count = 0;
        for (pixel, &depth) in met.iter().enumerate() {
            let [u, v] = [(pixel % 40) as f64 - 19.5, 19.5 - (pixel / 40) as f64].map(|v| v / 20.0);
            let mut values = (0..400).map(|n| {
                let [x, y, z] = lens.at([u, v, 2.0 + 4.0 * f64::from(n) / 400.0]);
                machine.at([x, y, z, 0.0])[0]
            });
            let is_met = values.any(|f| f < -0.01);
            count += usize::from(is_met);
            assert!(!is_met || depth < NOTHING, "{name}: the ray of pixel {pixel} is lost");
        }
        assert!(count > 40, "{name}: {count}");
    }
}
