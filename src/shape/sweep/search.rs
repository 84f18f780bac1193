//! Columns of points search spans of time together.
//!
//! Times are looked at on a grid that hangs on the span alone, so that what is found does not depend on where a search
//! began. A point's span narrows to two neighbouring times between which f_t changes from falling to rising; one
//! step by the secant of f_t, or at a kink to where the two tangents meet, gives the time of the least there.

use super::moving::{Moving, SearchMemory};
use super::spans::{Span, SweepBox};
use super::{PARAMETERS, T0, T1};
use crate::number::{Columns, Interval};
use crate::tape::Machine;
use crate::task;

/// How exactly is searched.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum SearchPrecision {
    Single,
    Double,
}

impl SearchPrecision {
    /// How many times the grid halves a span, and the bits of a time.
    fn halvings(self) -> [i32; 2] {
        match self {
            SearchPrecision::Single => [12, 22],
            SearchPrecision::Double => [30, 50],
        }
    }

    /// How much values may be off, in parts of their size: what is less tells no two places apart.
    fn rounding(self) -> f64 {
        match self {
            SearchPrecision::Single => 2.0 * f32::EPSILON as f64,
            SearchPrecision::Double => 4.0 * f64::EPSILON,
        }
    }
}

/// Where the least of a point is, and so how its time moves.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) enum MinimumAt {
    /// At the first time, or at the last.
    Start,
    End,
    /// At a time that does not move: where f jumps, or does not change.
    Still,
    /// Where f_t is 0.
    Level,
    /// At a kink, between these times.
    Kink {
        before: f64,
        after: f64,
    },
}

impl MinimumAt {
    /// What of two places with the same value is the least's: the one that is understood best.
    fn rank(&self) -> u8 {
        match self {
            MinimumAt::Level => 0,
            MinimumAt::Kink { .. } => 1,
            MinimumAt::Start | MinimumAt::End => 2,
            MinimumAt::Still => 3,
        }
    }
}

/// The least of a point.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Minimum {
    pub(super) value: f64,
    pub(super) time: f64,
    pub(super) place: MinimumAt,
}

/// The times that one point's search looks at: the multiples of a step between the first time and the last, and these.
#[derive(Clone, Copy)]
struct SearchTimes {
    first: f64,
    last: f64,
    step: f64,
}

impl SearchTimes {
    fn of(first: f64, last: f64, precision: SearchPrecision) -> SearchTimes {
        let [halvings, bits] = precision.halvings();
        let power = |value: f64| value.max(f64::MIN_POSITIVE).log2().ceil() as i32;
        let exponent = (power(last - first) - halvings).max(power(first.abs().max(last.abs())) - bits);
        SearchTimes { first, last, step: f64::powi(2.0, exponent.max(-1000)) }
    }

    fn at(&self, n: i64) -> f64 {
        (n as f64 * self.step).clamp(self.first, self.last)
    }

    /// The last time of the grid that is not after a time, and the first not before it.
    fn around(&self, from: f64, to: f64) -> (i64, i64) {
        let low = (from.max(self.first) / self.step).floor() as i64;
        let high = (to.min(self.last) / self.step).ceil() as i64;
        (low, high.max(low))
    }
}

/// A time that was looked at: f and f_t there.
#[derive(Clone, Copy, Debug)]
struct TimeSample {
    n: i64,
    time: f64,
    value: f64,
    speed: f64,
}

/// A span of a point's that is being narrowed.
#[derive(Clone, Copy, Debug)]
struct Narrowing {
    row: usize,
    from: TimeSample,
    to: TimeSample,
    /// The span it is a piece of, with what is known of f there.
    span: Span,
}

/// The parts of the whole span that are looked at first, and at last, where nothing is known of f.
const COARSE: f64 = 1.0 / 16.0;
const FINE: f64 = 1.0 / 256.0;

/// The most pieces that a span is looked at in at first.
const MAX_PIECES: i64 = 16;

impl Moving {
    /// The least at each point of columns of a sweep's inputs, in the spans that are left.
    pub(super) fn search(
        &self,
        inputs: &Columns<f64>,
        left: Option<&[Span]>,
        precision: SearchPrecision,
    ) -> Vec<Minimum> {
        let rows = inputs.rows();
        let parameters =
            |row: usize| (PARAMETERS..inputs.len()).map(move |i| inputs.column(i)[row].to_bits());
        // Blocks share parameters: points that have others are searched by themselves.
        let shares = (1..rows).all(|row| parameters(row).eq(parameters(0)));
        if !shares {
            let mut point = Vec::new();
            let each = (0..rows).map(|row| {
                inputs.copy_row(row, &mut point);
                self.search(&Columns::new(&point, 1), left, precision)[0]
            });
            return each.collect();
        }
        let hull = |column: &[f64]| {
            let (low, high) =
                column.iter().fold((f64::INFINITY, f64::NEG_INFINITY), |(low, high), &value| {
                    (low.min(value), high.max(value))
                });
            if low <= high { Interval::new(low, high) } else { Interval::WHOLE }
        };
        let boxed: Vec<Interval> = (0..inputs.len()).map(|i| hull(inputs.column(i))).collect();
        self.with_scratch(|scratch| {
            let spans = self.spans_with(&SweepBox::of(&boxed), left, scratch);
            let (found, looks) = (Vec::new(), Vec::new());
            MinimumSearch { shape: self, inputs: *inputs, precision, scratch, found, looks }.run(&spans)
        })
    }
}

struct MinimumSearch<'a> {
    shape: &'a Moving,
    inputs: Columns<'a, f64>,
    precision: SearchPrecision,
    scratch: &'a mut SearchMemory,
    /// The last looks: f and f_t at each, and with their times on the grid.
    found: Vec<[f64; 2]>,
    looks: Vec<TimeSample>,
}

impl MinimumSearch<'_> {
    fn run(&mut self, spans: &[Span]) -> Vec<Minimum> {
        let rows = self.inputs.rows();
        let [t0, t1] = [T0, T1].map(|i| self.inputs.column(i));
        let times: Vec<SearchTimes> = (0..rows)
            .map(|row| SearchTimes::of(t0[row].min(t1[row]), t0[row].max(t1[row]), self.precision))
            .collect();
        let mut offers = Offers::of(rows, self.precision.rounding());
        let mut open = self.first_looks(spans, &times, &mut offers);
        self.narrow(&mut open, &times, &mut offers);
        self.finish(open, &mut offers);
        offers.best
    }

    /// Looks at spans, the closer the lower f may be; gives the pieces in which a minimum is.
    fn first_looks(&mut self, spans: &[Span], times: &[SearchTimes], offers: &mut Offers) -> Vec<Narrowing> {
        let mut pieces = self.coarse(spans, times, offers);
        let (mut open, mut torn, mut split) = (Vec::new(), Vec::new(), Vec::new());
        let (mut rows, mut middles) = (Vec::new(), Vec::new());
        while !pieces.is_empty() {
            split.clear();
            for piece in &pieces {
                let (own, TimeSample { n: from, .. }) = (&times[piece.row], piece.from);
                let least = piece.least();
                // Of what only rises, or only falls, an end is the least, and is known.
                let is_bracket = piece.from.speed < 0.0 && piece.to.speed > 0.0;
                let ends = piece.from.value.min(piece.to.value);
                if least > offers.known[piece.row] || !is_bracket && least >= ends {
                    continue;
                }
                let width = (piece.to.n - from) as f64 * own.step;
                if !piece.span.is_convex() && piece.to.n - from > 1 && width > FINE * (own.last - own.first) {
                    split.push(*piece);
                    continue;
                }
                if is_bracket {
                    open.push(*piece);
                }
                if !piece.span.is_convex() && tear(piece.ends()) > 0.0 {
                    torn.push(*piece);
                }
            }
            rows.clear();
            rows.extend(split.iter().map(|piece| piece.row));
            middles.clear();
            middles.extend(split.iter().map(|piece| piece.from.n + (piece.to.n - piece.from.n) / 2));
            self.look(&rows, &middles, times);
            pieces.clear();
            for (piece, &look) in split.iter().zip(&self.looks) {
                offers.look(piece.row, look, &times[piece.row]);
                pieces.extend([Narrowing { to: look, ..*piece }, Narrowing { from: look, ..*piece }]);
            }
        }
        self.follow_jumps(torn, offers);
        open
    }

    /// Each point's part of the spans, in a few pieces of those of which nothing is known.
    fn coarse(&mut self, spans: &[Span], times: &[SearchTimes], offers: &mut Offers) -> Vec<Narrowing> {
        let (mut rows, mut numbers, mut of) = (Vec::new(), Vec::new(), Vec::new());
        for (row, times) in times.iter().enumerate() {
            let mut has_any = false;
            for (s, span) in spans.iter().enumerate() {
                let is_before = span.to < times.first && s + 1 < spans.len();
                let is_after = span.from > times.last && has_any;
                if is_before || is_after {
                    continue;
                }
                has_any = true;
                let (low, high) = times.around(span.from.min(times.last), span.to.max(times.first));
                let parts = (span.to - span.from) / (COARSE * (times.last - times.first)).max(times.step);
                let pieces = if span.is_convex() { 1 } else { (parts.ceil() as i64).clamp(1, MAX_PIECES) };
                let pieces = pieces.min(high - low);
                let part = (high - low) as f64 / pieces.max(1) as f64;
                for n in 0..=pieces {
                    rows.push(row);
                    numbers.push(low + (n as f64 * part).round() as i64);
                    of.push((s, n == pieces));
                }
            }
        }
        self.look(&rows, &numbers, times);
        let mut pieces = Vec::with_capacity(rows.len());
        for (i, (&look, &(s, is_last))) in self.looks.iter().zip(&of).enumerate() {
            offers.look(rows[i], look, &times[rows[i]]);
            if !is_last {
                pieces.push(Narrowing { row: rows[i], from: look, to: self.looks[i + 1], span: spans[s] });
            }
        }
        pieces
    }

    /// Halves pieces in which f jumps for as long as times can be told apart: the least may be on a jump's lower side.
    fn follow_jumps(&mut self, torn: Vec<Narrowing>, offers: &mut Offers) {
        let mut torn: Vec<(usize, [[f64; 3]; 2])> =
            torn.iter().map(|piece| (piece.row, piece.ends())).collect();
        let [_, bits] = self.precision.halvings();
        let resolution = f64::powi(2.0, -bits);
        loop {
            torn.retain(|(_, [from, to])| to[0] - from[0] > resolution * from[0].abs().max(to[0].abs()));
            if torn.is_empty() {
                return;
            }
            let rows: Vec<usize> = torn.iter().map(|(row, _)| *row).collect();
            let middles: Vec<f64> = torn.iter().map(|(_, [from, to])| 0.5 * (from[0] + to[0])).collect();
            self.look_at(&rows, &middles);
            let mut next = Vec::with_capacity(torn.len());
            for (((row, [from, to]), &time), &[value, speed]) in
                torn.into_iter().zip(&middles).zip(&self.found)
            {
                offers.add(row, Minimum { value, time, place: MinimumAt::Still });
                let middle = [time, value, speed];
                let halves = [[from, middle], [middle, to]];
                let [before, after] = halves.map(tear);
                if before > 0.0 || after > 0.0 {
                    next.push((row, halves[usize::from(after > before)]));
                }
            }
            torn = next;
        }
    }

    /// Narrows pieces until no time of the grid is between their ends.
    fn narrow(&mut self, pieces: &mut [Narrowing], times: &[SearchTimes], offers: &mut Offers) {
        let mut open: Vec<usize> = (0..pieces.len()).collect();
        let (mut rows, mut numbers) = (Vec::new(), Vec::new());
        for round in 0..200 {
            rows.clear();
            numbers.clear();
            open.retain(|&i| {
                let piece = &pieces[i];
                let goes_on = piece.to.n - piece.from.n > 1 && offers.may_win(piece);
                if goes_on {
                    rows.push(piece.row);
                    numbers.push(piece.between(round, &times[piece.row]));
                }
                goes_on
            });
            if open.is_empty() {
                return;
            }
            self.look(&rows, &numbers, times);
            for (&i, &look) in open.iter().zip(&self.looks) {
                let piece = &mut pieces[i];
                offers.know(piece.row, look.value);
                // A look that is not a number is as if f rose there.
                if look.speed < 0.0 { piece.from = look } else { piece.to = look }
            }
        }
    }

    /// The least in each narrow piece.
    fn finish(&mut self, mut pieces: Vec<Narrowing>, offers: &mut Offers) {
        pieces.retain(|piece| piece.to.n - piece.from.n <= 1);
        if pieces.is_empty() {
            return;
        }
        let rows: Vec<usize> = pieces.iter().map(|piece| piece.row).collect();
        let ends = |piece: &Narrowing| (piece.from.time, piece.to.time);
        // As if f_t were straight.
        let level: Vec<f64> = pieces
            .iter()
            .map(|piece| {
                let (a, b) = ends(piece);
                let share = -piece.from.speed / (piece.to.speed - piece.from.speed);
                (a + (b - a) * share).clamp(a, b)
            })
            .collect();
        self.look_at(&rows, &level);
        let at_level = std::mem::take(&mut self.found);
        let mut kinked = Vec::new();
        for (n, (piece, &[value, speed])) in pieces.iter().zip(&at_level).enumerate() {
            // Where that does not bring f_t near 0 it is a kink that f_t jumps over.
            let is_level = speed.abs() <= 0.1 * piece.to.speed.min(-piece.from.speed).max(0.0)
                || speed.abs() <= self.precision.rounding() * 8.0 * (piece.to.speed - piece.from.speed);
            let tiny = piece.to.speed - piece.from.speed <= 64.0 * self.precision.rounding() * value.abs();
            match is_level || tiny {
                true => offers.add(piece.row, Minimum { value, time: level[n], place: MinimumAt::Level }),
                false => kinked.push(n),
            }
        }
        if kinked.is_empty() {
            return;
        }
        // Where the tangents of the two sides meet.
        let mut brackets: Vec<[[f64; 3]; 2]> = kinked
            .iter()
            .map(|&n| {
                let (piece, (a, b)) = (&pieces[n], ends(&pieces[n]));
                let [value, speed] = at_level[n];
                let (mut from, mut to) =
                    ([a, piece.from.value, piece.from.speed], [b, piece.to.value, piece.to.speed]);
                if speed < 0.0 {
                    from = [level[n], value, speed]
                } else {
                    to = [level[n], value, speed]
                }
                [from, to]
            })
            .collect();
        let rows: Vec<usize> = kinked.iter().map(|&n| pieces[n].row).collect();
        let mut last: Vec<[f64; 2]> = Vec::new();
        for _ in 0..2 {
            let meets: Vec<f64> = brackets.iter().map(|&[from, to]| tangents_meet(from, to)).collect();
            self.look_at(&rows, &meets);
            let looks = std::mem::take(&mut self.found);
            last = meets.iter().zip(&looks).map(|(&time, &[value, _])| [time, value]).collect();
            // A little to either side, so that the bracket closes in from both.
            let closer: Vec<f64> = brackets
                .iter()
                .zip(meets.iter().zip(&looks))
                .map(|([from, to], (&time, &[_, speed]))| {
                    let part = (to[0] - from[0]) / 64.0;
                    if speed < 0.0 { (time + part).min(to[0]) } else { (time - part).max(from[0]) }
                })
                .collect();
            self.look_at(&rows, &closer);
            let more = std::mem::take(&mut self.found);
            for (i, [from, to]) in brackets.iter_mut().enumerate() {
                for (time, [value, speed]) in [(meets[i], looks[i]), (closer[i], more[i])] {
                    if time > from[0] && time < to[0] {
                        if speed < 0.0 { *from = [time, value, speed] } else { *to = [time, value, speed] }
                    }
                }
            }
        }
        for (i, &row) in rows.iter().enumerate() {
            let [from, to] = brackets[i];
            let [time, value] = last[i];
            offers
                .add(row, Minimum { value, time, place: MinimumAt::Kink { before: from[0], after: to[0] } });
        }
    }

    /// Looks at rows, each at a time of its grid.
    fn look(&mut self, rows: &[usize], numbers: &[i64], times: &[SearchTimes]) {
        let at: Vec<f64> = rows.iter().zip(numbers).map(|(&row, &n)| times[row].at(n)).collect();
        self.look_at(rows, &at);
        let look =
            |((&n, &time), &[value, speed]): ((&i64, &f64), &[f64; 2])| TimeSample { n, time, value, speed };
        self.looks.clear();
        self.looks.extend(numbers.iter().zip(&at).zip(&self.found).map(look));
    }

    /// f and f_t at rows, each at a time.
    fn look_at(&mut self, rows: &[usize], times: &[f64]) {
        self.found.clear();
        if task::is_given_up() {
            return self.found.resize(rows.len(), [0.0; 2]); // of what is swept itself each look may take long
        }
        let inputs = &self.inputs;
        let mut point = Vec::new();
        match self.precision {
            SearchPrecision::Double => {
                let mut machine = Machine::<f64>::new(&self.shape.value_and_speed);
                self.found.extend(rows.iter().zip(times).map(|(&row, &time)| {
                    inputs.copy_row(row, &mut point);
                    machine.set_parameters(&point[PARAMETERS..]);
                    let found = machine.at([point[0], point[1], point[2], time]);
                    [found[0], found[1]]
                }));
            }
            SearchPrecision::Single => {
                inputs.copy_row(0, &mut point);
                self.scratch.set_parameters(&point[PARAMETERS..]);
                let SearchMemory { speed, columns: [x, y, z, t, value, slope], .. } = &mut *self.scratch;
                for (axis, column) in [&mut *x, y, z].into_iter().enumerate() {
                    let all = inputs.column(axis);
                    column.clear();
                    column.extend(rows.iter().map(|&row| all[row] as f32));
                }
                t.clear();
                t.extend(times.iter().map(|&time| time as f32));
                [&mut *value, slope].into_iter().for_each(|column| column.resize(rows.len(), 0.0));
                speed.eval([x, y, z, t], &mut [value, slope]);
                let both = |(&value, &slope): (&f32, &f32)| [f64::from(value), f64::from(slope)];
                self.found.extend(value.iter().zip(&*slope).map(both));
            }
        }
    }
}

/// Where the tangents at two times meet, each a time, f and f_t: between them, if they do.
fn tangents_meet([a, fa, da]: [f64; 3], [b, fb, db]: [f64; 3]) -> f64 {
    let time = a + (fa - fb + db * (b - a)) / (db - da);
    if time >= a && time <= b { time } else { 0.5 * (a + b) }
}

impl Narrowing {
    /// The ends: their times, f and f_t.
    fn ends(&self) -> [[f64; 3]; 2] {
        [self.from, self.to].map(|look| [look.time, look.value, look.speed])
    }

    /// No value within is below this, by the bounds on how steep f is.
    fn least(&self) -> f64 {
        let [[a, fa, da], [b, fb, db]] = self.ends();
        let (width, low, high) = (b - a, self.span.slope.lo(), self.span.slope.hi());
        if !self.span.slope.is_finite() {
            return f64::NEG_INFINITY;
        }
        if low >= 0.0 || high <= 0.0 || low == high {
            return fa.min(fb);
        }
        let way = ((high * width - (fb - fa)) / (high - low)).clamp(0.0, width);
        let by_slope = fa + low * way;
        let bend = self.span.bend.min(0.0);
        if bend == f64::NEG_INFINITY {
            return by_slope;
        }
        // Above two parabolas, one through each end, that bend down as f may: least at an end or where they meet.
        let meet = (fb - fa - db * width + 0.5 * bend * width * width) / (da - db + bend * width);
        let meet = if meet > 0.0 && meet < width { meet } else { 0.0 };
        by_slope.max(fa.min(fb).min(fa + meet * (da + 0.5 * bend * meet)))
    }

    /// Where to look next: by the secant of f_t, then where the tangents meet, then in the middle, which is sure.
    fn between(&self, round: usize, times: &SearchTimes) -> i64 {
        let [from, to] = self.ends();
        let time = match round % 3 {
            0 => from[0] - from[2] * (to[0] - from[0]) / (to[2] - from[2]),
            1 => tangents_meet(from, to),
            _ => 0.5 * (from[0] + to[0]),
        };
        // What is not a number counts as 0, and is held between the ends.
        ((time / times.step).round() as i64).clamp(self.from.n + 1, self.to.n - 1)
    }
}

/// How much of the change of f between two times, each with f and f_t, these do not explain: 0 unless f may jump.
fn tear([from, to]: [[f64; 3]; 2]) -> f64 {
    let (width, change) = (to[0] - from[0], to[1] - from[1]);
    let [low, high] = [from[2].min(to[2]) * width, from[2].max(to[2]) * width];
    // Where f_t bends, the mean of it may lie a little beyond both.
    let slack = (high - low) + 1e-6 * (from[1].abs() + to[1].abs());
    (change - high - slack).max(low - slack - change).max(0.0)
}

/// The least that was found so far, of each point.
struct Offers {
    best: Vec<Minimum>,
    /// A value that it does not exceed.
    known: Vec<f64>,
    rounding: f64,
}

impl Offers {
    fn of(rows: usize, rounding: f64) -> Offers {
        let nothing = Minimum { value: f64::NAN, time: 0.0, place: MinimumAt::Still };
        Offers { best: vec![nothing; rows], known: vec![f64::INFINITY; rows], rounding }
    }

    /// Takes what is less; of what is as small but for rounding the place that is understood best, then the earliest.
    fn add(&mut self, row: usize, found: Minimum) {
        self.know(row, found.value);
        let near = self.near(found.value);
        let best = &mut self.best[row];
        let is_better = match found.value - best.value {
            by if by.abs() <= near => {
                found.place.rank() < best.place.rank()
                    || (found.place.rank() == best.place.rank() && found.time < best.time)
            }
            by => by < 0.0 || best.value.is_nan(),
        };
        if is_better {
            *best = found;
        }
    }

    /// Takes a look: at an end of the whole span, or at a time that means nothing.
    fn look(&mut self, row: usize, look: TimeSample, times: &SearchTimes) {
        let TimeSample { time, .. } = look;
        let place = match time {
            _ if time == times.first && look.speed >= 0.0 => MinimumAt::Start,
            _ if time == times.last && look.speed <= 0.0 => MinimumAt::End,
            _ => MinimumAt::Still,
        };
        self.add(row, Minimum { value: look.value, time, place });
    }

    /// How far values of that size may be apart by rounding: f may be what is left of terms of the size of 1.
    fn near(&self, value: f64) -> f64 {
        self.rounding * value.abs().max(1.0)
    }

    fn know(&mut self, row: usize, value: f64) {
        self.known[row] = self.known[row].min(value);
    }

    /// Whether a piece may hold the least: where f is convex it is above its tangents.
    fn may_win(&self, piece: &Narrowing) -> bool {
        let [from, to] = piece.ends();
        let least = from[1] + from[2] * (tangents_meet(from, to) - from[0]);
        !piece.span.is_convex() || least <= self.known[piece.row] + self.near(least)
    }
}
