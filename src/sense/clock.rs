//! The clock that all tracks, sounds and messages of a recording share.

use crate::error::{Error, Result};

/// A span of time and how often a second everything is read in it.
///
/// Times are those of the scene: tick n is at `from + n/rate`, sample n of a sound at `from + n/rate` of its own
/// rate, and picture n of a film that starts at the same time at `from + n/fps`.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Clock {
    from: f64,
    to: f64,
    rate: f64,
}

/// The most ticks of a recording.
const MAX_TICKS: f64 = 2e7;

impl Clock {
    /// How often a second probes are read where nobody says otherwise.
    pub const RATE: f64 = 250.0;

    /// The clock of a span of time, with so many ticks a second.
    ///
    /// An error where the span goes backwards, the rate is not above 0, or the ticks are more than twenty million.
    pub fn new(from: f64, to: f64, rate: f64) -> Result<Clock> {
        let wrong = |problem: String| Err(Error::Input(problem));
        if !(from.is_finite() && to.is_finite() && from <= to) {
            return wrong(format!("a span of time from {from} to {to} is none"));
        }
        if !(rate.is_finite() && rate > 0.0) {
            return wrong(format!("{rate} ticks a second: there must be more than 0"));
        }
        if (to - from) * rate > MAX_TICKS {
            return wrong(format!(
                "from {from} to {to} at {rate} ticks a second are more than {MAX_TICKS:.0}"
            ));
        }
        Ok(Clock { from, to, rate })
    }

    /// The clock of a span of time at the usual rate, or, of a long one, with at most so many ticks.
    pub(crate) fn spanning(from: f64, to: f64, most: f64) -> Result<Clock> {
        Clock::new(from, to, Clock::RATE.min(most / (to - from).max(1e-9)))
    }

    /// When it starts.
    pub fn from(&self) -> f64 {
        self.from
    }

    /// When it ends.
    pub fn to(&self) -> f64 {
        self.to
    }

    /// How long it is, in seconds.
    pub fn length(&self) -> f64 {
        self.to - self.from
    }

    /// The ticks a second.
    pub fn rate(&self) -> f64 {
        self.rate
    }

    /// How many ticks there are: the first at the start, the last no later than the end.
    pub fn count(&self) -> usize {
        // A span of a whole number of ticks has one at its end, however it is rounded.
        ((self.to - self.from) * self.rate * (1.0 + 1e-12) + 1e-9).floor() as usize + 1
    }

    /// The time of a tick.
    pub fn at(&self, tick: usize) -> f64 {
        self.from + tick as f64 / self.rate
    }
}
