//! Scenes: what a picture is made of. Uses everything above it but knows nothing of pictures.
//!
//! A [`Scene`] is read from a Rhai script (`.rhai`) in the language of [`words`], or from an expression file ([`vm`]):
//! shapes with their materials, parameters with their ranges, camera, lights, background, timeline and bounds.
//!
//! ```
//! use fieldgrad::scene::Scene;
//!
//! let text = r##"
//!     let k = param("blend", 0.35, 0.05, 1.0);
//!     let drop = sphere(0.7).translate([0, 1.2 * sin(t), 0]).color("#e07a5f");
//!     let pool = box([4, 0.4, 4]).translate([0, -1, 0]).color("#3d405b");
//!     show(smooth_union(drop, pool, k));
//! "##;
//! let scene = Scene::from_text(text, "drop.rhai")?;
//! assert!(scene.field().value_at([0.0, 0.0, 0.0, 0.0])? < 0.0);
//!
//! // New values go into the text; all else in it stays.
//! let better = scene.text_with(&[("blend", 0.5)])?;
//! assert_eq!(better, text.replace("0.35", "0.5"));
//!
//! // A mistake is shown where it is.
//! let mistake = Scene::from_text("show(spere(1));", "drop.rhai").unwrap_err();
//! assert_eq!(mistake.to_string(), "\
//! drop.rhai:1:6: there is no function spere; did you mean sphere?
//!  1 | show(spere(1));
//!    |      ^^^^^");
//! # Ok::<(), fieldgrad::Error>(())
//! ```
//!
//! A script from a stranger is safe to read: it can neither hang the program, nor fill memory, nor read a file that is
//! not below the scene's own folder. `script.rs` holds the limits.

use crate::error::{Error, Place, Result};
use crate::field::{Axis, Field, KeyMap, Listing, Parameter, Unknowns, declaring};
use crate::measure::Bounds;
use crate::shape::union;
use crate::tape::Tape;
use draft::{Declared, Draft};
use explain::Sources;
use holds::Hold;
use std::collections::HashMap;
use std::path::{Path, PathBuf};
use std::sync::{Arc, OnceLock};

pub mod audit;
mod data;
mod draft;
pub mod editing;
mod explain;
mod gallery;
mod holds;
mod import;
mod made;
mod rewrite;
mod script;
mod sense_words;
mod senses;
mod settings;
mod statements;
mod vectors;
pub mod vm;
mod words;

pub(crate) use data::MAX_SAMPLES;
pub use gallery::{Exhibit, GALLERY, IN_A_ROW, PARTS, PICTURE_SIZE, PICTURES};
pub use holds::{Constraint, Energy, Loss, Settles};
pub use senses::{By, CHANNELS, Channel, Follow, Meaning, Probe, Sense, Way};
pub use settings::{Background, Camera, Light, Timeline, View};
pub use words::{Form, Word, words};

/// The most bytes a scene script may have. An expression file may have [`vm::MAX_BYTES`].
pub const MAX_BYTES: usize = 2 << 20;

/// The most lines, and the most characters of a line, a script may have: what a place in it can say.
const MAX_LINES: usize = 65_000;

/// Where a scene comes from.
#[derive(Clone, Debug)]
struct Origin {
    /// What messages call it.
    file: Arc<str>,
    text: Arc<str>,
    home: Home,
}

/// Where a scene's imports are.
#[derive(Clone, Debug)]
enum Home {
    /// Nowhere: the text is no file.
    Nowhere,
    /// In this folder and below, with all links followed.
    Folder(PathBuf),
    /// Among the parts of the gallery.
    Gallery,
}

/// What a picture is made of: shapes, parameters, and how they are looked at.
///
/// A scene with other values ([`Scene::with_parameters`]) is the same scene: what was read of its text is shared, and what
/// is made ready for pictures of one serves the other ([`Stage::moved`](crate::render::Stage::moved)).
#[derive(Clone, Debug)]
pub struct Scene {
    content: Arc<Content>,
    /// The values of its parameters, in their order.
    values: Arc<[f64]>,
    /// What depends on those, where they are not the declared ones: written out when it is asked for.
    moved: Option<Arc<Moved>>,
}

/// What a scene is, whatever the values of its parameters. Its fields declare those that its text says.
#[derive(Clone, Debug)]
struct Content {
    field: Field,
    objects: Vec<Field>,
    declared: Arc<[Declared]>,
    /// The parameters in the order of their values, and where among them each name is.
    parameters: Arc<[Arc<Parameter>]>,
    names: Arc<HashMap<String, usize>>,
    settings: Settings,
    timeline: Timeline,
    bounds: Option<Bounds>,
    probes: Arc<[Probe]>,
    holds: Arc<[Hold]>,
    losses: Arc<[Loss]>,
    constraints: Arc<[Constraint]>,
    energies: Arc<[Energy]>,
    settles: Arc<[Settles]>,
    places: Arc<KeyMap<Place>>,
    printed: Arc<[String]>,
    origin: Origin,
    sources: Arc<Sources>,
    /// The identities of the data files that it is made of.
    data: Arc<[String]>,
}

/// What a scene says besides its shapes that may depend on parameters.
#[derive(Clone, Debug)]
struct Settings {
    camera: Option<Camera>,
    lights: Vec<Light>,
    /// Whether those of probes that must be played shine beside them.
    plays_lights: bool,
    background: Background,
}

/// A scene's fields, declaring other values: for readings that go by those.
#[derive(Debug, Default)]
struct Moved {
    /// The field, and the objects.
    shapes: OnceLock<(Field, Vec<Field>)>,
    settings: OnceLock<Settings>,
}

/// The scene shown when none is given: a drop rises from a pool and falls back, ringed by beads that turn with time.
pub fn built_in() -> Scene {
    let text = include_str!("../../scenes/drop.rhai");
    Scene::from_text(text, "drop.rhai").expect("the built-in scene is tested")
}

impl Scene {
    /// Reads a scene script. `file` is what messages call it. The script has no folder, and can import nothing.
    pub fn from_text(text: &str, file: &str) -> Result<Scene> {
        Scene::from_origin(Origin { file: file.into(), text: text.into(), home: Home::Nowhere })
    }

    /// Reads a scene file: an expression file if its name ends in `.vm`, else a script.
    pub fn from_file(path: impl AsRef<Path>) -> Result<Scene> {
        let text = read_text(path.as_ref(), &path.as_ref().display().to_string())?;
        Scene::from_text_of(&text, path)
    }

    /// Reads a text as if it stood in a file: what an editor holds before it is saved. Messages call it by that file,
    /// and what it imports is looked for beside it.
    pub fn from_text_of(text: &str, path: impl AsRef<Path>) -> Result<Scene> {
        let path = path.as_ref();
        let file = path.display().to_string();
        if is_expression(path) {
            return Scene::from_expression(text, &file);
        }
        let found = path.canonicalize().ok();
        let folder = found.and_then(|found| found.parent().map(Path::to_path_buf));
        let home = folder.map_or(Home::Nowhere, Home::Folder);
        Scene::from_origin(Origin { file: file.into(), text: text.into(), home })
    }

    /// The scene of an expression file, which has a field and nothing else.
    fn from_expression(text: &str, file: &str) -> Result<Scene> {
        let field = vm::read_vm(text, file)?;
        Ok(Scene::alone(vec![field.clone()], field, text, file))
    }

    /// A scene that has a field and its parameters and nothing else, made in Rust: [`Scene::of_objects`] of one.
    pub fn of_field(field: Field, name: &str) -> Scene {
        Scene::alone(vec![field.clone()], field, "", name)
    }

    fn alone(objects: Vec<Field>, field: Field, text: &str, file: &str) -> Scene {
        let origin = Origin { file: file.into(), text: text.into(), home: Home::Nowhere };
        let draft = Draft::new(&origin);
        let sources = Sources::of(&origin);
        Scene::of(objects, field, draft, origin, sources)
    }

    fn from_origin(origin: Origin) -> Result<Scene> {
        check_size(&origin)?;
        let script::Finished { mut draft, sources } = script::run(&origin)?;
        let objects: Vec<Field> = draft.shown.iter().map(|(shape, _)| shape.clone()).collect();
        let Some((_, place)) = draft.shown.first() else {
            let problem = match origin.text.trim().is_empty() {
                true => "the file is empty; a scene shows at least one shape, as in show(sphere(1));",
                false => "the scene shows nothing: it must call show, as in show(sphere(1));",
            };
            return Err(sources.mistake_of_all(&origin.file, problem.into()));
        };
        draft.place = place.clone();
        let field = match objects.as_slice() {
            [one] => one.clone(),
            several => union(several).called_at(place),
        };
        let fits = words::check_size(&field).and_then(|()| draft.note(&field));
        fits.map_err(|problem| sources.mistake_of_all(&origin.file, problem))?;
        let scene = Scene::of(objects, field, draft, origin, sources);
        // Now all parameters are known.
        let mut unknowns = Unknowns::of_parameters(scene.parameters());
        let Content { holds, sources, .. } = &*scene.content;
        holds.iter().try_for_each(|hold| {
            let wrong = |error: Error| sources.mistake(hold.place.clone(), error.to_string());
            hold.apply(&mut unknowns).map_err(wrong)
        })?;
        scene.settles().iter().try_for_each(|own| {
            let is_there = unknowns.parameters().iter().any(|parameter| own.is_of(parameter.name()));
            let unknown = || {
                let known = unknowns.parameters().iter().map(|own| own.name().to_string()).collect();
                Error::UnknownParameter { name: own.name.clone(), known }.to_string()
            };
            if is_there { Ok(()) } else { Err(scene.error_at(&own.place, unknown())) }
        })?;
        Ok(scene)
    }

    fn of(objects: Vec<Field>, field: Field, draft: Draft, origin: Origin, sources: Sources) -> Scene {
        let still = Timeline { to: 0.0, ..Timeline::default() };
        let usual = if field.depends_on(Axis::T) { Timeline::default() } else { still };
        let probes: Arc<[Probe]> = draft.probes.into_iter().map(|sketch| sketch.finished(&field)).collect();
        let plays_lights = probes.iter().any(Probe::has_played_light);
        let is_dark = draft.lights.is_empty() && !plays_lights;
        let lights = if is_dark { vec![Light::default()] } else { draft.lights };
        let (background, camera) = (draft.background.unwrap_or_default(), draft.camera);
        // A script declares all there are; a field made in Rust has brought its own.
        let own = Listing::of(&[vec![field.clone()], channels_of(&field)].concat()).parameters();
        let declared = draft.declared.iter().map(|declared| Arc::new(declared.parameter.clone()));
        let (mut parameters, mut names) = (Vec::new(), HashMap::new());
        for parameter in declared.chain(own.unwrap_or_default()) {
            if !names.contains_key(parameter.name()) {
                names.insert(parameter.name().to_string(), parameters.len());
                parameters.push(parameter);
            }
        }
        let content = Content {
            field,
            objects,
            declared: draft.declared.into(),
            parameters: parameters.into(),
            names: Arc::new(names),
            settings: Settings { camera, lights, plays_lights, background },
            timeline: draft.timeline.unwrap_or(usual),
            bounds: draft.bounds,
            probes,
            holds: draft.holds.into(),
            losses: draft.losses.into(),
            constraints: draft.constraints.into(),
            energies: draft.energies.into(),
            settles: draft.settles.into(),
            places: Arc::new(draft.places),
            printed: draft.printed.into(),
            origin,
            sources: Arc::new(sources),
            data: draft.data.identities().into(),
        };
        let values = content.parameters.iter().map(|parameter| parameter.value()).collect();
        Scene { content: Arc::new(content), values, moved: None }
    }

    /// The union of all that is shown, with its materials. Its parameters declare the scene's values.
    pub fn field(&self) -> &Field {
        self.shapes().map_or(&self.content.field, |(field, _)| field)
    }

    /// What is shown, a field for each, in the order of the calls of `show`.
    pub fn objects(&self) -> &[Field] {
        self.shapes().map_or(&self.content.objects, |(_, objects)| objects)
    }

    fn shapes(&self) -> Option<&(Field, Vec<Field>)> {
        let written = || {
            let Content { field, objects, .. } = &*self.content;
            let mut all = self.declaring(&[std::slice::from_ref(field), objects].concat());
            let field = all.remove(0);
            (field, all)
        };
        self.moved.as_ref().map(|moved| moved.shapes.get_or_init(written))
    }

    fn settings(&self) -> &Settings {
        let written = || {
            let three = |fields: &[Field; 3]| {
                let fields = self.declaring(fields);
                std::array::from_fn(|i| fields[i].clone())
            };
            let one = |field: &Field| self.declaring(std::slice::from_ref(field)).swap_remove(0);
            let Settings { camera, lights, plays_lights, background } = &self.content.settings;
            let camera = camera.as_ref().map(|Camera { eye, target, up, fov }| Camera {
                eye: three(eye),
                target: three(target),
                up: three(up),
                fov: one(fov),
            });
            let light = |Light { direction, color, intensity }: &Light| Light {
                direction: three(direction),
                color: three(color),
                intensity: one(intensity),
            };
            let Background { horizon, zenith } = background;
            let background = Background { horizon: three(horizon), zenith: three(zenith) };
            let lights = lights.iter().map(light).collect();
            Settings { camera, lights, plays_lights: *plays_lights, background }
        };
        match &self.moved {
            Some(moved) => moved.settings.get_or_init(written),
            None => &self.content.settings,
        }
    }

    /// Fields of the content, declaring the scene's values.
    fn declaring(&self, fields: &[Field]) -> Vec<Field> {
        let moved =
            |parameter: &Parameter| self.value_of(parameter.name()).filter(|v| *v != parameter.value());
        declaring(fields, moved)
    }

    /// The field as the text declares it, whatever the values: the same for all scenes that are [alike](Scene::is_like).
    pub(crate) fn graph(&self) -> &Field {
        &self.content.field
    }

    /// Whether the other is the same scene, but for values.
    pub(crate) fn is_like(&self, other: &Scene) -> bool {
        Arc::ptr_eq(&self.content, &other.content)
    }

    /// A tape of fields that are made of the scene's graph. It takes the scene's values in their order.
    pub(crate) fn tape_of(&self, fields: &[Field]) -> Result<Tape> {
        Tape::in_order(fields, self.content.parameters.to_vec())
    }

    /// The values of the parameters, in the order of [`Scene::parameters`].
    pub fn values(&self) -> &[f64] {
        &self.values
    }

    /// The same, shared.
    pub(crate) fn shared_values(&self) -> &Arc<[f64]> {
        &self.values
    }

    /// The value of a parameter, if there is one of that name.
    pub fn value_of(&self, name: &str) -> Option<f64> {
        self.content.names.get(name).map(|&i| self.values[i])
    }

    /// The parameters the scene declares, in order, whether the field depends on them or not; each at its value.
    pub fn parameters(&self) -> Vec<Parameter> {
        self.content.parameters.iter().zip(&*self.values).map(|(own, &value)| own.at(value)).collect()
    }

    /// The same scene with some parameters at other values. Nothing is read again.
    ///
    /// An error names what is not known, and where the range stands that a value is outside of.
    pub fn with_parameters(&self, values: &[(&str, f64)]) -> Result<Scene> {
        self.check_values(values)?;
        let mut all = self.values.to_vec();
        values.iter().for_each(|(name, value)| all[self.content.names[*name]] = *value);
        Ok(self.at(all))
    }

    /// The same scene with all its parameters at other values, in the order of [`Scene::parameters`]: those that
    /// [`Unknowns::values`] gives of [`Scene::unknowns`]. Nothing is read again.
    ///
    /// An error where they are not as many, or where one is outside of its range.
    pub fn with_values(&self, values: &[f64]) -> Result<Scene> {
        let count = self.values.len();
        if values.len() != count {
            return Err(Error::Input(format!("{} values for {count} parameters", values.len())));
        }
        let named = self.content.parameters.iter().map(|own| own.name()).zip(values.iter().copied());
        self.with_parameters(&named.collect::<Vec<_>>())
    }

    /// The parameters as an optimiser sees them, at the scene's values: without those that the scene [locks](words), and
    /// those that it ties as one.
    pub fn unknowns(&self) -> Unknowns {
        let mut unknowns = Unknowns::of_parameters(self.parameters());
        let holds = self.content.holds.iter();
        holds.for_each(|hold| hold.apply(&mut unknowns).expect("it was tried as the scene was read"));
        unknowns
    }

    /// The same scene with its parameters as the text declares them.
    pub fn as_declared(&self) -> Scene {
        self.at(self.content.parameters.iter().map(|parameter| parameter.value()).collect())
    }

    fn at(&self, values: Vec<f64>) -> Scene {
        let is_declared = self.content.parameters.iter().map(|own| own.value()).eq(values.iter().copied());
        let moved = if is_declared { None } else { Some(Arc::default()) };
        Scene { content: self.content.clone(), values: values.into(), moved }
    }

    /// That parameters of these names exist and may have these values.
    fn check_values(&self, values: &[(&str, f64)]) -> Result<()> {
        for (name, value) in values {
            let Some(&place) = self.content.names.get(*name) else {
                let known = self.content.parameters.iter().map(|parameter| parameter.name().into()).collect();
                return Err(Error::UnknownParameter { name: (*name).into(), known });
            };
            if let Err(error) = self.content.parameters[place].check(*value) {
                return Err(match self.place_of_parameter(name) {
                    Some(place) => self.error_at(place, error.to_string()),
                    None => error,
                });
            }
        }
        Ok(())
    }

    /// The same lights, background and timeline, with a part of the field alone in place of all that is shown.
    pub fn showing(&self, part: &Field) -> Scene {
        // As the text declares it, so that it takes any values.
        let declared = |parameter: &Parameter| {
            let own = self.content.names.get(parameter.name()).map(|&i| self.content.parameters[i].value());
            own.filter(|own| *own != parameter.value())
        };
        let part = declaring(std::slice::from_ref(part), declared).swap_remove(0);
        let settings = Settings { camera: None, ..self.content.settings.clone() };
        let content = Content {
            objects: vec![part.clone()],
            field: part,
            settings,
            bounds: None,
            ..Content::clone(&self.content)
        };
        Scene { content: Arc::new(content), ..self.as_declared() }.at(self.values.to_vec())
    }

    /// The camera, if the scene has one of its own; without one, see [`Camera::framing`].
    pub fn camera(&self) -> Option<&Camera> {
        self.settings().camera.as_ref()
    }

    /// The lights that are known at any time. Where a probe has a light that must be played, there may be none.
    pub fn lights(&self) -> &[Light] {
        &self.settings().lights
    }

    /// The probes whose lights shine beside those, and are known only by playing them.
    pub(crate) fn probes_with_played_lights(&self) -> impl Iterator<Item = &Probe> {
        self.probes().iter().filter(|probe| self.settings().plays_lights && probe.has_played_light())
    }

    /// The most lights that shine at once.
    pub(crate) fn light_count(&self) -> usize {
        self.lights().len() + self.probes_with_played_lights().count()
    }

    /// What is seen where there is no shape.
    pub fn background(&self) -> &Background {
        &self.settings().background
    }

    /// The span of time the scene is about. Where it gives none, 10 seconds; an instant, if nothing moves.
    pub fn timeline(&self) -> Timeline {
        self.content.timeline
    }

    /// The part of space the scene gives as its own, if it does; without one, see [`Field::bounds`].
    pub fn bounds(&self) -> Option<Bounds> {
        self.content.bounds
    }

    /// Its probes, in the order of the calls. Their fields are as the text declares them, whatever the values: what
    /// plays them ([`Recording`](crate::sense::Recording)) goes by the scene's.
    pub fn probes(&self) -> &[Probe] {
        &self.content.probes
    }

    /// The losses that fits are to make small besides, in the order of the calls.
    pub fn losses(&self) -> &[Loss] {
        &self.content.losses
    }

    /// What is to hold where fits and pulls end, in the order of the calls.
    pub fn constraints(&self) -> &[Constraint] {
        &self.content.constraints
    }

    /// The terms of the energy, in the order of the calls: it is their sum.
    pub fn energies(&self) -> &[Energy] {
        &self.content.energies
    }

    /// The names of parameters that settle, in the order of the calls.
    pub fn settles(&self) -> &[Settles] {
        &self.content.settles
    }

    /// What messages call the scene's file.
    pub fn file(&self) -> &str {
        &self.content.origin.file
    }

    /// The text the scene was read from.
    pub fn text(&self) -> &str {
        &self.content.origin.text
    }

    /// What the script printed, a line an item.
    pub fn printed(&self) -> &[String] {
        &self.content.printed
    }

    /// All that a scene is of, as a text: its files, what its data is, its parameters' values, and the graph of what is shown.
    pub(crate) fn identity_text(&self) -> String {
        let values: Vec<String> = self.parameters().iter().map(|own| format!("{own:?}")).collect();
        let Content { sources, data, .. } = &*self.content;
        format!("{}\n{}\n{}\n{}", sources.texts(), data.join("\n"), values.join("\n"), self.graph())
    }

    /// The call of the scene that made a node of its graph.
    pub fn place_of(&self, node: &Field) -> Option<&Place> {
        self.content.places.get(&node.key())
    }

    /// The call that declared a parameter.
    pub fn place_of_parameter(&self, name: &str) -> Option<&Place> {
        let declared = self.content.declared.iter().find(|declared| declared.parameter.name() == name);
        declared.map(|declared| &declared.place)
    }

    /// An error about a place of the scene, which shows its line.
    pub fn error_at(&self, place: &Place, problem: String) -> Error {
        self.content.sources.mistake(place.clone(), problem)
    }

    /// The scene's text with the start values of its parameters replaced: by those given, else by the scene's. Every other
    /// character is as it was.
    ///
    /// The text, read again, gives the scene with those values. Where a start value is not written as a number, or is
    /// in an imported file, the error says so and names the place.
    pub fn text_with(&self, values: &[(&str, f64)]) -> Result<String> {
        self.check_values(values)?;
        rewrite::rewritten(self, values)
    }
}

/// Whether a file is an expression file, by its name.
fn is_expression(path: &Path) -> bool {
    path.extension().is_some_and(|extension| extension.eq_ignore_ascii_case("vm"))
}

/// The channels of a field's material.
fn channels_of(field: &Field) -> Vec<Field> {
    let channels = field.material().into_iter().flat_map(|material| material.channels());
    channels.cloned().collect()
}

/// The most bytes a file may have that is a scene, by its name.
pub(crate) fn most_bytes(path: &Path) -> usize {
    if is_expression(path) { vm::MAX_BYTES } else { MAX_BYTES }
}

/// The text of a file, if it is one that can be a scene, right or not. `shown` is what messages call it.
pub(crate) fn read_text(path: &Path, shown: &str) -> Result<String> {
    let wrong = |problem: String| Error::File { path: shown.into(), problem };
    let about = std::fs::metadata(path).map_err(|error| match error.kind() {
        std::io::ErrorKind::NotFound => wrong("there is no such file".into()),
        _ => wrong(error.to_string()),
    })?;
    if !about.is_file() {
        return Err(wrong(
            if about.is_dir() { "is a folder, not a file" } else { "is not a plain file" }.into(),
        ));
    }
    let most = most_bytes(path);
    if about.len() > most as u64 {
        return Err(wrong(format!("has more than {most} bytes, and is no scene")));
    }
    let bytes = std::fs::read(path).map_err(|error| wrong(error.to_string()))?;
    String::from_utf8(bytes).map_err(|error| {
        wrong(format!("is not a text: byte {} is not UTF-8", error.utf8_error().valid_up_to() + 1))
    })
}

/// That places in a script can be told.
fn check_size(origin: &Origin) -> Result<()> {
    let wrong = |problem: String| Err(Error::File { path: origin.file.to_string(), problem });
    if origin.text.len() > MAX_BYTES {
        return wrong(format!("has more than {MAX_BYTES} bytes, and is no scene"));
    }
    if origin.text.lines().count() > MAX_LINES {
        return wrong(format!("has more than {MAX_LINES} lines, and is no scene"));
    }
    match origin.text.lines().any(|line| line.len() > MAX_LINES) {
        true => wrong(format!("has a line of more than {MAX_LINES} bytes, and is no scene")),
        false => Ok(()),
    }
}
