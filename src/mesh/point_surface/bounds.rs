//! Bounds on the surface's field over boxes.
//!
//! Beside the weight of one point, chosen near the box, the weight of each other is exp(−d/h²), where d is linear in the
//! place: its bounds over the box are tight. A mean of values that lie between bounds, by weights that do, is greatest
//! where the weights of the greatest values are greatest and the others least. Points that are far from the box, for its size, are
//! taken together, a node of their tree at a time.

use super::{PointSurface, REACH, SECOND};
use crate::mesh::Point;
use crate::mesh::point_tree::PointNode;
use crate::number::{Interval, Real};
use std::cell::OnceCell;

/// How large a node may be that is taken as one, in parts of the box: more where it counts less, by the root of its weight.
const COARSE: f64 = 1.0;

/// Points that are taken together: bounds over all of them.
struct PointGroup {
    /// All their weights, beside that of the origin's.
    weight: [f64; 2],
    /// Where they are, from the origin.
    place: [Interval; 3],
    normal: [Interval; 3],
    /// How far the place is off their planes, less how far it is off the origin's.
    off: Interval,
}

/// Bounds over a box, of which derivatives are made as they are asked for.
pub(super) struct PointBounds {
    groups: Vec<PointGroup>,
    /// The box, from the origin.
    place: [Interval; 3],
    /// The origin's normal.
    normal: Point,
    /// How far the place is off all planes on the average, less how far it is off the origin's.
    off: Interval,
    /// 2/h².
    s: f64,
    /// The mean place and the mean normal, once they are asked for.
    means: OnceCell<[[Interval; 3]; 2]>,
}

impl PointSurface {
    /// Bounds over a box; none where it is not finite.
    pub(super) fn over(&self, sides: [Interval; 3]) -> Option<PointBounds> {
        if !sides.iter().all(|side| side.largest() < super::MAX_PLACE) {
            return None;
        }
        let middle = sides.map(Interval::middle);
        let nearest = self.tree.nearest(middle, 0, &mut Vec::new());
        let origin = self.tree.points[nearest as usize];
        let normal = self.normals[nearest as usize];
        let place = [0, 1, 2].map(|k| sides[k] - Interval::point(origin[k]));
        let size = sides.iter().fold(0.0f64, |most, side| most.max(side.width()));
        let coarse = COARSE * size;
        let mut groups = Vec::new();
        let mut open = vec![0u32];
        let most = REACH * self.radius * self.radius;
        let mut deltas: Vec<Interval> = Vec::new();
        while let Some(n) = open.pop() {
            let node: &PointNode = &self.tree.nodes[n as usize];
            let around = |k: usize| Interval::new(node.lower[k], node.upper[k]) - Interval::point(origin[k]);
            let farther = farther([0, 1, 2].map(around), place);
            if farther.lo() > most {
                continue;
            }
            let coarse = coarse * (0.5 * farther.lo().max(0.0) / (self.radius * self.radius)).exp();
            let is_fine = (0..3).all(|k| node.upper[k] - node.lower[k] <= coarse);
            if node.second != 0 && !is_fine {
                open.extend([node.second, n + 1]);
                continue;
            }
            let mut add = |at: [Interval; 3], cone: [Interval; 3], farther: Interval, count: u32| {
                if farther.lo() > most {
                    return;
                }
                let tilt = [0, 1, 2].map(|k| cone[k] - Interval::point(normal[k]));
                let off = product(tilt, place) - product(cone, at);
                deltas.push(farther);
                groups.push(PointGroup { weight: [f64::from(count); 2], place: at, normal: cone, off });
            };
            if is_fine {
                add([0, 1, 2].map(around), self.cones[n as usize], farther, node.end - node.start);
                continue;
            }
            for n in node.start as usize..node.end as usize {
                let at =
                    [0, 1, 2].map(|k| Interval::point(self.tree.points[n][k]) - Interval::point(origin[k]));
                add(at, self.normals[n].map(Interval::point), self::farther(at, place), 1);
            }
        }
        // The largest weight is 1.
        let least = deltas.iter().fold(f64::INFINITY, |least, delta| least.min(delta.lo()));
        for (group, delta) in groups.iter_mut().zip(&deltas) {
            let weight = |delta: f64| group.weight[0] * ((least - delta) / (self.radius * self.radius)).exp();
            group.weight = [weight(delta.hi()), weight(delta.lo())];
        }
        let s = 2.0 / (self.radius * self.radius);
        let mut bounds =
            PointBounds { groups, place, normal, off: Interval::WHOLE, s, means: OnceCell::new() };
        bounds.off = bounds.mean(|group| group.off);
        Some(bounds)
    }
}

/// |x − p|² − |x − q|², where q is the origin.
fn farther(p: [Interval; 3], x: [Interval; 3]) -> Interval {
    let along = |k: usize| {
        let at = |p: f64, x: f64| p * (p - 2.0 * x);
        let ends = [p[k].lo(), p[k].hi()].map(|p| [x[k].lo(), x[k].hi()].map(|x| at(p, x)));
        let most = ends.iter().flatten().fold(f64::NEG_INFINITY, |most, &x| most.max(x));
        let lowest = [x[k].lo(), x[k].hi()].map(|x| at(x.clamp(p[k].lo(), p[k].hi()), x));
        let least = lowest[0].min(lowest[1]);
        let slack = 1e-14 * (p[k].largest() * (p[k].largest() + 2.0 * x[k].largest()));
        Interval::new(least - slack, most + slack)
    };
    along(0) + along(1) + along(2)
}

fn product(a: [Interval; 3], b: [Interval; 3]) -> Interval {
    a[0] * b[0] + a[1] * b[1] + a[2] * b[2]
}

impl PointBounds {
    pub(super) fn value(&self) -> Interval {
        product(self.normal.map(Interval::point), self.place) + self.off
    }

    pub(super) fn gradient(&self, axis: usize) -> Interval {
        let s = Interval::point(self.s);
        self.mean(|group| group.normal[axis] + s * (group.off - self.off) * group.place[axis])
    }

    pub(super) fn second(&self, number: usize) -> Interval {
        let [i, j] = SECOND[number];
        let s = Interval::point(self.s);
        let [places, normals] = self.means.get_or_init(|| {
            let places = [0, 1, 2].map(|axis| self.mean(|group| group.place[axis]));
            [places, [0, 1, 2].map(|axis| self.mean(|group| group.normal[axis]))]
        });
        let ([place_i, place_j], [normal_i, normal_j]) = ([places[i], places[j]], [normals[i], normals[j]]);
        self.mean(|group| {
            let turning =
                (group.normal[i] - normal_i) * group.place[j] + (group.normal[j] - normal_j) * group.place[i];
            let from = if i == j {
                (group.place[i] - place_i).square()
            } else {
                (group.place[i] - place_i) * (group.place[j] - place_j)
            };
            s * (turning + s * (group.off - self.off) * from)
        })
    }

    /// Bounds on the mean of what lies between bounds.
    fn mean(&self, of: impl Fn(&PointGroup) -> Interval) -> Interval {
        let values: Vec<Interval> = self.groups.iter().map(of).collect();
        let largest = values.iter().fold(0.0f64, |most, value| most.max(value.largest()));
        let hi = self.greatest(values.iter().map(|value| value.hi()));
        let lo = -self.greatest(values.iter().map(|value| -value.lo()));
        // Rounding, and points whose weights are too small to count.
        let slack = 1e-11 * largest;
        Interval::new(lo - slack, hi + slack)
    }

    /// The greatest mean of values by weights between bounds.
    fn greatest(&self, values: impl Iterator<Item = f64>) -> f64 {
        let mut all: Vec<(f64, [f64; 2])> =
            values.zip(self.groups.iter().map(|group| group.weight)).collect();
        all.sort_unstable_by(|a, b| b.0.total_cmp(&a.0));
        let most = all[0].0;
        // Counted down from the greatest value, so that no sum is of large numbers.
        let (mut sum, mut total) = (0.0, 0.0);
        for &(value, [least, _]) in &all {
            sum += least * (value - most);
            total += least;
        }
        for &(value, [least, greatest]) in &all {
            let below = value - most;
            if total > 0.0 && below * total <= sum {
                break;
            }
            sum += (greatest - least) * below;
            total += greatest - least;
        }
        if total > 0.0 { most + sum / total } else { most }
    }
}
