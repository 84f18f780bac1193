//! Where a mesh meets itself: all pairs of triangles, by exact signs.

use super::Mesh;
use super::Point;
use super::exact::{are_collinear, flattened, side_of_line, side_of_plane};
use rayon::prelude::*;

impl Mesh {
    /// The pairs of triangles that meet anywhere but in the vertices and edges they share by number, in order.
    ///
    /// The answer is exact for the coordinates as they are: signs are computed without rounding. Triangles that only
    /// touch count too. What has no area is left out ([`Mesh::degenerate_triangles`]).
    pub fn self_intersections(&self) -> Vec<[usize; 2]> {
        let tree = BoxTree::new(self);
        let found = (0..self.triangles.len()).into_par_iter().map(|first| {
            let mut met = Vec::new();
            tree.visit(tree.boxes[first], &mut |second| {
                if second > first && self.meet(first, second) {
                    met.push([first, second]);
                }
            });
            met.sort_unstable();
            met
        });
        found.collect::<Vec<_>>().concat()
    }

    /// The triangles without area: two corners are one, or all lie on a line.
    pub fn degenerate_triangles(&self) -> Vec<usize> {
        let is_degenerate = |&n: &usize| {
            let [a, b, c] = self.corners(n);
            are_collinear(a, b, c)
        };
        (0..self.triangles.len()).into_par_iter().filter(is_degenerate).collect()
    }

    fn meet(&self, first: usize, second: usize) -> bool {
        self.corners_meet(self.triangles[first], self.triangles[second])
    }

    /// Whether two triangles between vertices meet outside of what they share.
    pub(super) fn corners_meet(&self, a: [u32; 3], b: [u32; 3]) -> bool {
        let place = |vertex: u32| self.vertices[vertex as usize];
        let shared: Vec<u32> = a.into_iter().filter(|vertex| b.contains(vertex)).collect();
        let others = |of: [u32; 3]| of.into_iter().filter(|vertex| !shared.contains(vertex)).map(place);
        match shared[..] {
            [] => triangles_meet(a.map(place), b.map(place)),
            [hub] => {
                let [a, b]: [Vec<Point>; 2] = [others(a).collect(), others(b).collect()];
                let hub = place(hub);
                segment_meets([a[0], a[1]], [hub, b[0], b[1]])
                    || segment_meets([b[0], b[1]], [hub, a[0], a[1]])
            }
            [p, q] => {
                let [p, q] = [p, q].map(place);
                let (Some(r), Some(s)) = (others(a).next(), others(b).next()) else { return true };
                side_of_plane(p, q, r, s) == 0
                    && (0..3).any(|axis| {
                        let [p, q, r, s] = [p, q, r, s].map(|p| flattened(p, axis));
                        side_of_line(p, q, r) * side_of_line(p, q, s) > 0
                    })
            }
            _ => true,
        }
    }
}

fn triangles_meet(a: [Point; 3], b: [Point; 3]) -> bool {
    let sides = a.map(|p| side_of_plane(b[0], b[1], b[2], p));
    if sides == [1; 3] || sides == [-1; 3] {
        return false;
    }
    let edges = |[p, q, r]: [Point; 3]| [[p, q], [q, r], [r, p]];
    edges(a).into_iter().any(|edge| segment_meets(edge, b))
        || edges(b).into_iter().any(|edge| segment_meets(edge, a))
}

/// Whether a segment and a triangle have a point in common, ends and edges included.
fn segment_meets([p, q]: [Point; 2], [a, b, c]: [Point; 3]) -> bool {
    let (of_p, of_q) = (side_of_plane(a, b, c, p), side_of_plane(a, b, c, q));
    if of_p * of_q > 0 {
        return false;
    }
    if of_p == 0 && of_q == 0 {
        return meets_in_plane([p, q], [a, b, c]);
    }
    let turns = [side_of_plane(p, q, a, b), side_of_plane(p, q, b, c), side_of_plane(p, q, c, a)];
    turns.iter().all(|&turn| turn >= 0) || turns.iter().all(|&turn| turn <= 0)
}

/// The same, where both lie in one plane.
fn meets_in_plane(segment: [Point; 2], triangle: [Point; 3]) -> bool {
    let flat_along = |axis: usize| {
        let [a, b, c] = triangle.map(|p| flattened(p, axis));
        side_of_line(a, b, c)
    };
    let Some((axis, turn)) = (0..3).map(|axis| (axis, flat_along(axis))).find(|(_, turn)| *turn != 0) else {
        return false; // a triangle without area
    };
    let [p, q] = segment.map(|p| flattened(p, axis));
    let [a, b, c] = triangle.map(|p| flattened(p, axis));
    // They are apart if one of the triangle's edges, or the segment's line, has them on two sides.
    let edges = [[a, b], [b, c], [c, a]];
    if edges.iter().any(|&[a, b]| [p, q].iter().all(|&p| side_of_line(a, b, p) * turn < 0)) {
        return false;
    }
    let sides = [a, b, c].map(|corner| side_of_line(p, q, corner));
    !(sides == [1; 3] || sides == [-1; 3])
}

/// A box as its least and its greatest coordinates.
pub(crate) type Box3 = [[f64; 3]; 2];

/// The box about a triangle.
pub(super) fn box_of([a, b, c]: [Point; 3]) -> Box3 {
    joined(joined([a, a], [b, b]), [c, c])
}

fn joined(a: Box3, b: Box3) -> Box3 {
    [[0, 1, 2].map(|n| a[0][n].min(b[0][n])), [0, 1, 2].map(|n| a[1][n].max(b[1][n]))]
}

fn overlap(a: &Box3, b: &Box3) -> bool {
    (0..3).all(|n| a[0][n] <= b[1][n] && b[0][n] <= a[1][n])
}

/// How many triangles a leaf of the tree holds.
const LEAF: usize = 4;

/// A tree of boxes: of triangles, or of anything.
pub(crate) struct BoxTree {
    boxes: Vec<Box3>,
    /// The boxes' numbers, those of a node side by side.
    order: Vec<u32>,
    /// Each node's box; for an inner one the number of the second part (the first follows it), for a leaf its triangles.
    nodes: Vec<BoxNode>,
}

struct BoxNode {
    around: Box3,
    start: u32,
    end: u32,
    /// 0 for a leaf.
    second: u32,
}

impl BoxTree {
    pub(super) fn new(mesh: &Mesh) -> BoxTree {
        BoxTree::of((0..mesh.triangles.len()).map(|n| box_of(mesh.corners(n))).collect())
    }

    pub fn of(boxes: Vec<Box3>) -> BoxTree {
        let order = (0..boxes.len() as u32).collect();
        let mut tree = BoxTree { boxes, order, nodes: Vec::new() };
        if !tree.order.is_empty() {
            tree.build(0, tree.order.len());
        }
        tree
    }

    /// Makes the node of some triangles, and those within. The depth is logarithmic: each part has half of them.
    fn build(&mut self, start: usize, end: usize) {
        let boxes = &self.boxes;
        let of = |n: &u32| boxes[*n as usize];
        let around = self.order[start..end].iter().map(of).reduce(joined).expect("a node has triangles");
        let node = self.nodes.len();
        self.nodes.push(BoxNode { around, start: start as u32, end: end as u32, second: 0 });
        if end - start <= LEAF {
            return;
        }
        let longest = |axis: &usize| around[1][*axis] - around[0][*axis];
        let axis = (0..3).max_by(|a, b| longest(a).total_cmp(&longest(b))).unwrap_or(0);
        let key = |n: &u32| boxes[*n as usize][0][axis] + boxes[*n as usize][1][axis];
        let middle = (end - start) / 2;
        self.order[start..end]
            .select_nth_unstable_by(middle, |a, b| key(a).total_cmp(&key(b)).then(a.cmp(b)));
        self.build(start, start + middle);
        self.nodes[node].second = self.nodes.len() as u32;
        self.build(start + middle, end);
    }

    /// Visits the boxes that have a point in common with one, by their numbers.
    pub fn visit(&self, near: Box3, visit: &mut impl FnMut(usize)) {
        let mut open: Vec<u32> = if self.nodes.is_empty() { Vec::new() } else { vec![0] };
        while let Some(n) = open.pop() {
            let node = &self.nodes[n as usize];
            if !overlap(&node.around, &near) {
                continue;
            }
            if node.second == 0 {
                for &triangle in &self.order[node.start as usize..node.end as usize] {
                    if overlap(&self.boxes[triangle as usize], &near) {
                        visit(triangle as usize);
                    }
                }
            } else {
                open.extend([n + 1, node.second]);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn two(a: [Point; 3], b: [Point; 3]) -> usize {
        let mesh = Mesh::new([a, b].concat(), vec![[0, 1, 2], [3, 4, 5]]).unwrap();
        mesh.self_intersections().len()
    }

    #[test]
    fn triangles_meet_where_they_do() {
        let flat = [[0.0, 0.0, 0.0], [1.0, 0.0, 0.0], [0.0, 1.0, 0.0]];
        let moved = |by: Point| flat.map(|p| [0, 1, 2].map(|n| p[n] + by[n]));
        assert_eq!(two(flat, moved([0.0, 0.0, 1e-300])), 0, "however near");
        assert_eq!(two(flat, moved([0.25, 0.25, 0.0])), 1, "in one plane");
        assert_eq!(two(flat, moved([1.0, 0.0, 0.0])), 1, "touching in a corner");
        assert_eq!(two(flat, moved([1.0, 1e-9, 0.0])), 0);
        assert_eq!(two(flat, [[0.1, 0.1, -1.0], [0.2, 0.1, 1.0], [0.3, 0.1, 1.0]]), 1, "through");
        assert_eq!(two(flat, [[0.6, 0.6, -1.0], [0.6, 0.6, 1.0], [1.0, 1.0, 1.0]]), 0, "beside");
        assert_eq!(two([[0.1, 0.1, 0.0], [0.2, 0.1, 0.0], [0.1, 0.2, 0.0]], flat), 1, "one within the other");
    }

    #[test]
    fn neighbours_may_share_what_they_share_and_no_more() {
        let vertices =
            vec![[0.0, 0.0, 0.0], [1.0, 0.0, 0.0], [0.0, 1.0, 0.0], [0.4, 0.3, 0.0], [0.5, -1.0, 0.0]];
        let count = |triangles: Vec<[u32; 3]>| {
            Mesh::new(vertices.clone(), triangles).unwrap().self_intersections().len()
        };
        assert_eq!(count(vec![[0, 1, 2], [1, 0, 4]]), 0, "side by side");
        assert_eq!(count(vec![[0, 1, 2], [1, 0, 3]]), 1, "folded over");
        assert_eq!(count(vec![[0, 1, 2], [0, 3, 4]]), 1, "from a corner inwards");
        assert_eq!(count(vec![[0, 1, 2], [2, 1, 0]]), 1, "the same twice");
    }
}
