//! A scene's field as a text for other programs.

use super::shader::{shadertoy, steepness, wgsl_library};
use crate::error::{Error, Result};
use crate::field::Axis;
use crate::measure::Bounds;
use crate::render::Stage;
use crate::scene::{Scene, vm::write_vm};

/// A language that other programs read fields in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum TextFormat {
    /// An expression file, `.vm`: the field at one time.
    Vm,
    /// A library of WGSL functions, `.wgsl`.
    Wgsl,
    /// A picture for Shadertoy, `.glsl`.
    Glsl,
}

impl TextFormat {
    /// The format whose files end so, if there is one.
    pub fn of_extension(extension: &str) -> Option<TextFormat> {
        match extension {
            "vm" => Some(TextFormat::Vm),
            "wgsl" => Some(TextFormat::Wgsl),
            "glsl" => Some(TextFormat::Glsl),
            _ => None,
        }
    }

    /// The text of a scene's field, held still at a time or moving as it does. An error says what it cannot hold.
    pub fn written(self, scene: &Scene, still: Option<f64>) -> Result<String> {
        match self {
            TextFormat::Vm => {
                let field = still.map_or(scene.field().clone(), |time| scene.field().freeze(time));
                if field.depends_on(Axis::T) {
                    let problem =
                        "the scene moves, and a .vm file knows no time: hold it still at one (--time T)";
                    return Err(Error::Input(problem.into()));
                }
                write_vm(&field)
            }
            TextFormat::Wgsl => wgsl_library(scene, still),
            TextFormat::Glsl => {
                const USUAL: Bounds = Bounds { min: [-2.0; 3], max: [2.0; 3] };
                let bounds = Stage::new(scene)?.bounds().unwrap_or(USUAL);
                shadertoy(scene, still, &bounds, steepness(scene, &bounds)?)
            }
        }
    }
}
