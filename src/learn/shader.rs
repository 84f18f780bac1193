//! How a shader computes a network: layer by layer, with its weights beside the text.

use super::Activation;
use super::encoding_shader;
use super::network::{Layer, Network};
use crate::number::{Identity, Shader};
use crate::tape::text::Language;
use std::fmt::Write;
use std::sync::Arc;

/// The widest layer whose sums a shader holds.
const MAX_WIDTH: usize = 256;

/// How a shader computes the value and a first derivative; none where the layers are too wide.
pub(super) fn shader(network: &Network, weights: &Arc<[f32]>, identity: Identity) -> Option<Shader> {
    let widest = network.layers().iter().map(|layer| layer.outputs.max(layer.inputs)).max()?;
    if widest > MAX_WIDTH {
        return None;
    }
    let name = format!("neural_{:016x}", identity.word() as u64);
    Some(Shader {
        numbers: [0; 4],
        wgsl: text(network, &name, widest, Language::Wgsl).into(),
        glsl: Some(text(network, &name, widest, Language::Glsl).into()),
        calls: Vec::new(),
        data: Some(weights.clone()),
        function: name.into(),
    })
}

/// The call for the value, or the derivative in an input; none for second derivatives.
pub(super) fn of_output(shader: &Shader, inputs: &[usize]) -> Option<Shader> {
    let numbers = match *inputs {
        [] => [0; 4],
        [input] => [1, input as u8, 0, 0],
        _ => return None,
    };
    Some(Shader { numbers, ..shader.clone() })
}

/// An activation and its derivative at s, as expressions both languages have.
fn rule(activation: Activation) -> [String; 2] {
    let number = format!("{:?}", activation.number() as f32);
    let texts = match activation {
        Activation::Linear => ["s", "1.0"],
        Activation::Sine { .. } => ["sin(W * s)", "W * cos(W * s)"],
        Activation::Relu => ["max(s, 0.0)", "sign(max(s, 0.0))"],
        Activation::Softplus { .. } => {
            ["max(s, 0.0) + log(1.0 + exp(-W * abs(s))) / W", "1.0 / (1.0 + exp(clamp(-W * s, -80.0, 80.0)))"]
        }
        Activation::Tanh => ["tanh(clamp(s, -20.0, 20.0))", "1.0 - v * v"],
        Activation::Sigmoid => ["1.0 / (1.0 + exp(clamp(-s, -80.0, 80.0)))", "v * (1.0 - v)"],
        Activation::Gelu => [
            "0.5 * s * (1.0 + tanh(clamp(0.7978845608 * (s + 0.044715 * s * s * s), -20.0, 20.0)))",
            "gelu_slope(s)",
        ],
    };
    // The slope by the tangent, written out.
    let tangent = "tanh(clamp(0.7978845608 * (s + 0.044715 * s * s * s), -20.0, 20.0))";
    let slope = format!(
        "0.5 * (1.0 + {tangent}) + 0.3989422804 * s * (1.0 + 0.134145 * s * s) * (1.0 - {tangent} * {tangent})"
    );
    texts.map(|text| text.replace('W', &number).replace("gelu_slope(s)", &slope))
}

/// The function, in either language: they differ in how variables are declared, and how one of two is chosen.
fn text(network: &Network, name: &str, widest: usize, language: Language) -> String {
    let is_wgsl = language == Language::Wgsl;
    let [float, int] = if is_wgsl { ["var", "var"] } else { ["float", "int"] };
    let array = |name: &str| match is_wgsl {
        true => format!("    var {name}: array<f32, {widest}>;\n"),
        false => format!("    float {name}[{widest}];\n"),
    };
    let choose = |condition: &str, then: &str, otherwise: &str| match is_wgsl {
        true => format!("select({otherwise}, {then}, {condition})"),
        false => format!("{condition} ? {then} : {otherwise}"),
    };
    let inputs = &["x", "y", "z", "t"][..network.inputs()];
    let arguments = |kind: &str, names: &[&str]| -> String {
        let one = |name: &&str| if is_wgsl { format!("{name}: {kind}") } else { format!("{kind} {name}") };
        names.iter().map(one).collect::<Vec<_>>().join(", ")
    };
    let [float_kind, int_kind] = if is_wgsl { ["f32", "i32"] } else { ["float", "int"] };
    let arguments =
        [arguments(float_kind, inputs), arguments(int_kind, &["order", "wrt", "n2", "n3"])].join(", ");
    let head = match is_wgsl {
        true => format!("fn field_{name}({arguments}) -> f32 {{"),
        false => format!("float field_{name}({arguments}) {{"),
    };
    let mut text = format!(
        "// A network of {} layers, or its derivative in an input.\n{head}\n",
        network.layers().len()
    );
    // Values and derivatives of a layer's inputs, and those of its outputs.
    text.extend(["h", "d", "g", "e"].map(array));
    if let Some(encoding) = network.encoding() {
        text += &encoding_shader::lines(encoding, name, network.layer_weights(), language);
    }
    for (n, input) in inputs.iter().enumerate().filter(|_| network.encoding().is_none()) {
        let seed = choose(&format!("order == 1 && wrt == {n}"), "1.0", "0.0");
        let _ = writeln!(text, "    h[{n}] = {input};\n    d[{n}] = {seed};");
    }
    for layer in network.layers() {
        let Layer { inputs, outputs, start, activation } = *layer;
        let [value, slope] = rule(activation);
        let biases = start + inputs * outputs;
        let _ = writeln!(
            text,
            "    for ({int} o = 0; o < {outputs}; o++) {{\n        \
             {float} s = field_{name}_number({biases} + o);\n        {float} r = 0.0;\n        \
             for ({int} i = 0; i < {inputs}; i++) {{\n            \
             {float} w = field_{name}_number({start} + o * {inputs} + i);\n            \
             s += w * h[i];\n            r += w * d[i];\n        }}\n        \
             {float} v = {value};\n        g[o] = v;\n        e[o] = ({slope}) * r;\n    }}\n    \
             for ({int} o = 0; o < {outputs}; o++) {{\n        h[o] = g[o];\n        d[o] = e[o];\n    }}"
        );
    }
    let _ = writeln!(text, "    return {};\n}}", choose("order == 1", "d[0]", "h[0]"));
    text
}
