//! Covers of `fit`: what is proven of a grown scene, and collision models.

use super::arguments::{FitVerb, ShapeKind};
use super::{output, targets};
use crate::error::{Error, Result};
use crate::file::{check_writable, write_whole};
use crate::fit::{CollisionFormat, Covering, Grown, PartKind};
use crate::mesh::{Cover, CoverProof, Distance};
use crate::tape::{Asked, Grid, Samples};
use serde_json::{Value, json};
use std::path::Path;

/// The kind that shapes are to be of.
pub(super) fn kind(verb: &FitVerb) -> PartKind {
    match verb.kind {
        ShapeKind::Any => PartKind::Any,
        ShapeKind::Sphere => PartKind::Sphere,
        ShapeKind::Capsule => PartKind::Capsule,
        ShapeKind::Box => PartKind::Box,
    }
}

/// Which of the two is to lie within the other, if that is asked.
pub(super) fn asked(verb: &FitVerb) -> Option<Cover> {
    match (verb.cover, verb.inside) {
        (true, _) => Some(Cover::Around),
        (_, true) => Some(Cover::Inside),
        _ => None,
    }
}

/// Refuses what cannot be done before anything is begun.
pub(super) fn check(verb: &FitVerb) -> Result<()> {
    if verb.margin > 0.0 && asked(verb).is_none() {
        return Err(Error::Input("--margin is of --cover or --inside".into()));
    }
    for path in &verb.collision {
        let Some(format) = format_of(path) else {
            return Err(output::unknown_kind(path, ".urdf, .xml or .yml"));
        };
        if !format.takes(kind(verb)) {
            let path = path.display();
            return Err(Error::Input(match format {
                CollisionFormat::Spheres => format!("{path}: of spheres alone: --kind sphere"),
                _ => format!("{path}: of spheres, capsules or boxes: --kind sphere, capsule or box"),
            }));
        }
        check_writable(path)?;
    }
    Ok(())
}

fn format_of(path: &Path) -> Option<CollisionFormat> {
    CollisionFormat::of_extension(&output::extension(path))
}

/// The mesh that is to be covered.
pub(super) fn mesh(verb: &FitVerb) -> Result<Distance> {
    let [name] = &verb.target[..] else {
        return Err(Error::Input("--cover and --inside are of one target".into()));
    };
    let distance = targets::mesh(name)?;
    let open = distance.mesh().open_edges();
    if let Some([a, b]) = open.first().map(|edge| edge.map(|n| place(distance.mesh().vertices[n as usize]))) {
        let problem = format!(
            "is not closed, and so has no inside: {} of its edges have no triangle on the other side, the first from {a} to {b}",
            open.len()
        );
        return Err(Error::File { path: name.clone(), problem });
    }
    Ok(distance)
}

fn place(at: [f64; 3]) -> String {
    format!("[{}]", at.map(|x| format!("{x:.5}")).join(", "))
}

/// The proof of a cover, as it is told.
pub(super) struct CoverReport {
    cover: Cover,
    proof: CoverProof,
    /// About the solid's volume, and the mesh's.
    volumes: [f64; 2],
}

/// At how many places along each axis it is looked whether they are inside, for the volume.
const PLACES: usize = 128;

impl CoverReport {
    pub(super) fn of(cover: Cover, covering: &Covering, mesh: &Distance) -> Result<CoverReport> {
        let Covering { grown, proof } = covering;
        let [x, y, z] =
            [0, 1, 2].map(|axis| Samples::middles(grown.around.min[axis], grown.around.max[axis], PLACES));
        let grid = Grid { x, y, z, t: Samples::one(0.0) };
        let values = grid.eval(&grown.field().tape()?, Asked::Sign).swap_remove(0);
        let inside = values.iter().filter(|value| **value < 0.0).count() as f64;
        let own = inside * (x.step * y.step * z.step);
        Ok(CoverReport { cover, proof: proof.clone(), volumes: [own, mesh.mesh().volume()] })
    }

    pub(super) fn is_proven(&self, margin: f64) -> bool {
        self.proof.is_proven() && self.proof.margin >= margin
    }

    /// The claim, in a line.
    pub(super) fn claim(&self, target: &str) -> String {
        let what = match self.cover {
            Cover::Around => format!("Nothing of {target} is outside of this"),
            Cover::Inside => format!("Nothing of this, in its bounds, is outside of {target}"),
        };
        let margin = self.proof.margin;
        match self.proof.is_proven() {
            true => format!(
                "{what}: proven by intervals. At the surface of {target} the field is {margin:.3e} from 0 at least."
            ),
            false => format!("{what} but where that could not be proven."),
        }
    }

    /// What is printed.
    pub(super) fn line(&self) -> String {
        let what = match self.cover {
            Cover::Around => "covers the target",
            Cover::Inside => "is inside the target",
        };
        let [own, target] = self.volumes;
        let more = 100.0 * (own / target - 1.0);
        let volumes = format!("; its volume is {own:.4e}, the target's {target:.4e}: {more:+.1} %");
        match self.proof.is_proven() {
            true => format!("{what}: proven, with a margin of {:.3e}{volumes}\n", self.proof.margin),
            false => format!("not proven that it {what}{volumes}\n"),
        }
    }

    /// What could not be proven.
    pub(super) fn doubts(&self, margin: f64) -> Vec<String> {
        let mut doubts = Vec::new();
        if self.proof.margin <= 0.0 || self.proof.margin < margin {
            let own = self.proof.margin;
            doubts.push(format!("at the target's surface the margin is {own:.3e}, not {margin:.3e}"));
        }
        if let Some((at, value)) = self.proof.counterexample {
            doubts.push(format!("{} is missed, by {value:.3e}", place(at)));
        }
        let named =
            self.proof.open.iter().take(8).map(|found| {
                format!("not proven in the box from {} to {}", place(found.min), place(found.max))
            });
        doubts.extend(named);
        if self.proof.open.len() > 8 {
            doubts.push(format!("and in {} more", self.proof.open.len() - 8));
        }
        doubts
    }

    pub(super) fn json(&self) -> Value {
        let open: Vec<Value> =
            self.proof.open.iter().map(|found| json!({ "min": found.min, "max": found.max })).collect();
        json!({
            "proven": self.proof.is_proven(),
            "margin": output::json_number(self.proof.margin),
            "open": open,
            "counterexample": self.proof.counterexample.map(|(at, _)| at),
            "volume": output::json_number(self.volumes[0]),
            "target_volume": output::json_number(self.volumes[1]),
        })
    }
}

/// Writes the collision models that are asked for.
pub(super) fn save(verb: &FitVerb, grown: &Grown, about: &str) -> Result<()> {
    for path in &verb.collision {
        let Some(format) = format_of(path) else { continue };
        let out = verb.out();
        let name = out.file_stem().map_or("grown".into(), |name| name.to_string_lossy());
        let text = grown.collision(format, &name, about)?;
        write_whole(path, |out| out.write_all(text.as_bytes()))?;
    }
    Ok(())
}
