//! Long work that the window starts and does not wait for: pictures, films and shaders written to files.

use super::painter::with_values;
use super::worker::Wake;
use crate::error::{Error, Result};
use crate::file::write_whole;
use crate::gpu::TextFormat;
use crate::render::{Film, Frames, Options, Stage, save};
use crate::scene::Scene;
use crate::task::Task;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

/// What is written.
#[derive(Clone, Debug)]
pub(super) enum ExportJob {
    /// A picture.
    Picture(Options),
    /// The whole timeline.
    Film(Options),
    /// The field, as the file's name says: `.wgsl`, `.glsl` or `.vm`.
    Shader,
}

/// Work under way.
pub(super) struct Job {
    /// What is made.
    pub path: PathBuf,
    state: Arc<JobState>,
}

#[derive(Default)]
struct JobState {
    done: AtomicUsize,
    all: AtomicUsize,
    task: Task,
    result: Mutex<Option<Result<()>>>,
}

impl Job {
    /// Starts to write a scene, with the values that its parameters have instead of its text's, to a file.
    pub(super) fn start(
        scene: Arc<Scene>,
        values: Vec<(String, f64)>,
        export: ExportJob,
        path: PathBuf,
        wake: Wake,
    ) -> Job {
        let state = Arc::new(JobState::default());
        let (own, to) = (state.clone(), path.clone());
        std::thread::spawn(move || {
            let work = || {
                let scene = with_values(&scene, &values)?;
                write(&scene, &export, &to, &own, &wake)
            };
            let result = match own.task.pool() {
                Some(pool) => pool.install(work),
                None => own.task.within(work),
            };
            *own.result.lock().unwrap_or_else(PoisonError::into_inner) = Some(result);
            wake();
        });
        Job { path, state }
    }

    /// How much is done, from 0 to 1; nothing, where that is not known.
    pub(super) fn progress(&self) -> Option<f32> {
        let [done, all] = [&self.state.done, &self.state.all].map(|count| count.load(Ordering::Relaxed));
        (all > 1).then(|| done as f32 / all as f32)
    }

    /// Gives it up.
    pub(super) fn give_up(&self) {
        self.state.task.give_up();
    }

    /// How it ended, if it did.
    pub(super) fn result(&self) -> Option<Result<()>> {
        self.state.result.lock().unwrap_or_else(PoisonError::into_inner).take()
    }
}

fn write(scene: &Scene, export: &ExportJob, path: &Path, state: &JobState, wake: &Wake) -> Result<()> {
    let extension = path.extension().unwrap_or_default().to_string_lossy().to_lowercase();
    match export {
        ExportJob::Picture(options) => {
            crate::file::check_writable(path)?;
            save(&mut Stage::new(scene)?, options, path)
        }
        ExportJob::Film(options) => {
            let film = Film::of(scene.timeline());
            film.save(&mut Stage::new(scene)?, options, path, &Frames::default(), &mut |done, all| {
                state.done.store(done, Ordering::Relaxed);
                state.all.store(all, Ordering::Relaxed);
                wake();
                !state.task.is_given_up()
            })
        }
        ExportJob::Shader => {
            let format =
                TextFormat::of_extension(&extension).ok_or_else(|| unknown(path, ".wgsl, .glsl or .vm"))?;
            let text = format.written(scene, None)?;
            write_whole(path, |out| out.write_all(text.as_bytes()))
        }
    }
}

fn unknown(path: &Path, kinds: &str) -> Error {
    Error::File { path: path.display().to_string(), problem: format!("must end in {kinds}") }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::render::Size;
    use std::time::{Duration, Instant};

    #[test]
    fn what_is_given_up_ends_soon_and_is_not_written() {
        let text = "let f = sphere(1); for i in 0..1000 { f += noise(2).translate([i, sin(i), 0]) * 0.001; } show(f);
                    bounds([-2, -2, -2], [2, 2, 2]);";
        let scene = Arc::new(Scene::from_text(text, "noises.rhai").unwrap());
        let path = std::env::temp_dir().join(format!("fieldgrad_given_up_{}.png", std::process::id()));
        let size = Size { width: 1920, height: 1080 };
        let options = Options { size, ..Options::default() };
        let job = Job::start(scene, Vec::new(), ExportJob::Picture(options), path.clone(), Arc::new(|| ()));
        std::thread::sleep(Duration::from_millis(200));
        assert_eq!(job.result(), None);
        job.give_up();
        let begun = Instant::now();
        let result = loop {
            match job.result() {
                Some(result) => break result,
                None => std::thread::sleep(Duration::from_millis(5)),
            }
        };
        // The picture would take minutes.
        assert!(begun.elapsed() < Duration::from_secs(20), "{:?}", begun.elapsed());
        assert_eq!((result, path.exists()), (Err(Error::Cancelled), false));
    }
}
