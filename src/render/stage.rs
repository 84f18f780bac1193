//! A scene made ready for pictures: what is costly to know of it, once for all of them.

use super::march::{self, MarchedRays, NOTHING, SpanTiles};
use super::options::{Options, Shade};
use super::{Lens, Size};
use crate::error::{Error, Result};
use crate::field::{Axis, Field, MAX_RUN, length};
use crate::measure::Bounds;
use crate::scene::{Camera, Scene, View};
use crate::sense::PlayedLights;
use crate::tape::Tape;
use crate::task;
use glam::Vec3;
use std::sync::{Arc, Mutex, OnceLock, PoisonError};

/// How many scene radii beyond its middle anything is seen. Much farther out polynomials overflow `f32`.
const FAR: f32 = 100.0;

/// A scene made ready for pictures, whatever their time, their size and what they show.
///
/// ```
/// use fieldgrad::render::{Options, Size, Stage};
/// use fieldgrad::scene;
///
/// let stage = Stage::new(&scene::built_in())?;
/// for time in [0.0, 0.5] {
///     let size = Size { width: 32, height: 24 };
///     let image = stage.picture(&Options::default().size(size).time(time))?;
///     assert_eq!(image.pixels.len(), 32 * 24);
/// }
/// # Ok::<(), fieldgrad::Error>(())
/// ```
///
/// The same scene with other values ([`Stage::moved`]) has the same tapes.
pub struct Stage {
    scene: Scene,
    tapes: Arc<SceneTapes>,
    camera: Camera,
    bounds: Option<Bounds>,
    ground: OnceLock<Result<Option<f32>>>,
    /// The lights that are known only by playing their probes.
    played_lights: OnceLock<Result<PlayedLights>>,
    /// What the pictures of a span of time share.
    span_tiles: Mutex<Option<Arc<SpanTiles>>>,
}

/// The tapes of a scene, whatever the values of its parameters, each made when it is first asked for; and given at the
/// values of the scene that asks.
#[derive(Default)]
pub(super) struct SceneTapes {
    /// Those of what views ask for, in the order of [`Shade::ALL`].
    asked: [OnceLock<Result<Tape>>; Shade::ALL.len()],
    shape: OnceLock<Result<Tape>>,
    /// Those of the value and its derivatives along two axes, for cuts.
    cuts: [[OnceLock<Result<Tape>>; 4]; 4],
    /// That of which part of the scene is where, and what the parts are called.
    parts: OnceLock<(Result<Tape>, Vec<String>)>,
}

fn vec(a: [f64; 3]) -> Vec3 {
    Vec3::from(a.map(|v| v as f32))
}

/// A picture, as far as it is known before its rays are sent.
pub(crate) struct Shot {
    pub(crate) time: f64,
    pub(crate) lens: Lens,
    /// A ball about the scene.
    pub(crate) ball: (Vec3, f32),
    /// How high the ground is, if there is one.
    pub(crate) ground: Option<f32>,
    /// All rays of all pixels.
    pub(crate) fine: Size,
}

impl Stage {
    /// Looks at the scene as a whole: where it is, where it is seen from.
    pub fn new(scene: &Scene) -> Result<Stage> {
        Stage::with_tapes(scene, Arc::default())
    }

    /// The stage of another scene. Where it is the same but for the values of its parameters, nothing is built again that
    /// does not depend on those.
    ///
    /// ```
    /// use fieldgrad::render::Stage;
    /// use fieldgrad::scene::Scene;
    ///
    /// let scene = Scene::from_text("show(sphere(param(\"r\", 0.5)));", "ball.rhai")?;
    /// let stage = Stage::new(&scene)?;
    /// let larger = stage.moved(&scene.with_parameters(&[("r", 0.8)])?)?;
    /// assert!(larger.bounds().unwrap().size()[0] > stage.bounds().unwrap().size()[0]);
    /// # Ok::<(), fieldgrad::Error>(())
    /// ```
    pub fn moved(&self, scene: &Scene) -> Result<Stage> {
        let tapes = if self.scene.is_like(scene) { self.tapes.clone() } else { Arc::default() };
        Stage::with_tapes(scene, tapes)
    }

    fn with_tapes(scene: &Scene, tapes: Arc<SceneTapes>) -> Result<Stage> {
        scene.graph().check_size(MAX_RUN)?;
        let bounds = match scene.bounds() {
            Some(bounds) => Some(bounds),
            None => {
                task::does("finding its bounds");
                bounds_at(&tapes.shape(scene)?, &moments(scene))?
            }
        };
        let camera = match scene.camera() {
            Some(camera) => camera.clone(),
            None => bounds.as_ref().map_or_else(Camera::default, Camera::framing),
        };
        let (ground, played_lights, span_tiles) = Default::default();
        Ok(Stage { scene: scene.clone(), tapes, camera, bounds, ground, played_lights, span_tiles })
    }

    /// The scene.
    pub fn scene(&self) -> &Scene {
        &self.scene
    }

    /// Where the scene is seen from at a time, unless pictures are told otherwise.
    pub fn view(&self, time: f64) -> Result<View> {
        self.camera.at(time)
    }

    /// A box about the scene, if it is known to have one.
    pub fn bounds(&self) -> Option<Bounds> {
        self.bounds
    }

    /// The lights that shine at a time: the way to each, of length 1, and its colour times its strength.
    pub(crate) fn lights(&self, time: f64) -> Result<Vec<(Vec3, Vec3)>> {
        let mut all = self.scene.lights().iter().map(|light| light.at(time)).collect::<Result<Vec<_>>>()?;
        if self.scene.probes_with_played_lights().next().is_some() {
            all.extend(once(&self.played_lights, || PlayedLights::of(&self.scene))?.at(time)?);
        }
        let shining = |(toward, radiance): ([f64; 3], [f64; 3])| {
            let (toward, radiance) = (vec(toward).normalize_or_zero(), vec(radiance).max(Vec3::ZERO));
            (toward != Vec3::ZERO && radiance != Vec3::ZERO).then_some((toward, radiance))
        };
        Ok(all.into_iter().filter_map(shining).collect())
    }

    /// What is known of a picture before its rays are sent.
    pub(crate) fn shot(&self, options: &Options, time: f64) -> Result<Shot> {
        let (lens, ball) = self.lens_of(options, time)?;
        let ground = if options.ground && options.shade == Shade::Lit { self.ground()? } else { None };
        let (Size { width, height }, side) = (options.size, options.side());
        let fine = Size { width: side * width, height: side * height };
        Ok(Shot { time, lens, ball, ground, fine })
    }

    /// The lens of a picture, which sees no farther than makes sense, and a ball about the scene. Without bounds that is
    /// as wide as the way from the eye to its target.
    pub(super) fn lens_of(&self, options: &Options, time: f64) -> Result<(Lens, (Vec3, f32))> {
        let lens = options.lens.map_or_else(|| Ok(Lens::of(&self.view(time)?)), Ok)?;
        let (center, radius) = match &self.bounds {
            Some(bounds) => (vec(bounds.center()), vec(bounds.size()).length() / 2.0),
            None => {
                let away = lens.distance() as f32;
                (vec(lens.eye) + vec(lens.ahead) * away, away)
            }
        };
        let away = f64::from(center.distance(vec(lens.eye)) + FAR * radius);
        Ok((Lens { far: lens.far.min(away), ..lens }, (center, radius)))
    }

    /// What rays meet at a time; also how many steps they take, if those are to be counted. Pictures through the same lens,
    /// one after the other within a `span` of time, share a part of the work.
    pub(super) fn seen(
        &self,
        lens: &Lens,
        size: Size,
        time: f64,
        span: Option<[f64; 2]>,
        counted: bool,
    ) -> Result<MarchedRays> {
        let shape = &self.shape()?;
        let Some(span) = span.filter(|span| span[0] <= time && time <= span[1]) else {
            return march::seen(shape, lens, size, time, counted);
        };
        // The lock is not held while work is done: another picture may be made by a thread that helps with it.
        let known = || self.span_tiles.lock().unwrap_or_else(PoisonError::into_inner);
        let own = known().clone().filter(|span_tiles| span_tiles.is_of(lens, size, span));
        let span_tiles = match own {
            Some(span_tiles) => span_tiles,
            None => Arc::new(SpanTiles::new(shape, lens, size, span)?),
        };
        *known() = Some(span_tiles.clone());
        span_tiles.seen(time, counted)
    }

    /// How high the ground is, if the scene has one.
    pub(crate) fn ground(&self) -> Result<Option<f32>> {
        let find = || match &self.bounds {
            Some(bounds) => {
                task::does("finding the ground");
                lowest(&self.shape()?, bounds, &moments(&self.scene))
            }
            None => Ok(None),
        };
        once(&self.ground, find).copied()
    }

    /// What a view must know where rays meet the surface: a tape at the scene's values.
    pub(crate) fn asked(&self, shade: Shade) -> Result<Tape> {
        made(&self.tapes.asked[shade as usize], &self.scene, || asked(self.scene.graph(), shade))
    }

    /// The field's own tape, at the scene's values.
    pub(crate) fn shape(&self) -> Result<Tape> {
        self.tapes.shape(&self.scene)
    }

    /// All tapes that were made of the scene.
    pub(super) fn tapes(&self) -> &SceneTapes {
        &self.tapes
    }
}

impl SceneTapes {
    /// The scene's field.
    pub fn shape(&self, scene: &Scene) -> Result<Tape> {
        made(&self.shape, scene, || vec![scene.graph().clone()])
    }

    /// The field, and its derivatives along two axes.
    pub fn cut(&self, scene: &Scene, axes: [Axis; 2]) -> Result<Tape> {
        let field = scene.graph();
        made(&self.cuts[axes[0] as usize][axes[1] as usize], scene, || {
            std::iter::once(field.clone()).chain(axes.map(|axis| field.derivative(axis))).collect()
        })
    }

    /// Which of the scene's parts is where; and what the parts are called.
    pub fn parts(&self, scene: &Scene) -> Result<(Tape, Vec<String>)> {
        let (tape, names) = self.parts.get_or_init(|| {
            let parts = scene.graph().parts();
            (scene.tape_of(std::slice::from_ref(&parts.which)), parts.names())
        });
        Ok((at_values(tape, scene)?, names.clone()))
    }
}

/// A tape of a scene's graph, made if there is none yet.
fn made(tape: &OnceLock<Result<Tape>>, scene: &Scene, of: impl FnOnce() -> Vec<Field>) -> Result<Tape> {
    at_values(tape.get_or_init(|| scene.tape_of(&of())), scene)
}

fn at_values(tape: &Result<Tape>, scene: &Scene) -> Result<Tape> {
    tape.as_ref().map(|tape| tape.at(scene.shared_values())).map_err(Error::clone)
}

/// What is found once; found anew, where that was given up.
fn once<T>(known: &OnceLock<Result<T>>, find: impl FnOnce() -> Result<T>) -> Result<&T> {
    let found = match known.get() {
        Some(found) => found,
        None => match find() {
            Err(Error::Cancelled) => return Err(Error::Cancelled),
            found => known.get_or_init(|| found),
        },
    };
    found.as_ref().map_err(Error::clone)
}

/// Times spread over a scene's timeline; one, where nothing moves.
fn moments(scene: &Scene) -> Vec<f64> {
    let timeline = scene.timeline();
    let count = if scene.graph().depends_on(Axis::T) && timeline.to > timeline.from { 8 } else { 1 };
    (0..count).map(|i| timeline.from + (timeline.to - timeline.from) * i as f64 / count as f64).collect()
}

/// A box about a solid at some times, if it has one. Over the whole span it would take intervals too long to find.
fn bounds_at(shape: &Tape, moments: &[f64]) -> Result<Option<Bounds>> {
    let mut all: Option<Bounds> = None;
    for &t in moments {
        match shape.bounds((t, t)) {
            Ok(Some(found)) => all = Some(all.map_or(found, |all| all.union(&found))),
            Ok(None) => {}
            Err(Error::Unbounded) => return Ok(None),
            Err(error) => return Err(error),
        }
    }
    Ok(all)
}

/// How far down a solid reaches at some times within a box: what is seen from right below.
fn lowest(shape: &Tape, bounds: &Bounds, moments: &[f64]) -> Result<Option<f32>> {
    const SIDE: usize = 96;
    let ([x, _, z], [width, height, depth]) = (bounds.center(), bounds.size());
    let start = bounds.min[1] - 0.5 * height;
    let lens = Lens::parallel([x, start, z], [x, start + 1.0, z], [0.0, 0.0, 1.0], width.max(depth));
    let lens = Lens { far: 1.5 * height, ..lens };
    let mut least = NOTHING;
    for &t in moments {
        let depths = march::seen(shape, &lens, Size { width: SIDE, height: SIDE }, t, false)?.depths;
        least = depths.into_iter().fold(least, f32::min);
    }
    Ok((least < NOTHING).then_some(start as f32 + least))
}

/// What must be known of a field for a view of it.
fn asked(field: &Field, shade: Shade) -> Vec<Field> {
    let slope = || field.gradient().into_iter().take(3);
    match shade {
        Shade::Lit => {
            let material = field.material().cloned().unwrap_or_default();
            slope().chain(material.channels().into_iter().cloned()).collect()
        }
        Shade::Normals => slope().collect(),
        Shade::Depth | Shade::Steps => Vec::new(),
        Shade::Gradient => {
            let [x, y, z, _] = field.gradient();
            vec![length([x, y, z])]
        }
        Shade::Velocity if !field.depends_on(Axis::T) => vec![Field::constant(0.0)],
        Shade::Velocity => vec![field.normal_speed()],
        Shade::Curvature => vec![field.mean_curvature()],
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::task::Task;

    #[test]
    fn lights_that_were_given_up_are_played_when_they_are_asked_for_again() {
        let text =
            "let p = probe(\"p\", #{ follow: \"tangent\", from: [1, 0, 0] }); light(p, #{ strength: 0.5 });
            show(sphere(1)); timeline(0, 2);";
        let stage = Stage::new(&Scene::from_text(text, "a.rhai").unwrap()).unwrap();
        let task = Task::default();
        let pool = task.pool().unwrap();
        task.give_up();
        assert_eq!(pool.install(|| stage.lights(0.0)), Err(Error::Cancelled));
        task.begin();
        let shining = pool.install(|| stage.lights(0.0)).unwrap();
        assert_eq!(shining, [(Vec3::X, Vec3::splat(0.5))]);
    }
}
