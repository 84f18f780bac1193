//! What values an activation function and its derivatives take over an interval.

use super::Activation;
use crate::number::{Interval, Real};
use std::sync::OnceLock;

/// The order of the highest derivative there are ranges of.
pub(super) const MAX_ORDER: usize = 3;

impl Activation {
    /// The values of a derivative, the value itself first, over an interval.
    pub(super) fn range(self, order: usize, over: Interval) -> Interval {
        match self {
            Activation::Linear => match order {
                0 => over,
                1 => Interval::point(1.0),
                _ => Interval::point(0.0),
            },
            Activation::Sine { frequency } => {
                let turned = Interval::point(frequency) * over;
                let wave = if order.is_multiple_of(2) { turned.sin() } else { turned.cos() };
                let size = Interval::point(frequency.powi(order as i32));
                let wave = wave * size;
                if order % 4 < 2 { wave } else { -wave }
            }
            Activation::Relu => match order {
                0 => Interval::new(over.lo().max(0.0), over.hi().max(0.0)),
                1 => {
                    let step = |a: f64| if a > 0.0 { 1.0 } else { 0.0 };
                    Interval::new(step(over.lo()), step(over.hi()))
                }
                _ => Interval::point(0.0),
            },
            Activation::Gelu if order >= MAX_ORDER => Interval::new(-2.0, 2.0), // at most 1.5 anywhere
            _ => self.between_turns(order, over),
        }
    }

    /// The hull of a derivative's values at the ends and where it turns.
    fn between_turns(self, order: usize, over: Interval) -> Interval {
        let value = |a: f64| self.jet(a)[order];
        let mut hull = Interval::new(value(over.lo()), value(over.hi()));
        let scale = match self {
            Activation::Softplus { sharpness } => sharpness,
            _ => 1.0,
        };
        for turn in self.turns(order) {
            if over.contains(turn / scale) {
                hull = hull.hull(Interval::point(value(turn / scale)));
            }
        }
        // Rounding: values are sums of a few terms as large as the derivative becomes anywhere.
        let slack = 32.0 * f64::EPSILON * (hull.largest() + scale.powi(order as i32 - 1).max(1.0));
        hull + Interval::new(-slack, slack)
    }

    /// Where a derivative turns, for a sharpness of 1.
    fn turns(self, order: usize) -> &'static [f64] {
        // Of the hyperbolic tangent, tanh a = 1/√3 and √(2/3); the sigmoid's are twice as far out.
        const SECOND: f64 = 0.658_478_948_462_408_4;
        const THIRD: f64 = 1.146_215_834_780_588_8;
        match (self, order) {
            (Activation::Tanh, 1) | (Activation::Sigmoid, 1) | (Activation::Softplus { .. }, 2) => &[0.0],
            (Activation::Tanh, 2) => &[-SECOND, SECOND],
            (Activation::Tanh, 3) => &[-THIRD, 0.0, THIRD],
            (Activation::Sigmoid, 2) | (Activation::Softplus { .. }, 3) => &[-2.0 * SECOND, 2.0 * SECOND],
            (Activation::Sigmoid, 3) => &[-2.0 * THIRD, 0.0, 2.0 * THIRD],
            (Activation::Gelu, 0..MAX_ORDER) => {
                static TURNS: OnceLock<[Vec<f64>; MAX_ORDER]> = OnceLock::new();
                &TURNS.get_or_init(|| {
                    std::array::from_fn(|order| zeros(|a| Activation::Gelu.jet(a)[order + 1]))
                })[order]
            }
            _ => &[],
        }
    }
}

/// The zeros of a function that has them between −8 and 8, not closer than a 32nd.
fn zeros(of: impl Fn(f64) -> f64) -> Vec<f64> {
    let at = |n: i32| f64::from(n) / 32.0 + 1.0 / 77.0;
    let cells = (-256..256).map(|n| [at(n), at(n + 1)]).filter(|&[a, b]| (of(a) > 0.0) != (of(b) > 0.0));
    let zero = |[mut a, mut b]: [f64; 2]| {
        for _ in 0..60 {
            let middle = 0.5 * (a + b);
            if (of(middle) > 0.0) == (of(a) > 0.0) { a = middle } else { b = middle }
        }
        a
    };
    cells.map(zero).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::random::Random;

    #[test]
    fn ranges_contain_and_are_reached() {
        use Activation::*;
        let mut random = Random(5);
        for activation in
            [Linear, Sine { frequency: 3.0 }, Relu, Softplus { sharpness: 4.0 }, Tanh, Sigmoid, Gelu]
        {
            for _ in 0..300 {
                let (a, b) = (random.between(-4.0, 4.0), random.between(-4.0, 4.0));
                let over = Interval::new(a, b);
                for order in 0..=MAX_ORDER {
                    let range = activation.range(order, over);
                    let (mut least, mut most) = (f64::INFINITY, f64::NEG_INFINITY);
                    for n in 0..=200 {
                        let at = (a + (b - a) * f64::from(n) / 200.0).clamp(over.lo(), over.hi());
                        let value = activation.jet(at)[order];
                        assert!(
                            range.contains(value),
                            "{activation:?} {order} over {over:?}: {range:?}, {value}"
                        );
                        (least, most) = (least.min(value), most.max(value));
                    }
                    let slack = 0.02 * (1.0 + most.abs() + least.abs());
                    let is_tight = range.hi() - most < slack && least - range.lo() < slack;
                    let is_known = activation != Gelu || order < MAX_ORDER;
                    assert!(is_tight || !is_known, "{activation:?} {order} over {over:?}: {range:?}");
                }
            }
        }
    }
}
