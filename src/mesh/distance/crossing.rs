//! Which triangles may cross others: no is proven, yes is not.

use super::super::tree::{Child, Tree, normal};
use super::super::{Mesh, cross, dot, minus};
use rayon::iter::{IntoParallelIterator, ParallelIterator};

/// How far apart, of their size, things are held to be apart in spite of rounding.
const APART: f64 = 1e-13;

/// For each triangle whether it has nothing in common with another but the corners and edges they share. `triangles` has
/// the mesh's, with corners at the same place made one.
pub(super) fn clean(mesh: &Mesh, triangles: &[[u32; 3]], tree: &Tree) -> Vec<bool> {
    let pairs: Vec<[u32; 2]> = (0..tree.nodes.len())
        .into_par_iter()
        .flat_map_iter(|node| {
            let (mut found, mut stack) = (Vec::new(), Vec::new());
            for (place, child) in tree.nodes[node].children() {
                if let Child::Packet(packet) = child {
                    let sides = tree.nodes[node].corners(place);
                    crossings_of(mesh, triangles, tree, (packet, sides), &mut stack, &mut found);
                }
            }
            found
        })
        .collect();
    let mut is_clean = vec![true; triangles.len()];
    pairs.iter().flatten().for_each(|&n| is_clean[n as usize] = false);
    is_clean
}

/// The pairs of a packet's triangles and of those at the same place or behind it that may cross.
fn crossings_of(
    mesh: &Mesh,
    triangles: &[[u32; 3]],
    tree: &Tree,
    (packet, sides): (usize, [[f64; 3]; 2]),
    stack: &mut Vec<usize>,
    found: &mut Vec<[u32; 2]>,
) {
    let a = &tree.packets[packet];
    stack.clear();
    stack.push(0);
    while let Some(node) = stack.pop() {
        for (place, child) in tree.nodes[node].children() {
            let own = tree.nodes[node].corners(place);
            if (0..3).any(|axis| own[0][axis] > sides[1][axis] || own[1][axis] < sides[0][axis]) {
                continue;
            }
            match child {
                Child::Node(node) => stack.push(node),
                Child::Packet(second) if second >= packet => {
                    let b = &tree.packets[second];
                    for i in 0..a.count() {
                        let from = if packet == second { i + 1 } else { 0 };
                        let pairs = (from..b.count()).map(|j| [a.numbers[i], b.numbers[j]]);
                        found.extend(pairs.filter(|&pair| do_cross(mesh, triangles, pair)));
                    }
                }
                Child::Packet(_) => (),
            }
        }
    }
}

/// Whether two triangles may cross.
fn do_cross(mesh: &Mesh, triangles: &[[u32; 3]], pair: [u32; 2]) -> bool {
    let places = pair.map(|n| mesh.corners(n as usize));
    // Most have boxes of their own.
    let is_beside = |axis: usize| {
        let [a, b] = places.map(|corners| corners.map(|corner| corner[axis]));
        let least = |all: [f64; 3]| all[0].min(all[1]).min(all[2]);
        let most = |all: [f64; 3]| all[0].max(all[1]).max(all[2]);
        most(a) < least(b) || most(b) < least(a)
    };
    if (0..3).any(is_beside) {
        return false;
    }
    let numbers = pair.map(|n| triangles[n as usize]);
    // The corners that both have come first in both, in the same order.
    let mut first = places;
    let mut shared = 0;
    let (mut own, mut other) = ([0, 1, 2], [0, 1, 2]);
    for i in 0..3 {
        if let Some(j) = (shared..3).find(|&j| numbers[1][other[j]] == numbers[0][own[i]]) {
            own.swap(shared, i);
            other.swap(shared, j);
            shared += 1;
        }
    }
    first[0] = own.map(|n| places[0][n]);
    first[1] = other.map(|n| places[1][n]);
    match shared {
        0 => !are_apart(first),
        1 => !are_apart_but_for_a_corner(first),
        2 => !are_apart_but_for_an_edge(first),
        _ => true,
    }
}

/// The least and the most of places along a direction, from a place.
fn span(places: &[[f64; 3]], from: [f64; 3], along: [f64; 3]) -> [f64; 2] {
    let each = places.iter().map(|&place| dot(minus(place, from), along));
    each.fold([f64::INFINITY, f64::NEG_INFINITY], |[low, high], x| [low.min(x), high.max(x)])
}

fn length(v: [f64; 3]) -> f64 {
    dot(v, v).sqrt()
}

/// Whether a plane lies between two triangles: across a normal, or along an edge of each.
fn are_apart([a, b]: [[[f64; 3]; 3]; 2]) -> bool {
    let edges = |t: [[f64; 3]; 3]| [0, 1, 2].map(|n| minus(t[(n + 1) % 3], t[n]));
    let (ea, eb) = (edges(a), edges(b));
    let size = ea.iter().chain(&eb).map(|&edge| length(edge)).sum::<f64>() + length(minus(a[0], b[0]));
    let parts = |along: [f64; 3]| {
        let ([la, ha], [lb, hb]) = (span(&a, a[0], along), span(&b, a[0], along));
        let slack = APART * size * length(along);
        lb - ha > slack || la - hb > slack
    };
    let (na, nb) = (normal(a), normal(b));
    parts(na)
        || parts(nb)
        || ea.iter().any(|&e| eb.iter().any(|&f| parts(cross(e, f))))
        // In one plane they are parted within it.
        || ea.iter().any(|&e| parts(cross(na, e)))
        || eb.iter().any(|&f| parts(cross(nb, f)))
}

/// The same for triangles whose first corner is one: whether a plane through it has them on two sides.
fn are_apart_but_for_a_corner([[v, a, b], [_, c, d]]: [[[f64; 3]; 3]; 2]) -> bool {
    let [a, b, c, d] = [a, b, c, d].map(|place| {
        let way = minus(place, v);
        let size = length(way);
        way.map(|x| x / size)
    });
    let [p, q] = [cross(a, b), cross(c, d)];
    let same_side = |n: [f64; 3], x: [f64; 3], y: [f64; 3]| {
        let slack = APART * length(n).max(1e-3);
        let (x, y) = (dot(n, x), dot(n, y));
        x > slack && y > slack || x < -slack && y < -slack
    };
    if same_side(p, c, d) || same_side(q, a, b) {
        return true;
    }
    // Across the plane of one, along its edge: what of the other is in that plane goes the other way.
    let is_beyond = |normal: [f64; 3], edge: [f64; 3], other: [f64; 3], far: [[f64; 3]; 2]| {
        let n = cross(normal, edge);
        let size = length(n);
        let (side, slack) = (dot(n, other), APART);
        let is_over = |x: [f64; 3]| {
            let own = dot(n, x) * side.signum();
            own < -slack || own <= slack && dot(x, edge) < -1e-3
        };
        size > 1e-6 && side.abs() > 1e-9 && far.into_iter().all(is_over)
    };
    if is_beyond(p, a, b, [c, d])
        || is_beyond(p, b, a, [c, d])
        || is_beyond(q, c, d, [a, b])
        || is_beyond(q, d, c, [a, b])
    {
        return true;
    }
    // Through one edge of each: the others on two sides.
    let between = |e: [f64; 3], other: [f64; 3], f: [f64; 3], across: [f64; 3]| {
        let n = cross(e, f);
        let slack = APART;
        let (x, y) = (dot(n, other), dot(n, across));
        length(n) > 1e-9 && (x > slack && y < -slack || x < -slack && y > slack)
    };
    between(a, b, c, d) || between(a, b, d, c) || between(b, a, c, d) || between(b, a, d, c)
}

/// The same for triangles whose first two corners are the same: whether one is not folded onto the other.
fn are_apart_but_for_an_edge([[u, v, a], [_, _, b]]: [[[f64; 3]; 3]; 2]) -> bool {
    let edge = minus(v, u);
    let [a, b] = [a, b].map(|place| cross(edge, minus(place, u)));
    let (across, along) = (length(cross(a, b)), dot(a, b));
    let size = length(a) * length(b);
    along < 0.0 && size > 0.0 || across > 1e-9 * size
}
