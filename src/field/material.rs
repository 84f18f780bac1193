//! Materials: fields too, carried beside the distance and blended where shapes blend.
//!
//! Arithmetic passes a material on by one rule, in [`material_of`]: a choice (`min`, `max`, `if_less`) chooses the
//! material with the value, an average (`mix`, `smooth_min`) averages it with the same weights, anything else keeps
//! its first painted operand's. The weights of `smooth_min` are its derivatives, so colour follows the gradient.

use super::{Field, Vector};
use crate::error::{Error, Place};
use crate::number::{Op, Real};

/// What a surface looks like. Each channel is a field: it may vary in space and time and with parameters.
#[derive(Clone, Debug, PartialEq)]
pub struct Material {
    /// Base colour, linear red, green and blue, 0 to 1.
    pub color: [Field; 3],
    /// 0 is a mirror, 1 is chalk.
    pub roughness: Field,
    /// 0 is a dielectric, 1 a metal.
    pub metallic: Field,
    /// Light given off, linear red, green and blue.
    pub emission: [Field; 3],
}

impl Default for Material {
    /// A light grey, half rough, not metallic, dark.
    fn default() -> Material {
        let same = |value: f64| std::array::from_fn(|_| Field::constant(value));
        Material {
            color: same(0.6),
            roughness: Field::constant(0.5),
            metallic: Field::constant(0.0),
            emission: same(0.0),
        }
    }
}

impl Material {
    /// The eight channels, in the order of the declaration.
    pub fn channels(&self) -> [&Field; 8] {
        let ([r, g, b], [er, eg, eb]) = (&self.color, &self.emission);
        [r, g, b, &self.roughness, &self.metallic, er, eg, eb]
    }

    pub(super) fn into_channels(self) -> [Field; 8] {
        let ([r, g, b], [er, eg, eb]) = (self.color, self.emission);
        [r, g, b, self.roughness, self.metallic, er, eg, eb]
    }

    pub(crate) fn from_channels([r, g, b, roughness, metallic, er, eg, eb]: [Field; 8]) -> Material {
        Material { color: [r, g, b], roughness, metallic, emission: [er, eg, eb] }
    }

    fn zip(&self, other: &Material, combine: impl Fn(&Field, &Field) -> Field) -> Material {
        let (a, b) = (self.channels(), other.channels());
        Material::from_channels(std::array::from_fn(|i| combine(a[i], b[i])))
    }

    /// The average, `self` at w = 0 and `other` at w = 1.
    pub fn mix(&self, other: &Material, w: &Field) -> Material {
        self.zip(other, |a, b| Real::mix(a.clone(), b.clone(), w.clone()))
    }

    pub(super) fn remap(&self, to: &[Field; 4]) -> Material {
        self.rebuilt(|channel| channel.remap(to.clone()))
    }

    pub(super) fn rebuilt(&self, part: impl Fn(&Field) -> Field) -> Material {
        Material::from_channels(self.channels().map(part))
    }
}

/// The material of an operation's result.
pub(super) fn material_of(op: Op, parents: &[Field]) -> Option<Material> {
    let painted = |i: usize| parents[i].material();
    let first = || parents.iter().find_map(Field::material).cloned();
    let arg = |i: usize| parents[i].without_material();
    let choose = |a: Field, b: Field, then: &Material, otherwise: &Material| {
        then.zip(otherwise, |c, d| Real::if_less(a.clone(), b.clone(), c.clone(), d.clone()))
    };
    let two = match op {
        Op::IfLess => painted(2).zip(painted(3)),
        Op::Min | Op::Max | Op::Mix | Op::SmoothMin(_) => painted(0).zip(painted(1)),
        _ => None,
    };
    let Some((a, b)) = two else { return first() };
    Some(match op {
        Op::IfLess => choose(arg(0), arg(1), a, b),
        Op::Min => choose(arg(1), arg(0), b, a),
        Op::Max => choose(arg(0), arg(1), b, a),
        Op::Mix => a.mix(b, &arg(2)),
        Op::SmoothMin(kind) => a.mix(b, &Real::smooth_weight(arg(0), arg(1), arg(2), kind)),
        _ => return first(),
    })
}

/// A colour: `"#rrggbb"` (sRGB, as screens and the web write it) or three linear numbers or fields.
#[derive(Clone, Debug)]
pub struct Color(pub(crate) Result<[Field; 3], String>);

impl Color {
    /// Its channels; where it is none, channels that carry the error.
    #[track_caller]
    pub(crate) fn or_error(self, function: &str) -> [Field; 3] {
        let place = Place::caller();
        self.0.unwrap_or_else(|problem| {
            let [function, argument] = [function, "color"].map(String::from);
            let wrong =
                Field::constant(0.0).with_error(Error::Argument { function, argument, problem, place });
            [0; 3].map(|_| wrong.clone())
        })
    }
}

impl From<&str> for Color {
    fn from(text: &str) -> Color {
        let digits = text.strip_prefix('#').filter(|digits| digits.is_ascii());
        let channel = |digits: &str, i: usize| match digits.len() {
            3 => u8::from_str_radix(&digits[i..i + 1], 16).ok().map(|v| v * 17),
            6 => u8::from_str_radix(&digits[2 * i..2 * i + 2], 16).ok(),
            _ => None,
        };
        let parse = |digits| Some([channel(digits, 0)?, channel(digits, 1)?, channel(digits, 2)?]);
        match digits.and_then(parse) {
            Some(rgb) => Color(Ok(rgb.map(|v| Field::constant(srgb_to_linear(v as f64 / 255.0))))),
            None => Color(Err(format!("{text:?} is not a colour of the form \"#rrggbb\""))),
        }
    }
}

impl<T: Into<Field>> From<[T; 3]> for Color {
    fn from(rgb: [T; 3]) -> Color {
        Color(Ok(rgb.map(Into::into)))
    }
}

impl From<Vector<3>> for Color {
    fn from(rgb: Vector<3>) -> Color {
        Color(Ok(rgb.0))
    }
}

/// The sRGB transfer function (IEC 61966-2-1), from the screen's number to linear light.
pub fn srgb_to_linear(v: f64) -> f64 {
    if v <= 0.04045 { v / 12.92 } else { ((v + 0.055) / 1.055).powf(2.4) }
}

/// The inverse of [`srgb_to_linear`].
pub fn linear_to_srgb(v: f64) -> f64 {
    if v <= 0.0031308 { v * 12.92 } else { 1.055 * v.powf(1.0 / 2.4) - 0.055 }
}

/// # Colours and materials
impl Field {
    /// The field in a colour: `"#e07a5f"`, or linear red, green and blue.
    #[track_caller]
    pub fn color(&self, color: impl Into<Color>) -> Field {
        match color.into().0 {
            Ok(color) => self.painted(Material { color, ..self.material().cloned().unwrap_or_default() }),
            Err(problem) => self.with_error(Error::Argument {
                function: "color".into(),
                argument: "color".into(),
                problem,
                place: Place::caller(),
            }),
        }
    }

    /// The field with a whole material.
    pub fn painted(&self, material: Material) -> Field {
        let error = material.channels().into_iter().find_map(Field::error).cloned();
        let field = self.clone().with_material_of(Some(material));
        match error {
            Some(error) => field.with_error(error),
            None => field,
        }
    }
}
