//! Where rays meet the surface, against a search along each ray in small steps in `f64`.

use fieldgrad::prelude::*;
use fieldgrad::render::{Lens, Size, march};
use fieldgrad::tape::Machine;

const SIZE: Size = Size { width: 48, height: 36 };

/// What to look at: distances and fields that are none, a twist, sharp edges, plain arithmetic, jumps.
fn subjects() -> Vec<(&'static str, Field)> {
    let wavy = sphere(0.8).displace(0.1 * (9 * x()).sin() * (9 * y()).sin());
    vec![
        ("sphere", sphere(0.7)),
        ("torus", torus(0.7, 0.2).rotate_x(0.5)),
        ("twisted box", r#box([0.6, 1.6, 0.6]).twist(1.5)),
        ("arithmetic", x() * x() + y() * y() - 0.4),
        ("steep arithmetic", 40 * (x() * x() + y() * y() + z() * z() - 0.5)),
        ("gyroid", gyroid(0.8, 0.1).intersection(sphere(1.0))),
        ("lattice", sphere(0.2).repeat([0.6, 0.6, 0.6]).intersection(r#box([1.6, 1.6, 1.6]))),
        ("wavy", wavy),
        ("pool and drop", sphere(0.5).translate([0.0, 0.6, 0.0]).smooth_union(r#box([2.0, 0.3, 2.0]), 0.4)),
    ]
}

fn held(lens: Lens) {
    for (name, field) in subjects() {
        let depths = march::depths(&field, &lens, SIZE, 0.0).unwrap();
        let tape = field.tape().unwrap();
        let mut machine = Machine::<f64>::new(&tape);
        let (mut hits, mut misses, mut grazes) = (0, 0, 0);
        for (n, &depth) in depths.iter().enumerate() {
            let (i, j) = (n % SIZE.width, n / SIZE.width);
            let step = 2.0 / SIZE.height as f64;
            let u = (i as f64 + 0.5 - 0.5 * SIZE.width as f64) * step;
            let v = (0.5 * SIZE.height as f64 - j as f64 - 0.5) * step;
            let mut value = |s: f64| machine.at_point(lens.at([u, v, s]))[0];
            let pixel = |s: f64| {
                let [a, b] = [0.0, step].map(|more| lens.at([u, v + more, s]));
                (0..3).map(|i| (a[i] - b[i]).powi(2)).sum::<f64>().sqrt()
            };
            let side = value(lens.near) <= 0.0;
            // The first change of sign.
            let (mut s, mut found) = (lens.near, None);
            while s < lens.far && found.is_none() {
                s += 0.1 * pixel(s);
                found = ((value(s) <= 0.0) != side).then_some(s);
            }
            let near = |a: f64, b: f64| (a - b).abs() <= 0.5 * pixel(a.min(b));
            match (found, depth.is_finite().then_some(f64::from(depth))) {
                (Some(at), Some(depth)) if near(at, depth) => hits += 1,
                (None, None) => misses += 1,
                // Another answer is right only where the ray is on the other side for less than its tolerance.
                (found, depth) => {
                    let other = |at: f64, value: &mut dyn FnMut(f64) -> f64| {
                        let around = (-60..60).map(|k| at + 0.01 * f64::from(k) * pixel(at));
                        0.01 * around.filter(|&s| (value(s) <= 0.0) != side).count() as f64
                    };
                    let missed = found.filter(|&at| depth.is_none_or(|depth| at < depth));
                    let thin = missed.is_none_or(|at| other(at, &mut value) <= 0.3);
                    let real = depth.is_none_or(|at| other(at, &mut value) > 0.0);
                    assert!(thin && real, "{name}: pixel {i}, {j} is met at {depth:?}, not {found:?}");
                    grazes += 1;
                }
            }
        }
        println!("{name}: {hits} hits, {misses} misses, {grazes} grazes");
        assert!(hits > 100 && grazes * 50 <= hits + misses, "{name}: {hits} {misses} {grazes}");
    }
}

#[test]
fn through_a_pinhole() {
    let lens = Lens::pinhole([1.5, 1.2, 3.0], [0.0; 3], [0.0, 1.0, 0.0], 45.0);
    held(Lens { far: 7.0, ..lens });
}

#[test]
fn side_by_side() {
    let lens = Lens::parallel([1.5, 1.2, 3.0], [0.0; 3], [0.0, 1.0, 0.0], 2.6);
    held(Lens { far: 7.0, ..lens });
}

#[test]
fn from_inside_a_ray_ends_where_it_leaves() {
    let lens = Lens::pinhole([0.0; 3], [0.0, 0.0, -1.0], [0.0, 1.0, 0.0], 60.0);
    let depths = march::depths(&sphere(1.0), &lens, SIZE, 0.0).unwrap();
    let middle = depths[SIZE.height / 2 * SIZE.width + SIZE.width / 2];
    assert!((middle - 1.0).abs() < 1e-3, "{middle}");
    assert!(depths.iter().all(|depth| depth.is_finite()));
}

#[test]
fn any_number_of_threads_gives_the_same_bits() {
    let lens = Lens::pinhole([1.5, 1.2, 3.0], [0.0; 3], [0.0, 1.0, 0.0], 45.0);
    let (_, field) = subjects().remove(2);
    let size = Size { width: 150, height: 100 };
    let on = |threads: usize| {
        let pool = rayon::ThreadPoolBuilder::new().num_threads(threads).build().unwrap();
        pool.install(|| {
            let depths = march::depths(&field, &lens, size, 0.0).unwrap();
            let slopes = march::at_depths(&field.gradient(), &lens, size, 0.0, &depths).unwrap();
            (depths, slopes)
        })
    };
    let one = on(1);
    assert!(one == on(2) && one == on(4));
}

#[test]
fn what_is_evaluated_at_the_points_is_what_the_fields_are_there() {
    let lens = Lens::pinhole([1.5, 1.2, 3.0], [0.0; 3], [0.0, 1.0, 0.0], 45.0);
    let field = sphere(0.7).translate((0.0, 0.2 * t(), 0.0));
    let depths = march::depths(&field, &lens, SIZE, 0.5).unwrap();
    let found =
        march::at_depths(&[field.clone(), field.gradient()[1].clone()], &lens, SIZE, 0.5, &depths).unwrap();
    let step = 2.0 / SIZE.height as f64;
    let mut hits = 0;
    for (n, &depth) in depths.iter().enumerate().filter(|(_, depth)| depth.is_finite()) {
        let u = (n as f64 % SIZE.width as f64 + 0.5).rem_euclid(SIZE.width as f64) - 0.5 * SIZE.width as f64;
        let v = 0.5 * SIZE.height as f64 - (n / SIZE.width) as f64 - 0.5;
        let [x, y, z] = lens.at([u * step, v * step, f64::from(depth)]);
        let dual = field.value_with_gradient_at([x, y, z, 0.5]).unwrap();
        assert!(found[0][n].abs() < 2e-3 && (f64::from(found[1][n]) - dual.slope[1]).abs() < 1e-4);
        hits += 1;
    }
    assert!(hits > 200);
}
