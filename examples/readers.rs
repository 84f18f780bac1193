//! The time each way to read a field takes, nanoseconds a point or a box: `cargo run --release --example readers`.
//! The field is the built-in scene's; one thread, medians of nine. What a reader is for, the table in ARCHITECTURE.md says.

use fieldgrad::Result;
use fieldgrad::number::{Bend, Dual, Interval, Intervals, Rise};
use fieldgrad::scene::built_in;
use fieldgrad::tape::{Adjoint, BOXES, Block, Block64, Boxes, Machine, Slopes, Sum, Tracer};
use std::hint::black_box;
use std::time::Instant;

/// Says the median time of one of so many things that a call does.
fn timed(what: &str, things: usize, mut call: impl FnMut()) {
    let mut times: Vec<f64> = (0..9)
        .map(|_| {
            let start = Instant::now();
            call();
            start.elapsed().as_secs_f64() * 1e9 / things as f64
        })
        .collect();
    times.sort_by(f64::total_cmp);
    println!("{what:38} {:>10.1}", times[4]);
}

fn main() -> Result<()> {
    const MANY: usize = 4096;
    let field = built_in().field().clone();
    let (tape, slopes) = (field.tape()?, field.gradient_tape()?);
    println!("{} operations; with the gradient {}", tape.len(), slopes.len());
    let at = [0.3, 0.4, -0.2, 0.7];
    timed("Field::value_at", 1, || drop(black_box(field.value_at(at))));
    let mut machine = Machine::<f64>::new(&tape);
    timed("Machine<f64>", 256, || (0..256).for_each(|_| _ = black_box(machine.at(at)[0])));
    let mut dual = Machine::<Dual<f64>>::new(&tape);
    timed("Machine<Dual<f64>>", 256, || (0..256).for_each(|_| _ = black_box(dual.at(Dual::variables(at)))));
    let mut adjoint = Adjoint::<f64>::new(&tape);
    timed("Adjoint<f64>", 1, || _ = (adjoint.forward(at).count(), adjoint.back(&[1.0])));
    let line: Vec<f32> = (0..MANY).map(|i| i as f32 / MANY as f32 - 0.5).collect();
    let points = [&line[..]; 3];
    let mut outputs = vec![vec![0.0f32; MANY]; 5];
    let mut columns: Vec<&mut [f32]> = outputs.iter_mut().map(Vec::as_mut_slice).collect();
    let (mut values, mut gradients) = (Block::new(&tape), Block::new(&slopes));
    timed("Block: f", MANY, || values.eval(points, &mut columns[..1]));
    timed("Block: f and its gradient", MANY, || gradients.eval(points, &mut columns));
    let (wide, mut fine, mut double) = (vec![0.3; MANY], vec![0.0; MANY], Block64::new(&tape));
    timed("Block64: f", MANY, || double.eval([&wide[..]; 3], &mut [&mut fine]));
    let (still, mut forward) = (tape.fixed([None, None, None, Some(0.7)]), Slopes::default());
    let [_, dx, dy, dz, _] = &mut outputs[..] else { unreachable!("there are five") };
    timed("Slopes", MANY, || forward.eval(&still, points, [dx, dy, dz]));
    let mut sum = Sum::new(&tape);
    timed("Sum: f and its parameters' gradient", MANY, || sum.add(points));
    let (side, mut tracer) = (Interval::new(0.2, 0.3), Tracer::new(&tape));
    timed("Tracer: a box", 1, || _ = black_box(tracer.over([side; 4])[0]));
    let (mut plain, mut rises, mut bends) = (Boxes::default(), Boxes::default(), Boxes::default());
    let sides = Intervals::around([side; BOXES]);
    timed("Boxes<Intervals>: a box", BOXES, || plain.over(&tape, [sides; 4]));
    timed("Boxes<Rise>: a box", BOXES, || rises.over(&tape, [sides; 4].map(Rise::across)));
    timed("Boxes<Bend>: a box", BOXES, || bends.over(&tape, [sides; 4].map(Bend::across)));
    Ok(())
}
