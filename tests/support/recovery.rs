//! Random scenes whose parameters are to be found again: shapes of all kinds, turned, blended, cut, warped and moving.
//!
//! A scene counts only where its parameters can be known from its surface and what is about it: each moves the surface
//! somewhere, and no other ones together do the same. What shapes have in symmetries is no parameter (the turn of a
//! cylinder about its axis).
#![allow(dead_code)]

use fieldgrad::fit::{Factor, Fit, Journal, LeastSquares, Model, Residuals, Solution, Target, Term, Tries};
use fieldgrad::prelude::*;

/// Random numbers (xorshift, Marsaglia 2003).
pub struct Draws(pub u64);

impl Draws {
    pub fn unit(&mut self) -> f64 {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        (self.0 >> 11) as f64 / (1u64 << 53) as f64
    }

    pub fn between(&mut self, low: f64, high: f64) -> f64 {
        low + (high - low) * self.unit()
    }

    fn below(&mut self, count: usize) -> usize {
        (self.unit() * count as f64) as usize
    }

    fn is_so(&mut self, part: f64) -> bool {
        self.unit() < part
    }
}

/// A solid's call, `#` for each number, the numbers' ranges, and the axes about which a turn changes it.
type Solid = (&'static str, &'static [(f64, f64)], &'static str);

const SOLIDS: [Solid; 24] = [
    ("sphere(#)", &[(0.25, 0.5)], ""),
    ("ellipsoid([#, #, #])", &[(0.2, 0.3), (0.35, 0.45), (0.5, 0.6)], "xyz"),
    ("box([#, #, #])", &[(0.35, 0.5), (0.55, 0.7), (0.75, 0.9)], "xyz"),
    ("rounded_box([#, #, #], #)", &[(0.35, 0.5), (0.55, 0.7), (0.75, 0.9), (0.05, 0.12)], "xyz"),
    ("box_frame([#, #, #], #)", &[(0.6, 0.7), (0.75, 0.9), (0.95, 1.1), (0.09, 0.14)], "xyz"),
    ("cylinder(#, #)", &[(0.2, 0.4), (0.5, 0.9)], "xz"),
    ("cone(#, #)", &[(0.3, 0.45), (0.7, 1.0)], "xz"),
    ("capped_cone(#, #, #)", &[(0.3, 0.45), (0.12, 0.2), (0.5, 0.9)], "xz"),
    ("round_cone(#, #, #)", &[(0.3, 0.4), (0.12, 0.2), (0.5, 0.8)], "xz"),
    ("capsule([0, 0, 0], [0, #, 0], #)", &[(0.4, 0.8), (0.15, 0.3)], "xz"),
    ("torus(#, #)", &[(0.35, 0.5), (0.1, 0.16)], "xz"),
    ("capped_torus(#, #, #)", &[(0.8, 1.8), (0.35, 0.5), (0.1, 0.15)], "xyz"),
    ("link(#, #, #)", &[(0.3, 0.5), (0.2, 0.3), (0.08, 0.12)], "xyz"),
    ("solid_angle(#, #)", &[(0.5, 0.9), (0.6, 0.8)], "xz"),
    ("cut_sphere(#, #)", &[(0.4, 0.55), (0.1, 0.2)], "xz"),
    ("superquadric([#, #, #], #, #)", &[(0.25, 0.3), (0.35, 0.4), (0.5, 0.6), (0.5, 0.8), (0.5, 0.8)], "xyz"),
    ("octahedron(#)", &[(0.4, 0.6)], "xyz"),
    ("tetrahedron(#)", &[(0.3, 0.5)], "xyz"),
    ("dodecahedron(#)", &[(0.35, 0.5)], "xyz"),
    ("icosahedron(#)", &[(0.35, 0.5)], "xyz"),
    ("pyramid(#, #)", &[(0.6, 0.8), (0.6, 0.9)], "xyz"),
    ("hex_prism(#, #)", &[(0.3, 0.4), (0.5, 0.8)], "xyz"),
    ("tri_prism(#, #)", &[(0.3, 0.4), (0.5, 0.8)], "xyz"),
    ("wedge([#, #, #])", &[(0.5, 0.6), (0.65, 0.75), (0.8, 0.95)], "xyz"),
];

/// A scene under way.
#[derive(Clone, Default)]
struct Sketch {
    text: String,
    truth: Vec<(String, f64)>,
    is_moving: bool,
    shapes: usize,
}

impl Sketch {
    fn parameter(&mut self, name: String, value: f64) -> String {
        // Three digits, so that a person can read the scene.
        let value = (value * 1e3).round() / 1e3;
        self.truth.push((name.clone(), value));
        format!("param(\"{name}\", {value:?})")
    }

    fn with_another(&self, draws: &mut Draws) -> Sketch {
        let mut next = Sketch { shapes: self.shapes + 1, ..self.clone() };
        let n = next.shapes;
        let (call, ranges, axes) = SOLIDS[draws.below(SOLIDS.len())];
        let mut pieces = call.split('#');
        let mut own = pieces.next().unwrap().to_string();
        for (k, (piece, &(low, high))) in pieces.zip(ranges).enumerate() {
            own += &next.parameter(format!("s{n}.{k}"), draws.between(low, high));
            own += piece;
        }
        let sign = |draws: &mut Draws| if draws.is_so(0.5) { 1.0 } else { -1.0 };
        // What is round about its axis is not changed by a twist.
        if draws.is_so(0.2) && axes == "xyz" {
            let (word, rate) = [("twist", 0.8), ("bend", 0.4), ("taper", 0.3)][draws.below(3)];
            let value = rate * draws.between(0.6, 1.0) * sign(draws);
            own += &format!(".{word}({})", next.parameter(format!("s{n}.{word}"), value));
        }
        for axis in axes.chars() {
            let angle = draws.between(0.25, 0.8) * sign(draws);
            own += &format!(".rotate_{axis}({})", next.parameter(format!("s{n}.turn_{axis}"), angle));
        }
        let mut place: Vec<String> = Vec::new();
        for axis in ["x", "y", "z"] {
            let at = draws.between(0.15, 1.3) * sign(draws);
            place.push(next.parameter(format!("s{n}.at_{axis}"), at));
        }
        if draws.is_so(0.2) {
            next.is_moving = true;
            let speed = next.parameter(format!("s{n}.speed"), draws.between(0.2, 0.5) * sign(draws));
            let axis = draws.below(3);
            place[axis] = format!("{} + {speed} * t", place[axis]);
        }
        own += &format!(".translate([{}])", place.join(", "));
        let line = match (n, draws.unit()) {
            (1, _) => format!("let whole = {own};\n"),
            (_, part) if part < 0.25 => format!("whole = union(whole, {own});\n"),
            (_, part) if part < 0.8 => {
                let k = next.parameter(format!("s{n}.k"), draws.between(0.1, 0.3));
                format!("whole = smooth_union(whole, {own}, {k});\n")
            }
            (_, part) if part < 0.9 => format!("whole = difference(whole, {own});\n"),
            _ => {
                let k = next.parameter(format!("s{n}.k"), draws.between(0.05, 0.2));
                format!("whole = smooth_difference(whole, {own}, {k});\n")
            }
        };
        next.text += &line;
        next
    }

    fn finished(&self, draws: &mut Draws) -> Option<Problem> {
        let text = format!("{}show(whole);\n", self.text);
        let field = Scene::from_text(&text, "random.rhai").ok()?.field().clone();
        let truth = self.truth.clone();
        let start = truth.iter().map(|(_, value)| value * draws.between(0.8, 1.2)).collect();
        let times = if self.is_moving { vec![0.0, 0.5, 1.0] } else { vec![0.0] };
        Some(Problem { text, field, truth, start, times, shapes: self.shapes })
    }
}

/// A scene, the true values of its parameters, and those it starts from.
pub struct Problem {
    pub text: String,
    pub field: Field,
    pub truth: Vec<(String, f64)>,
    pub start: Vec<f64>,
    pub times: Vec<f64>,
    pub shapes: usize,
}

/// The box that all of it is in, and how far off the surface it is looked at.
pub fn around() -> Bounds {
    Bounds::new([-2.2; 3], [2.2; 3])
}

impl Problem {
    /// The scene of a number: of 3 to 12 shapes in turn.
    pub fn of(number: usize) -> Problem {
        let mut draws = Draws(0x9e37_79b9_7f4a_7c15_u64.wrapping_mul(2 * number as u64 + 1));
        let found = std::iter::repeat_with(|| Problem::drawn(&mut draws, 3 + number % 10)).flatten().next();
        found.expect("it goes on until there is one")
    }

    /// A scene of so many shapes, each drawn anew until all can be known; none, where there is no place left.
    fn drawn(draws: &mut Draws, shapes: usize) -> Option<Problem> {
        let mut whole = Sketch::default();
        while whole.shapes < shapes {
            let found = (0..40).find_map(|_| {
                let next = whole.with_another(draws);
                let is_last = next.shapes == shapes;
                let problem = next.finished(draws)?;
                problem.can_be_known(if is_last { 2000 } else { 800 }).then_some((next, problem))
            });
            let (next, problem) = found?;
            if next.shapes == shapes {
                return Some(problem);
            }
            whole = next;
        }
        None
    }

    pub fn target(&self, count: usize, seed: u64) -> Option<Target> {
        let each = count / self.times.len();
        let all = self.times.iter().map(|&t| Target::of_field(&self.field, &around(), t, each, seed).ok());
        Some(Target::together(all.collect::<Option<Vec<_>>>()?))
    }

    /// Whether each parameter moves the surface, and none of them does what others do together.
    fn can_be_known(&self, samples: usize) -> bool {
        let each = samples / self.times.len();
        let on = self.times.iter().map(|&t| Target::of_surface(&self.field, &around(), t, each, 7).ok());
        let Some(on) = on.collect::<Option<Vec<_>>>() else { return false };
        let on = Target::together(on);
        let Ok(mut fit) = Fit::of(&self.field, [Term::surface(&self.field, &on)]) else { return false };
        let at = fit.unknowns().get();
        if at.len() != self.truth.len() {
            return false;
        }
        let mut model = Model::new(at.len(), Factor::Normal);
        fit.linearise(&at, &mut model);
        // How much the surface moves, in the root of the mean square, as a parameter changes by its own size.
        let lengths = model.lengths();
        if !lengths.iter().zip(&at).all(|(length, x)| length * x.abs().max(0.1) > MOVES) {
            return false;
        }
        let Some(covariance) = model.covariance() else { return false };
        (0..at.len()).all(|n| covariance[(n, n)] * lengths[n].powi(2) < ALONE)
    }

    /// How far off the worst parameter is, in parts of it.
    pub fn off(&self, unknowns: &Unknowns) -> f64 {
        let named = unknowns.parameters().iter().zip(unknowns.values());
        let off = named.map(|(own, found)| {
            let (_, truth) = self.truth.iter().find(|(name, _)| name == own.name()).unwrap();
            ((found - truth) / truth).abs()
        });
        off.fold(0.0, f64::max)
    }

    /// Finds the parameters from the start: what was left before, and after.
    pub fn solve(&self, fit: &mut Fit) -> (f64, f64) {
        let (start, ranges) = (self.start_of(fit.unknowns()), fit.unknowns().ranges());
        let before = fit.cost(&start);
        let tries = Tries { by: LeastSquares::for_fits(), count: 20, part: 0.1, seed: 1 };
        let is_enough = |_: &mut Fit, found: &Solution| found.value <= 1e-16 * before;
        let journal = &mut Journal::default();
        let found = tries.solve(fit, &[start], &ranges, journal, is_enough, &mut |_, _| true).unwrap();
        fit.set(&found.at);
        (before, found.value)
    }

    /// The start in the order of some unknowns.
    fn start_of(&self, unknowns: &Unknowns) -> Vec<f64> {
        let place = |name: &str| self.truth.iter().position(|(own, _)| own == name).unwrap();
        unknowns.parameters().iter().map(|own| self.start[place(own.name())]).collect()
    }
}

/// The least that a parameter moves the surface.
const MOVES: f64 = 0.005;
/// The most that a parameter's uncertainty grows by that of the others.
const ALONE: f64 = 1e4;
