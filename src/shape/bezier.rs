//! The distance to a quadratic Bézier curve.
//!
//! The curve is a + 2t·A + t²·D with A = b − a and D = a − 2b + c. The nearest point to p is at an end or where the
//! curve is perpendicular to the way there, a cubic equation for t:
//!
//! D·D t³ + 3 A·D t² + (2 A·A + D·P) t + A·P = 0, with P = a − p.
//!
//! Of three roots the middle one is the farthest point, so two are of interest. They come from the closed form
//! (Cardano, Viète) and are then improved by Newton's method. That mends what rounding did, and with it the
//! derivatives: they are those of the last step, which are right where its start is.

use super::outline::Edge;
use crate::field::*;
use std::f64::consts::TAU;

/// The distance to the curve drawn with a pen of no width.
pub(super) fn distance(a: &Vector<2>, b: &Vector<2>, c: &Vector<2>) -> Field {
    let minus = |a: &Vector<2>, b: &Vector<2>| -> [Field; 2] { std::array::from_fn(|i| &a.0[i] - &b.0[i]) };
    let dot = |a: &[Field; 2], b: &[Field; 2]| &a[0] * &b[0] + &a[1] * &b[1];
    let (start, rest) = (minus(b, a), minus(c, b));
    let bend: [Field; 2] = std::array::from_fn(|i| &rest[i] - &start[i]);
    let from = [&a.0[0] - x(), &a.0[1] - y()];

    let leading = dot(&bend, &bend);
    let cubic = Cubic {
        second: 3 * dot(&start, &bend),
        first: 2 * dot(&start, &start) + dot(&bend, &from),
        last: dot(&start, &from),
        leading: leading.clone(),
    };
    let away = |t: &Field| {
        let along = |i: usize| &from[i] + t * (2 * &start[i] + t * &bend[i]);
        hypot(along(0), along(1))
    };

    // A curve that hardly bends: begin on its chord, where the closed form would lose its digits.
    let straight = 1e-4 * (dot(&start, &start) + dot(&rest, &rest));
    let chord = minus(c, a);
    let square = dot(&chord, &chord);
    let on_chord = if_less(0, &square, -dot(&chord, &from) / &square, 0).clamp(0, 1);
    let beside = away(&cubic.improved(on_chord, 3));

    let two = cubic.outer_roots().map(|root| away(&cubic.improved(root, 2)));
    let bent = two.into_iter().reduce(|p, q| p.min(q)).expect("two roots");
    let nearest = if_less(straight, &leading, bent, beside);

    // Each quarter of the curve keeps within |D|/64 of its chord. That changes nothing but keeps intervals narrow, to
    // which the solution of a cubic gives no good answer.
    let at = |t: f64| Vector(std::array::from_fn(|i| &a.0[i] + t * (2 * &start[i] + t * &bend[i])));
    let quarter =
        |i: i32| Edge::new(&at(0.25 * i as f64), &at(0.25 * (i + 1) as f64)).seen_from(&x(), &y()).distance();
    let chords = (0..4).map(quarter).reduce(|p, q| p.min(q)).expect("four quarters");
    let most = leading.sqrt() / 63.9 + 1e-9;
    nearest.max(&chords - &most).min(chords + most)
}

struct Cubic {
    leading: Field,
    second: Field,
    first: Field,
    last: Field,
}

impl Cubic {
    /// The least and the greatest root; twice the only one.
    fn outer_roots(&self) -> [Field; 2] {
        // t = u − shift makes it u³ + 3p·u − 2q.
        let leading = &self.leading;
        let shift = &self.second / (3 * leading);
        let p = &self.first / (3 * leading) - shift.square();
        let q = (&shift * (&self.first / leading) - &self.last / leading) / 2 - &shift * shift.square();
        let discriminant = q.square() + &p * p.square();

        // One root (Cardano): of the two cube roots only the one without cancellation is taken.
        let sum = q.abs() + discriminant.max(0).sqrt();
        let cube = if_less(0, &sum, sum.pow(1.0 / 3.0), 1);
        let cube = if_less(&q, 0, -&cube, cube);
        let only = if_less(0, sum, &cube - &p / &cube, 0);

        // Three roots (Viète), where p < 0.
        let m = (-&p).max(0).sqrt();
        let cosine = if_less(0, &m, q / (&m * m.square()), 0).clamp(-1, 1);
        let third = cosine.acos() / 3;
        let outer = |turn: f64| {
            let root = 2 * &m * (&third + turn).cos();
            if_less(0, &discriminant, &only, root) - &shift
        };
        [outer(0.0), outer(TAU / 3.0)]
    }

    /// A root after some of Newton's steps, held on the curve. A step is taken where the distance is curved upwards.
    fn improved(&self, t: Field, steps: usize) -> Field {
        let mut t = t.clamp(0, 1);
        for _ in 0..steps {
            let value = ((&self.leading * &t + &self.second) * &t + &self.first) * &t + &self.last;
            let slope = (3 * &self.leading * &t + 2 * &self.second) * &t + &self.first;
            t = if_less(1e-9 * &self.leading + 1e-30, &slope, &t - value / &slope, t).clamp(0, 1);
        }
        t
    }
}
