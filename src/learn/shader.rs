//! How a shader computes a network: layer by layer, with its weights beside the text.

use super::Activation;
use super::network::{Layer, Network};
use crate::number::{Identity, Shader};
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
        wgsl: wgsl(network, &name, widest).into(),
        glsl: Some(glsl(network, &name, widest).into()),
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

fn wgsl(network: &Network, name: &str, widest: usize) -> String {
    let (array, float, int) = (format!("array<f32, {widest}>"), "f32", "i32");
    let inputs = &["x", "y", "z", "t"][..network.inputs()];
    let mut text =
        format!("// A network of {} layers, or its derivative in an input.\n", network.layers().len());
    let arguments: Vec<String> = inputs.iter().map(|input| format!("{input}: {float}")).collect();
    let _ = writeln!(
        text,
        "fn field_{name}({}, order: {int}, input: {int}, n2: {int}, n3: {int}) -> {float} {{",
        arguments.join(", ")
    );
    let _ =
        writeln!(text, "    var h: {array};\n    var d: {array};\n    var g: {array};\n    var e: {array};");
    for (n, input) in inputs.iter().enumerate() {
        let _ = writeln!(
            text,
            "    h[{n}] = {input};\n    d[{n}] = select(0.0, 1.0, order == 1 && input == {n});"
        );
    }
    for layer in network.layers() {
        let Layer { inputs, outputs, start, activation } = *layer;
        let [value, slope] = rule(activation);
        let biases = start + inputs * outputs;
        let _ = writeln!(
            text,
            "    for (var o = 0; o < {outputs}; o++) {{\n        \
             var s = field_{name}_number({biases} + o);\n        var r = 0.0;\n        \
             for (var i = 0; i < {inputs}; i++) {{\n            \
             let w = field_{name}_number({start} + o * {inputs} + i);\n            \
             s += w * h[i];\n            r += w * d[i];\n        }}\n        \
             let v = {value};\n        g[o] = v;\n        e[o] = ({slope}) * r;\n    }}\n    h = g;\n    d = e;"
        );
    }
    text.push_str("    return select(h[0], d[0], order == 1);\n}\n");
    text
}

fn glsl(network: &Network, name: &str, widest: usize) -> String {
    let inputs = &["x", "y", "z", "t"][..network.inputs()];
    let mut text =
        format!("// A network of {} layers, or its derivative in an input.\n", network.layers().len());
    let arguments: Vec<String> = inputs.iter().map(|input| format!("float {input}")).collect();
    let _ = writeln!(
        text,
        "float field_{name}({}, int order, int wrt, int n2, int n3) {{\n    \
         float h[{widest}];\n    float d[{widest}];\n    float g[{widest}];\n    float e[{widest}];",
        arguments.join(", ")
    );
    for (n, input) in inputs.iter().enumerate() {
        let _ = writeln!(text, "    h[{n}] = {input};\n    d[{n}] = order == 1 && wrt == {n} ? 1.0 : 0.0;");
    }
    for layer in network.layers() {
        let Layer { inputs, outputs, start, activation } = *layer;
        let [value, slope] = rule(activation);
        let biases = start + inputs * outputs;
        let _ = writeln!(
            text,
            "    for (int o = 0; o < {outputs}; o++) {{\n        \
             float s = field_{name}_number({biases} + o);\n        float r = 0.0;\n        \
             for (int i = 0; i < {inputs}; i++) {{\n            \
             float w = field_{name}_number({start} + o * {inputs} + i);\n            \
             s += w * h[i];\n            r += w * d[i];\n        }}\n        \
             float v = {value};\n        g[o] = v;\n        e[o] = ({slope}) * r;\n    }}\n    \
             for (int o = 0; o < {outputs}; o++) {{\n        h[o] = g[o];\n        d[o] = e[o];\n    }}"
        );
    }
    text.push_str("    return order == 1 ? d[0] : h[0];\n}\n");
    text
}
