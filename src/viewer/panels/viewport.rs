//! The picture, and what hands do to it.

use crate::render::Size;
use crate::viewer::app::{App, Hand, Tool};
use crate::viewer::painter;
use egui::{Color32, Key, PointerButton, Rect, Sense};
use std::time::{Duration, Instant};

/// How much nearer one notch of a wheel goes.
const NOTCH: f64 = 0.0025;
/// How much of a picture that is not of the text is covered, and how many seconds that takes.
const DIMMED: f32 = 0.6;
const FADES: f32 = 0.15;
/// How fast the eye flies, in ways to its target a second.
const SPEED: f64 = 0.6;

pub(super) fn show(app: &mut App, ui: &mut egui::Ui) {
    let rect = ui.available_rect_before_wrap();
    let response = ui.allocate_rect(rect, Sense::click_and_drag()).accessible_name("The scene");
    let scale = ui.ctx().pixels_per_point();
    let side = |points: f32| ((points * scale).round() as usize).max(1);
    app.resize(Size { width: side(rect.width()), height: side(rect.height()) });
    ui.painter().rect_filled(rect, 0.0, Color32::from_gray(28));
    let shown = match app.is_on_canvas {
        true => app.canvas_id,
        false => app.texture.as_ref().map(|texture| texture.id()),
    };
    let now = Instant::now();
    let is_stale = app.is_stale(now);
    if let Some(shown) = shown {
        let whole = Rect::from_min_max(egui::pos2(0.0, 0.0), egui::pos2(1.0, 1.0));
        ui.painter().image(shown, rect, whole, Color32::WHITE);
        let dimmed = ui.ctx().animate_bool_with_time(response.id.with("dimmed"), is_stale, FADES);
        ui.painter().rect_filled(rect, 0.0, Color32::from_gray(28).gamma_multiply(DIMMED * dimmed));
    }
    if response.clicked() || response.drag_started() {
        ui.memory_mut(|memory| memory.focused().into_iter().for_each(|id| memory.surrender_focus(id)));
    }
    hands(app, ui, &response);
    // Where the text is shown, its mistake is shown below it.
    let is_broken = app.document.error().is_some() && !app.memory.shows_editor;
    if app.unpainted.is_some() || is_broken {
        wrong(app, ui, rect);
    } else if !app.memory.knows_hints {
        hints(app, ui, rect);
    }
    if app.memory.shows_senses {
        super::senses::draw(app, ui, rect);
    }
    sign(app, ui, rect, is_stale, now);
    grip(app, ui, rect);
}

/// Says that the picture is not of the text, and what takes longer than a moment.
fn sign(app: &mut App, ui: &egui::Ui, rect: Rect, is_stale: bool, now: Instant) {
    let doing = app.says_doing(ui.ctx(), now);
    if !is_stale && doing.is_none() {
        return;
    }
    let corner = (egui::Align2::LEFT_BOTTOM, rect.left_bottom() + egui::vec2(12.0, -12.0));
    let card = card(ui, "sign", rect, corner, |ui| {
        if is_stale {
            ui.strong(app.says_stale());
        }
        if let Some(doing) = doing {
            ui.horizontal(|ui| {
                turning(ui);
                ui.label(doing);
            });
        }
    });
    if card.bottom() > rect.bottom() {
        ui.ctx().request_repaint(); // it has grown, and is in its place in the next frame
    }
}

/// Dots that turn, a few times a second: drawing the window takes from those who work.
fn turning(ui: &mut egui::Ui) {
    const DOTS: usize = 8;
    const EACH: Duration = Duration::from_millis(125);
    let (rect, _) = ui.allocate_exact_size(egui::vec2(14.0, 14.0), Sense::hover());
    let lit = (ui.input(|input| input.time) / EACH.as_secs_f64()) as usize % DOTS;
    for dot in 0..DOTS {
        let angle = std::f32::consts::TAU * dot as f32 / DOTS as f32;
        let age = (lit + DOTS - dot) % DOTS;
        let color = ui.visuals().text_color().gamma_multiply(1.0 - 0.8 * age as f32 / DOTS as f32);
        ui.painter().circle_filled(rect.center() + 5.5 * egui::Vec2::angled(angle), 1.4, color);
    }
    ui.ctx().request_repaint_after(EACH);
}

/// Where a place of the window is in the picture: u and v.
fn place(rect: Rect, at: egui::Pos2) -> [f64; 2] {
    let half = f64::from(rect.height()).max(1.0) / 2.0;
    let from = at - rect.center();
    [f64::from(from.x) / half, -f64::from(from.y) / half]
}

fn hands(app: &mut App, ui: &egui::Ui, response: &egui::Response) {
    let rect = response.rect;
    app.pointed = response.hover_pos().map(|at| place(rect, at));
    let (alt, shift) = ui.input(|input| (input.modifiers.alt, input.modifiers.shift));
    let delta = response.drag_delta() / rect.height().max(1.0);
    let delta = [f64::from(delta.x), f64::from(delta.y)];
    let is_still = app.is_flat();
    let pulls = !shift && (alt || app.tool == Tool::Pull);
    if pulls && response.drag_started_by(PointerButton::Primary) && !is_still {
        // Where the hand came down, not where it was when that was known to be a drag.
        if let Some(at) = ui.input(|input| input.pointer.press_origin()) {
            app.reach(place(rect, at));
        }
    }
    if let (true, Some(at)) = (response.clicked(), response.interact_pointer_pos()) {
        app.ask_made(place(rect, at));
    }
    match &app.hand {
        Hand::Open if is_still => {}
        Hand::Open => {
            fly(app, ui, response, delta);
            let pans = response.dragged_by(PointerButton::Middle)
                || (shift && response.dragged_by(PointerButton::Primary));
            if pans && delta != [0.0; 2] {
                app.move_eye(|orbit| orbit.panned(delta));
            } else if !pulls && response.dragged_by(PointerButton::Primary) && delta != [0.0; 2] {
                app.move_eye(|orbit| orbit.turned(delta));
            }
        }
        Hand::Reaching | Hand::Holding(_) if !response.dragged_by(PointerButton::Primary) => app.release(),
        Hand::Reaching => {}
        Hand::Holding(_) => {
            if let Some(at) = response.interact_pointer_pos() {
                app.pull(place(rect, at));
            }
        }
    }
    let scrolled = ui.input(|input| input.smooth_scroll_delta().y);
    if let (Some(place), true) = (app.pointed, scrolled != 0.0 && !is_still) {
        app.move_eye(|orbit| orbit.zoomed((-NOTCH * f64::from(scrolled)).exp(), place));
    }
    if response.hovered() {
        ui.ctx().set_cursor_icon(match (&app.hand, pulls) {
            (Hand::Holding(_), _) => egui::CursorIcon::Grabbing,
            (_, true) => egui::CursorIcon::Grab,
            _ => egui::CursorIcon::Default,
        });
    }
}

/// While the right button is down the eye looks around, and letters let it fly.
fn fly(app: &mut App, ui: &egui::Ui, response: &egui::Response, delta: [f64; 2]) {
    let is_down = ui.input(|input| input.pointer.secondary_down());
    let began_here =
        ui.input(|input| input.pointer.press_origin()).is_some_and(|at| response.rect.contains(at));
    if !is_down || !began_here {
        return;
    }
    if response.dragged_by(PointerButton::Secondary) && delta != [0.0; 2] {
        app.move_eye(|orbit| orbit.looking(delta));
    }
    let way = ui.input(|input| {
        let axis =
            |on: Key, back: Key| f64::from(i8::from(input.key_down(on)) - i8::from(input.key_down(back)));
        let speed = if input.modifiers.shift { 4.0 * SPEED } else { SPEED };
        let far = speed * f64::from(input.stable_dt.min(0.1));
        [axis(Key::D, Key::A), axis(Key::E, Key::Q), axis(Key::W, Key::S)].map(|part| part * far)
    });
    if way != [0.0; 3] {
        app.move_eye(|orbit| orbit.flown(way));
        ui.ctx().request_repaint();
    }
}

/// A mark where the surface is held.
fn grip(app: &App, ui: &egui::Ui, rect: Rect) {
    if let (Hand::Holding(_), Some([u, v])) = (&app.hand, app.pointed) {
        let half = rect.height() / 2.0;
        let at = rect.center() + egui::vec2(u as f32 * half, -v as f32 * half);
        ui.painter().circle(at, 6.0, Color32::from_white_alpha(60), egui::Stroke::new(2.0, Color32::WHITE));
    }
}

/// The corner where what is to be read first stands.
fn top(rect: Rect) -> (egui::Align2, egui::Pos2) {
    (egui::Align2::LEFT_TOP, rect.left_top() + egui::vec2(12.0, 12.0))
}

/// A box over the picture, one of its corners somewhere.
fn card(
    ui: &egui::Ui,
    name: &str,
    rect: Rect,
    (corner, at): (egui::Align2, egui::Pos2),
    content: impl FnOnce(&mut egui::Ui),
) -> Rect {
    let area = egui::Area::new(egui::Id::unique(name)).order(egui::Order::Middle).constrain_to(rect);
    let shown = area.pivot(corner).fixed_pos(at).show(ui.ctx(), |ui| {
        egui::Frame::popup(ui.style()).show(ui, |ui| {
            ui.set_max_width((rect.width() - 48.0).clamp(80.0, 520.0));
            content(ui);
        });
    });
    shown.response.rect
}

fn wrong(app: &App, ui: &egui::Ui, rect: Rect) {
    let said = match (&app.unpainted, app.document.error()) {
        (_, Some(error)) => {
            format!("The text has a mistake:\n{error}")
        }
        (Some(error), None) => painter::said(error),
        (None, None) => return,
    };
    card(ui, "wrong", rect, top(rect), |ui| {
        ui.label(egui::RichText::new(said).monospace().color(ui.visuals().error_fg_color));
    });
}

fn hints(app: &mut App, ui: &egui::Ui, rect: Rect) {
    card(ui, "hints", rect, top(rect), |ui| {
        ui.strong("Three things to try");
        ui.label("Drag to turn, shift-drag to move, the wheel to come nearer.");
        ui.label("Hold Alt, take hold of the surface and pull: the parameters follow.");
        ui.label("Change a number in the text: the picture changes as you type.");
        ui.horizontal(|ui| {
            if ui.button("More scenes").clicked() {
                app.run(crate::viewer::commands::Command::Gallery);
            }
            if ui.button("All keys").clicked() {
                app.run(crate::viewer::commands::Command::Help);
            }
            if ui.button("Got it").clicked() {
                app.memory.knows_hints = true;
            }
        });
    });
}
