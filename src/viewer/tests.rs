//! The panels, worked as hands do, by what a screen reader is told of them; no screen and no window.

use super::app::App;
use super::document::{Source, exhibit};
use super::memory::Memory;
use crate::scene::Scene;
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

#[test]
fn a_slider_is_moved_reset_undone_and_redone() {
    let mut harness = ball();
    let value = |harness: &Harness<App>, name: &str| harness.state().document.values.get(name).unwrap();
    let slider = harness.get_by_role_and_label(egui::accesskit::Role::Slider, "r").rect();
    let at = |part: f32| slider.left_center() + egui::vec2(part * slider.width(), 0.0);
    harness.hover_at(at(0.3));
    harness.drag_at(at(0.3));
    for part in [0.5, 0.7, 0.9] {
        harness.hover_at(at(part));
        harness.step();
    }
    harness.drop_at(at(0.9));
    harness.run_steps(2);
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
    until(&mut harness, "its makers", |harness| !harness.state().made.is_empty());
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
