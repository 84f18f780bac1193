//! Blocks of points in `f32` against one point at a time, and against `f64`.

use fieldgrad::number::Lanes;
use fieldgrad::prelude::*;
use fieldgrad::tape::{Block, Machine, Tape};

#[test]
fn a_block_is_its_points() {
    let moving = r#box([1.0, 0.5, 0.8]).rotate([1, 2, 3], t()).displace(0.05 * noise(0.5));
    let field = sphere(param("r", 0.5)).smooth_union(moving, 0.3).repeat([2.0, 0.0, 2.0]);
    let tape = field.gradient_tape().unwrap();
    let axis = |step: f32| (0..1003).map(|i| (i as f32 * step).sin() * 2.0).collect::<Vec<f32>>();
    let points = [axis(0.37), axis(0.73), axis(1.19), axis(0.53)];
    let [xs, ys, zs, ts] = &points;
    let parallel = tape.eval_f32([&xs[..], ys, zs, ts]);
    let mut machine = Machine::<Lanes<1>>::new(&tape);
    for i in 0..xs.len() {
        let one = machine.at(points.each_ref().map(|axis| Lanes([axis[i]])));
        for (output, one) in parallel.iter().zip(one) {
            let (block, one) = (output[i], one.0[0]);
            assert!((block - one).abs() <= 1e-5 * (1.0 + one.abs()), "{block} is not {one} at {i}");
        }
    }
    // The same with one time for all.
    let mut outputs = vec![vec![0.0; xs.len()]; 5];
    let mut views: Vec<&mut [f32]> = outputs.iter_mut().map(Vec::as_mut_slice).collect();
    let mut block = Block::new(&tape);
    block.set_time(0.7);
    block.set_parameters(&[0.6]);
    block.eval([xs, ys, zs], &mut views);
    let mut machine = Machine::<f64>::new(&tape);
    machine.set_parameters(&[0.6]);
    for i in (0..xs.len()).step_by(7) {
        let exact = machine.at([xs[i] as f64, ys[i] as f64, zs[i] as f64, 0.7]);
        assert!((outputs[0][i] as f64 - exact[0]).abs() < 1e-5, "{} is not {}", outputs[0][i], exact[0]);
    }
}

#[test]
fn any_number_of_threads_gives_the_same_bits() {
    let field = sphere(0.5).smooth_union(torus(0.8, 0.2).rotate_x(t()), 0.3).displace(0.1 * (5 * x()).sin());
    let tape = field.gradient_tape().unwrap();
    let axis = |step: f32| (0..30_001).map(|i| (i as f32 * step).sin() * 2.0).collect::<Vec<f32>>();
    let [xs, ys, zs, ts] = [axis(0.37), axis(0.73), axis(1.19), axis(0.53)];
    let on = |threads: usize| {
        let pool = rayon::ThreadPoolBuilder::new().num_threads(threads).build().unwrap();
        pool.install(|| tape.eval_f32([&xs[..], &ys, &zs, &ts]))
    };
    let one = on(1);
    assert!(one.iter().flatten().all(|value| value.is_finite()));
    assert!(one == on(2) && one == on(4));
}

/// Numbers at which rules change, and common ones.
fn number(random: &mut impl FnMut() -> u32) -> f32 {
    const SPECIAL: [f32; 10] =
        [0.0, -0.0, 1.0, -1.0, 0.5, f32::INFINITY, f32::NEG_INFINITY, f32::NAN, 1e-40, f32::MAX];
    match random() % 4 {
        0 => SPECIAL[random() as usize % SPECIAL.len()],
        _ => (random() % 4001) as f32 * 0.001 - 2.0,
    }
}

fn generator(mut state: u64) -> impl FnMut() -> u32 {
    move || {
        state = state.wrapping_mul(6364136223846793005).wrapping_add(1442695040888963407);
        (state >> 33) as u32
    }
}

/// A random graph of light operations in which results are read once or often, over coordinates, numbers, parameters
/// and now and then a kernel. No line is the same for all points: those are worked out in `f64`.
fn random_fields(random: &mut impl FnMut() -> u32) -> Vec<Field> {
    let uniform = [param("p", 0.75), Field::constant(-1.5), Field::constant(0.0)];
    let mut nodes = vec![x(), y(), z(), t()];
    for _ in 0..60 {
        let mut varying = || {
            // Mostly one of the last few: trees; else any: shared nodes.
            let reach = if random().is_multiple_of(3) { nodes.len() } else { nodes.len().min(6) };
            nodes[nodes.len() - 1 - random() as usize % reach].clone()
        };
        let (mut a, mut b, mut c, mut d) = (varying(), varying(), varying(), varying());
        for other in [&mut b, &mut c, &mut d] {
            if random().is_multiple_of(4) {
                *other = uniform[random() as usize % uniform.len()].clone();
            }
        }
        if random().is_multiple_of(2) {
            std::mem::swap(&mut a, &mut b);
        }
        let made = match random() % 40 {
            0..5 => a + b,
            5..10 => a - b,
            10..14 => a * b,
            14..18 => a.min(b),
            18..22 => a.max(b),
            22..24 => -a,
            24..26 => a.abs(),
            26..28 => a.square(),
            28 => a.sqrt(),
            29 => a.recip(),
            30..34 => if_less(a, b, c, d),
            34..36 => mix(a, b, c),
            36 => length([a, b, c]),
            37 => a.smooth_min(b, 0.3),
            38 => a + noise(0.7),
            _ => a / b,
        };
        if Axis::ALL.into_iter().any(|axis| made.depends_on(axis)) {
            nodes.push(made);
        }
    }
    (0..3).map(|i| nodes[nodes.len() - 1 - i * 7].clone()).collect()
}

/// Every operation that is run in one step with others gives the bits it gives by itself.
#[test]
fn fused_steps_are_their_operations_one_by_one() {
    let mut random = generator(7);
    for round in 0..400 {
        let fields = random_fields(&mut random);
        let tape = Tape::new(&fields).unwrap();
        let mut machine = Machine::<Lanes<16>>::new(&tape);
        let count = 1 + random() as usize % 600;
        let mut axis = || (0..count).map(|_| number(&mut random)).collect::<Vec<f32>>();
        let points = [axis(), axis(), axis(), axis()];
        let mut outputs = vec![vec![0.0; count]; fields.len()];
        let mut views: Vec<&mut [f32]> = outputs.iter_mut().map(Vec::as_mut_slice).collect();
        Block::over_times(&tape).eval(points.each_ref().map(Vec::as_slice), &mut views);
        for start in (0..count).step_by(16) {
            let at = points
                .each_ref()
                .map(|axis| Lanes(std::array::from_fn(|lane| axis[(start + lane).min(count - 1)])));
            let one_by_one = machine.at(at);
            for (output, expected) in outputs.iter().zip(one_by_one) {
                for (got, want) in output[start..].iter().zip(expected.0) {
                    let same = got.to_bits() == want.to_bits() || (got.is_nan() && want.is_nan());
                    assert!(same, "round {round}: {got:e} is not {want:e}");
                }
            }
        }
    }
}
