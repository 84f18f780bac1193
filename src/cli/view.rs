//! `view`: the window; and where there can be none, the built-in scene's picture in its place.

use super::arguments::{Backend, Common, ViewVerb};
use super::{Ending, input, portrait};
use crate::error::{Error, Result};
use crate::render::{Options, picture};
use crate::scene::Scene;
use crate::sense::osc;
use crate::viewer::{Closed, Start, open};
use std::path::Path;

pub(super) fn run(verb: &ViewVerb, common: &Common) -> Result<Ending> {
    let scene = input::scene_or_built_in(verb.scene.as_deref(), common);
    let file = verb.scene.as_deref().map(Path::new).filter(|path| path.is_file()).map(Path::to_path_buf);
    // A mistake in a file is what its editor is for.
    let scene = match scene {
        Err(error) if file.is_none() || !matches!(error, Error::Scene(_)) => return Err(error),
        scene => scene,
    };
    let on_gpu = match verb.backend {
        Backend::Auto => None,
        backend => Some(backend == Backend::Gpu),
    };
    let osc = verb.osc.as_deref().map(osc::address).transpose()?;
    match open(Start { scene: scene.as_ref().ok().cloned(), file, on_gpu, osc, midi: verb.midi })? {
        Closed::ByHand => Ok(Ending::Done),
        Closed::NeverOpened(why) => {
            let scene = scene?;
            eprintln!("no window: {why}; a picture is made instead");
            instead(verb, &scene, common)
        }
    }
}

/// What is done where there is no window.
fn instead(verb: &ViewVerb, scene: &Scene, common: &Common) -> Result<Ending> {
    if verb.scene.is_none() {
        return portrait::run(common);
    }
    let path = Path::new("fieldgrad.png");
    picture(scene, &Options::default())?.save_png(path)?;
    super::output::saved(path, common)
}
