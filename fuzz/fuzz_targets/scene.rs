//! Any text may be given as a scene: reading it ends in time, with a scene or with an error, and takes little memory.
//! What has been read can be looked at, and written back unchanged.

#![no_main]

use fieldgrad::scene::Scene;

libfuzzer_sys::fuzz_target!(|text: &str| {
    let Ok(scene) = Scene::from_text(text, "fuzz.rhai") else { return };
    assert_eq!(scene.text_with(&[]).as_deref().ok(), Some(text));
    let timeline = scene.timeline();
    let _ = scene.camera().map(|camera| camera.at(timeline.from));
    let _ = scene.background().at(timeline.from);
    let _ = scene.field().value_at([0.1, 0.2, 0.3, timeline.from]);
});
