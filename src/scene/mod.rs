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
use crate::field::{Axis, Field, KeyMap, Parameter};
use crate::measure::Bounds;
use crate::shape::union;
use draft::{Declared, Draft};
use explain::Sources;
use std::path::{Path, PathBuf};
use std::sync::Arc;

mod draft;
mod explain;
mod gallery;
mod import;
mod rewrite;
mod script;
mod settings;
mod statements;
pub mod vm;
mod words;

pub use gallery::{Exhibit, GALLERY, IN_A_ROW, PARTS, PICTURE_SIZE, PICTURES};
pub use settings::{Background, Camera, Light, Timeline, View};
pub use words::{Form, Word, words};

/// The most bytes a scene script may have. An expression file may have [`vm::MOST_BYTES`].
pub const MOST_BYTES: usize = 2 << 20;

/// The most lines, and the most characters of a line, a script may have: what a place in it can say.
const MOST_LINES: usize = 65_000;

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
#[derive(Clone, Debug)]
pub struct Scene {
    field: Field,
    objects: Vec<Field>,
    declared: Vec<Declared>,
    camera: Option<Camera>,
    lights: Vec<Light>,
    background: Background,
    timeline: Timeline,
    bounds: Option<Bounds>,
    places: KeyMap<Place>,
    printed: Vec<String>,
    origin: Origin,
    sources: Sources,
}

/// The scene shown when none is given: a drop rises from a pool and falls back, ringed by beads that turn with time.
pub fn built_in() -> Scene {
    let text = include_str!("../../scenes/drop.rhai");
    Scene::from_text(text, "drop.rhai").expect("the built-in scene is tested")
}

impl Scene {
    /// Reads a scene script. `file` is what messages call it. The script has no folder, and can import nothing.
    pub fn from_text(text: &str, file: &str) -> Result<Scene> {
        Scene::from_origin(Origin { file: file.into(), text: text.into(), home: Home::Nowhere }, &[])
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
        Scene::from_origin(Origin { file: file.into(), text: text.into(), home }, &[])
    }

    /// The scene of an expression file, which has a field and nothing else.
    fn from_expression(text: &str, file: &str) -> Result<Scene> {
        Ok(Scene::alone(vm::read_vm(text, file)?, text, file))
    }

    /// A scene that has a field and nothing else, made in Rust. `name` is what messages call it; it has no text.
    pub fn of_field(field: Field, name: &str) -> Scene {
        Scene::alone(field, "", name)
    }

    fn alone(field: Field, text: &str, file: &str) -> Scene {
        let origin = Origin { file: file.into(), text: text.into(), home: Home::Nowhere };
        let draft = Draft::new(file, &[]);
        let sources = Sources::of(&origin);
        Scene::of(vec![field.clone()], field, draft, origin, sources)
    }

    fn from_origin(origin: Origin, values: &[(&str, f64)]) -> Result<Scene> {
        check_size(&origin)?;
        let script::Finished { mut draft, sources } = script::run(&origin, values)?;
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
        Ok(Scene::of(objects, field, draft, origin, sources))
    }

    fn of(objects: Vec<Field>, field: Field, draft: Draft, origin: Origin, sources: Sources) -> Scene {
        let lights = if draft.lights.is_empty() { vec![Light::default()] } else { draft.lights };
        let still = Timeline { to: 0.0, ..Timeline::default() };
        let usual = if field.depends_on(Axis::T) { Timeline::default() } else { still };
        Scene {
            field,
            objects,
            declared: draft.declared,
            camera: draft.camera,
            lights,
            background: draft.background.unwrap_or_default(),
            timeline: draft.timeline.unwrap_or(usual),
            bounds: draft.bounds,
            places: draft.places,
            printed: draft.printed,
            origin,
            sources,
        }
    }

    /// The union of all that is shown, with its materials.
    pub fn field(&self) -> &Field {
        &self.field
    }

    /// What is shown, a field for each, in the order of the calls of `show`.
    pub fn objects(&self) -> &[Field] {
        &self.objects
    }

    /// The parameters the scene declares, in order, whether the field depends on them or not.
    pub fn parameters(&self) -> Vec<Parameter> {
        let mut found: Vec<Parameter> = Vec::new();
        for Declared { parameter, .. } in &self.declared {
            if !found.contains(parameter) {
                found.push(parameter.clone());
            }
        }
        found
    }

    /// The same scene with some parameters at other values: it is read again from its text.
    ///
    /// An error names what is not known, and where the range stands that a value is outside of.
    pub fn with_parameters(&self, values: &[(&str, f64)]) -> Result<Scene> {
        self.check_values(values)?;
        if values.is_empty() {
            return Ok(self.clone());
        }
        let mut all: Vec<(String, f64)> = Vec::new();
        for parameter in self.parameters() {
            let new = values.iter().rev().find(|(name, _)| *name == parameter.name());
            all.push((parameter.name().into(), new.map_or(parameter.value(), |(_, value)| *value)));
        }
        let all: Vec<(&str, f64)> = all.iter().map(|(name, value)| (name.as_str(), *value)).collect();
        Scene::from_origin(self.origin.clone(), &all)
    }

    /// That parameters of these names exist and may have these values.
    fn check_values(&self, values: &[(&str, f64)]) -> Result<()> {
        for (name, value) in values {
            let Some(declared) = self.declared.iter().find(|own| own.parameter.name() == *name) else {
                let known = self.parameters().iter().map(|parameter| parameter.name().into()).collect();
                return Err(Error::UnknownParameter { name: (*name).into(), known });
            };
            let (low, high) = declared.parameter.range().unwrap_or((f64::MIN, f64::MAX));
            if !(low..=high).contains(value) {
                let range = match declared.parameter.range() {
                    Some(_) => format!("is outside its range [{low}, {high}]"),
                    None => "is not a finite number".into(),
                };
                return Err(self.error_at(&declared.place, format!("{name} = {value} {range}")));
            }
        }
        Ok(())
    }

    /// The same lights, background and timeline, with a part of the field alone in place of all that is shown.
    pub fn showing(&self, part: &Field) -> Scene {
        let objects = vec![part.clone()];
        Scene { field: part.clone(), objects, camera: None, bounds: None, ..self.clone() }
    }

    /// The camera, if the scene has one of its own; without one, see [`Camera::framing`].
    pub fn camera(&self) -> Option<&Camera> {
        self.camera.as_ref()
    }

    /// The lights: at least one.
    pub fn lights(&self) -> &[Light] {
        &self.lights
    }

    /// What is seen where there is no shape.
    pub fn background(&self) -> &Background {
        &self.background
    }

    /// The span of time the scene is about. Where it gives none, 10 seconds; an instant, if nothing moves.
    pub fn timeline(&self) -> Timeline {
        self.timeline
    }

    /// The part of space the scene gives as its own, if it does; without one, see [`Field::bounds`].
    pub fn bounds(&self) -> Option<Bounds> {
        self.bounds
    }

    /// What messages call the scene's file.
    pub fn file(&self) -> &str {
        &self.origin.file
    }

    /// The text the scene was read from.
    pub fn text(&self) -> &str {
        &self.origin.text
    }

    /// What the script printed, a line an item.
    pub fn printed(&self) -> &[String] {
        &self.printed
    }

    /// All that a scene is of, as a text: its files, its parameters' values, and the graph of what is shown.
    pub(crate) fn provenance(&self) -> String {
        let values: Vec<String> = self.parameters().iter().map(|own| format!("{own:?}")).collect();
        format!("{}\n{}\n{}", self.sources.texts(), values.join("\n"), self.field)
    }

    /// The call of the scene that made a node of its graph.
    pub fn place_of(&self, node: &Field) -> Option<&Place> {
        self.places.get(&node.key())
    }

    /// The call that declared a parameter.
    pub fn place_of_parameter(&self, name: &str) -> Option<&Place> {
        let declared = self.declared.iter().find(|declared| declared.parameter.name() == name);
        declared.map(|declared| &declared.place)
    }

    /// An error about a place of the scene, which shows its line.
    pub fn error_at(&self, place: &Place, problem: String) -> Error {
        self.sources.mistake(place.clone(), problem)
    }

    /// The scene's text with the start values of some parameters replaced, every other character as it was.
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
    let most = if is_expression(path) { vm::MOST_BYTES } else { MOST_BYTES };
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
    if origin.text.len() > MOST_BYTES {
        return wrong(format!("has more than {MOST_BYTES} bytes, and is no scene"));
    }
    if origin.text.lines().count() > MOST_LINES {
        return wrong(format!("has more than {MOST_LINES} lines, and is no scene"));
    }
    match origin.text.lines().any(|line| line.len() > MOST_LINES) {
        true => wrong(format!("has a line of more than {MOST_LINES} bytes, and is no scene")),
        false => Ok(()),
    }
}
