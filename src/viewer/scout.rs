//! Looks for points of the surface on a thread: what is under the cursor, and where a hand takes hold.

use super::anatomy::{Member, provenance};
use super::drag::Grip;
use super::painter::with_values;
use super::probe::{SurfacePoint, ray};
use super::values::Given;
use super::worker::{Wake, Worker};
use crate::error::Result;
use crate::field::{Field, Unknowns};
use crate::fit::Constraints;
use crate::render::Lens;
use crate::scene::{Constraint, Scene};
use std::sync::Arc;

/// A place of the picture to look at.
#[derive(Clone)]
pub(super) struct ScoutRequest {
    /// The scene, with its parameters as its text has them.
    pub scene: Arc<Scene>,
    /// The values its parameters have instead.
    pub values: Vec<(String, f64)>,
    /// The part of it that is shown alone, if one is.
    pub alone: Option<Member>,
    /// How it is seen.
    pub lens: Lens,
    /// The place: u and v.
    pub place: [f64; 2],
    /// The time.
    pub time: f64,
    /// What for.
    pub purpose: ScoutPurpose,
}

/// What a place is looked at for.
#[derive(Clone)]
pub(super) enum ScoutPurpose {
    /// To know what is there.
    Probe,
    /// To know what made it.
    Made,
    /// To take hold there.
    Hold {
        /// The parameters that are locked.
        locked: Vec<String>,
        /// How large the scene is.
        size: f64,
    },
}

/// What is there.
pub(super) enum Scouted {
    /// What is known of the point; nothing, if there is none.
    Point(Result<Option<SurfacePoint>>),
    /// What made the surface there, the whole scene first; nothing, if there is none.
    Made(Result<Vec<Member>>),
    /// The surface, held there; nothing, if there is none.
    Held(Result<Option<Box<Grip>>>),
}

/// A thread that looks.
pub(super) type Scout = Worker<ScoutRequest, Scouted>;

/// Starts a thread that looks.
pub(super) fn start(wake: Wake) -> Scout {
    let mut known: Option<(Arc<Scene>, Option<Member>, Given, Field)> = None;
    let supersedes = |look: &ScoutRequest, own: &ScoutRequest| {
        !Arc::ptr_eq(&look.scene, &own.scene) || !matches!(look.purpose, ScoutPurpose::Probe)
    };
    Worker::start(wake, supersedes, move |look: ScoutRequest, report| {
        let field = match &known {
            Some((scene, alone, values, field))
                if Arc::ptr_eq(scene, &look.scene) && *alone == look.alone && *values == look.values =>
            {
                Ok(field.clone())
            }
            _ => field_of(&look),
        };
        if let Ok(field) = &field {
            known = Some((look.scene.clone(), look.alone.clone(), look.values.clone(), field.clone()));
        }
        let (ray, range) = ray(&look.lens, look.place);
        let probe = || field.clone().and_then(|field| SurfacePoint::of(&field, ray, range, look.time));
        report.give(match &look.purpose {
            ScoutPurpose::Probe => Scouted::Point(probe()),
            ScoutPurpose::Made => Scouted::Made(probe().and_then(|probe| match (probe, &field) {
                (Some(probe), Ok(field)) if look.alone.is_none() => provenance(field, probe.at),
                _ => Ok(Vec::new()),
            })),
            ScoutPurpose::Hold { locked, size } => Scouted::Held(probe().and_then(|probe| {
                let Some(SurfacePoint { at: [x, y, z, t], .. }) = probe else { return Ok(None) };
                let unknowns = unknowns(&look, locked)?;
                let stated = look.scene.constraints().iter().map(Constraint::parts);
                let constraints = Constraints::new(&unknowns, stated)?;
                let grip = Grip::at(&subject(&look)?, constraints, [x, y, z], t, *size)?;
                Ok(Some(Box::new(grip)))
            })),
        });
    })
}

/// The field, its parameters as the text has them.
fn subject(look: &ScoutRequest) -> Result<Field> {
    match &look.alone {
        Some(alone) => Ok(alone.alone(&look.scene)?.field().clone()),
        None => Ok(look.scene.field().clone()),
    }
}

/// The scene's parameters at the values they have, as the hand and the scene let them move.
fn unknowns(look: &ScoutRequest, locked: &[String]) -> Result<Unknowns> {
    let values: Vec<(&str, f64)> = look.values.iter().map(|(name, value)| (name.as_str(), *value)).collect();
    let mut unknowns = look.scene.as_declared().with_parameters(&values)?.unknowns();
    // The sliders know what is locked: the scene's locks too, as long as no hand opens them.
    look.values.iter().try_for_each(|(name, _)| unknowns.free_again(name))?;
    locked.iter().try_for_each(|name| unknowns.lock(name))?;
    Ok(unknowns)
}

/// The field with the values.
fn field_of(look: &ScoutRequest) -> Result<Field> {
    let scene = match &look.alone {
        Some(alone) => alone.alone(&look.scene)?,
        None => Scene::clone(&look.scene),
    };
    Ok(with_values(&scene, &look.values)?.field().clone())
}
