//! The overlap of two solids: their intersection over their union.

use crate::error::Result;
use crate::measure::Estimate;
use crate::mesh::{Distance, Mesh};
use crate::random::Random;
use crate::task;

/// How many cells there are along a side at most.
const MAX_DEPTH: u32 = 10;

/// A cell of an octree by its place on its level.
type OverlapCell = [u32; 3];

/// The overlap of two closed surfaces' solids; none, where neither holds anything.
///
/// A cell that neither surface can reach, by its middle's distances, is decided. What is left on the last level is
/// sampled, a point a cell: each is in a solid or not, so that the variance is a quarter at most.
pub(super) fn overlap(
    first: &Distance,
    second: &Distance,
    resolution: usize,
    random: &mut Random,
) -> Result<Option<Estimate>> {
    let depth = resolution.max(2).next_power_of_two().trailing_zeros().min(MAX_DEPTH);
    let low = lower_corner(first.mesh(), second.mesh());
    // Both boxes reach from the lower corner on by no more than this.
    let side = [first.mesh(), second.mesh()].map(|mesh| reach(mesh, low)).into_iter().fold(0.0, f64::max);
    let mut cells: Vec<OverlapCell> = vec![[0; 3]];
    let [mut both, mut either] = [0.0; 2];
    for level in 0..=depth {
        task::check()?;
        let width = side / f64::from(1 << level);
        let is_last = level == depth;
        let mut draw = || if is_last { random.unit() } else { 0.5 };
        let points: Vec<[f64; 3]> = cells
            .iter()
            .map(|cell| std::array::from_fn(|axis| low[axis] + width * (f64::from(cell[axis]) + draw())))
            .collect();
        let [to_first, to_second] = [first, second].map(|surface| surface.signed(&points));
        let reach = 0.5 * 3f64.sqrt() * width * (1.0 + 1e-12);
        let mut left = Vec::new();
        for ((&cell, d), e) in cells.iter().zip(to_first).zip(to_second) {
            if !is_last && d.abs().min(e.abs()) <= reach {
                left.push(cell);
                continue;
            }
            both += if d < 0.0 && e < 0.0 { width.powi(3) } else { 0.0 };
            either += if d < 0.0 || e < 0.0 { width.powi(3) } else { 0.0 };
        }
        if !is_last {
            cells = left.into_iter().flat_map(parts).collect();
        }
    }
    if either <= 0.0 {
        return Ok(None);
    }
    let value = both / either;
    let deviation = 0.5 * (side / f64::from(1 << depth)).powi(3) * (cells.len() as f64).sqrt();
    Ok(Some(Estimate { value, error: 1.96 * deviation * (1.0 + value) / either }))
}

fn parts([x, y, z]: OverlapCell) -> impl Iterator<Item = OverlapCell> {
    (0..8).map(move |n| [2 * x + (n & 1), 2 * y + (n >> 1 & 1), 2 * z + (n >> 2)])
}

fn lower_corner(first: &Mesh, second: &Mesh) -> [f64; 3] {
    let margin = 1e-3 * first.longest_side().max(second.longest_side());
    let all = || [first, second].into_iter().flat_map(|mesh| &mesh.vertices);
    std::array::from_fn(|axis| all().fold(f64::INFINITY, |low, vertex| low.min(vertex[axis])) - margin)
}

fn reach(mesh: &Mesh, low: [f64; 3]) -> f64 {
    let beyond = |vertex: &[f64; 3]| (0..3).map(|axis| vertex[axis] - low[axis]).fold(0.0, f64::max);
    1.001 * mesh.vertices.iter().map(beyond).fold(0.0, f64::max)
}
