//! The distance to a mesh: against all of its triangles one by one, and what its field promises.

use fieldgrad::mesh::{Distance, Mesh};
use fieldgrad::number::{Columns, Interval, Kernel, Output};
use fieldgrad::prelude::*;
use fieldgrad::tape::Machine;

mod support;
use support::Random;

type Vector3 = [f64; 3];

fn minus(a: Vector3, b: Vector3) -> Vector3 {
    [a[0] - b[0], a[1] - b[1], a[2] - b[2]]
}

fn dot(a: Vector3, b: Vector3) -> f64 {
    a[0] * b[0] + a[1] * b[1] + a[2] * b[2]
}

fn cross(a: Vector3, b: Vector3) -> Vector3 {
    [a[1] * b[2] - a[2] * b[1], a[2] * b[0] - a[0] * b[2], a[0] * b[1] - a[1] * b[0]]
}

/// A ball of so many rings, whose radius goes up and down with the direction: closed, and not convex.
fn bumpy(rings: usize, bumps: f64) -> Mesh {
    let around = 2 * rings;
    let radius =
        |d: Vector3| 0.7 + bumps * (5.0 * d[0] + 1.0).sin() * (4.0 * d[1]).cos() * (6.0 * d[2]).sin();
    let place = |i: usize, j: usize| {
        let (up, turn) = (i as f64 / rings as f64, j as f64 / around as f64);
        let (polar, angle) = (up * std::f64::consts::PI, turn * std::f64::consts::TAU);
        let d = [polar.sin() * angle.cos(), polar.sin() * angle.sin(), polar.cos()];
        d.map(|x| x * radius(d))
    };
    let mut vertices = vec![place(0, 0), place(rings, 0)];
    for i in 1..rings {
        vertices.extend((0..around).map(|j| place(i, j)));
    }
    let number = |i: usize, j: usize| match i {
        0 => 0,
        _ if i == rings => 1,
        _ => (2 + (i - 1) * around + j % around) as u32,
    };
    let mut triangles = Vec::new();
    for i in 0..rings {
        for j in 0..around {
            let [a, b, c, d] = [(i, j), (i + 1, j), (i + 1, j + 1), (i, j + 1)].map(|(i, j)| number(i, j));
            triangles.extend((i + 1 < rings).then_some([a, b, c]));
            triangles.extend((i > 0).then_some([a, c, d]));
        }
    }
    Mesh::new(vertices, triangles).unwrap()
}

/// Triangles anywhere, some of them thin, some without any area.
fn soup(count: usize, random: &mut Random) -> Mesh {
    let mut vertices = Vec::new();
    for n in 0..count {
        let from = [0, 1, 2].map(|_| random.between(-1.0, 1.0));
        let mut near = |by: f64| from.map(|x| x + by * random.between(-0.3, 0.3));
        let (a, thin) = (near(1.0), near(1e-9));
        let flat = [0, 1, 2].map(|i| 0.5 * (from[i] + a[i]));
        let c = if n % 7 == 0 { thin } else { near(1.0) };
        vertices.extend([from, a, if n % 11 == 0 { flat } else { c }]);
    }
    let triangles = (0..count as u32).map(|n| [3 * n, 3 * n + 1, 3 * n + 2]).collect();
    Mesh::new(vertices, triangles).unwrap()
}

/// The nearest place of a triangle, by its regions (Ericson 2005).
fn nearest([a, b, c]: [Vector3; 3], p: Vector3) -> Vector3 {
    let (ab, ac) = (minus(b, a), minus(c, a));
    let on = |from: Vector3, to: Vector3| {
        let edge = minus(to, from);
        let square = dot(edge, edge);
        let t = if square > 0.0 { (dot(minus(p, from), edge) / square).clamp(0.0, 1.0) } else { 0.0 };
        [0, 1, 2].map(|i| from[i] + t * edge[i])
    };
    let n = cross(ab, ac);
    let is_left = |from: Vector3, to: Vector3| dot(cross(minus(to, from), minus(p, from)), n) >= 0.0;
    if dot(n, n) > 1e-24 && is_left(a, b) && is_left(b, c) && is_left(c, a) {
        let height = dot(minus(p, a), n) / dot(n, n);
        return [0, 1, 2].map(|i| p[i] - height * n[i]);
    }
    let distance = |q: &Vector3| dot(minus(p, *q), minus(p, *q));
    let edges = [on(a, b), on(b, c), on(c, a)];
    edges.into_iter().min_by(|q, r| distance(q).total_cmp(&distance(r))).unwrap()
}

fn brute(mesh: &Mesh, p: Vector3) -> f64 {
    let each = (0..mesh.triangles.len()).map(|n| minus(p, nearest(mesh.corners(n), p)));
    each.map(|away| dot(away, away)).fold(f64::INFINITY, f64::min).sqrt()
}

fn winding(mesh: &Mesh, p: Vector3) -> f64 {
    let angle = |n: usize| {
        let [a, b, c] = mesh.corners(n).map(|corner| minus(corner, p));
        let [la, lb, lc] = [a, b, c].map(|x| dot(x, x).sqrt());
        let below = la * lb * lc + dot(a, b) * lc + dot(b, c) * la + dot(c, a) * lb;
        2.0 * dot(a, cross(b, c)).atan2(below)
    };
    (0..mesh.triangles.len()).map(angle).sum::<f64>() / (4.0 * std::f64::consts::PI)
}

/// Points in a box around the mesh, near it, and on it.
fn points(mesh: &Mesh, count: usize, random: &mut Random) -> Vec<Vector3> {
    let mut some = |n: usize| {
        let corners = mesh.corners((random.unit() * mesh.triangles.len() as f64) as usize);
        let (u, v) = (random.unit(), random.unit());
        let (u, v) = if u + v > 1.0 { (1.0 - u, 1.0 - v) } else { (u, v) };
        let on = [0, 1, 2].map(|i| {
            corners[0][i] + u * (corners[1][i] - corners[0][i]) + v * (corners[2][i] - corners[0][i])
        });
        match n % 5 {
            0 | 1 => [0, 1, 2].map(|_| random.between(-1.3, 1.3)),
            2 => on.map(|x| x + random.between(-0.02, 0.02)),
            3 => corners[0],
            _ => on,
        }
    };
    (0..count).map(&mut some).collect()
}

#[test]
fn the_distance_is_that_of_the_nearest_of_all_triangles() {
    let mut random = Random(1);
    let meshes = [bumpy(12, 0.15), bumpy(40, 0.15), soup(300, &mut random), bumpy(3, 0.0)];
    for mesh in &meshes {
        let distance = Distance::of(mesh).unwrap();
        let points = points(mesh, 500, &mut random);
        let found = distance.signed(&points);
        for (&p, &d) in points.iter().zip(&found) {
            let wanted = brute(mesh, p);
            assert!((d.abs() - wanted).abs() < 1e-12, "{d} is not {wanted} at {p:?}");
            let closest = distance.closest(p);
            assert_eq!(closest.distance, d);
            let away = minus(p, closest.place);
            assert!((dot(away, away).sqrt() - wanted).abs() < 1e-12);
        }
    }
}

#[test]
fn closed_meshes_have_their_sides() {
    let mut random = Random(2);
    // One that is proven to be simple, one inside of another, two that cross, and one with a triangle too many.
    let plain = bumpy(24, 0.15);
    let with = |scale: f64, shift: f64, flip: bool| {
        let mut both = plain.clone();
        let count = both.vertices.len() as u32;
        both.vertices
            .extend(plain.vertices.iter().map(|v| [v[0] * scale + shift, v[1] * scale, v[2] * scale]));
        let other = plain.triangles.iter().map(|t| t.map(|n| n + count));
        both.triangles.extend(other.map(|[a, b, c]| if flip { [a, c, b] } else { [a, b, c] }));
        both
    };
    let mut double = plain.clone();
    double.triangles.push(double.triangles[5]);
    let cases = [
        (plain.clone(), true),
        (with(0.5, 0.0, true), true),
        (with(1.0, 0.4, false), false),
        (double, false),
    ];
    for (mesh, is_simple) in &cases {
        let distance = Distance::of(mesh).unwrap();
        assert_eq!(distance.is_simple(), *is_simple);
        let points = points(mesh, 600, &mut random);
        let mut insides = 0;
        for (&p, d) in points.iter().zip(distance.signed(&points)) {
            let number = winding(mesh, p);
            assert!(
                (distance.winding_number(p) - number).abs() < 1e-7 || d.abs() < 1e-9,
                "{number} at {p:?}"
            );
            if d.abs() > 1e-9 {
                assert_eq!(d < 0.0, number > 0.5, "{d} at {p:?}, where it winds {number} times");
                insides += usize::from(d < 0.0);
            }
        }
        assert!(insides > 60, "{insides}");
    }
}

#[test]
fn flat_sides_of_many_triangles_do_not_cross() {
    // A cube of 4×4 squares a side, each side with vertices of its own.
    let (mut vertices, mut triangles) = (Vec::new(), Vec::new());
    for (axis, sign) in [0, 1, 2].into_iter().flat_map(|axis| [(axis, -1.0), (axis, 1.0)]) {
        let first = vertices.len() as u32;
        for (i, j) in (0..25).map(|n| (f64::from(n / 5), f64::from(n % 5))) {
            let mut place = [sign; 3];
            place[(axis + 1) % 3] = i / 2.0 - 1.0;
            place[(axis + 2) % 3] = j / 2.0 - 1.0;
            vertices.push(place);
        }
        for n in (0..20).filter(|n| n % 5 < 4) {
            let [a, b, c, d] = [n, n + 5, n + 6, n + 1].map(|n| first + n);
            triangles.extend(
                [[a, b, c], [a, c, d]].map(|[a, b, c]| if sign > 0.0 { [a, b, c] } else { [a, c, b] }),
            );
        }
    }
    let mesh = Mesh::new(vertices, triangles).unwrap();
    assert!((mesh.volume() - 8.0).abs() < 1e-12);
    let distance = Distance::of(&mesh).unwrap();
    assert!(distance.is_simple());
    let cube = r#box([2.0, 2.0, 2.0]);
    let mut random = Random(9);
    for p in points(&mesh, 500, &mut random) {
        let wanted = cube.value_at([p[0], p[1], p[2], 0.0]).unwrap();
        assert!((distance.closest(p).distance - wanted).abs() < 1e-14, "{wanted} at {p:?}");
    }
}

#[test]
fn a_mesh_with_a_tenth_of_its_triangles_gone_has_its_sides_still() {
    let mut random = Random(3);
    let whole = bumpy(40, 0.12);
    let mut mesh = whole.clone();
    mesh.triangles.retain(|_| random.unit() > 0.1);
    let [with, without] = [&whole, &mesh].map(|mesh| Distance::of(mesh).unwrap());
    assert!(with.is_closed() && !without.is_closed());
    let all: Vec<Vector3> = points(&whole, 8000, &mut random)
        .into_iter()
        .filter(|&p| with.closest(p).distance.abs() > 0.01 * 2.4)
        .collect();
    let [right, found] = [&with, &without].map(|distance| distance.signed(&all));
    let wrong = right.iter().zip(&found).filter(|(a, b)| (**a < 0.0) != (**b < 0.0)).count();
    assert!(all.len() > 2000 && wrong * 1000 <= all.len(), "{wrong} of {}", all.len());
    // The side is what the winding number says, whatever was left out on the way to it.
    for (&p, &d) in all.iter().zip(&found).take(400) {
        assert_eq!(d < 0.0, winding(&mesh, p) > 0.5);
    }
}

#[test]
fn a_hole_leaves_the_sides_what_the_winding_number_says() {
    let mut random = Random(8);
    let mut mesh = bumpy(30, 0.12);
    // A cap is gone: 60 triangles of 3,480 about a pole, then a hole elsewhere too.
    mesh.triangles.retain(|corners| !corners.contains(&0));
    mesh.triangles.truncate(mesh.triangles.len() - 200);
    let distance = Distance::of(&mesh).unwrap();
    assert!(!distance.is_closed());
    let all = points(&mesh, 1500, &mut random);
    let mut insides = 0;
    for (&p, d) in all.iter().zip(distance.signed(&all)) {
        let number = winding(&mesh, p);
        if d.abs() > 1e-9 && (number - 0.5).abs() > 1e-8 {
            assert_eq!(d < 0.0, number > 0.5, "{d} at {p:?}, where it winds {number} times");
            insides += usize::from(d < 0.0);
        }
    }
    assert!(insides > 200, "{insides}");
}

fn kernel_of(field: &Field) -> Output {
    match field.kind() {
        fieldgrad::field::Kind::Kernel(output) => output.clone(),
        _ => panic!("it is a kernel"),
    }
}

#[test]
fn bounds_hold_and_what_is_pruned_is_the_same() {
    let mut random = Random(4);
    let mut open = bumpy(16, 0.15);
    open.triangles.truncate(700);
    for mesh in [bumpy(24, 0.15), open, soup(60, &mut random)] {
        let distance = Distance::of(&mesh).unwrap();
        let is_closed = distance.is_closed();
        let output = kernel_of(&distance.field());
        let (mut pruned, mut sided) = (0, 0);
        for round in 0..400 {
            let size = [0.003, 0.03, 0.2, 0.7][round % 4];
            let middle = points(&mesh, 3, &mut random)[2 * (round / 4 % 2)];
            let sides = middle.map(|x| Interval::new(x - size * random.unit(), x + size * random.unit()));
            let bounds: Vec<Interval> = (0..10).map(|n| Kernel::bounds(&**output, n, &sides)).collect();
            let smaller = output.pruned(&sides);
            pruned += usize::from(smaller.is_some());
            sided += usize::from(!bounds[0].contains(0.0));
            let inside = |random: &mut Random| sides.map(|side| random.between(side.lo(), side.hi()));
            for _ in 0..12 {
                let (a, b) = (inside(&mut random), inside(&mut random));
                for n in 0..10 {
                    let value = Kernel::value(&**output, n, &a);
                    assert!(value.is_finite());
                    assert!(bounds[n].contains(value), "{:?} of {n} over {sides:?} holds {value}", bounds[n]);
                    if let Some(smaller) = &smaller {
                        assert_eq!(smaller.value(n, &a), value, "{n} at {a:?} in {sides:?}");
                    }
                }
                let rises: Vec<Interval> = (0..3).map(|i| Interval::point(b[i] - a[i])).collect();
                let rise = output.rise(0, &sides, &rises);
                let change = Kernel::value(&**output, 0, &b) - Kernel::value(&**output, 0, &a);
                assert!(rise.lo() - 1e-12 <= change && change <= rise.hi() + 1e-12, "{rise:?}: {change}");
                assert!(
                    !is_closed
                        || rise.largest() < 1.01 * rises.iter().map(|r| r.largest()).sum::<f64>() + 1e-9
                );
            }
        }
        assert!(pruned > 50 && sided > 50, "{pruned} {sided}");
    }
}

#[test]
fn columns_are_points_and_derivatives_are_differences() {
    let mut random = Random(5);
    let mesh = bumpy(20, 0.15);
    let field = mesh.field().unwrap();
    assert_eq!(field, mesh.clone().field().unwrap(), "equal meshes are one field");
    assert_ne!(field, bumpy(20, 0.1501).field().unwrap());
    let output = kernel_of(&field);
    let all = points(&mesh, 300, &mut random);
    let columns: Vec<f64> = (0..3).flat_map(|i| all.iter().map(move |p| p[i])).collect();
    let wanted: Vec<usize> = (0..10).collect();
    let mut together = vec![0.0; 10 * all.len()];
    output.values(&wanted, Columns::new(&columns, all.len()), &mut together);
    let mut compared = 0;
    for (row, p) in all.iter().enumerate() {
        for n in 0..10 {
            assert_eq!(together[n * all.len() + row], Kernel::value(&**output, n, p));
        }
        let gradient = [1, 2, 3].map(|n| Kernel::value(&**output, n, p));
        assert!((dot(gradient, gradient).sqrt() - 1.0).abs() < 1e-12, "{gradient:?} at {p:?}");
        let value = together[row];
        for i in 0..3 {
            let at = |n: usize, by: f64| {
                let mut to = *p;
                to[i] += by;
                Kernel::value(&**output, n, &to)
            };
            // Where nothing else comes near, on both sides of the point.
            let slopes = [at(0, 1e-6) - value, value - at(0, -1e-6)];
            if (slopes[0] - slopes[1]).abs() < 1e-10 && value.abs() > 0.05 {
                assert!((slopes[0] / 1e-6 - gradient[i]).abs() < 1e-4);
                let place = [[4, 5, 6], [5, 7, 8], [6, 8, 9]];
                for j in 0..3 {
                    let [up, down] = [1e-6, -1e-6].map(|by| at(1 + j, by));
                    let second = (up - down) / 2e-6;
                    if (up - gradient[j] - (gradient[j] - down)).abs() < 1e-9 {
                        let found = Kernel::value(&**output, place[i][j], p);
                        assert!((second - found).abs() < 1e-3 * (1.0 + second.abs()), "{second} {found}");
                        compared += 1;
                    }
                }
            }
        }
    }
    assert!(compared > 300, "{compared}");
    // Second derivatives as a field's.
    let hessian = field.dx().dy().value_at([1.5, 1.2, 1.1, 0.0]).unwrap();
    assert_eq!(hessian, Kernel::value(&**output, 5, &[1.5, 1.2, 1.1]));
}

#[test]
fn a_mesh_is_a_field_like_any_other() {
    let mesh = bumpy(24, 0.15);
    let part = mesh.field().unwrap();
    let both =
        part.clone().smooth_union(part.clone().translate([0.6, 0.1, 0.0]).rotate_x(0.4), 0.2).offset(0.05);
    let tape = both.tape().unwrap();
    let mut machine = Machine::<f64>::new(&tape);
    let mut random = Random(6);
    for _ in 0..200 {
        let at = random.point();
        let value = both.value_at(at).unwrap();
        assert_eq!(machine.at(at)[0], value);
        let gradient = both.gradient_at(at).unwrap();
        let length =
            dot([gradient[0], gradient[1], gradient[2]], [gradient[0], gradient[1], gradient[2]]).sqrt();
        assert!(length < 1.0 + 1e-9, "{gradient:?} at {at:?}");
    }
    assert!(Mesh::default().field().is_err());
    let far = part.value_at([1e9, 0.0, 0.0, 0.0]).unwrap();
    assert!((far - 1e9).abs() < 2.0);
}

#[test]
fn the_number_of_threads_changes_nothing() {
    let mesh = bumpy(24, 0.15);
    let mut random = Random(7);
    let points = points(&mesh, 5000, &mut random);
    let with = |threads: usize| {
        let pool = rayon::ThreadPoolBuilder::new().num_threads(threads).build().unwrap();
        pool.install(|| Distance::of(&mesh).unwrap().signed(&points))
    };
    assert_eq!(with(1), with(3));
}
