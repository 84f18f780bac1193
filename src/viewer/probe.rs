//! What is known of the point of the surface that a ray meets.

use crate::error::Result;
use crate::field::{Field, Parameter};
use crate::measure::Ray;
use crate::render::Lens;

/// A point of the surface, and all that can be asked of it.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct SurfacePoint {
    /// The place and the time.
    pub at: [f64; 4],
    /// The value of the field there: 0, up to the last digits.
    pub value: f64,
    /// ∇f, in time too.
    pub gradient: [f64; 4],
    /// How fast the surface moves along its normal.
    pub normal_speed: f64,
    /// How it bends: 1/r on a sphere.
    pub mean_curvature: f64,
    /// How it bends both ways: 1/r² on a sphere.
    pub gaussian_curvature: f64,
    /// The parameters that move this point, what moves it most first.
    pub movers: Vec<Mover>,
}

/// What a parameter does to a point of the surface.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Mover {
    /// The parameter.
    pub name: String,
    /// ∂f in the parameter.
    pub slope: f64,
    /// How far the surface moves along its normal for one more of the parameter: −f_p/|∇f|.
    pub speed: f64,
}

/// How far from the surface, in parts of a place's largest coordinate, a ray still touches it.
const TOUCH: f64 = 1e-7;
/// How many seams a ray is followed across.
const MAX_SEAMS: usize = 64;

/// The ray through a place of a picture, which begins where the lens begins to see; and how long it is.
pub(super) fn ray(lens: &Lens, [u, v]: [f64; 2]) -> (Ray, (f64, f64)) {
    let (origin, next) = (lens.at([u, v, 0.0]), lens.at([u, v, 1.0]));
    (Ray { origin, direction: [0, 1, 2].map(|i| next[i] - origin[i]) }, (lens.near, lens.far))
}

impl SurfacePoint {
    /// The point that a ray meets first, if it meets any.
    ///
    /// Where a shape is repeated around an axis, intervals cannot tell what f is on the seam between two copies, and a
    /// ray that crosses it may seem to graze something there: f itself says that there is nothing, and the ray goes on.
    pub(super) fn of(field: &Field, ray: Ray, range: (f64, f64), t: f64) -> Result<Option<SurfacePoint>> {
        let mut from = range.0;
        for _ in 0..MAX_SEAMS {
            let Some(hit) = field.hit(ray, t, (from, range.1))? else { return Ok(None) };
            let [x, y, z] = hit.point;
            let size = [x, y, z].iter().fold(1.0, |most: f64, v| most.max(v.abs()));
            if !hit.grazing || field.value_at([x, y, z, t])?.abs() <= TOUCH * size {
                return SurfacePoint::at(field, [x, y, z, t]).map(Some);
            }
            from = hit.distance + TOUCH * hit.distance.abs().max(1.0);
        }
        Ok(None)
    }

    /// What is known of a point.
    pub(super) fn at(field: &Field, at: [f64; 4]) -> Result<SurfacePoint> {
        let here = field.value_with_gradient_at(at)?;
        let [x, y, z, _] = here.slope;
        let steepness = (x * x + y * y + z * z).sqrt();
        let slopes = field.parameter_gradient_at(at)?;
        Ok(SurfacePoint {
            at,
            value: here.value,
            gradient: here.slope,
            normal_speed: field.normal_speed_at(at)?,
            mean_curvature: field.mean_curvature_at(at)?,
            gaussian_curvature: field.gaussian_curvature_at(at)?,
            movers: movers(&field.parameters()?, &slopes, steepness),
        })
    }
}

/// The parameters that move a point, ranked by how far they move it over their whole range.
fn movers(parameters: &[Parameter], slopes: &[f64], steepness: f64) -> Vec<Mover> {
    let reach = |parameter: &Parameter| parameter.range().map_or(1.0, |(low, high)| high - low);
    let mut found: Vec<(f64, Mover)> = parameters
        .iter()
        .zip(slopes)
        .filter(|&(_, &slope)| slope != 0.0 && slope.is_finite() && steepness > 0.0)
        .map(|(parameter, &slope)| {
            let speed = -slope / steepness;
            (speed.abs() * reach(parameter), Mover { name: parameter.name().into(), slope, speed })
        })
        .collect();
    found.sort_by(|(a, _), (b, _)| b.total_cmp(a));
    found.into_iter().map(|(_, mover)| mover).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::scene::Scene;

    #[test]
    fn a_probe_of_a_moving_ball_says_what_is_known_of_balls() {
        let text =
            "let r = param(\"r\", 0.5, 0.1, 1); let x = param(\"x\", 0, -9, 9); let far = param(\"far\", 1);
                    show(sphere(r).translate([x + 2 * t, 0, 0]) | sphere(far).translate([0, 0, -50]));";
        let scene = Scene::from_text(text, "a.rhai").unwrap();
        let lens = Lens::pinhole([9.0, 0.0, 0.0], [0.0; 3], [0.0, 1.0, 0.0], 40.0);
        let (ray, range) = ray(&lens, [0.0, 0.0]);
        let probe = SurfacePoint::of(scene.field(), ray, range, 0.25).unwrap().unwrap();
        let near = |a: f64, b: f64| assert!((a - b).abs() < 1e-9, "{a} {b}");
        near(probe.at[0], 1.0); // its middle is at 0.5, and it is 0.5 wide
        near(probe.value, 0.0);
        near(probe.gradient[0], 1.0);
        near(probe.gradient[3], -2.0);
        near(probe.normal_speed, 2.0);
        near(probe.mean_curvature, 2.0);
        near(probe.gaussian_curvature, 4.0);
        // A whole range of x moves it further than one of r; what is elsewhere does not.
        let names: Vec<&str> = probe.movers.iter().map(|mover| mover.name.as_str()).collect();
        assert_eq!(names, ["x", "r"]);
        near(probe.movers[0].speed, 1.0);
        near(probe.movers[1].slope, -1.0);
    }

    #[test]
    fn what_is_found_is_on_the_surface_across_seams_too() {
        let drop = crate::viewer::document::exhibit("drop").unwrap().scene().unwrap();
        let lens = Lens::of(&drop.camera().unwrap().at(10.515).unwrap());
        // The first was found beside the surface, on the seam between two beads.
        let places = (0..100).map(|i| [f64::from(i % 10) * 0.15 - 0.7, f64::from(i / 10) * 0.2 - 0.9]);
        let mut found = 0;
        for place in std::iter::once([0.018, 0.2393]).chain(places) {
            let (ray, range) = ray(&lens, place);
            if let Some(probe) = SurfacePoint::of(drop.field(), ray, range, 10.515).unwrap() {
                found += 1;
                assert!(probe.value.abs() < 1e-6, "{place:?}: {probe:?}");
            }
        }
        assert!(found > 30, "{found}");
    }

    #[test]
    fn a_ray_past_everything_finds_nothing() {
        let scene = Scene::from_text("show(sphere(0.5));", "a.rhai").unwrap();
        let lens = Lens::parallel([9.0, 0.0, 0.0], [0.0; 3], [0.0, 1.0, 0.0], 4.0);
        for (place, is_hit) in [([0.1, 0.1], true), ([0.5, 0.0], false)] {
            let (ray, range) = ray(&lens, place);
            assert_eq!(SurfacePoint::of(scene.field(), ray, range, 0.0).unwrap().is_some(), is_hit);
        }
    }
}
