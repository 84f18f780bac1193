//! How light leaves a surface: materials, lamps, the sky, and what a screen makes of it. All in linear light.

use glam::Vec3;
use std::f32::consts::{FRAC_PI_2, PI};

/// What a surface is made of, at one place.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Finish {
    pub color: Vec3,
    pub roughness: f32,
    pub metallic: f32,
    pub emission: Vec3,
}

impl Finish {
    /// From the channels of [`Material`](crate::field::Material), held to what exists.
    pub fn of([r, g, b, roughness, metallic, er, eg, eb]: [f32; 8]) -> Finish {
        Finish {
            color: Vec3::new(r, g, b).clamp(Vec3::ZERO, Vec3::ONE),
            roughness: roughness.clamp(0.0, 1.0),
            metallic: metallic.clamp(0.0, 1.0),
            emission: Vec3::new(er, eg, eb).max(Vec3::ZERO),
        }
    }

    /// What is reflected head-on: 4 in 100 by most things that are not metals, its own colour by a metal.
    fn mirror(&self) -> Vec3 {
        Vec3::splat(0.04).lerp(self.color, self.metallic)
    }

    /// What goes in and comes out again every way alike.
    fn chalk(&self) -> Vec3 {
        self.color * (1.0 - self.metallic)
    }
}

/// A surface as it is seen: its normal, the way to the eye, and what it is made of.
#[derive(Clone, Copy, Debug)]
pub(super) struct Facet {
    pub normal: Vec3,
    pub eye: Vec3,
    pub finish: Finish,
}

/// Schlick's approximation of Fresnel's law.
fn fresnel(mirror: Vec3, cosine: f32) -> Vec3 {
    mirror + (Vec3::ONE - mirror) * (1.0 - cosine).clamp(0.0, 1.0).powi(5)
}

impl Facet {
    /// What reaches the eye of a lamp's light, where a white chalk that faces it is as bright as `radiance`.
    ///
    /// The mirror's part is that of Trowbridge and Reitz (GGX), with Smith's masking as Heitz gives it (2014, "Understanding
    /// the Masking-Shadowing Function").
    pub fn under_lamp(&self, toward: Vec3, radiance: Vec3) -> Vec3 {
        let facing = self.normal.dot(toward);
        if facing <= 0.0 {
            return Vec3::ZERO;
        }
        let seen = self.normal.dot(self.eye).max(1e-4);
        let half = (toward + self.eye).normalize_or(self.normal);
        // A lamp has a size: its glint is never a point.
        let alpha = self.finish.roughness.powi(2).max(0.01);
        let square = alpha * alpha;
        let spread = self.normal.dot(half).powi(2) * (square - 1.0) + 1.0;
        let facets = square / (PI * spread * spread);
        let masked = |cosine: f32| (cosine * cosine * (1.0 - square) + square).sqrt();
        let visible = 0.5 / (facing * masked(seen) + seen * masked(facing));
        let mirrored = fresnel(self.finish.mirror(), half.dot(self.eye));
        let chalk = self.finish.chalk() * (Vec3::ONE - self.mirrored());
        (chalk + mirrored * (PI * facets * visible)) * radiance * facing
    }

    /// How much of an even light from everywhere is mirrored to the eye; what is left reaches the chalk.
    ///
    /// It is B. Karis's fit ("Physically Based Shading on Mobile", 2014).
    fn mirrored(&self) -> Vec3 {
        let finish = &self.finish;
        let seen = self.normal.dot(self.eye).clamp(0.0, 1.0);
        let rough = 1.0 - finish.roughness;
        let bent = (rough * rough).min((-9.28 * seen).exp2()) * rough + (0.0425 - 0.0275 * finish.roughness);
        let scale = -1.04 * bent + (1.04 - 0.572 * finish.roughness);
        let offset = 1.04 * bent + (0.022 * finish.roughness - 0.04);
        (finish.mirror() * scale + Vec3::splat(offset)).clamp(Vec3::ZERO, Vec3::ONE)
    }

    /// What reaches the eye of the sky's light, of which a part `open` comes down to here.
    pub fn under_sky(&self, sky: &Sky, open: f32) -> Vec3 {
        let (finish, mirrored) = (&self.finish, self.mirrored());
        let way = self.normal * (2.0 * self.normal.dot(self.eye)) - self.eye;
        let blurred = sky.toward(way).lerp(sky.over(way), finish.roughness);
        let chalk = finish.chalk() * (Vec3::ONE - mirrored);
        // Light that is caught in a hollow is reflected there again, and takes on its colour.
        let caught = (Vec3::ONE - chalk * (1.0 - open)).recip() * open;
        chalk * caught * sky.over(self.normal) + mirrored * blurred * open
    }
}

/// The sky as a lamp: one colour level with the eye, others straight up and straight down, even between them.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct Sky {
    pub horizon: Vec3,
    pub zenith: Vec3,
    pub nadir: Vec3,
}

/// How bright a colour is: the weights of ITU-R BT.709.
pub(super) fn luminance(color: Vec3) -> f32 {
    color.dot(Vec3::new(0.2126, 0.7152, 0.0722))
}

impl Sky {
    /// The light of a background. A dark one is a backdrop, not a night: white is added from above, until its mean is
    /// two fifths of full white.
    pub fn of(horizon: Vec3, zenith: Vec3) -> Sky {
        let lacking = (0.4 - luminance(0.5 * (horizon + zenith))).max(0.0);
        let lit = |color: Vec3, share: f32| color + Vec3::splat(share * lacking);
        Sky { horizon: lit(horizon, 0.8), zenith: lit(zenith, 1.6), nadir: lit(horizon, 0.2) }
    }

    /// The sky in one direction.
    pub fn toward(&self, way: Vec3) -> Vec3 {
        let up = way.y.clamp(-1.0, 1.0);
        let end = if up > 0.0 { self.zenith } else { self.nadir };
        self.horizon.lerp(end, up.abs())
    }

    /// What an even white chalk with that normal gives back: the sky's mean, by the cosine.
    ///
    /// The mean of max(d·up, 0) over the directions d about a normal at the angle θ from up is
    /// 2/(3π) (sin θ + (π − θ) cos θ).
    pub fn over(&self, normal: Vec3) -> Vec3 {
        let mean = |cosine: f32| {
            let angle = FRAC_PI_2 - cosine.asin();
            2.0 / (3.0 * PI) * ((1.0 - cosine * cosine).max(0.0).sqrt() + (PI - angle) * cosine)
        };
        let up = normal.y.clamp(-1.0, 1.0);
        let (above, below) = (mean(up), mean(-up));
        self.horizon * (1.0 - above - below) + self.zenith * above + self.nadir * below
    }
}

/// Where the tone curve bends, and how fast what is brighter fades to white.
pub(crate) const START: f32 = 0.76;
pub(crate) const FADING: f32 = 0.15;

/// Light for a screen: the tone curve "PBR Neutral" of the Khronos group (2024), which keeps base colours as they are
/// and bends only what is brighter than a screen's white, losing colour there.
pub(super) fn toned(light: Vec3) -> Vec3 {
    let least = light.min_element();
    let raised = if least < 0.08 { least - 6.25 * least * least } else { 0.04 };
    let color = light - raised;
    let peak = color.max_element();
    if peak < START {
        return color;
    }
    let room = 1.0 - START;
    let bent = 1.0 - room * room / (peak + room - START);
    let white = 1.0 - 1.0 / (FADING * (peak - bent) + 1.0);
    (color * (bent / peak)).lerp(Vec3::splat(bent), white)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Directions spread evenly over the sphere (a Fibonacci lattice).
    fn directions(count: usize) -> impl Iterator<Item = Vec3> {
        (0..count).map(move |i| {
            let y = 1.0 - (2 * i + 1) as f32 / count as f32;
            let (sin, cos) = (i as f32 * 2.399_963_2).sin_cos();
            Vec3::new((1.0 - y * y).sqrt() * cos, y, (1.0 - y * y).sqrt() * sin)
        })
    }

    #[test]
    fn the_skys_mean_is_the_sum_over_directions() {
        let sky = Sky { horizon: Vec3::X, zenith: Vec3::Y, nadir: Vec3::Z };
        for normal in directions(17) {
            let count = 20_000;
            let summed: Vec3 = directions(count).map(|d| sky.toward(d) * d.dot(normal).max(0.0)).sum();
            let mean = summed * (4.0 / count as f32);
            assert!(mean.distance(sky.over(normal)) < 2e-3, "{normal}: {mean} and {}", sky.over(normal));
        }
    }

    #[test]
    fn no_surface_gives_back_more_than_it_gets() {
        for roughness in [0.0, 0.2, 0.5, 1.0] {
            for metallic in [0.0, 1.0] {
                let finish = Finish { color: Vec3::ONE, roughness, metallic, emission: Vec3::ZERO };
                for cosine in [0.05f32, 0.3, 0.7, 1.0] {
                    let eye = Vec3::new((1.0 - cosine * cosine).sqrt(), cosine, 0.0);
                    let facet = Facet { normal: Vec3::Y, eye, finish };
                    let sky = Sky { horizon: Vec3::ONE, zenith: Vec3::ONE, nadir: Vec3::ONE };
                    let back = facet.under_sky(&sky, 1.0).max_element();
                    assert!((0.4..=1.001).contains(&back), "{roughness} {metallic} {cosine}: {back}");
                    // Lamps from everywhere are such a sky; a lamp of radiance 1 lights as π of a sky's light.
                    // (The glint of a mirror falls between the directions.)
                    if roughness > 0.1 {
                        let count = 200_000;
                        let sum: Vec3 = directions(count).map(|d| facet.under_lamp(d, Vec3::ONE)).sum();
                        let back = sum.max_element() * 4.0 / count as f32;
                        // What is mirrored is known to a few hundredths.
                        assert!(back < 1.06, "{roughness} {metallic} {cosine}: {back} of the lamps");
                    }
                }
            }
        }
    }

    #[test]
    fn the_tone_curve_rises_to_white_and_keeps_base_colours() {
        let grey = |v: f32| toned(Vec3::splat(v)).x;
        let mut before = -1e-9;
        for i in 0..4000 {
            let now = grey(i as f32 * 0.01);
            assert!(now > before && now < 1.0, "{i}: {now} after {before}");
            before = now;
        }
        assert!((grey(0.5) - 0.46).abs() < 1e-6 && grey(0.0) == 0.0);
    }
}
