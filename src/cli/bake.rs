//! `bake`: a scene's field sampled on a grid, as a NumPy array that scenes read back with `grid`.

use super::arguments::{BakeVerb, Common};
use super::progress::ProgressLine;
use super::{Ending, input, output};
use crate::error::{Error, Result};
use crate::file::{check_writable, write_whole};
use crate::measure::Bounds;
use crate::npy::{Float, write_header};
use crate::scene::{MAX_SAMPLES, Scene};
use crate::tape::{Asked, Grid, Samples, Tape};
use serde_json::json;
use std::path::Path;

/// How many samples are worked out before they are written.
const PIECE: usize = 1 << 20;
/// How many times are sampled where none are asked for.
const USUAL_TIMES: usize = 16;
/// How much larger than the solid a box is that was found for it, in parts of its longest side.
const MARGIN: f64 = 0.05;

pub(super) fn run(verb: &BakeVerb, common: &Common) -> Result<Ending> {
    if output::extension(&verb.out) != "npy" {
        return Err(output::unknown_kind(&verb.out, ".npy"));
    }
    let scene = input::scene(&verb.scene, common)?;
    let times = times(verb, &scene)?;
    check_writable(&verb.out)?;
    let sampling = Sampling::new(bounds(verb, &scene, times, common)?, verb.resolution, times)?;
    sampling.save(&scene, &verb.out, common)?;
    let call = sampling.call(&verb.out);
    if common.json {
        let [lower, upper] = sampling.corners();
        let (file, shape) = (verb.out.display().to_string(), sampling.shape());
        return output::print_json(
            &json!({ "file": file, "shape": shape, "lower": lower, "upper": upper, "call": call }),
        );
    }
    output::saved(&verb.out, common)?;
    output::print(format!("{call}\n").as_bytes())
}

/// The times of the samples.
fn times(verb: &BakeVerb, scene: &Scene) -> Result<Samples> {
    if verb.from.is_none() && verb.to.is_none() && verb.frames.is_none() {
        return Ok(Samples::one(verb.time.unwrap_or(0.0)));
    }
    if verb.time.is_some() {
        let problem = "what moves has no one --time; it goes --from one --to another";
        return Err(Error::Input(problem.into()));
    }
    let (from, to) = (verb.from.unwrap_or(scene.timeline().from), verb.to.unwrap_or(scene.timeline().to));
    if from >= to {
        return Err(Error::Input(format!(
            "samples go from one time to a later one, not from {from} to {to}"
        )));
    }
    Ok(between(from, to, verb.frames.unwrap_or(USUAL_TIMES)))
}

/// Places from one to another, both among them.
fn between(from: f64, to: f64, count: usize) -> Samples {
    Samples { start: from, step: (to - from) / (count - 1) as f64, count }
}

/// The box that is asked for, or the scene's own, or one found around it.
fn bounds(verb: &BakeVerb, scene: &Scene, times: Samples, common: &Common) -> Result<Bounds> {
    if let Some(bounds) = verb.bounds.or(scene.bounds()) {
        return Ok(bounds);
    }
    let _progress = ProgressLine::of("finding the bounds", 0, common);
    let last = times.start + times.step * (times.count - 1) as f64;
    match scene.field().bounds((times.start, last)) {
        Ok(Some(found)) => {
            let longest = found.size().into_iter().fold(0.0, f64::max);
            let margin = if longest > 0.0 { longest * MARGIN } else { MARGIN };
            // In few digits, since a person is to read it.
            let unit = 10f64.powi(-margin.log10().floor() as i32);
            let out = |end: f64, side: f64| side * ((side * end + margin) * unit).ceil() / unit;
            Ok(Bounds { min: found.min.map(|end| out(end, -1.0)), max: found.max.map(|end| out(end, 1.0)) })
        }
        Ok(None) => Err(Error::Input("there is nothing at these times; --bounds says where to look".into())),
        Err(Error::Unbounded) => {
            let why = "the solid is unbounded, or nothing shows that it is bounded: give --bounds";
            Err(Error::Input(why.into()))
        }
        Err(error) => Err(error),
    }
}

/// Where samples are taken.
struct Sampling {
    bounds: Bounds,
    space: [Samples; 3],
    times: Samples,
}

impl Sampling {
    /// So many along the longest side, and along the others so many that cells are nearly cubes.
    fn new(bounds: Bounds, resolution: usize, times: Samples) -> Result<Sampling> {
        let size = bounds.size();
        let cell = size.into_iter().fold(0.0, f64::max) / (resolution - 1) as f64;
        let counts = size.map(|side| ((side / cell).round().max(1.0) as usize).saturating_add(1));
        let all = counts.iter().chain([&times.count]).try_fold(1usize, |all, &count| all.checked_mul(count));
        if all.is_none_or(|all| all > MAX_SAMPLES) {
            let [x, y, z] = counts;
            let times = if times.count > 1 { format!("×{}", times.count) } else { String::new() };
            return Err(Error::Input(format!(
                "{x}×{y}×{z}{times} samples are more than the {MAX_SAMPLES} that a scene reads"
            )));
        }
        let along = |i: usize| between(bounds.min[i], bounds.max[i], counts[i]);
        Ok(Sampling { bounds, space: [0, 1, 2].map(along), times })
    }

    /// How many along x, y and z, and before those along t where there are several times.
    fn shape(&self) -> Vec<usize> {
        let counts = self.space.map(|axis| axis.count);
        (self.times.count > 1).then_some(self.times.count).into_iter().chain(counts).collect()
    }

    /// The first and the last corner, as `grid` takes them.
    fn corners(&self) -> [Vec<f64>; 2] {
        let Samples { start, step, count } = self.times;
        let (first, last) = (self.bounds.min.to_vec(), self.bounds.max.to_vec());
        match count {
            1 => [first, last],
            _ => [[first, vec![start]].concat(), [last, vec![start + step * (count - 1) as f64]].concat()],
        }
    }

    /// The call that a scene reads it by.
    fn call(&self, path: &Path) -> String {
        let corner = |corner: &Vec<f64>| corner.iter().map(f64::to_string).collect::<Vec<_>>().join(", ");
        let [lower, upper] = self.corners().each_ref().map(corner);
        let name = path.file_name().unwrap_or_default().to_string_lossy();
        format!("grid({name:?}, [{lower}], [{upper}])")
    }

    fn save(&self, scene: &Scene, path: &Path, common: &Common) -> Result<()> {
        let tape = scene.field().tape()?;
        let [x, y, z] = self.space;
        let progress = ProgressLine::of("sampling", self.shape().iter().product(), common);
        // A few planes of x at a time: they stand one after the other in the file.
        let planes = (PIECE / (y.count * z.count)).clamp(1, x.count);
        write_whole(path, |out| {
            write_header(out, &self.shape(), Float::F4)?;
            for time in 0..self.times.count {
                let t = Samples::one(self.times.start + self.times.step * time as f64);
                let tape = tape.fixed([None, None, None, Some(t.start)]);
                for first in (0..x.count).step_by(planes) {
                    let count = planes.min(x.count - first);
                    let part = Samples { start: x.start + x.step * first as f64, count, ..x };
                    let values =
                        values(scene, &tape, Grid { x: part, y, z, t }).map_err(std::io::Error::other)?;
                    progress.advance(values.len());
                    Float::F4.write(out, values.into_iter().map(f64::from))?;
                }
            }
            Ok(())
        })
    }
}

/// The values on a grid at one time, z running fastest, then y and x; an error where one is not finite.
fn values(scene: &Scene, tape: &Tape, grid: Grid) -> Result<Vec<f32>> {
    let found = grid.eval(tape, Asked::Value).remove(0);
    let [nx, ny, nz] = [grid.x, grid.y, grid.z].map(|axis| axis.count);
    if let Some(n) = found.iter().position(|value| !value.is_finite()) {
        let places = [(grid.x, n % nx), (grid.y, n / nx % ny), (grid.z, n / nx / ny)];
        let [x, y, z] = places.map(|(axis, n)| f64::from(axis.at(n)));
        return Err(input::not_finite(scene, [x, y, z, grid.t.start], f64::from(found[n])));
    }
    let mut turned = vec![0.0; found.len()];
    for (row, values) in found.chunks_exact(nx).enumerate() {
        let (j, k) = (row % ny, row / ny);
        values.iter().enumerate().for_each(|(i, &value)| turned[(i * ny + j) * nz + k] = value);
    }
    Ok(turned)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn cells_are_nearly_cubes_and_samples_few_enough() {
        let bounds = Bounds::new([-1.0, 0.0, 2.0], [1.0, 1.0, 2.0]);
        let sampling = Sampling::new(bounds, 41, Samples::one(0.5)).unwrap();
        assert_eq!(sampling.shape(), [41, 21, 2]);
        assert_eq!(sampling.call(Path::new("far/a b.npy")), "grid(\"a b.npy\", [-1, 0, 2], [1, 1, 2])");
        let moving = Sampling::new(bounds, 5, between(0.0, 1.5, 4)).unwrap();
        assert_eq!(moving.shape(), [4, 5, 3, 2]);
        assert_eq!(moving.call(Path::new("a.npy")), "grid(\"a.npy\", [-1, 0, 2, 0], [1, 1, 2, 1.5])");
        assert!(
            Sampling::new(bounds, 10_000, Samples::one(0.0))
                .is_err_and(|e| e.to_string().contains("10000×5001×2"))
        );
        assert!(Sampling::new(bounds, usize::MAX, Samples::one(0.0)).is_err());
    }
}
