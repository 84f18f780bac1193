//! Pictures of the graph: Graphviz text and SVG, each node with its operation and, at a chosen point, its value and ∇f.

use super::layout::Layout;
use super::node::{Key, KeyMap};
use super::{Field, Kind};
use crate::error::Result;
use crate::number::Dual;
use std::collections::HashMap;
use std::fmt::Write;

/// How much of a graph a picture shows.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Detail {
    /// What shape functions and people named: `smooth_union`, not forty multiplications.
    #[default]
    Names,
    /// Every node.
    Full,
}

/// What kind of node a box stands for, for its colour.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Role {
    Leaf,
    Parameter,
    Operation,
    Shape,
}

impl Role {
    /// In a word.
    pub(crate) const fn name(self) -> &'static str {
        match self {
            Role::Leaf => "leaf",
            Role::Parameter => "parameter",
            Role::Operation => "operation",
            Role::Shape => "shape",
        }
    }

    /// Fill and outline.
    pub(crate) const fn colors(self) -> [&'static str; 2] {
        match self {
            Role::Leaf => ["#f3f1ec", "#a39e93"],
            Role::Parameter => ["#fdebd3", "#d9913a"],
            Role::Operation => ["#ffffff", "#8a94a6"],
            Role::Shape => ["#dcebf7", "#3a76a8"],
        }
    }
}

pub(crate) struct Box {
    /// The node it stands for.
    pub(crate) node: Field,
    pub(crate) title: String,
    /// The constants it was given, the value, ∇f.
    lines: Vec<String>,
    pub(crate) role: Role,
    /// The boxes it is computed from, and what each is to it.
    pub(crate) inputs: Vec<(usize, &'static str)>,
    /// What it was given that is a number, by name.
    pub(crate) numbers: Vec<(&'static str, f64)>,
    /// Its value and slope at the point asked for.
    pub(crate) at: Option<Dual<f64>>,
}

impl Box {
    /// What is written in it, a line an item, its title first.
    pub(crate) fn texts(&self) -> impl Iterator<Item = &String> {
        std::iter::once(&self.title).chain(&self.lines)
    }
}

/// # Pictures of the graph
impl Field {
    /// The graph in Graphviz's language: `dot -Tsvg` draws it. At a point, each node shows its value and ∇f there.
    ///
    /// A node that is evaluated elsewhere (below a translation, say) shows what it is where it is first evaluated.
    pub fn to_dot(&self, detail: Detail, at: Option<[f64; 4]>) -> Result<String> {
        Ok(dot(&boxes(self, detail, at)?))
    }

    /// The graph as a picture of its own, inputs on the left and the field on the right.
    pub fn to_svg(&self, detail: Detail, at: Option<[f64; 4]>) -> Result<String> {
        Ok(svg(&boxes(self, detail, at)?))
    }
}

/// The boxes of the picture, each after those it is computed from.
pub(crate) fn boxes(field: &Field, detail: Detail, at: Option<[f64; 4]>) -> Result<Vec<Box>> {
    field.check()?;
    let mut known: KeyMap<Dual<f64>> = KeyMap::default();
    if let Some(at) = at {
        let parameter = |parameter: &super::Parameter| Dual::fixed(parameter.value());
        let seen = |field: &Field, dual: &Dual<f64>| {
            known.entry(field.key()).or_insert(*dual);
        };
        super::run::run(std::slice::from_ref(field), Dual::variables(at), parameter, seen)?;
    }
    let mut boxes: Vec<Box> = Vec::new();
    let mut place: HashMap<(Key, String), usize> = HashMap::new();
    let identity = |field: &Field| (field.key(), field.title());
    let mut steps = vec![(field.clone(), false)];
    while let Some((field, ready)) = steps.pop() {
        if place.contains_key(&identity(&field)) {
            continue;
        }
        let inputs = inputs(&field, detail);
        // Numbers are written into the box they go to; only a number by itself has a box.
        let drawn = |input: &Field| input.as_constant().is_none() || input.label().is_some();
        if !ready {
            steps.push((field, true));
            steps.extend(inputs.into_iter().rev().filter(|(_, f)| drawn(f)).map(|(_, f)| (f, false)));
            continue;
        }
        let mut lines = given(&inputs);
        let titled = |label: &super::Label| label.title() != label.function() && !label.function().is_empty();
        if detail == Detail::Names
            && let Some(label) = field.label().filter(|label| titled(label))
        {
            lines.insert(0, label.function().into());
        }
        if let Some(dual) = known.get(&field.key()) {
            lines.push(format!("f = {}", short(dual.value)));
            lines.push(format!("∇f = ({})", dual.slope.map(short).join(", ")));
        } else if let Kind::Parameter(parameter) = field.kind() {
            lines.push(format!("f = {}", short(parameter.value())));
        }
        let numbers = inputs.iter().filter(|(_, input)| !drawn(input));
        let numbers = numbers.filter_map(|(name, input)| Some((*name, input.as_constant()?))).collect();
        let drawn = inputs.iter().filter(|(_, input)| drawn(input));
        let node = Box {
            title: field.title(),
            numbers,
            at: known.get(&field.key()).copied(),
            node: field.clone(),
            lines,
            role: role(&field, detail),
            inputs: drawn.map(|(name, input)| (place[&identity(input)], *name)).collect(),
        };
        place.insert(identity(&field), boxes.len());
        boxes.push(node);
    }
    Ok(boxes)
}

/// The inputs that are numbers, a line for each name: `by = 0, ·, 0`, with a dot for what comes from another box.
fn given(inputs: &[(&'static str, Field)]) -> Vec<String> {
    let mut lines = Vec::new();
    for group in inputs.chunk_by(|a, b| a.0 == b.0) {
        let numbers = group.iter().map(|(_, input)| input.as_constant());
        if numbers.clone().any(|number| number.is_some()) {
            let texts: Vec<String> = numbers.map(|number| number.map_or("·".into(), short)).collect();
            lines.push(match group[0].0 {
                "" => format!("({})", texts.join(", ")),
                name => format!("{name} = {}", texts.join(", ")),
            });
        }
    }
    lines
}

/// What a node is computed from, at a level of detail: its label's arguments, or its parents.
fn inputs(field: &Field, detail: Detail) -> Vec<(&'static str, Field)> {
    match field.label() {
        Some(label) if detail == Detail::Names && !label.function().is_empty() => label.arguments().to_vec(),
        _ => {
            let remap = ["of", "x", "y", "z", "t"];
            let names: &[&str] = if matches!(field.kind(), Kind::Remap) { &remap } else { &[] };
            let name = |i: usize| names.get(i).copied().unwrap_or("");
            field.parents().iter().enumerate().map(|(i, parent)| (name(i), parent.clone())).collect()
        }
    }
}

fn role(field: &Field, detail: Detail) -> Role {
    match field.kind() {
        _ if detail == Detail::Names && field.label().is_some_and(|label| !label.function().is_empty()) => {
            Role::Shape
        }
        Kind::Parameter(_) => Role::Parameter,
        Kind::Constant(_) | Kind::Coordinate(_) => Role::Leaf,
        Kind::Kernel(_) => Role::Shape,
        _ => Role::Operation,
    }
}

/// A number in at most about six characters.
pub(crate) fn short(value: f64) -> String {
    if value == 0.0 {
        return "0".into();
    }
    let text = match value.abs() {
        size if !(1e-3..1e5).contains(&size) => return format!("{value:.2e}"),
        size if size >= 100.0 => format!("{value:.1}"),
        _ => format!("{value:.3}"),
    };
    text.trim_end_matches('0').trim_end_matches('.').into()
}

fn dot(boxes: &[Box]) -> String {
    let mut dot = String::from("digraph field {\n  rankdir=LR;\n  node [shape=box, style=filled];\n");
    for (i, node) in boxes.iter().enumerate() {
        let label = node
            .texts()
            .map(|line| printable(line).replace('\\', "\\\\").replace('"', "\\\""))
            .collect::<Vec<_>>();
        let [fill, line] = node.role.colors();
        let label = label.join("\\n");
        let _ = writeln!(dot, "  n{i} [label=\"{label}\", fillcolor=\"{fill}\", color=\"{line}\"];");
        for (input, role) in &node.inputs {
            let _ = writeln!(dot, "  n{input} -> n{i} [label=\"{role}\"];");
        }
    }
    dot.push_str("}\n");
    dot
}

/// A picture of a graph of numbers, drawn as fields are: boxes, each after those it is computed from.
#[derive(Default)]
pub(crate) struct GraphDrawing(Vec<Box>);

impl GraphDrawing {
    /// A box more, and its number.
    pub(crate) fn add(
        &mut self,
        title: &str,
        lines: Vec<String>,
        role: Role,
        number: f64,
        inputs: Vec<usize>,
    ) -> usize {
        let inputs = inputs.into_iter().map(|input| (input, "")).collect();
        let node = Field::constant(number);
        self.0.push(Box { node, title: title.into(), lines, role, inputs, numbers: Vec::new(), at: None });
        self.0.len() - 1
    }

    pub(crate) fn to_dot(&self) -> String {
        dot(&self.0)
    }

    pub(crate) fn to_svg(&self) -> String {
        svg(&self.0)
    }
}

fn svg(boxes: &[Box]) -> String {
    let Layout { places, size: [width, height] } = Layout::of(boxes);
    let mut out = format!(
        "<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"{width:.0}\" height=\"{height:.0}\" \
         viewBox=\"0 0 {width:.0} {height:.0}\" font-family=\"monospace\" font-size=\"12\">\n\
         <rect width=\"100%\" height=\"100%\" fill=\"#fcfcfa\"/>\n"
    );
    for (i, node) in boxes.iter().enumerate() {
        for (n, (input, name)) in node.inputs.iter().enumerate() {
            let [[x0, y0], a, b, [x1, y1]] = places[i].line_from(&places[*input], n, node.inputs.len());
            let _ = writeln!(
                out,
                "<path d=\"M{x0:.1} {y0:.1}C{:.1} {:.1} {:.1} {:.1} {x1:.1} {y1:.1}\" fill=\"none\" \
                 stroke=\"#8a94a6\"/>",
                a[0], a[1], b[0], b[1]
            );
            if !name.is_empty() {
                let _ = writeln!(
                    out,
                    "<text x=\"{:.1}\" y=\"{:.1}\" text-anchor=\"end\" font-size=\"9\" fill=\"#5b6472\">{}</text>",
                    x1 - 3.0,
                    y1 - 2.0,
                    escaped(name)
                );
            }
        }
    }
    for (node, place) in boxes.iter().zip(&places) {
        let ([x, y], [w, h]) = (place.corner, place.size);
        let [fill, line] = node.role.colors();
        let _ = writeln!(
            out,
            "<rect x=\"{x:.1}\" y=\"{y:.1}\" width=\"{w:.1}\" height=\"{h:.1}\" rx=\"4\" fill=\"{fill}\" \
             stroke=\"{line}\"/>"
        );
        for (n, text) in node.texts().enumerate() {
            let weight = if n == 0 { " font-weight=\"bold\"" } else { "" };
            let [middle, baseline] = place.line_of_text(n);
            let _ = writeln!(
                out,
                "<text x=\"{middle:.1}\" y=\"{baseline:.1}\" text-anchor=\"middle\"{weight}>{}</text>",
                escaped(text)
            );
        }
    }
    out.push_str("</svg>\n");
    out
}

/// A text in which each control character is one that stands for it: XML has no way to write most of them.
fn printable(text: &str) -> String {
    let shown = text.chars().map(|c| match c {
        '\0'..'\u{20}' => char::from_u32(0x2400 + c as u32).unwrap_or(char::REPLACEMENT_CHARACTER),
        '\u{7F}' => '\u{2421}',
        _ if c.is_control() || matches!(c, '\u{FFFE}' | '\u{FFFF}') => char::REPLACEMENT_CHARACTER,
        _ => c,
    });
    shown.collect()
}

fn escaped(text: &str) -> String {
    printable(text).replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;")
}
