//! `export`: the field in the formats of other programs.

use super::arguments::{Common, Export};
use super::machine::{bounds, within};
use super::progress::Progress;
use super::random::Random;
use super::{Ending, input, output};
use crate::error::{Error, Result};
use crate::gpu::shader::{shadertoy, wgsl_library};
use crate::measure::Bounds;
use crate::number::{Dual, Interval};
use crate::scene::Scene;
use crate::scene::vm::write_vm;
use crate::tape::Machine;
use std::time::Duration;

pub(super) fn run(verb: &Export, common: &Common) -> Result<Ending> {
    let scene = input::scene(&verb.scene, common)?;
    let text = match output::extension(&verb.out).as_str() {
        "vm" => {
            let still = verb.time.map_or(scene.field().clone(), |time| scene.field().freeze(time));
            if still.depends_on(crate::field::Axis::T) {
                let problem = "the scene moves, and a .vm file knows no time: --time T holds it still";
                return Err(Error::Undefined(problem.into()));
            }
            write_vm(&still)?
        }
        "wgsl" => wgsl_library(&scene, verb.time)?,
        "glsl" => {
            let _progress = Progress::of("finding bounds and slopes", 0, common);
            let bounds = bounds(&scene);
            shadertoy(&scene, verb.time, &bounds, steepness(&scene, &bounds, common.seed)?)?
        }
        _ => return Err(output::unknown_kind(&verb.out, ".vm, .wgsl or .glsl")),
    };
    output::save(&verb.out, &text, common)
}

/// How long is looked for a bound before it is estimated.
const PATIENCE: Duration = Duration::from_secs(10);
/// A bound this large is no use to who steps by it.
const USELESS: f64 = 20.0;

/// How steep the field is in a box over the scene's time: proven, or where that takes too long or says too much, a
/// little more than the steepest of many points.
fn steepness(scene: &Scene, bounds: &Bounds, seed: u64) -> Result<f64> {
    let timeline = scene.timeline();
    let side = |i: usize| Interval::new(bounds.min[i], bounds.max[i]);
    let over = [side(0), side(1), side(2), Interval::new(timeline.from, timeline.to)];
    let field = scene.field().clone();
    if let Some(Ok(proven)) = within(PATIENCE, move || field.lipschitz(over))
        && proven < USELESS
    {
        return Ok(proven);
    }
    const POINTS: usize = 5_000;
    let tape = scene.field().tape()?;
    let mut machine = Machine::<Dual<f64>>::new(&tape);
    let mut random = Random(seed);
    let steep = (0..POINTS).map(|_| {
        let at = over.map(|side| random.between(side.lo(), side.hi()));
        let [x, y, z, _] = machine.at(Dual::variables(at))[0].slope;
        (x * x + y * y + z * z).sqrt()
    });
    Ok(1.1 * steep.filter(|steep| steep.is_finite()).fold(1.0, f64::max))
}
