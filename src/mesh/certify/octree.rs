//! An octree of what is known of the parts of space, and which of its leaves are side by side.

use crate::number::Interval;

/// A part of space.
pub(super) type BoxSides = [Interval; 3];

/// What is known of a part of space.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) enum OctantState {
    /// Its eight parts stand from there on.
    Split(u32),
    /// f is not 0 in it, and below 0 if that is so, and nothing of the mesh is in it.
    Clear(bool),
    /// f and the mesh rise along one direction in it.
    Rises,
    /// Nothing yet.
    Open,
}

/// The cells, the root first; a cell's parts are by their sides, a bit an axis.
pub(super) struct Octree {
    pub known: Vec<OctantState>,
    pub sides: Vec<BoxSides>,
}

impl Octree {
    pub fn new(root: BoxSides) -> Octree {
        Octree { known: vec![OctantState::Open], sides: vec![root] }
    }

    /// Cuts a cell in eight; the first of them.
    pub fn split(&mut self, cell: usize) -> usize {
        let first = self.known.len();
        self.known[cell] = OctantState::Split(first as u32);
        let whole = self.sides[cell];
        for n in 0..8 {
            self.known.push(OctantState::Open);
            self.sides.push([0, 1, 2].map(|axis| {
                let (side, middle) = (whole[axis], whole[axis].middle());
                if n >> axis & 1 == 0 {
                    Interval::new(side.lo(), middle)
                } else {
                    Interval::new(middle, side.hi())
                }
            }));
        }
        first
    }

    /// All pairs of leaves that share a part of a face.
    pub fn neighbours(&self, mut each: impl FnMut(usize, usize)) {
        let mut cells = vec![0];
        let mut faces = Vec::new();
        while let Some(cell) = cells.pop() {
            let OctantState::Split(first) = self.known[cell] else { continue };
            let first = first as usize;
            cells.extend(first..first + 8);
            for axis in 0..3 {
                let low = (0..8).filter(|n| n >> axis & 1 == 0);
                faces.extend(low.map(|n| (first + n, first + n + (1 << axis), axis)));
            }
            while let Some((a, b, axis)) = faces.pop() {
                let parts = |cell: usize, high: bool| -> [usize; 4] {
                    let OctantState::Split(first) = self.known[cell] else { return [cell; 4] };
                    let mut on = (0..8).filter(|n| (n >> axis & 1 == 1) == high);
                    [(); 4].map(|()| first as usize + on.next().expect("four on a side"))
                };
                match (self.known[a], self.known[b]) {
                    (OctantState::Split(_), _) | (_, OctantState::Split(_)) => {
                        let pairs = parts(a, true).into_iter().zip(parts(b, false));
                        faces.extend(pairs.map(|(a, b)| (a, b, axis)));
                    }
                    _ => each(a, b),
                }
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn leaves_side_by_side_are_found() {
        let mut tree = Octree::new([Interval::new(0.0, 4.0); 3]);
        let first = tree.split(0);
        let inner = tree.split(first);
        tree.split(inner + 7);
        let area = |a: usize, b: usize| {
            let common = [0, 1, 2].map(|axis| {
                let (a, b) = (tree.sides[a][axis], tree.sides[b][axis]);
                a.hi().min(b.hi()) - a.lo().max(b.lo())
            });
            assert_eq!(common.iter().filter(|&&length| length == 0.0).count(), 1, "a face in common");
            common.into_iter().filter(|&length| length > 0.0).product::<f64>()
        };
        let mut total = 0.0;
        tree.neighbours(|a, b| total += area(a, b));
        // Three cuts through all, three through an eighth, three through an eighth of that.
        assert_eq!(total, 3.0 * (16.0 + 4.0 + 1.0));
    }
}
