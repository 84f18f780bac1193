//! When the view says what is being done: not of what takes a moment, and then for long enough to be read.

use std::time::{Duration, Instant};

/// What takes no longer is not spoken of.
pub(super) const MOMENT: Duration = Duration::from_millis(300);
/// How long a sign stays when it is no longer wanted: until what follows, if that is slow too, has a sign of its own.
const STAYS: Duration = Duration::from_millis(350);

/// Whether what is being done is said.
#[derive(Debug, Default)]
pub(super) struct Sign {
    until: Option<Instant>,
}

impl Sign {
    /// Looks at work that has come to nothing since then, if there is any: whether it is to be said.
    pub fn looks(&mut self, since: Option<Instant>, now: Instant) -> bool {
        if since.is_some_and(|since| now >= since + MOMENT) {
            self.until = Some(now + STAYS);
        }
        self.until = self.until.filter(|&until| now < until);
        self.until.is_some()
    }

    /// How long until it must look again.
    pub fn rests(&self, since: Option<Instant>, now: Instant) -> Option<Duration> {
        let next = [since.map(|since| since + MOMENT).filter(|&then| then > now), self.until];
        next.into_iter().flatten().min().map(|next| next.saturating_duration_since(now))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_sign_comes_after_a_moment_and_bridges_what_is_slow() {
        let (start, mut sign) = (Instant::now(), Sign::default());
        let at = |ms: u64| start + Duration::from_millis(ms);
        assert!(!sign.looks(None, at(0)) && sign.rests(None, at(0)).is_none());
        assert!(!sign.looks(Some(at(0)), at(299)));
        assert_eq!(sign.rests(Some(at(0)), at(299)), Some(Duration::from_millis(1)));
        assert!(sign.looks(Some(at(0)), at(300)));
        // An answer came at 900; the next takes as long.
        assert!(sign.looks(Some(at(0)), at(900)));
        assert!([950, 1100, 1199, 1200].map(|now| sign.looks(Some(at(900)), at(now))).iter().all(|&is| is));
        // Nothing is done any more.
        assert!(sign.looks(None, at(1500)) && !sign.looks(None, at(1550)));
        assert!(sign.rests(None, at(1550)).is_none());
    }
}
