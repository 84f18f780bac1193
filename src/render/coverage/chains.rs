//! An outline between two places of it, as a chain of more places where it bends.

use super::Outlines;
use super::crossing::{Crossing, RayPair, crossings};

/// How far a chain may be from its outline, in parts of a cell.
const FLAT: f64 = 0.01;
/// How many times a chain is halved at most: at a corner one is left that is as small as that.
const HALVINGS: usize = 8;

/// For each pair of an outline's places, the places between them, in order. `side` is the length of a cell's side.
pub(super) fn chains(of: &Outlines, ends: &[[&Crossing; 2]], side: f64) -> Vec<Vec<Crossing>> {
    let mut chains: Vec<Vec<Crossing>> = ends.iter().map(|[a, b]| vec![**a, **b]).collect();
    // Which pieces of which chains are to be halved, the last first within each chain.
    let mut bent: Vec<(usize, usize)> = (0..chains.len()).map(|n| (n, 0)).collect();
    for _ in 0..HALVINGS {
        bent.retain(|&(n, k)| is_bent(&chains[n][k], &chains[n][k + 1], side));
        if bent.is_empty() {
            break;
        }
        let pair = |&(n, k): &(usize, usize)| across(&chains[n][k], &chains[n][k + 1], of.within);
        let pairs: Vec<RayPair> = bent.iter().map(pair).collect();
        let mut next = Vec::new();
        let mut halves: Vec<(usize, usize, Crossing)> = Vec::new();
        for (&(n, k), found) in bent.iter().zip(crossings(of.gradient, of.lens, of.t, &pairs)) {
            let (a, b) = (&chains[n][k], &chains[n][k + 1]);
            let length = distance(a.at, b.at);
            // What is found far off is of another outline.
            if found.is_found && distance(a.at, found.at).max(distance(b.at, found.at)) < 1.5 * length {
                halves.push((n, k, found));
            }
        }
        halves.sort_by_key(|&(n, k, _)| (n, std::cmp::Reverse(k)));
        for &(n, k, found) in &halves {
            chains[n].insert(k + 1, found);
        }
        // Where both halves of each now are: behind those inserted before them.
        let mut before = (usize::MAX, 0);
        for &(n, k, _) in halves.iter().rev() {
            before = if before.0 == n { (n, before.1 + 1) } else { (n, 0) };
            let k = k + before.1;
            next.extend([(n, k), (n, k + 1)]);
        }
        bent = next;
    }
    chains.into_iter().map(|chain| chain[1..chain.len() - 1].to_vec()).collect()
}

fn distance(a: [f64; 2], b: [f64; 2]) -> f64 {
    (a[0] - b[0]).hypot(a[1] - b[1])
}

/// Whether the outline between two places is farther from the line between them than is flat.
fn is_bent(a: &Crossing, b: &Crossing, side: f64) -> bool {
    // An arc is an eighth of its angle times its length away.
    let angle = distance(a.out, b.out);
    a.is_found && b.is_found && angle * distance(a.at, b.at) > 8.0 * FLAT * side
}

/// The way across an outline between two places of it.
fn across(a: &Crossing, b: &Crossing, within: [f64; 2]) -> RayPair {
    let middle = [0, 1].map(|i| 0.5 * (a.at[i] + b.at[i]));
    let line = [0, 1].map(|i| b.at[i] - a.at[i]);
    let normal = [line[1], -line[0]];
    let outward: f64 = (0..2).map(|i| normal[i] * (a.out[i] + b.out[i])).sum();
    let way = normal.map(|x| if outward < 0.0 { -x } else { x });
    let [from, to] = [-1.0, 1.0].map(|by| [0, 1].map(|i| middle[i] + by * way[i]));
    RayPair { from, to, depth: 0.5 * (a.depth + b.depth), within }
}
