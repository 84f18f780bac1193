//! How far to go along a direction: a step that satisfies the strong Wolfe conditions, by the search of Moré and
//! Thuente (1994): an interval that holds one is narrowed by cubic and quadratic interpolation.

/// A trial: how far, the value there, and the derivative along the direction.
#[derive(Clone, Copy, Debug)]
pub(super) struct Trial {
    pub step: f64,
    pub value: f64,
    pub slope: f64,
}

/// The value is to fall by this part of what the first slope promises.
const SUFFICIENT: f64 = 1e-3;
/// The slope is to fall to this part of the first.
const CURVATURE: f64 = 0.9;
/// How narrow an interval is given up, in parts of its end.
const NARROW: f64 = 1e-14;
/// How many trials there are at most.
const TRIALS: usize = 30;

/// A step along a direction of descent that satisfies the conditions, or the best one seen; nothing, where no trial was
/// lower than the start. `first` is tried first, and nothing is beyond `most`.
pub(super) fn search(
    start: Trial,
    first: f64,
    most: f64,
    mut evaluate: impl FnMut(f64) -> Trial,
) -> Option<Trial> {
    let promised = SUFFICIENT * start.slope;
    // The best end of the interval, and the other.
    let (mut best, mut other) = (start, start);
    let mut is_bracketed = false;
    let mut is_first_stage = true;
    let (mut width, mut last_width) = (most, 2.0 * most);
    let (mut least, mut limit) = (0.0, most);
    let mut step = first.min(most);
    let mut lowest = start;
    for _ in 0..TRIALS {
        let trial = evaluate(step);
        if !(trial.value.is_finite() && trial.slope.is_finite()) {
            // Nothing is beyond: half way back to the best.
            limit = step;
            step = 0.5 * (best.step + step);
            if (step - best.step).abs() <= NARROW * step {
                break;
            }
            continue;
        }
        if trial.value < lowest.value {
            lowest = trial;
        }
        let enough = start.value + step * promised;
        if trial.value <= enough && trial.slope.abs() <= CURVATURE * -start.slope {
            return Some(trial);
        }
        let at_most = step >= most && trial.value <= enough && trial.slope <= promised;
        if at_most || (is_bracketed && (other.step - best.step).abs() <= NARROW * other.step.max(best.step)) {
            break;
        }
        is_first_stage &= trial.value > enough || trial.slope < 0.0;
        let ahead = step - best.step;
        let bounds = match is_bracketed {
            true => (least, limit),
            false => ((step + 1.1 * ahead).min(limit), (step + 4.0 * ahead).min(limit)),
        };
        // In the first stage the function less what was promised is what is looked at.
        let tilt =
            if is_first_stage && trial.value <= best.value && trial.value > enough { promised } else { 0.0 };
        let tilted = |t: Trial| Trial { value: t.value - t.step * tilt, slope: t.slope - tilt, ..t };
        let next = next_step(tilted(best), tilted(other), tilted(trial), &mut is_bracketed, bounds);
        if tilted(trial).value > tilted(best).value {
            other = trial;
        } else {
            if tilted(trial).slope * tilted(best).slope < 0.0 {
                other = best;
            }
            best = trial;
        }
        step = next;
        if is_bracketed {
            if (other.step - best.step).abs() >= 0.66 * last_width {
                step = best.step + 0.5 * (other.step - best.step);
            }
            last_width = width;
            width = (other.step - best.step).abs();
            (least, limit) = (best.step.min(other.step), best.step.max(other.step).min(limit));
        }
        step = step.clamp(0.0, limit);
    }
    (lowest.value < start.value).then_some(lowest)
}

/// The next trial, by the four cases of Moré and Thuente's section 4.
fn next_step(
    best: Trial,
    other: Trial,
    trial: Trial,
    is_bracketed: &mut bool,
    (least, most): (f64, f64),
) -> f64 {
    let span = trial.step - best.step;
    // The minimum of the cubic through two trials, as the part of the way from the one to the other.
    let cubic = |a: Trial, b: Trial| {
        let theta = 3.0 * (a.value - b.value) / (b.step - a.step) + a.slope + b.slope;
        let scale = theta.abs().max(a.slope.abs()).max(b.slope.abs());
        let root = ((theta / scale).powi(2) - a.slope / scale * (b.slope / scale)).max(0.0).sqrt() * scale;
        (theta, if b.step < a.step { -root } else { root })
    };
    let secant = trial.step + trial.slope / (trial.slope - best.slope) * -span;
    if trial.value > best.value {
        *is_bracketed = true;
        let (theta, root) = cubic(best, trial);
        let part = (root - best.slope + theta) / (2.0 * root - best.slope + trial.slope);
        let by_cubic = best.step + part * span;
        let drop = (best.value - trial.value) / span + best.slope;
        let by_square = best.step + 0.5 * best.slope / drop * span;
        if (by_cubic - best.step).abs() < (by_square - best.step).abs() {
            by_cubic
        } else {
            by_cubic + 0.5 * (by_square - by_cubic)
        }
    } else if trial.slope * best.slope < 0.0 {
        *is_bracketed = true;
        let (theta, root) = cubic(trial, best);
        let part = (root - trial.slope + theta) / (2.0 * root - trial.slope + best.slope);
        let by_cubic = trial.step - part * span;
        if (by_cubic - trial.step).abs() > (secant - trial.step).abs() { by_cubic } else { secant }
    } else if trial.slope.abs() < best.slope.abs() {
        let (theta, root) = cubic(trial, best);
        let part = (root - trial.slope + theta) / (root + (best.slope - trial.slope) + root);
        let by_cubic = match part < 0.0 && root != 0.0 {
            true => trial.step - part * span,
            false if span > 0.0 => most,
            false => least,
        };
        let is_nearer = (by_cubic - trial.step).abs() < (secant - trial.step).abs();
        if *is_bracketed {
            let next = if is_nearer { by_cubic } else { secant };
            let guard = trial.step + 0.66 * (other.step - trial.step);
            if span > 0.0 { next.min(guard) } else { next.max(guard) }
        } else {
            (if is_nearer { secant } else { by_cubic }).clamp(least, most)
        }
    } else if *is_bracketed {
        let (theta, root) = cubic(trial, other);
        let part = (root - trial.slope + theta) / (2.0 * root - trial.slope + other.slope);
        trial.step + part * (other.step - trial.step)
    } else if span > 0.0 {
        most
    } else {
        least
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A function and its derivative.
    type Curve = fn(f64) -> (f64, f64);

    #[test]
    fn steps_satisfy_the_strong_wolfe_conditions() {
        // The first two functions of the paper, a quartic, and one that ends.
        let curves: [Curve; 4] = [
            |a| (-a / (a * a + 2.0), (a * a - 2.0) / (a * a + 2.0).powi(2)),
            |a| {
                (
                    (a + 0.004).powi(5) - 2.0 * (a + 0.004).powi(4),
                    (a + 0.004).powi(3) * (5.0 * (a + 0.004) - 8.0),
                )
            },
            |a| ((a - 3.0).powi(4), 4.0 * (a - 3.0).powi(3)),
            |a| (-(2.0 - a).ln() - 5.0 * a, 1.0 / (2.0 - a) - 5.0),
        ];
        for (n, curve) in curves.into_iter().enumerate() {
            for first in [1e-3, 1e-1, 1.0, 10.0, 1e3] {
                let trial = |step: f64| Trial { step, value: curve(step).0, slope: curve(step).1 };
                let start = trial(0.0);
                let found = search(start, first, 1e6, trial).expect("there is a lower place");
                let is_lower = found.value <= start.value + SUFFICIENT * found.step * start.slope;
                assert!(is_lower, "{n} from {first}: {found:?}");
                assert!(found.slope.abs() <= CURVATURE * start.slope.abs(), "{n} from {first}: {found:?}");
            }
        }
    }

    #[test]
    fn what_falls_for_ever_is_followed_to_the_end() {
        let line = |step: f64| Trial { step, value: -step, slope: -1.0 };
        assert_eq!(search(line(0.0), 1.0, 8.0, line).unwrap().step, 8.0);
        assert!(search(line(0.0), 1.0, 8.0, |step| Trial { step, value: step, slope: 1.0 }).is_none());
    }
}
