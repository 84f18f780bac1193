//! How the tree is built: cut where the surface area heuristic says, from the top down (Wald 2007), and a node's children
//! cut further until there are eight of them.

use super::super::Mesh;
use super::{LANES, PACKET, Packet, Tree, WIDE, WideNode};

/// A triangle's box and number.
#[derive(Clone, Copy)]
struct Item {
    lower: [f32; 3],
    upper: [f32; 3],
    number: u32,
}

impl Item {
    fn middle(&self, axis: usize) -> f32 {
        self.lower[axis] + self.upper[axis]
    }
}

#[derive(Clone, Copy)]
struct BuildBox {
    lower: [f32; 3],
    upper: [f32; 3],
}

const NOTHING: BuildBox = BuildBox { lower: [f32::INFINITY; 3], upper: [f32::NEG_INFINITY; 3] };

fn lesser(a: f32, b: f32) -> f32 {
    if a < b { a } else { b }
}

fn greater(a: f32, b: f32) -> f32 {
    if a > b { a } else { b }
}

impl BuildBox {
    fn join(&mut self, lower: [f32; 3], upper: [f32; 3]) {
        for axis in 0..3 {
            self.lower[axis] = lesser(self.lower[axis], lower[axis]);
            self.upper[axis] = greater(self.upper[axis], upper[axis]);
        }
    }

    fn of(items: &[Item]) -> BuildBox {
        let mut sides = NOTHING;
        items.iter().for_each(|item| sides.join(item.lower, item.upper));
        sides
    }

    /// Half the box's area.
    fn area(&self) -> f32 {
        let [a, b, c] = [0, 1, 2].map(|axis| greater(self.upper[axis] - self.lower[axis], 0.0));
        a * b + b * c + c * a
    }
}

/// A child of a node while it is made: items from one place to another.
#[derive(Clone, Copy)]
struct BuildChild {
    from: usize,
    to: usize,
    sides: BuildBox,
}

/// Where items are cut into bins along an axis.
const BINS: usize = 16;

/// So few items are cut at the best place of all.
const FEW: usize = 4 * LANES;

/// A tree of boxes that is deeper than this is cut in halves from there on.
const MAX_DEPTH: usize = 48;

pub(super) fn build(mesh: &Mesh) -> Tree {
    let (lower, upper) = mesh.triangles.iter().flatten().fold(
        ([f64::INFINITY; 3], [f64::NEG_INFINITY; 3]),
        |(lower, upper), &vertex| {
            let place = mesh.vertices[vertex as usize];
            let with = |f: fn(f64, f64) -> f64, all: [f64; 3]| std::array::from_fn(|n| f(all[n], place[n]));
            (with(f64::min, lower), with(f64::max, upper))
        },
    );
    let middle: [f64; 3] = std::array::from_fn(|axis| 0.5 * lower[axis] + 0.5 * upper[axis]);
    let reach = (0..3).map(|axis| (upper[axis] - middle[axis]).powi(2)).sum::<f64>().sqrt();
    let scale = scale_of(reach);
    let item = |number: usize| {
        let corners = mesh.corners(number);
        let side = |f: fn(f64, f64) -> f64, round: fn(f32) -> f32| {
            std::array::from_fn(|axis| {
                let [a, b, c] = [0, 1, 2].map(|n: usize| corners[n][axis]);
                round(((f(f(a, b), c) - middle[axis]) * scale) as f32)
            })
        };
        Item {
            lower: side(f64::min, f32::next_down),
            upper: side(f64::max, f32::next_up),
            number: number as u32,
        }
    };
    let mut items: Vec<Item> = (0..mesh.triangles.len()).map(item).collect();
    let whole = BuildChild { from: 0, to: items.len(), sides: BuildBox::of(&items) };
    let mut tree = Tree { nodes: Vec::new(), packets: Vec::new(), middle, reach, scale };
    add_node(mesh, &mut items, &mut tree, whole, 0);
    tree
}

/// A power of two that is about one over a length.
fn scale_of(length: f64) -> f64 {
    let scale = (-length.log2().round()).exp2();
    if scale.is_normal() { scale } else { 1.0 }
}

/// Adds the node of a piece, and what is below it.
fn add_node(mesh: &Mesh, items: &mut [Item], tree: &mut Tree, whole: BuildChild, depth: usize) {
    let number = tree.nodes.len();
    let far = [[f32::INFINITY; WIDE]; 3];
    tree.nodes.push(WideNode { lower: far, upper: far, children: [0; WIDE] });
    let pieces = cut_in_eight(items, whole, depth);
    for (n, piece) in pieces.into_iter().enumerate() {
        let child = match piece.to - piece.from {
            count if count <= LANES => {
                let own = &mut items[piece.from..piece.to];
                own.sort_unstable_by_key(|item| item.number);
                let triangles = own.iter().map(|item| (item.number, mesh.corners(item.number as usize)));
                tree.packets.push(Packet::of(&triangles.collect::<Vec<_>>()));
                PACKET | (tree.packets.len() - 1) as u32
            }
            _ => {
                let child = tree.nodes.len() as u32;
                add_node(mesh, items, tree, piece, depth + 1);
                child
            }
        };
        let node = &mut tree.nodes[number];
        node.children[n] = child;
        for axis in 0..3 {
            node.lower[axis][n] = piece.sides.lower[axis];
            node.upper[axis][n] = piece.sides.upper[axis];
        }
    }
}

fn cut_in_eight(items: &mut [Item], whole: BuildChild, depth: usize) -> Vec<BuildChild> {
    let mut pieces = vec![whole];
    while pieces.len() < WIDE {
        let large = (0..pieces.len()).filter(|&n| pieces[n].to - pieces[n].from > LANES);
        let Some(largest) = large.max_by(|&a, &b| pieces[a].sides.area().total_cmp(&pieces[b].sides.area()))
        else {
            break;
        };
        let BuildChild { from, to, .. } = pieces.swap_remove(largest);
        let own = &mut items[from..to];
        let middle = match depth {
            MAX_DEPTH.. => own.len() / 2,
            _ if own.len() <= FEW => cut_few(own),
            _ => cut_in_bins(own),
        };
        for (from, to) in [(from, from + middle), (from + middle, to)] {
            pieces.push(BuildChild { from, to, sides: BuildBox::of(&items[from..to]) });
        }
    }
    pieces
}

/// Sorts a few items, and says where to cut them: where the boxes' areas, each times its packets, are least.
fn cut_few(items: &mut [Item]) -> usize {
    let (mut least, mut best) = (f32::INFINITY, (0, items.len() / 2));
    for axis in 0..3 {
        sort(items, axis);
        let mut areas = [0.0; FEW];
        let mut sides = NOTHING;
        for n in (1..items.len()).rev() {
            sides.join(items[n].lower, items[n].upper);
            areas[n] = sides.area() * (items.len() - n).div_ceil(LANES) as f32;
        }
        sides = NOTHING;
        for n in 1..items.len() {
            sides.join(items[n - 1].lower, items[n - 1].upper);
            let cost = sides.area() * n.div_ceil(LANES) as f32 + areas[n];
            if cost < least {
                (least, best) = (cost, (axis, n));
            }
        }
    }
    sort(items, best.0);
    best.1
}

fn sort(items: &mut [Item], axis: usize) {
    items.sort_unstable_by(|a, b| a.middle(axis).total_cmp(&b.middle(axis)).then(a.number.cmp(&b.number)));
}

/// Parts items at the best border between bins, and says where.
fn cut_in_bins(items: &mut [Item]) -> usize {
    let mut middles = NOTHING;
    for item in items.iter() {
        let middle = [0, 1, 2].map(|axis| item.middle(axis));
        middles.join(middle, middle);
    }
    let mut bins = [[(NOTHING, 0u32); BINS]; 3];
    let scales: [f32; 3] = std::array::from_fn(|axis| {
        let width = middles.upper[axis] - middles.lower[axis];
        let scale = BINS as f32 / width;
        if scale.is_finite() { scale } else { 0.0 }
    });
    let bin = |item: &Item, axis: usize| {
        let place = (item.middle(axis) - middles.lower[axis]) * scales[axis];
        (place as usize).min(BINS - 1)
    };
    for item in items.iter() {
        for axis in 0..3 {
            let (sides, count) = &mut bins[axis][bin(item, axis)];
            sides.join(item.lower, item.upper);
            *count += 1;
        }
    }
    let (mut least, mut best) = (f32::INFINITY, None);
    for axis in (0..3).filter(|&axis| scales[axis] > 0.0) {
        let mut costs = [0.0; BINS];
        let (mut sides, mut count) = (NOTHING, 0);
        for n in (1..BINS).rev() {
            let (own, number) = bins[axis][n];
            sides.join(own.lower, own.upper);
            count += number;
            costs[n] = sides.area() * count as f32;
        }
        (sides, count) = (NOTHING, 0);
        for n in 1..BINS {
            let (own, number) = bins[axis][n - 1];
            sides.join(own.lower, own.upper);
            count += number;
            let cost = sides.area() * count as f32 + costs[n];
            if count > 0 && count < items.len() as u32 && cost < least {
                (least, best) = (cost, Some((axis, n)));
            }
        }
    }
    let Some((axis, border)) = best else { return items.len() / 2 };
    let mut from = 0;
    for n in 0..items.len() {
        if bin(&items[n], axis) < border {
            items.swap(from, n);
            from += 1;
        }
    }
    from
}
