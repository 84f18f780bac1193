//! What a scene says besides its shapes: camera, lights, background, timeline. Each has a default.
//!
//! What may move is a field, of t and of parameters: a camera flies, a light turns. Its value is taken at a time.

use crate::error::{Error, Result};
use crate::field::{Axis, Color, Field};
use crate::measure::Bounds;
use glam::DVec3;

/// The three numbers at a time.
fn at_time(fields: &[Field; 3], t: f64) -> Result<[f64; 3]> {
    let [a, b, c] = fields.each_ref().map(|field| field.value_at([0.0, 0.0, 0.0, t]));
    Ok([a?, b?, c?])
}

fn constants(values: [f64; 3]) -> [Field; 3] {
    values.map(Field::constant)
}

fn color(text: &str) -> [Field; 3] {
    Color::from(text).0.expect("a colour of the form #rrggbb")
}

/// Why a field cannot be a setting: settings have one value at a time, not one at each point.
pub(super) fn moves_in_space(field: &Field) -> Option<String> {
    let axis = Axis::ALL[..3].iter().find(|&&axis| field.depends_on(axis))?;
    Some(format!("depends on {}, and may only depend on t and on parameters", axis.name()))
}

/// Where a picture is taken from.
#[derive(Clone, Debug, PartialEq)]
pub struct Camera {
    /// Where it stands.
    pub eye: [Field; 3],
    /// What it looks at, in the middle of the picture.
    pub target: [Field; 3],
    /// What is up in the picture.
    pub up: [Field; 3],
    /// The vertical angle of view, in degrees.
    pub fov: Field,
}

/// A camera at one time.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct View {
    /// Where it stands.
    pub eye: [f64; 3],
    /// What it looks at.
    pub target: [f64; 3],
    /// What is up in the picture.
    pub up: [f64; 3],
    /// The vertical angle of view, in degrees: above 0 and below 180.
    pub fov: f64,
}

/// How far away a camera and its target may be: the squares of longer ways are beyond single precision.
const MAX_DISTANCE: f64 = 1e15;

/// The angle of view a camera has if it is not told another.
pub(super) const USUAL_FOV: f64 = 40.0;

impl Camera {
    /// A camera a little above and to the right of the front, that has a box in full view.
    pub fn framing(bounds: &Bounds) -> Camera {
        const FROM: [f64; 3] = [0.45, 0.35, 0.82];
        let center = bounds.center();
        let radius = (bounds.size().map(|side| side * side).iter().sum::<f64>().sqrt() / 2.0).max(1e-3);
        let away = 1.05 * radius / (USUAL_FOV / 2.0).to_radians().sin();
        let eye = std::array::from_fn(|i| center[i] + away * FROM[i]);
        Camera { eye: constants(eye), target: constants(center), ..Camera::default() }
    }

    /// The camera at a time. An error where it stands in its target, looks straight along `up`, or sees nothing.
    pub fn at(&self, t: f64) -> Result<View> {
        let (eye, target, up) = (at_time(&self.eye, t)?, at_time(&self.target, t)?, at_time(&self.up, t)?);
        let fov = self.fov.value_at([0.0, 0.0, 0.0, t])?;
        let view = View { eye, target, up, fov };
        match view.fault() {
            None => Ok(view),
            Some(problem) => Err(Error::Input(format!("the camera sees nothing at t = {t}: {problem}"))),
        }
    }
}

impl View {
    /// An error where it stands in its target, looks straight along `up`, or sees nothing.
    pub fn check(&self) -> Result<()> {
        match self.fault() {
            None => Ok(()),
            Some(problem) => Err(Error::Input(format!("the camera sees nothing: {problem}"))),
        }
    }

    fn fault(&self) -> Option<&'static str> {
        let View { eye, target, up, fov } = *self;
        let (ahead, up) = (DVec3::from(target) - DVec3::from(eye), DVec3::from(up));
        let is_far = |place: [f64; 3]| DVec3::from(place).abs().max_element() > MAX_DISTANCE;
        match () {
            _ if !eye.iter().chain(&target).all(|part| part.is_finite()) || !up.is_finite() => {
                Some("it is nowhere")
            }
            _ if is_far(eye) || is_far(target) => Some("its eye or its target is more than 1e15 away"),
            _ if ahead == DVec3::ZERO => Some("its eye is its target"),
            _ if ahead.cross(up.normalize_or_zero()) == DVec3::ZERO => Some("it looks straight along up"),
            _ if !(fov > 0.0 && fov < 180.0) => Some("its angle of view is not between 0 and 180 degrees"),
            _ => None,
        }
    }
}

impl Default for Camera {
    /// Looks at the origin from (3, 2, 4).
    fn default() -> Camera {
        Camera {
            eye: constants([3.0, 2.0, 4.0]),
            target: constants([0.0; 3]),
            up: constants([0.0, 1.0, 0.0]),
            fov: Field::constant(USUAL_FOV),
        }
    }
}

/// A light infinitely far away.
#[derive(Clone, Debug, PartialEq)]
pub struct Light {
    /// The way to the light, of any length.
    pub direction: [Field; 3],
    /// Linear red, green and blue.
    pub color: [Field; 3],
    /// How bright it is.
    pub intensity: Field,
}

impl Default for Light {
    /// White, from above, from the right and from the front.
    fn default() -> Light {
        Light {
            direction: constants([1.0, 2.0, 1.0]),
            color: constants([1.0; 3]),
            intensity: Field::constant(1.0),
        }
    }
}

impl Light {
    /// Whether it comes from nowhere: its direction is the zero vector.
    pub(super) fn has_no_direction(&self) -> bool {
        self.direction.iter().all(|part| part.as_constant() == Some(0.0))
    }

    /// The way to the light at a time, and the light's colour times its intensity.
    pub fn at(&self, t: f64) -> Result<([f64; 3], [f64; 3])> {
        let intensity = self.intensity.value_at([0.0, 0.0, 0.0, t])?;
        Ok((at_time(&self.direction, t)?, at_time(&self.color, t)?.map(|channel| channel * intensity)))
    }
}

/// What is seen where there is no shape: a colour at the horizon, turning into another straight up.
#[derive(Clone, Debug, PartialEq)]
pub struct Background {
    /// The colour level with the eye and below, linear red, green and blue.
    pub horizon: [Field; 3],
    /// The colour straight up.
    pub zenith: [Field; 3],
}

impl Default for Background {
    /// A dark grey that is a little lighter at the horizon.
    fn default() -> Background {
        Background { horizon: color("#3a3f47"), zenith: color("#1b1e23") }
    }
}

impl Background {
    /// The colours at the horizon and straight up, at a time.
    pub fn at(&self, t: f64) -> Result<[[f64; 3]; 2]> {
        Ok([at_time(&self.horizon, t)?, at_time(&self.zenith, t)?])
    }
}

/// The span of time a scene is about.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Timeline {
    /// Its start, in seconds.
    pub from: f64,
    /// Its end, in seconds; not before its start.
    pub to: f64,
    /// Whether it starts anew at its end.
    pub repeats: bool,
    /// Pictures a second.
    pub fps: f64,
}

impl Default for Timeline {
    /// From 0 to 10 seconds, over and over, 30 pictures a second.
    fn default() -> Timeline {
        Timeline { from: 0.0, to: 10.0, repeats: true, fps: 30.0 }
    }
}
