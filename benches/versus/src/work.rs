//! The work: S20, ten scenes of the shape library, and the crowd.

use crate::points::Random;
use fidget::context::Tree;
use fieldgrad::prelude::*;

/// The numbers of S20: 20 spheres under a smooth minimum.
pub struct S20 {
    spheres: Vec<Sphere>,
    k: f64,
}

/// A sphere whose centre swings, along each axis by itself.
struct Sphere {
    center: [f64; 3],
    amplitude: [f64; 3],
    frequency: [f64; 3],
    phase: [f64; 3],
    radius: f64,
}

impl S20 {
    pub fn new() -> S20 {
        let mut random = Random(20);
        let sphere = |_| Sphere {
            center: random.triple(-1.0, 1.0),
            amplitude: random.triple(-0.5, 0.5),
            frequency: random.triple(0.5, 3.0),
            phase: random.triple(0.0, std::f64::consts::TAU),
            radius: random.between(0.15, 0.45),
        };
        S20 { spheres: (0..20).map(sphere).collect(), k: 0.3 }
    }

    /// Our field. Centres, amplitudes, radii and k are its 141 parameters; standing still it has no amplitudes.
    pub fn field(&self, moving: bool) -> Field {
        let k = param("k", self.k);
        let mut spheres = self.spheres.iter().enumerate().map(|(i, numbers)| {
            let along = |axis: usize| {
                let named = |what: &str, value: f64| param(&format!("{what}{i}.{axis}"), value);
                let center = named("center", numbers.center[axis]);
                if !moving {
                    return center;
                }
                let turn = numbers.frequency[axis] * t() + numbers.phase[axis];
                center + named("amplitude", numbers.amplitude[axis]) * sin(turn)
            };
            sphere(param(&format!("radius{i}"), numbers.radius)).translate((along(0), along(1), along(2)))
        });
        let first = spheres.next().expect("there are twenty");
        spheres.fold(first, |all, sphere| all.smooth_min(sphere, &k))
    }

    /// Fidget's tree, standing still, in its own arithmetic: 412 operations.
    pub fn tree(&self) -> Tree {
        let k = Tree::constant(self.k as f32);
        let (x, y, z) = Tree::axes();
        let mut spheres = self.spheres.iter().map(|Sphere { center, radius, .. }| {
            let [cx, cy, cz] = center.map(|c| c as f32);
            let square = (x.clone() - cx).square() + (y.clone() - cy).square() + (z.clone() - cz).square();
            square.sqrt() - *radius as f32
        });
        let first = spheres.next().expect("there are twenty");
        spheres.fold(first, |a, b| {
            let h = (k.clone() - (a.clone() - b.clone()).abs()).max(0.0) / k.clone();
            a.min(b) - h.clone() * h.clone() * h * k.clone() / 6.0
        })
    }
}

/// N spheres that circle, under a plain union folded as a tree.
pub fn crowd(count: usize) -> Field {
    let mut random = Random(count as u64);
    let radius = 0.5 / (count as f64).sqrt();
    let sphere = |_| {
        let [x, y, z] = random.triple(-0.95, 0.95);
        let (speed, phase) = (random.between(0.5, 2.0), random.between(0.0, std::f64::consts::TAU));
        let turn = speed * t() + phase;
        sphere(radius * random.between(0.5, 1.5)).translate((
            x + 2.0 * radius * cos(&turn),
            y + 2.0 * radius * sin(&turn),
            z * radius,
        ))
    };
    union((0..count).map(sphere).collect::<Vec<_>>())
}

/// The time the peer's side of the ten scenes stands at.
pub const STILL: f64 = 0.7;

/// A scene, built anew.
pub type Scene = fn() -> Field;

/// Ten scenes by name, from some 50 to 5,000 operations.
pub const SCENES: [(&str, Scene); 10] = [
    ("drop", || fieldgrad::scene::built_in().field().clone()),
    ("chain", chain),
    ("gyroid ball", gyroid_ball),
    ("twisted tower", twisted_tower),
    ("metaballs", metaballs),
    ("soft pile", soft_pile),
    ("gear", gear),
    ("city", city),
    ("sign", sign),
    ("coral", coral),
];

/// Links, every other one turned.
fn chain() -> Field {
    let ring = |i: i32| {
        let turned = link(0.25, 0.16, 0.05).rotate_y(deg(90.0 * f64::from(i % 2)));
        turned.translate([0.0, 0.4 * f64::from(i - 3), 0.0])
    };
    union((0..7).map(ring).collect::<Vec<_>>()).rotate_z(0.3 * sin(t()))
}

/// A ball of lattice in a frame of another: sines.
fn gyroid_ball() -> Field {
    let ball = sphere(1.2).smooth_intersection(gyroid(0.6, 0.08), 0.05).difference(sphere(0.5));
    let frame = box_frame([2.6, 2.6, 2.6], 0.3).smooth_intersection(schwarz(0.4, 0.05), 0.05);
    ball.rotate_y(t()) | frame
}

/// Twisted, and rippled by sines.
fn twisted_tower() -> Field {
    let floors = torus(0.45, 0.06).repeat_count([1.0, 0.4, 1.0], [0.0, 5.0, 0.0]);
    let tower = rounded_box([0.8, 2.4, 0.8], 0.1).smooth_union(floors, 0.1).twist(1.2);
    tower.displace(0.03 * sin(12 * x() + t()) * sin(12 * y()) * sin(12 * z()))
}

/// A level of a sum of 60 bells: exponentials.
fn metaballs() -> Field {
    let mut random = Random(5);
    let bell = |_| {
        let [cx, cy, cz] = random.triple(-1.2, 1.2);
        let rise = 0.2 * sin(random.between(0.5, 2.0) * t());
        exp(-8.0 * ((x() - cx).square() + (y() - cy - rise).square() + (z() - cz).square()))
    };
    0.3 - (0..60).map(bell).reduce(|sum, bell| sum + bell).expect("there are sixty")
}

/// 40 boxes under the exponential smooth minimum: exponentials and logarithms.
fn soft_pile() -> Field {
    let mut random = Random(6);
    let piece = |_| {
        let size = random.triple(0.2, 0.6);
        let turned = r#box(size).rotate_y(random.between(0.0, 3.0));
        turned.translate(random.triple(-1.2, 1.2))
    };
    let pieces: Vec<Field> = (0..40).map(piece).collect();
    pieces.into_iter().reduce(|all, next| all.smooth_min_kind(next, 0.1, "exponential")).expect("forty")
}

/// Teeth and spokes around a hub.
fn gear() -> Field {
    let teeth = rounded_rect([0.3, 0.18], 0.03).translate([1.0, 0.0, 0.0]).polar_repeat(16);
    let holes = circle(0.18).translate([0.6, 0.0, 0.0]).polar_repeat(6);
    let wheel = circle(0.95).smooth_union(teeth, 0.05).difference(holes).difference(circle(0.2));
    wheel.extrude(0.3).offset(0.02).rotate_z(t())
}

/// 12 × 12 houses, no two alike.
fn city() -> Field {
    let mut random = Random(8);
    let house = |i: i32| {
        let height = random.between(0.2, 1.4);
        let at = [f64::from(i % 12) * 0.3 - 1.65, height / 2.0 - 1.0, f64::from(i / 12) * 0.3 - 1.65];
        rounded_box([random.between(0.1, 0.25), height, random.between(0.1, 0.25)], 0.02).translate(at)
    };
    union((0..144).map(house).collect::<Vec<_>>()) | plane([0.0, 1.0, 0.0], -1.0)
}

/// Letters cut into a plate.
fn sign() -> Field {
    let letters = text("field grad", 0.45).extrude(0.2).translate([0.0, 0.0, 0.1]);
    rounded_box([3.4, 1.0, 0.2], 0.05).smooth_difference(letters, 0.02)
}

/// 200 branches grown from one another, smoothly joined.
fn coral() -> Field {
    let mut random = Random(10);
    let mut tips = vec![[0.0, -1.2, 0.0]];
    let mut branches = Vec::new();
    for _ in 0..200 {
        let from: [f64; 3] = tips[(random.unit() * tips.len() as f64) as usize];
        let step = [random.between(-0.25, 0.25), random.between(0.05, 0.3), random.between(-0.25, 0.25)];
        let to: [f64; 3] = std::array::from_fn(|axis| from[axis] + step[axis]);
        branches.push(capsule(from, to, random.between(0.03, 0.08)));
        tips.push(to);
    }
    branches.into_iter().reduce(|all, next| all.smooth_union(next, 0.06)).expect("two hundred")
}
