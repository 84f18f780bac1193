//! A scene while its script runs: what the calls made so far have said.

use super::Origin;
use super::data::Data;
use super::holds::{Constraint, Energy, Hold, Loss, Settles};
use super::sense_words::Sketch;
use super::settings::{Background, Camera, Light, Timeline};
use crate::error::Place;
use crate::field::{Field, KeyMap, Kind, Parameter, param, param_in};
use crate::measure::Bounds;

/// The most nodes the graph of a scene may have.
pub(super) const MAX_NODES: usize = 500_000;

/// The most lines a script may print.
const MAX_PRINTED: usize = 1000;

/// A parameter, and the call that declared it.
#[derive(Clone, Debug)]
pub(super) struct Declared {
    pub(super) parameter: Parameter,
    pub(super) place: Place,
    /// Which part of a vector it is the start value of.
    pub(super) part: Option<usize>,
}

/// What the calls of a script have said.
pub(super) struct Draft {
    /// The call under way.
    pub(super) place: Place,
    pub(super) shown: Vec<(Field, Place)>,
    pub(super) declared: Vec<Declared>,
    pub(super) camera: Option<Camera>,
    pub(super) lights: Vec<Light>,
    pub(super) background: Option<Background>,
    pub(super) timeline: Option<Timeline>,
    pub(super) bounds: Option<Bounds>,
    pub(super) probes: Vec<Sketch>,
    pub(super) energies: Vec<Energy>,
    pub(super) settles: Vec<Settles>,
    /// The calls that hold parameters for those who move them; those of imported files too.
    pub(super) holds: Vec<Hold>,
    pub(super) losses: Vec<Loss>,
    /// Those of imported files too.
    pub(super) constraints: Vec<Constraint>,
    /// The call that made each node.
    pub(super) places: KeyMap<Place>,
    /// How many imports are under way. What an imported file shows is not shown: it lends its functions.
    pub(super) importing: usize,
    pub(super) printed: Vec<String>,
    pub(super) data: Data,
}

impl Draft {
    pub(super) fn new(origin: &Origin) -> Draft {
        Draft {
            place: Place { file: origin.file.clone(), line: 1, column: 1 },
            shown: Vec::new(),
            declared: Vec::new(),
            camera: None,
            lights: Vec::new(),
            background: None,
            timeline: None,
            bounds: None,
            probes: Vec::new(),
            energies: Vec::new(),
            settles: Vec::new(),
            holds: Vec::new(),
            losses: Vec::new(),
            constraints: Vec::new(),
            places: KeyMap::default(),
            importing: 0,
            printed: Vec::new(),
            data: Data::new(origin),
        }
    }

    /// Whether settings count: not those of a file that is being imported.
    pub(super) fn is_own(&self) -> bool {
        self.importing == 0
    }

    pub(super) fn print(&mut self, line: &str) {
        if self.printed.len() < MAX_PRINTED {
            self.printed.push(line.into());
        }
    }

    /// Notes which call made the nodes of a field that are new.
    pub(super) fn note(&mut self, field: &Field) -> Result<(), String> {
        let mut stack = vec![field];
        while let Some(field) = stack.pop() {
            let is_leaf = matches!(field.kind(), Kind::Constant(_) | Kind::Coordinate(_));
            if is_leaf || self.places.contains_key(&field.key()) {
                continue;
            }
            self.places.insert(field.key(), self.place.clone());
            let channels = field.material().into_iter().flat_map(|material| material.channels());
            stack.extend(field.parents().iter().chain(channels));
        }
        match self.places.len() > MAX_NODES {
            true => Err(format!("the scene's graph has more than {MAX_NODES} nodes")),
            false => Ok(()),
        }
    }

    /// Declares a parameter, or a part of one that is a vector.
    pub(super) fn declare(
        &mut self,
        name: &str,
        value: f64,
        range: Option<(f64, f64)>,
        part: Option<usize>,
    ) -> Result<Field, String> {
        let field = match range {
            Some((min, max)) => param_in(name, value, min, max),
            None => param(name, value),
        };
        field.check().map_err(super::explain::problem)?;
        let Kind::Parameter(parameter) = field.kind() else { unreachable!("a parameter is one") };
        let parameter = Parameter::clone(parameter);
        let others = self.declared.iter().filter(|other| other.parameter.name() == name);
        if let Some(other) = { others }.find(|other| other.parameter != parameter) {
            let problem = "is declared already, with another value or another range, at";
            return Err(format!("the parameter {name:?} {problem} {}", other.place));
        }
        self.declared.push(Declared { parameter, place: self.place.clone(), part });
        Ok(field)
    }
}
