//! A tree of boxes around points, two to a node.

use super::Point;

/// How many points a leaf holds.
const LEAF: usize = 8;

/// Points in an order in which those of a node stand side by side, and its boxes.
pub(super) struct PointTree {
    /// The points, in the tree's order.
    pub(super) points: Vec<Point>,
    /// The number that each had to begin with.
    pub(super) numbers: Vec<u32>,
    /// The root is the first.
    pub(super) nodes: Vec<PointNode>,
}

pub(super) struct PointNode {
    pub(super) lower: Point,
    pub(super) upper: Point,
    pub(super) start: u32,
    pub(super) end: u32,
    /// The second of two parts, of which the first follows the node itself; 0 for a leaf.
    pub(super) second: u32,
}

impl PointNode {
    /// How far a point is from the box, squared.
    fn squared(&self, from: Point) -> f64 {
        let out =
            |axis: usize| (self.lower[axis] - from[axis]).max(from[axis] - self.upper[axis]).max(0.0).powi(2);
        out(0) + out(1) + out(2)
    }
}

impl PointTree {
    /// The tree of points that are finite.
    pub(super) fn of(points: &[Point]) -> PointTree {
        let mut tree =
            PointTree { points: Vec::new(), numbers: (0..points.len() as u32).collect(), nodes: Vec::new() };
        if !points.is_empty() {
            tree.build(points, 0, points.len());
        }
        tree.points = tree.numbers.iter().map(|&n| points[n as usize]).collect();
        tree
    }

    /// Makes a node and those within. The depth is logarithmic: each part has half of the points.
    fn build(&mut self, points: &[Point], start: usize, end: usize) {
        let of = |n: &u32| points[*n as usize];
        let all = &self.numbers[start..end];
        let bound = |axis: usize, pick: fn(f64, f64) -> f64| {
            all.iter().map(|n| of(n)[axis]).reduce(pick).expect("a node has points")
        };
        let (lower, upper) =
            ([0, 1, 2].map(|axis| bound(axis, f64::min)), [0, 1, 2].map(|axis| bound(axis, f64::max)));
        let node = self.nodes.len();
        self.nodes.push(PointNode { lower, upper, start: start as u32, end: end as u32, second: 0 });
        if end - start <= LEAF {
            return;
        }
        let longest = |axis: &usize| upper[*axis] - lower[*axis];
        let axis = (0..3).max_by(|a, b| longest(a).total_cmp(&longest(b))).unwrap_or(0);
        let middle = (end - start) / 2;
        self.numbers[start..end]
            .select_nth_unstable_by(middle, |a, b| of(a)[axis].total_cmp(&of(b)[axis]).then(a.cmp(b)));
        self.build(points, start, start + middle);
        self.nodes[node].second = self.nodes.len() as u32;
        self.build(points, start + middle, end);
    }

    /// The place in the tree's order of the point nearest to one, of several the first; `near` is where one is that may be it.
    pub(super) fn nearest(&self, from: Point, near: u32, open: &mut Vec<u32>) -> u32 {
        let mut best = (squared(from, self.points[near as usize]), near);
        open.clear();
        open.push(0);
        while let Some(n) = open.pop() {
            let node = &self.nodes[n as usize];
            if node.squared(from) > best.0 {
                continue;
            }
            if node.second == 0 {
                for n in node.start..node.end {
                    let found = (squared(from, self.points[n as usize]), n);
                    if found < best {
                        best = found;
                    }
                }
            } else {
                let parts = [n + 1, node.second];
                let far = parts.map(|part| self.nodes[part as usize].squared(from));
                open.extend(if far[0] < far[1] { [parts[1], parts[0]] } else { parts });
            }
        }
        best.1
    }

    /// Visits the points within a distance of one, given squared, in the tree's order.
    pub(super) fn within(&self, from: Point, most: f64, open: &mut Vec<u32>, mut visit: impl FnMut(u32)) {
        open.clear();
        open.push(0);
        while let Some(n) = open.pop() {
            let node = &self.nodes[n as usize];
            if node.squared(from) > most {
                continue;
            }
            if node.second == 0 {
                (node.start..node.end)
                    .filter(|&n| squared(from, self.points[n as usize]) <= most)
                    .for_each(&mut visit);
            } else {
                open.extend([node.second, n + 1]);
            }
        }
    }
}

/// How far two points are apart, squared.
pub(super) fn squared(a: Point, b: Point) -> f64 {
    let by = [a[0] - b[0], a[1] - b[1], a[2] - b[2]];
    by[0] * by[0] + by[1] * by[1] + by[2] * by[2]
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::random::Random;

    #[test]
    fn the_nearest_and_those_within_are_those_of_all() {
        let mut random = Random(7);
        let mut place =
            || [0, 1, 2].map(|axis| random.between(-1.0, 1.0) * if axis == 2 { 0.1 } else { 1.0 });
        let points: Vec<Point> = (0..700).map(|_| place()).collect();
        let tree = PointTree::of(&points);
        let mut open = Vec::new();
        for n in 0..200 {
            let from = place();
            let found = tree.numbers[tree.nearest(from, n % 7, &mut open) as usize];
            let least = points.iter().map(|&p| squared(from, p)).fold(f64::INFINITY, f64::min);
            assert_eq!(squared(from, points[found as usize]), least);
            let mut near = Vec::new();
            tree.within(from, 0.09, &mut open, |n| near.push(tree.numbers[n as usize]));
            near.sort_unstable();
            let all: Vec<u32> = (0..700).filter(|&n| squared(from, points[n as usize]) <= 0.09).collect();
            assert_eq!(near, all);
        }
    }
}
