//! What several tests use: random points, random compositions of the whole library, an independent dual number.
#![allow(dead_code)]

use fieldgrad::number::{Dual, Output};
use fieldgrad::prelude::*;
use fieldgrad::shape::catalogue;
use fieldgrad::shape::grid::{GridSamples, Interpolation, sampled};
use proptest::prelude::*;
use std::sync::LazyLock;

pub mod peer;

/// A small generator of uniform numbers, the same on every machine (splitmix64).
pub struct Random(pub u64);

impl Random {
    pub fn unit(&mut self) -> f64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let word = (self.0 ^ (self.0 >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        let word = (word ^ (word >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        ((word ^ (word >> 31)) >> 11) as f64 / (1u64 << 53) as f64
    }

    pub fn between(&mut self, low: f64, high: f64) -> f64 {
        low + (high - low) * self.unit()
    }

    /// A point of [−1.6, 1.6]³ and a time from 0 to 2.
    pub fn point(&mut self) -> [f64; 4] {
        let mut axis = || self.between(-1.6, 1.6);
        let [x, y, z] = [axis(), axis(), axis()];
        [x, y, z, self.between(0.0, 2.0)]
    }

    /// A box of space and time around a point, with sides up to `size`.
    pub fn around(&mut self, at: [f64; 4], size: f64) -> [Interval; 4] {
        at.map(|v| Interval::new(v - self.unit() * size, v + self.unit() * size))
    }

    pub fn inside(&mut self, of: [Interval; 4]) -> [f64; 4] {
        of.map(|side| self.between(side.lo(), side.hi()).clamp(side.lo(), side.hi()))
    }
}

/// A composition of the library, as a tree that can be shrunk.
#[derive(Clone, Debug)]
pub enum Plan {
    /// A catalogue sample, moved a little.
    Leaf(usize, [f64; 3]),
    /// A method with two numbers.
    Method(usize, f64, f64, Box<Plan>),
    /// A combination with one number.
    Pair(usize, f64, Box<Plan>, Box<Plan>),
}

/// Whether a field has a kernel that searches, and is slow: random compositions of those have tests of their own.
pub fn is_slow(field: &Field) -> bool {
    const FAST: usize = 200;
    any_kernel(field, |output| output.cost() > FAST)
}

/// The library without those that search.
fn fast() -> Vec<fn() -> Field> {
    catalogue().map(|entry| entry.sample).filter(|sample| !is_slow(&sample())).collect()
}

pub fn plan() -> impl Strategy<Value = Plan> {
    let leaves = fast().len();
    let place = -0.5..0.5f64;
    let leaf = (0..leaves, [place.clone(), place.clone(), place]).prop_map(|(i, at)| Plan::Leaf(i, at));
    leaf.prop_recursive(4, 10, 2, |inner| {
        let method = (0..METHODS.len(), 0.05..1.0f64, -1.0..1.0f64, inner.clone())
            .prop_map(|(i, a, b, of)| Plan::Method(i, a, b, Box::new(of)));
        let pair = (0..PAIRS.len(), 0.05..0.8f64, inner.clone(), inner)
            .prop_map(|(i, k, a, b)| Plan::Pair(i, k, Box::new(a), Box::new(b)));
        prop_oneof![method, pair]
    })
}

type Method = (&'static str, fn(&Field, Field, Field) -> Field);

/// Every method of one shape: `a` is from 0.05 to 1, `b` from −1 to 1, both parameters.
pub const METHODS: &[Method] = &[
    ("translate", |f, a, b| f.translate((a, b, 0.2 * t()))),
    ("rotate", |f, a, b| f.rotate((a, 0.4, 1), b + t())),
    ("rotate_x", |f, _, b| f.rotate_x(b)),
    ("rotate_y", |f, _, b| f.rotate_y(b)),
    ("rotate_z", |f, _, b| f.rotate_z(b)),
    ("scale", |f, a, _| f.scale(0.5 + a)),
    ("stretch", |f, a, b| f.stretch((0.5 + a, 1.5 + b, 1))),
    ("mirror", |f, _, _| f.mirror("x")),
    ("repeat", |f, a, _| f.scale(0.4).repeat((0.8 + a, 0, 1))),
    ("repeat_count", |f, a, _| f.scale(0.4).repeat_count((0.8 + a, 0.9, 1), (3, 2, 1))),
    ("polar_repeat", |f, a, _| f.scale(0.3).translate((0.5 + a, 0, 0)).polar_repeat(5)),
    ("elongate", |f, a, _| f.elongate((a, 0.3, 0))),
    ("offset", |f, _, b| f.offset(0.1 * b)),
    ("shell", |f, a, _| f.shell(0.2 * a)),
    ("displace", |f, a, b| f.displace(0.05 * a * (3 * x() + b).sin())),
    ("warp", |f, a, b| f.warp((0, 0.1 * a * (2 * x() + b).sin(), 0))),
    ("warp_time", |f, a, b| f.warp_time((0, 0.1 * a, 0), b * x())),
    ("twist", |f, _, b| f.twist(b)),
    ("bend", |f, _, b| f.bend(0.4 * b)),
    ("taper", |f, _, b| f.taper(0.4 * b)),
    ("shear", |f, a, b| f.shear((a, b))),
    ("delay", |f, a, _| f.delay(a)),
    ("speed", |f, _, b| f.speed(b)),
    ("freeze", |f, a, _| f.freeze(a)),
    ("loop_time", |f, a, _| f.loop_time(a)),
    ("ping_pong", |f, a, _| f.ping_pong(a)),
    ("color", |f, a, b| f.color([a.clone(), b.abs(), a])),
];

type Pair = (&'static str, fn(&Field, &Field, Field) -> Field);

/// Every combination of two shapes; `k` is a parameter from 0.05 to 0.8.
pub const PAIRS: &[Pair] = &[
    ("union", |a, b, _| a.union(b)),
    ("intersection", |a, b, _| a.intersection(b)),
    ("difference", |a, b, _| a.difference(b)),
    ("xor", |a, b, _| a.xor(b)),
    ("smooth_union", |a, b, k| a.smooth_union(b, k)),
    ("smooth_intersection", |a, b, k| a.smooth_intersection(b, k)),
    ("smooth_difference", |a, b, k| a.smooth_difference(b, k)),
    ("smooth_max", |a, b, k| a.smooth_max(b, k)),
    ("quadratic", |a, b, k| a.smooth_min_kind(b, k, "quadratic")),
    ("quartic", |a, b, k| a.smooth_min_kind(b, k, "quartic")),
    ("circular", |a, b, k| a.smooth_min_kind(b, k, "circular")),
    ("exponential", |a, b, k| a.smooth_min_kind(b, k, "exponential")),
    ("root", |a, b, k| a.smooth_max_kind(b, k, "root")),
    ("round_union", |a, b, k| a.round_union(b, k)),
    ("chamfer_union", |a, b, k| a.chamfer_union(b, k)),
    ("stairs_union", |a, b, k| a.stairs_union(b, k, 3)),
    ("blend", |a, b, k| a.blend(b, k)),
    ("morph", |a, b, k| morph(a, b, 0, k)),
];

impl Plan {
    /// The field; its numbers are parameters, named in order.
    pub fn build(&self) -> Field {
        self.build_counting(&mut 0)
    }

    fn build_counting(&self, count: &mut usize) -> Field {
        let mut number = |value: f64| {
            *count += 1;
            param(&format!("p{count}"), value)
        };
        match self {
            Plan::Leaf(i, at) => {
                static FAST: LazyLock<Vec<fn() -> Field>> = LazyLock::new(fast);
                let by = at.map(&mut number);
                FAST[*i]().translate(by)
            }
            Plan::Method(i, a, b, of) => {
                let (a, b) = (number(*a), number(*b));
                (METHODS[*i].1)(&of.build_counting(count), a, b)
            }
            Plan::Pair(i, k, a, b) => {
                let k = number(*k);
                let (a, b) = (a.build_counting(count), b.build_counting(count));
                (PAIRS[*i].1)(&a, &b, k)
            }
        }
    }
}

/// A ball that pulses, sampled in space, or in space and time.
pub fn sampled_ball(counts: &[usize], interpolation: Interpolation) -> Field {
    let (lower, upper) = ([-1.1, -1.2, -1.0, 0.0], [1.2, 1.0, 1.1, 2.0]);
    let space = &counts[counts.len() - 3..];
    let at = |axis: usize, n: usize, count: usize| {
        let share = if count > 1 { n as f64 / (count - 1) as f64 } else { 0.0 };
        lower[axis] + share * (upper[axis] - lower[axis])
    };
    let mut values = Vec::new();
    let times = if counts.len() == 4 { counts[0] } else { 1 };
    for l in 0..times {
        let radius = 0.7 + 0.15 * at(3, l, times).sin();
        for i in 0..space[0] {
            for j in 0..space[1] {
                for k in 0..space[2] {
                    let [x, y, z] = [at(0, i, space[0]), at(1, j, space[1]), at(2, k, space[2])];
                    values.push(((x * x + y * y + z * z).sqrt() - radius) as f32);
                }
            }
        }
    }
    sampled(&GridSamples::new(counts, lower, upper, values).unwrap(), interpolation)
}

/// Whether a field has a kernel in it.
pub fn has_kernel(field: &Field) -> bool {
    any_kernel(field, |_| true)
}

fn any_kernel(field: &Field, is: impl Fn(&Output) -> bool) -> bool {
    let (mut stack, mut seen) = (vec![field.clone()], Vec::new());
    while let Some(node) = stack.pop() {
        if matches!(node.kind(), fieldgrad::field::Kind::Kernel(output) if is(output)) {
            return true;
        }
        if !seen.contains(&node) {
            stack.extend(node.parents().iter().cloned());
            seen.push(node);
        }
    }
    false
}

/// Whether two numbers are the same bit for bit, or both NaN; 0 and −0 are the same.
pub fn same(a: f64, b: f64) -> bool {
    a == b || (a.is_nan() && b.is_nan())
}

/// Whether two numbers agree to a relative tolerance, against the scale of what made them.
pub fn close(a: f64, b: f64, tolerance: f64, scale: f64) -> bool {
    same(a, b) || (a - b).abs() <= tolerance * (1.0 + a.abs().max(b.abs()).max(scale))
}

/// The ways a field may fail to be smooth near a point: its gradient changes more over a small step than its Hessian
/// explains, or a neighbour takes another branch. Used to leave kinks out of comparisons with differences.
pub fn is_smooth_near(field: &fieldgrad::tape::Tape, at: [f64; 4], step: f64) -> bool {
    let mut machine = fieldgrad::tape::Machine::<Dual<f64>>::new(field);
    let here = machine.at(Dual::variables(at))[0];
    let steepest = here.slope.iter().fold(1.0f64, |most, slope| most.max(slope.abs()));
    (0..4).all(|i| {
        [-step, step].iter().all(|&d| {
            let mut to = at;
            to[i] += d;
            let there = machine.at(Dual::variables(to))[0];
            here.slope.iter().zip(&there.slope).all(|(a, b)| (a - b).abs() <= 0.02 * steepest)
        })
    })
}
