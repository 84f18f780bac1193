//! `export`: the field in the formats of other programs.

use super::arguments::{Common, ExportVerb};
use super::progress::ProgressLine;
use super::{Ending, input, output};
use crate::error::Result;
use crate::gpu::TextFormat;

pub(super) fn run(verb: &ExportVerb, common: &Common) -> Result<Ending> {
    let scene = input::scene(&verb.scene, common)?;
    let format = TextFormat::of_extension(&output::extension(&verb.out))
        .ok_or_else(|| output::unknown_kind(&verb.out, ".vm, .wgsl or .glsl"))?;
    let _progress = ProgressLine::of("finding bounds and slopes", 0, common);
    output::save(&verb.out, &format.written(&scene, verb.time)?, common)
}
