//! The values parameters have in the window, with every change to undo.

use crate::field::{Parameter, Unknowns};
use std::time::{Duration, Instant};

/// The parameters of a scene and the values a hand gave them.
#[derive(Clone, Debug, Default, PartialEq)]
pub(super) struct Values {
    sliders: Vec<Slider>,
    past: Vec<Given>,
    future: Vec<Given>,
    /// Whether changes join the one before, as those of one drag do.
    is_held: bool,
    /// When the last change came, if it was one of a stream.
    streamed: Option<Instant>,
}

/// A parameter, and what the window knows of it.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Slider {
    /// The parameter as the scene's text has it.
    pub parameter: Parameter,
    /// Its value now.
    pub value: f64,
    /// Whether pulling at the surface leaves it alone.
    pub is_locked: bool,
    /// Whether the scene's text locks it.
    pub is_locked_in_text: bool,
}

impl Slider {
    /// Whether it is not as the text has it.
    pub(super) fn is_moved(&self) -> bool {
        self.value != self.parameter.value()
    }

    /// The ends of its slider: of its range, or, where it has none, about the text's value.
    pub(super) fn ends(&self) -> (f64, f64) {
        let value = self.parameter.value();
        let reach = 2.0 * value.abs().max(0.5);
        self.parameter.range().unwrap_or((value - reach, value + reach))
    }

    /// The nearest value it may have.
    fn held(&self, value: f64) -> f64 {
        let (low, high) = self.parameter.range().unwrap_or((f64::MIN, f64::MAX));
        if value.is_nan() { self.value } else { value.clamp(low, high) }
    }
}

/// Values by the names of their parameters.
pub(super) type Given = Vec<(String, f64)>;

/// How many changes are kept.
const MAX_KEPT: usize = 1000;
/// Values that stream in, a message after the other, are one change until nothing has come for so long.
const PAUSE: Duration = Duration::from_secs(1);

impl Values {
    /// The parameters of a scene that was read anew. Values and locks that a hand gave stay, unless the text now says
    /// something else.
    pub(super) fn take(&mut self, unknowns: &Unknowns) {
        let old = std::mem::take(&mut self.sliders);
        self.sliders = unknowns
            .parameters()
            .iter()
            .map(|parameter| {
                let known = old.iter().find(|slider| slider.parameter.name() == parameter.name());
                let is_locked_in_text = unknowns.is_locked(parameter.name());
                let by_hand = known.filter(|k| k.is_locked_in_text == is_locked_in_text);
                let mut slider = Slider {
                    value: parameter.value(),
                    parameter: parameter.clone(),
                    is_locked: by_hand.map_or(is_locked_in_text, |k| k.is_locked),
                    is_locked_in_text,
                };
                if let Some(known) = known.filter(|k| k.parameter.value() == slider.parameter.value()) {
                    slider.value = slider.held(known.value);
                }
                slider
            })
            .collect();
    }

    /// All parameters.
    pub(super) fn sliders(&self) -> &[Slider] {
        &self.sliders
    }

    /// The values of all of them.
    pub(super) fn all(&self) -> Vec<(String, f64)> {
        self.sliders.iter().map(|slider| (slider.parameter.name().to_string(), slider.value)).collect()
    }

    /// A parameter's value.
    #[cfg(test)]
    pub(super) fn get(&self, name: &str) -> Option<f64> {
        self.sliders.iter().find(|slider| slider.parameter.name() == name).map(|slider| slider.value)
    }

    /// Gives a parameter the nearest value it may have.
    pub(super) fn set(&mut self, name: &str, value: f64) {
        self.set_all(&[(name.to_string(), value)]);
    }

    /// Gives some parameters new values, as one change.
    pub(super) fn set_all(&mut self, values: &[(String, f64)]) {
        self.streamed = None;
        let before = self.all();
        self.put(values);
        if self.all() == before {
            return;
        }
        if !self.is_held {
            self.past.push(before);
            let extra = self.past.len().saturating_sub(MAX_KEPT);
            self.past.drain(..extra);
        }
        self.is_held = true;
        self.future.clear();
    }

    /// Gives some parameters new values that came from outside: those that follow each other are one change.
    pub(super) fn stream(&mut self, values: &[(String, f64)], now: Instant) {
        let joins = self.streamed.is_some_and(|last| now.duration_since(last) < PAUSE);
        let was_held = self.is_held;
        self.is_held |= joins;
        self.set_all(values);
        (self.is_held, self.streamed) = (was_held, Some(now));
    }

    fn put(&mut self, values: &[(String, f64)]) {
        for slider in &mut self.sliders {
            if let Some((_, value)) = values.iter().find(|(name, _)| name == slider.parameter.name()) {
                slider.value = slider.held(*value);
            }
        }
    }

    /// The hand lets go: the next change is one of its own.
    pub(super) fn let_go(&mut self) {
        self.is_held = false;
    }

    /// Whether a change is under way.
    pub(super) fn is_held(&self) -> bool {
        self.is_held
    }

    /// Locks a parameter against pulling at the surface, or frees it.
    pub(super) fn lock(&mut self, name: &str, is_locked: bool) {
        if let Some(slider) = self.sliders.iter_mut().find(|slider| slider.parameter.name() == name) {
            slider.is_locked = is_locked;
        }
    }

    /// Gives all parameters the values of the text.
    pub(super) fn reset(&mut self) {
        let starts: Vec<(String, f64)> = self
            .sliders
            .iter()
            .map(|slider| (slider.parameter.name().to_string(), slider.parameter.value()))
            .collect();
        self.let_go();
        self.set_all(&starts);
        self.let_go();
    }

    /// Takes the last change back; whether there was one.
    pub(super) fn undo(&mut self) -> bool {
        (self.is_held, self.streamed) = (false, None);
        let Some(before) = self.past.pop() else { return false };
        self.future.push(self.all());
        self.put(&before);
        true
    }

    /// Makes the change that was last taken back again; whether there was one.
    pub(super) fn redo(&mut self) -> bool {
        (self.is_held, self.streamed) = (false, None);
        let Some(after) = self.future.pop() else { return false };
        self.past.push(self.all());
        self.put(&after);
        true
    }

    /// Whether there is something to take back, and something to make again.
    pub(super) fn can_undo_and_redo(&self) -> [bool; 2] {
        [!self.past.is_empty(), !self.future.is_empty()]
    }

    /// Forgets all changes: another scene begins.
    pub(super) fn clear(&mut self) {
        *self = Values::default();
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::scene::Scene;

    fn values(text: &str) -> Values {
        let mut values = Values::default();
        values.take(&parameters(text));
        values
    }

    fn parameters(text: &str) -> Unknowns {
        Scene::from_text(&format!("{text} show(sphere(1));"), "a.rhai").unwrap().unknowns()
    }

    const TWO: &str = "param(\"a\", 1, 0, 2); param(\"b\", 5);";

    #[test]
    fn a_drag_is_one_change_and_undo_and_redo_go_through_all() {
        let mut values = values(TWO);
        for value in [1.1, 1.5, 9.0] {
            values.set("a", value);
        }
        assert_eq!(values.get("a"), Some(2.0)); // its range ends there
        values.let_go();
        values.set("b", -3.0);
        assert!(values.undo());
        assert_eq!(values.all(), [("a".into(), 2.0), ("b".into(), 5.0)]);
        assert!(values.undo());
        assert_eq!(values.get("a"), Some(1.0));
        assert!(!values.undo());
        assert!(values.redo() && values.redo() && !values.redo());
        assert_eq!(values.all(), [("a".into(), 2.0), ("b".into(), -3.0)]);
        values.reset();
        assert!(values.sliders().iter().all(|slider| !slider.is_moved()));
        assert!(values.undo());
        assert_eq!(values.get("b"), Some(-3.0));
    }

    #[test]
    fn values_that_stream_in_are_one_change_until_there_is_a_pause() {
        let (mut values, begun) = (values(TWO), Instant::now());
        let after = |tenths: u32| begun + tenths * Duration::from_millis(100);
        let one = |value: f64| [("a".to_string(), value)];
        for (tenths, value) in [(0, 1.1), (5, 1.2), (14, 1.3), (30, 1.4)] {
            values.stream(&one(value), after(tenths));
        }
        values.set("b", 6.0); // a hand
        values.let_go();
        values.stream(&one(1.5), after(31));
        for wanted in [1.4, 1.4, 1.3, 1.0] {
            assert!(values.undo());
            assert_eq!(values.get("a"), Some(wanted));
        }
        assert!(!values.undo());
        values.stream(&one(1.6), after(32));
        assert!(values.undo() && values.get("a") == Some(1.0));
    }

    #[test]
    fn a_change_that_changes_nothing_is_none() {
        let mut values = values(TWO);
        values.set("a", 1.0);
        values.set("a", f64::NAN);
        values.set("c", 4.0);
        assert_eq!(values.can_undo_and_redo(), [false, false]);
    }

    #[test]
    fn values_outlive_a_text_that_changes_elsewhere() {
        let mut values = values(TWO);
        values.set("a", 1.5);
        values.set("b", 7.0);
        values.lock("a", true);
        values.take(&parameters("param(\"a\", 1, 0, 1.25); param(\"b\", 6); param(\"c\", 2);"));
        assert_eq!(values.all(), [("a".into(), 1.25), ("b".into(), 6.0), ("c".into(), 2.0)]);
        assert!(values.sliders()[0].is_locked);
        // A lock in the text counts when it comes and when it goes.
        values.take(&parameters("param(\"a\", 1); param(\"b\", 6); lock(\"b\");"));
        assert!(values.sliders()[0].is_locked && values.sliders()[1].is_locked);
        values.lock("b", false);
        values.take(&parameters("param(\"a\", 2); param(\"b\", 6); lock(\"b\");"));
        assert!(!values.sliders()[1].is_locked);
    }
}
