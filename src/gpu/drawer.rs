//! Pictures from whatever can draw them: a GPU for as long as it works, and else the CPU.

use super::{Gpu, Painter, wgpu};
use crate::error::Result;
use crate::render::{Artist, Image, Options, Stage};
use crate::scene::Scene;

/// Draws on a GPU, and on the CPU from when that fails; it says so once.
///
/// ```
/// use fieldgrad::gpu::{Drawer, Gpu};
/// use fieldgrad::render::{Artist, Options, Size};
/// use fieldgrad::scene;
///
/// let mut drawer = Drawer::new(&scene::built_in(), Gpu::headless().ok(), |says| eprintln!("{says}"))?;
/// let options = Options { size: Size { width: 32, height: 24 }, ..Options::default() };
/// assert_eq!(drawer.picture(&options)?.pixels.len(), 32 * 24);
/// # Ok::<(), fieldgrad::Error>(())
/// ```
pub struct Drawer {
    hand: Hand,
    say: Box<dyn FnMut(&str) + Send>,
}

/// What draws.
enum Hand {
    Painter(Box<Painter>),
    Stage(Box<Stage>),
}

impl Drawer {
    /// Makes a scene ready, for a GPU if there is one. What a GPU cannot draw, or fails at, `say` is told of.
    pub fn new(scene: &Scene, gpu: Option<Gpu>, say: impl FnMut(&str) + Send + 'static) -> Result<Drawer> {
        let mut say: Box<dyn FnMut(&str) + Send> = Box::new(say);
        let painter = gpu.map(|gpu| Painter::new(&gpu, scene));
        let hand = match painter {
            Some(Ok(painter)) => Hand::Painter(Box::new(painter)),
            other => {
                let stage = Stage::new(scene)?; // whose error, if the scene itself is wrong, is the one to tell
                if let Some(Err(error)) = other {
                    say(&format!("the CPU draws: {error}"));
                }
                Hand::Stage(Box::new(stage))
            }
        };
        Ok(Drawer { hand, say })
    }

    /// Whether a GPU draws.
    pub fn is_on_gpu(&self) -> bool {
        matches!(self.hand, Hand::Painter(_))
    }

    /// What draws on the GPU, if that does.
    pub fn painter(&mut self) -> Option<&mut Painter> {
        match &mut self.hand {
            Hand::Painter(painter) => Some(painter),
            Hand::Stage(_) => None,
        }
    }

    /// Goes over to another scene, or to the same with other values. After an error the old scene stays.
    pub fn show(&mut self, scene: &Scene) -> Result<()> {
        let shown = match &mut self.hand {
            Hand::Painter(painter) => painter.show(scene),
            Hand::Stage(stage) => Stage::new(scene).map(|other| **stage = other),
        };
        match shown {
            Err(error) if self.is_on_gpu() => {
                let stage = Stage::new(scene)?;
                (self.say)(&format!("the CPU draws: {error}"));
                self.hand = Hand::Stage(Box::new(stage));
                Ok(())
            }
            shown => shown,
        }
    }
}

impl Drawer {
    /// Draws a picture into a texture of the GPU's, of the format `Rgba8Unorm`, its colours as screens take them, and
    /// waits until it is done. None where it is not on the GPU that this is drawn best: where the CPU draws, or a scale
    /// of colours is to be written into the picture.
    pub fn paint(&mut self, options: &Options) -> Result<Option<wgpu::Texture>> {
        let Hand::Painter(painter) = &mut self.hand else { return Ok(None) };
        if options.cut.is_some() || options.plane.is_some() || (options.shade.is_scale() && options.bar) {
            return Ok(None);
        }
        match painter.painted(options) {
            Ok(texture) => Ok(Some(texture)),
            Err(error) => {
                let stage = Stage::new(self.stage().scene())?;
                (self.say)(&format!("the CPU draws from here on: {error}"));
                self.hand = Hand::Stage(Box::new(stage));
                Ok(None)
            }
        }
    }
}

impl Artist for Drawer {
    fn stage(&self) -> &Stage {
        match &self.hand {
            Hand::Painter(painter) => painter.stage(),
            Hand::Stage(stage) => stage,
        }
    }

    fn picture(&mut self, options: &Options) -> Result<Image> {
        let Hand::Painter(painter) = &mut self.hand else { return self.stage().picture(options) };
        let error = match painter.picture(options) {
            Ok(image) => return Ok(image),
            Err(error) => error,
        };
        // If the CPU draws it, it was the GPU's fault.
        let image = self.stage().picture(options)?;
        (self.say)(&format!("the CPU draws from here on: {error}"));
        let stage = Stage::new(self.stage().scene())?;
        self.hand = Hand::Stage(Box::new(stage));
        Ok(image)
    }
}
