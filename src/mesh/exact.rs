//! On which side a point lies, exactly: signs of determinants of `f64` coordinates.
//!
//! A determinant is computed plainly first; where rounding could have changed its sign it is summed without any, as a
//! list of numbers that do not overlap (Shewchuk, "Adaptive precision floating-point arithmetic and fast robust
//! geometric predicates", 1997). The signs are right as long as no product over- or underflows.

use super::Point;

/// A sum and the part of it that was rounded off.
#[inline(always)]
fn two_sum(a: f64, b: f64) -> (f64, f64) {
    let sum = a + b;
    let of_b = sum - a;
    (sum, (a - (sum - of_b)) + (b - of_b))
}

/// A product and the part of it that was rounded off.
#[inline(always)]
fn two_product(a: f64, b: f64) -> (f64, f64) {
    let product = a * b;
    (product, a.mul_add(b, -product))
}

/// A sum without rounding: numbers that do not overlap, the least first, none of them 0.
#[derive(Default)]
struct ExactSum(Vec<f64>);

impl ExactSum {
    fn add(&mut self, term: f64) {
        let (mut carried, mut kept) = (term, 0);
        for n in 0..self.0.len() {
            let (sum, rest) = two_sum(carried, self.0[n]);
            carried = sum;
            if rest != 0.0 {
                self.0[kept] = rest;
                kept += 1;
            }
        }
        self.0.truncate(kept);
        if carried != 0.0 {
            self.0.push(carried);
        }
    }

    fn sign(&self) -> i8 {
        self.0.last().map_or(0, |&most| sign(most))
    }
}

fn sign(value: f64) -> i8 {
    i8::from(value > 0.0) - i8::from(value < 0.0)
}

/// A difference as a number and what was rounded off.
#[inline(always)]
fn two_difference(a: f64, b: f64) -> (f64, f64) {
    two_sum(a, -b)
}

/// The side of the plane through a, b and c that d lies on: 1 where a, b and c go round clockwise as seen from d, −1
/// where they go counter-clockwise, 0 in the plane.
pub(crate) fn side_of_plane(a: Point, b: Point, c: Point, d: Point) -> i8 {
    let [u, v, w] = [a, b, c].map(|p| [p[0] - d[0], p[1] - d[1], p[2] - d[2]]);
    let pairs = [(u[1], v[2], u[2], v[1]), (u[2], v[0], u[0], v[2]), (u[0], v[1], u[1], v[0])];
    let (mut sum, mut size) = (0.0, 0.0);
    for axis in 0..3 {
        let (p, q, r, s) = pairs[axis];
        sum += w[axis] * (p * q - r * s);
        size += w[axis].abs() * ((p * q).abs() + (r * s).abs());
    }
    if sum.abs() > 1e-15 * size {
        return sign(sum);
    }
    if size == 0.0 && [u, v, w].contains(&[0.0; 3]) {
        return 0;
    }
    exact_side_of_plane(a, b, c, d)
}

#[cold]
fn exact_side_of_plane(a: Point, b: Point, c: Point, d: Point) -> i8 {
    let [u, v, w] = [a, b, c].map(|p| [0, 1, 2].map(|axis| two_difference(p[axis], d[axis])));
    let mut sum = ExactSum::default();
    for (x, y, z, turn) in
        [(0, 1, 2, 1.0), (1, 2, 0, 1.0), (2, 0, 1, 1.0), (0, 2, 1, -1.0), (1, 0, 2, -1.0), (2, 1, 0, -1.0)]
    {
        add_product(&mut sum, turn, u[x], v[y], w[z]);
    }
    sum.sign()
}

/// Adds the product of three differences.
fn add_product(sum: &mut ExactSum, turn: f64, a: (f64, f64), b: (f64, f64), c: (f64, f64)) {
    for a in [a.0, a.1].into_iter().filter(|a| *a != 0.0) {
        for b in [b.0, b.1].into_iter().filter(|b| *b != 0.0) {
            let (high, low) = two_product(turn * a, b);
            for part in [high, low].into_iter().filter(|part| *part != 0.0) {
                for c in [c.0, c.1].into_iter().filter(|c| *c != 0.0) {
                    let (high, low) = two_product(part, c);
                    sum.add(low);
                    sum.add(high);
                }
            }
        }
    }
}

/// The side of the line from a to b that c lies on in the plane: 1 to its left, −1 to its right, 0 on it.
pub(crate) fn side_of_line(a: [f64; 2], b: [f64; 2], c: [f64; 2]) -> i8 {
    let (left, right) = ((a[0] - c[0]) * (b[1] - c[1]), (a[1] - c[1]) * (b[0] - c[0]));
    let plain = left - right;
    if plain.abs() > 1e-15 * (left.abs() + right.abs()) {
        return sign(plain);
    }
    let [u, v] = [a, b].map(|p| [0, 1].map(|axis| two_difference(p[axis], c[axis])));
    let mut sum = ExactSum::default();
    add_product(&mut sum, 1.0, u[0], v[1], (1.0, 0.0));
    add_product(&mut sum, -1.0, u[1], v[0], (1.0, 0.0));
    sum.sign()
}

/// Two coordinates of a point: those beside an axis, in the order in which they turn about it.
pub(crate) fn flattened(p: Point, along: usize) -> [f64; 2] {
    [p[(along + 1) % 3], p[(along + 2) % 3]]
}

/// Whether three points lie on one line.
pub(crate) fn are_collinear(a: Point, b: Point, c: Point) -> bool {
    (0..3).all(|axis| {
        let [a, b, c] = [a, b, c].map(|p| flattened(p, axis));
        side_of_line(a, b, c) == 0
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sides_are_right_where_plain_arithmetic_is_not() {
        // Points beside the plane x + y + z = 1.5 by one unit in the last place.
        let [a, b, c] = [[0.5, 0.5, 0.5], [1.5, 0.5, -0.5], [0.5, 1.5, -0.5]];
        let at = |z: f64| [12.3, -24.1, z];
        let exact = 1.5 - (12.3 - 24.1);
        let (below, above) = (exact - 1e-14, exact + 1e-14);
        assert_eq!(side_of_plane(a, b, c, at(below)), -side_of_plane(a, b, c, at(above)));
        assert_ne!(side_of_plane(a, b, c, at(below)), 0);
        assert_eq!(side_of_plane(a, b, c, [0.25, 0.25, 1.0]), 0);
        assert_eq!(side_of_plane([0.0; 3], [1.0, 0.0, 0.0], [0.0, 1.0, 0.0], [0.0, 0.0, 1.0]), -1);
        let third = 1.0 / 3.0;
        for n in 1..200 {
            let s = f64::from(n) * 1e-3;
            let on = [s * 3.0, s * 6.0];
            assert_eq!(side_of_line([0.0; 2], on, [on[0] * 2.0, on[1] * 2.0]), 0);
            assert_eq!(side_of_line([0.0; 2], [third, third], [s, s.next_up()]), 1);
        }
    }

    #[test]
    fn collinear_points_are_known() {
        assert!(are_collinear([0.1, 0.2, 0.3], [0.2, 0.4, 0.6], [0.4, 0.8, 1.2]));
        assert!(!are_collinear([0.1, 0.2, 0.3], [0.2, 0.4, 0.6], [0.4, 0.8, 1.2f64.next_up()]));
    }
}
