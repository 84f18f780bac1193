//! The part of a box, or of a rectangle, where a linear function is at most 0: volume, moments, area. Pure geometry.

use std::ops::{Add, AddAssign, Mul};

/// ∫1, ∫x and ∫xxᵀ (xx, yy, zz, xy, yz, zx) over a body.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub(super) struct Moments {
    pub(super) volume: f64,
    pub(super) first: [f64; 3],
    pub(super) second: [f64; 6],
}

/// Which two axes each of the second moments multiplies.
pub(super) const PAIRS: [(usize, usize); 6] = [(0, 0), (1, 1), (2, 2), (0, 1), (1, 2), (2, 0)];

impl Moments {
    /// Of a box between two corners.
    pub(super) fn of_box(low: [f64; 3], high: [f64; 3]) -> Moments {
        let size = [0, 1, 2].map(|i| high[i] - low[i]);
        let middle = [0, 1, 2].map(|i| 0.5 * (low[i] + high[i]));
        let volume = size[0] * size[1] * size[2];
        let second = PAIRS.map(|(i, j)| {
            let own = if i == j { size[i] * size[i] / 12.0 } else { 0.0 };
            volume * (own + middle[i] * middle[j])
        });
        Moments { volume, first: middle.map(|v| volume * v), second }
    }

    /// Adds a tetrahedron's, times `sign`.
    fn add_tetrahedron(&mut self, [a, b, c, d]: [[f64; 3]; 4], sign: f64) {
        let [u, v, w] = [b, c, d].map(|p| [p[0] - a[0], p[1] - a[1], p[2] - a[2]]);
        let triple = u[0] * (v[1] * w[2] - v[2] * w[1])
            + u[1] * (v[2] * w[0] - v[0] * w[2])
            + u[2] * (v[0] * w[1] - v[1] * w[0]);
        let volume = sign * triple.abs() / 6.0;
        let sum = [0, 1, 2].map(|i| a[i] + b[i] + c[i] + d[i]);
        self.volume += volume;
        for (first, sum) in self.first.iter_mut().zip(sum) {
            *first += volume * 0.25 * sum;
        }
        for (second, (i, j)) in self.second.iter_mut().zip(PAIRS) {
            let own = a[i] * a[j] + b[i] * b[j] + c[i] * c[j] + d[i] * d[j];
            *second += volume / 20.0 * (own + sum[i] * sum[j]);
        }
    }

    /// The same body's about an origin that lies at −`by`.
    pub(super) fn moved(&self, by: [f64; 3]) -> Moments {
        let (volume, first) = (self.volume, self.first);
        let mut second = self.second;
        for (second, (i, j)) in second.iter_mut().zip(PAIRS) {
            *second += by[i] * first[j] + by[j] * first[i] + volume * by[i] * by[j];
        }
        Moments { volume, first: [0, 1, 2].map(|i| first[i] + volume * by[i]), second }
    }
}

impl AddAssign for Moments {
    fn add_assign(&mut self, other: Moments) {
        self.volume += other.volume;
        for (a, b) in self.first.iter_mut().zip(other.first) {
            *a += b;
        }
        for (a, b) in self.second.iter_mut().zip(other.second) {
            *a += b;
        }
    }
}

impl Add for Moments {
    type Output = Moments;
    fn add(mut self, other: Moments) -> Moments {
        self += other;
        self
    }
}

impl Mul<f64> for Moments {
    type Output = Moments;
    fn mul(self, by: f64) -> Moments {
        Moments {
            volume: self.volume * by,
            first: self.first.map(|v| v * by),
            second: self.second.map(|v| v * by),
        }
    }
}

/// The six tetrahedra of a box, each along the diagonal from corner 0 to corner 7; bit i of a corner's number is its
/// side along axis i.
const TETRAHEDRA: [[usize; 4]; 6] =
    [[0, 1, 3, 7], [0, 3, 2, 7], [0, 2, 6, 7], [0, 6, 4, 7], [0, 4, 5, 7], [0, 5, 1, 7]];

fn corners(low: [f64; 3], high: [f64; 3]) -> [[f64; 3]; 8] {
    std::array::from_fn(|n| [0, 1, 2].map(|i| if n >> i & 1 == 1 { high[i] } else { low[i] }))
}

fn linear(value: f64, slope: [f64; 3], at: [f64; 3]) -> f64 {
    value + slope[0] * at[0] + slope[1] * at[1] + slope[2] * at[2]
}

/// Where a linear function is 0 between two points on different sides.
fn between(a: ([f64; 3], f64), b: ([f64; 3], f64)) -> [f64; 3] {
    let w = a.1 / (a.1 - b.1);
    [0, 1, 2].map(|i| a.0[i] + w * (b.0[i] - a.0[i]))
}

/// The part of a box where `value` + `slope`·x ≤ 0.
pub(super) fn part_of_box(low: [f64; 3], high: [f64; 3], value: f64, slope: [f64; 3]) -> Moments {
    let corners = corners(low, high);
    let values = corners.map(|corner| linear(value, slope, corner));
    let inside = values.iter().filter(|value| **value <= 0.0).count();
    let mut sum = Moments::default();
    if inside == 8 {
        return Moments::of_box(low, high);
    } else if inside == 0 {
        return sum;
    }
    for tetrahedron in TETRAHEDRA {
        let mut of = tetrahedron.map(|n| (corners[n], values[n]));
        of.sort_by(|a, b| a.1.total_cmp(&b.1));
        let [a, b, c, d] = of;
        match of.iter().filter(|corner| corner.1 <= 0.0).count() {
            0 => (),
            1 => sum.add_tetrahedron([a.0, between(a, b), between(a, c), between(a, d)], 1.0),
            2 => {
                // A wedge with the edge ab, cut off by the four edges to c and d.
                let (ac, ad, bc, bd) = (between(a, c), between(a, d), between(b, c), between(b, d));
                sum.add_tetrahedron([a.0, b.0, bc, bd], 1.0);
                sum.add_tetrahedron([a.0, ac, bc, bd], 1.0);
                sum.add_tetrahedron([a.0, ac, ad, bd], 1.0);
            }
            3 => {
                sum.add_tetrahedron([a.0, b.0, c.0, d.0], 1.0);
                sum.add_tetrahedron([d.0, between(a, d), between(b, d), between(c, d)], -1.0);
            }
            _ => sum.add_tetrahedron([a.0, b.0, c.0, d.0], 1.0),
        }
    }
    sum
}

/// Which share of a box lies where a linear function is at most 0, from its value at one corner and its rise along each
/// side.
pub(super) fn share_of_box(value: f64, rise: [f64; 3]) -> f64 {
    let lowest = value + rise.iter().map(|v| v.min(0.0)).sum::<f64>();
    let highest = value + rise.iter().map(|v| v.max(0.0)).sum::<f64>();
    if highest <= 0.0 {
        return 1.0;
    } else if lowest > 0.0 {
        return 0.0;
    }
    let values: [f64; 8] = std::array::from_fn(|n| {
        (0..3).fold(value, |sum, i| if n >> i & 1 == 1 { sum + rise[i] } else { sum })
    });
    TETRAHEDRA.iter().map(|of| share_of_tetrahedron(of.map(|n| values[n]))).sum::<f64>() / 6.0
}

/// The same of a tetrahedron, from the values at its corners: along an edge from a ≤ 0 to b > 0 the share a/(a − b) is
/// inside.
fn share_of_tetrahedron(mut of: [f64; 4]) -> f64 {
    for (i, j) in [(0, 1), (2, 3), (0, 2), (1, 3), (1, 2)] {
        if of[i] > of[j] {
            of.swap(i, j);
        }
    }
    let [a, b, c, d] = of;
    if d <= 0.0 {
        1.0
    } else if a > 0.0 {
        0.0
    } else if b > 0.0 {
        a / (a - b) * (a / (a - c)) * (a / (a - d))
    } else if c > 0.0 {
        let (ac, ad, bc, bd) = (a / (a - c), a / (a - d), b / (b - c), b / (b - d));
        bc * bd + ac * bd * (1.0 - bc) + ac * ad * (1.0 - bd)
    } else {
        1.0 - d / (d - a) * (d / (d - b)) * (d / (d - c))
    }
}

/// The area of the plane `value` + `slope`·x = 0 inside a box.
pub(super) fn section_of_box(low: [f64; 3], high: [f64; 3], value: f64, slope: [f64; 3]) -> f64 {
    let corners = corners(low, high);
    let values = corners.map(|corner| linear(value, slope, corner));
    let mut area = 0.0;
    for tetrahedron in TETRAHEDRA {
        let mut of = tetrahedron.map(|n| (corners[n], values[n]));
        of.sort_by(|a, b| a.1.total_cmp(&b.1));
        let [a, b, c, d] = of;
        area += match of.iter().filter(|corner| corner.1 <= 0.0).count() {
            1 => triangle(between(a, b), between(a, c), between(a, d)),
            2 => {
                let (ac, ad, bc, bd) = (between(a, c), between(a, d), between(b, c), between(b, d));
                triangle(ac, ad, bd) + triangle(ac, bd, bc)
            }
            3 => triangle(between(a, d), between(b, d), between(c, d)),
            _ => 0.0,
        };
    }
    area
}

fn triangle(a: [f64; 3], b: [f64; 3], c: [f64; 3]) -> f64 {
    let [u, v] = [b, c].map(|p| [p[0] - a[0], p[1] - a[1], p[2] - a[2]]);
    let cross = [u[1] * v[2] - u[2] * v[1], u[2] * v[0] - u[0] * v[2], u[0] * v[1] - u[1] * v[0]];
    0.5 * cross.iter().map(|v| v * v).sum::<f64>().sqrt()
}

/// The area of the part of a rectangle, from (0, 0) to `size`, where `value` + `slope`·x ≤ 0.
pub(super) fn part_of_rectangle(size: [f64; 2], value: f64, slope: [f64; 2]) -> f64 {
    let corners = [[0.0, 0.0], [size[0], 0.0], size, [0.0, size[1]]];
    let values = corners.map(|at| value + slope[0] * at[0] + slope[1] * at[1]);
    let inside = values.iter().filter(|value| **value <= 0.0).count();
    if inside == 4 {
        return size[0] * size[1];
    } else if inside == 0 {
        return 0.0;
    }
    // Twice the area of the polygon, edge by edge of what is cut off it.
    let (mut twice, mut first, mut last) = (0.0, None, [0.0; 2]);
    let mut turn = |to: [f64; 2]| {
        match first {
            None => first = Some(to),
            Some(_) => twice += last[0] * to[1] - last[1] * to[0],
        }
        last = to;
    };
    for i in 0..4 {
        let next = (i + 1) % 4;
        if values[i] <= 0.0 {
            turn(corners[i]);
        }
        if (values[i] <= 0.0) != (values[next] <= 0.0) {
            let w = values[i] / (values[i] - values[next]);
            turn([0, 1].map(|k| corners[i][k] + w * (corners[next][k] - corners[i][k])));
        }
    }
    if let Some(first) = first {
        twice += last[0] * first[1] - last[1] * first[0];
    }
    (0.5 * twice).clamp(0.0, size[0] * size[1])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn halves_and_corners() {
        let (low, high) = ([-1.0, -2.0, -0.5], [1.0, 2.0, 0.5]);
        let whole = Moments::of_box(low, high);
        let slope = [0.3, -0.2, 0.7];
        let (below, above) =
            (part_of_box(low, high, 0.1, slope), part_of_box(low, high, -0.1, slope.map(|v| -v)));
        let sum = below + above;
        assert!((sum.volume - whole.volume).abs() < 1e-13);
        assert!((0..6).all(|i| (sum.second[i] - whole.second[i]).abs() < 1e-13));
        assert!((0..3).all(|i| sum.first[i].abs() < 1e-13));
        let size = [0, 1, 2].map(|i| high[i] - low[i]);
        let at_corner = linear(0.1, slope, low);
        let share = share_of_box(at_corner, [0, 1, 2].map(|i| slope[i] * size[i]));
        assert!((share * whole.volume - below.volume).abs() < 1e-13);
        // A corner cut off a cube: a tetrahedron of volume 1/6, a triangle of area √3/2.
        let corner = part_of_box([0.0; 3], [2.0; 3], -1.0, [1.0; 3]);
        assert!((corner.volume - 1.0 / 6.0).abs() < 1e-15);
        assert!((corner.first[1] - 1.0 / 24.0).abs() < 1e-15);
        assert!((section_of_box([0.0; 3], [2.0; 3], -1.0, [1.0; 3]) - 3f64.sqrt() / 2.0).abs() < 1e-15);
        assert!((part_of_rectangle([2.0, 1.0], -1.0, [1.0, 1.0]) - 0.5).abs() < 1e-15);
        assert!((part_of_rectangle([2.0, 1.0], 1.0, [-1.0, 0.0]) - 1.0).abs() < 1e-15);
        let moved = corner.moved([1.0, 0.0, 0.0]);
        assert!((moved.first[0] - (1.0 / 24.0 + 1.0 / 6.0)).abs() < 1e-15);
    }
}
