//! What `fit` is given to fit to: files of points, meshes, scenes, and pictures with their cameras.

use super::arguments::Common;
use super::{input, machine, output, signals};
use crate::error::{Error, Result};
use crate::field::Field;
use crate::fit::{Fit, LeastSquares, SilhouetteTarget, SilhouetteTerm, Target, Views};
use crate::mesh::{Distance, Mesh, PointCloud, ReadFormat};
use std::path::Path;

/// The target of that name: a file of points, a mesh or a scene, of which samples are taken, or a list of pictures with their
/// cameras; `NAME@T` is at time T.
pub(super) fn read(name: &str, samples: usize, common: &Common) -> Result<Views> {
    if output::extension(Path::new(name)) == "json" {
        return Views::from_file(name);
    }
    Ok(Views { points: points(name, samples, common)?, silhouettes: Vec::new() })
}

fn points(name: &str, samples: usize, common: &Common) -> Result<Target> {
    let (name, time) = match name.rsplit_once('@').map(|(name, t)| (name, t.parse::<f64>())) {
        Some((name, Ok(t))) if t.is_finite() => (name, t),
        _ => (name, 0.0),
    };
    let path = Path::new(name);
    match output::extension(path).as_str() {
        ending if ReadFormat::of_ending(ending).is_some() => of_mesh(path, samples, time, common),
        "csv" | "npy" | "xyz" | "txt" => of_points(path, time),
        _ => {
            let scene = input::plain(name)?;
            let around = machine::bounds(&scene);
            let longest = around.size().into_iter().fold(0.0, f64::max);
            Target::of_field(scene.field(), &around.grown(0.05 * longest), time, samples, common.seed)
        }
    }
}

/// Samples of a mesh; of a PLY file without faces its points.
fn of_mesh(path: &Path, samples: usize, time: f64, common: &Common) -> Result<Target> {
    let mesh = match Mesh::from_file(path) {
        Err(error) if output::extension(path) == "ply" => {
            return of_points(path, time).map_err(|_| error);
        }
        read => read?,
    };
    // Its sign is what the mesh's own corners say, so its size need not be exact.
    if mesh.open_edges().is_empty() && mesh.volume() < 0.0 {
        let problem = "is inside out: turn its triangles around".into();
        return Err(Error::File { path: path.display().to_string(), problem });
    }
    let target = Target::of_mesh(&Distance::of(&mesh)?, samples, common.seed)?;
    let times = vec![time; target.len()];
    target.with_times(times)
}

fn of_points(path: &Path, time: f64) -> Result<Target> {
    Target::of_cloud(PointCloud::from_file(path)?, time)
}

/// The longest side of a target's box.
pub(super) fn size(target: &Target) -> f64 {
    target.bounds().map_or(1.0, |bounds| bounds.size().into_iter().fold(0.0, f64::max)).max(f64::MIN_POSITIVE)
}

/// The silhouettes as a term: a pixel's whole part counts as a tenth of the target's size does.
pub(super) fn seen_term(views: &Views, field: &Field, silhouettes: Vec<SilhouetteTarget>) -> SilhouetteTerm {
    let weight = if views.points.is_empty() { 1.0 } else { (0.1 * size(&views.points)).powi(2) };
    SilhouetteTerm::new(field, silhouettes).with_weight(weight)
}

/// Where a fit is after silhouettes in few pixels, and then in more, but for those in all: far off, these lead nowhere.
pub(super) fn from_coarse(points: &Fit, views: &Views, field: &Field, start: Vec<f64>) -> Result<Vec<f64>> {
    let mut at = start;
    let levels = SilhouetteTarget::coarse_to_fine(&views.silhouettes);
    let coarse = levels.len().saturating_sub(1);
    for level in levels.into_iter().take(coarse) {
        let mut fit = points.clone().with_silhouettes(seen_term(views, field, level))?;
        fit.set(&at);
        let by = LeastSquares { iterations: 50, ..LeastSquares::for_fits() };
        at = fit.solve_watched(&by, &mut |_| signals::told().is_none()).at;
    }
    Ok(at)
}
