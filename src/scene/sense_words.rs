//! The words of scenes for probes and what is felt of them. Each is a word of `words.rs`.

use super::draft::Draft;
use super::senses::{By, CHANNELS, Channel, Follow, Probe, Sense, Way};
use super::settings::{Light, moves_in_space};
use super::statements::{CallOptions, colored, constant};
use super::words::nothing;
use crate::error::{Place, nearest};
use crate::field::{Axis, Field, Vector};
use crate::shape::{Argument, ArgumentKind as Kind};

/// The most probes of a scene, and the most fields that one reads by name.
const MAX_PROBES: usize = 64;
/// The most characters of a probe's name, and of the name of what it reads.
const MAX_NAME: usize = 64;
/// The longest time, in seconds, that smoothing may take.
const MAX_SMOOTH: f64 = 3600.0;

/// A probe while the script runs: what is not said is known at its end.
pub(super) struct Sketch {
    name: String,
    way: SketchedWay,
    field: Option<Field>,
    reads: Vec<(String, Field)>,
    channels: Vec<Channel>,
    /// The call that made its touch, where that goes along the gradient.
    gradient_touch: Option<Place>,
    place: Place,
}

enum SketchedWay {
    Along(Vector<3>),
    Follow { by: By, field: Option<Field>, from: Vector<3>, speed: Field, around: Vector<3> },
}

impl Sketch {
    /// The probe, in a scene that shows this field.
    pub(super) fn finished(self, shown: &Field) -> Probe {
        let followed = match &self.way {
            SketchedWay::Follow { field, .. } => field.clone(),
            SketchedWay::Along(_) => None,
        };
        let field = self.field.or(followed).unwrap_or_else(|| shown.clone());
        let way = match self.way {
            SketchedWay::Along(way) => Way::Along(way),
            SketchedWay::Follow { by, field, from, speed, around } => {
                let field = field.unwrap_or_else(|| shown.clone());
                Way::Follow(Box::new(Follow { by, field, from, speed, around }))
            }
        };
        let mut channels = self.channels;
        if let Some(place) = self.gradient_touch {
            let direction = field.spatial_gradient().normalize();
            channels.extend(unsaid(Sense::Touch, &["x", "y", "z"], direction.0, &place));
        }
        let order = |channel: &Channel| CHANNELS.iter().position(|own| own == channel.meaning);
        channels.sort_by_key(order);
        Probe { name: self.name, way, field, reads: self.reads, channels, place: self.place }
    }

    fn has(&self, sense: Sense) -> Option<&Place> {
        let own = self.channels.iter().find(|channel| channel.meaning.sense == sense);
        own.map(|channel| &channel.place)
    }
}

/// That a text can be a part of an address and of a column's name.
fn check_name(what: &str, name: &str) -> Result<(), String> {
    let is_plain = |c: char| c.is_ascii_alphanumeric() || c == '_' || c == '-';
    match name.is_empty() || name.len() > MAX_NAME || !name.chars().all(is_plain) {
        true => {
            Err(format!("{what} is {name:?}, and must be of letters, digits, _ and -, at most {MAX_NAME}"))
        }
        false => Ok(()),
    }
}

pub(super) fn probe(draft: &mut Draft, given: Vec<Argument>) -> Result<Argument, String> {
    let name = String::from(given[0].clone());
    check_name("probe: its name", &name)?;
    let way = match &given[1] {
        Argument::Options(_) => follow(given[1].clone())?,
        place => SketchedWay::Along(of_time("probe: its place", place.clone().into())?),
    };
    let (mut field, mut reads) = (None, Vec::new());
    if let Some(given) = given.get(2) {
        let options = CallOptions::new("probe", given.clone(), &["of", "reads"])?;
        field = options.take("of", Kind::Field)?.map(Field::from);
        if let Some(Argument::Options(named)) = options.take("reads", Kind::Options)? {
            for (name, given) in named {
                check_name("probe: the name of what it reads", &name)?;
                if !given.is_scalar() {
                    return Err(format!(
                        "probe: {name} is {}, and must be a number or a field",
                        given.kind()
                    ));
                }
                reads.push((name, given.into()));
            }
        }
    }
    if reads.len() > MAX_PROBES {
        return Err(format!("probe: it reads more than {MAX_PROBES} fields by name"));
    }
    if draft.is_own() {
        if let Some(other) = draft.probes.iter().find(|other| other.name == name) {
            return Err(format!("there is a probe {name:?} already, at {}", other.place));
        }
        if draft.probes.len() == MAX_PROBES {
            return Err(format!("a scene has at most {MAX_PROBES} probes"));
        }
        let (channels, place) = (Vec::new(), draft.place.clone());
        let name = name.clone();
        draft.probes.push(Sketch { name, way, field, reads, channels, gradient_touch: None, place });
    }
    Ok(Argument::Text(name))
}

fn of_time(what: &str, place: Vector<3>) -> Result<Vector<3>, String> {
    match place.0.iter().find_map(moves_in_space) {
        Some(problem) => Err(format!("{what} {problem}")),
        None => Ok(place),
    }
}

fn follow(given: Argument) -> Result<SketchedWay, String> {
    let known = ["follow", "of", "from", "speed", "around"];
    let options = CallOptions::new("probe", given, &known)?;
    let names = By::ALL.map(|(name, _)| name).join(", ");
    let Some(named) = options.take("follow", Kind::Text)? else {
        return Err(format!("probe: follow is missing: what its particle follows, one of {names}"));
    };
    let named = String::from(named);
    let Some((_, by)) = By::ALL.iter().find(|(name, _)| *name == named) else {
        return Err(format!("probe: follow is {named:?}, and must be one of {names}"));
    };
    let Some(from) = options.take("from", Kind::Triple)? else {
        return Err("probe: from is missing: the place where its particle starts".into());
    };
    let from = of_time("probe: from", from.into())?;
    let mut speed = Field::constant(1.0);
    if let Some(given) = options.take("speed", Kind::Number)? {
        speed = given.into();
    }
    if let Some(value) = speed.as_constant().filter(|value| *value < 0.0) {
        return Err(format!("probe: speed is {value}, and must be 0 or more"));
    }
    let up = Vector([0.0, 1.0, 0.0].map(Field::constant));
    let around = options.take("around", Kind::Direction)?.map_or(up, Vector::from);
    if around.as_constants() == Some([0.0; 3]) {
        return Err("probe: around is the zero vector, which has no direction".into());
    }
    let field = options.take("of", Kind::Field)?.map(Field::from);
    Ok(SketchedWay::Follow { by: *by, field, from, speed, around })
}

/// Which of the probes a call is about; none, where the call is of a file that is imported.
fn probe_of(draft: &Draft, sense: Sense, given: &Argument) -> Result<Option<usize>, String> {
    if !draft.is_own() {
        return Ok(None);
    }
    let (name, word) = (String::from(given.clone()), sense.name());
    let Some(found) = draft.probes.iter().position(|probe| probe.name == name) else {
        let near = nearest(&name, draft.probes.iter().map(|probe| probe.name.as_str()));
        let hint = near.map_or(String::new(), |near| format!("; did you mean {near:?}?"));
        return Err(format!("{word}: there is no probe {name:?}{hint}"));
    };
    match draft.probes[found].has(sense).or(draft.probes[found].gradient_touch.as_ref()) {
        Some(place) if draft.probes[found].has(sense).is_some() => {
            Err(format!("the probe {name:?} has a {word} already, at {place}"))
        }
        _ => Ok(Some(found)),
    }
}

/// The channels of these names, each at the value it has where a scene does not say another.
fn unsaid(
    sense: Sense,
    names: &[&str],
    values: impl IntoIterator<Item = Field>,
    place: &Place,
) -> Vec<Channel> {
    let channel = |(name, value): (&&str, Field)| {
        let is_this = |own: &&super::senses::Meaning| own.sense == sense && own.name == *name;
        let meaning = CHANNELS.iter().find(is_this).expect("a channel of the schema");
        Channel { meaning, value, range: meaning.limits, smooth: 0.0, place: place.clone() }
    };
    names.iter().zip(values).map(channel).collect()
}

/// An option of a sense: an expression, or a map of it with its range and its smoothing.
fn channels(
    options: &CallOptions,
    option: &str,
    kind: Kind,
    mut channels: Vec<Channel>,
) -> Result<Vec<Channel>, String> {
    let sense = options.function;
    let Some(given) = options.get(option) else { return Ok(channels) };
    let mut expression = given.clone();
    if let Argument::Options(_) = given {
        let function = format!("{sense}: {option}");
        let inner = CallOptions::new(&function, given.clone(), &["value", "range", "smooth"])?;
        expression = inner.get("value").cloned().ok_or(format!("{function} has no value"))?;
        if let Some(range) = inner.take("range", Kind::Pair)? {
            let [low, high] = [0, 1].map(|i| constant(&format!("{function}: range"), &range.entries()[i]));
            let (low, high) = (low?, high?);
            for channel in &mut channels {
                let [least, most] = channel.meaning.limits;
                if !(least <= low && low <= high && high <= most) {
                    return Err(format!(
                        "{function}: range goes from {low} to {high}, and must go up within {least} and {most}"
                    ));
                }
                channel.range = [low, high];
            }
        }
        if let Some(smooth) = inner.take("smooth", Kind::Number)? {
            let smooth = constant(&format!("{function}: smooth"), &smooth)?;
            if !(0.0..=MAX_SMOOTH).contains(&smooth) {
                return Err(format!(
                    "{function}: smooth is {smooth} seconds, and must be from 0 to {MAX_SMOOTH}"
                ));
            }
            channels.iter_mut().for_each(|channel| channel.smooth = smooth);
        }
    }
    if !kind.accepts(&expression) {
        return Err(format!(
            "{sense}: {option} is {}, and must be {}",
            expression.kind(),
            kind.description()
        ));
    }
    let values = match kind {
        Kind::Color => colored(sense, option, expression)?.to_vec(),
        Kind::Triple => Vector::<3>::from(expression).0.to_vec(),
        _ => vec![Field::from(expression)],
    };
    channels.iter_mut().zip(values).for_each(|(channel, value)| channel.value = value);
    Ok(channels)
}

pub(super) fn tone(draft: &mut Draft, given: Vec<Argument>) -> Result<Argument, String> {
    let names = ["pitch", "volume", "brightness", "pan"];
    let options = CallOptions::new("tone", given[1].clone(), &names)?;
    let usual = unsaid(Sense::Tone, &names, [220.0, 0.5, 0.3, 0.0].map(Field::constant), &draft.place);
    let mut all = Vec::new();
    for own in usual {
        all.extend(channels(&options, own.meaning.name, Kind::Number, vec![own])?);
    }
    if let Some(probe) = probe_of(draft, Sense::Tone, &given[0])? {
        draft.probes[probe].channels.extend(all);
    }
    Ok(nothing())
}

pub(super) fn touch(draft: &mut Draft, given: Vec<Argument>) -> Result<Argument, String> {
    let options = CallOptions::new("touch", given[1].clone(), &["strength", "frequency", "direction"])?;
    let place = draft.place.clone();
    let usual = unsaid(Sense::Touch, &["strength", "frequency"], [0.5, 150.0].map(Field::constant), &place);
    let mut all = Vec::new();
    for own in usual {
        all.extend(channels(&options, own.meaning.name, Kind::Number, vec![own])?);
    }
    let is_said = options.get("direction").is_some();
    if is_said {
        let usual = unsaid(Sense::Touch, &["x", "y", "z"], [0.0; 3].map(Field::constant), &place);
        all.extend(channels(&options, "direction", Kind::Triple, usual)?);
    }
    if let Some(probe) = probe_of(draft, Sense::Touch, &given[0])? {
        draft.probes[probe].channels.extend(all);
        draft.probes[probe].gradient_touch = (!is_said).then_some(place);
    }
    Ok(nothing())
}

/// The light of a probe. Where its way and its values are known beforehand, it is one of the scene's lights.
pub(super) fn light(draft: &mut Draft, given: Vec<Argument>) -> Result<Argument, String> {
    let options = CallOptions::new("light", given[1].clone(), &["color", "strength", "place"])?;
    let (place, one) = (draft.place.clone(), || Field::constant(1.0));
    let usual = |names: &[&str], values: Vec<Field>| unsaid(Sense::Light, names, values, &place);
    let color = usual(&["red", "green", "blue"], vec![one(), one(), one()]);
    let here = [Axis::X, Axis::Y, Axis::Z].map(Field::coordinate);
    let mut all = channels(&options, "color", Kind::Color, color)?;
    all.extend(channels(&options, "strength", Kind::Number, usual(&["strength"], vec![one()]))?);
    all.extend(channels(&options, "place", Kind::Triple, usual(&["x", "y", "z"], here.to_vec()))?);
    let Some(probe) = probe_of(draft, Sense::Light, &given[0])? else { return Ok(nothing()) };
    let is_known = all.iter().all(|channel| channel.smooth == 0.0);
    if let (SketchedWay::Along(way), true) = (&draft.probes[probe].way, is_known) {
        let light = shining(&all, way);
        draft.lights.push(light);
    }
    draft.probes[probe].channels.extend(all);
    Ok(nothing())
}

/// The light of pictures: what the channels say at each time, where the probe then is. It comes from the direction of
/// its place, seen from the origin.
fn shining(channels: &[Channel], way: &Vector<3>) -> Light {
    let [x, y, z] = way.0.clone();
    let to = [x, y, z, Field::coordinate(Axis::T)];
    let at = |i: usize| {
        let Channel { value, range: [low, high], .. } = &channels[i];
        value.remap(to.clone()).max(*low).min(*high)
    };
    Light { color: [at(0), at(1), at(2)], intensity: at(3), direction: [at(4), at(5), at(6)] }
}
