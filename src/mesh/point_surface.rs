//! A smooth surface through oriented points, and the field whose surface it is: implicit moving least squares.
//!
//! Each point p with its normal n is a plane, of which a place x is n·(x − p) off. The field is the mean of these, each
//! weighed by exp(−|x − p|²/h²), as Shen, O'Brien and Shewchuk ("Interpolating and approximating implicit surfaces from
//! polygon soup", 2004) and Kolluri ("Provably good moving least squares", 2005) have it: near the points its surface is
//! theirs, smoothed over about h, and far from them it is the plane of those nearest. It has derivatives of all orders.
//!
//! With means ⟨·⟩ by these weights and s = 1/h², its gradient is ⟨n⟩ + 2s cov(g, p), where g is how far x is off each
//! plane, and its second derivatives are 2s (cov(nᵢ, pⱼ) + cov(nⱼ, pᵢ)) + 4s² ⟨(g − ⟨g⟩)(pᵢ − ⟨pᵢ⟩)(pⱼ − ⟨pⱼ⟩)⟩.

mod bounds;
mod kernel;

use super::extract::clipped;
use super::point_tree::{PointTree, squared};
use super::{Point, PointCloud, dot, minus};
use crate::error::{Error, Result};
use crate::field::{Axis, Field};
use crate::measure::Bounds;
use crate::number::{Identity, Interval};
use std::fmt;
use std::sync::Arc;

/// How much farther than the nearest point others are looked at, in h squared: their weights are less than rounding beyond.
const REACH: f64 = 32.0;
/// What h is unless it is given, in parts of the distance within which a point has so many neighbours: points stand in small heaps
/// often, and fewer might all be in one.
const SHARE: f64 = 0.45;
const NEIGHBOURS: usize = 16;
/// How many points tell that.
const ASKED: usize = 1000;
/// How far beyond the points' box all is outside, in h.
const ROOM: f64 = 2.0;
/// How large places may be.
const MAX_PLACE: f64 = 1e100;

/// A smooth surface through oriented points: a scan with normals, say.
///
/// ```
/// use fieldgrad::mesh::{PointCloud, PointSurface};
/// use fieldgrad::prelude::*;
///
/// // 400 points of a ball, on a spiral.
/// let point = |n: f64| {
///     let (z, angle) = (1.0 - (2.0 * n + 1.0) / 400.0, 2.399963 * n);
///     [(1.0 - z * z).sqrt() * angle.cos(), (1.0 - z * z).sqrt() * angle.sin(), z]
/// };
/// let points: Vec<[f64; 3]> = (0..400).map(|n| point(f64::from(n))).collect();
/// let cloud = PointCloud::oriented(points.clone(), points)?;
/// let ball = PointSurface::of(&cloud)?.field();
/// assert!(ball.value_at([0.0, 0.6, 0.8, 0.0])?.abs() < 0.05);
/// assert!((ball.value_at([0.0, 1.8, 2.4, 0.0])? - 2.0).abs() < 0.05);
/// # Ok::<(), Error>(())
/// ```
pub struct PointSurface {
    tree: PointTree,
    /// Unit normals, in the tree's order.
    normals: Vec<Point>,
    /// Bounds on the normals within each node of the tree.
    cones: Vec<[Interval; 3]>,
    /// h, over which the surface is smoothed.
    radius: f64,
    identity: Identity,
}

impl fmt::Debug for PointSurface {
    fn fmt(&self, f: &mut fmt::Formatter) -> fmt::Result {
        write!(f, "PointSurface(of {} points, smoothed over {})", self.normals.len(), self.radius)
    }
}

impl PointSurface {
    /// The surface through points with normals, smoothed over as much as holds a few of them.
    pub fn of(cloud: &PointCloud) -> Result<PointSurface> {
        PointSurface::made(cloud, None)
    }

    /// The same smoothed over a radius: the weight of a point that far away is 1/e. What is smaller is lost, noise too.
    pub fn smoothed(cloud: &PointCloud, radius: f64) -> Result<PointSurface> {
        if !(radius > 0.0 && radius.is_finite()) {
            return Err(Error::Input(format!("points are smoothed over a radius above 0, not {radius}")));
        }
        PointSurface::made(cloud, Some(radius))
    }

    fn made(cloud: &PointCloud, radius: Option<f64>) -> Result<PointSurface> {
        let wrong = |what: String| Err(Error::Input(what));
        if cloud.points.is_empty() {
            return wrong("a surface through no points".into());
        }
        if cloud.normals.len() != cloud.points.len() {
            return wrong("points without normals have no sides: a surface needs oriented points".into());
        }
        let is_usual = |place: &Point| place.iter().all(|x| x.abs() <= MAX_PLACE);
        if let Some(n) = cloud.points.iter().position(|place| !is_usual(place)) {
            return wrong(format!("point {n} is at {:?}, which is beyond what is computed", cloud.points[n]));
        }
        let mut units = Vec::with_capacity(cloud.normals.len());
        for (n, &normal) in cloud.normals.iter().enumerate() {
            let largest = normal.iter().fold(0.0f64, |most, x| most.max(x.abs()));
            let scaled = normal.map(|x| x / largest);
            let length = dot(scaled, scaled).sqrt();
            if !(largest > 0.0 && length.is_finite()) {
                return wrong(format!("the normal of point {n} is {normal:?}, which has no direction"));
            }
            units.push(scaled.map(|x| x / length));
        }
        let tree = PointTree::of(&cloud.points);
        let normals: Vec<Point> = tree.numbers.iter().map(|&n| units[n as usize]).collect();
        let cone = |start: u32, end: u32| {
            [0, 1, 2].map(|axis| {
                let all =
                    normals[start as usize..end as usize].iter().map(|normal| Interval::point(normal[axis]));
                all.reduce(Interval::hull).expect("a node has points")
            })
        };
        let cones = tree.nodes.iter().map(|node| cone(node.start, node.end)).collect();
        let radius = radius.unwrap_or_else(|| usual_radius(&tree));
        if !(radius * radius).is_normal() {
            return wrong(format!("points that are {radius:e} apart are too near one another"));
        }
        let bits = |places: &[Point], identity: Identity| {
            places.iter().flatten().fold(identity, |all, x| all.and(u128::from(x.to_bits())))
        };
        let identity = Identity::of("points").and(u128::from(radius.to_bits()));
        let identity = bits(&normals, bits(&tree.points, identity));
        Ok(PointSurface { tree, normals, cones, radius, identity })
    }

    /// The radius that the surface is smoothed over.
    pub fn radius(&self) -> f64 {
        self.radius
    }

    /// The field whose surface it is: negative inside, about as steep as a distance near the points.
    ///
    /// Beyond the points' box, with room of twice the radius about it, all is outside: there a surface that goes on is cut.
    pub fn field(self) -> Field {
        PointSurface::field_of(Arc::new(self))
    }

    /// The same of a surface that others have too.
    pub(crate) fn field_of(surface: Arc<PointSurface>) -> Field {
        let root = &surface.tree.nodes[0];
        let around = Bounds { min: root.lower, max: root.upper }.grown(ROOM * surface.radius);
        let place = Axis::ALL[..3].iter().map(|&axis| Field::coordinate(axis));
        clipped(&crate::field::kernel(Arc::new(kernel::PointKernel(surface)), place), around)
    }

    /// The identity of the points, their normals and the radius.
    pub(crate) fn content(&self) -> Identity {
        self.identity
    }

    /// The points that count at a place, each with its weight, into a list; and the nearest. `near` is a guess of it.
    fn weigh(&self, at: Point, near: u32, open: &mut Vec<u32>, weights: &mut Vec<(u32, f64)>) -> u32 {
        let nearest = self.tree.nearest(at, near, open);
        let least = squared(at, self.tree.points[nearest as usize]);
        let most = least + REACH * self.radius * self.radius;
        weights.clear();
        // Far away the distances' rounding is more than what they differ by: the weights below tell.
        self.tree.within(at, most * (1.0 + 1e-14), open, |n| {
            weights.extend(self.weight(n, nearest, at));
        });
        nearest
    }

    /// The weight of a point beside that of the nearest one, unless it is too small to count.
    fn weight(&self, n: u32, nearest: u32, at: Point) -> Option<(u32, f64)> {
        let [p, q] = [n, nearest].map(|n| self.tree.points[n as usize]);
        // |x − p|² − |x − q|², without what they have in common.
        let farther: f64 = (0..3).map(|k| (p[k] - q[k]) * ((p[k] - at[k]) + (q[k] - at[k]))).sum();
        let exponent = farther / (self.radius * self.radius);
        (exponent <= REACH).then(|| (n, (-exponent.max(0.0)).exp()))
    }
}

/// A part of the distance within which a point has some neighbours: the median over a number of points.
fn usual_radius(tree: &PointTree) -> f64 {
    let count = tree.points.len();
    let step = count.div_ceil(ASKED);
    let mut open = Vec::new();
    let mut found: Vec<f64> = Vec::new();
    for from in tree.points.iter().step_by(step) {
        // Within a box about as large as holds enough of them, if they are spread over a surface.
        let root = &tree.nodes[0];
        let size = squared(root.lower, root.upper);
        let mut most = size * NEIGHBOURS as f64 / count as f64;
        let mut near: Vec<f64> = Vec::new();
        loop {
            near.clear();
            tree.within(*from, most, &mut open, |n| near.push(squared(*from, tree.points[n as usize])));
            if near.len() > NEIGHBOURS || most >= 4.0 * size {
                break;
            }
            most *= 4.0;
        }
        near.sort_unstable_by(f64::total_cmp);
        // The nearest is the point itself.
        found.extend(near.get(NEIGHBOURS.min(near.len().saturating_sub(1))));
    }
    found.retain(|&squared| squared > 0.0);
    found.sort_unstable_by(f64::total_cmp);
    found.get(found.len() / 2).map_or(1.0, |squared| SHARE * squared.sqrt())
}

/// Means over the points that count at a place, as far as the order of derivatives that is asked for.
struct PointMoments {
    value: f64,
    gradient: Point,
    /// In xx, xy, xz, yy, yz and zz.
    second: [f64; 6],
}

impl PointSurface {
    /// The value and its derivatives, by the points with their weights.
    fn moments(&self, at: Point, nearest: u32, weights: &[(u32, f64)], order: usize) -> PointMoments {
        let origin = self.tree.points[nearest as usize];
        let (mut total, mut value, mut normal, mut place) = (0.0, 0.0, [0.0; 3], [0.0; 3]);
        let off = |n: u32| dot(self.normals[n as usize], minus(at, self.tree.points[n as usize]));
        for &(n, weight) in weights {
            total += weight;
            value += weight * off(n);
            let from = minus(self.tree.points[n as usize], origin);
            for k in 0..3 {
                normal[k] += weight * self.normals[n as usize][k];
                place[k] += weight * from[k];
            }
        }
        value /= total;
        if order == 0 {
            return PointMoments { value, gradient: [0.0; 3], second: [0.0; 6] };
        }
        let (normal, place) = (normal.map(|x| x / total), place.map(|x| x / total));
        let (mut gradient, mut turning, mut bending) = ([0.0; 3], [[0.0; 3]; 3], [0.0; 6]);
        for &(n, weight) in weights {
            let from = minus(minus(self.tree.points[n as usize], origin), place);
            let weighed = weight * (off(n) - value);
            (0..3).for_each(|k| gradient[k] += weighed * from[k]);
            if order > 1 {
                for (k, [i, j]) in SECOND.into_iter().enumerate() {
                    bending[k] += weighed * from[i] * from[j];
                }
                let turned = minus(self.normals[n as usize], normal).map(|x| weight * x);
                (0..3).for_each(|i| (0..3).for_each(|j| turning[i][j] += turned[i] * from[j]));
            }
        }
        let s = 2.0 / (self.radius * self.radius);
        let second = |k: usize| {
            let [i, j] = SECOND[k];
            (s * (turning[i][j] + turning[j][i]) + s * s * bending[k]) / total
        };
        PointMoments {
            value,
            gradient: [0, 1, 2].map(|k| normal[k] + s * gradient[k] / total),
            second: [0, 1, 2, 3, 4, 5].map(second),
        }
    }
}

/// The axes of second derivatives.
const SECOND: [[usize; 2]; 6] = [[0, 0], [0, 1], [0, 2], [1, 1], [1, 2], [2, 2]];

#[cfg(test)]
mod tests {
    use super::*;
    use crate::number::{Kernel, Smoothness};
    use crate::random::Random;

    /// Points on a ball of radius 0.8 and off it by some noise, about another middle.
    fn ball(count: u32, noise: f64) -> (PointCloud, Point) {
        let mut random = Random(3);
        let middle = [0.3, -0.1, 0.2];
        let (mut points, mut normals) = (Vec::new(), Vec::new());
        for n in 0..count {
            let z = 1.0 - (2.0 * f64::from(n) + 1.0) / f64::from(count);
            let (round, angle) = ((1.0 - z * z).sqrt(), 2.399_963 * f64::from(n));
            let normal = [round * angle.cos(), round * angle.sin(), z];
            let radius = 0.8 + noise * random.between(-1.0, 1.0);
            points.push([0, 1, 2].map(|k| middle[k] + radius * normal[k]));
            normals.push(normal.map(|x| 3.0 * x));
        }
        (PointCloud::oriented(points, normals).unwrap(), middle)
    }

    #[test]
    fn a_ball_is_one_and_noise_goes() {
        for (noise, radius, most) in [(0.0, None, 0.003), (0.05, Some(0.15), 0.03)] {
            let (cloud, middle) = ball(2000, noise);
            let surface = match radius {
                None => PointSurface::of(&cloud).unwrap(),
                Some(radius) => PointSurface::smoothed(&cloud, radius).unwrap(),
            };
            let field = surface.field();
            let mut random = Random(5);
            for _ in 0..200 {
                let p = [0; 3].map(|_| random.between(-2.0, 2.0));
                let from = minus(p, middle);
                let truth = dot(from, from).sqrt() - 0.8;
                let found = field.value_at([p[0], p[1], p[2], 0.0]).unwrap();
                // Near the middle all of the ball is as near.
                if truth > -0.6 {
                    assert!(
                        (found - truth).abs() < most * (1.0 + 3.0 * truth.max(0.0)),
                        "{found} for {truth}"
                    );
                } else {
                    assert!(found < 0.0, "{found} for {truth}");
                }
            }
        }
    }

    #[test]
    fn derivatives_are_those_of_differences() {
        let (cloud, _) = ball(300, 0.02);
        let field = PointSurface::of(&cloud).unwrap().field();
        let mut random = Random(8);
        for _ in 0..60 {
            let p = [0; 3].map(|_| random.between(-1.2, 1.2));
            let at = |p: Point| [p[0], p[1], p[2], 0.0];
            let slope = field.gradient_at(at(p)).unwrap();
            let second = field.hessian_at(at(p)).unwrap();
            let step = 1e-4;
            for axis in 0..3 {
                let moved = [-2.0, -1.0, 1.0, 2.0].map(|by: f64| {
                    let mut q = p;
                    q[axis] += by * step;
                    q
                });
                let difference = |values: [f64; 4]| {
                    (8.0 * (values[2] - values[1]) - (values[3] - values[0])) / (12.0 * step)
                };
                let along = difference(moved.map(|q| field.value_at(at(q)).unwrap()));
                assert!((along - slope[axis]).abs() < 1e-8, "{along} {slope:?}");
                for other in 0..3 {
                    let bend = difference(moved.map(|q| field.gradient_at(at(q)).unwrap()[other]));
                    let own = second[axis][other];
                    assert!((bend - own).abs() < 1e-6 * (1.0 + own.abs()), "{bend} {own}");
                }
            }
        }
    }

    #[test]
    fn bounds_contain_and_close_in() {
        let (cloud, _) = ball(500, 0.01);
        let kernel = kernel::PointKernel(Arc::new(PointSurface::of(&cloud).unwrap()));
        let mut random = Random(11);
        for n in 0..300 {
            let size = 2.0f64.powi(-(n % 9));
            let sides = [0; 3].map(|_| {
                let lo = random.between(-1.5, 1.5);
                Interval::new(lo, lo + size * random.unit())
            });
            let bounds: Vec<Interval> = (0..10).map(|output| kernel.bounds(output, &sides)).collect();
            for _ in 0..20 {
                let p = sides.map(|side| random.between(side.lo(), side.hi()).clamp(side.lo(), side.hi()));
                for (output, &bound) in bounds.iter().enumerate() {
                    let value = kernel.value(output, &p);
                    assert!(
                        bound.contains(value),
                        "output {output} is {value}, not in {bound:?} over {sides:?}"
                    );
                }
            }
            if size < 0.01 {
                assert!(bounds[0].width() < 4.0 * size, "{:?} over {sides:?}", bounds[0]);
            }
            assert_eq!(kernel.smoothness(0, &sides), Smoothness::Smooth);
        }
    }

    #[test]
    fn points_that_make_no_surface_are_refused() {
        let one = |normal: Point| PointCloud::oriented(vec![[0.0; 3]], vec![normal]).unwrap();
        let plane = PointSurface::of(&one([0.0, 0.0, 1e-200])).unwrap().field();
        assert_eq!(plane.value_at([1.5, 0.0, 1.0, 0.0]).unwrap(), 1.0);
        assert_eq!(plane.value_at([5.0, 0.0, 1.0, 0.0]).unwrap(), 3.0, "beyond its box");
        let message = |cloud: &PointCloud| PointSurface::of(cloud).unwrap_err().to_string();
        assert!(message(&one([0.0; 3])).contains("the normal of point 0 is [0.0, 0.0, 0.0]"));
        let bare = PointCloud { points: vec![[0.0; 3]], ..PointCloud::default() };
        assert!(message(&bare).contains("points without normals"), "{}", message(&bare));
        assert!(PointSurface::smoothed(&one([0.0, 0.0, 1.0]), -1.0).is_err());
        // All in one place; and so far apart that squares are lost.
        let [here, there] = [[1.0; 3], [1e90, 0.0, 0.0]];
        for (points, value) in
            [(vec![here; 20], 0.5), (vec![here, there], 0.5 + 1.0 / (1.0 + SHARE.powi(-2).exp()))]
        {
            let normals = vec![[0.0, 1.0, 0.0]; points.len()];
            let field = PointSurface::of(&PointCloud::oriented(points, normals).unwrap()).unwrap().field();
            let found = field.value_at([1.0, 1.5, 1.0, 0.0]).unwrap();
            assert!((found - value).abs() < 1e-12, "{found}");
            assert!(field.value_at([1e80, 1e99, -1e99, 0.0]).unwrap().is_finite());
        }
    }
}
