//! The machine a verb runs on: its facts, and work that may take only so long.

use crate::measure::Bounds;
use crate::scene::Scene;
use std::sync::mpsc;
use std::time::Duration;

/// What the work gives, or nothing if it takes longer: then its thread goes on, and ends with the program.
pub(super) fn within<T: Send + 'static>(
    budget: Duration,
    work: impl FnOnce() -> T + Send + 'static,
) -> Option<T> {
    let (done, wait) = mpsc::channel();
    std::thread::spawn(move || {
        let _ = done.send(work()); // nobody waits any more: too late
    });
    wait.recv_timeout(budget).ok()
}

/// How long the bounds of a scene are sought.
const PATIENCE: Duration = Duration::from_secs(10);

/// The scene's own bounds, or those found over its whole timeline, or a usual box.
pub(super) fn bounds(scene: &Scene) -> Bounds {
    const USUAL: Bounds = Bounds { min: [-2.0; 3], max: [2.0; 3] };
    let (field, timeline) = (scene.field().clone(), scene.timeline());
    let find = move || field.bounds((timeline.from, timeline.to));
    let found = || within(PATIENCE, find).and_then(Result::ok).flatten();
    scene.bounds().or_else(found).unwrap_or(USUAL)
}

/// The processor's name, as the system tells it.
pub(super) fn processor() -> String {
    let told = std::fs::read_to_string("/proc/cpuinfo").unwrap_or_default();
    let line = told.lines().find(|line| line.starts_with("model name"));
    let name = line.and_then(|line| line.split_once(':')).map(|(_, name)| name.trim());
    name.unwrap_or(std::env::consts::ARCH).into()
}
