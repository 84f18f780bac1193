//! A direction along which all of some slopes rise.

use crate::number::Interval;

/// Bounds on a slope, or a triangle's normal.
pub(crate) type SlopeBounds = [Interval; 3];

/// How often a direction is turned towards the slope that it rises along least.
const TURNS: usize = 48;
/// A rise, in parts of the slope's size, that is well above rounding.
const ENOUGH: f64 = 1e-6;

/// A direction along which each slope, wherever it is within its bounds, rises: a unit vector, but for rounding. Found as a
/// perceptron finds it (Rosenblatt 1958): turned, again and again, by the slope that rises least.
pub(crate) fn direction<'a>(slopes: impl Iterator<Item = &'a SlopeBounds> + Clone) -> Option<[f64; 3]> {
    let mut way = [0.0; 3];
    for slope in slopes.clone() {
        let middle = slope.map(Interval::middle);
        let size = size(middle);
        if !(size > 0.0 && size.is_finite()) {
            return None;
        }
        (0..3).for_each(|n| way[n] += middle[n] / size);
    }
    for turn in 0..TURNS {
        let length = size(way);
        if !(length > 1e-9 && length.is_finite()) {
            return None;
        }
        let unit = way.map(|x| x / length);
        let mut worst = (f64::INFINITY, [0.0; 3]);
        for slope in slopes.clone() {
            let end = |n: usize| if unit[n] > 0.0 { slope[n].lo() } else { slope[n].hi() };
            let least = [0, 1, 2].map(end);
            let rise = (0..3).map(|n| unit[n] * least[n]).sum::<f64>() / size(slope.map(Interval::middle));
            if rise < worst.0 {
                worst = (rise, least);
            }
        }
        if worst.0 > ENOUGH {
            return slopes.clone().all(|slope| rise(unit, slope).lo() > 0.0).then_some(unit);
        }
        let by = size(worst.1);
        if by.is_nan() || by <= 0.0 {
            return None;
        }
        // From a mean of many the first turns are long ones, which only few are needed of.
        way = if turn == 0 { unit } else { way };
        (0..3).for_each(|n| way[n] += worst.1[n] / by);
    }
    None
}

/// How much a slope rises along a direction.
pub(crate) fn rise(way: [f64; 3], slope: &SlopeBounds) -> Interval {
    let term = |n: usize| Interval::point(way[n]) * slope[n];
    term(0) + term(1) + term(2)
}

fn size(v: [f64; 3]) -> f64 {
    v.iter().map(|x| x * x).sum::<f64>().sqrt()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn slope(at: [f64; 3], wide: f64) -> SlopeBounds {
        at.map(|x| Interval::new(x - wide, x + wide))
    }

    #[test]
    fn a_direction_is_found_where_there_is_one() {
        let corner =
            [slope([1.0, 0.0, 0.0], 0.1), slope([0.0, 9.0, 0.0], 0.1), slope([-0.5, 0.0, 0.3], 0.01)];
        let way = direction(corner.iter()).unwrap();
        assert!(corner.iter().all(|slope| rise(way, slope).lo() > 0.0), "{way:?}");
        // Two that are almost opposite, and one across.
        let narrow =
            [slope([1.0, 0.05, 0.0], 1e-3), slope([-1.0, 0.05, 0.0], 1e-3), slope([0.0, 0.0, 1.0], 0.1)];
        assert!(direction(narrow.iter()).is_some());
    }

    #[test]
    fn none_is_found_where_there_is_none() {
        let opposite = [slope([1.0, 0.0, 0.0], 0.1), slope([-1.0, 0.0, 0.0], 0.1)];
        assert!(direction(opposite.iter()).is_none());
        assert!(direction([slope([0.05, 0.0, 0.0], 0.1)].iter()).is_none());
        let around = [[1.0, 0.0, 0.2], [-0.5, 0.9, 0.2], [-0.5, -0.9, 0.2], [0.0, 0.0, -1.0]];
        assert!(direction(around.map(|at| slope(at, 0.01)).iter()).is_none());
    }
}
