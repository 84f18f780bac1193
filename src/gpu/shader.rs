//! A scene's field as shader text.
//!
//! ```
//! use fieldgrad::gpu::shader::wgsl_library;
//! use fieldgrad::scene::built_in;
//!
//! let library = wgsl_library(&built_in(), None)?;
//! assert!(library.contains("fn field_value(p: vec3<f32>, t: f32) -> f32"));
//! assert!(library.contains("field_parameters"));
//! # Ok::<(), fieldgrad::Error>(())
//! ```
//!
//! The text is written from a [`Tape`](crate::tape::Tape)'s lines: shared work is done once. It computes in `f32`, with
//! the conventions of [`number`](crate::number), but for NaN and infinity, of which shading languages promise nothing.

use crate::error::{Error, Result};
use crate::field::{Axis, Field, Kind, Listing, Material, Parameter};
use crate::scene::Scene;
use crate::tape::text::{Body, CalledFunctions, Language, literal};
use std::fmt::Write;

pub use super::shadertoy::shadertoy;
pub(crate) use super::shadertoy::steepness;

/// The scene's field as a library of WGSL functions: `field_value`, `field_gradient` with the value, `field_material`.
/// The parameters are a uniform; the time is an argument, unless the scene is held `still` at one.
///
/// An error names what no shader can compute: a kernel without text, or a swept volume's derivatives beyond the first.
pub fn wgsl_library(scene: &Scene, still: Option<f64>) -> Result<String> {
    let parameters = parameters(scene)?;
    let index = |name: &str| parameters.iter().position(|parameter| parameter.name() == name).unwrap_or(0);
    let part = |i: usize| format!("field_parameters.values[{}].{}", i / 4, ["x", "y", "z", "w"][i % 4]);
    let writer =
        ShaderWriter { scene, language: Language::Wgsl, still, parameter: &|name| part(index(name)) };
    let mut used = CalledFunctions::default();
    let value = writer.value(&mut used)?;
    let gradient = writer.gradient(&mut used)?;
    let material = writer.material(&mut used)?;

    let mut text = head(scene, still);
    if !parameters.is_empty() {
        text += "\n// The parameters; change the binding to one that is free.\n";
        for (i, parameter) in parameters.iter().enumerate() {
            let _ = writeln!(text, "//   {} = {}: {}", part(i), parameter.value(), comment(parameter.name()));
        }
        let count = parameters.len().div_ceil(4);
        let _ = write!(
            text,
            "struct FieldParameters {{\n    values: array<vec4<f32>, {count}>,\n}}\n\
             @group(0) @binding(0) var<uniform> field_parameters: FieldParameters;\n"
        );
    }
    text += "\n// A value, and its derivatives in x, y, z and t.\n\
             struct FieldGradient {\n    value: f32,\n    slope: vec4<f32>,\n}\n\n\
             // A surface: colours are linear red, green and blue.\n\
             struct FieldMaterial {\n    color: vec3<f32>,\n    roughness: f32,\n    metallic: f32,\n    \
             emission: vec3<f32>,\n}\n\n";
    text += &used.text(Language::Wgsl)?;
    for function in [value, gradient, material] {
        text += &function;
        text.push('\n');
    }
    text.truncate(text.trim_end().len() + 1);
    Ok(text)
}

/// What the text is of.
pub(super) fn head(scene: &Scene, still: Option<f64>) -> String {
    let version = env!("CARGO_PKG_VERSION");
    let at = still.map_or(String::new(), |time| format!(" at t = {time}"));
    format!("// {}{at}, written by fieldgrad {version}. Negative inside.\n", comment(scene.file()))
}

/// A text that ends no comment.
pub(super) fn comment(text: &str) -> String {
    text.chars().map(|c| if c.is_control() { ' ' } else { c }).collect()
}

/// The parameters that the scene declares, and those its shape or its material has besides.
pub(super) fn parameters(scene: &Scene) -> Result<Vec<Parameter>> {
    let mut all = scene.parameters();
    let material = scene.field().material().into_iter().flat_map(|material| material.channels());
    let fields: Vec<Field> = std::iter::once(scene.field()).chain(material).cloned().collect();
    fields.iter().try_for_each(Field::check)?;
    for parameter in Listing::of(&fields).parameters()? {
        if !all.iter().any(|own| own.name() == parameter.name()) {
            all.push(Parameter::clone(&parameter));
        }
    }
    Ok(all)
}

/// That shaders can compute all of it; else an error with the scene's line.
pub(super) fn check(scene: &Scene, fields: &[Field]) -> Result<()> {
    let nodes = Listing::of(fields).nodes;
    let refused = nodes.iter().find_map(|node| match node.kind() {
        Kind::Kernel(kernel) if kernel.shader().is_none() => Some((node, kernel.name())),
        _ => None,
    });
    let Some((node, name)) = refused else { return Ok(()) };
    let problem = format!("{name} has code of its own, which no shader can be written for");
    match scene.place_of(node) {
        Some(place) => Err(scene.error_at(place, problem)),
        None => Err(Error::Unsupported(problem)),
    }
}

/// Writes the functions of a scene.
pub(super) struct ShaderWriter<'a> {
    pub(super) scene: &'a Scene,
    pub(super) language: Language,
    /// The time the scene is held still at.
    pub(super) still: Option<f64>,
    pub(super) parameter: &'a dyn Fn(&str) -> String,
}

impl ShaderWriter<'_> {
    /// The lines that compute fields of a point `p` and a time `t`.
    fn lines(&self, fields: &[Field], used: &mut CalledFunctions) -> Result<(String, Vec<String>)> {
        check(self.scene, fields)?;
        let time = self.still.map_or("t".into(), literal);
        let coordinates = ["p.x".into(), "p.y".into(), "p.z".into(), time];
        Body { language: self.language, coordinates, parameter: self.parameter }.lines(fields, used)
    }

    /// A function of `p` and `t` that gives some fields as one type.
    fn function(
        &self,
        (kind, name): (&'static str, &str),
        fields: &[Field],
        used: &mut CalledFunctions,
        give: impl FnOnce(&[String]) -> String,
    ) -> Result<String> {
        let (lines, outputs) = self.lines(fields, used)?;
        let head = self.language.function(kind, name, &[("vec3", "p"), ("float", "t")]);
        Ok(format!("{head}{lines}    return {};\n}}\n", give(&outputs)))
    }

    /// `field_value`.
    pub(super) fn value(&self, used: &mut CalledFunctions) -> Result<String> {
        let field = std::slice::from_ref(self.scene.field());
        let function = self.function(("float", "field_value"), field, used, |of| of[0].clone())?;
        Ok(format!("// The field at a point and a time.\n{function}"))
    }

    /// `field_gradient`: the value and the derivatives in a structure.
    pub(super) fn gradient(&self, used: &mut CalledFunctions) -> Result<String> {
        let (language, mut fields) = (self.language, vec![self.scene.field().clone()]);
        fields.extend(self.slopes());
        let give = |of: &[String]| {
            language.vector("FieldGradient", &[of[0].clone(), language.vector("vec4", &of[1..])])
        };
        let function = self.function(("FieldGradient", "field_gradient"), &fields, used, give)?;
        Ok(format!("// The value and ∇f in space and time.\n{function}"))
    }

    /// ∇f; held still it has no part in time.
    fn slopes(&self) -> [Field; 4] {
        let mut slopes = self.scene.field().gradient();
        if self.still.is_some() {
            slopes[Axis::T as usize] = Field::constant(0.0);
        }
        slopes
    }

    /// `field_normal`: the gradient in space alone.
    pub(super) fn normal(&self, used: &mut CalledFunctions) -> Result<String> {
        let language = self.language;
        let give = |of: &[String]| language.vector("vec3", of);
        let function = self.function(("vec3", "field_normal"), &self.slopes()[..3], used, give)?;
        Ok(format!("// The gradient in space: the way out of the surface, not of length 1.\n{function}"))
    }

    /// `field_material`: the channels in a structure.
    pub(super) fn material(&self, used: &mut CalledFunctions) -> Result<String> {
        let usual = Material::default();
        let material = self.scene.field().material().unwrap_or(&usual);
        let channels: Vec<Field> = material.channels().into_iter().cloned().collect();
        let language = self.language;
        let give = |of: &[String]| {
            let (color, emission) = (language.vector("vec3", &of[..3]), language.vector("vec3", &of[5..]));
            language.vector("FieldMaterial", &[color, of[3].clone(), of[4].clone(), emission])
        };
        let function = self.function(("FieldMaterial", "field_material"), &channels, used, give)?;
        Ok(format!("// What the surface looks like.\n{function}"))
    }

    /// A function of time alone, of three fields or of one.
    pub(super) fn of_time(&self, name: &str, fields: &[Field], used: &mut CalledFunctions) -> Result<String> {
        let kind = if fields.len() == 3 { "vec3" } else { "float" };
        let none = || String::from("0.0");
        let time = self.still.map_or("t".into(), literal);
        let coordinates = [none(), none(), none(), time];
        let body = Body { language: self.language, coordinates, parameter: self.parameter };
        let (lines, outputs) = body.lines(fields, used)?;
        let given = if fields.len() == 3 { self.language.vector(kind, &outputs) } else { outputs[0].clone() };
        Ok(format!(
            "{}{lines}    return {given};\n}}\n",
            self.language.function(kind, name, &[("float", "t")])
        ))
    }
}
