//! Certificates of meshes: all of what is regular is proven, nothing is proven that is false.

mod support;

use fieldgrad::mesh::{Certificate, Extracted, Extraction};
use fieldgrad::prelude::*;
use fieldgrad::shape::catalogue;
use proptest::strategy::{Strategy, ValueTree};
use proptest::test_runner::{Config, RngAlgorithm, TestRng, TestRunner};
use support::{Random, is_slow};

fn cube(half: f64) -> Bounds {
    Bounds::new([-half; 3], [half; 3])
}

fn looked_at(field: &Field, options: &Extraction) -> (Extracted, Certificate) {
    let found = field.extract(options).unwrap();
    let certificate = found.certify(field).unwrap();
    assert_eq!(certificate.is_proven(), certificate.open.is_empty() && certificate.wrong.is_empty());
    (found, certificate)
}

/// Twice an ellipse with holes in a row, sewn together along all edges: a handle a hole.
fn holed(half: f64, holes: &[f64], flatness: f64) -> Field {
    let ellipse = x().square() / (half * half) + y().square() - 1;
    let hole = |at: &f64| (x() - *at).square() + y().square() - 0.4 * 0.4;
    holes.iter().map(hole).fold(ellipse, |all, hole| all * hole) + z().square() * flatness
}

/// Regular algebraic surfaces, with their pieces and their genus.
fn algebraic() -> Vec<(&'static str, Field, Bounds, usize, usize)> {
    let square = x().square() + y().square() + z().square();
    let ring = |a: f64, b: f64| {
        move |p: Field, q: Field, axis: Field| {
            let all = p.square() + q.square() + axis.square();
            (all + (a * a - b * b)).square() - 4.0 * a * a * (p.square() + q.square())
        }
    };
    let cassini = |b: f64| {
        let across = y().square() + z().square();
        ((x() - 1).square() + &across) * ((x() + 1).square() + across) - b.powi(4)
    };
    let fourth = |p: Field| p.square().square();
    let goursat = |p: Field| fourth(p.clone()) - 5 * p.square();
    let double = (x() * (x() - 1).square() * (x() - 2) + y().square()).square() + z().square() - 0.01;
    vec![
        ("sphere", &square - 1, cube(1.2), 1, 0),
        ("ellipsoid", x().square() / 2 + y().square() * 3 + z().square() - 1, cube(1.6), 1, 0),
        ("quartic ball", fourth(x()) + fourth(y()) + fourth(z()) - 1, cube(1.2), 1, 0),
        ("Cassini's oval", cassini(1.1), cube(1.7), 1, 0),
        ("Cassini's ovals", cassini(0.9), cube(1.7), 2, 0),
        ("ring", ring(1.0, 0.4)(x(), y(), z()), cube(1.6), 1, 1),
        ("two rings in one", double, Bounds::new([-0.4, -1.0, -0.4], [2.4, 1.0, 0.4]), 1, 2),
        ("two holes", holed(1.8, &[-0.8, 0.8], 2.0), Bounds::new([-2.0, -1.2, -1.6], [2.0, 1.2, 1.6]), 1, 2),
        (
            "three holes",
            holed(2.4, &[-1.3, 0.0, 1.3], 4.0),
            Bounds::new([-2.6, -1.2, -1.8], [2.6, 1.2, 1.8]),
            1,
            3,
        ),
        (
            "four holes",
            holed(3.0, &[-2.1, -0.7, 0.7, 2.1], 20.0),
            Bounds::new([-3.2, -1.2, -2.0], [3.2, 1.2, 2.0]),
            1,
            4,
        ),
        ("tanglecube", goursat(x()) + goursat(y()) + goursat(z()) + 11.8, cube(2.6), 1, 5),
    ]
}

/// Where a mesh has a triangle that is turned, which some have, nothing is proven there: another resolution is tried.
#[test]
fn most_regular_algebraic_surfaces_are_proven() {
    let (mut proven, mut all) = (0, 0);
    for (name, field, bounds, pieces, genus) in algebraic() {
        all += 1;
        for resolution in [40, 34, 47] {
            let options = Extraction::default().bounds(bounds).resolution(resolution);
            let (found, certificate) = looked_at(&field, &options);
            if !certificate.is_proven() {
                let [open, wrong] = [&certificate.open, &certificate.wrong].map(Vec::len);
                println!("{name} at {resolution}: {open} open, {wrong} wrong");
                continue;
            }
            proven += 1;
            assert_eq!((certificate.components, certificate.genus), (pieces, Some(genus)), "{name}");
            if let Some([to_surface, to_mesh]) = certificate.distance {
                let cell = found.cell;
                println!("{name}: {:.3} and {:.3} cells", to_surface / cell, to_mesh / cell);
                assert!(to_surface.max(to_mesh) < 0.6 * cell, "{name}: {to_surface} {to_mesh}, {cell}");
            }
            break;
        }
    }
    println!("{proven} of {all} proven");
    assert!(proven >= 8, "{proven} of {all}");
}

/// Fields with what is true of them: that the solid's surface is no manifold, or else its pieces and genus.
type Hostile = (&'static str, Field, Option<(usize, usize)>);

fn hostile() -> Vec<Hostile> {
    let at = |x: f64| sphere(0.4).translate([x, 0.0, 0.0]);
    let cusp = x().square() * x() - y().square();
    vec![
        ("balls that touch", at(-0.4) | at(0.4), None),
        ("balls that nearly touch", at(-0.4001) | at(0.4001), Some((2, 0))),
        ("balls that just meet", at(-0.399) | at(0.399), Some((1, 0))),
        (
            "a double cone",
            (x().square() + y().square() - z().square()).max(length([x(), y(), z()]) - 0.9),
            None,
        ),
        ("a cusp's edge", cusp.max(length([x(), y(), z()]) - 0.9), None),
        ("Whitney's umbrella", (x().square() - y().square() * z()).max(length([x(), y(), z()]) - 0.9), None),
        (
            "boxes that share an edge",
            r#box([0.5; 3]).translate([0.25, 0.25, 0.0]) | r#box([0.5; 3]).translate([-0.25, -0.25, 0.0]),
            None,
        ),
        ("a ball and a grain", sphere(0.6) | sphere(0.004).translate([0.71, 0.313, 0.217]), Some((2, 0))),
        (
            "a ball with a bubble",
            sphere(0.8).difference(sphere(0.005).translate([0.113, 0.27, 0.19])),
            Some((2, 0)),
        ),
        (
            "a thread between balls",
            at(-0.55) | at(0.55) | capsule([-0.5, 0.0, 0.0], [0.5, 0.0, 0.0], 0.003),
            Some((1, 0)),
        ),
        ("a thin sheet", r#box([1.2, 0.9, 0.003]).rotate([1.0, 0.4, 0.2], 0.6), Some((1, 0))),
        (
            "a crack",
            r#box([1.2, 0.9, 1.0]).difference(r#box([2.0, 2.0, 0.002]).translate([0.0, 0.0, 0.113])),
            Some((2, 0)),
        ),
        ("a jump", if_less(x(), 0.1, y() - 0.3, y() + 0.3).max(length([x(), y(), z()]) - 0.9), None),
        ("steps", (y() - (4 * x()).floor() / 8).max(length([x(), y(), z()]) - 0.9), None),
        ("what touches itself", (length([x(), y(), z()]) - 0.6).abs() - 0.6, None),
        ("flat", z().square().max(length([x(), y(), z()]) - 0.9), None),
    ]
}

#[test]
fn nothing_is_proven_that_is_not_so() {
    for (name, field, known) in hostile() {
        for resolution in [12, 25] {
            let options = Extraction::default().bounds(cube(1.0)).resolution(resolution);
            let (found, certificate) = looked_at(&field, &options);
            let is = (certificate.components, certificate.genus);
            if certificate.is_proven() {
                let known =
                    known.unwrap_or_else(|| panic!("{name} at {resolution}: proven, and no manifold"));
                assert_eq!(is, (known.0, Some(known.1)), "{name} at {resolution}");
            } else {
                // What is not proven is named, within the bounds and a little beyond.
                let named: Vec<Bounds> = certificate.open.iter().chain(&certificate.wrong).copied().collect();
                assert!(!named.is_empty() && certificate.distance.is_none(), "{name}");
                let near = found.bounds.unwrap().grown(16.0 * found.cell);
                assert!(named.iter().all(|part| near.contains(part.center())), "{name}: {named:?}");
            }
        }
    }
}

#[test]
fn a_mesh_of_something_else_is_found_wrong() {
    let options = Extraction::default().bounds(cube(1.2)).resolution(20);
    let [ball, ring] = [sphere(0.8), torus(0.7, 0.25)];
    let pair = sphere(0.3).translate([0.6, 0.0, 0.0]) | sphere(0.3).translate([-0.6, 0.0, 0.0]);
    for (name, of, field) in [
        ("a ball for a ring", &ball, &ring),
        ("one for two", &ball, &pair),
        ("a ring for a ball", &ring, &ball),
    ] {
        let mut found = field.extract(&options).unwrap();
        assert!(found.certify(field).unwrap().is_proven(), "{name}: its own");
        found.mesh = of.extract(&options).unwrap().mesh;
        let certificate = found.certify(field).unwrap();
        assert!(!certificate.is_proven() && !certificate.wrong.is_empty(), "{name}: {certificate:?}");
    }
    // Inside out, a piece too few, a triangle too few.
    let whole = pair.extract(&options).unwrap();
    let mut found = whole.clone();
    found.mesh.triangles.iter_mut().for_each(|corners| corners.swap(0, 1));
    assert!(!found.certify(&pair).unwrap().is_proven());
    let (pieces, count) = whole.mesh.components();
    assert_eq!(count, 2);
    let mut found = whole.clone();
    found.mesh.triangles =
        (0..pieces.len()).filter(|&n| pieces[n] == 0).map(|n| whole.mesh.triangles[n]).collect();
    let certificate = found.certify(&pair).unwrap();
    assert_eq!(certificate.wrong.len(), 1, "{certificate:?}");
    assert!((certificate.wrong[0].center()[0].abs() - 0.6).abs() < 0.1, "{certificate:?}");
    let mut found = whole;
    found.mesh.triangles.pop();
    let certificate = found.certify(&pair).unwrap();
    assert!(!certificate.is_proven() && certificate.genus.is_none());
}

#[test]
fn distances_hold() {
    // Known distances: of a ball, and of a turned box, whose mesh has its corners.
    let options = Extraction::default().bounds(cube(1.2));
    for resolution in [12, 24, 48] {
        let ball = sphere(0.83);
        let (found, certificate) = looked_at(&ball, &options.clone().resolution(resolution));
        let [to_surface, to_mesh] = certificate.distance.unwrap();
        let mut farthest = 0.0f64;
        for n in 0..found.mesh.triangles.len() {
            let [a, b, c] = found.mesh.corners(n);
            for (u, v) in [(0.3, 0.3), (0.5, 0.5), (0.5, 0.0), (0.1, 0.8), (1.0, 0.0)] {
                let at: [f64; 3] = [0, 1, 2].map(|i| a[i] + u * (b[i] - a[i]) + v * (c[i] - a[i]));
                farthest = farthest.max((at.iter().map(|x| x * x).sum::<f64>().sqrt() - 0.83).abs());
            }
        }
        assert!(farthest <= to_surface, "{farthest} and {to_surface}");
        assert!(farthest <= to_mesh, "of a ball both are the same: {farthest} and {to_mesh}");
        assert!(to_surface.max(to_mesh) < 0.25 * found.cell, "{to_surface}, {to_mesh} of {}", found.cell);
    }
}

/// What is proven agrees with the field wherever it is looked at.
fn agrees(name: &str, field: &Field, found: &Extracted, certificate: &Certificate, random: &mut Random) {
    let (Some(bounds), true) = (found.bounds, certificate.is_proven()) else { return };
    if found.mesh.triangles.is_empty() {
        return;
    }
    let mesh = found.mesh.field().unwrap();
    let pick =
        |random: &mut Random| -> [f64; 3] { [0, 1, 2].map(|n| random.between(bounds.min[n], bounds.max[n])) };
    let places: Vec<[f64; 3]> = (0..400).map(|_| pick(random)).collect();
    let tape = field.tape().unwrap();
    let values = tape.eval(Coordinates::from(&places[..]).at_time(found.time));
    let sides = mesh.tape().unwrap().eval(&places);
    let near = certificate.distance.map_or(0.5 * found.cell, |[a, b]| a.max(b));
    for (n, place) in places.iter().enumerate() {
        let (value, side) = (values[0][n], sides[0][n]);
        assert!(
            side.abs() <= near || (value < 0.0) == (side < 0.0),
            "{name}: f is {value} at {place:?}, {side} from the mesh, and {near} was proven"
        );
    }
}

#[test]
fn most_of_the_catalogue_is_proven() {
    let mut random = Random(3);
    const LONG: usize = 60;
    let (mut proven, mut all, mut not) = (0, 0, Vec::new());
    for entry in catalogue() {
        let field = (entry.sample)();
        if is_slow(&field) || field.tape().unwrap().len() > LONG {
            continue;
        }
        let options = Extraction::default().bounds(cube(1.45)).time(0.4).resolution(18);
        let (found, certificate) = looked_at(&field, &options);
        agrees(entry.name, &field, &found, &certificate, &mut random);
        all += 1;
        proven += usize::from(certificate.is_proven());
        if !certificate.is_proven() {
            not.push(entry.name);
        }
    }
    println!("{proven} of {all} proven; not {not:?}");
    assert!(5 * proven > 4 * all, "{proven} of {all}");
}

#[test]
fn what_is_proven_of_random_compositions_holds() {
    let config = Config { failure_persistence: None, ..Config::default() };
    let mut runner = TestRunner::new_with_rng(config, TestRng::from_seed(RngAlgorithm::ChaCha, &[7; 32]));
    let mut random = Random(5);
    let (mut proven, mut all) = (0, 0);
    for n in 0..16 {
        let plan = support::plan().new_tree(&mut runner).unwrap().current();
        let field = plan.build();
        let options = Extraction::default().bounds(cube(1.4)).time(0.3).resolution(18);
        let (found, certificate) = looked_at(&field, &options);
        agrees(&n.to_string(), &field, &found, &certificate, &mut random);
        all += 1;
        proven += usize::from(certificate.is_proven());
    }
    println!("{proven} of {all} proven");
    assert!(8 * proven > all, "{proven} of {all}");
}

#[test]
fn any_number_of_threads_gives_the_same_certificate() {
    let field = torus(0.7, 0.25).smooth_union(r#box([0.5, 1.6, 0.4]).rotate_x(0.3), 0.2);
    let certified = |threads: usize| {
        let pool = rayon::ThreadPoolBuilder::new().num_threads(threads).build().unwrap();
        pool.install(|| {
            let options = Extraction::default().bounds(cube(1.3)).resolution(20);
            field.extract(&options).unwrap().certify(&field).unwrap()
        })
    };
    assert_eq!(certified(1), certified(3));
}
