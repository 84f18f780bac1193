//! What `fit` is given to fit to: files of points, meshes, and scenes.

use super::arguments::Common;
use super::{input, machine, output};
use crate::error::{Error, Result};
use crate::fit::Target;
use crate::mesh::{Distance, Mesh, PointCloud, ReadFormat};
use std::path::Path;

/// The target of that name: a file of points, or a mesh or a scene, of which samples are taken; `NAME@T` is at time T.
pub(super) fn read(name: &str, samples: usize, common: &Common) -> Result<Target> {
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
