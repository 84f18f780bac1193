//! How a shader interpolates a grid: with its coefficients beside the text.

use super::Interpolation;
use super::spline::Spline;
use crate::number::{Identity, Shader};

/// How a shader computes the value.
pub(super) fn shader(spline: &Spline, identity: Identity) -> Shader {
    let name = format!("grid_{:016x}", identity.word() as u64);
    let text = |template: &str| {
        let axes = ["T", "X", "Y", "Z"];
        let text = (0..4).fold(template.replace("NAME", &name), |text, axis| {
            text.replace(&format!("SAMPLES_{}", axes[axis]), &spline.counts[axis].to_string())
                .replace(&format!("SIZE_{}", axes[axis]), &spline.sizes[axis].to_string())
        });
        let is_cubic = spline.interpolation == Interpolation::Cubic;
        text.replace("CUBIC", if is_cubic { "true" } else { "false" })
    };
    Shader {
        numbers: [0; 4],
        wgsl: text(include_str!("../../../shaders/grid.wgsl")).into(),
        glsl: Some(text(include_str!("../../../shaders/grid.glsl")).into()),
        calls: Vec::new(),
        data: Some(spline.coefficients[..spline.coefficient_count()].into()),
        function: name.into(),
    }
}
