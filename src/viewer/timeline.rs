//! The time that is shown, and how it goes on.

use crate::scene::Timeline;

/// Where in its timeline a scene is, and whether it moves.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Playhead {
    /// The time shown, in seconds.
    pub time: f64,
    /// Whether time goes on.
    pub is_playing: bool,
    /// How fast it goes: 1 is as fast as on a clock, below 0 it goes backwards.
    pub speed: f64,
    /// Whether it starts anew at the end.
    pub repeats: bool,
}

impl Playhead {
    /// At the start of a timeline, moving where there is anything to see.
    pub(super) fn of(timeline: &Timeline, is_playing: bool) -> Playhead {
        let is_playing = is_playing && timeline.to > timeline.from;
        Playhead { time: timeline.from, is_playing, speed: 1.0, repeats: timeline.repeats }
    }

    /// On another timeline: at the same time, where that has it.
    pub(super) fn on(self, timeline: &Timeline) -> Playhead {
        let is_playing = self.is_playing && timeline.to > timeline.from;
        Playhead { time: self.time.clamp(timeline.from, timeline.to), is_playing, ..self }
    }

    /// Plays from here on, or from the start if this is the end; or stops.
    pub(super) fn toggle(&mut self, timeline: &Timeline) {
        self.is_playing = !self.is_playing && timeline.to > timeline.from;
        let (start, end) = match self.speed < 0.0 {
            true => (timeline.to, timeline.from),
            false => (timeline.from, timeline.to),
        };
        if self.is_playing && self.time == end {
            self.time = start;
        }
    }

    /// So many seconds on a clock have passed.
    pub(super) fn advance(&mut self, seconds: f64, timeline: &Timeline) {
        let span = timeline.to - timeline.from;
        if !self.is_playing || span <= 0.0 {
            return;
        }
        let next = self.time + self.speed * seconds;
        let ends = next >= timeline.to || next < timeline.from;
        self.time = match self.repeats {
            true => timeline.from + (next - timeline.from).rem_euclid(span),
            false => next.clamp(timeline.from, timeline.to),
        };
        self.is_playing = self.repeats || !ends;
    }

    /// Stops, at the next picture or one before, on the beats of the timeline.
    pub(super) fn step(&mut self, pictures: i64, timeline: &Timeline) {
        self.is_playing = false;
        let beat = ((self.time - timeline.from) * timeline.fps).round() + pictures as f64;
        let last = ((timeline.to - timeline.from) * timeline.fps).round();
        let beat = match self.repeats && last >= 1.0 {
            true => beat.rem_euclid(last),
            false => beat.clamp(0.0, last),
        };
        self.time = (timeline.from + beat / timeline.fps).min(timeline.to);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const LINE: Timeline = Timeline { from: 2.0, to: 4.0, repeats: true, fps: 10.0 };

    #[test]
    fn time_goes_round_or_stops_at_the_end() {
        let mut head = Playhead::of(&LINE, true);
        head.advance(5.5, &LINE);
        assert_eq!((head.time, head.is_playing), (3.5, true));
        head.repeats = false;
        head.advance(1.0, &LINE);
        assert_eq!((head.time, head.is_playing), (4.0, false));
        head.toggle(&LINE);
        assert_eq!((head.time, head.is_playing), (2.0, true));
        head.speed = -0.5;
        head.repeats = true;
        head.advance(1.0, &LINE);
        assert_eq!(head.time, 3.5);
    }

    #[test]
    fn steps_are_pictures_on_the_beat() {
        let mut head = Playhead { time: 2.34, ..Playhead::of(&LINE, true) };
        head.step(1, &LINE);
        assert_eq!((head.time, head.is_playing), (2.4, false));
        head.step(-5, &LINE);
        assert!((head.time - 3.9).abs() < 1e-12, "{}", head.time);
        head.repeats = false;
        head.step(7, &LINE);
        assert_eq!(head.time, 4.0);
    }

    #[test]
    fn an_instant_does_not_play() {
        let still = Timeline { from: 0.0, to: 0.0, repeats: true, fps: 30.0 };
        let mut head = Playhead::of(&still, true);
        head.toggle(&still);
        head.advance(1.0, &still);
        head.step(1, &still);
        assert_eq!((head.time, head.is_playing), (0.0, false));
    }
}
