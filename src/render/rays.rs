//! The rays of a picture, as a change of coordinates: so that a field seen along them is again a field.

use crate::error::Result;
use crate::field::{Field, t, x, y, z};
use crate::scene::View;
use crate::tape::Tape;
use glam::{DVec3, Vec3};

/// Where rays come from and go: a pinhole, or for parallel rays a plane.
///
/// A point seen is given by (u, v, s): u and v across the picture, −1 to 1 from bottom to top, and s, how far ahead it
/// is of the eye, measured along the middle ray.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Lens {
    /// Where the eye is, or the middle of the plane.
    pub eye: [f64; 3],
    /// The direction of the middle ray, of length 1.
    pub ahead: [f64; 3],
    /// How far one goes to the right for one u, at s = 1 for a pinhole.
    pub right: [f64; 3],
    /// How far one goes up for one v.
    pub up: [f64; 3],
    /// Whether rays are parallel.
    pub parallel: bool,
    /// What is nearer than this is not seen.
    pub near: f64,
    /// Nor what is farther than this.
    pub far: f64,
    /// How exactly depths are to be known, and how thin along a ray a thing is that may be missed: in a pixel's widths.
    pub tolerance: f64,
}

impl Lens {
    /// A pinhole at `eye` that looks at `target`, `up` being up, with a vertical angle of view in degrees.
    ///
    /// It sees from a thousandth to a thousand times the way to its target, to a quarter of a pixel.
    pub fn pinhole(eye: [f64; 3], target: [f64; 3], up: [f64; 3], fov: f64) -> Lens {
        let scale = (fov.to_radians() / 2.0).tan();
        Lens { parallel: false, ..Lens::looking(eye, target, up, scale) }
    }

    /// A camera at one time.
    pub fn of(view: &View) -> Lens {
        Lens::pinhole(view.eye, view.target, view.up, view.fov)
    }

    /// Parallel rays around the one from `eye` to `target`, over a height of `height`.
    pub fn parallel(eye: [f64; 3], target: [f64; 3], up: [f64; 3], height: f64) -> Lens {
        Lens { parallel: true, near: 0.0, ..Lens::looking(eye, target, up, height / 2.0) }
    }

    fn looking(eye: [f64; 3], target: [f64; 3], up: [f64; 3], scale: f64) -> Lens {
        let way = DVec3::from(target) - DVec3::from(eye);
        let (far, ahead) = (way.length(), way.normalize());
        let right = ahead.cross(up.into()).normalize();
        let (right, up) = ((right * scale).into(), (right.cross(ahead) * scale).into());
        let ahead = ahead.into();
        Lens { eye, ahead, right, up, parallel: false, near: 1e-3 * far, far: 1e3 * far, tolerance: 0.25 }
    }

    /// How far away its target is, as seen from a lens that was made with one.
    pub(crate) fn distance(&self) -> f64 {
        1e-3 * self.far
    }

    /// The place of (u, v, s).
    pub fn at(&self, [u, v, s]: [f64; 3]) -> [f64; 3] {
        let aside = u * DVec3::from(self.right) + v * DVec3::from(self.up);
        let spread = if self.parallel { 1.0 } else { s };
        (DVec3::from(self.eye) + s * DVec3::from(self.ahead) + spread * aside).into()
    }

    /// The field as seen: its x, y and z are u, v and s.
    pub fn sees(&self, field: &Field) -> Field {
        field.remap(self.places())
    }

    /// The tape of a field as seen, made from the field's own, whose graph is not gone through again: its parameters fixed
    /// at the tape's values, and the time too if one is given.
    pub fn fixed(&self, tape: &Tape, t: Option<f64>) -> Result<Tape> {
        Ok(tape.fixed_through(&Tape::new(&self.places())?, [None, None, None, t]))
    }

    /// Where (u, v, s) is, as fields, and the time.
    fn places(&self) -> [Field; 4] {
        let [px, py, pz] = [0, 1, 2].map(|i| {
            let across = x() * self.right[i] + y() * self.up[i];
            match self.parallel {
                true => across + z() * self.ahead[i] + self.eye[i],
                false => (across + self.ahead[i]) * z() + self.eye[i],
            }
        });
        [px, py, pz, t()]
    }

    /// ∇f in space at places seen at some u, v and s, where f as seen rises by so much with each of them.
    pub(super) fn slopes(&self) -> impl Fn([f32; 3], [f32; 3]) -> Vec3 + use<> {
        let [ahead, right, up] = [self.ahead, self.right, self.up].map(DVec3::from);
        let ways = [ahead, right / right.length_squared(), up / up.length_squared()];
        let [ahead, right, up] = ways.map(|way| way.as_vec3());
        let parallel = self.parallel;
        move |[u, v, s], [du, dv, ds]| {
            // Along a ray one goes ahead and, for a pinhole, so much aside.
            let spread = if parallel { 1.0 } else { 1.0 / s };
            let (du, dv) = (du * spread, dv * spread);
            let ds = if parallel { ds } else { ds - (u * du + v * dv) };
            ds * ahead + du * right + dv * up
        }
    }

    /// The lens moved across the picture: what was at (u, v) is in its middle.
    pub(super) fn moved(&self, [u, v]: [f64; 2]) -> Lens {
        let by = [0, 1, 2].map(|i| u * self.right[i] + v * self.up[i]);
        let moved = |from: [f64; 3]| [0, 1, 2].map(|i| from[i] + by[i]);
        match self.parallel {
            true => Lens { eye: moved(self.eye), ..*self },
            false => Lens { ahead: moved(self.ahead), ..*self },
        }
    }

    /// Where the ray at (u, v) starts and which way it goes, for a length of 1.
    pub(crate) fn ray(&self, [u, v]: [f64; 2]) -> [DVec3; 2] {
        let [start, next] = [0.0, 1.0].map(|s| DVec3::from(self.at([u, v, s])));
        [start, (next - start).normalize()]
    }

    /// Which way the ray at (u, v) goes, for a depth of 1.
    pub(super) fn way(&self, [u, v]: [f64; 2]) -> DVec3 {
        let ahead = DVec3::from(self.ahead);
        if self.parallel { ahead } else { ahead + u * DVec3::from(self.right) + v * DVec3::from(self.up) }
    }

    /// How much of space a step across the picture is, at a depth.
    pub(crate) fn across(&self, step: f64, s: f64) -> f64 {
        step * DVec3::from(self.up).length() * if self.parallel { 1.0 } else { s }
    }
}

/// The pixels of a picture.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Size {
    /// How many across.
    pub width: usize,
    /// How many down.
    pub height: usize,
}

impl Size {
    /// How many in all.
    pub fn pixels(self) -> usize {
        self.width * self.height
    }

    /// From one pixel to the next, in u and in v.
    pub(crate) fn step(self) -> f64 {
        2.0 / self.height as f64
    }

    /// The u and v of a place of the picture, in pixels from its left and top.
    pub(crate) fn across(self, i: f64, j: f64) -> [f64; 2] {
        [(i - 0.5 * self.width as f64) * self.step(), (0.5 * self.height as f64 - j) * self.step()]
    }

    /// The u and v of the middle of a pixel, counted row by row from the top left.
    pub(super) fn middle(self, pixel: usize) -> [f64; 2] {
        self.across((pixel % self.width) as f64 + 0.5, (pixel / self.width) as f64 + 0.5)
    }

    /// All pixels, tile by tile: neighbours are near each other in both directions.
    pub(super) fn tiled(self) -> impl Iterator<Item = usize> {
        const TILE: usize = 16;
        let Size { width, height } = self;
        (0..height).step_by(TILE).flat_map(move |top| {
            (0..width).step_by(TILE).flat_map(move |left| {
                let across = left..(left + TILE).min(width);
                (top..(top + TILE).min(height)).flat_map(move |j| across.clone().map(move |i| j * width + i))
            })
        })
    }
}
