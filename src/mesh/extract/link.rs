//! The points around a point: of a corner, an edge, a face or a cell those it is joined to by the tetrahedra's edges.
//!
//! Space is cut into tetrahedra with a corner each in a cell, a face of it, an edge of that and a corner of that: 48 a
//! cell. Points are joined if one is part of what the other stands for. The points around one are then the vertices of
//! a triangulated sphere.

use std::sync::LazyLock;

/// The sphere around a point that is free along some axes.
pub(super) struct Link {
    /// The points on it, in half cells from the middle.
    pub offsets: Vec<[i8; 3]>,
    /// Which points of the sphere each is joined to, a bit each.
    pub joined: Vec<u32>,
    /// Those that are part of what the middle stands for.
    pub lower: u32,
}

/// The spheres by freedom: a bit for each axis a point is between planes along.
pub(super) static LINKS: LazyLock<[Link; 8]> = LazyLock::new(|| std::array::from_fn(link));

fn link(freedom: usize) -> Link {
    let is_free = |axis: usize| freedom >> axis & 1 == 1;
    let mut offsets = Vec::new();
    let mut lower = 0;
    for n in 0..27i8 {
        let by = [n / 9 - 1, n / 3 % 3 - 1, n % 3 - 1];
        let moved = |free: bool| (0..3).any(|axis| by[axis] != 0 && is_free(axis) == free);
        // Along free axes it is a step to a part, along the others to what this is part of.
        if moved(true) != moved(false) {
            lower |= u32::from(moved(true)) << offsets.len();
            offsets.push(by);
        }
    }
    let joined = offsets.iter().map(|&a| {
        let is_joined = |b: [i8; 3]| a != b && are_joined(freedom, a, b);
        (0..offsets.len()).filter(|&n| is_joined(offsets[n])).map(|n| 1 << n).sum()
    });
    Link { joined: joined.collect(), offsets, lower }
}

/// Whether one of two points about a middle is part of the other.
fn are_joined(freedom: usize, a: [i8; 3], b: [i8; 3]) -> bool {
    let is_part = |a: [i8; 3], b: [i8; 3]| {
        (0..3).all(|axis| {
            let is_free = (freedom >> axis & 1 == 1) == (b[axis] == 0);
            a[axis] == b[axis] || is_free && (a[axis] - b[axis]).abs() == 1
        })
    };
    is_part(a, b) || is_part(b, a)
}

impl Link {
    /// The piece of some points of the sphere in which the first of them is.
    fn first_piece(&self, points: u32) -> u32 {
        let (mut seen, mut open) = (0u32, points & points.wrapping_neg());
        while open != 0 {
            let n = open.trailing_zeros() as usize;
            seen |= 1 << n;
            open = (open | self.joined[n] & points) & !seen;
        }
        seen
    }

    /// Whether some points of the sphere are one piece.
    pub fn is_one_piece(&self, points: u32) -> bool {
        points != 0 && self.first_piece(points) == points
    }

    /// The pieces that some points of the sphere are.
    pub fn pieces(&self, mut points: u32) -> Vec<u32> {
        let mut pieces = Vec::new();
        while points != 0 {
            pieces.push(self.first_piece(points));
            points &= !pieces[pieces.len() - 1];
        }
        pieces
    }

    /// All points of the sphere.
    pub fn all(&self) -> u32 {
        ((1u64 << self.offsets.len()) - 1) as u32
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn links_are_spheres() {
        for (freedom, link) in LINKS.iter().enumerate() {
            let axes = freedom.count_ones();
            let points = link.offsets.len() as u32;
            assert_eq!(points, [26, 10, 10, 26][axes as usize], "{freedom}");
            let edges: u32 = link.joined.iter().map(|joined| joined.count_ones()).sum::<u32>() / 2;
            // A triangulated sphere has three edges for each vertex, less six.
            assert_eq!(edges, 3 * points - 6, "{freedom}");
            assert!(link.is_one_piece(link.all()));
        }
    }
}
