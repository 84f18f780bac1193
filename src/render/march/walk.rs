//! Rays that go through a cell together, each in steps of its own.

use crate::tape::Block;

/// So many points are looked at together where that costs little more than one.
const TOGETHER: usize = 64;

/// How rays step through a cell.
pub(super) struct Strides {
    /// Which side of the surface they are on.
    pub side: f32,
    /// How long a step is safe for a value of one.
    pub safe: f32,
    /// How much of a value at s = 1 may be rounding.
    pub unsure: f32,
    /// The least step, and how many of them are one.
    pub least: f32,
    pub count: f32,
    /// Where the cell ends.
    pub to: f32,
}

impl Strides {
    /// Where a ray is after so many of the least steps.
    fn ahead(&self, start: f32, count: usize) -> f32 {
        (start + count as f32 * self.least).min(self.to)
    }

    /// Whether a value is of the other side.
    #[inline(always)]
    fn crosses(&self, f: f32) -> bool {
        (f <= 0.0) != (self.side < 0.0)
    }

    /// Where a ray may go from s, with that value there.
    #[inline(always)]
    fn next(&self, s: f32, f: f32) -> f32 {
        let reach = (f * self.side - self.unsure * s) * self.safe;
        s + if reach > self.least { reach } else { self.least }
    }
}

/// Where along a ray the sign changes: two depths, and the values there.
#[derive(Clone, Copy, Debug)]
pub(super) struct SignChange {
    pub ray: usize,
    pub from: [f32; 2],
    pub to: [f32; 2],
    /// The smaller of the two values before the last look; 0 before the first.
    pub nearest_before: f32,
}

impl SignChange {
    /// Where a straight line between the two is 0.
    pub fn secant(&self) -> f32 {
        let ([a, fa], [b, fb]) = (self.from, self.to);
        a + (b - a) * (fa / (fa - fb))
    }

    /// Whether its secant is right to a small part of the tolerance: the bracket is short, or it is within the tolerance
    /// and straight, as far as the last look tells: that found far less than was at the ends.
    pub fn is_narrow(&self, tolerance: f32) -> bool {
        let long = self.to[0] - self.from[0];
        long <= 0.125 * tolerance || (long <= tolerance && self.nearest() <= 0.03 * self.nearest_before)
    }

    fn nearest(&self) -> f32 {
        self.from[1].abs().min(self.to[1].abs())
    }

    /// Takes a place within it and the value there for one of its ends.
    pub fn narrow(&mut self, [s, f]: [f32; 2]) {
        self.nearest_before = self.nearest();
        match (f <= 0.0) == (self.to[1] <= 0.0) {
            true => self.to = [s, f],
            false => self.from = [s, f],
        }
    }

    /// Where to look, so that the bracket shrinks. First where a straight line is 0, which is mostly right, but leaves one
    /// end where it was; then a little beyond, to bring that end up too; now and then in the middle, which is sure.
    pub fn between(&self, round: usize, tolerance: f32) -> f32 {
        let ([from, _], [to, _], straight) = (self.from, self.to, self.secant());
        let little = 0.0625 * tolerance;
        match round % 3 {
            0 if straight > from && straight < to => straight,
            1 if straight > from && straight < to => match straight - from < to - straight {
                true => straight + little.min(0.5 * (to - straight)),
                false => straight - little.min(0.5 * (straight - from)),
            },
            _ => 0.5 * (from + to),
        }
    }
}

/// The rays that go through a cell together: a column for each thing known.
#[derive(Default)]
pub(super) struct RayWalk {
    /// Which rays.
    which: Vec<usize>,
    u: Vec<f32>,
    v: Vec<f32>,
    s: Vec<f32>,
    /// Where the sign was last the old one, and the value there; 0 where that is not known.
    before: [Vec<f32>; 2],
    /// At how many places along each ray the field is looked at together.
    ahead: usize,
    /// Its values there, ray by ray.
    f: Vec<f32>,
    /// Those places.
    points: [Vec<f32>; 3],
    /// Where each ray goes next; not a number where it ends.
    next: Vec<f32>,
    /// Those that do.
    ended: Vec<usize>,
}

impl RayWalk {
    /// Takes on rays, each with its u and v, at a depth.
    pub fn start(&mut self, rays: impl Iterator<Item = (usize, [f32; 2])>, s: f32) {
        rays.for_each(|(n, [u, v])| {
            self.which.push(n);
            self.u.push(u);
            self.v.push(v);
        });
        let count = self.which.len();
        self.s.resize(count, s);
        self.before[0].resize(count, s);
        self.before[1].resize(count, 0.0);
    }

    /// The rays that are on their way.
    pub fn rays(&self) -> &[usize] {
        &self.which
    }

    /// The field where the rays are, and where they are sure to come next if all their steps are as short as can be.
    /// Says at how many places of each that is.
    pub fn look(&mut self, steps: &Strides, block: &mut Block) -> usize {
        let count = self.which.len();
        self.ahead = if steps.safe.is_finite() { (TOGETHER / count).clamp(1, 8) } else { 1 };
        self.f.resize(count * self.ahead, 0.0);
        if self.ahead == 1 {
            block.eval([&self.u, &self.v, &self.s], &mut [&mut self.f]);
            return 1;
        }
        let [u, v, s] = &mut self.points;
        [&mut *u, v, s].into_iter().for_each(|column| column.resize(count * self.ahead, 0.0));
        let places = u.chunks_exact_mut(self.ahead).zip(v.chunks_exact_mut(self.ahead));
        for (i, ((u, v), s)) in places.zip(s.chunks_exact_mut(self.ahead)).enumerate() {
            u.fill(self.u[i]);
            v.fill(self.v[i]);
            s.iter_mut().enumerate().for_each(|(k, s)| *s = steps.ahead(self.s[i], k));
        }
        block.eval([u, v, s], &mut [&mut self.f]);
        self.ahead
    }

    /// Moves each ray on as far as is safe. Those that have crossed the surface go to `met`; those at the end are let go.
    pub fn go_on(&mut self, steps: &Strides, met: &mut Vec<SignChange>) {
        self.next.resize(self.which.len(), 0.0);
        let any_ends = match self.ahead {
            1 => self.one_step(steps, met),
            _ => {
                (0..self.which.len()).for_each(|i| self.next[i] = self.several_steps(i, steps, met));
                true
            }
        };
        std::mem::swap(&mut self.s, &mut self.next);
        if self.ahead == 1 {
            std::mem::swap(&mut self.before[0], &mut self.next);
            std::mem::swap(&mut self.before[1], &mut self.f);
        }
        if any_ends {
            self.let_go();
        }
    }

    /// A step of each ray: most go on, in a loop without a branch. Says whether any ends.
    fn one_step(&mut self, steps: &Strides, met: &mut Vec<SignChange>) -> bool {
        let (mut any_crosses, mut any_ends) = (false, false);
        for ((next, &s), &f) in self.next.iter_mut().zip(&self.s).zip(&self.f) {
            let (crosses, ends) = (steps.crosses(f), s >= steps.to);
            any_crosses |= crosses;
            any_ends |= ends;
            let on = steps.next(s, f);
            let on = if on < steps.to { on } else { steps.to };
            *next = if crosses | ends { f32::NAN } else { on };
        }
        if any_crosses {
            for i in 0..self.which.len() {
                if steps.crosses(self.f[i]) {
                    met.push(self.bracket(i, [self.before[0][i], self.before[1][i]], [self.s[i], self.f[i]]));
                }
            }
        }
        any_crosses | any_ends
    }

    /// The steps of a ray through the places looked at: where it goes then.
    fn several_steps(&mut self, i: usize, steps: &Strides, met: &mut Vec<SignChange>) -> f32 {
        let (start, values) = (self.s[i], &self.f[i * self.ahead..][..self.ahead]);
        let mut before = [self.before[0][i], self.before[1][i]];
        let mut k = 0;
        loop {
            let (s, f) = (steps.ahead(start, k), values[k]);
            if steps.crosses(f) {
                met.push(self.bracket(i, before, [s, f]));
                return f32::NAN;
            }
            if s >= steps.to {
                return f32::NAN;
            }
            before = [s, f];
            let next = steps.next(s, f);
            let count = (next - start) * steps.count;
            k += 1;
            if k == self.ahead || count >= self.ahead as f32 {
                [self.before[0][i], self.before[1][i]] = before;
                return next.min(steps.to);
            }
            k = k.max(count as i32 as usize);
        }
    }

    /// Where a ray has crossed the surface.
    fn bracket(&self, i: usize, before: [f32; 2], to: [f32; 2]) -> SignChange {
        // On entering the cell there is nothing before: that is the place.
        SignChange {
            ray: self.which[i],
            from: if before[1] == 0.0 { to } else { before },
            to,
            nearest_before: 0.0,
        }
    }

    /// Lets those go whose way has ended: the last take their places.
    fn let_go(&mut self) {
        self.ended.clear();
        for (i, s) in self.s.iter().enumerate() {
            if s.is_nan() {
                self.ended.push(i);
            }
        }
        let [from, value] = &mut self.before;
        for &i in self.ended.iter().rev() {
            self.which.swap_remove(i);
        }
        for column in [&mut self.u, &mut self.v, &mut self.s, from, value] {
            for &i in self.ended.iter().rev() {
                column.swap_remove(i);
            }
        }
    }
}
