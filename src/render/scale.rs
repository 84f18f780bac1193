//! Colour scales for numbers: even steps look even, and colour-blind people can read them.
//!
//! Colours are mixed in OKLab (B. Ottosson, 2020), whose distances are about those that are seen. Lightness alone tells
//! the values of the scale from least to most; the one about zero goes from blue over white to orange, which are told
//! apart whatever cones an eye lacks.

use super::Shade;
use glam::{Mat3, Vec3};

/// From OKLab to linear red, green and blue.
fn from_oklab(lab: Vec3) -> Vec3 {
    let cones = Mat3::from_cols(
        Vec3::ONE,
        Vec3::new(0.396_337_78, -0.105_561_346, -0.089_484_18),
        Vec3::new(0.215_803_76, -0.063_854_17, -1.291_485_5),
    ) * lab;
    let cube = cones * cones * cones;
    let linear = Mat3::from_cols(
        Vec3::new(4.076_741_7, -1.268_438, -0.004_196_086_3),
        Vec3::new(-3.307_711_6, 2.609_757_4, -0.703_418_6),
        Vec3::new(0.230_969_94, -0.341_319_4, 1.707_614_7),
    ) * cube;
    linear.clamp(Vec3::ZERO, Vec3::ONE)
}

/// Lightness, chroma and hue in degrees, as OKLab.
fn polar(lightness: f32, chroma: f32, hue: f32) -> Vec3 {
    let (sin, cos) = hue.to_radians().sin_cos();
    Vec3::new(lightness, chroma * cos, chroma * sin)
}

/// Numbers as colours: a range, and whether zero is its middle.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Scale {
    /// What has the first colour.
    pub from: f64,
    /// What has the last.
    pub to: f64,
    /// Whether the colours are those about zero.
    pub signed: bool,
}

impl Scale {
    /// A round range that holds nearly all of some values. Of signed ones, with zero in its middle; of a slope's, from 0.
    pub fn holding(shade: Shade, values: &mut Vec<f32>) -> Scale {
        values.retain(|value| value.is_finite());
        let signed = matches!(shade, Shade::Velocity | Shade::Curvature);
        if signed {
            values.iter_mut().for_each(|value| *value = value.abs());
        }
        values.sort_by(f32::total_cmp);
        let at = |share: f64| values.get((share * (values.len().max(1) - 1) as f64) as usize).copied();
        let most = f64::from(at(0.98).unwrap_or(0.0));
        match shade {
            Shade::Depth => {
                let (least, most) = (f64::from(at(0.0).unwrap_or(0.0)), f64::from(at(1.0).unwrap_or(1.0)));
                let step = rounded((most - least).max(1e-6 * most.abs()).max(1e-12) / 4.0);
                Scale { from: (least / step).floor() * step, to: (most / step).ceil() * step, signed }
            }
            _ => {
                let end = if most > 1e-6 { rounded(most) } else { 1.0 };
                Scale { from: if signed { -end } else { 0.0 }, to: end, signed }
            }
        }
    }

    /// A value's colour, in linear red, green and blue. What lies outside has the colour of the nearer end.
    pub fn color(&self, value: f64) -> [f32; 3] {
        let part = ((value - self.from) / (self.to - self.from)).clamp(0.0, 1.0) as f32;
        let lab = match self.signed {
            true => {
                let end = if part < 0.5 { polar(0.47, 0.14, 255.0) } else { polar(0.62, 0.15, 50.0) };
                polar(0.97, 0.0, 0.0).lerp(end, (2.0 * part - 1.0).abs())
            }
            false => {
                let (low, middle, high) =
                    (polar(0.27, 0.10, 275.0), polar(0.60, 0.13, 350.0), polar(0.93, 0.12, 95.0));
                let lightness = low.x + (high.x - low.x) * part;
                let mixed = if part < 0.5 {
                    low.lerp(middle, 2.0 * part)
                } else {
                    middle.lerp(high, 2.0 * part - 1.0)
                };
                Vec3::new(lightness, mixed.y, mixed.z)
            }
        };
        from_oklab(lab).to_array()
    }
}

/// The least of 1, 2, 5 and their tenfolds that is no less.
pub(super) fn rounded(value: f64) -> f64 {
    let ten = 10f64.powf(value.log10().floor());
    let steps = [1.0, 2.0, 5.0, 10.0];
    steps.into_iter().map(|step| step * ten).find(|&round| round >= value * 0.999_999).unwrap_or(value)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lightness_rises_with_the_value() {
        let scale = Scale { from: 0.0, to: 1.0, signed: false };
        let light = |i: i32| super::super::light::luminance(Vec3::from(scale.color(f64::from(i) / 100.0)));
        assert!((0..100).all(|i| light(i) < light(i + 1)));
    }

    #[test]
    fn the_signed_scale_is_white_at_zero_and_blue_below() {
        let scale = Scale { from: -2.0, to: 2.0, signed: true };
        let [r, g, b] = scale.color(0.0);
        assert!(r.min(g).min(b) > 0.85 && r.max(g).max(b) - r.min(g).min(b) < 0.01, "{r} {g} {b}");
        let ([r, _, b], [orange, _, blue]) = (scale.color(-2.0), scale.color(2.0));
        assert!(b > 2.0 * r && orange > 2.0 * blue);
    }

    #[test]
    fn ranges_are_round() {
        for (value, round) in
            [(0.3, 0.5), (1.0, 1.0), (1.01, 2.0), (7.0, 10.0), (0.02, 0.02), (4200.0, 5000.0)]
        {
            assert!((rounded(value) / round - 1.0).abs() < 1e-9, "{value}: {}", rounded(value));
        }
    }
}
