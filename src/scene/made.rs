//! Scenes made in Rust: shapes, and how they are looked at, one after the other.

use super::settings::moves_in_space;
use super::{Background, Camera, Content, Light, Scene, Settings, Timeline};
use crate::error::{Error, Result};
use crate::field::{Color, Field, Listing, Vector};
use crate::measure::Bounds;
use crate::shape::{Fields, Shapes, union};
use std::collections::HashMap;
use std::sync::Arc;

impl Scene {
    /// A scene of one shape or several, each an object of its own, with their parameters and nothing else. `name` is what
    /// messages call it; it has no text.
    ///
    /// ```
    /// use fieldgrad::prelude::*;
    /// use fieldgrad::scene::{Background, Camera, Light, Scene, Timeline};
    ///
    /// let ball = sphere(param("r", 0.5)).translate((0, sin(t()), 0)).color("#e07a5f");
    /// let floor = r#box([4.0, 0.2, 4.0]).translate([0.0, -1.0, 0.0]);
    /// let scene = Scene::of_objects([ball, floor], "bounce")
    ///     .with_camera(Camera::looking([3.0, 2.0, 4.0], [0.0; 3]).with_fov(35))?
    ///     .with_lights([Light::from_direction([1, 2, 1]).with_intensity(1.2)])?
    ///     .with_background(Background::of("#f8f9fa", "#ced4da"))?
    ///     .with_timeline(Timeline { to: 6.0, ..Timeline::default() })
    ///     .with_bounds(Bounds::new([-2.0, -1.1, -2.0], [2.0, 1.5, 2.0]));
    /// assert_eq!(scene.objects().len(), 2);
    /// assert!(scene.with_parameters(&[("r", 0.3)])?.field().value_at([0.0, 0.4, 0.0, 0.0])? > 0.0);
    /// # Ok::<(), fieldgrad::Error>(())
    /// ```
    #[track_caller]
    pub fn of_objects(objects: impl Shapes, name: &str) -> Scene {
        let Fields(objects) = objects.into_fields();
        let field = match objects.as_slice() {
            [one] => one.clone(),
            several => union(several),
        };
        Scene::alone(objects, field, "", name)
    }

    /// The same scene seen by a camera. An error where it depends on a place in space, or has a parameter that the scene
    /// declares differently.
    pub fn with_camera(self, camera: Camera) -> Result<Scene> {
        let Camera { eye, target, up, fov } = camera.clone();
        let parts = [&eye[..], &target, &up, &[fov]].concat();
        self.with(&parts, |settings| settings.camera = Some(camera))
    }

    /// The same scene under these lights, in place of those it has; the usual one, if they are none. An error as of
    /// [`Scene::with_camera`], and where a light's direction is 0.
    pub fn with_lights(self, lights: impl IntoIterator<Item = Light>) -> Result<Scene> {
        let mut lights: Vec<Light> = lights.into_iter().collect();
        if lights.is_empty() {
            lights.push(Light::default());
        }
        if lights.iter().any(Light::has_no_direction) {
            return Err(Error::Input("light: direction is the zero vector, which has no direction".into()));
        }
        let parts = |light: &Light| {
            [&light.direction[..], &light.color, std::slice::from_ref(&light.intensity)].concat()
        };
        let parts: Vec<Field> = lights.iter().flat_map(parts).collect();
        self.with(&parts, |settings| (settings.lights, settings.plays_lights) = (lights, false))
    }

    /// The same scene before a background. An error as of [`Scene::with_camera`].
    pub fn with_background(self, background: Background) -> Result<Scene> {
        let parts = [&background.horizon[..], &background.zenith].concat();
        self.with(&parts, |settings| settings.background = background)
    }

    /// The same scene, about a span of time.
    pub fn with_timeline(self, timeline: Timeline) -> Scene {
        self.changed(|content| content.timeline = timeline)
    }

    /// The same scene, in a part of space.
    pub fn with_bounds(self, bounds: Bounds) -> Scene {
        self.changed(|content| content.bounds = Some(bounds))
    }

    fn with(self, parts: &[Field], change: impl FnOnce(&mut Settings)) -> Result<Scene> {
        parts.iter().try_for_each(Field::check)?;
        if let Some(problem) = parts.iter().find_map(moves_in_space) {
            return Err(Error::Input(format!("a part of {} {problem}", self.file())));
        }
        let mut parameters = self.content.parameters.to_vec();
        let mut values = self.values.to_vec();
        let mut names = HashMap::clone(&self.content.names);
        for own in Listing::of(parts).parameters()? {
            match names.get(own.name()) {
                Some(&known) if parameters[known] == own => (),
                Some(_) => return Err(Error::ParameterConflict(own.name().into())),
                None => {
                    names.insert(own.name().to_string(), parameters.len());
                    values.push(own.value());
                    parameters.push(own);
                }
            }
        }
        let mut scene = self.changed(|content| {
            content.names = names.into();
            content.parameters = parameters.into();
            change(&mut content.settings);
        });
        scene.values = values.into();
        Ok(scene)
    }

    fn changed(mut self, change: impl FnOnce(&mut Content)) -> Scene {
        change(Arc::make_mut(&mut self.content));
        self.moved = self.moved.map(|_| Arc::default());
        self
    }
}

impl Camera {
    /// A camera at one place that looks at another.
    pub fn looking(eye: impl Into<Vector<3>>, target: impl Into<Vector<3>>) -> Camera {
        Camera { eye: eye.into().0, target: target.into().0, ..Camera::default() }
    }

    /// The same with another vertical angle of view, in degrees.
    pub fn with_fov(self, fov: impl Into<Field>) -> Camera {
        Camera { fov: fov.into(), ..self }
    }

    /// The same with another direction up in the picture.
    pub fn with_up(self, up: impl Into<Vector<3>>) -> Camera {
        Camera { up: up.into().0, ..self }
    }
}

impl Light {
    /// A white light infinitely far away in a direction, of any length.
    pub fn from_direction(direction: impl Into<Vector<3>>) -> Light {
        Light { direction: direction.into().0, ..Light::default() }
    }

    /// The same in another colour.
    #[track_caller]
    pub fn with_color(self, color: impl Into<Color>) -> Light {
        Light { color: color.into().or_error("with_color"), ..self }
    }

    /// The same, so bright.
    pub fn with_intensity(self, intensity: impl Into<Field>) -> Light {
        Light { intensity: intensity.into(), ..self }
    }
}

impl Background {
    /// A colour level with the eye and below, turning into another straight up.
    #[track_caller]
    pub fn of(horizon: impl Into<Color>, zenith: impl Into<Color>) -> Background {
        let function = "Background::of";
        Background { horizon: horizon.into().or_error(function), zenith: zenith.into().or_error(function) }
    }
}
