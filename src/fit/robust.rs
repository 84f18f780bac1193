//! What a residual costs: its square, or less where it is large, so that outliers do not lead.

/// How the cost of a residual grows. Each is r²/2 about 0 (but the first-power one); `scale` is the residual from which
/// on it grows less.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Robust {
    /// r²/2: least squares.
    Square,
    /// |r|, rounded off within `scale` of 0 as √(r² + scale²) − scale, so that it has a derivative everywhere.
    Absolute {
        /// How near 0 it is rounded off.
        scale: f64,
    },
    /// r²/2 within `scale`, and a straight line beyond (Huber 1964).
    Huber {
        /// Where the line begins.
        scale: f64,
    },
    /// scale²·r²/(2(scale² + r²)): no residual costs more than scale²/2 (Geman and McClure 1985).
    GemanMcClure {
        /// The residual that costs half the most.
        scale: f64,
    },
    /// scale²·ln(1 + r²/scale²)/2 (Cauchy's distribution).
    Cauchy {
        /// Where it begins to flatten.
        scale: f64,
    },
}

impl Robust {
    /// What a residual costs.
    pub fn cost(self, r: f64) -> f64 {
        match self {
            Robust::Square => 0.5 * r * r,
            Robust::Absolute { scale } => r * r / (r.hypot(scale) + scale),
            Robust::Huber { scale } if r.abs() <= scale => 0.5 * r * r,
            Robust::Huber { scale } => scale * (r.abs() - 0.5 * scale),
            Robust::GemanMcClure { scale } => 0.5 * r * r / (1.0 + (r / scale).powi(2)),
            Robust::Cauchy { scale } => 0.5 * scale * scale * (r / scale).powi(2).ln_1p(),
        }
    }

    /// What a residual counts beside others in a least-squares step: the cost's derivative over r.
    pub fn weight(self, r: f64) -> f64 {
        match self {
            Robust::Square => 1.0,
            Robust::Absolute { scale } => 1.0 / r.hypot(scale),
            Robust::Huber { scale } if r.abs() <= scale => 1.0,
            Robust::Huber { scale } => scale / r.abs(),
            Robust::GemanMcClure { scale } => (1.0 + (r / scale).powi(2)).powi(-2),
            Robust::Cauchy { scale } => 1.0 / (1.0 + (r / scale).powi(2)),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn weights_are_the_costs_derivatives() {
        let scale = 0.3;
        let all = [
            Robust::Square,
            Robust::Absolute { scale },
            Robust::Huber { scale },
            Robust::GemanMcClure { scale },
            Robust::Cauchy { scale },
        ];
        for own in all {
            assert_eq!(own.cost(0.0), 0.0);
            for r in [-2.0, -0.31, -0.1, 0.05, 0.29, 0.7, 5.0] {
                let h = 1e-6;
                let slope = (own.cost(r + h) - own.cost(r - h)) / (2.0 * h);
                assert!((slope - r * own.weight(r)).abs() < 1e-8, "{own:?} at {r}");
                assert!(own.cost(r) > 0.0 && own.weight(r) > 0.0);
            }
        }
    }
}
