//! A field's graph as text, and back: JSON with one object a node.
//!
//! Nodes stand after those they are made of and name them by number. What is kept: numbers to the last bit, parameters with
//! values and ranges, remaps, the kernels of this crate by what they are made of, labels with their places, materials.

use super::catalogue;
use super::grid::{GridSamples, Interpolation, SplineKernel};
use super::noise::Noise;
use super::sweep::Sweep;
use crate::error::{Error, Place, Result};
use crate::field::{Axis, Field, Kind, Label, Material, kernel_output, param, param_in};
use crate::number::{Identity, Kernel, Op, Output};
use serde_json::{Map, Value, json};
use std::any::Any;
use std::collections::HashMap;
use std::sync::Arc;

/// The format's name and its version.
const FORMAT: &str = "fieldgrad field";
const VERSION: u64 = 1;

/// The most bytes a text that is read may have, and the most nodes.
const MAX_BYTES: usize = 256 << 20;
const MAX_NODES: usize = 1_000_000;

/// The most swept fields: each is written out, with its derivatives.
const MAX_SWEPT: usize = 256;

/// The number of a kernel's output that is read is below this, or below what derivatives of this order have.
const MAX_OUTPUT: u64 = 4096;
const MAX_ORDER: u32 = 4;

/// # Graphs as text
impl Field {
    /// The graph as text, to be read by [`Field::from_json`]; kernels from outside of this crate are named in it, and have to
    /// be [given](Field::from_json_with) when it is read. An error if two of these are called the same.
    ///
    /// ```
    /// use fieldgrad::prelude::*;
    ///
    /// let ball = sphere(param_in("r", 0.5, 0.1, 1.0)).name("ball").color("#e07a5f");
    /// let field = ball.smooth_union(noise(0.3) * 0.1, 0.2).translate((0, sin(t()), 0));
    /// let back = Field::from_json(&field.to_json()?)?;
    /// assert_eq!(back, field);
    /// assert_eq!(back.parameters()?, field.parameters()?);
    /// # Ok::<(), fieldgrad::Error>(())
    /// ```
    pub fn to_json(&self) -> Result<String> {
        let mut writer = GraphWriter { place: HashMap::new(), nodes: Vec::new(), given: HashMap::new() };
        let root = writer.write(self)?;
        let all = json!({ "format": FORMAT, "version": VERSION, "root": root, "nodes": writer.nodes });
        Ok(format!("{all}\n"))
    }

    /// Reads a text of [`Field::to_json`]: the same graph, with its names, places, materials and parameters.
    ///
    /// The text may come from a stranger: its size is limited, and what is wrong in it is said with the node's number.
    pub fn from_json(text: &str) -> Result<Field> {
        Field::from_json_with(text, &[])
    }

    /// The same of a text with kernels from outside of this crate: each is given with the number of its inputs, and found by
    /// its name. An error where it is not the one that was written, as far as the two say what they are.
    ///
    /// A text may ask such a kernel for an output of any number.
    ///
    /// ```
    /// use fieldgrad::number::{Closure, Interval};
    /// use fieldgrad::prelude::*;
    ///
    /// let bounds = |over: &[Interval]| Interval::new(over[0].lo().cbrt(), over[0].hi().cbrt());
    /// let root = Closure::new("root", |at: &[f64]| at[0].cbrt(), bounds);
    /// let field = kernel(root.clone(), [x()]) + y();
    /// let back = Field::from_json_with(&field.to_json()?, &[(root, 1)])?;
    /// assert_eq!(back, field);
    /// assert!(Field::from_json(&field.to_json()?).unwrap_err().to_string().contains("root"));
    /// # Ok::<(), fieldgrad::Error>(())
    /// ```
    pub fn from_json_with(text: &str, kernels: &[(Arc<dyn Kernel>, usize)]) -> Result<Field> {
        if text.len() > MAX_BYTES {
            return Err(Error::Input(format!("a field as text has at most {MAX_BYTES} bytes")));
        }
        let all: Value = serde_json::from_str(text).map_err(|error| Error::Text {
            place: Place { file: "field".into(), line: error.line() as u32, column: error.column() as u32 },
            problem: without_place(&error),
        })?;
        if all["format"] != FORMAT || all["version"] != VERSION {
            let problem = format!("it is no {FORMAT:?} of version {VERSION}");
            return Err(Error::Input(problem));
        }
        let nodes = all["nodes"].as_array().map_or(&[][..], Vec::as_slice);
        if nodes.len() > MAX_NODES {
            return Err(Error::Input(format!("a field as text has at most {MAX_NODES} nodes")));
        }
        if nodes.iter().filter(|node| node["kernel"] == "sweep").count() > MAX_SWEPT {
            return Err(Error::Input(format!("a field as text has at most {MAX_SWEPT} swept fields")));
        }
        let mut read = Vec::with_capacity(nodes.len());
        for (n, node) in nodes.iter().enumerate() {
            let field = NodeReader { read: &read, kernels, node }.field();
            let field = field.and_then(|field| match field.check() {
                Err(error) => Err(error.to_string()),
                Ok(()) => Ok(field),
            });
            read.push(field.map_err(|problem| Error::Input(format!("node {n}: {problem}")))?);
        }
        let root = all["root"].as_u64().and_then(|root| read.get(usize::try_from(root).ok()?));
        root.cloned().ok_or_else(|| Error::Input("its root is none of its nodes".into()))
    }
}

/// What is wrong with a text, without the line and the column, which stand before it.
fn without_place(error: &serde_json::Error) -> String {
    let text = error.to_string();
    text.rsplit_once(" at line ").map_or(text.clone(), |(problem, _)| problem.into())
}

struct GraphWriter {
    /// Where nodes stand, by where they are in memory: equal ones may be called differently.
    place: HashMap<usize, usize>,
    nodes: Vec<Value>,
    /// The kernels from outside of this crate, by their names.
    given: HashMap<String, Identity>,
}

impl GraphWriter {
    /// Writes a graph, and says where its root stands. No recursion: graphs may be deep.
    fn write(&mut self, root: &Field) -> Result<usize> {
        root.check()?;
        let mut steps = vec![(root.clone(), false)];
        while let Some((field, ready)) = steps.pop() {
            if self.place.contains_key(&field.address()) {
                continue;
            }
            if ready {
                let node = self.node(&field)?;
                self.place.insert(field.address(), self.nodes.len());
                self.nodes.push(node);
            } else {
                let parts: Vec<Field> = field.around().cloned().chain(swept_by(&field)).collect();
                steps.push((field, true));
                steps.extend(parts.into_iter().rev().map(|part| (part, false)));
            }
        }
        Ok(self.place[&root.address()])
    }

    fn numbers<'f>(&self, fields: impl IntoIterator<Item = &'f Field>) -> Value {
        fields.into_iter().map(|field| self.place[&field.address()]).collect()
    }

    fn node(&mut self, field: &Field) -> Result<Value> {
        let mut node = Map::new();
        match field.kind() {
            Kind::Constant(value) => drop(node.insert("number".into(), json!(value))),
            Kind::Coordinate(axis) => drop(node.insert("coordinate".into(), axis.name().into())),
            Kind::Parameter(parameter) => {
                node.insert("parameter".into(), parameter.name().into());
                node.insert("value".into(), json!(parameter.value()));
                if let Some((low, high)) = parameter.range() {
                    node.insert("range".into(), json!([low, high]));
                }
            }
            Kind::Scalar(op) => drop(node.insert("op".into(), word_of(*op).into())),
            Kind::Remap => drop(node.insert("op".into(), "remap".into())),
            Kind::Kernel(output) => self.kernel(field, output, &mut node)?,
        }
        if !field.parents().is_empty() {
            node.insert("of".into(), self.numbers(field.parents()));
        }
        if let Some(label) = field.label() {
            node.insert("label".into(), self.label(label));
        }
        if let Some(material) = field.material() {
            node.insert("material".into(), self.numbers(material.channels()));
        }
        Ok(Value::Object(node))
    }

    fn label(&self, label: &Label) -> Value {
        let mut entry = Map::new();
        let Place { file, line, column } = label.place();
        entry.insert("place".into(), json!([&**file, line, column]));
        if !label.function().is_empty() {
            let arguments =
                label.arguments().iter().map(|(name, field)| json!([name, self.place[&field.address()]]));
            entry.insert("function".into(), label.function().into());
            entry.insert("arguments".into(), arguments.collect());
        }
        if let Some(title) = &label.title {
            entry.insert("title".into(), title.as_str().into());
        }
        Value::Object(entry)
    }

    fn kernel(&mut self, field: &Field, output: &Output, node: &mut Map<String, Value>) -> Result<()> {
        let kernel: &dyn Any = &***output;
        let mut note = |name: &str, value: Value| drop(node.insert(name.into(), value));
        note("output", output.number().into());
        if kernel.is::<Noise>() {
            note("kernel", "noise".into());
        } else if let Some(grid) = kernel.downcast_ref::<SplineKernel>() {
            note("kernel", "grid".into());
            note("counts", json!(grid.counts()));
            note("linear", (grid.interpolation() == Interpolation::Linear).into());
            note("samples", json!(grid.samples()));
        } else if let Some(swept) = swept_by(field) {
            note("kernel", "sweep".into());
            note("field", self.place[&swept.address()].into());
        } else {
            note("kernel", "given".into());
            note("name", output.name().into());
            let own: &dyn Kernel = &***output;
            if let Some(identity) = own.identity() {
                note("identity", hexadecimal(identity).into());
            }
            let own = output.kernel_identity();
            if *self.given.entry(output.name().into()).or_insert(own) != own {
                let problem =
                    format!("two kernels are called {:?}: a text tells them by their names", output.name());
                return Err(Error::Unsupported(problem));
            }
        }
        Ok(())
    }
}

fn hexadecimal(identity: Identity) -> String {
    format!("{:032x}", identity.word())
}

/// The field that a sweep searches, if a node is one.
fn swept_by(field: &Field) -> Option<Field> {
    let Kind::Kernel(output) = field.kind() else { return None };
    let kernel: &dyn Any = &***output;
    kernel.downcast_ref::<Sweep>().map(|sweep| sweep.field().clone())
}

/// The name of an operation in a text.
fn word_of(op: Op) -> String {
    match op {
        Op::SmoothMin(kind) | Op::SmoothWeight(kind) => {
            format!("{}_{}", op.name(), format!("{kind:?}").to_lowercase())
        }
        _ => op.name().into(),
    }
}

/// A node that is read, those before it, and the kernels from outside of this crate.
struct NodeReader<'a> {
    read: &'a [Field],
    kernels: &'a [(Arc<dyn Kernel>, usize)],
    node: &'a Value,
}

/// Whether a field is the length of a vector with that part.
fn is_length_with(length: &Field, part: &Field) -> bool {
    matches!(length.kind(), Kind::Scalar(Op::Hypot | Op::Length))
        && length.parents().iter().any(|parent| parent.key() == part.key())
}

impl NodeReader<'_> {
    fn field(&self) -> Result<Field, String> {
        let field = self.bare()?.without_material();
        let field = match &self.node["material"] {
            Value::Null => field,
            channels => {
                let channels = self.fields(channels)?.try_into();
                field.painted(Material::from_channels(channels.map_err(|_| "a material has eight channels")?))
            }
        };
        match &self.node["label"] {
            Value::Null => Ok(field),
            label => Ok(field.with_label(self.label(label)?)),
        }
    }

    fn bare(&self) -> Result<Field, String> {
        let node = self.node;
        if let Some(number) = node["number"].as_f64() {
            return Ok(Field::constant(number));
        }
        if let Some(name) = node["coordinate"].as_str() {
            let axis = Axis::ALL.into_iter().find(|axis| axis.name() == name);
            return axis.map(Field::coordinate).ok_or_else(|| format!("there is no coordinate {name:?}"));
        }
        if let Some(name) = node["parameter"].as_str() {
            let value = node["value"].as_f64().ok_or("a parameter has a value")?;
            return match (node["range"][0].as_f64(), node["range"][1].as_f64()) {
                (Some(low), Some(high)) => Ok(param_in(name, value, low, high)),
                _ if node["range"].is_null() => Ok(param(name, value)),
                _ => Err("a range is two numbers".into()),
            };
        }
        let of = self.fields(&node["of"])?;
        if let Some(name) = node["kernel"].as_str() {
            return self.kernel(name, of);
        }
        let word = node["op"].as_str().ok_or("it is of no kind that is known")?;
        if word == "remap" {
            let parts: [Field; 5] = of.try_into().map_err(|_| "remap is of five")?;
            let [child, to @ ..] = parts;
            return Ok(child.remap(to));
        }
        let op = Op::ALL.into_iter().find(|&op| word_of(op) == word);
        let op = op.ok_or_else(|| format!("there is no operation {word:?}"))?;
        if of.len() != op.arity() {
            return Err(format!("{word} is of {}, not of {}", op.arity(), of.len()));
        }
        // Its bounds hold where the length is that of a vector which the other is a part of.
        if op == Op::DirectionCosine && !is_length_with(&of[1], &of[0]) {
            return Err(format!("{word} is of a part of a vector and that vector's length"));
        }
        Ok(Field::scalar(op, of))
    }

    /// The nodes of a list of numbers: each is one that was read.
    fn fields(&self, list: &Value) -> Result<Vec<Field>, String> {
        let numbers = list.as_array().ok_or("what it is of is a list of nodes")?;
        numbers.iter().map(|number| self.one(number)).collect()
    }

    fn one(&self, number: &Value) -> Result<Field, String> {
        let place = number.as_u64().and_then(|place| usize::try_from(place).ok());
        let field = place.and_then(|place| self.read.get(place));
        field.cloned().ok_or_else(|| format!("{number} is no node before it"))
    }

    fn kernel(&self, name: &str, of: Vec<Field>) -> Result<Field, String> {
        let node = self.node;
        let mut most = None;
        let (kernel, inputs): (Arc<dyn Kernel>, usize) = match name {
            "given" => {
                most = Some(u64::MAX);
                self.given()?
            }
            "noise" => (Arc::new(Noise), 4),
            "grid" => (Arc::new(self.grid()?), 4),
            "sweep" => {
                let (sweep, parameters) =
                    Sweep::of(&self.one(&node["field"])?).map_err(|error| error.to_string())?;
                (Arc::new(sweep), 5 + parameters.len())
            }
            _ => return Err(format!("there is no kernel {name:?}")),
        };
        let most = most.unwrap_or_else(|| MAX_OUTPUT.max((inputs as u64 + 1).saturating_pow(MAX_ORDER)));
        let output = node["output"].as_u64().filter(|&output| output < most);
        let output = output.ok_or("a kernel has the number of an output")? as usize;
        match of.len() == inputs {
            true => Ok(kernel_output(Output::new(kernel, output), of)),
            false => Err(format!("{name} is of {inputs}, not of {}", of.len())),
        }
    }

    /// The kernel of that name among those from outside of this crate, and how many inputs it has.
    fn given(&self) -> Result<(Arc<dyn Kernel>, usize), String> {
        let name = self.node["name"].as_str().ok_or("a kernel has a name")?;
        let found = self.kernels.iter().find(|(kernel, _)| kernel.name() == name);
        let (kernel, inputs) =
            found.ok_or_else(|| format!("the kernel {name:?} is not among those given"))?;
        match (self.node["identity"].as_str(), kernel.identity()) {
            (Some(written), Some(own)) if written != hexadecimal(own) => {
                Err(format!("the kernel {name:?} that is given is another one than the text's"))
            }
            _ => Ok((kernel.clone(), *inputs)),
        }
    }

    fn grid(&self) -> Result<SplineKernel, String> {
        let whole = |value: &Value| value.as_u64().and_then(|count| usize::try_from(count).ok());
        let counts = self.node["counts"].as_array().and_then(|all| all.iter().map(whole).collect());
        let counts: Vec<usize> = counts.ok_or("a grid has counts")?;
        let number = |value: &Value| value.as_f64().map(|value| value as f32);
        let samples = self.node["samples"].as_array().and_then(|all| all.iter().map(number).collect());
        let samples: Vec<f32> = samples.ok_or("a grid has samples")?;
        let samples =
            GridSamples::new(&counts, [0.0; 4], [1.0; 4], samples).map_err(|error| error.to_string())?;
        let linear = self.node["linear"] == true;
        Ok(SplineKernel::of(&samples, if linear { Interpolation::Linear } else { Interpolation::Cubic }))
    }

    /// A label, with names of the shape library: what else a function may be called is left out.
    fn label(&self, label: &Value) -> Result<Label, String> {
        let function = label["function"].as_str().unwrap_or_default();
        let entry = catalogue().find(|entry| entry.name == function);
        let mut arguments = Vec::new();
        for argument in label["arguments"].as_array().map_or(&[][..], Vec::as_slice) {
            let known = entry.and_then(|entry| {
                entry.arguments.iter().find(|(name, _)| argument[0] == **name).map(|(name, _)| *name)
            });
            if let Some(name) = known {
                arguments.push((name, self.one(&argument[1])?));
            }
        }
        let place = &label["place"];
        let number = |value: &Value| value.as_u64().and_then(|n| u32::try_from(n).ok()).unwrap_or_default();
        Ok(Label {
            function: entry.map_or("", |entry| entry.name),
            arguments,
            place: Place {
                file: place[0].as_str().unwrap_or_default().into(),
                line: number(&place[1]),
                column: number(&place[2]),
            },
            title: label["title"].as_str().map(String::from),
            is_made: false,
        })
    }
}
