//! `mesh`: a scene's surface as triangles, in a file for other programs.

use super::arguments::{Common, Mesh};
use super::progress::Progress;
use super::{Ending, input, output};
use crate::error::{Error, Result};
use crate::file::check_writable;
use crate::measure::Bounds;
use crate::mesh::{Dressed, Extracted, Extraction, Format};
use crate::scene::Scene;
use crate::tape::{Coordinates, Tape};
use serde_json::json;

pub(super) fn run(verb: &Mesh, common: &Common) -> Result<Ending> {
    if Format::of(&verb.out).is_none() {
        return Err(output::unknown_kind(&verb.out, Format::KINDS));
    }
    let scene = input::scene(&verb.scene, common)?;
    check_writable(&verb.out)?;
    let options = options(verb, &scene);
    let found = {
        let _progress = Progress::of("finding the surface", 0, common);
        scene.field().extract(&options).map_err(|error| match error {
            Error::Unbounded => {
                let why = "the solid is unbounded, or nothing shows that it is bounded: give --bounds";
                Error::Input(why.into())
            }
            other => other,
        })?
    };
    if found.mesh.triangles.is_empty() {
        return Err(Error::Input(
            "there is no surface at this time within the bounds; nothing is written".into(),
        ));
    }
    {
        let _progress = Progress::of("writing", 0, common);
        let colors = colors(&scene, options.time, &found)?;
        let dressed = Dressed::new(&found.mesh).normals(&found.normals);
        colors.as_ref().map_or(dressed, |colors| dressed.colors(colors)).save(&verb.out)?;
    }
    let (pieces, genus) = (found.mesh.components().1, found.mesh.genus());
    let corners = |bounds: &Bounds| [bounds.min, bounds.max];
    if common.json {
        return output::print_json(&json!({
            "file": verb.out.display().to_string(),
            "vertices": found.mesh.vertices.len(),
            "triangles": found.mesh.triangles.len(),
            "pieces": pieces,
            "genus": genus,
            "volume": found.mesh.volume(),
            "area": found.mesh.area(),
            "caps": found.caps.len(),
            "bounds": found.bounds.as_ref().map(corners),
            "unresolved": found.unresolved.iter().map(corners).collect::<Vec<_>>(),
        }));
    }
    output::saved(&verb.out, common)?;
    if !common.quiet {
        let counted =
            |count: usize, what: &str| format!("{count} {what}{}", if count == 1 { "" } else { "s" });
        let [triangles, pieces] = [counted(found.mesh.triangles.len(), "triangle"), counted(pieces, "piece")];
        let genus = genus.map_or(String::new(), |genus| format!(", genus {genus}"));
        eprintln!("{triangles} in {pieces}{genus}, closed");
        if !found.caps.is_empty() {
            eprintln!(
                "the solid is cut off at the bounds: {} lie in their sides",
                counted(found.caps.len(), "triangle")
            );
        }
        report_unresolved(&found.unresolved);
    }
    Ok(Ending::Done)
}

/// How many boxes are named, of those in which a part of the surface may be missing.
const SHOWN: usize = 3;

fn report_unresolved(unresolved: &[Bounds]) {
    if unresolved.is_empty() {
        return;
    }
    eprintln!(
        "in {} small boxes bounds leave room for parts too thin to be seen; --json lists all:",
        unresolved.len()
    );
    for Bounds { min, max } in unresolved.iter().take(SHOWN) {
        let shown = |corner: &[f64; 3]| corner.map(|x| format!("{x:.4}")).join(", ");
        eprintln!("  ({}) to ({})", shown(min), shown(max));
    }
}

/// How the mesh is asked for: in the box given, or the scene's own, or one found.
fn options(verb: &Mesh, scene: &Scene) -> Extraction {
    let time = verb.time.unwrap_or(0.0);
    let asked = Extraction::default().time(time).tolerance(verb.tolerance);
    let asked = match verb.depth {
        Some(depth) => asked.depth(depth),
        None => asked.resolution(verb.resolution),
    };
    verb.bounds.or(scene.bounds()).map_or(asked.clone(), |bounds| asked.bounds(bounds))
}

/// The base colour of the scene's material at each vertex, if it has one.
fn colors(scene: &Scene, time: f64, found: &Extracted) -> Result<Option<Vec<[f64; 3]>>> {
    let Some(material) = scene.field().material() else { return Ok(None) };
    let tape = Tape::new(&material.color)?;
    let columns = tape.eval(Coordinates::from(&found.mesh.vertices[..]).at_time(time));
    let color = |n: usize| [0, 1, 2].map(|channel: usize| columns[channel][n]);
    Ok(Some((0..found.mesh.vertices.len()).map(color).collect()))
}
