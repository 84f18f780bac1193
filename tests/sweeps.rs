//! Swept volumes against brute force: the least over time, wherever it is, with its derivatives and bounds.

mod support;

use fieldgrad::number::{Dual, Intervals};
use fieldgrad::prelude::*;
use fieldgrad::tape::{Asked, BOXES, Block, Boxes, Machine, Tape};
use support::Random;

/// The least of a shape over a span, by looking at many times and closing in on the lowest few.
fn least(shape: &Tape, [x, y, z]: [f64; 3], [t0, t1]: [f64; 2]) -> f64 {
    const COUNT: usize = 4000;
    let mut machine = Machine::<f64>::new(shape);
    let mut at = |t: f64| machine.at([x, y, z, t])[0];
    let time = |n: f64| t0 + (t1 - t0) * (n / COUNT as f64).clamp(0.0, 1.0);
    let values: Vec<f64> = (0..=COUNT).map(|n| at(time(n as f64))).collect();
    let mut order: Vec<usize> = (0..=COUNT).collect();
    order.sort_by(|&a, &b| values[a].total_cmp(&values[b]));
    let mut least = values[order[0]];
    for &n in order.iter().take(24) {
        // Golden section about each.
        let (mut a, mut b) = (time(n as f64 - 1.0), time(n as f64 + 1.0));
        for _ in 0..60 {
            let (c, d) = (b - 0.618_033_988_749_895 * (b - a), a + 0.618_033_988_749_895 * (b - a));
            let (fc, fd) = (at(c), at(d));
            least = least.min(fc).min(fd);
            if fc < fd { b = d } else { a = c }
        }
    }
    least
}

fn holds(name: &str, shape: Field, [t0, t1]: [f64; 2], points: usize, seed: u64) {
    let tape = shape.tape().unwrap();
    let swept = shape.sweep(t0, t1);
    let mut random = Random(seed);
    let points: Vec<[f64; 3]> = (0..points).map(|_| random.point()).map(|[x, y, z, _]| [x, y, z]).collect();
    let column = |axis: usize| points.iter().map(|at| at[axis] as f32).collect::<Vec<f32>>();
    let mut blocks = vec![0.0; points.len()];
    let of_sweep = swept.tape().unwrap();
    Block::new(&of_sweep).eval([&column(0), &column(1), &column(2)], &mut [&mut blocks]);
    for (&[x, y, z], block) in points.iter().zip(blocks) {
        let truth = least(&tape, [x, y, z], [t0, t1]);
        let found = swept.value_at([x, y, z, 0.0]).unwrap();
        assert!(
            (found - truth).abs() <= 1e-7 * (1.0 + truth.abs()),
            "{name} at {:?}: {found}, not {truth}",
            [x, y, z]
        );
        let off = (f64::from(block) - truth).abs();
        assert!(
            off <= 2e-5 * (1.0 + truth.abs()),
            "{name} at {:?}: {block} in a block, not {truth}",
            [x, y, z]
        );
    }
}

#[test]
fn the_lower_of_two_minima_is_found() {
    let pair = || {
        union([sphere(0.37).translate([-0.42, -0.53, -0.06]), sphere(0.27).translate([-0.2, -0.11, -0.22])])
    };
    let swept = pair().translate((t(), 0, 0)).sweep(-0.7, 0.7);
    let at = [0.37529473, -0.17876622, 0.03624304, 0.0];
    let value = swept.value_at(at).unwrap();
    assert!((value + 0.00469).abs() < 1e-5, "{value}");
    holds("a pair", pair().translate((t(), 0, 0)), [-0.7, 0.7], 60, 1);
}

#[test]
fn rigid_unions_sweep_as_their_parts_do() {
    let mut random = Random(5);
    for n in 0..24 {
        let mut ball = || {
            let r = random.between(0.1, 0.4);
            sphere(r).translate([
                random.between(-0.6, 0.6),
                random.between(-0.6, 0.6),
                random.between(-0.6, 0.6),
            ])
        };
        let parts = [ball(), ball(), ball()];
        let way = |f: &Field| match n % 3 {
            0 => f.translate((t(), 0.3 * t(), 0)),
            1 => f.rotate_y(t()),
            _ => f.translate((t().sin(), 0, t() * t())),
        };
        let whole = way(&union(parts.to_vec())).sweep(-0.8, 0.9);
        let apart = union(parts.iter().map(|part| way(part).sweep(-0.8, 0.9)).collect::<Vec<_>>());
        for _ in 0..40 {
            let at = random.point();
            let (found, truth) = (whole.value_at(at).unwrap(), apart.value_at(at).unwrap());
            assert!((found - truth).abs() < 1e-9, "{n} at {at:?}: {found}, apart {truth}");
        }
    }
}

#[test]
fn jumps_in_time_are_found() {
    let hops = sphere(0.3).translate((t().floor(), 0, 0)).sweep(0, 5);
    let value = hops.value_at([2.0, 0.0, 0.0, 0.0]).unwrap();
    assert!((value + 0.3).abs() < 1e-12, "{value}");
    let over = [1.9, -0.1, -0.1, 0.0].map(|low| Interval::new(low, low + 0.2));
    let bound = hops.bound_over(over).unwrap();
    assert!(bound.contains(value), "{bound:?} holds {value}");
    holds("hops", sphere(0.3).translate((t().floor(), 0, 0)), [0.0, 5.0], 60, 2);
    let looped = sphere(0.3).translate((t(), 0.5 * t(), 0)).loop_time(0.8);
    holds("looped", looped, [0.1, 2.9], 60, 3);
    let there_and_back = r#box([0.5, 0.3, 0.4]).rotate_z(t()).translate((t(), 0, 0)).ping_pong(0.7);
    holds("there and back", there_and_back, [-0.3, 2.2], 60, 4);
}

#[test]
fn moving_shapes_of_all_kinds_are_swept_right() {
    let screw = helix(0.4, 0.1, 0.5).translate((0, 0.4 * t(), 0)).rotate_y(2 * t());
    holds("a screw", screw, [0.0, 1.5], 30, 6);
    holds("a box", r#box([0.4, 0.3, 0.5]).translate((0.8 * t(), 0.5 * t(), 0)), [-0.7, 0.7], 60, 7);
    let tumbling = rounded_box([0.8, 0.3, 0.5], 0.08).rotate((1, 1, 0), 3 * t()).translate((t(), 0, 0));
    holds("a tumbling box", tumbling, [-1.0, 1.0], 60, 8);
    holds("a growing ball", sphere(0.2 + 0.3 * (2 * t()).sin().square()), [0.0, 3.0], 40, 9);
    holds("what turns about itself", sphere(0.5).rotate_y(t()), [0.0, 3.0], 20, 10);
}

#[test]
fn derivatives_of_a_sweep_are_differences_where_an_edge_passes_too() {
    let swept = r#box([0.4, 0.3, 0.5]).translate((0.8 * t(), 0.5 * t(), 0)).sweep(-0.7, 0.7);
    let mut random = Random(11);
    let (mut compared, mut inside) = (0, 0);
    for _ in 0..600 {
        let [x, y, z, _] = random.point();
        let at = [0.6 * x, 0.5 * y, 0.3 * z, 0.0];
        let value = swept.value_at(at).unwrap();
        if value.abs() > 0.1 {
            continue;
        }
        let dual = swept.gradient_at(at).unwrap();
        let by = |axis: usize, d: f64| {
            let mut to = at;
            to[axis] += d;
            swept.value_at(to).unwrap()
        };
        for axis in 0..3 {
            let (below, above) = (by(axis, -1e-5), by(axis, 1e-5));
            let [left, right] = [(value - below) / 1e-5, (above - value) / 1e-5];
            if (left - right).abs() > 1e-3 {
                continue; // a kink of the sweep itself
            }
            compared += 1;
            inside += usize::from(value < 0.0);
            let slope = 0.5 * (left + right);
            assert!(
                (dual[axis] - slope).abs() < 1e-4,
                "axis {axis} at {at:?}: {} is not {slope}",
                dual[axis]
            );
        }
    }
    assert!(compared > 300 && inside > 60, "{compared} compared, {inside} inside");
}

#[test]
fn derivatives_of_every_order_are_differences_at_kinks() {
    let shape = sphere(0.5).max(x() + 0.3 * y()).translate((0.8 * t() + 0.1 * t() * t(), 0.5 * t(), 0));
    let swept = shape.sweep(-0.7, 0.7);
    let second = swept.dx();
    let mut random = Random(12);
    let mut compared = 0;
    for _ in 0..200 {
        let [x, y, z, _] = random.point();
        let at = [0.5 * x, 0.5 * y, 0.4 * z, 0.0];
        let hessian = swept.hessian_at(at).unwrap();
        for axis in 0..3 {
            let by = |d: f64| {
                let mut to = at;
                to[axis] += d;
                second.value_at(to).unwrap()
            };
            let here = by(0.0);
            let [left, right] = [(here - by(-1e-5)) / 1e-5, (by(1e-5) - here) / 1e-5];
            if (left - right).abs() > 1e-3 * (1.0 + left.abs()) {
                continue;
            }
            compared += 1;
            let slope = 0.5 * (left + right);
            assert!(
                (hessian[0][axis] - slope).abs() < 2e-3 * (1.0 + slope.abs()),
                "{axis} at {at:?}: {hessian:?}, {slope}"
            );
        }
    }
    assert!(compared > 200, "{compared}");
}

/// Bounds contain, rises bound every difference, and what is pruned to a box gives the same bits.
#[test]
fn bounds_of_sweeps_hold_across_kinks_and_jumps() {
    let shapes: Vec<(&str, Field)> = vec![
        ("box", r#box([0.4, 0.3, 0.5]).translate((0.8 * t(), 0.5 * t(), 0)).sweep(-0.7, 0.7)),
        ("hops", sphere(0.3).translate((t().floor(), 0, 0)).sweep(0, 3)),
        ("trail", sphere(0.25).translate(((3 * t()).cos(), 0, (3 * t()).sin())).trail(1.1)),
        ("blade", rounded_box([1.1, 0.1, 0.3], 0.05).rotate_y(t()).translate((0, 0.3 * t(), 0)).sweep(0, 2)),
        ("cut", (if_less((x() - 0.3).abs(), 0.06, -1, 1) + 0.1 * t().sin()).sweep(0, 1)),
        ("slope", sphere(0.3).translate((t(), 0, 0)).sweep(-0.5, 0.5).dx()),
    ];
    let mut random = Random(13);
    for (name, field) in &shapes {
        let tape = field.tape().unwrap();
        let mut machine = Machine::<Dual<f64>>::new(&tape);
        let mut boxes: Boxes<fieldgrad::number::Rise<BOXES>> = Boxes::default();
        let mut plain: Boxes = Boxes::default();
        for round in 0..60 {
            let middle = random.point();
            let over = random.around(middle, [0.02, 0.1, 0.5][round % 3]);
            let axis = round % 3;
            let sides = over.map(|side| Intervals::around([side; BOXES]));
            let mut rising = sides.map(fieldgrad::number::Rise::across);
            rising[axis] = fieldgrad::number::Rise::along(sides[axis]);
            boxes.over(&tape, rising);
            let found = boxes.output(&tape, 0);
            let (value, rise) = (found.value().lane(3), found.slope().lane(3));
            plain.over(&tape, sides);
            let pruned = plain.prune(&tape, 5, Asked::Value, tape.len());
            let pruned = pruned.unwrap_or_else(|| tape.clone());
            let mut shorter = Machine::<Dual<f64>>::new(&pruned);
            for _ in 0..8 {
                let (a, mut b) = (random.inside(over), random.inside(over));
                (0..4).filter(|&i| i != axis).for_each(|i| b[i] = a[i]);
                let [fa, fb] = [a, b].map(|at| machine.at(Dual::variables(at))[0]);
                let short = shorter.at(Dual::variables(a))[0];
                assert!(
                    support::close(short.value, fa.value, 1e-12, 0.0),
                    "{name} at {a:?}: {short:?}, not {fa:?}"
                );
                for i in 0..4 {
                    let same = support::close(short.slope[i], fa.slope[i], 1e-7, 0.0);
                    assert!(same, "{name} at {a:?}: {short:?}, not {fa:?}");
                }
                assert!(
                    value.contains(fa.value),
                    "{name}: {value:?} over {over:?} holds {} at {a:?}",
                    fa.value
                );
                let run = b[axis] - a[axis];
                if run.abs() > 1e-9 && rise.is_finite() {
                    let slope = (fb.value - fa.value) / run;
                    let slack = 1e-6 * (1.0 + fa.value.abs()) / run.abs() + 1e-5;
                    let within = rise.lo() - slack <= slope && slope <= rise.hi() + slack;
                    assert!(within, "{name}: {rise:?} over {over:?} bounds {slope} from {a:?} to {b:?}");
                }
            }
        }
    }
}
