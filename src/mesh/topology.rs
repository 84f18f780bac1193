//! What a mesh is without its coordinates: whether it is closed, a manifold, how many pieces, and of what genus.

use super::Mesh;
use std::collections::HashMap;

impl Mesh {
    /// The edges with a triangle on one side only, as pairs of vertices. A closed surface has none.
    pub fn open_edges(&self) -> Vec<[u32; 2]> {
        self.edges_where(|there, back| there + back == 1)
    }

    /// The edges that more than two triangles share, or that two go round in the same direction.
    pub fn non_manifold_edges(&self) -> Vec<[u32; 2]> {
        self.edges_where(|there, back| there > 1 || back > 1)
    }

    /// The vertices whose triangles do not form one fan: where sheets touch in a point.
    pub fn non_manifold_vertices(&self) -> Vec<u32> {
        // The triangles about a vertex, joined through the edges they share: one piece for each fan.
        let mut around: Vec<Vec<[u32; 2]>> = vec![Vec::new(); self.vertices.len()];
        for &[a, b, c] in &self.triangles {
            for [at, from, to] in [[a, b, c], [b, c, a], [c, a, b]] {
                around[at as usize].push([from, to]);
            }
        }
        let is_fan = |links: &Vec<[u32; 2]>| {
            let Some(&[first, second]) = links.first() else { return true };
            let after = |at: u32| links.iter().find(|[from, _]| *from == at).map(|[_, to]| *to);
            let before = |at: u32| links.iter().find(|[_, to]| *to == at).map(|[from, _]| *from);
            // Forward to where it closes or ends; where it ends, backward from where it began too.
            let forward: Vec<u32> = steps(second, first, links.len(), after);
            let closes = forward.last() == Some(&first);
            let backward = if closes { 0 } else { steps(first, first, links.len(), before).len() };
            1 + forward.len() + backward == links.len()
        };
        (0..self.vertices.len() as u32).filter(|&n| !is_fan(&around[n as usize])).collect()
    }

    /// Whether the mesh is the boundary of a solid as far as its connectivity says: closed, each edge between two triangles
    /// that go round it in opposite directions, one fan about each vertex.
    pub fn is_closed_manifold(&self) -> bool {
        self.edges_where(|there, back| [there, back] != [1, 1]).is_empty()
            && self.non_manifold_vertices().is_empty()
    }

    /// Which piece each triangle belongs to, counted from 0 in the order of their first triangles; and how many there are.
    pub fn components(&self) -> (Vec<u32>, usize) {
        let mut root: Vec<u32> = (0..self.vertices.len() as u32).collect();
        for &[a, b, c] in &self.triangles {
            for other in [b, c] {
                let (a, b) = (root_of(&mut root, a), root_of(&mut root, other));
                root[a.max(b) as usize] = a.min(b);
            }
        }
        let mut numbers = HashMap::new();
        let pieces = self.triangles.iter().map(|&[a, _, _]| {
            let next = numbers.len() as u32;
            *numbers.entry(root_of(&mut root, a)).or_insert(next)
        });
        (pieces.collect(), numbers.len())
    }

    /// The genus of a closed manifold, all its pieces together: how many handles it has. `None` for other meshes.
    pub fn genus(&self) -> Option<usize> {
        if !self.is_closed_manifold() {
            return None;
        }
        let mut used = vec![false; self.vertices.len()];
        self.triangles.iter().flatten().for_each(|&vertex| used[vertex as usize] = true);
        let vertices = used.iter().filter(|used| **used).count() as i64;
        let faces = self.triangles.len() as i64;
        // Three edges a triangle, each shared by two.
        let euler = vertices - faces * 3 / 2 + faces;
        usize::try_from((2 * self.components().1 as i64 - euler) / 2).ok()
    }

    /// The edges of which that is so, given how many triangles go along them from the lower vertex to the higher, and back.
    fn edges_where(&self, is_so: impl Fn(u32, u32) -> bool) -> Vec<[u32; 2]> {
        let mut edges: Vec<([u32; 2], bool)> = Vec::with_capacity(3 * self.triangles.len());
        for &[a, b, c] in &self.triangles {
            edges.extend([[a, b], [b, c], [c, a]].map(|[a, b]| ([a.min(b), a.max(b)], a < b)));
        }
        edges.sort_unstable();
        let alike = edges.chunk_by(|a, b| a.0 == b.0);
        let counted = alike.map(|edges| {
            let there = edges.iter().filter(|edge| edge.1).count() as u32;
            (edges[0].0, there, edges.len() as u32 - there)
        });
        counted.filter(|&(_, there, back)| is_so(there, back)).map(|(edge, ..)| edge).collect()
    }
}

/// Where steps lead from a place: until there is none, or back to another, or so many.
fn steps(from: u32, end: u32, most: usize, next: impl Fn(u32) -> Option<u32>) -> Vec<u32> {
    let mut found = Vec::new();
    let mut at = Some(from);
    while found.len() < most {
        at = at.and_then(&next);
        let Some(now) = at else { break };
        found.push(now);
        if now == end {
            break;
        }
    }
    found
}

fn root_of(root: &mut [u32], of: u32) -> u32 {
    let mut at = of;
    while root[at as usize] != at {
        root[at as usize] = root[root[at as usize] as usize];
        at = root[at as usize];
    }
    at
}

#[cfg(test)]
mod tests {
    use super::*;

    fn tetrahedron(first: u32) -> Vec<[u32; 3]> {
        [[0, 2, 1], [0, 1, 3], [0, 3, 2], [1, 2, 3]].map(|corners| corners.map(|n| n + first)).to_vec()
    }

    fn of(count: usize, triangles: Vec<[u32; 3]>) -> Mesh {
        Mesh {
            vertices: (0..count).map(|n| [n as f64, (n * n) as f64, (n * n * n) as f64]).collect(),
            triangles,
        }
    }

    #[test]
    fn closed_open_and_pinched_meshes_are_told_apart() {
        let closed = of(8, [tetrahedron(0), tetrahedron(4)].concat());
        assert!(closed.is_closed_manifold());
        assert_eq!((closed.components().1, closed.genus()), (2, Some(0)));
        let open = of(4, tetrahedron(0)[1..].to_vec());
        assert_eq!(open.open_edges(), [[0, 1], [0, 2], [1, 2]]);
        assert_eq!((open.genus(), open.non_manifold_vertices()), (None, vec![]));
        // Two tetrahedra that share one vertex, or an edge.
        let pinched = of(7, [tetrahedron(0), tetrahedron(3)].concat());
        assert_eq!((pinched.non_manifold_vertices(), pinched.open_edges()), (vec![3], vec![]));
        let hinged = of(6, [tetrahedron(0), tetrahedron(2)].concat());
        assert_eq!(hinged.non_manifold_edges(), [[2, 3]]);
        let mut turned = tetrahedron(0);
        turned[0].swap(0, 1);
        assert_eq!(of(4, turned).non_manifold_edges().len(), 3);
    }

    #[test]
    fn a_ring_of_squares_has_a_handle() {
        let at = |i: u32, j: u32| i % 4 * 3 + j % 3;
        let squares = (0..4).flat_map(|i| (0..3).map(move |j| (i, j)));
        let halves = squares.flat_map(|(i, j)| {
            let [a, b, c, d] = [at(i, j), at(i + 1, j), at(i + 1, j + 1), at(i, j + 1)];
            [[a, b, c], [a, c, d]]
        });
        assert_eq!(of(12, halves.collect()).genus(), Some(1));
    }
}
