//! A graph as a list: every different node once, parents before children.

use super::linear::Linear;
use super::node::KeyMap;
use super::run::MAX_RUN;
use super::{Axis, Field, Kind, Parameter};
use crate::error::{Error, Result};
use std::collections::HashMap;
use std::fmt;
use std::sync::Arc;

/// The nodes of a graph in an order in which each can be computed from those before it.
pub(crate) struct Listing {
    pub(crate) nodes: Vec<Field>,
    /// Where each node's parents are in the list.
    pub(crate) parents: Vec<Box<[u32]>>,
    /// Where the roots are.
    pub(crate) roots: Vec<u32>,
    /// A parameter that is declared twice, with different values or ranges.
    conflict: Option<String>,
}

impl Listing {
    /// Lists the graph as it is, remaps and all.
    pub(crate) fn of(roots: &[Field]) -> Listing {
        let mut list = Listing { nodes: Vec::new(), parents: Vec::new(), roots: Vec::new(), conflict: None };
        let mut place: KeyMap<u32> = KeyMap::default();
        let mut steps: Vec<(&Field, bool)> = roots.iter().rev().map(|root| (root, false)).collect();
        while let Some((field, ready)) = steps.pop() {
            if let Some(&known) = place.get(&field.key()) {
                let known = &list.nodes[known as usize];
                if !known.is_same(field) && list.conflict.is_none() {
                    list.conflict = Some(conflict_of(known, field));
                }
                continue;
            }
            if ready || field.parents().is_empty() {
                place.insert(field.key(), list.nodes.len() as u32);
                list.parents.push(field.parents().iter().map(|parent| place[&parent.key()]).collect());
                list.nodes.push(field.clone());
            } else {
                steps.push((field, true));
                steps.extend(field.parents().iter().rev().map(|parent| (parent, false)));
            }
        }
        list.roots = roots.iter().map(|root| place[&root.key()]).collect();
        list
    }

    /// Lists the graph with every remap written out, so that only leaves, scalar operations and kernels remain.
    pub(crate) fn flat(roots: &[Field]) -> Result<Listing> {
        let list = Listing::of(&flatten(roots)?);
        list.check().map(|()| list)
    }

    /// That each parameter is declared with one value and one range.
    fn check(&self) -> Result<()> {
        match &self.conflict {
            Some(name) => Err(Error::ParameterConflict(name.clone())),
            None => Ok(()),
        }
    }

    /// The parameters, in the order they appear in.
    pub(crate) fn parameters(&self) -> Result<Vec<Arc<Parameter>>> {
        self.check()?;
        let parameter = |node: &Field| match node.kind() {
            Kind::Parameter(parameter) => Some(parameter.clone()),
            _ => None,
        };
        Ok(self.nodes.iter().filter_map(parameter).collect())
    }

    /// The parameters as fields, in the order of [`Listing::parameters`].
    pub(crate) fn parameter_fields(&self) -> Vec<Field> {
        self.nodes.iter().filter(|node| matches!(node.kind(), Kind::Parameter(_))).cloned().collect()
    }
}

/// The name of a parameter that two fields of one key declare differently.
fn conflict_of<'a>(mut a: &'a Field, mut b: &'a Field) -> String {
    loop {
        if let Kind::Parameter(parameter) = a.kind() {
            return parameter.name().into();
        }
        let pairs = a.parents().iter().flat_map(|a| b.parents().iter().map(move |b| (a, b)));
        match { pairs }.find(|(a, b)| a == b && !a.is_same(b)) {
            Some((inner, other)) => (a, b) = (inner, other),
            None => return a.title(), // two nodes whose fingerprints are one by chance
        }
    }
}

/// The same fields with every remap written out, and chains of linear ones multiplied out: running a field on fields; or
/// the fields themselves, if they have no remap.
pub(crate) fn flatten(roots: &[Field]) -> Result<Vec<Field>> {
    if roots.iter().all(|root| !root.0.moves) {
        roots.iter().try_for_each(|root| root.check().and_then(|()| root.check_size(MAX_RUN)))?;
        return Ok(roots.to_vec());
    }
    let parameter = |parameter: &Parameter| Linear::of(Field::parameter(parameter.clone()));
    let at = Axis::ALL.map(|axis| Linear::of(Field::coordinate(axis)));
    let flat = super::run::run(roots, at, parameter, |_, _| ())?;
    Ok(flat.into_iter().map(Linear::field).collect())
}

/// # Parameters
///
/// Their values stand beside the graph: one graph serves them all.
impl Field {
    /// The parameters the field depends on, in the order they appear in.
    pub fn parameters(&self) -> Result<Vec<Parameter>> {
        self.check()?;
        let found = Listing::of(std::slice::from_ref(self)).parameters()?;
        Ok(found.iter().map(|parameter| (**parameter).clone()).collect())
    }

    /// The field with some of its parameters at other values, within their ranges.
    ///
    /// It builds the graph anew. Where values change often, make a [`Tape`](crate::tape::Tape) once and give it values
    /// ([`Tape::with_values`](crate::tape::Tape::with_values)): nothing is built then.
    pub fn with_parameters(&self, values: &[(&str, f64)]) -> Result<Field> {
        let known = self.parameters()?;
        for (name, value) in values {
            known[Parameter::position(known.iter(), name)?].check(*value)?;
        }
        let value =
            |parameter: &Parameter| values.iter().find(|(name, _)| *name == parameter.name()).map(|v| v.1);
        Ok(declaring(std::slice::from_ref(self), value).swap_remove(0))
    }

    /// The parents of a node, the fields of its label and the channels of its material.
    pub(crate) fn around(&self) -> impl Iterator<Item = &Field> {
        let label = self.label().into_iter().flat_map(|label| label.arguments()).map(|(_, field)| field);
        let material = self.material().into_iter().flat_map(|material| material.channels());
        self.parents().iter().chain(label).chain(material)
    }
}

/// The same fields with some parameters declared with other values, and everything above those built anew; labels stay.
pub(crate) fn declaring(roots: &[Field], value: impl Fn(&Parameter) -> Option<f64>) -> Vec<Field> {
    let replaced = |field: &Field| match field.kind() {
        Kind::Parameter(parameter) => value(parameter).map(|value| Field::parameter(parameter.at(value))),
        _ => None,
    };
    let mut done: HashMap<usize, Field> = HashMap::new();
    let mut steps: Vec<(&Field, bool)> = roots.iter().map(|root| (root, false)).collect();
    while let Some((field, ready)) = steps.pop() {
        if done.contains_key(&field.address()) {
            continue;
        }
        if !ready {
            steps.push((field, true));
            steps.extend(field.around().map(|part| (part, false)));
            continue;
        }
        let new = |part: &Field| done[&part.address()].clone();
        let stays = || field.around().all(|part| part.address() == done[&part.address()].address());
        let rebuilt = match replaced(field) {
            Some(leaf) => leaf,
            None if stays() => field.clone(),
            None => field.with_parts(field.parents().iter().map(new).collect(), new),
        };
        done.insert(field.address(), rebuilt);
    }
    roots.iter().map(|root| done[&root.address()].clone()).collect()
}

/// The graph as numbered lines, one a node: linear in the nodes however often each is used.
impl fmt::Display for Field {
    fn fmt(&self, f: &mut fmt::Formatter) -> fmt::Result {
        let list = Listing::of(std::slice::from_ref(self));
        for (i, (node, parents)) in list.nodes.iter().zip(&list.parents).enumerate() {
            let operation = match node.kind() {
                Kind::Constant(value) => value.to_string(),
                Kind::Coordinate(axis) => axis.name().to_string(),
                Kind::Parameter(parameter) => format!("param {:?} {}", parameter.name(), parameter.value()),
                Kind::Scalar(op) => op.name().to_string(),
                Kind::Remap => "remap".to_string(),
                Kind::Kernel(kernel) => kernel.name().to_string(),
            };
            write!(f, "v{i} = {operation}")?;
            for parent in parents {
                write!(f, " v{parent}")?;
            }
            match node.label() {
                Some(label) => writeln!(f, "  # {}", label.title())?,
                None => writeln!(f)?,
            }
        }
        Ok(())
    }
}
