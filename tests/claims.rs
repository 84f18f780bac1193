//! What each shape claims of its field (exact, a bound, finite) is held against brute force: a dense cloud of points
//! found on its surface by bisection, knowing nothing of how the field is made.

use fieldgrad::number::{Op, Real};
use fieldgrad::prelude::*;
use fieldgrad::shape::{Claim, Entry, catalogue};
use rayon::prelude::*;
use std::collections::HashMap;

/// The time all of this is done at.
const T: f64 = 0.3;
/// Points in space are drawn from [−NEAR, NEAR]³, surface points from [−FAR, FAR]³.
const NEAR: f64 = 1.6;
const FAR: f64 = 2.4;
const CLOUD: usize = 20_000;
const ROUNDING: f64 = 1e-9;

type Point = [f64; 3];

fn distance(a: Point, b: Point) -> f64 {
    (0..3).map(|i| (a[i] - b[i]).powi(2)).sum::<f64>().sqrt()
}

fn mix(a: Point, b: Point, w: f64) -> Point {
    std::array::from_fn(|i| a[i] + (b[i] - a[i]) * w)
}

/// A graph as a list, to run it a few million times. Each step has its field, and the steps of its parents.
#[derive(Default)]
struct Program {
    steps: Vec<(Field, Vec<usize>)>,
    leaves: Vec<f64>,
    root: usize,
}

/// What is in a program already: nodes, by the address of their parents and the steps that are their coordinates;
/// operations and constants, by what they are.
#[derive(Default)]
struct Known {
    nodes: HashMap<(*const Field, [usize; 4]), usize>,
    operations: HashMap<(Op, Vec<usize>), usize>,
    constants: HashMap<u64, usize>,
}

impl Program {
    fn of(field: &Field) -> Program {
        let mut program = Program::default();
        let axes = Axis::ALL.map(|axis| program.push(&Field::coordinate(axis), Vec::new()));
        program.root = program.add(field, axes, &mut Known::default());
        program
    }

    fn push(&mut self, field: &Field, arguments: Vec<usize>) -> usize {
        self.leaves.push(match field.kind() {
            Kind::Constant(value) => *value,
            Kind::Parameter(parameter) => parameter.value(),
            _ => 0.0,
        });
        self.steps.push((field.clone(), arguments));
        self.steps.len() - 1
    }

    /// Adds what `field` computes where the coordinates are the steps `axes`. The graphs are small: depth is no worry.
    fn add(&mut self, field: &Field, axes: [usize; 4], known: &mut Known) -> usize {
        let parents = field.parents();
        match field.kind() {
            Kind::Coordinate(axis) => return axes[*axis as usize],
            Kind::Constant(value) => {
                let step = known.constants.get(&value.to_bits()).copied();
                return step.unwrap_or_else(|| {
                    let step = self.push(field, Vec::new());
                    known.constants.insert(value.to_bits(), step);
                    step
                });
            }
            Kind::Parameter(_) => return self.push(field, Vec::new()),
            _ => {}
        }
        let place = (parents.as_ptr(), axes);
        if let Some(step) = known.nodes.get(&place) {
            return *step;
        }
        let step = if let Kind::Remap = field.kind() {
            let to = std::array::from_fn(|i| self.add(&parents[i + 1], axes, known));
            self.add(&parents[0], to, known)
        } else {
            let arguments: Vec<usize> = parents.iter().map(|parent| self.add(parent, axes, known)).collect();
            match field.kind() {
                Kind::Scalar(op) => match known.operations.get(&(*op, arguments.clone())) {
                    Some(step) => *step,
                    None => {
                        let step = self.push(field, arguments.clone());
                        known.operations.insert((*op, arguments), step);
                        step
                    }
                },
                _ => self.push(field, arguments),
            }
        };
        known.nodes.insert(place, step);
        step
    }

    /// Whether it takes many times as long as most shapes: iterations, and kernels that search.
    fn is_long(&self) -> bool {
        self.steps.len() > 250 || self.steps.iter().any(|(field, _)| matches!(field.kind(), Kind::Kernel(_)))
    }

    fn run<R: Real>(&self, at: [R; 4], values: &mut Vec<R>) -> R {
        values.clear();
        values.extend(at);
        for (i, (field, arguments)) in self.steps.iter().enumerate().skip(4) {
            let value = match field.kind() {
                Kind::Scalar(op) => Op::apply(*op, |n| values[arguments[n]].clone()),
                Kind::Kernel(kernel) => {
                    let inputs: Vec<R> = arguments.iter().map(|&n| values[n].clone()).collect();
                    R::kernel(kernel, &inputs)
                }
                _ => R::constant(self.leaves[i]),
            };
            values.push(value);
        }
        values[self.root].clone()
    }

    fn value(&self, p: Point, values: &mut Vec<f64>) -> f64 {
        self.run([p[0], p[1], p[2], T], values)
    }

    fn gradient(&self, p: Point) -> Dual<f64, 3> {
        let variable = |i: usize| Dual::variable(p[i], i);
        self.run([variable(0), variable(1), variable(2), Dual::fixed(T)], &mut Vec::new())
    }

    /// Where the field changes sign between a and b, if it does, within that share of the way.
    fn crossing(&self, a: Point, b: Point, within: f64, values: &mut Vec<f64>) -> Option<Point> {
        let (mut low, mut high) = (0.0, 1.0);
        let at_low = self.value(a, values);
        let mut at_high = self.value(b, values);
        if (at_low < 0.0) == (at_high < 0.0) {
            return None;
        }
        let mut at_low = at_low;
        // Regula falsi, halving the value of the end that stays (Illinois), then bisection for what is left.
        for i in 0..80 {
            let chord = low + (high - low) * at_low / (at_low - at_high);
            let middle =
                if i % 4 == 3 || !(low..=high).contains(&chord) { (low + high) / 2.0 } else { chord };
            let at_middle = self.value(mix(a, b, middle), values);
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
}

/// A small generator of random numbers: the same on every run.
struct Random(u64);

impl Random {
    fn unit(&mut self) -> f64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut bits = (self.0 ^ (self.0 >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        bits = (bits ^ (bits >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        ((bits ^ (bits >> 31)) >> 11) as f64 / (1u64 << 53) as f64
    }
    fn point(&mut self, reach: f64) -> Point {
        std::array::from_fn(|_| reach * (2.0 * self.unit() - 1.0))
    }
    fn near(&mut self, p: Point, reach: f64) -> Point {
        let step = self.point(reach);
        std::array::from_fn(|i| p[i] + step[i])
    }
}

/// Points on a surface, in cells for finding the nearest.
struct Cloud {
    points: Vec<Point>,
    cells: Vec<Vec<u32>>,
}

const CELLS: usize = 24;

impl Cloud {
    fn on(program: &Program, size: usize, random: &mut Random) -> Cloud {
        let mut values = Vec::new();
        let mut points: Vec<Point> = Vec::with_capacity(size);
        for tries in 0.. {
            if points.len() >= size || tries > 60 * size {
                break;
            }
            // Half the segments are drawn anywhere, half around points found: small and thin parts fill up too.
            let (a, b) = match points.len() {
                0 => (random.point(FAR), random.point(FAR)),
                n if tries % 2 == 0 => {
                    let found = points[(random.unit() * n as f64) as usize];
                    (random.near(found, 0.3), random.near(found, 0.3))
                }
                _ => {
                    let a = random.point(FAR);
                    (a, random.near(a, 1.0))
                }
            };
            let mut from = a;
            for i in 1..=4 {
                let to = mix(a, b, i as f64 / 4.0);
                points.extend(program.crossing(from, to, 1e-13, &mut values));
                from = to;
            }
        }
        points.retain(|p| p.iter().all(|c| c.abs() <= FAR));
        let mut cells = vec![Vec::new(); CELLS * CELLS * CELLS];
        for (i, p) in points.iter().enumerate() {
            cells[Cloud::cell(p.map(Cloud::index))].push(i as u32);
        }
        Cloud { points, cells }
    }

    fn index(c: f64) -> usize {
        (((c / FAR + 1.0) / 2.0 * CELLS as f64).max(0.0) as usize).min(CELLS - 1)
    }
    fn cell([i, j, k]: [usize; 3]) -> usize {
        (i * CELLS + j) * CELLS + k
    }

    /// The nearest `n` points or so, nearest first.
    fn nearest(&self, p: Point, n: usize) -> Vec<(f64, Point)> {
        let centre = p.map(Cloud::index);
        let width = 2.0 * FAR / CELLS as f64;
        let mut found: Vec<(f64, Point)> = Vec::new();
        for ring in 0..CELLS {
            if found.len() >= n && found[n - 1].0 <= (ring as f64 - 1.0) * width {
                break;
            }
            let range = |c: usize| c.saturating_sub(ring)..=(c + ring).min(CELLS - 1);
            for i in range(centre[0]) {
                for j in range(centre[1]) {
                    for k in range(centre[2]) {
                        let steps =
                            i.abs_diff(centre[0]).max(j.abs_diff(centre[1])).max(k.abs_diff(centre[2]));
                        if steps == ring {
                            let points = self.cells[Cloud::cell([i, j, k])].iter();
                            found.extend(
                                points.map(|&i| self.points[i as usize]).map(|q| (distance(p, q), q)),
                            );
                        }
                    }
                }
            }
            found.sort_by(|a, b| a.0.total_cmp(&b.0));
            found.truncate(4 * n);
        }
        found
    }
}

/// The distance to the surface, as near as a search over it from the nearest points of the cloud comes.
fn searched_distance(program: &Program, cloud: &Cloud, p: Point, random: &mut Random) -> f64 {
    let mut values = Vec::new();
    let starts = cloud.nearest(p, 12);
    let mut best = f64::INFINITY;
    for &(start, from) in starts.iter().step_by(4).take(3) {
        let (mut near, mut nearest, mut reach) = (start, from, 0.1);
        while reach > 1e-5 {
            // Through a place beside the best so far, from p: what is hit first is nearer, or not. One step in eight or
            // so finds better while the reach is right, also along a sharp edge.
            let aim = random.near(nearest, reach);
            let end = mix(p, aim, 1.0 + 2.0 * reach / near.max(1e-9));
            let hit = program.crossing(p, end, 1e-7, &mut values).map(|hit| (distance(p, hit), hit));
            match hit {
                Some((hit, at)) if hit < near => (near, nearest, reach) = (hit, at, (1.6 * reach).min(0.2)),
                _ => reach *= 0.94,
            }
        }
        best = best.min(near);
    }
    best
}

/// What was found wanting in an entry's claim; empty if nothing.
fn faults(entry: &Entry) -> Vec<String> {
    let field = (entry.sample)();
    if let Err(error) = field.check() {
        return vec![format!("{}: the sample is refused: {error}", entry.name)];
    }
    let program = Program::of(&field);
    let thrift = if program.is_long() { 8 } else { 1 };
    let mut random =
        Random(entry.name.bytes().fold(7, |seed: u64, byte| seed.wrapping_mul(31) + byte as u64));
    let mut faults = Vec::new();
    let mut fault = |text: String| {
        if faults.len() < 6 {
            faults.push(format!("{}: {text}", entry.name));
        }
    };
    let mut values = Vec::new();
    for _ in 0..2_000 / thrift {
        let p = random.point(NEAR);
        let dual = program.gradient(p);
        if !dual.is_finite() {
            fault(format!("not finite at {p:?}: {dual:?}"));
        }
    }
    let steepest = match entry.claim {
        Claim::Exact | Claim::Bound => 1.0,
        // A method keeps what its shape is; the samples apply methods to exact solids.
        Claim::Keeps => 1.0,
        Claim::Neither => return faults,
    };

    // The gradient, and steps between points near and far: a jump shows in no gradient.
    let draws = 6_000 / thrift;
    let mut flat = 0;
    for _ in 0..draws {
        let p = random.point(NEAR);
        let slope = program.gradient(p).slope;
        let size = distance(slope, [0.0; 3]);
        if size > steepest + ROUNDING {
            fault(format!("|∇f| is {size} at {p:?}"));
        }
        flat += ((size - 1.0).abs() > ROUNDING) as usize;
        let scale = 10f64.powf(-4.0 * random.unit());
        let q = random.near(p, scale);
        let (rise, run) = (program.value(p, &mut values) - program.value(q, &mut values), distance(p, q));
        if rise.abs() > run * steepest + ROUNDING {
            fault(format!("f rises by {rise} over {run} from {p:?} to {q:?}"));
        }
    }
    if entry.claim == Claim::Exact && flat > draws / 1_000 {
        fault(format!("|∇f| is not 1 at {flat} of {draws} points"));
    }

    // The distance itself.
    let cloud = Cloud::on(&program, CLOUD / thrift, &mut random);
    if cloud.points.len() < CLOUD / thrift / 2 {
        fault(format!("only {} points found on the surface", cloud.points.len()));
        return faults;
    }
    for &p in cloud.points.iter().step_by(5) {
        let f = program.value(p, &mut values);
        if f.abs() > 1e-8 {
            fault(format!("f jumps through 0 at {p:?}: it is {f}"));
        }
    }
    for i in 0..4_000 / thrift {
        let p = match i % 2 {
            0 => random.point(NEAR),
            _ => {
                let found = cloud.points[(random.unit() * cloud.points.len() as f64) as usize];
                random.near(found, 0.2)
            }
        };
        let f = program.value(p, &mut values);
        let nearest = cloud.nearest(p, 1)[0].0;
        if f.abs() > nearest + ROUNDING {
            fault(format!("f is {f} at {p:?}, {nearest} from the surface"));
        }
        let seen_whole = p.iter().all(|c| c.abs() + f.abs() < FAR);
        if entry.claim == Claim::Exact && i < 60 && seen_whole {
            let searched = searched_distance(&program, &cloud, p, &mut random);
            if searched - f.abs() > 1e-2 {
                fault(format!("f is {f} at {p:?}, but nothing is nearer than {searched}"));
            }
        }
    }
    faults
}

#[test]
fn every_shape_is_what_it_claims() {
    let entries: Vec<&Entry> = catalogue().collect();
    let only = std::env::var("SHAPE").ok();
    let chosen =
        entries.into_par_iter().filter(|entry| only.as_deref().is_none_or(|only| only == entry.name));
    let faults: Vec<String> = chosen.flat_map(faults).collect();
    assert!(faults.is_empty(), "{} faults:\n{}", faults.len(), faults.join("\n"));
}

/// Every solid of sizes made by `size`, which is given a number each time.
fn solids(size: impl Fn(f64) -> Field) -> Vec<Field> {
    let s = |value: f64| size(value);
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

/// Centres, axes, edges, corners, ties and faces of the solids above, and far away.
fn awkward_points() -> Vec<Point> {
    let steps = [0.0, 0.25, -0.35, 0.5, -0.55, 1.0, 1e-9, -1e-170, -1e6];
    let mut points = Vec::new();
    for x in steps {
        for y in steps {
            points.extend(steps.map(|z| [x, y, z]));
        }
    }
    points
}

#[test]
fn solids_are_finite_everywhere_at_any_size() {
    // One name a size: parameters of one name would have to be one parameter.
    let count = std::sync::atomic::AtomicUsize::new(0);
    let parameter = |factor: f64| {
        let count = &count;
        move |size: f64| {
            let name = format!("p{}", count.fetch_add(1, std::sync::atomic::Ordering::Relaxed));
            param(&name, factor * size)
        }
    };
    let all = [
        solids(parameter(1.0)),
        solids(|_| Field::constant(0.0)).into_iter().filter(|solid| solid.check().is_ok()).collect(),
        solids(parameter(0.0)),
        solids(parameter(-1.0)),
        solids(parameter(-1e-3)),
    ];
    let points = awkward_points();
    all.concat().into_par_iter().for_each(|solid| {
        let name = solid.title();
        solid.check().unwrap_or_else(|error| panic!("{name}: {error}"));
        let program = Program::of(&solid);
        let slopes = solid.gradient().map(|slope| Program::of(&slope));
        let (mut values, mut duals) = (Vec::new(), Vec::new());
        for (i, &[x, y, z]) in points.iter().enumerate() {
            let inner = [0, 1, 2, 3].map(|i| Dual::variable([x, y, z, T][i], i));
            let outer = [0, 1, 2, 3].map(|i| Dual::variable(inner[i], i));
            let dual: Dual<Dual<f64>> = program.run(outer, &mut duals);
            let finite = dual.value.is_finite() && dual.slope.iter().all(Dual::is_finite);
            assert!(finite, "{name} {:?} at {:?}: {dual:?}", solid.label(), [x, y, z]);
            if i % 17 == 0 {
                for (slope, forward) in slopes.iter().zip(dual.value.slope) {
                    let value = slope.value([x, y, z], &mut values);
                    assert!((value - forward).abs() <= 1e-9, "{name} at {:?}: {value}, {forward}", [x, y, z]);
                }
                let back = solid.parameter_gradient_at([x, y, z, T]).expect("readable");
                let finite = back.iter().all(|slope| slope.is_finite());
                assert!(finite, "{name} {:?} at {:?}: {back:?}", solid.label(), [x, y, z]);
            }
        }
    });
}
