//! `render`: a picture of a scene, or a film of it.

use super::arguments::{Backend, Common, RenderVerb};
use super::progress::ProgressLine;
use super::{Ending, input, output};
use crate::error::{Error, Result};
use crate::render::{Artist, Film, Frames, Lens, Options, Stage, save};
use crate::scene::Scene;
use std::sync::OnceLock;

pub(super) fn run(verb: &RenderVerb, common: &Common) -> Result<Ending> {
    let scene = input::scene_or_built_in(verb.scene.as_deref(), common)?;
    if verb.slice.is_none() && verb.layer.is_none() {
        verb.shade.check_size(&scene)?;
    }
    let options = options(verb);
    options.check()?;
    let name = verb.out.to_string_lossy();
    let is_film = output::extension(&verb.out) == "gif"
        || name.contains('%')
        || verb.from.is_some()
        || verb.to.is_some()
        || verb.fps.is_some()
        || verb.frames.is_some();
    if verb.resume && !is_film {
        let problem =
            "--resume goes on with a film's single pictures, name_%04d.png, and this is one picture";
        return Err(Error::Input(problem.into()));
    }
    match (is_film, output::extension(&verb.out).as_str()) {
        (true, _) => film(verb, &scene, options, common)?,
        (false, "png" | "exr") => picture(verb, &scene, options, common)?,
        _ => {
            return Err(output::unknown_kind(&verb.out, ".png or .exr, or for a film .gif or name_%04d.png"));
        }
    }
    output::saved(&verb.out, common)
}

fn picture(verb: &RenderVerb, scene: &Scene, mut options: Options, common: &Common) -> Result<()> {
    crate::file::check_writable(&verb.out)?;
    let _progress = ProgressLine::of("rendering", 0, common);
    let mut artist = artist(verb.backend, scene)?;
    options.lens = lens(verb, artist.stage())?;
    save(&mut *artist, &options, &verb.out)
}

fn film(verb: &RenderVerb, scene: &Scene, mut options: Options, common: &Common) -> Result<()> {
    let usual = Film::of(scene.timeline());
    let film = Film {
        from: verb.from.unwrap_or(usual.from),
        to: verb.to.unwrap_or(usual.to),
        fps: verb.fps.unwrap_or(usual.fps),
    };
    if verb.time.is_some() {
        return Err(Error::Input("a film has no one --time; it goes --from one --to another".into()));
    }
    film.check()?;
    let frames = Frames { which: verb.frames.clone(), resume: verb.resume };
    let (progress, mut before) = (OnceLock::new(), 0);
    let mut artist = artist(verb.backend, scene)?;
    options.lens = lens(verb, artist.stage())?;
    film.save(&mut *artist, &options, &verb.out, &frames, &mut |done, all| {
        let bar = progress.get_or_init(|| ProgressLine::of("rendering", all, common));
        bar.advance(done - before);
        before = done;
        true
    })
}

/// What draws the scene.
#[cfg(feature = "gpu")]
fn artist(backend: Backend, scene: &Scene) -> Result<Box<dyn Artist>> {
    use crate::gpu::{Drawer, Gpu};
    let gpu = match backend {
        Backend::Cpu => None,
        Backend::Auto => Gpu::headless().ok().filter(|gpu| !gpu.is_software()),
        Backend::Gpu => Gpu::headless().map_err(|error| eprintln!("the CPU draws: {error}")).ok(),
    };
    Ok(Box::new(Drawer::new(scene, gpu, |says| eprintln!("{says}"))?))
}

/// What draws the scene: the CPU, since this program was built without the rest.
#[cfg(not(feature = "gpu"))]
fn artist(backend: Backend, scene: &Scene) -> Result<Box<dyn Artist>> {
    if backend == Backend::Gpu {
        eprintln!("this program was built without GPUs; the CPU draws");
    }
    Ok(Box::new(Stage::new(scene)?))
}

/// A picture's options as the command line says them, but for the lens.
fn options(verb: &RenderVerb) -> Options {
    Options {
        size: verb.size,
        time: verb.time,
        span: None,
        lens: None,
        shade: verb.shade,
        cut: verb.slice.clone(),
        plane: verb.plane.clone(),
        layer: verb.layer,
        samples: verb.samples,
        range: verb.range,
        bar: !verb.no_bar,
        ground: !verb.no_ground,
        tone: true,
    }
}

/// The most a picture of parallel rays may be high, in the scene.
const MAX_HEIGHT: f64 = 1e15;

/// The lens, if it is not the scene's own.
fn lens(verb: &RenderVerb, stage: &Stage) -> Result<Option<Lens>> {
    if verb.eye.is_none() && verb.target.is_none() && verb.fov.is_none() && verb.orthographic.is_none() {
        return Ok(None);
    }
    let mut view = stage.view(verb.time.unwrap_or(stage.scene().timeline().from))?;
    view.eye = verb.eye.unwrap_or(view.eye);
    view.target = verb.target.unwrap_or(view.target);
    view.fov = verb.fov.unwrap_or(view.fov);
    view.check()?;
    Ok(Some(match verb.orthographic {
        Some(height) if height > MAX_HEIGHT => {
            let problem = format!("a picture of the height {height} shows nothing: at most {MAX_HEIGHT}");
            return Err(Error::Input(problem));
        }
        Some(height) => Lens::parallel(view.eye, view.target, view.up, height),
        None => Lens::of(&view),
    }))
}
