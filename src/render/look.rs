//! What colour a picture's pixels have, from what their rays meet: light, normals, or a number on a scale.

use super::light::{Facet, Finish, Sky, luminance, toned};
use super::occlusion::{Stand, openness};
use super::scale::Scale;
use super::shadow::Shadow;
use crate::field::srgb_to_linear;
use crate::tape::Tape;
use glam::Vec3;
use rayon::prelude::*;

/// What a ray meets.
#[derive(Clone, Copy, Debug)]
pub(super) enum Met {
    /// Nothing: the background.
    Nothing,
    /// The ground, which only shows shadows, and how plainly.
    Ground(f32),
    /// The surface, and what is asked of it where it is no light.
    Surface { finish: Finish, value: f32 },
}

/// A ray and what it meets.
#[derive(Clone, Copy, Debug)]
pub(super) struct Sight {
    pub pixel: usize,
    pub ray: Vec3,
    pub stand: Stand,
    pub met: Met,
}

/// How a picture is coloured.
pub(super) struct Look {
    pub horizon: Vec3,
    pub zenith: Vec3,
    pub kind: Coloring,
    /// Whether light is bent to what a screen can show.
    pub tone: bool,
}

/// What is shown.
pub(super) enum Coloring {
    Lit(Lighting),
    Normals,
    Scale(Scale),
}

/// The light a picture is in.
pub(super) struct Lighting {
    pub lamps: Vec<Lamp>,
    pub sky: Sky,
    /// The field, at its time.
    pub tape: Tape,
    /// How far occlusion reaches.
    pub reach: f32,
}

/// A lamp far away, and what its light does not reach.
pub(super) struct Lamp {
    pub toward: Vec3,
    pub radiance: Vec3,
    pub shadow: Shadow,
}

impl Look {
    /// The scale of its colours, if it shows numbers.
    pub fn scale(&self) -> Option<Scale> {
        match self.kind {
            Coloring::Scale(scale) => Some(scale),
            _ => None,
        }
    }

    /// The colours of pixels, as a screen is to show them, in linear light.
    pub fn colors(&self, sights: &[Sight]) -> Vec<(usize, Vec3)> {
        let behind = |ray: Vec3| self.horizon.lerp(self.zenith, ray.y.max(0.0));
        let color = |sight: &Sight, open: f32| match (sight.met, &self.kind) {
            (Met::Surface { finish, .. }, Coloring::Lit(light)) => {
                let light = light.on(sight, finish, open);
                if self.tone { toned(light) } else { light }
            }
            (Met::Surface { .. }, Coloring::Normals) => {
                let screen = (0.5 * sight.stand.normal + 0.5).to_array();
                Vec3::from(screen.map(|v| srgb_to_linear(f64::from(v)) as f32))
            }
            (Met::Surface { value, .. }, Coloring::Scale(scale)) => Vec3::from(scale.color(f64::from(value))),
            (Met::Ground(plainly), Coloring::Lit(light)) => {
                behind(sight.ray) * (1.0 - plainly * (1.0 - light.on_ground(sight, open)))
            }
            _ => behind(sight.ray),
        };
        let Coloring::Lit(light) = &self.kind else {
            return sights.par_iter().map(|sight| (sight.pixel, color(sight, 1.0))).collect();
        };
        let stands: Vec<Stand> = sights
            .iter()
            .filter(|sight| !matches!(sight.met, Met::Nothing))
            .map(|sight| sight.stand)
            .collect();
        let mut open = openness(&light.tape, &stands, light.reach).into_iter();
        let opened: Vec<(&Sight, f32)> = sights
            .iter()
            .map(|sight| match sight.met {
                Met::Nothing => (sight, 1.0),
                _ => (sight, open.next().expect("one for each stand")),
            })
            .collect();
        opened.into_par_iter().map(|(sight, open)| (sight.pixel, color(sight, open))).collect()
    }
}

impl Lighting {
    /// The light a surface sends to the eye.
    fn on(&self, sight: &Sight, finish: Finish, open: f32) -> Vec3 {
        let Stand { place, normal, .. } = sight.stand;
        let facet = Facet { normal, eye: -sight.ray, finish };
        let lamps = self.lamps.iter().map(|lamp| {
            let full = facet.under_lamp(lamp.toward, lamp.radiance);
            if full == Vec3::ZERO { full } else { full * lamp.shadow.visible(place, normal) }
        });
        finish.emission + lamps.sum::<Vec3>() + facet.under_sky(&self.sky, open)
    }

    /// How much of its light reaches the ground.
    fn on_ground(&self, sight: &Sight, open: f32) -> f32 {
        let Stand { place, normal, .. } = sight.stand;
        let sky = luminance(self.sky.over(normal));
        let (mut all, mut here) = (sky, sky * open);
        for lamp in &self.lamps {
            let full = luminance(lamp.radiance) * lamp.toward.y.max(0.0);
            all += full;
            here += full * lamp.shadow.visible(place, normal);
        }
        if all > 0.0 { here / all } else { 1.0 }
    }
}
