//! A machine, a tracer, an adjoint and a sum allocate when they are made, and not again.

use fieldgrad::number::{Dual, Lanes};
use fieldgrad::prelude::*;
use fieldgrad::tape::{Adjoint, Machine, Sum, Tracer};

fn allocations(work: impl FnMut()) -> u64 {
    allocation_counter::measure(work).count_total
}

#[test]
fn a_steady_state_evaluation_allocates_nothing() {
    let moving = r#box([1.0, 0.5, 0.8]).rotate([1, 2, 3], t());
    let scene = sphere(param("r", 0.5)).smooth_union(moving, 0.3).twist(0.4).repeat([2.0, 0.0, 2.0]);
    let tape = scene.gradient_tape().unwrap();
    let mut numbers = Machine::<f64>::new(&tape);
    let mut duals = Machine::<Dual<f64>>::new(&tape);
    let mut lanes = Machine::<Lanes<16>>::new(&tape);
    let mut adjoint = Adjoint::<f64>::new(&tape);
    let mut tracer = Tracer::new(&tape);
    let mut sum = Sum::over_times(&tape);
    let columns = [0.3, 0.1, 0.7, 0.2].map(|step| (0..1001).map(|i| i as f32 * step).collect::<Vec<f32>>());
    let weights = [1.0; 5];
    let mut work = |i: usize| {
        let at = [0.1 * i as f64, 0.2, 0.3, 0.4 * i as f64];
        numbers.set_parameters(&[0.5 + 0.01 * i as f64]);
        numbers.at(at);
        duals.at(Dual::variables(at));
        lanes.at(at.map(|v| Lanes([v as f32; 16])));
        let _ = adjoint.forward(at);
        adjoint.back(&weights);
        sum.add_loss(columns.each_ref().map(Vec::as_slice), |_, [f, ..]: [&[f32]; 5], [seeds, ..]| {
            seeds.copy_from_slice(f);
            f64::from(f[0])
        });
        tracer.over(at.map(|v| Interval::new(v, v + 0.1)));
    };
    work(0);
    assert_eq!(allocations(|| (1..50).for_each(&mut work)), 0);
    assert!(allocations(|| drop(scene.tape())) > 0, "the counter counts");
}
