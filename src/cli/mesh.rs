//! `mesh`: a scene's surface as triangles, or its outline in a plane, in a file for other programs.

use super::arguments::{Common, MeshVerb};
use super::progress::ProgressLine;
use super::{Ending, input, output};
use crate::error::{Error, Result};
use crate::field::Axis;
use crate::file::check_writable;
use crate::measure::Bounds;
use crate::mesh::{Certificate, Dressed, Extracted, Extraction, Format, OutlineFormat, save_moving};
use crate::scene::Scene;
use crate::tape::{Coordinates, Tape};
use serde_json::json;

pub(super) fn run(verb: &MeshVerb, common: &Common) -> Result<Ending> {
    if let Some(plane) = verb.slice {
        return outline(verb, plane, common);
    }
    if Format::of(&verb.out).is_none() {
        return Err(output::unknown_kind(&verb.out, Format::KINDS));
    }
    if let Some(to) = verb.to {
        return moving(verb, to, common);
    }
    if verb.velocity && !matches!(Format::of(&verb.out), Some(Format::Ply | Format::Glb)) {
        return Err(output::unknown_kind(&verb.out, ".ply or .glb, which hold velocities"));
    }
    let scene = input::scene(&verb.scene, common)?;
    check_writable(&verb.out)?;
    let options = options(verb, &scene);
    let found = {
        let _progress = ProgressLine::of("finding the surface", 0, common);
        scene.field().extract(&options).map_err(unbounded)?
    };
    if found.mesh.triangles.is_empty() {
        return Err(Error::Input(
            "there is no surface at this time within the bounds; nothing is written".into(),
        ));
    }
    {
        let _progress = ProgressLine::of("writing", 0, common);
        let colors = colors(&scene, options.time, &found)?;
        let velocities = verb.velocity.then(|| found.vertex_motion(scene.field())).transpose()?;
        let velocities = velocities.map(|motion| motion.velocities());
        let dressed = Dressed::new(&found.mesh).normals(&found.normals);
        let dressed = colors.as_ref().map_or(dressed, |colors| dressed.colors(colors));
        velocities.as_ref().map_or(dressed, |velocities| dressed.velocities(velocities)).save(&verb.out)?;
    }
    let certificate = if verb.certify {
        let _progress = ProgressLine::of("proving its topology", 0, common);
        Some(found.certify(scene.field())?)
    } else {
        None
    };
    let ending = match &certificate {
        Some(certificate) if !certificate.is_proven() => Ending::Wanting,
        _ => Ending::Done,
    };
    let (pieces, genus) = (found.mesh.components().1, found.mesh.genus());
    let corners = |bounds: &Bounds| [bounds.min, bounds.max];
    if common.json {
        let all = |boxes: &[Bounds]| boxes.iter().map(corners).collect::<Vec<_>>();
        output::print_json(&json!({
            "file": verb.out.display().to_string(),
            "vertices": found.mesh.vertices.len(),
            "triangles": found.mesh.triangles.len(),
            "pieces": pieces,
            "genus": genus,
            "volume": found.mesh.volume(),
            "area": found.mesh.area(),
            "caps": found.caps.len(),
            "bounds": found.bounds.as_ref().map(corners),
            "unresolved": all(&found.unresolved),
            "certificate": certificate.as_ref().map(|certificate| json!({
                "proven": certificate.is_proven(),
                "open": all(&certificate.open),
                "wrong": all(&certificate.wrong),
                "distance": certificate.distance,
                "boxes": certificate.boxes,
            })),
        }))?;
        return Ok(ending);
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
        match &certificate {
            Some(certificate) => report(certificate, found.cell),
            None => report_unresolved(&found.unresolved),
        }
    }
    Ok(ending)
}

/// The most times a moving mesh may have.
const MAX_FRAMES: f64 = 4096.0;

/// Writes a mesh that moves.
fn moving(verb: &MeshVerb, to: f64, common: &Common) -> Result<Ending> {
    if Format::of(&verb.out) != Some(Format::Glb) {
        return Err(output::unknown_kind(&verb.out, ".glb, which holds motion"));
    }
    let scene = input::scene(&verb.scene, common)?;
    let from = verb.from.unwrap_or(scene.timeline().from);
    let frames = (verb.fps * (to - from) + 1e-9).floor() + 1.0;
    if !(to > from && verb.fps > 0.0 && frames <= MAX_FRAMES) {
        let problem =
            format!("from {from} to {to} with {} times a second: up to {MAX_FRAMES} are written", verb.fps);
        return Err(Error::Input(problem));
    }
    check_writable(&verb.out)?;
    let times: Vec<f64> = (0..frames as usize).map(|n| from + n as f64 / verb.fps).collect();
    let found = {
        let _progress = ProgressLine::of("following the surface", 0, common);
        scene.field().extract_over(&options(verb, &scene), &times).map_err(unbounded)?
    };
    if found.is_empty() {
        return Err(Error::Input(
            "there is no surface at any time within the bounds; nothing is written".into(),
        ));
    }
    let certificates = if verb.certify {
        let _progress = ProgressLine::of("proving its topology", 0, common);
        found.iter().map(|own| own.first.certify(scene.field())).collect::<Result<Vec<_>>>()?
    } else {
        Vec::new()
    };
    let colors: Result<Vec<_>> = found.iter().map(|own| colors(&scene, own.first.time, &own.first)).collect();
    save_moving(&found, &colors?, &verb.out)?;
    let proven = certificates.iter().filter(|certificate| certificate.is_proven()).count();
    let ending = if proven < certificates.len() { Ending::Wanting } else { Ending::Done };
    if common.json {
        let spans = found.iter().enumerate().map(|(n, own)| {
            json!({
                "from": own.times[0],
                "to": own.times[own.times.len() - 1],
                "times": own.times.len(),
                "vertices": own.first.mesh.vertices.len(),
                "triangles": own.first.mesh.triangles.len(),
                "pieces": own.first.mesh.components().1,
                "genus": own.first.mesh.genus(),
                "proven": certificates.get(n).map(Certificate::is_proven),
            })
        });
        output::print_json(
            &json!({ "file": verb.out.display().to_string(), "meshes": spans.collect::<Vec<_>>() }),
        )?;
        return Ok(ending);
    }
    output::saved(&verb.out, common)?;
    if !common.quiet {
        eprintln!(
            "{} times in {} meshes",
            found.iter().map(|own| own.times.len()).sum::<usize>(),
            found.len()
        );
        if verb.certify {
            eprintln!("proven of {proven} of them: they have the surface's topology throughout");
        }
    }
    Ok(ending)
}

/// Writes the outline in a plane.
fn outline(verb: &MeshVerb, (axis, at): (Axis, f64), common: &Common) -> Result<Ending> {
    if OutlineFormat::of(&verb.out).is_none() {
        return Err(output::unknown_kind(&verb.out, OutlineFormat::KINDS));
    }
    let scene = input::scene(&verb.scene, common)?;
    check_writable(&verb.out)?;
    let found = {
        let _progress = ProgressLine::of("finding the outline", 0, common);
        scene.field().section(axis, at, &options(verb, &scene)).map_err(unbounded)?
    };
    if found.loops.is_empty() {
        let problem = format!("there is no outline where {} is {at}; nothing is written", axis.name());
        return Err(Error::Input(problem));
    }
    found.save(&verb.out)?;
    let points = found.loops.iter().map(Vec::len).sum::<usize>();
    if common.json {
        return output::print_json(&json!({
            "file": verb.out.display().to_string(),
            "loops": found.loops.len(),
            "points": points,
            "area": found.area(),
            "length": found.length(),
        }));
    }
    output::saved(&verb.out, common)?;
    if !common.quiet {
        let (area, length) = (found.area(), found.length());
        eprintln!(
            "{} loops of {points} points, {length:.6} long about an area of {area:.6}",
            found.loops.len()
        );
    }
    Ok(Ending::Done)
}

fn unbounded(error: Error) -> Error {
    match error {
        Error::Unbounded => {
            Error::Input("the solid is unbounded, or nothing shows that it is bounded: give --bounds".into())
        }
        other => other,
    }
}

/// Says what was proven.
fn report(certificate: &Certificate, cell: f64) {
    if certificate.is_proven() {
        eprintln!("proven: the surface has these pieces, and this genus");
        if let Some([to_surface, to_mesh]) = certificate.distance {
            eprintln!(
                "proven: no point of the mesh is farther than {to_surface:.3e} from the surface, none of the surface farther \
                 than {to_mesh:.3e} from the mesh; a cell is {cell:.3e} wide"
            );
        }
        return;
    }
    eprintln!("not proven: the surface may have other pieces and another genus");
    for (boxes, what) in [
        (&certificate.wrong, "the mesh is on the wrong side of the surface"),
        (&certificate.open, "bounds do not show that the surface is as simple as the mesh"),
    ] {
        if !boxes.is_empty() {
            eprintln!("in {} small boxes {what}; --json lists all:", boxes.len());
            show_first(boxes);
        }
    }
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
    show_first(unresolved);
}

fn show_first(boxes: &[Bounds]) {
    for Bounds { min, max } in boxes.iter().take(SHOWN) {
        let shown = |corner: &[f64; 3]| corner.map(|x| format!("{x:.4}")).join(", ");
        eprintln!("  ({}) to ({})", shown(min), shown(max));
    }
}

/// How the mesh is asked for: in the box given, or the scene's own, or one found.
fn options(verb: &MeshVerb, scene: &Scene) -> Extraction {
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
