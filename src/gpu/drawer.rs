//! Pictures from whatever can draw them: a GPU for as long as it works, and else the CPU.

use super::{Gpu, Painter, wgpu};
use crate::error::{Error, Result};
use crate::render::{Artist, Image, Options, Stage};
use crate::scene::Scene;

/// Draws on a GPU: on the CPU what that cannot, and everything from when it fails. It says so.
///
/// ```
/// use fieldgrad::gpu::{Drawer, Gpu};
/// use fieldgrad::render::{Artist, Options, Size};
/// use fieldgrad::scene;
///
/// let mut drawer = Drawer::new(&scene::built_in(), Gpu::headless().ok(), |says| eprintln!("{says}"))?;
/// let options = Options::default().size(Size { width: 32, height: 24 });
/// assert_eq!(drawer.picture(&options)?.pixels.len(), 32 * 24);
/// # Ok::<(), fieldgrad::Error>(())
/// ```
pub struct Drawer {
    /// What is drawn on where it can be; none from when it failed.
    gpu: Option<Gpu>,
    hand: DrawnBy,
    say: Box<dyn FnMut(&str) + Send>,
    /// What was said last, which is not said again.
    said: String,
}

/// What draws.
enum DrawnBy {
    Painter(Box<Painter>),
    Stage(Box<Stage>),
}

impl DrawnBy {
    /// The GPU's, if there is one; or the CPU's, and why.
    fn new(scene: &Scene, gpu: Option<&Gpu>) -> Result<(DrawnBy, Option<Error>)> {
        match gpu.map(|gpu| Painter::new(gpu, scene)) {
            Some(Ok(painter)) => Ok((DrawnBy::Painter(Box::new(painter)), None)),
            // If the scene itself is wrong, the error is of that.
            other => Ok((DrawnBy::Stage(Box::new(Stage::new(scene)?)), other.and_then(Result::err))),
        }
    }
}

impl Drawer {
    /// Makes a scene ready, for a GPU if there is one. What a GPU cannot draw, or fails at, `say` is told of.
    pub fn new(scene: &Scene, gpu: Option<Gpu>, say: impl FnMut(&str) + Send + 'static) -> Result<Drawer> {
        let (hand, error) = DrawnBy::new(scene, gpu.as_ref())?;
        let mut drawer = Drawer { gpu, hand, say: Box::new(say), said: String::new() };
        drawer.tell(error);
        Ok(drawer)
    }

    /// Whether a GPU draws.
    pub fn is_on_gpu(&self) -> bool {
        matches!(self.hand, DrawnBy::Painter(_))
    }

    /// Goes over to another scene, or to the same with other values. After an error the old scene stays.
    pub fn show(&mut self, scene: &Scene) -> Result<()> {
        if let DrawnBy::Painter(painter) = &mut self.hand
            && painter.show(scene).is_ok()
        {
            return Ok(());
        }
        if let DrawnBy::Stage(stage) = &mut self.hand
            && stage.scene().is_like(scene)
        {
            **stage = stage.moved(scene)?; // what the GPU could not draw, it cannot now
            return Ok(());
        }
        let (hand, error) = DrawnBy::new(scene, self.gpu.as_ref())?;
        // A painter waits for what it still compiles when it goes: nobody has to wait with it.
        if let DrawnBy::Painter(painter) = std::mem::replace(&mut self.hand, hand) {
            std::thread::spawn(move || drop(painter));
        }
        self.tell(error);
        Ok(())
    }

    /// Draws a picture into a texture of the GPU's, of the format `Rgba8Unorm`, its colours as screens take them, and
    /// waits until it is done. None where it is not on the GPU that this is drawn best: where the CPU draws, or a scale
    /// of colours is to be written into the picture.
    pub fn paint(&mut self, options: &Options) -> Result<Option<wgpu::Texture>> {
        let DrawnBy::Painter(painter) = &mut self.hand else { return Ok(None) };
        if options.needs_cpu() || (options.shade.is_scale() && options.bar) {
            return Ok(None);
        }
        match painter.painted(options) {
            Ok(texture) => Ok(Some(texture)),
            Err(Error::Cancelled) => Err(Error::Cancelled),
            Err(error) => self.give_up(error).map(|()| None),
        }
    }

    /// Draws on the CPU from now on: the GPU has failed.
    fn give_up(&mut self, error: Error) -> Result<()> {
        (self.hand, _) = DrawnBy::new(self.stage().scene(), None)?;
        self.gpu = None;
        self.tell(Some(error));
        Ok(())
    }

    /// Says why the CPU draws, if it does for a reason.
    fn tell(&mut self, error: Option<Error>) {
        let Some(error) = error else { return };
        let says = format!("the CPU draws: {error}");
        if says != self.said {
            (self.say)(&says);
            self.said = says;
        }
    }
}

impl Artist for Drawer {
    fn stage(&self) -> &Stage {
        match &self.hand {
            DrawnBy::Painter(painter) => painter.stage(),
            DrawnBy::Stage(stage) => stage,
        }
    }

    fn picture(&mut self, options: &Options) -> Result<Image> {
        let DrawnBy::Painter(painter) = &mut self.hand else { return self.stage().picture(options) };
        let error = match painter.picture(options) {
            Ok(image) => return Ok(image),
            Err(Error::Cancelled) => return Err(Error::Cancelled),
            Err(error) => error,
        };
        // If the CPU draws it, it was the GPU's fault.
        let image = self.stage().picture(options)?;
        self.give_up(error)?;
        Ok(image)
    }
}
