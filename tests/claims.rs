//! What each shape claims of its field (exact, a bound, finite) is held against brute force: a dense cloud of points
//! found on its surface by bisection, knowing nothing of how the field is made.

mod support;

use fieldgrad::prelude::*;
use fieldgrad::shape::{Claim, Entry, catalogue};
use fieldgrad::tape::{Machine, Tape};
use rayon::prelude::*;
use std::cell::Cell;
use support::{Random, is_slow};

/// The time all of this is done at.
const T: f64 = 0.3;
/// Points in space are drawn from [−NEAR, NEAR]³, surface points from [−FAR, FAR]³.
const NEAR: f64 = 1.6;
const FAR: f64 = 2.4;
const ORIGIN: Point = [0.0; 3];
const ROUNDING: f64 = 1e-9;

type Point = [f64; 3];

fn distance(a: Point, b: Point) -> f64 {
    (0..3).map(|i| (a[i] - b[i]).powi(2)).sum::<f64>().sqrt()
}

fn mix(a: Point, b: Point, w: f64) -> Point {
    std::array::from_fn(|i| a[i] + (b[i] - a[i]) * w)
}

fn near(p: Point, reach: f64, random: &mut Random) -> Point {
    p.map(|c| c + random.between(-reach, reach))
}

fn one_of(points: &[Point], random: &mut Random) -> Point {
    points[(random.unit() * points.len() as f64) as usize]
}

/// Where f changes sign between a and b, if it does, within that share of the way.
fn crossing(f: &mut impl FnMut(Point) -> f64, a: Point, b: Point, within: f64) -> Option<Point> {
    let (mut low, mut at_low) = (0.0, f(a));
    let (mut high, mut at_high) = (1.0, f(b));
    if (at_low < 0.0) == (at_high < 0.0) {
        return None;
    }
    // Regula falsi, halving the value of the end that stays (Illinois), and bisection at each fourth step.
    for i in 0..80 {
        let chord = low + (high - low) * at_low / (at_low - at_high);
        let middle = if i % 4 == 3 || !(low..=high).contains(&chord) { (low + high) / 2.0 } else { chord };
        let at_middle = f(mix(a, b, middle));
        if (at_middle < 0.0) == (at_low < 0.0) {
            (low, at_low, at_high) = (middle, at_middle, at_high / 2.0);
        } else {
            (high, at_high, at_low) = (middle, at_middle, at_low / 2.0);
        }
        if high - low < within || at_middle == 0.0 {
            break;
        }
    }
    Some(mix(a, b, if at_low.abs() < at_high.abs() { low } else { high }))
}

/// About `size` points on the surface, by x; fewer if they are hard to find.
fn cloud(f: &mut impl FnMut(Point) -> f64, size: usize, random: &mut Random) -> Vec<Point> {
    let mut points: Vec<Point> = Vec::new();
    for tries in 0..60 * size {
        if points.len() >= size {
            break;
        }
        // Half the segments are drawn anywhere, half around points found: small and thin parts fill up too.
        let (a, b) = if tries % 2 == 0 && !points.is_empty() {
            let found = one_of(&points, random);
            (near(found, 0.3, random), near(found, 0.3, random))
        } else {
            let a = near(ORIGIN, FAR, random);
            (a, near(a, 1.0, random))
        };
        let stop = |i: i32| mix(a, b, f64::from(i) / 4.0);
        points.extend((0..4).filter_map(|i| crossing(f, stop(i), stop(i + 1), 1e-13)));
    }
    points.retain(|p| p.iter().all(|c| c.abs() <= FAR));
    points.sort_by(|p, q| p[0].total_cmp(&q[0]));
    points
}

/// The distance to the surface, as near as a search over it from the nearest points of the cloud comes.
fn searched_distance(
    f: &mut impl FnMut(Point) -> f64,
    cloud: &[Point],
    p: Point,
    random: &mut Random,
) -> f64 {
    let mut starts: Vec<(f64, Point)> = cloud.iter().map(|&q| (distance(p, q), q)).collect();
    starts.select_nth_unstable_by(9, |a, b| a.0.total_cmp(&b.0));
    starts[..9].sort_by(|a, b| a.0.total_cmp(&b.0));
    let search = |&(mut least, mut nearest): &(f64, Point)| {
        let mut reach = 0.1;
        while reach > 1e-5 {
            // Through a place beside the best so far, from p: what is hit first is nearer, or not. One step in eight or
            // so finds better while the reach is right, also along a sharp edge.
            let aim = near(nearest, reach, random);
            let end = mix(p, aim, 1.0 + 2.0 * reach / least.max(1e-9));
            let hit = crossing(f, p, end, 1e-7).map(|hit| (distance(p, hit), hit));
            match hit {
                Some((hit, at)) if hit < least => (least, nearest, reach) = (hit, at, (1.6 * reach).min(0.2)),
                _ => reach *= 0.94,
            }
        }
        least
    };
    [starts[0], starts[4], starts[8]].iter().map(search).fold(f64::INFINITY, f64::min)
}

fn holds_its_claim(entry: &Entry) {
    let Entry { name, claim, sample, .. } = *entry;
    let tape = sample().tape().unwrap_or_else(|error| panic!("{name}: {error}"));
    // Iterations and kernels that search take many times as long as most shapes.
    let thrift = if tape.len() > 200 || is_slow(&sample()) { 8 } else { 1 };
    let mut random = Random(name.bytes().fold(7, |seed: u64, byte| seed.wrapping_mul(31) + byte as u64));
    let (mut values, mut duals) = (Machine::<f64>::new(&tape), Machine::<Dual<f64, 3>>::new(&tape));
    values.set_time(T);
    duals.set_time(Dual::fixed(T));
    let mut f = |p: Point| values.at_point(p)[0];

    // The gradient, and steps between points near and far: a jump shows in no gradient.
    let draws = 6_000 / thrift;
    let mut uneven = 0;
    for _ in 0..draws {
        let p = near(ORIGIN, NEAR, &mut random);
        let dual = duals.at_point(Dual::variables(p))[0];
        assert!(dual.is_finite(), "{name}: {dual:?} at {p:?}");
        // A method keeps what its shape is: the samples apply methods to exact solids.
        if claim != Claim::Neither {
            let steep = distance(dual.slope, ORIGIN);
            assert!(steep <= 1.0 + ROUNDING, "{name}: |∇f| is {steep} at {p:?}");
            uneven += ((steep - 1.0).abs() > ROUNDING) as usize;
            let q = near(p, 10f64.powf(random.between(-4.0, 0.0)), &mut random);
            let (rise, run) = (f(p) - f(q), distance(p, q));
            assert!(rise.abs() <= run + ROUNDING, "{name}: f rises {rise} over {run} from {p:?} to {q:?}");
        }
    }
    if claim == Claim::Neither {
        return;
    }
    let even = claim != Claim::Exact || uneven <= draws / 1_000;
    assert!(even, "{name}: |∇f| is not 1 at {uneven} of {draws} points");

    // The distance itself.
    let size = 20_000 / thrift;
    let cloud = cloud(&mut f, size, &mut random);
    assert!(cloud.len() >= size / 2, "{name}: only {} points found on the surface", cloud.len());
    for &p in cloud.iter().step_by(5) {
        assert!(f(p).abs() <= 1e-8, "{name}: f jumps through 0 at {p:?}: it is {}", f(p));
    }
    for i in 0..4_000 / thrift {
        let p = match i % 2 {
            0 => near(ORIGIN, NEAR, &mut random),
            _ => near(one_of(&cloud, &mut random), 0.2, &mut random),
        };
        let value = f(p);
        let free = value.abs() - ROUNDING;
        let from = cloud.partition_point(|q| q[0] <= p[0] - free);
        let mut beside = cloud[from..].iter().take_while(|q| q[0] < p[0] + free);
        let nearer = beside.find(|&&q| distance(p, q) < free);
        assert!(nearer.is_none(), "{name}: f is {value} at {p:?}, but the surface is at {nearer:?}");
        let seen_whole = p.iter().all(|c| c.abs() + value.abs() < FAR);
        if claim == Claim::Exact && i < 60 && seen_whole {
            let searched = searched_distance(&mut f, &cloud, p, &mut random);
            assert!(
                searched - value.abs() <= 1e-2,
                "{name}: f is {value} at {p:?}, {searched} from the surface"
            );
        }
    }
}

/// `SHAPE=torus cargo test --test claims` tries one shape.
#[test]
fn every_shape_is_what_it_claims() {
    let only = std::env::var("SHAPE").ok();
    let entries: Vec<&Entry> =
        catalogue().filter(|e| only.as_deref().is_none_or(|only| only == e.name)).collect();
    // One at a time, so that a failure stops no other.
    entries.into_par_iter().with_max_len(1).for_each(holds_its_claim);
}

/// Where sizes and angles leave something simpler, a ball, a line, lines from the middle, the claim still holds. What
/// has no inside is offset, so that there is a surface to find: lines that meet are a bound then.
#[test]
fn shapes_are_what_they_claim_at_the_ends_of_their_sizes() {
    type End = (&'static str, Claim, fn() -> Field);
    let ends: [End; 7] = [
        ("capped_torus", Claim::Exact, || capped_torus(0.0, 0.8, 0.3)),
        ("capped_torus", Claim::Exact, || capped_torus(-0.5, 0.8, 0.3)),
        ("capped_torus", Claim::Exact, || capped_torus(std::f64::consts::PI, 0.8, 0.25)),
        ("pyramid", Claim::Exact, || pyramid(0.0, 1.2).offset(0.2)),
        ("star", Claim::Bound, || star(7, 0.0, 1.0).offset(0.1)),
        ("ellipse", Claim::Exact, || ellipse([1.2, 1e-7]).offset(0.2)),
        ("ellipse", Claim::Exact, || ellipse([0.0, 1.2]).offset(0.2)),
    ];
    let entry = |name: &str| *catalogue().find(|entry| entry.name == name).expect("in the catalogue");
    let entries: Vec<Entry> =
        ends.into_iter().map(|(name, claim, sample)| Entry { claim, sample, ..entry(name) }).collect();
    entries.par_iter().with_max_len(1).for_each(holds_its_claim);
}

/// Every solid, its sizes made by `s`.
fn solids(s: impl Fn(f64) -> Field) -> Vec<Field> {
    let three = || [s(1.1), s(0.7), s(0.5)];
    let points = || [[s(-0.5), s(0.2), s(0.0)], [s(0.4), s(0.3), s(0.1)], [s(0.6), s(-0.3), s(0.2)]];
    vec![
        sphere(s(0.8)),
        ellipsoid(three()),
        r#box(three()),
        rounded_box(three(), s(0.1)),
        box_frame(three(), s(0.1)),
        torus(s(0.8), s(0.2)),
        capped_torus(s(0.9), s(0.8), s(0.2)),
        capped_torus(1.0, s(0.8), s(0.2)),
        link(s(0.6), s(0.5), s(0.2)),
        cylinder(s(0.5), s(1.0)),
        infinite_cylinder(s(0.5)),
        capsule(points()[0].clone(), points()[1].clone(), s(0.2)),
        cone(s(0.5), s(1.0)),
        cone(0.5, s(1.0)),
        cone(s(0.5), 1.0),
        capped_cone(s(0.5), s(0.3), s(1.0)),
        capped_cone(0.5, s(0.3), s(1.0)),
        round_cone(s(0.5), s(0.3), s(1.0)),
        round_cone(0.5, 0.3, s(1.0)),
        solid_angle(s(0.6), s(1.0)),
        solid_angle(0.6, s(1.0)),
        solid_angle(s(0.6) + 2.0, 1.0),
        cut_sphere(s(0.9), s(0.3)),
        cut_sphere(0.9, s(0.3)),
        plane([s(0.3), s(1.0), s(0.2)], s(0.25)),
        octahedron(s(1.0)),
        tetrahedron(s(1.0)),
        dodecahedron(s(1.0)),
        icosahedron(s(1.0)),
        pyramid(s(1.3), s(1.2)),
        pyramid(1.3, s(1.2)),
        pyramid(s(1.3), 1.2),
        hex_prism(s(0.8), s(0.7)),
        tri_prism(s(0.8), s(0.7)),
        wedge(three()),
        superquadric(three(), s(0.4), s(1.3)),
        superquadric(three(), 0.4, 2.0),
        superquadric([1.1, 0.7, 0.5], s(1.0), s(2.0)),
        gyroid(s(1.5), s(0.1)),
        schwarz(s(1.5), s(0.1)),
        helix(s(0.7), s(0.15), s(0.6)),
        helix(s(0.7), 0.15, 0.6),
        helix(0.7, 0.15, s(0.6)),
        tube(points(), s(0.2)),
    ]
}

#[test]
fn solids_are_finite_everywhere_at_any_size() {
    // One name a size: parameters of one name would have to be one parameter.
    let count = Cell::new(0);
    let times = |factor: f64| {
        solids(|size| {
            count.set(count.get() + 1);
            param(&format!("p{}", count.get()), factor * size)
        })
    };
    let refuse_zero = solids(|_| Field::constant(0.0)).into_iter().filter(|solid| solid.check().is_ok());
    let all = [times(1.0), times(0.0), times(-1.0), times(-1e-3), refuse_zero.collect()].concat();
    // Centres, axes, edges, corners, ties and faces of the solids above, and far away.
    let steps = [0.0, 0.25, -0.35, 0.5, -0.55, 1.0, 1e-9, -1e-170, -1e6];
    let points: Vec<Point> = (0..729).map(|i| [i / 81, i / 9 % 9, i % 9].map(|n| steps[n])).collect();
    all.into_par_iter().with_max_len(1).for_each(|solid| {
        let name = format!("{} {:?}", solid.title(), solid.label());
        let tape = solid.tape().unwrap_or_else(|error| panic!("{name}: {error}"));
        let slopes = Tape::new(&solid.gradient()).unwrap_or_else(|error| panic!("{name}: {error}"));
        let mut slopes = Machine::<f64>::new(&slopes);
        let mut hessians = Machine::<Dual<Dual<f64>>>::new(&tape);
        for (i, &[x, y, z]) in points.iter().enumerate() {
            let at = [x, y, z, T];
            let dual = hessians.at(Dual::variables(Dual::variables(at)))[0];
            let finite = dual.value.is_finite() && dual.slope.iter().all(Dual::is_finite);
            assert!(finite, "{name} at {at:?}: {dual:?}");
            if i % 17 == 0 {
                for (slope, forward) in slopes.at(at).iter().zip(dual.value.slope) {
                    // A hair beside an axis an angle's rounding is magnified a millionfold.
                    assert!((slope - forward).abs() <= 1e-6, "{name} at {at:?}: {slope}, {forward}");
                }
                let back = solid.parameter_gradient_at(at).expect("readable");
                assert!(back.iter().all(|slope| slope.is_finite()), "{name} at {at:?}: {back:?}");
            }
        }
    });
}
