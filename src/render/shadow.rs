//! Shadows: what a lamp sees, by the same rays that cannot overstep, and how soft its edge is.
//!
//! A depth map from the lamp says, texel by texel, exactly how far its light goes. A place is in the shade as far as
//! the texels around it end before it; around it, the wider the farther what shades it (R. Fernando, "Percentage-closer
//! soft shadows", 2005), for a lamp has a size. The texels are held against the plane through the place with its normal,
//! not against a depth with a margin: so that a slope does not shade itself.

use super::march::{self, NOTHING};
use super::rays::{Lens, Size};
use crate::error::Result;
use crate::tape::Tape;
use glam::{Vec2, Vec3};

/// The tangent of the angle from a lamp's middle to its edge, as seen from the scene.
pub(crate) const WIDTH: f32 = 0.03;

/// How many texels are looked at for what shades a place, and how many for how much.
pub(crate) const SEARCH: usize = 20;
pub(crate) const TAPS: usize = 40;

/// The widest search, in texels.
pub(crate) const WIDEST: f32 = 40.0;

/// A lamp's rays are more exact than the eye's: one texel is part of many pixels' shade.
const TOLERANCE: f64 = 1.0 / 16.0;

/// What a lamp sees.
pub(super) struct Shadow {
    lens: Lens,
    side: usize,
    /// A texel's width in space.
    texel: f32,
    depths: Vec<f32>,
}

fn vec(a: [f64; 3]) -> Vec3 {
    Vec3::from(a.map(|v| v as f32))
}

/// The directions a lamp sees in.
pub(crate) struct LampBasis {
    right: Vec3,
    up: Vec3,
    toward: Vec3,
}

impl LampBasis {
    /// Of a lamp in a direction of length 1.
    pub fn of(toward: Vec3) -> LampBasis {
        let up = if toward.y.abs() > 0.9 { Vec3::X } else { Vec3::Y };
        let right = (-toward).cross(up).normalize();
        LampBasis { right, up: right.cross(-toward), toward }
    }

    /// A place, as the lamp sees it: how far right, up, and away.
    pub fn flat(&self, place: Vec3) -> Vec3 {
        Vec3::new(place.dot(self.right), place.dot(self.up), place.dot(-self.toward))
    }

    /// The lens with which the lamp sees what lies between the least and the most of some flat places, in a square of
    /// `side` texels; and how wide a texel is.
    pub fn lens(
        &self,
        (mut low, mut high): (Vec3, Vec3),
        (center, radius): (Vec3, f32),
        side: usize,
    ) -> (Lens, f32) {
        let &LampBasis { right, up, toward } = self;
        let center = self.flat(center);
        if low.x > high.x {
            (low, high) = (center, center);
        }
        let middle = 0.5 * (low + high);
        // A margin for what is looked at around the places.
        let half = (0.5 * (high - low).truncate().max_element()).max(1e-4 * radius) * 1.04;
        let start = low.z.min(center.z - radius) - 0.1 * radius;
        let end = high.z + 0.01 * radius;
        let at = |z: f32| (right * middle.x + up * middle.y - toward * z).to_array().map(f64::from);
        let lens = Lens::parallel(at(start), at(end), up.to_array().map(f64::from), f64::from(2.0 * half));
        (Lens { far: f64::from(end - start), tolerance: TOLERANCE, ..lens }, 2.0 * half / side as f32)
    }
}

impl Shadow {
    /// Of a lamp in the direction `toward`, for the places given, in a picture of the scene within a ball.
    pub fn new(
        tape: &Tape,
        t: f64,
        toward: Vec3,
        places: impl Iterator<Item = Vec3> + Clone,
        ball: (Vec3, f32),
        side: usize,
    ) -> Result<Shadow> {
        let frame = LampBasis::of(toward);
        let (mut low, mut high) = (Vec3::INFINITY, Vec3::NEG_INFINITY);
        for place in places {
            (low, high) = (low.min(frame.flat(place)), high.max(frame.flat(place)));
        }
        let (lens, texel) = frame.lens((low, high), ball, side);
        let depths = march::seen(tape, &lens, Size { width: side, height: side }, t, false)?.depths;
        Ok(Shadow { lens, side, texel, depths })
    }

    /// How much of the lamp is seen from a place with that normal: 0 to 1.
    pub fn visible(&self, place: Vec3, normal: Vec3) -> f32 {
        let (ahead, from) = (vec(self.lens.ahead), place - vec(self.lens.eye));
        let (right, up) = (vec(self.lens.right).normalize(), vec(self.lens.up).normalize());
        let half = 0.5 * self.side as f32;
        let at = Vec2::new(from.dot(right), -from.dot(up)) / self.texel + half;
        let depth = from.dot(ahead);
        // How the surface's plane deepens for each texel to the right and down.
        let steep = normal.dot(ahead).min(-0.12);
        let slope = Vec2::new(-normal.dot(right), normal.dot(up)) / steep * self.texel;
        let spare = self.texel * (0.6 + 0.4 * slope.length() / self.texel);
        let plane = |texel: Vec2| depth + slope.dot(texel - at) - spare;

        // What may shade it lies within the cone from here to the lamp's edge.
        let reach = (WIDTH * depth / self.texel).min(WIDEST);
        let (mut sum, mut count) = (0.0, 0);
        for i in 0..SEARCH {
            let texel = (at + reach * spread(i, SEARCH)).floor();
            let found = self.depth(texel);
            if found < plane(texel + 0.5) {
                (sum, count) = (sum + found, count + 1);
            }
        }
        if count == 0 {
            return 1.0;
        }
        let away = depth - sum / count as f32;
        let wide = (WIDTH * away / self.texel).clamp(1.2, WIDEST);
        (0..TAPS).map(|i| self.lit(at + wide * spread(i, TAPS), &plane)).sum::<f32>() / TAPS as f32
    }

    /// How far the light goes at a texel.
    fn depth(&self, texel: Vec2) -> f32 {
        let inside = |v: f32| v >= 0.0 && v < self.side as f32;
        match inside(texel.x) && inside(texel.y) {
            true => self.depths[texel.y as usize * self.side + texel.x as usize],
            false => NOTHING,
        }
    }

    /// Whether the four texels about a place see past it, by how near they are.
    fn lit(&self, at: Vec2, plane: &impl Fn(Vec2) -> f32) -> f32 {
        let corner = (at - 0.5).floor();
        let part = at - 0.5 - corner;
        let one = |x: f32, y: f32| {
            let texel = corner + Vec2::new(x, y);
            if self.depth(texel) < plane(texel + 0.5) { 0.0 } else { 1.0 }
        };
        let row = |y: f32| one(0.0, y) * (1.0 - part.x) + one(1.0, y) * part.x;
        row(0.0) * (1.0 - part.y) + row(1.0) * part.y
    }
}

/// The i-th of some places spread evenly over a disc, as seeds are over a sunflower.
pub(crate) fn spread(i: usize, count: usize) -> Vec2 {
    let (sin, cos) = (i as f32 * 2.399_963_2).sin_cos();
    Vec2::new(cos, sin) * ((i as f32 + 0.5) / count as f32).sqrt()
}
