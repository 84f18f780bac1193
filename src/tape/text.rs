//! A tape's lines as shader text: what WGSL and GLSL have in common, and the few places where they differ.

use super::{Statement, Tape};
use crate::error::{Error, Result};
use crate::field::{Field, param};
use crate::number::{Op, Real, Shader, Smooth};
use std::collections::BTreeMap;
use std::fmt::Write;

/// A shading language.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Language {
    /// WebGPU's.
    Wgsl,
    /// That of WebGL 2: GLSL ES 3.00.
    Glsl,
}

use Language::{Glsl, Wgsl};

impl Language {
    /// A type, by its name in GLSL.
    fn kind(self, glsl: &'static str) -> &'static str {
        match (self, glsl) {
            (Glsl, _) => glsl,
            (Wgsl, "float") => "f32",
            (Wgsl, "vec2") => "vec2<f32>",
            (Wgsl, "vec3") => "vec3<f32>",
            (Wgsl, "vec4") => "vec4<f32>",
            (Wgsl, own) => own,
        }
    }

    /// The line that names a value.
    fn assignment(self, name: &str, value: &str) -> String {
        match self {
            Wgsl => format!("    let {name} = {value};\n"),
            Glsl => format!("    float {name} = {value};\n"),
        }
    }

    /// A vector, or a structure, of parts.
    pub(crate) fn vector(self, kind: &'static str, parts: &[String]) -> String {
        format!("{}({})", self.kind(kind), parts.join(", "))
    }

    /// The head of a function, up to its opening brace.
    pub(crate) fn function(
        self,
        kind: &'static str,
        name: &str,
        arguments: &[(&'static str, &str)],
    ) -> String {
        let arguments = arguments.iter().map(|(kind, argument)| match self {
            Wgsl => format!("{argument}: {}", self.kind(kind)),
            Glsl => format!("{kind} {argument}"),
        });
        let arguments = arguments.collect::<Vec<_>>().join(", ");
        match self {
            Wgsl => format!("fn {name}({arguments}) -> {} {{\n", self.kind(kind)),
            Glsl => format!("{kind} {name}({arguments}) {{\n"),
        }
    }

    /// An operation on operands that are names or literals. `used` notes the functions it calls.
    pub(crate) fn operation(self, op: Op, operands: &[String], used: &mut CalledFunctions) -> String {
        let a = |i: usize| operands[i].as_str();
        let call = |name: &str| format!("{name}({})", operands.join(", "));
        let infix = |sign: &str| format!("{} {sign} {}", a(0), a(1));
        match op {
            Op::Neg => format!("-{}", a(0)),
            Op::Square => format!("{} * {}", a(0), a(0)),
            Op::Recip => format!("1.0 / {}", a(0)),
            Op::Ln => call("log"),
            Op::Round if self == Glsl => call("roundEven"),
            Op::Abs
            | Op::Sqrt
            | Op::Exp
            | Op::Sin
            | Op::Cos
            | Op::Tan
            | Op::Atan
            | Op::Floor
            | Op::Ceil
            | Op::Round
            | Op::Sign
            | Op::Min
            | Op::Max
            | Op::Mix => call(op.name()),
            Op::Add | Op::Sub | Op::Mul | Op::Div => infix(op.name()),
            Op::Modulo => format!("{} - {} * floor({} / {})", a(0), a(1), a(0), a(1)),
            Op::Hypot => format!("length({})", self.vector("vec2", operands)),
            Op::Length => format!("length({})", self.vector("vec3", operands)),
            Op::DirectionCosine if self == Wgsl => {
                format!("select(0.0, {} / {}, 0.0 < {})", a(0), a(1), a(1))
            }
            Op::DirectionCosine => format!("0.0 < {} ? {} / {} : 0.0", a(1), a(0), a(1)),
            Op::IfLess if self == Wgsl => format!("select({}, {}, {} < {})", a(3), a(2), a(0), a(1)),
            Op::IfLess => format!("{} < {} ? {} : {}", a(0), a(1), a(2), a(3)),
            Op::Ramp | Op::Pow | Op::Asin | Op::Acos | Op::Atan2 | Op::SmoothMin(_) | Op::SmoothWeight(_) => {
                used.op(function_name(op));
                call(&function_name(op))
            }
        }
    }
}

/// The functions a text calls that are no part of the language, each after those it calls itself.
#[derive(Default)]
pub(crate) struct CalledFunctions(Vec<CalledFunction>);

/// The most numbers that a text holds: compilers are slow to read them.
const MAX_NUMBERS: usize = 1 << 13;

/// A function, by its name.
enum CalledFunction {
    /// Of an operation.
    Op(String),
    /// Of a kernel, or of what a kernel's calls.
    Given(Shader),
}

impl CalledFunction {
    fn is_called(&self, name: &str) -> bool {
        match self {
            CalledFunction::Op(own) => own == name,
            CalledFunction::Given(shader) => name.strip_prefix("field_") == Some(&shader.function),
        }
    }

    fn data(&self) -> Option<(&str, &[f32])> {
        match self {
            CalledFunction::Given(Shader { function, data: Some(data), .. }) => Some((function, data)),
            _ => None,
        }
    }

    fn text(&self, language: Language) -> Result<String> {
        match (self, language) {
            (CalledFunction::Op(name), _) => match (name.as_str(), language) {
                ("field_pow", Wgsl) => Ok(include_str!("../../shaders/pow.wgsl").into()),
                ("field_pow", Glsl) => Ok(include_str!("../../shaders/pow.glsl").into()),
                _ => written_out(name, language),
            },
            (CalledFunction::Given(shader), Wgsl) => Ok(shader.wgsl.clone().into_owned()),
            (CalledFunction::Given(shader), Glsl) => match &shader.glsl {
                Some(glsl) => Ok(glsl.clone().into_owned()),
                None => Err(Error::Unsupported(format!("no GLSL can compute {:?}", shader.function))),
            },
        }
    }
}

fn function_name(op: Op) -> String {
    match op {
        Op::SmoothMin(kind) | Op::SmoothWeight(kind) => format!("field_{}_{}", op.name(), kind.name()),
        _ => format!("field_{}", op.name()),
    }
}

/// A number as a literal of `f32`.
pub(crate) fn literal(value: f64) -> String {
    let value = (value as f32).clamp(f32::MIN, f32::MAX);
    if value < 0.0 { format!("({value:?})") } else { format!("{value:?}") }
}

/// What a function computes, and how it names what it is given.
pub(crate) struct Body<'a> {
    pub(crate) language: Language,
    /// x, y, z and t.
    pub(crate) coordinates: [String; 4],
    /// The parameters, by their names in the scene.
    pub(crate) parameter: &'a dyn Fn(&str) -> String,
}

impl Body<'_> {
    /// The lines that compute some fields, and what the fields are called then.
    ///
    /// An error if one has a kernel that no shader can compute.
    pub(crate) fn lines(
        &self,
        fields: &[Field],
        used: &mut CalledFunctions,
    ) -> Result<(String, Vec<String>)> {
        self.lines_of(&Tape::new(fields)?, used)
    }

    /// The lines that compute a tape's outputs, and what the outputs are called then.
    pub(crate) fn lines_of(&self, tape: &Tape, used: &mut CalledFunctions) -> Result<(String, Vec<String>)> {
        self.lines_from(tape, 0, &BTreeMap::new(), used)
    }

    /// The same without the lines before `start`, where values that are known have names of their own.
    pub(crate) fn lines_from(
        &self,
        tape: &Tape,
        start: usize,
        known: &BTreeMap<u32, String>,
        used: &mut CalledFunctions,
    ) -> Result<(String, Vec<String>)> {
        let mut names: Vec<String> = self.coordinates.to_vec();
        names.extend(tape.parameters().map(|parameter| (self.parameter)(parameter.name())));
        names.extend(tape.constants().iter().map(|&value| literal(value)));
        let leaves = names.len();
        known.range(..leaves as u32).for_each(|(&value, name)| names[value as usize].clone_from(name));
        let mut text = String::new();
        for (i, line) in tape.statements().enumerate() {
            if i < start {
                // What is not known either is not read.
                names.push(known.get(&((leaves + i) as u32)).cloned().unwrap_or_default());
                continue;
            }
            let given =
                |from: &[u32]| from.iter().map(|&i| names[i as usize].clone()).collect::<Vec<String>>();
            let value = match line {
                Statement::Op(op, from) => self.language.operation(op, &given(from), used),
                Statement::Kernel(output, from) => {
                    let Some(shader) = output.shader() else {
                        let name = output.name();
                        return Err(Error::Unsupported(format!("no shader can compute {name:?}")));
                    };
                    let numbers = shader.numbers.map(|number| number.to_string());
                    used.kernel(shader, &[given(from).as_slice(), &numbers].concat())
                }
            };
            let name = format!("v{i}");
            text += &self.language.assignment(&name, &value);
            names.push(name);
        }
        Ok((text, tape.outputs().iter().map(|&value| names[value as usize].clone()).collect()))
    }
}

impl CalledFunctions {
    fn has(&self, name: &str) -> bool {
        self.0.iter().any(|function| function.is_called(name))
    }

    fn op(&mut self, name: String) {
        if !self.has(&name) {
            self.0.push(CalledFunction::Op(name));
        }
    }

    /// The call of a kernel's function.
    pub(crate) fn kernel(&mut self, shader: Shader, given: &[String]) -> String {
        let name = format!("field_{}", shader.function);
        let call = format!("{name}({})", given.join(", "));
        self.give(shader, &name);
        call
    }

    fn give(&mut self, shader: Shader, name: &str) {
        if self.has(name) {
            return;
        }
        for called in &shader.calls {
            self.give(called.clone(), &format!("field_{}", called.function));
        }
        self.0.push(CalledFunction::Given(shader));
    }

    /// The functions, for a kernel's text that calls them.
    pub(crate) fn shaders(&self) -> Result<Vec<Shader>> {
        let shader = |function: &CalledFunction| match function {
            CalledFunction::Given(shader) => Ok(shader.clone()),
            CalledFunction::Op(name) => Ok(Shader {
                function: name.trim_start_matches("field_").to_string().into(),
                numbers: [0; 4],
                wgsl: function.text(Wgsl)?.into(),
                glsl: Some(function.text(Glsl)?.into()),
                calls: Vec::new(),
                data: None,
            }),
        };
        self.0.iter().map(shader).collect()
    }

    /// The text of the functions that are called, with the numbers that they read.
    pub(crate) fn text(&self, language: Language) -> Result<String> {
        self.text_with(language, |name, data| {
            if data.len() > MAX_NUMBERS {
                return Err(Error::Unsupported(format!(
                    "{name} reads {} numbers, and a shader's text holds at most {MAX_NUMBERS}",
                    data.len()
                )));
            }
            let numbers = data.iter().map(|&number| format!("{number:?}")).collect::<Vec<_>>().join(", ");
            let count = data.len();
            Ok(match language {
                Wgsl => format!(
                    "const field_{name}_numbers = array<f32, {count}>({numbers});\n\n\
                     fn field_{name}_number(i: i32) -> f32 {{\n    return field_{name}_numbers[i];\n}}\n\n"
                ),
                Glsl => format!(
                    "const float field_{name}_numbers[{count}] = float[{count}]({numbers});\n\n\
                     float field_{name}_number(int i) {{\n    return field_{name}_numbers[i];\n}}\n\n"
                ),
            })
        })
    }

    /// The text in WGSL of the functions that are called, and the numbers that they read, all in one list: by a function
    /// `field_number(i: i32) -> f32`.
    pub(crate) fn text_and_numbers(&self) -> Result<(String, Vec<f32>)> {
        let mut all = Vec::new();
        let text = self.text_with(Wgsl, |name, data| {
            let first = all.len();
            all.extend_from_slice(data);
            Ok(format!(
                "fn field_{name}_number(i: i32) -> f32 {{\n    return field_number(i + {first});\n}}\n\n"
            ))
        })?;
        Ok((text, all))
    }

    fn text_with(
        &self,
        language: Language,
        mut reads: impl FnMut(&str, &[f32]) -> Result<String>,
    ) -> Result<String> {
        let mut text = String::new();
        for function in &self.0 {
            if let Some((name, data)) = function.data() {
                text += &reads(name, data)?;
            }
            text += &function.text(language)?;
            text.push('\n');
        }
        Ok(text)
    }
}

/// A function of operands that simpler operations compute, from the one definition there is of it.
fn written_out(name: &str, language: Language) -> Result<String> {
    let operand = |name: &str| param(name, 0.0);
    let [a, b, k] = ["a", "b", "k"].map(operand);
    let kind = |prefix: &str| name.strip_prefix(prefix).and_then(Smooth::from_name);
    let (arguments, field): (&[&str], Field) = match name {
        "field_ramp" => (&["a"], {
            let a = Real::clamp(a, Real::zero(), Real::one());
            (3 - 2 * &a) * Real::square(a)
        }),
        _ => match (kind("field_smooth_min_"), kind("field_smooth_weight_")) {
            (Some(kind), _) => (&["a", "b", "k"], kind.value(a, b, k)),
            (_, Some(kind)) => (&["a", "b", "k"], kind.weight_of_b(a, b, k)),
            _ if name == "field_atan2" => return Ok(atan2(language)),
            _ => return Ok(of_circle(name, language)),
        },
    };
    let none = || String::from("0.0");
    let body =
        Body { language, coordinates: [none(), none(), none(), none()], parameter: &|name| name.into() };
    let (lines, outputs) = body.lines(&[field], &mut CalledFunctions::default())?;
    let arguments: Vec<(&'static str, &str)> =
        arguments.iter().map(|&argument| ("float", argument)).collect();
    let mut text = language.function("float", name, &arguments);
    let _ = write!(text, "{lines}    return {};\n}}\n", outputs[0]);
    Ok(text)
}

/// The angle of a sine or a cosine. Drivers' own are off by up to 3e-4; this by what the angle of a point is.
fn of_circle(name: &str, language: Language) -> String {
    let mut text = language.function("float", name, &[("float", "a")]);
    let angle = if language == Wgsl { "atan2" } else { "atan" };
    let other = "sqrt((1.0 - a) * (1.0 + a))";
    let (y, x) = if name == "field_asin" { ("a", other) } else { (other, "a") };
    let _ = write!(text, "    return {angle}({y}, {x});\n}}\n");
    text
}

/// The angle of a point, 0 at the origin, where the languages promise nothing.
fn atan2(language: Language) -> String {
    let mut text = language.function("float", "field_atan2", &[("float", "y"), ("float", "x")]);
    let angle = if language == Wgsl { "atan2(y, x)" } else { "atan(y, x)" };
    let _ = write!(
        text,
        "    if (x == 0.0 && y == 0.0) {{\n        return 0.0;\n    }}\n    return {angle};\n}}\n"
    );
    text
}
