//! What `fit` is given to fit to: files of points, meshes, scenes, and pictures with their cameras.

use super::arguments::Common;
use super::{input, machine, output, signals};
use crate::error::{Error, Result};
use crate::field::Field;
use crate::fit::{Fit, LeastSquares, SilhouetteTarget, SilhouetteTerm, Target, Views};
use crate::measure::Bounds;
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

/// A name, and the time behind it, or 0.
fn name_and_time(name: &str) -> (&str, f64) {
    match name.rsplit_once('@').map(|(name, t)| (name, t.parse::<f64>())) {
        Some((name, Ok(t))) if t.is_finite() => (name, t),
        _ => (name, 0.0),
    }
}

fn points(name: &str, samples: usize, common: &Common) -> Result<Target> {
    let (name, time) = name_and_time(name);
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
    match mesh_or_points(path, time)? {
        MeshOrPoints::Points(points) => Ok(points),
        MeshOrPoints::Mesh(distance) => {
            let target = Target::of_mesh(&distance, samples, common.seed)?;
            let times = vec![time; target.len()];
            target.with_times(times)
        }
    }
}

/// The contents of a file of triangles: a PLY file may have points alone.
enum MeshOrPoints {
    Mesh(Box<Distance>),
    Points(Target),
}

fn mesh_or_points(path: &Path, time: f64) -> Result<MeshOrPoints> {
    let mesh = match Mesh::from_file(path) {
        Err(error) if output::extension(path) == "ply" => {
            return of_points(path, time).map(MeshOrPoints::Points).map_err(|_| error);
        }
        read => read?,
    };
    // Its sign is what the mesh's own corners say, so its size need not be exact.
    if mesh.open_edges().is_empty() && mesh.volume() < 0.0 {
        let problem = "is inside out: turn its triangles around".into();
        return Err(Error::File { path: path.display().to_string(), problem });
    }
    Ok(MeshOrPoints::Mesh(Box::new(Distance::of(&mesh)?)))
}

/// The mesh of that name.
pub(super) fn mesh(name: &str) -> Result<Distance> {
    let path = Path::new(name);
    let read = match ReadFormat::of_ending(&output::extension(path)) {
        Some(_) => mesh_or_points(path, 0.0)?,
        None => MeshOrPoints::Points(Target::default()),
    };
    match read {
        MeshOrPoints::Mesh(distance) => Ok(*distance),
        MeshOrPoints::Points(_) => {
            let problem = "is no mesh: .obj, .stl, .ply, .glb, .gltf or .3mf with triangles".into();
            Err(Error::File { path: name.into(), problem })
        }
    }
}

fn of_points(path: &Path, time: f64) -> Result<Target> {
    Target::of_cloud(PointCloud::from_file(path)?, time)
}

/// A network's targets: all within one cube, a tenth of the longest side away from them all around, so that
/// it knows of the space about them too.
pub(super) struct LearnedTarget {
    pub(super) target: Target,
    pub(super) cube: Bounds,
    /// Whether it is points on a surface, the distances about which are estimated.
    pub(super) is_surface: bool,
}

impl LearnedTarget {
    pub(super) fn read(names: &[String], samples: usize, common: &Common) -> Result<LearnedTarget> {
        enum Source {
            Mesh(Box<Distance>),
            Points(Target),
            Field(Field, Bounds),
        }
        let source = |name: &String| {
            let (name, time) = name_and_time(name);
            let path = Path::new(name);
            let source = match output::extension(path).as_str() {
                "json" => {
                    let problem = format!("{name}: a network is trained on points, meshes or scenes");
                    return Err(Error::Input(problem));
                }
                ending if ReadFormat::of_ending(ending).is_some() => match mesh_or_points(path, time)? {
                    MeshOrPoints::Mesh(distance) => Source::Mesh(distance),
                    MeshOrPoints::Points(points) => Source::Points(points),
                },
                "csv" | "npy" | "xyz" | "txt" => Source::Points(of_points(path, time)?),
                _ => {
                    let scene = input::plain(name)?;
                    let around = machine::bounds(&scene);
                    Source::Field(scene.field().clone(), around)
                }
            };
            Ok((source, time))
        };
        let sources: Vec<(Source, f64)> = names.iter().map(source).collect::<Result<_>>()?;
        let bounds = sources.iter().filter_map(|(source, _)| match source {
            Source::Mesh(distance) => Bounds::around(&distance.mesh().vertices),
            Source::Points(points) => points.bounds(),
            Source::Field(_, bounds) => Some(*bounds),
        });
        let all = bounds.reduce(|all, one| all.union(&one));
        let all = all.ok_or_else(|| Error::Input("the target has no points".into()))?;
        let half = 0.6 * all.size().into_iter().fold(0.0, f64::max);
        let corner = |by: f64| [0, 1, 2].map(|axis| 0.5 * (all.min[axis] + all.max[axis]) + by);
        let cube = Bounds::new(corner(-half), corner(half));
        let (each, seed) = (samples.div_ceil(sources.len()), common.seed);
        let mut is_surface = false;
        let mut targets = Vec::new();
        for (source, time) in sources {
            let target = match source {
                Source::Mesh(distance) => Target::of_mesh_within(&distance, &cube, each, seed)?,
                Source::Points(points) if points.distances().is_none() => {
                    is_surface = true;
                    points.with_space(&cube, each, seed)?
                }
                Source::Points(points) => points,
                Source::Field(field, around) => {
                    let target = Target::of_field(&field, &cube, time, each, seed)?;
                    target.with_solid(around)
                }
            };
            let times = target.times().map_or(vec![time; target.len()], <[f64]>::to_vec);
            targets.push(target.with_times(times)?);
        }
        Ok(LearnedTarget { target: Target::together(targets), cube, is_surface })
    }
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
