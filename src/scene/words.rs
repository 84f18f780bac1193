//! The words of the scene language: every function a scene can call, from one table.
//!
//! Shapes come from [`catalogue`], arithmetic from the list in `field/functions.rs`, and what only scenes have is
//! declared here, and done in `statements.rs`. Reference pages and completion read the same table as the language does.

use super::data::{grid, mesh, neural, points};
use super::draft::Draft;
use super::holds;
use super::sense_words;
use super::statements::{background, bounds, camera, light, material, parameter, show, timeline};
use crate::field::*;
use crate::shape::{Argument, ArgumentKind, Entry, catalogue};
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
    call: WordCall,
}

/// What a call does.
#[derive(Clone, Copy, Debug)]
enum WordCall {
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
            WordCall::Shape(entry) if entry.name != self.name => problem.replacen(entry.name, self.name, 1),
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
            WordCall::Shape(entry) => (entry.call)(arguments).called_at(&draft.place),
            WordCall::ShapeWith(entry, last) => {
                arguments.push(Argument::Number(last));
                (entry.call)(arguments).called_at(&draft.place)
            }
            WordCall::Numbers(call) => call(arguments.into_iter().map(Field::from).collect()),
            WordCall::Scene(call) => return call(draft, arguments),
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
    check_size(&field)?;
    draft.note(&field)?;
    Ok(Argument::Field(field))
}

/// The vector a call has made.
pub(super) fn made_vector(
    draft: &mut Draft,
    parts: impl IntoIterator<Item = Field>,
) -> Result<Argument, String> {
    let parts = parts.into_iter().map(|field| made(draft, field));
    Ok(Argument::Vector(parts.collect::<Result<_, _>>()?))
}

/// That a field, and what it looks like, can be read.
pub(super) fn check_size(field: &Field) -> Result<(), String> {
    let channels = field.material().into_iter().flat_map(|material| material.channels());
    match std::iter::once(field).chain(channels).find(|part| part.check_size(MAX_RUN).is_err()) {
        None => Ok(()),
        Some(_) => Err(format!(
            "{} is too large: written out, with all that is evaluated elsewhere, it takes more than {MAX_RUN} \
             operations at each point",
            field.title()
        )),
    }
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
            forms.push(form(entry, WordCall::ShapeWith(entry, *last), count - 1));
        }
        forms.push(form(entry, WordCall::Shape(entry), count));
        words.push(Word { name: entry.name, group: entry.group, doc: entry.doc, forms, entry: Some(entry) });
    }
    for (name, other) in FURTHER {
        let entry = catalogue().find(|entry| entry.name == other).expect("in the catalogue");
        let word = words.iter_mut().find(|word| word.name == name).expect("in the catalogue");
        word.forms.push(form(entry, WordCall::Shape(entry), entry.arguments.len()));
    }
    for function in FUNCTIONS {
        let arguments = function.arguments.iter().map(|name| (*name, Kind::Number)).collect();
        let forms = vec![Form { arguments, call: WordCall::Numbers(function.apply) }];
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
                    Form { arguments: vec![$((stringify!($arg), Kind::$kind)),*], call: WordCall::Scene($call) }
                    $(, Form { arguments: vec![$((stringify!($arg2), Kind::$kind2)),*], call: WordCall::Scene($call) })*
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
        /// The vector of two components, which is calculated with as a list is not: `v + w`, `2 * v`.
        vec2(x: Number, y: Number) = |draft, given| made_vector(draft, all::<2>(given));
        /// The vector of three components.
        vec3(x: Number, y: Number, z: Number) = |draft, given| made_vector(draft, all::<3>(given));
        /// The length of a vector.
        length(v: Triple) = |draft, given| made(draft, vector(&given, 0).length());
        /// The scalar product of two vectors.
        dot(a: Triple, b: Triple) = |draft, given| {
            made(draft, vector(&given, 0).dot(vector(&given, 1)))
        };
        /// The vector product of two vectors: at right angles to both, right-handed,
        /// as long as the area between them.
        cross(a: Triple, b: Triple) = |draft, given| {
            made_vector(draft, vector(&given, 0).cross(vector(&given, 1)).0)
        };
        /// The vector of length 1 in the direction of a vector; 0 where the vector is 0.
        normalize(v: Triple) = |draft, given| made_vector(draft, vector(&given, 0).normalize().0);
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
        /// The derivatives in x, y and z: a vector field along which f grows fastest, as long as f is steep.
        spatial_gradient(f: Field) = |draft, given| made_vector(draft, first(given).spatial_gradient().0);
        /// The Laplacian, the sum of the second derivatives in x, y and z.
        laplacian(f: Field) = |draft, given| made(draft, first(given).laplacian());
        /// The divergence of a vector field: how much more flows out of a place than into it.
        divergence(v: Triple) = |draft, given| made(draft, vector(&given, 0).divergence());
        /// The curl of a vector field: twice the angular velocity of what is carried along.
        curl(v: Triple) = |draft, given| made_vector(draft, vector(&given, 0).curl().0);
        /// The derivatives of a vector field: a list of three rows, in row i those of component i in x, y and z.
        jacobian(v: Triple) = |draft, given| {
            let rows = vector(&given, 0).jacobian().map(|row| made_vector(draft, row));
            Ok(Argument::List(rows.into_iter().collect::<Result<_, _>>()?))
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
    "files":
        /// A field sampled on a grid, from a NumPy `.npy` file beside the scene: axes x, y, z, or t, x, y, z, any real type.
        ///
        /// The box is given by its first and last corner, where the first and last samples are: three numbers, or four,
        /// t last, where it changes with time. Without one cells are cubes, the longest side goes from -1 to 1, the others
        /// are in proportion, and time goes from 0 to 1. Between samples it is a cubic spline, or `"linear"`; beyond
        /// the box it goes on as a distance does. `fieldgrad bake` writes such a file, and says the call:
        /// `grid("owl.npy", [-1, -1.2, -1], [1, 1.2, 1])`.
        grid(file: Text) or (file: Text, how: Interpolation) or (file: Text, lower: Corner, upper: Corner)
            or (file: Text, lower: Corner, upper: Corner, how: Interpolation) = grid;
        /// The distance to a mesh, exact, from an `.obj`, `.stl`, `.ply`, `.glb`, `.gltf` or `.3mf` file beside the scene: negative inside.
        ///
        /// What is inside is where the mesh winds around a point more than half a time: inside of a closed surface whose
        /// triangles go counter-clockwise seen from outside, and also where it has holes, or crosses itself. The mesh
        /// stands where its file says: `mesh("part.obj").scale(0.1).smooth_union(sphere(1), 0.2)`.
        mesh(file: Text) = mesh;
        /// A smooth surface through the points of a scan, from a `.ply`, `.csv`, `.xyz`, `.txt` or `.npy` file beside the
        /// scene: each with the surface's normal there, which points outward.
        ///
        /// It is the mean of the planes of the points, the nearest counting most (implicit moving least squares): smoothed
        /// over as much as holds a few points, or over a radius, so that noise smaller than that goes. Near the points
        /// it is about as steep as a distance, and beyond their box all is outside:
        /// `points("scan.ply", 0.05).smooth_union(sphere(1), 0.2)`.
        points(file: Text) or (file: Text, radius: Number) = points;
        /// A field that was learned: the network of a `.safetensors` file beside the scene, a function of x, y, z, or of
        /// x, y, z and t.
        ///
        /// The file has a matrix `N.weight`, a row an output, and `N.bias` for each layer, as PyTorch calls them, and in its
        /// metadata `activations`, one a layer: `["sine 30", "sine 30", "linear"]`; others are `relu`, `softplus 100`,
        /// `tanh`, `sigmoid` and `gelu`. It is no exact distance: `neural("cow.safetensors").smooth_union(sphere(1), 0.2)`.
        neural(file: Text) = neural;
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
        /// Leaves a parameter, or all three of a vector, as it is: fits do not move it, nor do pulls at the surface.
        lock(name: Text) = holds::lock;
        /// Makes two parameters, or two vectors, one for fits and for pulls at the surface: the second takes the value
        /// of the first and moves with it, within the ranges of both.
        tie(first: Text, second: Text) = holds::tie;
        /// A scalar that fits make small besides: half the mean of its squares at the target's points, times a weight (at
        /// first 1). It may be made of fields and their derivatives, as in `loss(length(spatial_gradient(f)) - 1, 0.1)`, or
        /// of parameters alone.
        loss(scalar: Field) or (scalar: Field, weight: Number) = holds::loss;
        /// What is to hold where a fit or a pull ends: a number made of parameters is 0, is `value`, or is from `low` to
        /// `high`. Sums, lengths, a field at a point: `constrain(remap(f, 1, 0, 0, 0))` puts the surface through the point
        /// [1, 0, 0] at t = 0. It need not hold where the text has the parameters.
        constrain(expression: Field) or (expression: Field, value: Number)
            or (expression: Field, low: Number, high: Number) = holds::constrain;
        /// What is to be 0 or more where a fit, a pull or a fall ends: the gap between two solids, made of parameters.
        ///
        /// A ball of radius r at [x, y, z] stays outside of a solid f with `contact(remap(f, x, y, z, 0) - r)`. Of a union each part
        /// is a contact of its own.
        contact(gap: Field) = holds::contact;
        /// What falls: `fieldgrad settle` finds where an energy, made of parameters, is least over those that `settles` names,
        /// while contacts and constraints hold. Several add up.
        energy(expression: Field) = holds::energy;
        /// Names a parameter, or all three of a vector, that `fieldgrad settle` lets settle; the others stay as they are.
        settles(name: Text) = holds::settles;
        /// Shows shapes. What is shown by all calls together is the scene.
        show(shapes: Shapes) = show;
        /// Where the picture is taken from: `eye`, `target`, `up`, and `fov`, the vertical angle of view in degrees.
        /// Each may move with t and with parameters.
        camera(options: Options) = camera;
        /// A light far away: `direction` (the way to it), `color`, `intensity`. Each call adds one.
        ///
        /// The light of a probe: `color`, `strength` (1 is the usual light of a scene, at most 100) and `place`
        /// (where it is; as not said, where the probe is), each a field read where the probe is. `fieldgrad sense`
        /// writes them as tracks, of which `red`, `green` and `blue` go from 0 to 1. In pictures it is a light in the
        /// direction of its place, seen from the origin, also where the probe is a particle that follows a field.
        light(options: Options) or (probe: Probe, options: Options) = |draft, given| match given.len() {
            1 => light(draft, given),
            _ => sense_words::light(draft, given),
        };
        /// The colour where there is no shape, or one at the horizon and another straight up.
        background(color: Color) or (horizon: Color, zenith: Color) = background;
        /// The span of time in seconds. Options: `loop` (whether it starts anew at its end) and `fps`.
        timeline(from: Number, to: Number) or (from: Number, to: Number, options: Options) = timeline;
        /// The part of space the scene is in, by two opposite corners.
        bounds(min: Triple, max: Triple) = bounds;
    "sense":
        /// A point that reads fields where it is, at 250 times a second or as often as asked; gives its name.
        ///
        /// It is at a place that depends on t and on parameters, or is a particle that a field moves:
        /// `#{ follow: "gradient", from: [x, y, z] }` goes along ∇f to the surface and stays on it; `"tangent"` goes
        /// along the surface, counter-clockwise about the axis `around` (at first [0, 1, 0]); `"surface"` is carried
        /// along by it. `speed` is in lengths a second (at first 1), `of` the field that is followed, at first all
        /// that is shown. It starts at the start of the timeline. On the surface it is within 1e-9.
        ///
        /// It reads f, ∇f in space and time, normal speed and curvatures of the field it follows, or of what is
        /// shown. Options: `of`, another field to read these of; `reads`, other fields by names: `#{ heat: x * y }`.
        /// All that is made of it (`tone`, `light`, `touch`) are fields too, read where it is.
        probe(name: Text, path: Way) or (name: Text, path: Way, options: Options) = sense_words::probe;
        /// A tone of a probe: `pitch` in Hz (from 20 to 20000; at first 220), `volume` from 0 to 1 (0.5),
        /// `brightness` from 0, a sine, to 1, all its overtones (0.3), and `pan` from -1, left, to 1, right (0).
        ///
        /// Each is a number or a field, read where the probe is, or such with a range and with smoothing:
        /// `#{ pitch: #{ value: 440 * 2 ** f, range: [110, 880], smooth: 0.1 } }`. What goes beyond its range is
        /// held there; smoothing is the time in seconds after which 1/e of a step is left. What is no number is held
        /// at its last good value.
        tone(probe: Probe, options: Options) = sense_words::tone;
        /// What is felt of a probe: `strength` from 0 to 1 (at first 0.5), `frequency` in Hz, from 1 to 1000 (150),
        /// and `direction`, a vector with parts from -1 to 1 (at first that of ∇f). Each may have a range and
        /// smoothing, as those of a tone.
        touch(probe: Probe, options: Options) = sense_words::touch;
}

pub(super) fn argument(given: Vec<Argument>, i: usize) -> Argument {
    given.into_iter().nth(i).unwrap_or_else(nothing)
}

pub(super) fn first(given: Vec<Argument>) -> Field {
    argument(given, 0).into()
}

fn vector(given: &[Argument], i: usize) -> Vector<3> {
    given[i].clone().into()
}

fn all<const N: usize>(given: Vec<Argument>) -> [Field; N] {
    let mut given = given.into_iter();
    std::array::from_fn(|_| given.next().unwrap_or_else(nothing).into())
}
