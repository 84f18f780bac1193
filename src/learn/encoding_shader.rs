//! How a shader computes the features of a hash grid, and their derivative in an input.

use super::encoding::{GridEncoding, PRIMES};
use crate::tape::text::Language;
use std::fmt::Write;

/// Lines that write the features to `h` and their derivatives to `d`. `name` is the function's, and its numbers begin with
/// so many of the layers'.
pub(super) fn lines(encoding: &GridEncoding, name: &str, layers: usize, language: Language) -> String {
    let is_wgsl = language == Language::Wgsl;
    let [float, int] = if is_wgsl { ["var", "var"] } else { ["float", "int"] };
    let [to_int, to_word] = if is_wgsl { ["i32", "u32"] } else { ["int", "uint"] };
    let choose = |condition: &str, then: &str, otherwise: &str| match is_wgsl {
        true => format!("select({otherwise}, {then}, {condition})"),
        false => format!("({condition} ? {then} : {otherwise})"),
    };
    let (inputs, features) = (encoding.inputs, encoding.features);
    let names = &["x", "y", "z", "t"][..inputs];
    let mut text = format!(
        "    for ({int} o = 0; o < {}; o++) {{\n        h[o] = 0.0;\n        d[o] = 0.0;\n    }}\n",
        encoding.width()
    );
    for (n, level) in encoding.levels.iter().enumerate() {
        let _ = writeln!(text, "    {{");
        for (axis, name) in names.iter().enumerate() {
            let cells = level.cells;
            let turn = format!("{:?}", (cells as f64 / encoding.size[axis]) as f32);
            let low = format!("{:?}", encoding.low[axis] as f32);
            let within = choose(&format!("p{axis} >= 0.0 && p{axis} <= {cells}.0"), &turn, "0.0");
            let _ = writeln!(
                text,
                "        {float} p{axis} = ({name} - ({low})) * {turn};\n        \
                 {float} r{axis} = {within};\n        \
                 p{axis} = clamp(p{axis}, 0.0, {cells}.0);\n        \
                 {int} c{axis} = {to_int}(min(floor(p{axis}), {}.0));\n        \
                 {float} s{axis} = p{axis} - min(floor(p{axis}), {}.0);",
                cells - 1,
                cells - 1
            );
            if encoding.is_smooth {
                let _ = writeln!(
                    text,
                    "        r{axis} = 6.0 * s{axis} * (1.0 - s{axis}) * r{axis};\n        \
                     s{axis} = s{axis} * s{axis} * (3.0 - 2.0 * s{axis});"
                );
            }
        }
        for axis in 0..inputs {
            let indent = " ".repeat(8 + 4 * axis);
            let far = format!("k{axis} == 1");
            let share = choose(&far, &format!("s{axis}"), &format!("1.0 - s{axis}"));
            let slope = choose(&far, &format!("r{axis}"), &format!("-r{axis}"));
            let kept = choose(&format!("wrt == {axis}"), &format!("u{axis}"), &format!("v{axis}"));
            let _ = writeln!(
                text,
                "{indent}for ({int} k{axis} = 0; k{axis} < 2; k{axis}++) {{\n{indent}    \
                 {float} v{axis} = {share};\n{indent}    {float} u{axis} = {slope};\n{indent}    u{axis} = {kept};"
            );
        }
        let indent = " ".repeat(8 + 4 * inputs);
        let row = match level.is_hashed {
            true => {
                let part = |axis: usize| format!("({to_word}(c{axis} + k{axis}) * {}u)", PRIMES[axis]);
                let mixed = (1..inputs).fold(part(0), |all, axis| format!("({all} ^ {})", part(axis)));
                format!("{to_int}({mixed} & {}u)", level.rows - 1)
            }
            false => {
                let side = level.cells + 1;
                let last = inputs - 1;
                (0..last).rev().fold(format!("(c{last} + k{last})"), |all, axis| {
                    format!("({all} * {side} + c{axis} + k{axis})")
                })
            }
        };
        let product =
            |letter: &str| (0..inputs).map(|axis| format!("{letter}{axis}")).collect::<Vec<_>>().join(" * ");
        let _ = writeln!(
            text,
            "{indent}{int} row = {row};\n{indent}{float} share = {};\n{indent}{float} slope = {};\n{indent}\
             for ({int} f = 0; f < {features}; f++) {{\n{indent}    \
             {float} number = field_{name}_number({} + row * {features} + f);\n{indent}    \
             h[{} + f] += share * number;\n{indent}    d[{} + f] += slope * number;\n{indent}}}",
            product("v"),
            choose("order == 1", &product("u"), "0.0"),
            layers + level.start,
            n * features,
            n * features
        );
        for axis in (0..inputs).rev() {
            let _ = writeln!(text, "{}}}", " ".repeat(8 + 4 * axis));
        }
        let _ = writeln!(text, "    }}");
    }
    text
}
