//! The spans of time in which the least may be, over a box: branch and bound, sixteen at a time.
//!
//! What drops a span: a lower bound above the value at some other time, or that f rises or falls throughout, so that
//! only an end counts. Both hold across kinks and jumps, since they come of the field's [`Rise`].

use super::moving::{Moving, SearchMemory};
use super::{PARAMETERS, T0, T1};
use crate::number::{Bend, Columns, Dual, Interval, Intervals, Real, Rise};
use crate::tape::{BOXES, Machine};

/// A span of time.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Span {
    pub(super) from: f64,
    pub(super) to: f64,
    /// Bounds on how f changes with time, across kinks; the whole line where it may jump.
    pub(super) slope: Interval,
    /// f_t rises by no less than this, across kinks; minus infinity where it may fall at once, or f jump.
    pub(super) bend: f64,
}

impl Span {
    fn open(from: f64, to: f64) -> Span {
        Span { from, to, slope: Interval::WHOLE, bend: f64::NEG_INFINITY }
    }

    /// Whether f_t is known to rise all through: then f has one minimum here.
    pub(super) fn is_convex(&self) -> bool {
        self.bend > 0.0
    }

    fn width(&self) -> f64 {
        self.to - self.from
    }

    /// Whether hardly more is known of either than of both.
    fn is_like(&self, other: &Span) -> bool {
        let both = self.slope.hull(other.slope).largest();
        let least = self.slope.largest().min(other.slope.largest());
        !self.is_convex() && !other.is_convex() && (both <= 1.1 * least || least.is_infinite())
    }
}

/// A box of a sweep's inputs.
pub(super) struct SweepBox<'a> {
    space: [Interval; 3],
    /// Where the first time and the last time may be.
    pub(super) first: Interval,
    pub(super) last: Interval,
    parameters: &'a [Interval],
}

impl<'a> SweepBox<'a> {
    pub(super) fn of(inputs: &'a [Interval]) -> SweepBox<'a> {
        let (t0, t1) = (inputs[T0], inputs[T1]);
        SweepBox {
            space: [inputs[0], inputs[1], inputs[2]],
            first: t0.min(t1),
            last: t0.max(t1),
            parameters: &inputs[PARAMETERS..],
        }
    }
}

/// How many spans are looked at together, each with its middle: all lanes.
const TOGETHER: usize = BOXES / 2;

/// How many spans may be left open, and how often they are halved at most.
const MAX_OPEN: usize = 24;
const MAX_ROUNDS: usize = 12;

/// Spans at first.
const PIECES: usize = 8;

/// A part of the whole span that is not worth halving, and one that is not, only to know better how steep f is.
const MIN_PART: f64 = 1.0 / 4096.0;
const MIN_TELLING_PART: f64 = 1.0 / 64.0;

/// The found bounds of a span.
#[derive(Clone, Copy)]
struct Bounded {
    span: Span,
    /// Its ends before it was narrowed to where f may be least in it.
    whole: [f64; 2],
    /// No value within is below this.
    low: f64,
    /// Whether halving it may tell more.
    is_open: bool,
}

impl Bounded {
    /// Whether only its start is left, or only its end: f rises throughout, or falls. Then what lies beyond it, if that is
    /// a span that begins or ends there, and is not itself least where they meet, has what is as low.
    fn is_start(&self) -> bool {
        self.span.to == self.whole[0]
    }

    fn is_end(&self) -> bool {
        self.span.from == self.whole[1]
    }
}

impl Moving {
    /// The spans of time in which the least is, in order, wherever in a box the inputs are.
    pub(super) fn spans(&self, over: &SweepBox, left: Option<&[Span]>) -> Vec<Span> {
        self.with_scratch(|scratch| self.spans_with(over, left, scratch))
    }

    pub(super) fn spans_with(
        &self,
        over: &SweepBox,
        left: Option<&[Span]>,
        scratch: &mut SearchMemory,
    ) -> Vec<Span> {
        let (start, end) = (over.first.lo(), over.last.hi());
        if start >= end || !(end - start).is_finite() {
            return vec![Span::open(start, start.max(end))];
        }
        let whole = end - start;
        let piece = |n: usize| start + whole * n as f64 / PIECES as f64;
        let pieces =
            || (0..PIECES).map(|n| Span::open(piece(n), if n + 1 == PIECES { end } else { piece(n + 1) }));
        let mut open: Vec<Span> = match left {
            Some(left) => within(left, start, end),
            None => pieces().collect(),
        };
        let mut settled: Vec<Bounded> = Vec::new();
        let mut least = f64::INFINITY;
        for round in 0..MAX_ROUNDS {
            let mut next = Vec::new();
            for spans in open.chunks(TOGETHER) {
                for bounded in self.look_at(spans, over, whole, &mut least, scratch) {
                    if bounded.is_open && round + 1 < MAX_ROUNDS { &mut next } else { &mut settled }
                        .push(bounded);
                }
            }
            settled.retain(|bounded| bounded.low <= least);
            next.retain(|bounded| bounded.low <= least);
            if next.len() + settled.len() > MAX_OPEN {
                settled.extend(next);
                break;
            }
            open.clear();
            for Bounded { span: Span { from, to, .. }, .. } in next {
                let middle = 0.5 * (from + to);
                open.extend([Span::open(from, middle), Span::open(middle, to)]);
            }
            if open.is_empty() {
                break;
            }
        }
        settled.sort_by(|a, b| a.whole[0].total_cmp(&b.whole[0]).then(a.whole[1].total_cmp(&b.whole[1])));
        let is_covered = |n: usize| {
            let (own, before, after) =
                (&settled[n], n.checked_sub(1).map(|n| &settled[n]), settled.get(n + 1));
            own.is_start() && before.is_some_and(|other| other.whole[1] == own.whole[0] && !other.is_end())
                || own.is_end()
                    && after.is_some_and(|other| other.whole[0] == own.whole[1] && !other.is_start())
        };
        let spans = (0..settled.len()).filter(|&n| !is_covered(n)).map(|n| settled[n].span);
        joined(spans.collect())
    }

    /// Bounds up to eight spans, each with the value at its middle, which may lower the least that is known.
    fn look_at(
        &self,
        spans: &[Span],
        over: &SweepBox,
        whole: f64,
        least: &mut f64,
        scratch: &mut SearchMemory,
    ) -> Vec<Bounded> {
        let time = |lane: usize| {
            let span = spans[(lane % TOGETHER).min(spans.len() - 1)];
            match lane < TOGETHER {
                true => Interval::new(span.from, span.to),
                false => Interval::point(f64::from((0.5 * (span.from + span.to)) as f32)),
            }
        };
        let times = Intervals::around(std::array::from_fn(time));
        let still = |side: Interval| Bend::across(Intervals::around([side; BOXES]));
        let [x, y, z] = over.space.map(still);
        let parameters = over.parameters.iter().map(|&side| still(side));
        scratch.bends.over_with(&self.value, [x, y, z, Bend::along(times)], parameters);
        let value = scratch.bends.output(&self.value, 0);
        let certain = |time: f64| time >= over.first.hi() && time <= over.last.lo();
        let mut found = Vec::with_capacity(spans.len());
        for (lane, &span) in spans.iter().enumerate() {
            let (within, slope) = (value.value().lane(lane), value.slope().lane(lane));
            let middle = value.value().lane(TOGETHER + lane);
            let at_middle = value.slope().lane(TOGETHER + lane);
            if certain(time(TOGETHER + lane).lo()) {
                *least = least.min(middle.hi());
            }
            if certain(span.from) && certain(span.to) {
                *least = least.min(within.hi());
            }
            let reach = 0.5 * span.width() * slope.largest();
            let by_slope = middle.lo() - reach * (1.0 + 1e-6);
            let low = if by_slope > within.lo() { by_slope } else { within.lo() };
            // Where f only rises or only falls an end counts, as far as the end is sure to be in the span.
            let (mut from, mut to) = (span.from, span.to);
            if slope.lo() >= 0.0 {
                to = from.max(over.first.hi()).min(to);
            } else if slope.hi() <= 0.0 {
                from = to.min(over.last.lo()).max(from);
            }
            // A jump of f is none of f_t.
            let bend = if slope.is_finite() { value.bend().lane(lane).lo() } else { f64::NEG_INFINITY };
            let narrowed = Span { from, to, slope, bend };
            // Halving gains nothing where it is the box that makes the bounds wide, or what is left to gain is rounding.
            let unsure = middle.hi() - middle.lo();
            let gain = (middle.lo() - low).min(reach);
            let tells_slope =
                span.width() > MIN_TELLING_PART * whole && slope.width() > 2.0 * at_middle.width();
            let is_worth = gain > 4.0 * f64::from(f32::EPSILON) * within.largest()
                && (gain > 0.5 * unsure || tells_slope);
            let is_open = !narrowed.is_convex()
                && narrowed.width() > MIN_PART * whole
                && narrowed.width() == span.width()
                && is_worth;
            found.push(Bounded { span: narrowed, whole: [span.from, span.to], low, is_open });
        }
        found
    }

    /// The spans that are left over a box; none if they are hardly less than before.
    pub(super) fn prune(&self, over: &SweepBox, left: Option<&[Span]>) -> Option<Vec<Span>> {
        let before = match left {
            Some(left) => left.iter().map(Span::width).sum(),
            None => over.last.hi() - over.first.lo(),
        };
        let whole = over.last.hi() - over.first.lo();
        if before <= 4.0 * MIN_PART * whole && left.is_some_and(|left| left.len() <= 2) {
            return None;
        }
        let spans = self.spans(over, left);
        let after: f64 = spans.iter().map(Span::width).sum();
        (after < 0.7 * before).then_some(spans)
    }

    /// Bounds on the least and on its rise, over columns of boxes whose inputs change at given rates.
    pub(super) fn rises(
        &self,
        left: Option<&[Span]>,
        boxes: &[Interval],
        rates: &[Interval],
        rows: usize,
        values: &mut [Interval],
        slopes: &mut [Interval],
    ) {
        let [boxes, rates] = [boxes, rates].map(|columns| Columns::new(columns, rows));
        self.with_scratch(|scratch| {
            for start in (0..rows).step_by(BOXES) {
                let count = BOXES.min(rows - start);
                let range = start..start + count;
                self.rises_of_lanes(
                    left,
                    |input, lane| boxes.column(input)[start + lane.min(count - 1)],
                    |input, lane| rates.column(input)[start + lane.min(count - 1)],
                    (&mut values[range.clone()], &mut slopes[range]),
                    scratch,
                );
            }
        });
    }

    fn rises_of_lanes(
        &self,
        left: Option<&[Span]>,
        side: impl Fn(usize, usize) -> Interval,
        rate: impl Fn(usize, usize) -> Interval,
        (values, slopes): (&mut [Interval], &mut [Interval]),
        scratch: &mut SearchMemory,
    ) {
        let lanes = |input: usize| {
            let [value, slope] = [
                Intervals::<BOXES>::around(std::array::from_fn(|lane| side(input, lane))),
                Intervals::around(std::array::from_fn(|lane| rate(input, lane))),
            ];
            Rise::rising(value, slope)
        };
        let space = [0, 1, 2].map(lanes);
        let parameters: Vec<Rise<BOXES>> =
            (0..self.parameters.len()).map(|n| lanes(PARAMETERS + n)).collect();
        let first: [Interval; BOXES] = std::array::from_fn(|lane| side(T0, lane).min(side(T1, lane)));
        let last: [Interval; BOXES] = std::array::from_fn(|lane| side(T0, lane).max(side(T1, lane)));
        let hull = |lane: usize| (first[lane].lo(), last[lane].hi());
        // A lane's n-th piece of time; none where it has no part of it.
        let count = left.map_or(2 * PIECES, <[Span]>::len);
        let piece = |n: usize, lane: usize| -> Option<(f64, f64)> {
            let (start, end) = hull(lane);
            match left {
                Some(left) => {
                    let (from, to) = (left[n].from.max(start), left[n].to.min(end));
                    (from <= to).then_some((from, to))
                }
                None => {
                    let at = |n: usize| start + (end - start) * n as f64 / count as f64;
                    Some((at(n), if n + 1 == count { end } else { at(n + 1) }))
                }
            }
        };
        let mut bounds_at = |times: [Interval; BOXES]| {
            let [x, y, z] = space;
            let time = Rise::across(Intervals::around(times));
            scratch.rises.over_with(&self.value, [x, y, z, time], parameters.iter().copied());
            scratch.rises.output(&self.value, 0)
        };
        let fallback = |lane: usize| hull(lane);
        let mut found: Vec<Rise<BOXES>> = Vec::with_capacity(count);
        for n in 0..count {
            let times = std::array::from_fn(|lane| {
                let (from, to) = piece(n, lane).unwrap_or_else(|| fallback(lane));
                Interval::new(from, to.max(from))
            });
            found.push(bounds_at(times));
        }
        // The value at a time that is certainly searched is an upper bound: in the piece with the lowest.
        let mut low = [f64::INFINITY; BOXES];
        let mut high = [f64::INFINITY; BOXES];
        let mut best = [(0.0, 0.0); BOXES];
        for (n, bound) in found.iter().enumerate() {
            for lane in 0..BOXES {
                let Some((from, to)) = piece(n, lane) else { continue };
                let value = bound.value().lane(lane);
                if value.lo() < low[lane] {
                    (low[lane], best[lane]) = (value.lo(), (from, to));
                }
                if from >= first[lane].hi() && to <= last[lane].lo() {
                    high[lane] = high[lane].min(value.hi());
                }
            }
        }
        let middle: [f64; BOXES] = std::array::from_fn(|lane| {
            let (from, to) = best[lane];
            let (earliest, latest) = (first[lane].hi(), last[lane].lo());
            let time = 0.5 * (from + to);
            if earliest <= latest { time.clamp(earliest, latest) } else { time }
        });
        let at_middle = bounds_at(middle.map(Interval::point));
        for lane in 0..values.len() {
            // A time that may be outside is no upper bound; then all of the span's values are.
            let is_certain = first[lane].hi() <= middle[lane] && middle[lane] <= last[lane].lo();
            let own = |bound: &Rise<BOXES>| bound.value().lane(lane);
            let among = || found.iter().enumerate().filter(|(n, _)| piece(*n, lane).is_some());
            let mut high = high[lane];
            if is_certain {
                high = high.min(own(&at_middle).hi());
            }
            if high == f64::INFINITY {
                high = among().map(|(_, bound)| own(bound).hi()).fold(f64::NEG_INFINITY, f64::max);
            }
            if low[lane] == f64::INFINITY || low[lane] > high || high.is_nan() {
                (values[lane], slopes[lane]) = (Interval::WHOLE, Interval::WHOLE);
                continue;
            }
            values[lane] = Interval::new(low[lane], high);
            let moves = |input: usize| rate(input, lane) != Interval::point(0.0);
            let near = among().filter(|(_, bound)| own(bound).lo() <= high);
            let slope = near.map(|(_, bound)| bound.slope().lane(lane)).reduce(Interval::hull);
            slopes[lane] = match slope {
                Some(slope) if !moves(T0) && !moves(T1) => slope,
                _ => Interval::WHOLE,
            };
        }
    }

    /// Bounds on a derivative over a box, wherever in some spans the least is.
    pub(super) fn bounds_of_derivative(&self, order: &[usize], over: &SweepBox, spans: &[Span]) -> Interval {
        let at_times = |tape, time: Interval| -> Vec<Interval> {
            let mut machine: Machine<Interval> = Machine::new(tape);
            machine.set_parameters(over.parameters);
            let [x, y, z] = over.space;
            machine.at([x, y, z, time]).to_vec()
        };
        let time_of = |span: &Span| Interval::new(span.from, span.to);
        let [input] = *order else {
            // At a kink a higher derivative may be anything; so it may where f_t hardly rises.
            return match spans.iter().all(|span| span.is_convex() || span.from == span.to) {
                true => {
                    let higher = self.higher(order);
                    let tapes = higher.smooth_tapes();
                    let over_all =
                        spans.iter().flat_map(|span| tapes.map(|tape| at_times(tape, time_of(span))[1]));
                    over_all.reduce(Interval::hull).unwrap_or(Interval::WHOLE)
                }
                false => Interval::WHOLE,
            };
        };
        // A mean of the derivatives on the two sides of a kink lies between them. The ends' times move the least's only if
        // that is there.
        let column = match input {
            T0 | T1 => 1,
            _ => 2 + if input < T0 { input } else { input - 2 },
        };
        let slopes = spans.iter().map(|span| at_times(&self.slopes, time_of(span))[column]);
        let all = slopes.reduce(Interval::hull).unwrap_or(Interval::WHOLE);
        if matches!(input, T0 | T1) { all.hull(Interval::point(0.0)) } else { all }
    }
}

/// The parts of spans between two times.
fn within(spans: &[Span], start: f64, end: f64) -> Vec<Span> {
    let cut = |span: &Span| Span { from: span.from.max(start), to: span.to.min(end), ..*span };
    let parts: Vec<Span> = spans.iter().map(cut).filter(|span| span.from <= span.to).collect();
    // They hold the least of all boxes within the one they were found for; of another nothing is known.
    if parts.is_empty() { vec![Span::open(start, end)] } else { parts }
}

/// Spans in order, those that touch or overlap joined if that loses hardly anything, and single times dropped that are
/// the ends of others.
fn joined(spans: Vec<Span>) -> Vec<Span> {
    let mut out: Vec<Span> = Vec::with_capacity(spans.len());
    for span in spans {
        match out.last_mut() {
            Some(last) if span.from == span.to && span.from <= last.to => (),
            Some(last) if last.from == last.to && last.to == span.from => *last = span,
            Some(last) if span.from <= last.to && last.is_like(&span) => {
                let (slope, bend) = (last.slope.hull(span.slope), last.bend.min(span.bend));
                *last = Span { from: last.from, to: last.to.max(span.to), slope, bend };
            }
            _ => out.push(span),
        }
    }
    out
}

impl Rise<BOXES> {
    /// A number with bounds on its rise.
    pub(super) fn rising(value: Intervals<BOXES>, slope: Intervals<BOXES>) -> Self {
        Rise::from_dual(Dual { value, slope: [slope] })
    }
}
