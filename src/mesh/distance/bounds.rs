//! Bounds on the distance over boxes, and what of a mesh may be nearest to a point in one.

use super::super::tree::{Child, LANES, WIDE};
use super::super::{dot, minus};
use super::{Distance, DistanceSearch};
use crate::number::Interval;
use pulp::{Simd, WithSimd};

/// What is known of the distance over a box.
#[derive(Clone, Copy, Debug)]
pub(super) struct DistanceBounds {
    /// The least distance, without its sign.
    pub(super) lower: f64,
    /// −1 or 1 where all of the box is on one side.
    pub(super) side: Option<f64>,
    /// The signed distance.
    pub(super) value: Interval,
    /// The gradient's bounds.
    pub(super) gradient: [Interval; 3],
}

/// A box: its middle, half its sides and half its diagonal, rounded up.
#[derive(Clone, Copy)]
pub(super) struct CenteredBox {
    pub(super) middle: [f64; 3],
    pub(super) half: [f64; 3],
    pub(super) around: f64,
}

impl CenteredBox {
    /// None where the box is not finite.
    pub(super) fn of(inputs: &[Interval]) -> Option<CenteredBox> {
        if !inputs.iter().take(3).all(|side| side.is_finite() && side.largest() < super::MAX_REACH) {
            return None;
        }
        let middle: [f64; 3] = std::array::from_fn(|axis| inputs[axis].middle());
        let half: [f64; 3] = std::array::from_fn(|axis| {
            let (lo, hi) = (inputs[axis].lo(), inputs[axis].hi());
            (middle[axis] - lo).max(hi - middle[axis]) * (1.0 + 4.0 * f64::EPSILON)
        });
        Some(CenteredBox { middle, half, around: dot(half, half).sqrt() * (1.0 + 4.0 * f64::EPSILON) })
    }
}

impl Distance {
    /// What rounding may do to the distance of a point of a box.
    fn slack(&self, sides: &CenteredBox) -> f64 {
        let way = minus(sides.middle, self.tree.middle);
        1e-14 * (self.tree.reach + dot(way, way).sqrt() + sides.around)
    }

    /// −1 or 1 where all of a box is on one side.
    fn side_over(
        &self,
        sides: &CenteredBox,
        distance: f64,
        side: f64,
        search: &mut DistanceSearch,
    ) -> Option<f64> {
        if distance <= sides.around + self.slack(sides) {
            return None;
        }
        match &self.winding {
            Some((winding, _)) if !self.is_closed => {
                let is_enough = |value: f64, off: f64| (value - 0.5).abs() > off;
                let (value, off) = winding.about(
                    (&self.mesh, &self.tree),
                    sides.middle,
                    sides.around,
                    None,
                    &mut search.parts,
                    is_enough,
                );
                is_enough(value, off).then_some(side)
            }
            _ => Some(side),
        }
    }
}

/// Bounds over a box.
pub(super) struct Bound<'a> {
    pub(super) distance: &'a Distance,
    pub(super) sides: CenteredBox,
    pub(super) search: &'a mut DistanceSearch,
}

impl WithSimd for Bound<'_> {
    type Output = DistanceBounds;

    #[inline(always)]
    fn with_simd<S: Simd>(self, simd: S) -> DistanceBounds {
        let Bound { distance: all, sides, search } = self;
        let at = all.at(simd, sides.middle, search);
        let own = at.nearest.squared.sqrt();
        let slack = all.slack(&sides);
        let side = all.side_over(&sides, own, at.side, search);
        // The distance to a triangle is convex: it is greatest at a corner of the box, and above its tangent.
        let mut upper: f64 = 0.0;
        let nearest = &all.tree.packets[at.nearest.packet as usize];
        for corner in 0..8 {
            let point = std::array::from_fn(|axis| {
                sides.middle[axis]
                    + if corner >> axis & 1 == 1 { sides.half[axis] } else { -sides.half[axis] }
            });
            upper = upper.max(nearest.squared(simd, point)[at.nearest.lane as usize]);
        }
        let upper = upper.sqrt().min(own + sides.around) + slack;
        let lower = match own > sides.around {
            true => all.least_over(simd, &sides, own, search).max(own - sides.around) - slack,
            false => 0.0,
        };
        let lower = lower.max(0.0);
        let value = match side {
            Some(side) if side < 0.0 => Interval::new(-upper, -lower),
            Some(_) => Interval::new(lower, upper),
            None if all.is_closed => {
                let value = at.side * own;
                let (low, high) = (value - sides.around - slack, value + sides.around + slack);
                Interval::new(low.max(-upper), high.min(upper))
            }
            None => Interval::new(-upper, upper),
        };
        let whole = [Interval::new(-1.0, 1.0); 3];
        let gradient = match side {
            Some(side) if lower > 0.0 => all.gradient_over(&sides, own, [lower, upper], side),
            _ => whole,
        };
        DistanceBounds { lower, side, value, gradient }
    }
}

impl Distance {
    /// A lower bound of the distance over a box, from the tangents at its middle of the triangles' distances.
    #[inline(always)]
    fn least_over<S: Simd>(
        &self,
        simd: S,
        sides: &CenteredBox,
        own: f64,
        search: &mut DistanceSearch,
    ) -> f64 {
        let mut best = own;
        let stack = &mut search.stack;
        stack.clear();
        stack.push((0.0, 0));
        while let Some((_, number)) = stack.pop() {
            match Child::of(number) {
                Child::Node(node) => {
                    let squared = self.tree.box_squared(simd, node, sides.middle, sides.half);
                    let limit = self.tree.box_limit(best, sides.middle, sides.half);
                    for i in 0..WIDE {
                        if squared[i] <= limit {
                            stack.push((squared[i], self.tree.nodes[node].child(i)));
                        }
                    }
                }
                Child::Packet(packet) => {
                    let packet = &self.tree.packets[packet];
                    let squared = packet.squared(simd, sides.middle);
                    for lane in 0..LANES {
                        let distance = squared[lane].sqrt();
                        if distance - sides.around < best {
                            let away = packet.foot(simd, lane, sides.middle).away;
                            let length = dot(away, away).sqrt();
                            let across = (0..3).map(|axis| away[axis].abs() * sides.half[axis]).sum::<f64>();
                            let down = if length > 0.0 { across / length } else { sides.around };
                            best = best.min(distance - down);
                        }
                    }
                }
            }
        }
        best
    }

    /// Bounds on the gradient over a box on one side, whose distance is within bounds.
    fn gradient_over(&self, sides: &CenteredBox, own: f64, distance: [f64; 2], side: f64) -> [Interval; 3] {
        let Some([lower, upper]) = self.nearest_over(sides, own) else {
            return [Interval::new(-1.0, 1.0); 3];
        };
        let distance = Interval::new(distance[0], distance[1]);
        std::array::from_fn(|axis| {
            let (middle, half) = (sides.middle[axis], sides.half[axis]);
            let way = Interval::new(middle - half, middle + half) - Interval::new(lower[axis], upper[axis]);
            let unit = way / distance * Interval::point(side);
            let slack = 1e-9;
            Interval::new((unit.lo() - slack).clamp(-1.0, 1.0), (unit.hi() + slack).clamp(-1.0, 1.0))
        })
    }

    /// The box of what may be nearest to a point of a box; none where that is too much to look through.
    fn nearest_over(&self, sides: &CenteredBox, own: f64) -> Option<[[f64; 3]; 2]> {
        const MANY: usize = 64;
        let mut corners = [[f64::INFINITY; 3], [f64::NEG_INFINITY; 3]];
        let (most, mut looked) = (own + 2.0 * sides.around + self.slack(sides), 0);
        let mut nodes = vec![0];
        while let Some(node) = nodes.pop() {
            looked += 1;
            if looked > MANY {
                return None;
            }
            let node = &self.tree.nodes[node];
            for (place, child) in node.children() {
                let [lower, upper] = self.tree.placed(node.corners(place));
                let out: [f64; 3] = std::array::from_fn(|axis| {
                    (lower[axis] - sides.middle[axis]).max(sides.middle[axis] - upper[axis]).max(0.0)
                });
                if dot(out, out).sqrt() > most {
                    continue;
                }
                match child {
                    Child::Node(node) => nodes.push(node),
                    Child::Packet(_) => {
                        for axis in 0..3 {
                            corners[0][axis] = corners[0][axis].min(lower[axis]);
                            corners[1][axis] = corners[1][axis].max(upper[axis]);
                        }
                    }
                }
            }
        }
        Some(corners)
    }
}

/// What may be nearest to the points of a box.
pub(super) struct Candidates {
    /// The middle of the box, and for each packet how far its nearest triangle is from there, the nearest packet first.
    pub(super) middle: [f64; 3],
    pub(super) packets: Vec<(f64, u32)>,
    /// −1 or 1 where all of the box is on one side.
    pub(super) side: Option<f64>,
}

/// Finds what may be nearest to the points of a box; none where that is many packets, unless the side is known.
pub(super) struct Prune<'a> {
    pub(super) distance: &'a Distance,
    pub(super) sides: CenteredBox,
    pub(super) search: &'a mut DistanceSearch,
}

/// So many packets are gone through one after the other.
const MAX_PACKETS: usize = 24;

impl WithSimd for Prune<'_> {
    type Output = Option<Candidates>;

    #[inline(always)]
    fn with_simd<S: Simd>(self, simd: S) -> Option<Candidates> {
        let Prune { distance: all, sides, search } = self;
        let nearest = all.nearest(simd, sides.middle, search);
        let own = nearest.squared.sqrt();
        let most = own + 2.0 * sides.around + all.slack(&sides);
        let mut packets = Vec::new();
        let stack = &mut search.stack;
        stack.clear();
        stack.push((0.0, 0));
        let limit = all.tree.box_limit(most, sides.middle, [0.0; 3]);
        while let Some((_, number)) = stack.pop() {
            match Child::of(number) {
                Child::Node(node) => {
                    let squared = all.tree.box_squared(simd, node, sides.middle, [0.0; 3]);
                    for i in 0..WIDE {
                        if squared[i] <= limit {
                            stack.push((squared[i], all.tree.nodes[node].child(i)));
                        }
                    }
                    if stack.len() > 4 * MAX_PACKETS {
                        return None;
                    }
                }
                Child::Packet(packet) => {
                    let squared = all.tree.packets[packet].squared(simd, sides.middle);
                    let least = (0..LANES).fold(f64::INFINITY, |least, i| least.min(squared[i])).sqrt();
                    if least <= most {
                        packets.push((least, packet as u32));
                        if packets.len() > MAX_PACKETS {
                            return None;
                        }
                    }
                }
            }
        }
        packets.sort_unstable_by(|a, b| a.0.total_cmp(&b.0).then(a.1.cmp(&b.1)));
        let foot = all.tree.packets[nearest.packet as usize].foot(simd, nearest.lane as usize, sides.middle);
        let at = all.with_side(nearest, foot, sides.middle, &mut search.parts);
        let side = all.side_over(&sides, own, at.side, search);
        Some(Candidates { middle: sides.middle, packets, side })
    }
}
