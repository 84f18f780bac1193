//! The words of the scene language: every function a scene can call, from one table.
//!
//! Shapes come from [`catalogue`], arithmetic from the list in `field/functions.rs`, and what only scenes have is
//! declared here. Reference pages and completion read the same table as the language does.

use super::draft::Draft;
use super::settings::{Background, Camera, Light, Timeline, moves_in_space};
use crate::error::nearest;
use crate::field::*;
use crate::measure::Bounds;
use crate::shape::{Argument, ArgumentKind, Entry, Fields, catalogue};
use ArgumentKind as Kind;

/// A function of the scene language.
#[derive(Clone, Debug)]
pub struct Word {
    /// Its name.
    pub name: &'static str,
    /// What it belongs to: a module of the shape library, or `arithmetic`, `derivatives`, `look`, `scene`.
    pub group: &'static str,
    /// Its documentation, a line an item.
    pub doc: &'static [&'static str],
    /// The ways to call it, by their number of arguments.
    pub forms: Vec<Form>,
    /// What the shape library says of it, if it is of there.
    entry: Option<&'static Entry>,
}

/// One way to call a function.
#[derive(Clone, Debug)]
pub struct Form {
    /// Its arguments and their kinds.
    pub arguments: Vec<(&'static str, ArgumentKind)>,
    call: Call,
}

/// What a call does.
#[derive(Clone, Copy, Debug)]
enum Call {
    /// A function of the shape library.
    Shape(&'static Entry),
    /// The same, with a last argument that is not given.
    ShapeWith(&'static Entry, f64),
    /// A function of numbers.
    Numbers(fn(Vec<Field>) -> Field),
    /// What only scenes have.
    Scene(fn(&mut Draft, Vec<Argument>) -> Result<Argument, String>),
}

/// What stands for no value at all.
pub(super) fn nothing() -> Argument {
    Argument::Other("nothing".into())
}

impl Word {
    /// The ways to call it, as they are written: `smooth_min(a, b)`, `smooth_min(a, b, k)`, …
    pub fn signatures(&self) -> impl Iterator<Item = String> + '_ {
        self.forms.iter().map(|form| format!("{}({})", self.name, form.names()))
    }

    /// An example of it, where the shape library has one.
    pub fn example(&self) -> Option<String> {
        self.entry.map(Entry::example)
    }

    /// Whether it takes any number of fields.
    pub fn is_variadic(&self) -> bool {
        self.forms[0].arguments.iter().any(|(_, kind)| *kind == Kind::Shapes)
    }

    /// What it takes, for messages.
    pub(super) fn takes(&self) -> String {
        if self.is_variadic() {
            return format!("{} takes {}", self.name, Kind::Shapes.description());
        }
        let forms: Vec<String> = self.forms.iter().map(|form| format!("({})", form.names())).collect();
        format!("{} takes {}", self.name, forms.join(" or "))
    }

    /// Calls it. The message says what is wrong with the arguments.
    pub(super) fn call(&self, draft: &mut Draft, arguments: Vec<Argument>) -> Result<Argument, String> {
        let arguments = match self.is_variadic() {
            true => vec![Argument::List(arguments.into_iter().flat_map(entries).collect())],
            false => arguments,
        };
        let got = || arguments.iter().map(Argument::to_string).collect::<Vec<_>>().join(", ");
        let Some(form) = self.forms.iter().find(|form| form.arguments.len() == arguments.len()) else {
            return Err(format!("{}; got ({})", self.takes(), got()));
        };
        let wrong = form.arguments.iter().zip(&arguments).find(|((_, kind), given)| !kind.accepts(given));
        if let Some(((name, kind), given)) = wrong {
            let (takes, must) = (self.takes(), kind.description());
            return Err(match self.is_variadic() {
                true => format!("{takes}; got {given}"),
                false => format!("{takes}; got ({}): {name} is {}, and must be {must}", got(), given.kind()),
            });
        }
        form.run(draft, arguments).map_err(|problem| match form.call {
            // What is called by the name of its fewer arguments is spoken of by that name.
            Call::Shape(entry) if entry.name != self.name => problem.replacen(entry.name, self.name, 1),
            _ => problem,
        })
    }
}

fn entries(argument: Argument) -> Vec<Argument> {
    match argument {
        Argument::List(entries) => entries,
        one => vec![one],
    }
}

impl Form {
    fn names(&self) -> String {
        self.arguments.iter().map(|(name, _)| *name).collect::<Vec<_>>().join(", ")
    }

    fn run(&self, draft: &mut Draft, mut arguments: Vec<Argument>) -> Result<Argument, String> {
        let field = match self.call {
            Call::Shape(entry) => (entry.call)(arguments).called_at(&draft.place),
            Call::ShapeWith(entry, last) => {
                arguments.push(Argument::Number(last));
                (entry.call)(arguments).called_at(&draft.place)
            }
            Call::Numbers(call) => call(arguments.into_iter().map(Field::from).collect()),
            Call::Scene(call) => return call(draft, arguments),
        };
        made(draft, field)
    }
}

/// A field a call has made, as a value of the language: a number, where it is one.
pub(super) fn made(draft: &mut Draft, field: Field) -> Result<Argument, String> {
    field.check().map_err(super::explain::problem)?;
    if let (Some(value), None) = (field.as_constant(), field.material()) {
        return Ok(Argument::Number(value));
    }
    if field.reads() == Reads::default() {
        // What depends on nothing and is no constant was left unfolded because it is none: ln(0), 1/0.
        let value = field.value_at([0.0; 4]).map_err(super::explain::problem)?;
        if !value.is_finite() {
            return Err(format!("{} is {value} here, not a finite number", field.title()));
        }
    }
    draft.note(&field)?;
    Ok(Argument::Field(field))
}

/// Rust has no overloading: further arguments of the first name are what the second name takes.
const FURTHER: [(&str, &str); 4] = [
    ("smooth_min", "smooth_min_kind"),
    ("smooth_max", "smooth_max_kind"),
    ("repeat", "repeat_count"),
    ("warp", "warp_time"),
];

/// The last argument of a function when it is not given.
const DEFAULTS: [(&str, f64); 2] = [("smooth_min", 0.5), ("smooth_max", 0.5)];

/// Every function a scene can call.
pub fn words() -> Vec<Word> {
    let form =
        |entry: &Entry, call, count: usize| Form { arguments: entry.arguments[..count].to_vec(), call };
    let mut words: Vec<Word> = Vec::new();
    for entry in catalogue() {
        let count = entry.arguments.len();
        let mut forms = Vec::new();
        if let Some((_, last)) = DEFAULTS.iter().find(|(name, _)| *name == entry.name) {
            forms.push(form(entry, Call::ShapeWith(entry, *last), count - 1));
        }
        forms.push(form(entry, Call::Shape(entry), count));
        words.push(Word { name: entry.name, group: entry.group, doc: entry.doc, forms, entry: Some(entry) });
    }
    for (name, other) in FURTHER {
        let entry = catalogue().find(|entry| entry.name == other).expect("in the catalogue");
        let word = words.iter_mut().find(|word| word.name == name).expect("in the catalogue");
        word.forms.push(form(entry, Call::Shape(entry), entry.arguments.len()));
    }
    for function in FUNCTIONS {
        let arguments = function.arguments.iter().map(|name| (*name, Kind::Number)).collect();
        let forms = vec![Form { arguments, call: Call::Numbers(function.apply) }];
        words.push(Word { name: function.name, group: "arithmetic", doc: function.doc, forms, entry: None });
    }
    words.extend(own());
    words
}

macro_rules! words {
    ($($group:literal: $(
        $(#[doc = $doc:literal])*
        $name:ident($($arg:ident: $kind:ident),*) $(or ($($arg2:ident: $kind2:ident),*))* = $call:expr;
    )*)*) => {
        /// What only scenes have.
        fn own() -> Vec<Word> {
            vec![$($(Word {
                name: stringify!($name),
                group: $group,
                doc: &[$($doc),*],
                forms: vec![
                    Form { arguments: vec![$((stringify!($arg), Kind::$kind)),*], call: Call::Scene($call) }
                    $(, Form { arguments: vec![$((stringify!($arg2), Kind::$kind2)),*], call: Call::Scene($call) })*
                ],
                entry: None,
            },)*)*]
        }
    };
}

words! {
    "arithmetic":
        /// An angle given in degrees.
        deg(angle: Number) = |draft, given| made(draft, deg(first(given)));
        /// 0 where a is below the edge, 1 from there on.
        step(edge: Number, a: Number) = |draft, given| {
            let [edge, a] = all(given);
            made(draft, step(edge, a))
        };
        /// The smooth ramp of a, from 0 at `low` to 1 at `high`.
        smoothstep(low: Number, high: Number, a: Number) = |draft, given| {
            let [low, high, a] = all(given);
            made(draft, smoothstep(low, high, a))
        };
        /// The length of a vector.
        length(v: Triple) = |draft, given| made(draft, length(Vector::from(argument(given, 0))));
        /// The scalar product of two vectors.
        dot(a: Triple, b: Triple) = |draft, given| {
            let [a, b] = [0, 1].map(|i| Vector::from(given[i].clone()));
            made(draft, dot(a, b))
        };
    "derivatives":
        /// The derivative in x.
        dx(f: Field) = |draft, given| made(draft, first(given).dx());
        /// The derivative in y.
        dy(f: Field) = |draft, given| made(draft, first(given).dy());
        /// The derivative in z.
        dz(f: Field) = |draft, given| made(draft, first(given).dz());
        /// The derivative in t.
        dt(f: Field) = |draft, given| made(draft, first(given).dt());
        /// The derivatives in x, y, z and t, as a list of four.
        gradient(f: Field) = |draft, given| {
            let parts = first(given).gradient().into_iter().map(|part| made(draft, part));
            Ok(Argument::List(parts.collect::<Result<_, _>>()?))
        };
        /// How fast the surface moves along its normal, −f_t/|∇f|: positive where the solid grows.
        normal_speed(f: Field) = |draft, given| made(draft, first(given).normal_speed());
        /// The mean curvature of the surface: 1/r on a sphere of radius r.
        mean_curvature(f: Field) = |draft, given| made(draft, first(given).mean_curvature());
        /// The Gaussian curvature of the surface: 1/r² on a sphere of radius r.
        gaussian_curvature(f: Field) = |draft, given| made(draft, first(given).gaussian_curvature());
    "warp":
        /// The field evaluated elsewhere, and at another time: f(x′, y′, z′, t′).
        remap(f: Field, x: Number, y: Number, z: Number, t: Number) = |draft, given| {
            let [f, x, y, z, t] = all(given);
            made(draft, f.remap([x, y, z, t]))
        };
    "look":
        /// The shape in a colour: `"#rrggbb"`, or linear red, green and blue. Colours blend where shapes blend.
        color(shape: Field, color: Color) = |draft, given| {
            let color = Color::from(argument(given.clone(), 1));
            made(draft, first(given).color(color))
        };
        /// The shape with a material: `roughness` (0 is a mirror, 1 is chalk), `metallic` (0 to 1), `emission`, `color`.
        material(shape: Field, options: Options) = material;
        /// The shape under a name of your own, for pictures of the graph and for messages.
        name(shape: Field, label: Text) = |draft, given| {
            let label = String::from(argument(given.clone(), 1));
            let field = first(given).name(&label).called_at(&draft.place);
            made(draft, field)
        };
    "scene":
        /// A named number that sliders move and fits find, with its start value and, if it has one, its range.
        /// A vector makes three: `name.x`, `name.y` and `name.z`.
        param(name: Text, value: Start) or (name: Text, value: Start, min: Number, max: Number) = parameter;
        /// Shows shapes. What is shown by all calls together is the scene.
        show(shapes: Shapes) = show;
        /// Where the picture is taken from: `eye`, `target`, `up`, and `fov`, the vertical angle of view in degrees.
        /// Each may move with t and with parameters.
        camera(options: Options) = camera;
        /// A light far away: `direction` (the way to it), `color`, `intensity`. Each call adds one.
        light(options: Options) = light;
        /// The colour where there is no shape, or one at the horizon and another straight up.
        background(color: Color) or (horizon: Color, zenith: Color) = background;
        /// The span of time in seconds. Options: `loop` (whether it starts anew at its end) and `fps`.
        timeline(from: Number, to: Number) or (from: Number, to: Number, options: Options) = timeline;
        /// The part of space the scene is in, by two opposite corners.
        bounds(min: Triple, max: Triple) = bounds;
}

fn argument(given: Vec<Argument>, i: usize) -> Argument {
    given.into_iter().nth(i).unwrap_or_else(nothing)
}

fn first(given: Vec<Argument>) -> Field {
    argument(given, 0).into()
}

fn all<const N: usize>(given: Vec<Argument>) -> [Field; N] {
    let mut given = given.into_iter();
    std::array::from_fn(|_| given.next().unwrap_or_else(nothing).into())
}

/// A number that must be known while the script runs.
fn constant(what: &str, given: &Argument) -> Result<f64, String> {
    let value =
        given.as_number().ok_or_else(|| format!("{what} is {}, and must be a number", given.kind()))?;
    match value.is_finite() {
        true => Ok(value),
        false => Err(format!("{what} is {value}, not a finite number")),
    }
}

fn constant_vector(what: &str, given: &Argument) -> Result<[f64; 3], String> {
    let Argument::List(parts) = given else { return Err(format!("{what} is {given}, and must be a vector")) };
    let mut vector = [0.0; 3];
    for (value, part) in vector.iter_mut().zip(parts) {
        *value = constant(what, part)?;
    }
    Ok(vector)
}

fn parameter(draft: &mut Draft, given: Vec<Argument>) -> Result<Argument, String> {
    let name = String::from(given[0].clone());
    let range = match &given[2..] {
        [min, max] => Some((constant("param: min", min)?, constant("param: max", max)?)),
        _ => None,
    };
    let mut declare = |name: &str, value: &Argument, part| {
        let field = draft.declare(name, constant("param: value", value)?, range, part)?;
        made(draft, field)
    };
    match &given[1] {
        Argument::List(parts) => {
            let name_of = |i: usize| format!("{name}.{}", ["x", "y", "z"][i]);
            let parts = parts.iter().enumerate().map(|(i, value)| declare(&name_of(i), value, Some(i)));
            Ok(Argument::List(parts.collect::<Result<_, _>>()?))
        }
        value => declare(&name, value, None),
    }
}

fn show(draft: &mut Draft, given: Vec<Argument>) -> Result<Argument, String> {
    let Fields(shapes) = argument(given, 0).into();
    if shapes.is_empty() {
        return Err("show needs a shape to show, as in show(sphere(1))".into());
    }
    for shape in shapes {
        if let Some(value) = shape.as_constant() {
            return Err(format!("show needs a shape, and {value} is the same everywhere"));
        }
        if draft.is_own() {
            draft.shown.push((shape, draft.place.clone()));
        }
    }
    Ok(nothing())
}

/// The options of a call, each taken by its name.
struct Options<'a> {
    function: &'a str,
    /// Whether options may differ from point to point, as a material does.
    in_space: bool,
    given: Vec<(String, Argument)>,
}

impl<'a> Options<'a> {
    /// An option that the function has not is a mistake.
    fn new(function: &'a str, given: Argument, known: &[&str]) -> Result<Options<'a>, String> {
        let given = match given {
            Argument::Options(given) => given,
            _ => Vec::new(),
        };
        for (name, _) in &given {
            if !known.contains(&name.as_str()) {
                let meant = match nearest(name, known.iter().copied()) {
                    Some(near) => format!("; did you mean {near}?"),
                    None => format!(", but {}", known.join(", ")),
                };
                return Err(format!("{function} has no option {name:?}{meant}"));
            }
        }
        Ok(Options { function, in_space: false, given })
    }

    fn take(&self, name: &str, kind: Kind) -> Result<Option<Argument>, String> {
        let Some((_, given)) = self.given.iter().find(|(own, _)| own == name) else { return Ok(None) };
        match kind.accepts(given) {
            true => Ok(Some(given.clone())),
            false => {
                let (function, is, must) = (self.function, given.kind(), kind.description());
                Err(format!("{function}: {name} is {is}, and must be {must}"))
            }
        }
    }

    /// A number or a field, within limits where it is a constant.
    fn number(
        &self,
        name: &str,
        allowed: impl Fn(f64) -> bool,
        must: &str,
        to: &mut Field,
    ) -> Result<(), String> {
        if let Some(given) = self.take(name, Kind::Number)? {
            let field = Field::from(given);
            if let Some(value) = field.as_constant().filter(|value| !allowed(*value)) {
                return Err(format!("{}: {name} is {value}, and must be {must}", self.function));
            }
            *to = self.checked(name, [field])?[0].clone();
        }
        Ok(())
    }

    fn vector(&self, name: &str, to: &mut [Field; 3]) -> Result<(), String> {
        if let Some(given) = self.take(name, Kind::Triple)? {
            *to = self.checked(name, Vector::from(given).0)?;
        }
        Ok(())
    }

    fn color(&self, name: &str, to: &mut [Field; 3]) -> Result<(), String> {
        if let Some(given) = self.take(name, Kind::Color)? {
            *to = self.checked(name, colored(self.function, name, given)?)?;
        }
        Ok(())
    }

    /// That what has one value at a time has one.
    fn checked<const N: usize>(&self, name: &str, fields: [Field; N]) -> Result<[Field; N], String> {
        match fields.iter().find_map(moves_in_space) {
            Some(problem) if !self.in_space => Err(format!("{}: {name} {problem}", self.function)),
            _ => Ok(fields),
        }
    }
}

fn colored(function: &str, what: &str, given: Argument) -> Result<[Field; 3], String> {
    Color::from(given).0.map_err(|problem| format!("{function}: {what} {problem}"))
}

fn material(draft: &mut Draft, given: Vec<Argument>) -> Result<Argument, String> {
    let known = ["color", "roughness", "metallic", "emission"];
    let options = Options { in_space: true, ..Options::new("material", argument(given.clone(), 1), &known)? };
    let shape = first(given);
    let mut material = shape.material().cloned().unwrap_or_default();
    let share = |value: f64| (0.0..=1.0).contains(&value);
    options.color("color", &mut material.color)?;
    options.number("roughness", share, "from 0 to 1", &mut material.roughness)?;
    options.number("metallic", share, "from 0 to 1", &mut material.metallic)?;
    options.color("emission", &mut material.emission)?;
    made(draft, shape.painted(material))
}

fn camera(draft: &mut Draft, given: Vec<Argument>) -> Result<Argument, String> {
    let options = Options::new("camera", argument(given, 0), &["eye", "target", "up", "fov"])?;
    let mut camera = Camera::default();
    options.vector("eye", &mut camera.eye)?;
    options.vector("target", &mut camera.target)?;
    options.vector("up", &mut camera.up)?;
    let angle = |value: f64| value > 0.0 && value < 180.0;
    options.number("fov", angle, "above 0 and below 180 degrees", &mut camera.fov)?;
    if camera.eye == camera.target {
        return Err("camera: its eye is its target, so that it looks nowhere".into());
    }
    if draft.is_own() {
        draft.camera = Some(camera);
    }
    Ok(nothing())
}

fn light(draft: &mut Draft, given: Vec<Argument>) -> Result<Argument, String> {
    let options = Options::new("light", argument(given, 0), &["direction", "color", "intensity"])?;
    let mut light = Light::default();
    options.vector("direction", &mut light.direction)?;
    options.color("color", &mut light.color)?;
    options.number("intensity", |value| value >= 0.0, "0 or more", &mut light.intensity)?;
    if light.direction.iter().all(|part| part.as_constant() == Some(0.0)) {
        return Err("light: direction is the zero vector, which has no direction".into());
    }
    if draft.is_own() {
        draft.lights.push(light);
    }
    Ok(nothing())
}

fn background(draft: &mut Draft, given: Vec<Argument>) -> Result<Argument, String> {
    let (horizon, zenith) = (&given[0], &given[given.len() - 1]);
    let background = Background {
        horizon: colored("background", "color", horizon.clone())?,
        zenith: colored("background", "color", zenith.clone())?,
    };
    let mut channels = background.horizon.iter().chain(&background.zenith);
    if let Some(problem) = channels.find_map(moves_in_space) {
        return Err(format!("background: a colour {problem}"));
    }
    if draft.is_own() {
        draft.background = Some(background);
    }
    Ok(nothing())
}

fn timeline(draft: &mut Draft, given: Vec<Argument>) -> Result<Argument, String> {
    let (from, to) = (constant("timeline: from", &given[0])?, constant("timeline: to", &given[1])?);
    if to < from {
        return Err(format!("timeline: it ends at {to}, before it starts at {from}"));
    }
    let options = Options::new("timeline", argument(given, 2), &["loop", "fps"])?;
    let mut timeline = Timeline { from, to, ..Timeline::default() };
    if let Some((_, given)) = options.given.iter().find(|(name, _)| name == "loop") {
        let Argument::Flag(repeats) = given else {
            return Err(format!("timeline: loop is {}, and must be true or false", given.kind()));
        };
        timeline.repeats = *repeats;
    }
    if let Some(given) = options.take("fps", Kind::Number)? {
        timeline.fps = constant("timeline: fps", &given)?;
        if !(timeline.fps > 0.0 && timeline.fps <= 1000.0) {
            return Err(format!("timeline: fps is {}, and must be above 0, at most 1000", timeline.fps));
        }
    }
    if draft.is_own() {
        draft.timeline = Some(timeline);
    }
    Ok(nothing())
}

fn bounds(draft: &mut Draft, given: Vec<Argument>) -> Result<Argument, String> {
    let (min, max) = (constant_vector("bounds: min", &given[0])?, constant_vector("bounds: max", &given[1])?);
    for (axis, (min, max)) in ["x", "y", "z"].iter().zip(min.iter().zip(&max)) {
        if min >= max {
            return Err(format!("bounds: in {axis} they go from {min} to {max}, and must go up"));
        }
    }
    if draft.is_own() {
        draft.bounds = Some(Bounds::new(min, max));
    }
    Ok(nothing())
}
