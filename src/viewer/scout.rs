//! Looks for points of the surface on a thread: what is under the cursor, and where a hand takes hold.

use super::drag::Grip;
use super::probe::{Probe, ray};
use super::values::Given;
use super::worker::{Wake, Worker};
use crate::error::Result;
use crate::field::Field;
use crate::render::Lens;
use crate::scene::Scene;
use std::sync::Arc;

/// A place of the picture to look at.
#[derive(Clone)]
pub(super) struct Look {
    /// The scene, with its parameters as its text has them.
    pub scene: Arc<Scene>,
    /// The values its parameters have instead.
    pub values: Vec<(String, f64)>,
    /// How it is seen.
    pub lens: Lens,
    /// The place: u and v.
    pub place: [f64; 2],
    /// The time.
    pub time: f64,
    /// To take hold there: the parameters that are locked, and how large the scene is.
    pub hold: Option<(Vec<String>, f64)>,
}

/// What is there.
pub(super) enum Found {
    /// What is known of the point; nothing, if there is none.
    Point(Result<Option<Probe>>),
    /// The surface, held there; nothing, if there is none.
    Held(Result<Option<Grip>>),
}

/// A thread that looks.
pub(super) type Scout = Worker<Look, Found>;

/// Starts a thread that looks.
pub(super) fn start(wake: Wake) -> Scout {
    let mut known: Option<(Arc<Scene>, Given, Field)> = None;
    Worker::start(wake, move |look: Look, report| {
        let field = match &known {
            Some((scene, values, field)) if Arc::ptr_eq(scene, &look.scene) && *values == look.values => {
                Ok(field.clone())
            }
            _ => field_of(&look),
        };
        if let Ok(field) = &field {
            known = Some((look.scene.clone(), look.values.clone(), field.clone()));
        }
        let (ray, range) = ray(&look.lens, look.place);
        let probe = || field.and_then(|field| Probe::of(&field, ray, range, look.time));
        report.give(match &look.hold {
            None => Found::Point(probe()),
            Some((locked, size)) => Found::Held(probe().and_then(|probe| {
                let Some(Probe { at: [x, y, z, t], .. }) = probe else { return Ok(None) };
                Grip::at(look.scene.field(), [x, y, z], t, &look.values, locked, *size).map(Some)
            })),
        });
    })
}

/// The field with the values.
fn field_of(look: &Look) -> Result<Field> {
    let field = look.scene.field();
    let own = field.parameters()?;
    let known = look.values.iter().filter(|(name, _)| own.iter().any(|p| p.name() == name));
    let values: Vec<(&str, f64)> = known.map(|(name, value)| (name.as_str(), *value)).collect();
    field.with_parameters(&values)
}
