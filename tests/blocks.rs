//! Blocks of points in `f32` against one point at a time, and against `f64`.

use fieldgrad::number::Lanes;
use fieldgrad::prelude::*;
use fieldgrad::tape::{Block, Machine};

#[test]
fn a_block_is_its_points() {
    let moving = r#box([1.0, 0.5, 0.8]).rotate([1, 2, 3], t()).displace(0.05 * noise(0.5));
    let field = sphere(param("r", 0.5)).smooth_union(moving, 0.3).repeat([2.0, 0.0, 2.0]);
    let tape = field.gradient_tape().unwrap();
    let axis = |step: f32| (0..1003).map(|i| (i as f32 * step).sin() * 2.0).collect::<Vec<f32>>();
    let points = [axis(0.37), axis(0.73), axis(1.19), axis(0.53)];
    let [xs, ys, zs, ts] = &points;
    let parallel = tape.eval_points(xs, ys, zs, ts);
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
        pool.install(|| tape.eval_points(&xs, &ys, &zs, &ts))
    };
    let one = on(1);
    assert!(one.iter().flatten().all(|value| value.is_finite()));
    assert!(one == on(2) && one == on(4));
}
