//! The panels, worked as hands do, by what a screen reader is told of them; no screen and no window.

use super::app::App;
use super::document::{Source, exhibit};
use super::memory::Memory;
use crate::file::TestFolder;
use crate::scene::Scene;
use crate::sense::midi;
use egui::Key;
use egui_kittest::Harness;
use egui_kittest::kittest::Queryable;
use std::sync::Arc;
use std::time::{Duration, Instant};

const TEXT: &str = "let r = param(\"r\", 0.5, 0.25, 1.25);\nlet h = param(\"h\", 1.0);\n\
                    show(sphere(r)); show(box([h, 0.1, 0.1]));\nbounds([-1, -1, -1], [1, 1, 1]);\n";

fn app(scene: Scene, source: Source) -> Harness<'static, App> {
    let memory = Memory { knows_hints: true, ..Memory::default() };
    let app = App::new(scene, source, memory, Arc::new(|| ()));
    let mut harness = Harness::builder()
        .with_size([1280.0, 800.0])
        .with_context_setup(super::app::prepare)
        .build_ui_state(|ui: &mut egui::Ui, app: &mut App| app.frame(ui), app);
    harness.run_steps(3);
    harness
}

fn ball() -> Harness<'static, App> {
    app(Scene::from_text(TEXT, "ball.rhai").unwrap(), Source::File("/nowhere/ball.rhai".into()))
}

fn gallery(name: &str) -> Harness<'static, App> {
    let exhibit = exhibit(name).unwrap();
    app(exhibit.scene().unwrap(), Source::Exhibit(exhibit))
}

/// Frames, until something holds that threads bring about.
fn until(harness: &mut Harness<App>, what: &str, holds: impl Fn(&Harness<App>) -> bool) {
    let begun = Instant::now();
    while !holds(harness) {
        assert!(begun.elapsed() < Duration::from_secs(120), "{what} never came");
        std::thread::sleep(Duration::from_millis(20));
        harness.step();
    }
}

#[test]
fn a_scene_plays_and_its_picture_comes() {
    let mut harness = gallery("drop");
    assert!(harness.state().playhead.is_playing);
    until(&mut harness, "a picture", |harness| harness.state().painted.is_some());
    until(&mut harness, "time", |harness| harness.state().playhead.time > 0.0);
    harness.get_by_label("Pause").click();
    harness.step();
    harness.step();
    assert!(!harness.state().playhead.is_playing);
    let time = harness.state().playhead.time;
    harness.key_press(Key::ArrowRight);
    harness.run_steps(2);
    assert!(harness.state().playhead.time > time);
    harness.key_press(Key::Space);
    harness.run_steps(2);
    assert!(harness.state().playhead.is_playing);
}

#[test]
fn looking_at_a_value_does_not_change_it() {
    let third = TEXT.replace("0.5", &(1.0_f64 / 3.0).to_string());
    let scene = Scene::from_text(&third, "ball.rhai").unwrap();
    let mut harness = app(scene, Source::File("/nowhere/ball.rhai".into()));
    harness.run_steps(4);
    assert_eq!(harness.state().document.values.get("r"), Some(1.0 / 3.0));
    assert!(!harness.state().document.is_changed());
}

/// Moves a slider by hand, through parts of its length.
fn slide(harness: &mut Harness<App>, name: &str, parts: &[f32]) {
    let slider = harness.get_by_role_and_label(egui::accesskit::Role::Slider, name).rect();
    let at = |part: f32| slider.left_center() + egui::vec2(part * slider.width(), 0.0);
    harness.hover_at(at(parts[0]));
    harness.drag_at(at(parts[0]));
    for part in parts {
        harness.hover_at(at(*part));
        harness.step();
    }
    harness.drop_at(at(parts[parts.len() - 1]));
    harness.run_steps(2);
}

#[test]
fn a_slider_is_moved_reset_undone_and_redone() {
    let mut harness = ball();
    let value = |harness: &Harness<App>, name: &str| harness.state().document.values.get(name).unwrap();
    slide(&mut harness, "r", &[0.3, 0.5, 0.7, 0.9]);
    let moved = value(&harness, "r");
    assert!((0.9..=1.25).contains(&moved), "{moved}");
    harness.get_by_label("Undo").click();
    harness.run_steps(2);
    assert_eq!(value(&harness, "r"), 0.5);
    harness.get_by_label("Redo").click();
    harness.run_steps(2);
    assert_eq!(value(&harness, "r"), moved);
    harness.get_by_label("Reset r").click();
    harness.run_steps(2);
    assert_eq!(value(&harness, "r"), 0.5);
    harness.key_press_modifiers(egui::Modifiers::COMMAND, Key::Z);
    harness.run_steps(2);
    assert_eq!(value(&harness, "r"), moved);
    harness.get_by_label("Lock h").click();
    harness.run_steps(2);
    assert!(harness.state().document.values.sliders()[1].is_locked);
}

#[test]
fn text_is_read_as_it_is_typed_and_a_mistake_keeps_the_scene() {
    let mut harness = ball();
    let before = harness.state().document.scene().clone();
    harness.state_mut().document.text = TEXT.replace("sphere", "spere");
    harness.state_mut().document.edited(Instant::now());
    until(&mut harness, "an error", |harness| harness.state().document.error().is_some());
    assert!(Arc::ptr_eq(harness.state().document.scene(), &before));
    harness.run_steps(2);
    assert!(harness.query_by_label_contains("did you mean sphere?").is_some());
    harness.state_mut().document.text = TEXT.replace("\"r\"", "\"radius\"");
    harness.state_mut().document.edited(Instant::now());
    until(&mut harness, "a scene", |harness| harness.state().document.error().is_none());
    harness.run_steps(2);
    assert_eq!(harness.state().document.values.get("radius"), Some(0.5));
}

#[test]
fn a_word_is_completed() {
    let mut harness = ball();
    harness.get_by_label("The scene's text").click();
    harness.run_steps(2);
    harness.key_press_modifiers(egui::Modifiers::COMMAND, Key::A);
    harness.get_by_label("The scene's text").type_text("show(torus(1, 0.2)); octa");
    harness.run_steps(2);
    harness.key_press(Key::Tab);
    harness.run_steps(2);
    assert_eq!(harness.state().document.text, "show(torus(1, 0.2)); octahedron");
}

#[test]
fn the_gallery_and_the_help_are_a_key_away() {
    let mut harness = ball();
    harness.key_press(Key::F1);
    harness.run_steps(3);
    assert!(harness.query_by_label("Keys and hands").is_some());
    harness.get_by_label("Close").click();
    harness.run_steps(2);
    harness.key_press_modifiers(egui::Modifiers::COMMAND, Key::G);
    harness.run_steps(3);
    harness.get_by_label("blends").click();
    harness.run_steps(2);
    let text = exhibit("blends").unwrap().text;
    until(&mut harness, "the scene", |harness| harness.state().document.scene().text() == text);
    assert_eq!(harness.state().document.source().name(), "blends");
}

#[test]
fn a_file_is_chosen_from_its_folder() {
    let here = std::env::temp_dir().join(format!("fieldgrad-window-{}", std::process::id()));
    std::fs::create_dir_all(here.join("inner")).unwrap();
    std::fs::write(here.join("disc.rhai"), TEXT).unwrap();
    let other = "show(sphere(0.25));\n";
    std::fs::write(here.join("inner").join("small.rhai"), other).unwrap();
    std::fs::write(here.join("notes.txt"), "").unwrap();
    let scene = Scene::from_text(TEXT, "ball.rhai").unwrap();
    let mut harness = app(scene, Source::File(here.join("ball.rhai")));
    harness.key_press_modifiers(egui::Modifiers::COMMAND, Key::O);
    harness.run_steps(3);
    assert!(harness.query_by_label("disc.rhai").is_some() && harness.query_by_label("notes.txt").is_none());
    harness.get_by_label("inner/").click();
    harness.run_steps(3);
    assert!(harness.query_by_label("disc.rhai").is_none());
    harness.get_by_label("../").click();
    harness.run_steps(3);
    harness.get_by_label("inner/").click();
    harness.run_steps(3);
    harness.get_by_label("small.rhai").click();
    harness.run_steps(2);
    until(&mut harness, "the scene", |harness| harness.state().document.scene().text() == other);
    // What would be replaced is said to be.
    harness.key_press_modifiers(egui::Modifiers::COMMAND | egui::Modifiers::SHIFT, Key::S);
    harness.run_steps(3);
    assert!(harness.query_by_label_contains("it will be replaced").is_some());
    std::fs::remove_dir_all(&here).unwrap();
}

#[test]
fn what_is_under_the_cursor_is_told_and_can_be_pulled_at() {
    let mut harness = ball();
    until(&mut harness, "a picture", |harness| harness.state().painted.is_some());
    harness.get_by_label("Probe").click();
    let middle = harness.get_by_label("The scene").rect().center();
    let aside = middle + egui::vec2(0.0, -60.0); // beside the bar, on the ball
    harness.hover_at(aside);
    let is_there = |harness: &Harness<App>| matches!(&harness.state().probe, Some(Ok(Some(_))));
    until(&mut harness, "a probe", is_there);
    let Some(Ok(Some(probe))) = &harness.state().probe else { unreachable!() };
    assert!((glam::DVec3::from_slice(&probe.at).length() - 0.5).abs() < 1e-6, "{probe:?}");
    assert!((probe.mean_curvature - 2.0).abs() < 1e-6);
    assert_eq!(probe.movers[0].name, "r");
    // Pulled straight up, the ball grows; one undo takes it back.
    harness.get_by_label("Pull").click();
    harness.run_steps(2);
    harness.hover_at(aside);
    harness.drag_at(aside);
    harness.hover_at(aside + egui::vec2(0.0, -8.0));
    let holds = |harness: &Harness<App>| matches!(harness.state().hand, super::app::Hand::Holding(_));
    until(&mut harness, "a hold", holds);
    for up in [20.0, 40.0, 60.0] {
        harness.hover_at(aside + egui::vec2(0.0, -up));
        harness.run_steps(2);
    }
    harness.drop_at(aside + egui::vec2(0.0, -60.0));
    harness.run_steps(3);
    let pulled = harness.state().document.values.get("r").unwrap();
    assert!(pulled > 0.55, "{pulled}");
    harness.key_press_modifiers(egui::Modifiers::COMMAND, Key::Z);
    harness.run_steps(2);
    assert_eq!(harness.state().document.values.get("r"), Some(0.5));
}

#[test]
fn the_eye_moves_by_hand_and_by_key() {
    let mut harness = ball();
    until(&mut harness, "a picture", |harness| harness.state().painted.is_some());
    assert_eq!(harness.state().orbit, None);
    harness.key_press(Key::Num7);
    harness.run_steps(2);
    assert_eq!(harness.state().orbit.unwrap().rise, std::f64::consts::FRAC_PI_2);
    harness.key_press(Key::Num5);
    harness.run_steps(2);
    assert!(harness.state().orbit.unwrap().parallel);
    harness.key_press(Key::Num0);
    harness.run_steps(2);
    assert_eq!(harness.state().orbit, None);
    let middle = harness.get_by_label("The scene").rect().center();
    harness.hover_at(middle);
    harness.drag_at(middle);
    for right in [20.0, 60.0, 100.0] {
        harness.hover_at(middle + egui::vec2(right, 0.0));
        harness.step();
    }
    harness.drop_at(middle + egui::vec2(100.0, 0.0));
    harness.run_steps(2);
    assert!(harness.state().orbit.is_some());
}

#[test]
fn every_menu_opens() {
    let mut harness = gallery("drop");
    for (menu, entry) in [("File", "Save as…"), ("Edit", "Reset all values"), ("View", "Orthographic")] {
        harness.get_by_label(menu).click();
        harness.run_steps(3);
        assert!(harness.query_by_label_contains(entry).is_some(), "{menu}");
        harness.key_press(Key::Escape);
        harness.run_steps(3);
    }
}

const PAIR: &str = "show(box([1, 1, 1]) | sphere(0.6).name(\"ball\").translate([2, 0, 0]));
    camera(#{ eye: [1, 1, 6], target: [1, 0, 0] });";

#[test]
fn a_click_says_what_made_the_surface_and_a_node_is_shown_alone() {
    let scene = Scene::from_text(PAIR, "pair.rhai").unwrap();
    let mut harness = app(scene, Source::File("/nowhere/pair.rhai".into()));
    until(&mut harness, "a picture", |harness| harness.state().painted.is_some());
    let middle = harness.get_by_label("The scene").rect().center();
    // The ball is right of the middle.
    let half = harness.get_by_label("The scene").rect().height() / 2.0;
    let ball = middle + egui::vec2(half / (6.0 * 20f32.to_radians().tan()), 0.0);
    harness.hover_at(ball);
    harness.drag_at(ball);
    harness.drop_at(ball);
    until(&mut harness, "its provenance", |harness| !harness.state().made.is_empty());
    let made = |harness: &Harness<App>| -> Vec<String> {
        harness.state().made.iter().map(|member| member.title.clone()).collect()
    };
    assert_eq!(made(&harness), ["union", "translate", "ball"]);
    harness.run_steps(2);
    harness.get_by_label("ball").click();
    harness.run_steps(2);
    assert_eq!(harness.state().alone.as_ref().unwrap().title, "ball");
    // The ball alone is a ball about the origin.
    let is_small = |harness: &Harness<App>| {
        let bounds = harness.state().painted.as_ref().and_then(|painted| painted.bounds);
        bounds.is_some_and(|bounds| (bounds.size()[0] - 1.2).abs() < 0.1)
    };
    until(&mut harness, "the ball alone", is_small);
    // The graph shows the node, and gives the whole back.
    harness.key_press(Key::H);
    harness.run_steps(3);
    assert!(harness.query_by_label("Node union").is_some() && harness.query_by_label("Node ball").is_some());
    harness.get_by_label("Node box").click();
    harness.run_steps(2);
    assert_eq!(harness.state().alone.as_ref().unwrap().title, "box");
    harness.get_by_label("Whole scene").click();
    harness.run_steps(2);
    assert_eq!(harness.state().alone, None);
}

impl TestFolder {
    /// A window on a file of that folder.
    fn ball(&self) -> Harness<'static, App> {
        let path = self.0.join("ball.rhai");
        std::fs::write(&path, TEXT).unwrap();
        app(Scene::from_file(&path).unwrap(), Source::File(path))
    }

    fn saved(&self) -> String {
        std::fs::read_to_string(self.0.join("ball.rhai")).unwrap()
    }
}

const MINE: &str = "// mine\n";

fn type_mine(harness: &mut Harness<App>) {
    harness.state_mut().document.text.push_str(MINE);
    harness.state_mut().document.edited(Instant::now());
    harness.run_steps(2);
}

fn quit(harness: &mut Harness<App>) {
    harness.key_press_modifiers(egui::Modifiers::COMMAND, Key::Q);
    harness.run_steps(3);
}

fn is_asked(harness: &Harness<App>) -> bool {
    harness.query_by_label_contains("Save the changes to").is_some()
}

#[test]
fn what_is_saved_is_left_without_a_question() {
    let folder = TestFolder::new("unchanged");
    let mut harness = folder.ball();
    quit(&mut harness);
    assert!(!is_asked(&harness) && harness.state().is_closing);
    // Nor is anything lost that the command line gave.
    let given = Scene::from_text(TEXT, "ball.rhai").unwrap().with_parameters(&[("r", 0.75)]).unwrap();
    let mut harness = app(given, Source::File(folder.0.join("ball.rhai")));
    assert!(harness.state().document.is_changed());
    quit(&mut harness);
    assert!(!is_asked(&harness) && harness.state().is_closing);
}

#[test]
fn leaving_what_is_not_saved_is_asked_about_and_answered_three_ways() {
    let folder = TestFolder::new("leaving");
    let mut harness = folder.ball();
    type_mine(&mut harness);
    quit(&mut harness);
    assert!(is_asked(&harness) && !harness.state().is_closing);
    // Cancelled, by its button and by Escape, all stays; what else is pressed does nothing.
    harness.get_by_label("Cancel").click();
    harness.run_steps(3);
    assert!(!is_asked(&harness));
    quit(&mut harness);
    harness.key_press_modifiers(egui::Modifiers::COMMAND, Key::O);
    harness.run_steps(3);
    assert!(is_asked(&harness));
    harness.key_press(Key::Escape);
    harness.run_steps(3);
    assert!(!is_asked(&harness) && !harness.state().is_closing);
    assert!(harness.state().document.text.ends_with(MINE) && folder.saved() == TEXT);
    // Discarded, it is gone.
    quit(&mut harness);
    harness.get_by_label("Discard").click();
    harness.run_steps(2);
    assert!(harness.state().is_closing && folder.saved() == TEXT);
    // Saved, it is in the file: by Enter, as what is proposed.
    let mut harness = folder.ball();
    type_mine(&mut harness);
    quit(&mut harness);
    harness.key_press(Key::Enter);
    harness.run_steps(2);
    assert!(harness.state().is_closing);
    assert_eq!(folder.saved(), TEXT.to_string() + MINE);
}

#[test]
fn another_scene_is_opened_once_what_is_not_saved_is_answered_for() {
    let folder = TestFolder::new("opening");
    let mut harness = folder.ball();
    let open = |harness: &mut Harness<App>| {
        harness.state_mut().open(Source::Exhibit(exhibit("blends").unwrap()));
        harness.run_steps(3);
    };
    type_mine(&mut harness);
    open(&mut harness);
    assert!(is_asked(&harness));
    harness.get_by_label("Cancel").click();
    harness.run_steps(3);
    assert_eq!(harness.state().document.source().name(), "ball.rhai");
    // The file was written by somebody else meanwhile: that is said before it is written over.
    std::thread::sleep(Duration::from_millis(20));
    std::fs::write(folder.0.join("ball.rhai"), "show(sphere(1));").unwrap();
    until(&mut harness, "the change", |harness| harness.state().document.is_overtaken());
    open(&mut harness);
    assert!(harness.query_by_label_contains("The file was changed on disk meanwhile").is_some());
    harness.get_by_label("Save").click();
    harness.run_steps(2);
    assert_eq!(folder.saved(), TEXT.to_string() + MINE);
    assert_eq!(harness.state().document.source().name(), "blends");
    // A value that was moved counts too, of a scene that is built in: that becomes a file.
    let text = exhibit("blends").unwrap().text;
    until(&mut harness, "the scene", |harness| harness.state().document.scene().text() == text);
    let name = harness.state().document.scene().parameters()[0].name().to_string();
    harness.state_mut().document.values.set(&name, 0.123);
    harness.run_steps(2);
    quit(&mut harness);
    assert!(is_asked(&harness));
    harness.get_by_label("Save as…").click();
    harness.run_steps(3);
    let field = harness.get_by_label("Where to:");
    field.focus();
    harness.run_steps(2);
    harness.key_press_modifiers(egui::Modifiers::COMMAND, Key::A);
    let path = folder.0.join("mine.rhai");
    harness.get_by_label("Where to:").type_text(path.to_str().unwrap());
    harness.run_steps(2);
    harness.key_press(Key::Enter);
    harness.run_steps(3);
    assert!(harness.state().is_closing);
    assert!(std::fs::read_to_string(path).unwrap().contains("0.123"));
}

#[test]
fn what_cannot_be_saved_is_not_left() {
    let mut harness = ball(); // of a folder that there is not
    type_mine(&mut harness);
    quit(&mut harness);
    harness.get_by_label("Save").click();
    harness.run_steps(3);
    assert!(is_asked(&harness) && !harness.state().is_closing);
    assert!(harness.query_all_by_label_contains("cannot be written").count() > 0);
    assert!(harness.query_by_label("Save as…").is_some());
}

#[test]
fn what_a_window_left_is_offered_to_the_next() {
    let folder = TestFolder::new("recovery");
    let kept = folder.0.join("unsaved");
    let files = || std::fs::read_dir(&kept).map_or(0, Iterator::count);
    let mut harness = folder.ball();
    harness.state_mut().keep_unsaved_in(kept.clone());
    type_mine(&mut harness);
    assert_eq!(files(), 2);
    drop(harness); // as a window that is killed
    // Later is no answer: the next start asks again.
    let again = || {
        let mut harness = folder.ball();
        harness.state_mut().keep_unsaved_in(kept.clone());
        harness.run_steps(3);
        harness
    };
    let mut harness = again();
    assert!(harness.query_by_label("Changes that were not saved").is_some());
    harness.get_by_label("Later").click();
    harness.run_steps(3);
    assert_eq!((harness.state().document.text.as_str(), files()), (TEXT, 2));
    let mut harness = again();
    harness.get_by_label("Restore").click();
    harness.run_steps(3);
    assert!(harness.query_by_label("Changes that were not saved").is_none());
    until(&mut harness, "the scene", |harness| !harness.state().document.is_unread());
    assert_eq!(harness.state().document.text, TEXT.to_string() + MINE);
    assert_eq!((folder.saved().as_str(), files()), (TEXT, 2));
    // It is not lost if this window is killed too, and gone once it is saved.
    drop(harness);
    let mut harness = again();
    harness.get_by_label("Restore").click();
    harness.run_steps(2);
    harness.key_press_modifiers(egui::Modifiers::COMMAND, Key::S);
    harness.run_steps(2);
    assert_eq!((folder.saved(), files()), (TEXT.to_string() + MINE, 0));
    // What nobody wants is gone for good, offered or not.
    type_mine(&mut harness);
    assert_eq!(files(), 2);
    drop(harness);
    let mut harness = again();
    harness.get_by_label("Discard").click();
    harness.run_steps(3);
    assert!(harness.query_by_label("Changes that were not saved").is_none() && files() == 0);
    type_mine(&mut harness);
    quit(&mut harness);
    harness.get_by_label("Discard").click();
    harness.run_steps(2);
    assert!(harness.state().is_closing && files() == 0);
}

/// A scene whose every picture takes minutes: a thousand noises, which nothing prunes.
const HEAVY: &str = "let f = sphere(1);
for i in 0..1000 { f += noise(2).translate([i * 0.37, sin(i), i * 0.11]) * 0.001; }
show(f);
bounds([-1.5, -1.5, -1.5], [1.5, 1.5, 1.5]);
";

fn heavy() -> Harness<'static, App> {
    app(Scene::from_text(HEAVY, "heavy.rhai").unwrap(), Source::File("/nowhere/heavy.rhai".into()))
}

#[test]
fn what_takes_long_is_said_after_a_moment_and_given_up_for_another_scene_at_any_time() {
    for wait in [0, 200, 1500] {
        let begun = Instant::now();
        let mut harness = heavy();
        if wait > 300 {
            let says = ["marching rays", "finding the ground", "shading", "casting shadows"];
            until(&mut harness, "a sign", |harness| {
                says.iter().any(|says| harness.query_by_label_contains(says).is_some())
            });
            assert!(begun.elapsed() >= super::sign::MOMENT);
        }
        while begun.elapsed() < Duration::from_millis(wait) {
            std::thread::sleep(Duration::from_millis(10));
            harness.step();
        }
        assert!(harness.state().painted.is_none(), "the scene is not heavy enough for this test");
        let opened = Instant::now();
        harness.state_mut().open(Source::Exhibit(exhibit("drop").unwrap()));
        until(&mut harness, "another picture", |harness| harness.state().painted.is_some());
        assert_eq!(harness.state().painted.as_ref().unwrap().scene.file(), "drop.rhai");
        assert!(opened.elapsed() < Duration::from_secs(20), "{:?}", opened.elapsed());
        eprintln!("after {wait} ms, drop is seen in {:?}", opened.elapsed());
    }
}

#[test]
fn a_picture_that_is_not_of_the_text_is_said_to_be_another() {
    let mut harness = ball();
    until(&mut harness, "a picture", |harness| harness.state().painted.is_some());
    let is_stale = |harness: &Harness<App>| harness.state().is_stale(Instant::now());
    until(&mut harness, "a picture of the text", |harness| !is_stale(harness));
    // Of a text with a mistake.
    harness.state_mut().document.text = TEXT.replace("sphere", "spere");
    harness.state_mut().document.edited(Instant::now());
    harness.run_steps(2);
    assert!(!is_stale(&harness), "a hand that types is waited for");
    until(&mut harness, "a stale picture", |harness| is_stale(harness));
    harness.run_steps(2);
    assert!(harness.query_by_label_contains("the last picture without it").is_some());
    harness.state_mut().document.text = TEXT.into();
    harness.state_mut().document.edited(Instant::now());
    until(&mut harness, "a picture of the text", |harness| !is_stale(harness));
    harness.run_steps(2);
    assert!(harness.query_by_label_contains("the last picture without it").is_none());
    // Of the scene before, while the one that was opened takes long.
    let folder = TestFolder::new("stale");
    let path = folder.0.join("heavy.rhai");
    std::fs::write(&path, HEAVY).unwrap();
    harness.state_mut().open(Source::File(path));
    until(&mut harness, "what it is of", |harness| {
        harness.query_by_label_contains("This is still the picture of ball.rhai").is_some()
    });
    assert!(is_stale(&harness));
}

#[test]
fn probes_are_played_and_have_meters_and_go_with_their_parameters() {
    let mut harness = gallery("crossing");
    let played = |harness: &Harness<App>| {
        let app = harness.state();
        app.senses.of(app.document.scene()).map(|recording| recording.as_ref().unwrap().clone())
    };
    until(&mut harness, "a recording", |harness| played(harness).is_some());
    harness.step();
    for channel in ["tone.pitch", "tone.pan", "light.red", "touch.strength"] {
        harness.get_by_label(&format!("Meter of {channel} of p"));
    }
    let before = played(&harness).unwrap().probes[0].track("tone.pitch").unwrap().values.clone();
    harness.state_mut().document.values.set("height", 1.0);
    let pitch = |harness: &Harness<App>| {
        played(harness).unwrap().probes[0].track("tone.pitch").unwrap().values.clone()
    };
    until(&mut harness, "another pitch", |harness| pitch(harness) != before);
    // What is played is what the command plays.
    let scene = exhibit("crossing").unwrap().scene().unwrap().with_parameters(&[("height", 1.0)]).unwrap();
    let clock = crate::sense::Clock::new(0.0, 8.0, 250.0).unwrap();
    let own = crate::sense::Recording::of(&scene, &clock).unwrap();
    assert_eq!(pitch(&harness), own.probes[0].track("tone.pitch").unwrap().values);
    harness.get_by_label("Close the senses").click();
    harness.run_steps(2);
    assert!(!harness.state().memory.shows_senses);
    harness.key_press(Key::M);
    harness.run_steps(2);
    assert!(harness.state().memory.shows_senses);
}

#[test]
fn a_knob_is_learned_by_moving_a_slider_and_then_the_knob() {
    let mut harness = ball();
    assert!(harness.query_by_label("Learn knobs").is_none()); // there is none
    let knobs = midi::MidiListener::default();
    harness.state_mut().senses.listen_to(knobs.clone());
    harness.run_steps(2);
    let value = |harness: &Harness<App>, name: &str| harness.state().document.values.get(name).unwrap();
    assert!(knobs.hear(&[0xb0, 21, 127]));
    harness.run_steps(2);
    assert_eq!(value(&harness, "r"), 0.5); // it is not known yet
    harness.get_by_label("Learn knobs").click();
    harness.run_steps(2);
    harness.get_by_label("Move a slider.");
    slide(&mut harness, "r", &[0.3, 0.7]);
    harness.get_by_label("Now move the knob for r.");
    knobs.hear(&[0xb0, 21, 0]);
    harness.run_steps(2);
    assert_eq!(value(&harness, "r"), 0.25);
    harness.get_by_label("Move a slider."); // the next one
    harness.get_by_label("Learn knobs").click();
    harness.run_steps(2);
    for (message, wanted) in [([0xb0, 21, 127], 1.25), ([0xb1, 21, 0], 1.25), ([0x90, 21, 0], 1.25)] {
        knobs.hear(&message);
        harness.run_steps(2);
        assert_eq!(value(&harness, "r"), wanted);
    }
    harness.get_by_label("Forget CC 21 of r").click();
    harness.run_steps(2);
    knobs.hear(&[0xb0, 21, 0]);
    harness.run_steps(2);
    assert_eq!((value(&harness, "r"), value(&harness, "h")), (1.25, 1.0));
}

#[test]
#[cfg(not(feature = "audio"))]
fn a_build_that_plays_no_sound_says_how_one_is_made_that_does() {
    let mut harness = gallery("crossing");
    harness.key_press(Key::S);
    harness.run_steps(2);
    assert!(harness.query_by_label_contains("--features audio").is_some());
    assert!(!harness.state().senses.is_aloud());
}
