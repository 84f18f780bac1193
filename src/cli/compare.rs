//! `compare`: how far two surfaces are apart.

use super::arguments::{Common, CompareVerb};
use super::progress::ProgressLine;
use super::{Ending, input, output};
use crate::error::{Error, Result};
use crate::measure::Estimate;
use crate::mesh::{Comparing, Comparison, Deviation, Distance, Extraction, Mesh, PointCloud, ReadFormat};
use serde_json::{Value, json};
use std::path::Path;

pub(super) fn run(verb: &CompareVerb, common: &Common) -> Result<Ending> {
    let progress = ProgressLine::of("comparing", 0, common);
    let [first, second] = [&verb.first, &verb.second].map(|name| read(name, verb, common));
    match (first?, second?) {
        (ComparedSide::Surface(first), ComparedSide::Surface(second)) => {
            let options =
                Comparing::default().samples(verb.samples).resolution(verb.resolution).seed(common.seed);
            let options = verb.within.map_or(options.clone(), |within| options.within(within));
            let found = Comparison::of(&first, &second, &options)?;
            drop(progress);
            of_surfaces(&found, common)
        }
        (ComparedSide::Points(points), ComparedSide::Surface(surface))
        | (ComparedSide::Surface(surface), ComparedSide::Points(points)) => {
            let within = verb.within.unwrap_or(0.01 * surface.mesh().longest_side());
            let found = Deviation::of_points(&points, &surface, within)?;
            drop(progress);
            of_points(&found, within, points.len(), common)
        }
        (ComparedSide::Points(_), ComparedSide::Points(_)) => {
            let problem =
                "both are points: one of them must be a surface, for points of one surface are apart as well";
            Err(Error::Input(problem.into()))
        }
    }
}

/// One side of a comparison.
enum ComparedSide {
    Surface(Box<Distance>),
    Points(Vec<[f64; 3]>),
}

fn read(name: &str, verb: &CompareVerb, common: &Common) -> Result<ComparedSide> {
    let path = Path::new(name);
    let mesh = match output::extension(path).as_str() {
        "csv" | "xyz" | "txt" | "npy" => {
            return Ok(ComparedSide::Points(PointCloud::from_file(path)?.points));
        }
        "ply" => match Mesh::from_file(path) {
            Ok(mesh) => mesh,
            // It has no faces, or nothing of it is as it should be.
            Err(wrong) => {
                let cloud = PointCloud::from_file(path).map_err(|_| wrong)?;
                return Ok(ComparedSide::Points(cloud.points));
            }
        },
        ending if ReadFormat::of_ending(ending).is_some() => Mesh::from_file(path)?,
        _ => of_scene(name, verb, common)?,
    };
    let wrong = |error: Error| Error::Input(format!("{name}: {error}"));
    Ok(ComparedSide::Surface(Box::new(Distance::of(&mesh).map_err(wrong)?)))
}

fn of_scene(name: &str, verb: &CompareVerb, common: &Common) -> Result<Mesh> {
    let scene = input::scene(name, common)?;
    let asked = Extraction::default().resolution(verb.resolution).time(verb.time.unwrap_or(0.0));
    let asked = scene.bounds().map_or(asked.clone(), |bounds| asked.bounds(bounds));
    let mesh = scene.field().extract(&asked)?.mesh;
    match mesh.triangles.is_empty() {
        true => Err(Error::Input(format!("{name} has no surface at this time"))),
        false => Ok(mesh),
    }
}

fn of_surfaces(found: &Comparison, common: &Common) -> Result<Ending> {
    if common.json {
        return output::print_json(&json!({
            "chamfer": both(found.chamfer()),
            "hausdorff": found.hausdorff(),
            "iou": found.overlap.map(both),
            "normals": both(found.normals),
            "fscore": both(found.fscore()),
            "within": found.within,
            "there": one_way(&found.there),
            "back": one_way(&found.back),
        }));
    }
    let [low, high] = found.hausdorff();
    let mut lines = vec![
        format!("chamfer    {}", shown(found.chamfer())),
        format!("  there    {}", shown(found.there.mean)),
        format!("  back     {}", shown(found.back.mean)),
        format!("hausdorff  between {low:.6} and {high:.6}"),
        format!("normals    {}", shown(found.normals)),
        format!("fscore     {} within {:.6}", shown(found.fscore()), found.within),
    ];
    match found.overlap {
        Some(overlap) => lines.insert(4, format!("iou        {}", shown(overlap))),
        None => lines.push("there is no overlap to measure: one of the surfaces is not closed".into()),
    }
    output::print(format!("{}\n", lines.join("\n")).as_bytes())
}

fn of_points(found: &Deviation, within: f64, count: usize, common: &Common) -> Result<Ending> {
    if common.json {
        return output::print_json(&json!({ "points": count, "within": within, "there": one_way(found) }));
    }
    let lines = format!(
        "points     {count}\nmean       {}\nlargest    {:.6}\nnear       {} within {within:.6}\n",
        shown(found.mean),
        found.largest[1],
        shown(found.within)
    );
    output::print(lines.as_bytes())
}

fn shown(Estimate { value, error }: Estimate) -> String {
    format!("{value:.6} ± {error:.6}")
}

fn both(Estimate { value, error }: Estimate) -> Value {
    json!({ "value": value, "error": error })
}

fn one_way(found: &Deviation) -> Value {
    json!({ "mean": both(found.mean), "largest": found.largest, "within": both(found.within) })
}
