//! `export`: the field in the formats of other programs.

use super::arguments::{Common, Export};
use super::machine::bounds;
use super::progress::Progress;
use super::{Ending, input, output};
use crate::error::{Error, Result};
use crate::gpu::shader::{shadertoy, steepness, wgsl_library};
use crate::scene::vm::write_vm;

pub(super) fn run(verb: &Export, common: &Common) -> Result<Ending> {
    let scene = input::scene(&verb.scene, common)?;
    let text = match output::extension(&verb.out).as_str() {
        "vm" => {
            let still = verb.time.map_or(scene.field().clone(), |time| scene.field().freeze(time));
            if still.depends_on(crate::field::Axis::T) {
                let problem = "the scene moves, and a .vm file knows no time: --time T holds it still";
                return Err(Error::Input(problem.into()));
            }
            write_vm(&still)?
        }
        "wgsl" => wgsl_library(&scene, verb.time)?,
        "glsl" => {
            let _progress = Progress::of("finding bounds and slopes", 0, common);
            let bounds = bounds(&scene);
            shadertoy(&scene, verb.time, &bounds, steepness(&scene, &bounds)?)?
        }
        _ => return Err(output::unknown_kind(&verb.out, ".vm, .wgsl or .glsl")),
    };
    output::save(&verb.out, &text, common)
}
