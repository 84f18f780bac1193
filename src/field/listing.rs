//! A graph as a list: every different node once, parents before children.

use super::node::KeyMap;
use super::run::LARGEST_RUN;
use super::{Axis, Field, Kind, Parameter};
use crate::error::{Error, Result};
use std::fmt;
use std::sync::Arc;

/// The nodes of a graph in an order in which each can be computed from those before it.
pub(crate) struct Listing {
    pub(crate) nodes: Vec<Field>,
    /// Where each node's parents are in the list.
    pub(crate) parents: Vec<Box<[u32]>>,
    /// Where the roots are.
    pub(crate) roots: Vec<u32>,
}

impl Listing {
    /// Lists the graph as it is, remaps and all.
    pub(crate) fn of(roots: &[Field]) -> Listing {
        let mut list = Listing { nodes: Vec::new(), parents: Vec::new(), roots: Vec::new() };
        let mut place: KeyMap<u32> = KeyMap::default();
        let mut steps: Vec<(&Field, bool)> = roots.iter().rev().map(|root| (root, false)).collect();
        while let Some((field, ready)) = steps.pop() {
            if place.contains_key(&field.key()) {
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
        Ok(Listing::of(&flatten(roots)?))
    }

    /// The parameters, in the order they appear in.
    pub(crate) fn parameters(&self) -> Result<Vec<Arc<Parameter>>> {
        let mut found: Vec<Arc<Parameter>> = Vec::new();
        let mut names = std::collections::HashMap::new();
        for node in &self.nodes {
            if let Kind::Parameter(parameter) = node.kind() {
                match names.insert(parameter.name().to_string(), parameter.clone()) {
                    None => found.push(parameter.clone()),
                    Some(other) if other == *parameter => (),
                    Some(_) => return Err(Error::ParameterConflict(parameter.name().into())),
                }
            }
        }
        Ok(found)
    }
}

impl Listing {
    /// The parameters as fields, in the order of [`Listing::parameters`].
    pub(crate) fn parameter_fields(&self) -> Vec<Field> {
        self.nodes.iter().filter(|node| matches!(node.kind(), Kind::Parameter(_))).cloned().collect()
    }
}

/// The same fields with every remap written out: running a field on fields, or the fields themselves, if they have none.
pub(crate) fn flatten(roots: &[Field]) -> Result<Vec<Field>> {
    if roots.iter().all(|root| !root.0.moves) {
        roots.iter().try_for_each(|root| root.check().and_then(|()| root.check_size(LARGEST_RUN)))?;
        return Ok(roots.to_vec());
    }
    let parameter = |parameter: &Parameter| Field::parameter(parameter.clone());
    super::run::run(roots, Axis::ALL.map(Field::coordinate), parameter, |_, _| ())
}

impl Field {
    /// The parameters the field depends on, in the order they appear in.
    pub fn parameters(&self) -> Result<Vec<Parameter>> {
        self.check()?;
        let found = Listing::of(std::slice::from_ref(self)).parameters()?;
        Ok(found.iter().map(|parameter| (**parameter).clone()).collect())
    }

    /// The field with some of its parameters at other values.
    pub fn with_parameters(&self, values: &[(&str, f64)]) -> Result<Field> {
        let known = self.parameters()?;
        for (name, value) in values {
            if !known.iter().any(|parameter| parameter.name() == *name) {
                let known = known.iter().map(|parameter| parameter.name().to_string()).collect();
                return Err(Error::UnknownParameter { name: (*name).into(), known });
            }
            Field::constant(*value).check()?;
        }
        Ok(self.rebuilt(|leaf| match leaf.kind() {
            Kind::Parameter(parameter) => {
                let value = values.iter().find(|(name, _)| *name == parameter.name())?.1;
                Some(Field::parameter(parameter.at(value)))
            }
            _ => None,
        }))
    }

    /// The field with some leaves replaced, and everything above them built anew; labels stay.
    fn rebuilt(&self, replace: impl Fn(&Field) -> Option<Field>) -> Field {
        // A node, the fields of its label and the channels of its material are rebuilt alike.
        let around = |field: &Field| -> Vec<Field> {
            let label = field.label().into_iter().flat_map(|label| label.arguments()).map(|(_, field)| field);
            let material = field.material().into_iter().flat_map(|material| material.channels());
            field.parents().iter().chain(label).chain(material).cloned().collect()
        };
        let id = |field: &Field| Arc::as_ptr(&field.0);
        let mut done: std::collections::HashMap<_, Field> = std::collections::HashMap::new();
        let mut steps = vec![(self.clone(), false)];
        while let Some((field, ready)) = steps.pop() {
            if done.contains_key(&id(&field)) {
                continue;
            }
            if !ready {
                let parts = around(&field);
                steps.push((field, true));
                steps.extend(parts.into_iter().map(|part| (part, false)));
                continue;
            }
            let new = |part: &Field| done[&id(part)].clone();
            let stays = || around(&field).iter().all(|part| id(part) == id(&done[&id(part)]));
            let rebuilt = match replace(&field) {
                Some(leaf) => leaf,
                None if stays() => field.clone(),
                None => field.with_parts(field.parents().iter().map(new).collect(), new),
            };
            done.insert(id(&field), rebuilt);
        }
        done[&id(self)].clone()
    }
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
