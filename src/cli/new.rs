//! `new`: a commented scene to start from.

use super::arguments::{Common, NewVerb};
use super::{Ending, output};
use crate::error::Result;

/// The scene that is written.
const STARTER: &str = include_str!("starter.rhai");

pub(super) fn run(verb: &NewVerb, common: &Common) -> Result<Ending> {
    if output::extension(&verb.file) != "rhai" {
        return Err(output::unknown_kind(&verb.file, ".rhai"));
    }
    output::must_be_new(&verb.file, verb.force)?;
    output::save(&verb.file, STARTER, common)
}

#[cfg(test)]
mod tests {
    use crate::scene::Scene;

    #[test]
    fn the_starter_is_a_scene_that_moves() {
        let scene = Scene::from_text(super::STARTER, "starter.rhai").unwrap();
        assert_eq!(scene.parameters().len(), 2);
        assert!(scene.camera().is_some() && scene.field().depends_on(crate::field::Axis::T));
        let bounds = scene.bounds().unwrap();
        let found = scene.field().bounds((0.0, scene.timeline().to)).unwrap().unwrap();
        assert!(bounds.contains(found.min) && bounds.contains(found.max), "{found:?}");
    }
}
