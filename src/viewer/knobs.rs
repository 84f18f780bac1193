//! Which knob of a MIDI device moves which parameter, and how that is learned: a slider is moved, then the knob.

use super::values::{Given, Values};
use crate::sense::midi::Controller;
use serde_json::{Value, json};
use std::collections::BTreeMap;

/// The parameter that each knob moves, by its name: a scene that has none of that name is not moved.
#[derive(Clone, Debug, Default, PartialEq)]
pub(super) struct Knobs(BTreeMap<Controller, String>);

/// How far the learning of a knob is.
#[derive(Clone, Debug, Default, PartialEq)]
pub(super) enum Learning {
    /// Nothing is learned.
    #[default]
    Off,
    /// A slider is to be moved.
    Slider,
    /// The knob is to be moved that is to move this parameter.
    Knob(String),
}

impl Learning {
    /// Begins, or ends.
    pub(super) fn toggle(&mut self) {
        *self = if *self == Learning::Off { Learning::Slider } else { Learning::Off };
    }

    /// A hand has moved the slider of a parameter.
    pub(super) fn touched(&mut self, parameter: &str) {
        if *self != Learning::Off {
            *self = Learning::Knob(parameter.into());
        }
    }
}

impl Knobs {
    /// Knobs have moved, each to a place from 0 to 1: the parameters that they move, with their values. The first of
    /// them is learned, if that is wanted.
    pub(super) fn moved(
        &mut self,
        places: &[(Controller, f64)],
        learning: &mut Learning,
        values: &Values,
    ) -> Given {
        if let (Learning::Knob(name), [(knob, _), ..]) = (&learning, places) {
            self.0.insert(*knob, name.clone());
            *learning = Learning::Slider;
        }
        let value = |(knob, place): &(Controller, f64)| {
            let name = self.0.get(knob)?;
            let slider = values.sliders().iter().find(|slider| slider.parameter.name() == name)?;
            let (low, high) = slider.ends();
            Some((name.clone(), low + place * (high - low)))
        };
        places.iter().filter_map(value).collect()
    }

    /// The knobs that move a parameter.
    pub(super) fn of<'a>(&'a self, parameter: &'a str) -> impl Iterator<Item = Controller> + 'a {
        self.0.iter().filter(move |(_, name)| *name == parameter).map(|(knob, _)| *knob)
    }

    /// A knob moves nothing any more.
    pub(super) fn forget(&mut self, knob: Controller) {
        self.0.remove(&knob);
    }

    /// As the window's memory writes them.
    pub(super) fn to_json(&self) -> Value {
        self.0.iter().map(|(knob, name)| json!([knob.channel, knob.number, name])).collect()
    }

    /// Those that a text knows; what is none is left out.
    pub(super) fn from_json(value: &Value) -> Knobs {
        let byte = |value: &Value| value.as_u64().and_then(|value| u8::try_from(value).ok());
        let knob = |entry: &Value| {
            let knob = Controller { channel: byte(&entry[0])?, number: byte(&entry[1])? };
            Some((knob, entry[2].as_str()?.to_string()))
        };
        Knobs(value.as_array().into_iter().flatten().filter_map(knob).collect())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::scene::Scene;

    const FIRST: Controller = Controller { channel: 1, number: 21 };
    const SECOND: Controller = Controller { channel: 3, number: 7 };

    #[test]
    fn a_knob_is_learned_by_a_slider_and_the_knob_and_moves_over_the_whole_range() {
        let text = "show(sphere(param(\"r\", 0.5, 0.25, 1.25)).translate([param(\"x\", 2), 0, 0]));";
        let mut values = Values::default();
        values.take(&Scene::from_text(text, "a.rhai").unwrap().unknowns());
        let (mut knobs, mut learning) = (Knobs::default(), Learning::default());
        let moved = |knobs: &mut Knobs, learning: &mut Learning, knob, place| {
            knobs.moved(&[(knob, place)], learning, &values)
        };
        learning.touched("r"); // nothing is being learned
        assert_eq!((moved(&mut knobs, &mut learning, FIRST, 0.5), &learning), (vec![], &Learning::Off));
        learning.toggle();
        assert_eq!(moved(&mut knobs, &mut learning, FIRST, 0.5), []); // no slider was moved
        learning.touched("x");
        learning.touched("r"); // the last one counts
        assert_eq!(moved(&mut knobs, &mut learning, FIRST, 0.5), [("r".into(), 0.75)]);
        assert_eq!(learning, Learning::Slider);
        learning.touched("x");
        assert_eq!(moved(&mut knobs, &mut learning, SECOND, 0.0), [("x".into(), -2.0)]);
        learning.toggle();
        learning.touched("x");
        assert_eq!(moved(&mut knobs, &mut learning, FIRST, 1.0), [("r".into(), 1.25)]);
        assert_eq!((knobs.of("r").collect::<Vec<_>>(), learning), (vec![FIRST], Learning::Off));
        assert_eq!(Knobs::from_json(&knobs.to_json()), knobs);
        knobs.forget(FIRST);
        assert_eq!(knobs.of("r").count(), 0);
        let broken = json!([[1, 2], [300, 1, "a"], ["x"], 7, [3, 7, "x"]]);
        assert_eq!(Knobs::from_json(&broken), knobs);
    }
}
