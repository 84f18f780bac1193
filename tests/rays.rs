//! Where rays meet the surface, against a search along each ray in small steps in `f64`.

mod support;

use fieldgrad::prelude::*;
use fieldgrad::render::march::{self, Inside, Surface};
use fieldgrad::render::{Lens, Size, Stage};
use fieldgrad::scene::GALLERY;
use fieldgrad::tape::{Block64, Machine};
use proptest::strategy::{Strategy, ValueTree};
use proptest::test_runner::{Config, RngAlgorithm, TestRng, TestRunner};
use rayon::prelude::*;

/// How many places along a ray are looked at together.
const LOOKS: usize = 128;
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

/// How rays fared: those that met what they should, those that rightly met nothing, and those that graze something
/// thinner than they can tell.
#[derive(Default)]
struct Count {
    hits: usize,
    misses: usize,
    grazes: usize,
}

impl std::iter::Sum for Count {
    fn sum<I: Iterator<Item = Count>>(counts: I) -> Count {
        counts.fold(Count::default(), |a, b| Count {
            hits: a.hits + b.hits,
            misses: a.misses + b.misses,
            grazes: a.grazes + b.grazes,
        })
    }
}

/// Every ray of a picture against a search along it.
fn agrees(name: &str, field: &Field, lens: &Lens, size: Size, t: f64) -> Count {
    let depths = march::depths(field, lens, size, t).unwrap();
    let tape = field.tape().unwrap().fixed([None, None, None, Some(t)]);
    let row = |j: usize| {
        let (mut machine, mut block) = (Machine::<f64>::new(&tape), Block64::new(&tape));
        let mut count = Count::default();
        for i in 0..size.width {
            let step = 2.0 / size.height as f64;
            let u = (i as f64 + 0.5 - 0.5 * size.width as f64) * step;
            let v = (0.5 * size.height as f64 - j as f64 - 0.5) * step;
            let mut value = |s: f64| {
                let [x, y, z] = lens.at([u, v, s]);
                machine.at([x, y, z, t])[0]
            };
            let pixel = |s: f64| {
                let [a, b] = [0.0, step].map(|more| lens.at([u, v + more, s]));
                (0..3).map(|i| (a[i] - b[i]).powi(2)).sum::<f64>().sqrt()
            };
            let side = value(lens.near) <= 0.0;
            // The first change of sign: the values of many places at once, which are those of one after another.
            let (mut s, mut found) = (lens.near, None);
            while s < lens.far && found.is_none() {
                let mut places = Vec::with_capacity(LOOKS);
                while s < lens.far && places.len() < LOOKS {
                    s = (s + 0.35 * pixel(s)).min(lens.far);
                    places.push(s);
                }
                let [x, y, z] =
                    [0, 1, 2].map(|axis| places.iter().map(|&s| lens.at([u, v, s])[axis]).collect());
                let (columns, mut values): ([Vec<f64>; 3], _) = ([x, y, z], vec![0.0; places.len()]);
                block.eval(columns.each_ref().map(Vec::as_slice), &mut [&mut values]);
                found = values.iter().position(|&value| (value <= 0.0) != side).map(|k| places[k]);
            }
            let depth = depths[j * size.width + i];
            let near = |a: f64, b: f64| (a - b).abs() <= 0.5 * pixel(a.min(b));
            match (found, depth.is_finite().then_some(f64::from(depth))) {
                (Some(at), Some(depth)) if near(at, depth) => count.hits += 1,
                (None, None) => count.misses += 1,
                // Another answer is right only where the ray is on the other side for less than its tolerance.
                (found, depth) => {
                    // The longest stretch on the other side around a place, in pixels, before an end.
                    let mut longest = |at: f64, reach: f64, step: f64, end: f64| {
                        let (mut longest, mut run) = (0, 0);
                        for k in -((reach / step) as i64)..(reach / step) as i64 {
                            let s = at + k as f64 * step * pixel(at);
                            let is_other = s >= lens.near && s < end && (value(s) <= 0.0) != side;
                            run = if is_other { run + 1 } else { 0 };
                            longest = longest.max(run);
                        }
                        f64::from(longest) * step
                    };
                    let missed = found.filter(|&at| depth.is_none_or(|depth| at < depth));
                    let end = depth.map_or(lens.far, |depth| depth - 0.02 * pixel(depth));
                    let thin = missed.is_none_or(|at| longest(at, 2.0, 0.01, end) <= 0.3);
                    let real = |at| {
                        longest(at, 0.6, 0.01, lens.far) > 0.0 || longest(at, 0.05, 1e-5, lens.far) > 0.0
                    };
                    let real = depth.is_none_or(real);
                    assert!(thin && real, "{name}: pixel {i}, {j} is met at {depth:?}, not {found:?}");
                    count.grazes += 1;
                }
            }
        }
        count
    };
    (0..size.height).into_par_iter().map(row).sum()
}

fn held(lens: Lens) {
    for (name, field) in subjects() {
        let Count { hits, misses, grazes } = agrees(name, &field, &lens, SIZE, 0.0);
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

/// The gallery as its own cameras see it, 2,028 rays each; fewer where a volume is swept, whose search is slow.
#[test]
fn every_scene_of_the_gallery() {
    for exhibit in GALLERY {
        let scene = exhibit.scene().unwrap();
        let timeline = scene.timeline();
        let t = 0.7 * timeline.from + 0.3 * timeline.to;
        let stage = Stage::new(&scene).unwrap();
        let lens = Lens::of(&stage.view(t).unwrap());
        // As far as twice the way to what the camera looks at, in steps that are no shorter than at a tenth of it.
        let away = 1e-3 * lens.far;
        let lens = Lens { near: 0.1 * away, far: 2.0 * away, ..lens };
        let is_slow = support::is_slow(scene.field());
        let size = if is_slow { Size { width: 16, height: 12 } } else { Size { width: 52, height: 39 } };
        let Count { hits, misses, grazes } = agrees(exhibit.name, scene.field(), &lens, size, t);
        println!("{}: {hits} hits, {misses} misses, {grazes} grazes", exhibit.name);
        assert!(hits > size.pixels() / 100 && grazes * 25 <= hits + misses, "{}", exhibit.name);
    }
}

/// 1,000 compositions of the whole library, 2,000 rays each.
#[test]
fn random_compositions() {
    const CASES: usize = 1000;
    let rng = TestRng::from_seed(RngAlgorithm::ChaCha, &[5; 32]);
    let mut runner = TestRunner::new_with_rng(Config::default(), rng);
    let plans: Vec<support::Plan> =
        (0..CASES).map(|_| support::plan().new_tree(&mut runner).unwrap().current()).collect();
    let lens = Lens::parallel([1.1, 0.9, 2.1], [0.0; 3], [0.0, 1.0, 0.0], 3.2);
    let lens = Lens { far: 4.4, ..lens };
    let all = plans
        .par_iter()
        .map(|plan| agrees(&format!("{plan:?}"), &plan.build(), &lens, Size { width: 50, height: 40 }, 0.4));
    let Count { hits, misses, grazes } = all.sum();
    println!("{CASES} compositions: {hits} hits, {misses} misses, {grazes} grazes");
    assert!(hits > 200_000 && grazes * 50 < hits);
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
        pool.install(|| march::surface(&field, &lens, size, 0.0, Inside::Leaves).unwrap())
    };
    let one = on(1);
    assert!(one == on(2) && one == on(4));
}

#[test]
fn normals_are_the_gradients_direction() {
    let lens = Lens::pinhole([1.5, 1.2, 3.0], [0.0; 3], [0.0, 1.0, 0.0], 45.0);
    let field = sphere(0.7).displace(0.1 * (5 * x()).sin()).translate((0.0, 0.2 * t(), 0.0));
    let Surface { depths, normals } = march::surface(&field, &lens, SIZE, 0.5, Inside::Leaves).unwrap();
    let step = 2.0 / SIZE.height as f64;
    let mut hits = 0;
    for (n, &depth) in depths.iter().enumerate() {
        if depth == march::NOTHING {
            assert_eq!(normals[n], [0.0; 3]);
            continue;
        }
        let u = (n % SIZE.width) as f64 + 0.5 - 0.5 * SIZE.width as f64;
        let v = 0.5 * SIZE.height as f64 - (n / SIZE.width) as f64 - 0.5;
        let [x, y, z] = lens.at([u * step, v * step, f64::from(depth)]);
        let [fx, fy, fz, _] = field.gradient_at([x, y, z, 0.5]).unwrap();
        let steep = (fx * fx + fy * fy + fz * fz).sqrt();
        let off = [0, 1, 2].map(|i| ([fx, fy, fz][i] / steep - f64::from(normals[n][i])).abs());
        assert!(off.into_iter().fold(0.0, f64::max) < 1e-4);
        hits += 1;
    }
    assert!(hits > 200);
}

#[test]
fn what_is_cut_open_is_met_at_once_and_the_rest_as_ever() {
    let field = sphere(1).difference(torus(0.9, 0.3)).union(r#box([0.5, 3.0, 0.5]).translate([0, 0, -2]));
    let lens = Lens::parallel([0.0, 0.0, 0.5], [0.0; 3], [0.0, 1.0, 0.0], 3.0);
    let size = Size { width: 90, height: 70 };
    let all = march::depths(&field, &lens, size, 0.0).unwrap();
    let Surface { depths: cut, normals } = march::surface(&field, &lens, size, 0.0, Inside::Ends).unwrap();
    let (mut inside, mut bent) = (0, 0);
    for (pixel, (&all, &cut)) in all.iter().zip(&cut).enumerate() {
        let (i, j) = ((pixel % 90) as f64 + 0.5, (pixel / 90) as f64 + 0.5);
        let [x, y] = [(i - 45.0) * 3.0 / 70.0, (35.0 - j) * 3.0 / 70.0];
        match field.value_at([x, y, 0.5, 0.0]).unwrap() < 0.0 {
            true => {
                inside += 1;
                assert_eq!(cut, 0.0);
            }
            false => assert!(all == cut || (all - cut).abs() < 0.02, "{all} {cut}"),
        }
        if cut.is_finite() {
            let [fx, fy, fz, _] = field.gradient_at([x, y, 0.5 - f64::from(cut), 0.0]).unwrap();
            let along: f64 = normals[pixel].iter().zip([fx, fy, fz]).map(|(&n, f)| f64::from(n) * f).sum();
            bent += usize::from(along < 0.999 * (fx * fx + fy * fy + fz * fz).sqrt());
        }
    }
    // Only at edges, which have two normals, may it be the other.
    assert!(inside > 300 && bent < 20, "{inside}, {bent}");
}
