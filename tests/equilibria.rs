//! Places where an energy settles, held to closed forms: where they are, whether they stay there, and how they move with parameters.

#![cfg(feature = "fit")]

use fieldgrad::fit::{Equilibrium, Rest, Stability};
use fieldgrad::prelude::*;
use std::f64::consts::PI;

const NO_END: f64 = f64::INFINITY;

/// A resting place: what it is, and for names of what settled their values, and their derivatives in parameters.
struct Case<'a> {
    name: &'a str,
    energy: Field,
    free: &'a [&'a str],
    contacts: Vec<(Field, f64, f64)>,
    at: &'a [(&'a str, f64)],
    derivatives: &'a [(&'a str, &'a str, f64)],
}

fn settled(case: &Case) -> Rest {
    let equilibrium = Equilibrium::new(&case.energy, case.free, case.contacts.clone());
    equilibrium.and_then(|of| of.settle()).unwrap_or_else(|error| panic!("{}: {error}", case.name))
}

/// That it is where the closed form says.
fn check(case: &Case) -> Rest {
    let rest = settled(case);
    let place = |name: &str| rest.names.iter().position(|own| own == name).unwrap();
    for (name, wanted) in case.at {
        let found = rest.at[place(name)];
        assert!((found - wanted).abs() < 1e-9, "{}: {name} is {found}, not {wanted}", case.name);
    }
    for (name, by, wanted) in case.derivatives {
        let found =
            rest.derivative(by).unwrap_or_else(|| panic!("{}: no derivative", case.name))[place(name)];
        assert!((found - wanted).abs() < 1e-7, "{}: d{name}/d{by} is {found}, not {wanted}", case.name);
    }
    rest
}

fn p(name: &str, value: f64) -> Field {
    param(name, value)
}

/// The value of a solid's field at a place of parameters.
fn field_at(solid: Field, [x, y, z]: [Field; 3]) -> Field {
    solid.remap([x, y, z, Field::constant(0.0)])
}

#[test]
fn twelve_resting_places_are_those_of_their_closed_forms() {
    let [x, y, z] = [p("x", 0.01), p("y", 0.05), p("z", 0.7)];
    let mut cases = Vec::new();

    // 1. A ball on a floor.
    let r = p("r", 0.1);
    cases.push(Case {
        name: "a ball on a floor",
        energy: 9.81 * p("m", 2.0) * &z,
        free: &["z"],
        contacts: vec![(&z - &r, 0.0, NO_END)],
        at: &[("z", 0.1)],
        derivatives: &[("z", "r", 1.0), ("z", "m", 0.0)],
    });

    // 2. A ball in the hollow of three spheres.
    let (big, small, off) = (p("R", 0.3), p("r", 0.2), p("off", 0.35));
    let hollow = (0..3).map(|n| {
        let (sin, cos) = (f64::from(n) * 2.0 * PI / 3.0).sin_cos();
        let sphere = sphere(big.clone()).translate([&off * cos, &off * sin, 0.0.into()]);
        (field_at(sphere, [x.clone(), y.clone(), z.clone()]) - &small, 0.0, NO_END)
    });
    let height = (0.5f64.powi(2) - 0.35f64.powi(2)).sqrt();
    let (by_r, by_off) = (0.5 / height, -0.35 / height);
    let two = [("x", 0.0), ("y", 0.0), ("z", height)];
    let two_by = [("z", "r", by_r), ("z", "R", by_r), ("z", "off", by_off), ("x", "r", 0.0)];
    cases.push(Case {
        name: "a ball on three spheres",
        energy: z.clone(),
        free: &["x", "y", "z"],
        contacts: hollow.collect(),
        at: &two,
        derivatives: &two_by,
    });

    // 3. A ball on a ring, held on its axis.
    let ring = torus(p("R", 0.35), p("tube", 0.15));
    let height = (0.45f64.powi(2) - 0.35f64.powi(2)).sqrt();
    let three = [("z", height)];
    let three_by = [("z", "r", 0.45 / height), ("z", "tube", 0.45 / height), ("z", "R", -0.35 / height)];
    cases.push(Case {
        name: "a ball on a ring",
        energy: z.clone(),
        free: &["z"],
        contacts: vec![(field_at(ring, [0.0.into(), z.clone(), 0.0.into()]) - p("r", 0.3), 0.0, NO_END)],
        at: &three,
        derivatives: &three_by,
    });

    // 4. A cylinder in a groove, whose walls rise at two angles: its axis is at a distance r from both.
    let (a, b, r) = (p("a", 0.5), p("b", 0.8), p("r", 0.25));
    let wall = |angle: &Field, way: f64| &x * (way * angle.sin()) + &z * angle.cos() - &r;
    // x sin a + z cos a = r = −x sin b + z cos b.
    let sum = (0.5f64 + 0.8).sin();
    let four = [
        ("x", 0.25 * (0.8f64.cos() - 0.5f64.cos()) / sum),
        ("z", 0.25 * (0.8f64.sin() + 0.5f64.sin()) / sum),
    ];
    let four_by = [("x", "r", four[0].1 / 0.25), ("z", "r", four[1].1 / 0.25)];
    cases.push(Case {
        name: "a cylinder in a groove",
        energy: z.clone(),
        free: &["x", "z"],
        contacts: vec![(wall(&a, 1.0), 0.0, NO_END), (wall(&b, -1.0), 0.0, NO_END)],
        at: &four,
        derivatives: &four_by,
    });

    // 5. A double pendulum that hangs, pushed to the side by a force at its end.
    let (u, v, push) = (p("u", 0.3), p("v", -0.4), p("push", 0.5));
    let (drop, side) = (2.0 * u.cos() + v.cos(), u.sin() + v.sin());
    let five = [("u", (0.5f64 / 2.0).atan()), ("v", 0.5f64.atan())];
    let five_by = [("u", "push", 0.5 / 1.0625), ("v", "push", 1.0 / 1.25)];
    cases.push(Case {
        name: "a double pendulum in the wind",
        energy: -drop - &push * side,
        free: &["u", "v"],
        contacts: Vec::new(),
        at: &five,
        derivatives: &five_by,
    });

    // 6. A weight on a spring.
    let (k, m) = (p("k", 40.0), p("m", 3.0));
    let six = [("z", 1.2 - 3.0 * 9.81 / 40.0)];
    let six_by = [("z", "k", 3.0 * 9.81 / 1600.0), ("z", "m", -9.81 / 40.0), ("z", "length", 1.0)];
    cases.push(Case {
        name: "a weight on a spring",
        energy: 0.5 * &k * (&z - p("length", 1.2)).square() + 9.81 * &m * &z,
        free: &["z"],
        contacts: Vec::new(),
        at: &six,
        derivatives: &six_by,
    });

    // 7. A bead on a parabola, pushed to the side.
    let (a, f) = (p("a", 0.7), p("f", 0.6));
    let at_x = 0.6 / (2.0 * 0.7);
    let seven = [("x", at_x), ("z", 0.7 * at_x * at_x)];
    let seven_by = [("x", "f", 1.0 / 1.4), ("x", "a", -at_x / 0.7), ("z", "f", at_x)];
    cases.push(Case {
        name: "a bead on a parabola",
        energy: &z - &f * &x,
        free: &["x", "z"],
        contacts: vec![(&z - &a * x.square(), 0.0, 0.0)],
        at: &seven,
        derivatives: &seven_by,
    });

    // 8. A box of a kept volume whose faces cost differently.
    let [w, h, d] = [p("w", 1.0), p("h", 2.0), p("d", 0.5)];
    let costs = [("s1", 1.0), ("s2", 2.0), ("s3", 3.0)];
    let [s1, s2, s3] = costs.map(|(name, value)| p(name, value));
    let side = |own: f64, a: f64, b: f64| (1.7 * own * own / (a * b)).cbrt();
    let eight = [("w", side(2.0, 1.0, 3.0)), ("h", side(3.0, 1.0, 2.0)), ("d", side(1.0, 2.0, 3.0))];
    let eight_by = [
        ("w", "volume", eight[0].1 / (3.0 * 1.7)),
        ("w", "s2", 2.0 * eight[0].1 / (3.0 * 2.0)),
        ("w", "s1", -eight[0].1 / 3.0),
    ];
    cases.push(Case {
        name: "a box of a kept volume",
        energy: &s1 * &w * &h + &s2 * &h * &d + &s3 * &d * &w,
        free: &["w", "h", "d"],
        contacts: vec![(&w * &h * &d - p("volume", 1.7), 0.0, 0.0)],
        at: &eight,
        derivatives: &eight_by,
    });

    // 9. A rod on its end, held upright by a spring that is stiff enough.
    let nine = [("u", 0.0)];
    let nine_by = [("u", "lean", 1.0 / (1.0 - 2.0 / 3.0))];
    cases.push(Case {
        name: "a rod held upright",
        energy: 0.5 * 3.0 * (&u - p("lean", 0.0)).square() + p("weight", 2.0) * u.cos(),
        free: &["u"],
        contacts: Vec::new(),
        at: &nine,
        derivatives: &nine_by,
    });

    // 10. A ball that floats: half as heavy as water it is half under it.
    let (r, heavy) = (p("r", 0.4), p("density", 0.5));
    // Its cap under water; none, where it is above.
    let under = (&r - &z).max(0.0);
    let lift = PI * (&r * under.pow(3) / 3.0 - under.pow(4) / 12.0);
    let ten = [("z", 0.0)];
    let ten_by = [("z", "density", -4.0 * 0.4 / 3.0)];
    cases.push(Case {
        name: "a ball that floats",
        energy: &heavy * (4.0 / 3.0 * PI) * r.pow(3) * &z + lift,
        free: &["z"],
        contacts: Vec::new(),
        at: &ten,
        derivatives: &ten_by,
    });

    // 11. A chain of two links between two nails, by their lengths.
    let (half, link) = (p("half", 0.6), p("link", 1.0));
    let nail = |way: f64| length([&x - way * &half, z.clone(), 0.0.into()]) - &link;
    let eleven = [("x", 0.0), ("z", -0.8)];
    let eleven_by = [("z", "half", 0.75), ("z", "link", -1.25)];
    cases.push(Case {
        name: "a chain between two nails",
        energy: z.clone(),
        free: &["x", "z"],
        contacts: vec![(nail(1.0), -NO_END, 0.0), (nail(-1.0), -NO_END, 0.0)],
        at: &eleven,
        derivatives: &eleven_by,
    });

    // 12. A ball in a corner between a floor and a sphere that holds it up, pushed against both.
    let (big, r) = (p("R", 0.5), p("r", 0.2));
    let far = (4.0 * 0.5 * 0.2f64).sqrt();
    let twelve = [("x", far), ("z", 0.2)];
    let twelve_by = [("x", "r", (0.5f64 / 0.2).sqrt()), ("x", "R", (0.2f64 / 0.5).sqrt()), ("z", "r", 1.0)];
    let stone = sphere(big.clone()).translate([0.0.into(), 0.0.into(), big.clone()]);
    cases.push(Case {
        name: "a ball against a stone",
        energy: &z + 0.3 * &x,
        free: &["x", "z"],
        contacts: vec![
            (&z - &r, 0.0, NO_END),
            (field_at(stone, [x.clone(), 0.0.into(), z.clone()]) - &r, 0.0, NO_END),
        ],
        at: &twelve,
        derivatives: &twelve_by,
    });
    assert_eq!(cases.len(), 12);
    for case in &cases {
        let rest = check(case);
        assert!(rest.is_stable(), "{}: {:?}", case.name, rest.stability);
    }
}

#[test]
fn what_is_not_stable_is_said_not_to_be() {
    // A ball exactly on top of a ball.
    let [x, z] = [p("x", 0.0), p("z", 0.9)];
    let gap = length([x.clone(), z.clone(), 0.0.into()]) - p("R", 0.5) - p("r", 0.2);
    let on_top = Case {
        name: "on top",
        energy: z.clone(),
        free: &["x", "z"],
        contacts: vec![(gap, 0.0, NO_END)],
        at: &[("x", 0.0), ("z", 0.7)],
        derivatives: &[("z", "r", 1.0)],
    };
    let Stability::Unstable(way) = check(&on_top).stability else { panic!("it rolls off") };
    assert!(way[0].abs() == 1.0 && way[1].abs() < 1e-9, "{way:?}");
    // A rod on its end whose spring is too weak.
    let u = p("u", 0.0);
    let rod = Case {
        name: "a rod",
        energy: 0.5 * p("k", 1.0) * u.square() + 2.0 * u.cos(),
        free: &["u"],
        contacts: Vec::new(),
        at: &[("u", 0.0)],
        derivatives: &[],
    };
    assert_eq!(check(&rod).stability, Stability::Unstable(vec![1.0]));
    // A ball on a floor may be anywhere on it.
    let (energy, gap) = (z.clone(), &z - 0.2 - 1e-30 * x.sin());
    let rest = Equilibrium::new(&energy, &["x", "z"], [(gap, 0.0, NO_END)]).unwrap().settle().unwrap();
    assert!(matches!(rest.stability, Stability::Indifferent(_)) && rest.derivative("r").is_none());
}

#[test]
fn what_cannot_settle_is_an_error_that_says_why() {
    let z = p("z", 0.5);
    let said = |energy: Field, contacts: Vec<(Field, f64, f64)>| {
        Equilibrium::new(&energy, &["z"], contacts).unwrap().settle().unwrap_err().to_string()
    };
    assert!(said(z.clone(), Vec::new()).contains("falls without end: nothing holds z"));
    let both = vec![(z.clone(), 1.0, NO_END), (2.0 * &z, -NO_END, 1.0)];
    assert!(said(z.clone(), both).contains("constraints 1, 2 cannot hold together"));
    assert!(said((&z - 1.0).sqrt() + &z, Vec::new()).contains("not finite"));
    assert!(Equilibrium::new(&z, &["y"], Vec::new()).is_err());
    assert!(Equilibrium::new(&(&z + x()), &["z"], Vec::new()).is_err());
}

#[test]
fn derivatives_are_those_of_places_that_settled_elsewhere() {
    // Three weights on a string in a wind between nails, which leans on a ball: no closed form.
    let nodes: Vec<[Field; 2]> =
        (0..3).map(|n| [p(&format!("x{n}"), 0.5 * f64::from(n) - 0.5), p(&format!("z{n}"), -0.2)]).collect();
    let (nail, stiff, wind) = (p("nail", 1.0), p("stiff", 60.0), p("wind", 0.4));
    let ends = |way: f64| [way * &nail, Field::constant(0.0)];
    let all: Vec<[Field; 2]> = [vec![ends(-1.0)], nodes.clone(), vec![ends(1.0)]].concat();
    let springs = all.windows(2).map(|pair| {
        let [dx, dz] = [0, 1].map(|n| &pair[1][n] - &pair[0][n]);
        0.5 * &stiff * (hypot(dx, dz) - 0.5).square()
    });
    let weights = nodes.iter().map(|[x, z]| z - &wind * x);
    let energy = springs.chain(weights).reduce(|sum, term| sum + term).unwrap();
    let r = p("r", 0.3);
    let contacts: Vec<_> = nodes.iter().map(|[x, z]| (hypot(x.clone(), z + 0.5) - &r, 0.0, NO_END)).collect();
    let names = ["x0", "z0", "x1", "z1", "x2", "z2"];
    let equilibrium = Equilibrium::new(&energy, &names, contacts).unwrap();
    let known: Vec<String> = equilibrium.names().map(String::from).collect();
    let value = |name: &str| {
        let all = [("nail", 1.0), ("stiff", 60.0), ("wind", 0.4), ("r", 0.3)];
        all.iter().find(|(own, _)| *own == name).map(|(_, value)| *value)
    };
    let rest = equilibrium.settle().unwrap();
    assert!(rest.is_stable() && rest.forces.iter().any(|force| *force > 1e-3), "{rest:?}");
    let mut start: Vec<f64> = known.iter().map(|name| value(name).unwrap_or(0.0)).collect();
    for (name, found) in rest.names.iter().zip(&rest.at) {
        start[known.iter().position(|own| own == name).unwrap()] = *found;
    }
    for by in ["nail", "stiff", "wind", "r"] {
        let step = 1e-5;
        let place = known.iter().position(|own| own == by).unwrap();
        let [below, above] = [-step, step].map(|off| {
            let mut values = start.clone();
            values[place] += off;
            equilibrium.settle_from(&values).unwrap().at
        });
        let exact = rest.derivative(by).unwrap();
        for n in 0..exact.len() {
            let difference = (above[n] - below[n]) / (2.0 * step);
            assert!(
                (exact[n] - difference).abs() < 1e-6 * (1.0 + difference.abs()),
                "d{}/d{by}",
                rest.names[n]
            );
        }
    }
}

/// An equilibrium's rest, with values by name.
fn rest_of(energy: &Field, free: &[&str], contacts: Vec<(Field, f64, f64)>) -> Rest {
    let settled = Equilibrium::new(energy, free, contacts).and_then(|of| of.settle());
    settled.unwrap_or_else(|error| panic!("{energy:?}: {error}"))
}

#[test]
fn contacts_with_unions_are_contacts_with_their_parts() {
    // A ball in the hollow of three that are one solid: its field has a kink just there.
    let [x, y, z] = [p("x", 0.01), p("y", 0.05), p("z", 0.7)];
    let three = (0..3).map(|n| {
        let (sin, cos) = (f64::from(n) * 2.0 * PI / 3.0).sin_cos();
        sphere(0.3).translate([0.35 * cos, 0.35 * sin, 0.0])
    });
    let gap = field_at(union(three), [x, y, z.clone()]) - p("r", 0.2);
    let rest = rest_of(&z, &["x", "y", "z"], vec![(gap, 0.0, NO_END)]);
    let height = (0.25f64 - 0.1225).sqrt();
    assert!(rest.is_stable() && (rest.at[2] - height).abs() < 1e-12, "{rest:?}");
    assert!((rest.derivative("r").unwrap()[2] - 0.5 / height).abs() < 1e-9);
}

#[test]
fn many_bodies_pile_up() {
    // Twelve discs in a groove, each pushed by those above it.
    let count = 12;
    let places: Vec<[Field; 2]> = (0..count)
        .map(|n| {
            let (x, z) = (0.4 * (f64::from(n) * 1.7).sin(), 0.6 + 0.45 * f64::from(n));
            [p(&format!("x{n}"), x), p(&format!("z{n}"), z)]
        })
        .collect();
    let mut contacts = Vec::new();
    for (n, [x, z]) in places.iter().enumerate() {
        contacts.push(((z - x) / 2f64.sqrt() - 0.2, 0.0, NO_END));
        contacts.push(((z + x) / 2f64.sqrt() - 0.2, 0.0, NO_END));
        for [u, w] in &places[..n] {
            contacts.push((hypot(x - u, z - w) - 0.4, 0.0, NO_END));
        }
    }
    let energy = places.iter().map(|[_, z]| z.clone()).reduce(|a, b| a + b).unwrap();
    let names: Vec<String> = (0..count).flat_map(|n| [format!("x{n}"), format!("z{n}")]).collect();
    let names: Vec<&str> = names.iter().map(String::as_str).collect();
    let rest = rest_of(&energy, &names, contacts);
    assert!(rest.is_stable(), "{:?}", rest.stability);
    // Nothing is held back: contacts push, and do not pull.
    assert!(rest.forces.iter().all(|force| *force >= 0.0));
}

#[test]
fn a_table_with_four_legs_stands_though_three_would_do() {
    let [z, a, b] = [p("z", 1.3), p("a", 0.1), p("b", -0.05)];
    let legs = [(-1.0, -1.0), (1.0, -1.0), (1.0, 1.0), (-1.0, 1.0)];
    let contacts = legs.map(|(x, y)| (&z - p("leg", 0.7) + x * a.sin() + y * b.sin(), 0.0, NO_END)).to_vec();
    let weight = &z + 0.2 * a.sin();
    let rest = rest_of(&weight, &["z", "a", "b"], contacts);
    assert!(rest.is_stable() && rest.at.iter().zip([0.7, 0.0, 0.0]).all(|(a, b)| (a - b).abs() < 1e-9));
    assert!(rest.forces.iter().all(|force| *force >= 0.0), "{rest:?}");
    assert!((rest.forces.iter().sum::<f64>() - 1.0).abs() < 1e-9);
    assert!((rest.derivative("leg").unwrap()[0] - 1.0).abs() < 1e-9);
}

#[test]
fn each_start_settles_in_its_own_hollow() {
    let x = p("x", 0.0);
    let energy = (x.square() - 1.0).square() + p("tilt", 0.1) * &x;
    let equilibrium = Equilibrium::new(&energy, &["x"], []).unwrap();
    let names: Vec<&str> = equilibrium.names().collect();
    assert_eq!(names, ["x", "tilt"]);
    for (start, side) in [(-2.0, -1.0), (-0.3, -1.0), (0.4, 1.0), (30.0, 1.0), (0.0, -1.0)] {
        let rest = equilibrium.settle_from(&[start, 0.1]).unwrap();
        let at = rest.at[0];
        assert!(at * side > 0.9 && (4.0 * at * (at * at - 1.0) + 0.1).abs() < 1e-13, "{start}: {at}");
        assert!((rest.derivative("tilt").unwrap()[0] + 1.0 / (12.0 * at * at - 4.0)).abs() < 1e-12);
    }
    // On the top of the hill between them it stays, and is said to leave.
    let rest = equilibrium.settle_from(&[0.0, 0.0]).unwrap();
    assert_eq!((rest.at[0], rest.stability), (0.0, Stability::Unstable(vec![1.0])));
}

#[test]
fn sizes_do_not_matter() {
    for size in [1e-6, 1e-3, 1.0, 1e3, 1e6] {
        let [x, z] = [p("x", 0.3 * size), p("z", 3.0 * size)];
        let wall = |way: f64| &z * 0.8 + &x * (0.6 * way) - p("r", 0.25 * size);
        let heavy = 1e4 * &z / size;
        let rest = rest_of(&heavy, &["x", "z"], vec![(wall(1.0), 0.0, NO_END), (wall(-1.0), 0.0, NO_END)]);
        assert!((rest.at[1] / size - 0.3125).abs() < 1e-12 && rest.at[0].abs() < 1e-12 * size, "{rest:?}");
        let spring = 0.5 * (&z / size - 0.3).square() + 1e-4 * (&x / size).square();
        let rest = rest_of(&spring, &["x", "z"], Vec::new());
        assert!(rest.is_stable() && rest.at[0].abs() < 1e-9 * size, "{rest:?}");
        assert!((rest.at[1] / size - 0.3).abs() < 1e-12, "{rest:?}");
    }
}

#[test]
fn at_kinks_it_comes_to_rest_where_it_should() {
    // A ball on a ring, which touches all around it at once, also where it starts just above.
    let ring = torus(p("R", 0.35), p("tube", 0.15));
    let height = (0.45f64.powi(2) - 0.35f64.powi(2)).sqrt();
    for start in [[0.01, 0.7, -0.02], [0.0, 0.7, 0.0], [0.1, 0.4, 0.0]] {
        let [x, y, z] = [("x", start[0]), ("y", start[1]), ("z", start[2])].map(|(name, at)| p(name, at));
        let gap = field_at(ring.clone(), [x, y.clone(), z]) - p("r", 0.3);
        let rest = rest_of(&y, &["x", "y", "z"], vec![(gap, 0.0, NO_END)]);
        assert!(rest.is_stable() && (rest.at[1] - height).abs() < 1e-9, "{rest:?}");
        assert!(rest.at[0].hypot(rest.at[2]) < 1e-9, "{rest:?}");
        for (by, wanted) in [("r", 0.45 / height), ("tube", 0.45 / height), ("R", -0.35 / height)] {
            let found = rest.derivative(by).unwrap_or_else(|| panic!("no derivative: {rest:?}"));
            assert!((found[1] - wanted).abs() < 1e-7 && found[0].abs() < 1e-7, "{by}: {found:?}");
        }
    }
    // On the ridge of a roof it does not stay.
    let [x, y] = [p("x", 0.0), p("y", 1.3)];
    let rest = rest_of(&(&y + y.square()), &["x", "y"], vec![(&y + x.abs() * 0.5 - 1.0, 0.0, NO_END)]);
    assert!(matches!(rest.stability, Stability::Unstable(_)) && (rest.at[1] - 1.0).abs() < 1e-9, "{rest:?}");
    // Dry friction, and a corner that is sharp all around.
    let [x, y] = [p("x", 0.9), p("y", 1.3)];
    let dry = x.abs() * 2.0 + 0.5 * (&x - 0.4).square() + y.square();
    let rest = rest_of(&dry, &["x", "y"], Vec::new());
    assert!(rest.at[0].abs() < 1e-8 && rest.at[1].abs() < 1e-5, "{rest:?}");
    let sharp = (&x - p("a", 0.4)).abs() * 2.0 + (&y - 0.3 * &x).abs();
    let rest = rest_of(&sharp, &["x", "y"], Vec::new());
    assert!(
        rest.is_stable() && (rest.at[0] - 0.4).abs() < 1e-9 && (rest.at[1] - 0.12).abs() < 1e-9,
        "{rest:?}"
    );
    assert!((rest.derivative("a").unwrap()[1] - 0.3).abs() < 1e-7);
}

#[test]
fn what_falls_ever_more_slowly_does_not_settle() {
    let z = p("z", 0.5);
    let far = Equilibrium::new(&z.recip(), &["z"], []).unwrap().settle();
    assert!(far.is_err(), "{far:?}");
    let far = Equilibrium::new(&(-&z).exp(), &["z"], []).unwrap().settle();
    assert!(far.is_err(), "{far:?}");
}
