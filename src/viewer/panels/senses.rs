//! What is made of the probes: a meter and a trace for each channel; and where they are, in the picture.

use crate::render::Lens;
use crate::sense::{ProbeTracks, Recording, Track};
use crate::viewer::app::App;
use crate::viewer::commands::Command;
use crate::viewer::senses::{gradient, tick};
use egui::{Color32, Pos2, Rect, Sense, Stroke, pos2, vec2};
use glam::DVec3;

/// The colour of what is drawn of a probe: of each another.
const COLORS: [Color32; 6] = [
    Color32::from_rgb(255, 209, 102),
    Color32::from_rgb(6, 214, 160),
    Color32::from_rgb(239, 71, 111),
    Color32::from_rgb(76, 201, 240),
    Color32::from_rgb(199, 125, 255),
    Color32::from_rgb(255, 140, 66),
];

/// How many points a trace, or a way through the picture, is drawn with at most.
const POINTS: usize = 400;
/// How long an arrow for a gradient of length 1 is, in parts of the picture's height.
const ARROW: f32 = 0.12;

pub(super) fn show(app: &mut App, ui: &mut egui::Ui) {
    ui.horizontal(|ui| {
        ui.heading("Senses");
        ui.with_layout(egui::Layout::right_to_left(egui::Align::Center), |ui| {
            if ui.button("Close").accessible_name("Close the senses").clicked() {
                app.run(Command::Senses);
            }
            let mut is_aloud = app.senses.is_aloud();
            let says = "Hear the tones where the time is, also while it stands still";
            if ui.toggle_value(&mut is_aloud, "Sound").on_hover_text(says).changed() {
                app.run(Command::Sound);
            }
        });
    });
    ui.separator();
    let time = app.playhead.time;
    egui::ScrollArea::vertical().id_salt("senses").auto_shrink([false, false]).show(ui, |ui| {
        match app.senses.of(app.document.scene()) {
            None => {
                ui.weak("The probes are being played.");
            }
            Some(Err(error)) => {
                ui.colored_label(ui.visuals().error_fg_color, error.to_string());
            }
            Some(Ok(recording)) => {
                for fault in &recording.faults {
                    let text = egui::RichText::new(fault.to_string()).monospace();
                    ui.label(text.color(ui.visuals().warn_fg_color));
                }
                for (n, probe) in recording.probes.iter().enumerate() {
                    meters(ui, recording, probe, COLORS[n % COLORS.len()], tick(recording, time));
                }
            }
        }
    });
}

fn meters(ui: &mut egui::Ui, recording: &Recording, probe: &ProbeTracks, color: Color32, tick: usize) {
    ui.colored_label(color, egui::RichText::new(&probe.name).strong());
    let names = ["f", "normal_speed", "mean_curvature"];
    let read = names.into_iter().filter_map(|name| probe.track(name));
    let said: Vec<String> = read.map(|track| format!("{} {:.4}", track.name, track.values[tick])).collect();
    let [x, y, z] = gradient(probe, tick);
    ui.weak(format!("∇f ({x:.3}, {y:.3}, {z:.3})   {}", said.join("   ")));
    egui::Grid::new(("senses", &probe.name)).num_columns(4).min_col_width(40.0).show(ui, |ui| {
        for track in &probe.channels {
            let value = track.values[tick];
            let name = format!("{} of {}", track.name, probe.name);
            ui.label(&track.name).on_hover_text(track.unit);
            ui.monospace(shown(value, track.unit));
            meter(ui, track, value, color, &name);
            trace(ui, recording, track, color, tick);
            ui.end_row();
        }
    });
    ui.add_space(6.0);
}

fn shown(value: f64, unit: &str) -> String {
    if unit == "Hz" { format!("{value:9.2} Hz") } else { format!("{value:9.4}") }
}

/// Where a value is in the range of its channel: from 0 to 1; a pitch in octaves.
fn part(track: &Track, value: f64) -> f32 {
    let [low, high] = track.range;
    let part = match track.unit == "Hz" && low > 0.0 {
        true => (value / low).ln() / (high / low).ln(),
        false => (value - low) / (high - low),
    };
    if part.is_finite() { part.clamp(0.0, 1.0) as f32 } else { 0.0 }
}

/// A bar from 0, or from the least value where there is no 0, to the value.
fn meter(ui: &mut egui::Ui, track: &Track, value: f64, color: Color32, name: &str) {
    let (rect, response) = ui.allocate_exact_size(vec2(90.0, 12.0), Sense::hover());
    response.accessible_name(format!("Meter of {name}"));
    ui.painter().rect_filled(rect, 2.0, ui.visuals().extreme_bg_color);
    let at = |part: f32| rect.left() + part * rect.width();
    let zero = if track.range[0] < 0.0 { part(track, 0.0) } else { 0.0 };
    let ends = [at(zero), at(part(track, value))];
    let bar = Rect::from_min_max(
        pos2(ends[0].min(ends[1]), rect.top()),
        pos2(ends[0].max(ends[1]).max(ends[0].min(ends[1]) + 1.0), rect.bottom()),
    );
    ui.painter().rect_filled(bar, 2.0, color);
}

/// A channel over the timeline, as much of its own span as it takes, and where in it the time is.
fn trace(ui: &mut egui::Ui, recording: &Recording, track: &Track, color: Color32, tick: usize) {
    let width = (ui.available_width() - 8.0).clamp(60.0, 900.0);
    let (rect, _) = ui.allocate_exact_size(vec2(width, 18.0), Sense::hover());
    ui.painter().rect_filled(rect, 2.0, ui.visuals().extreme_bg_color);
    let (low, high) = track
        .values
        .iter()
        .fold((f64::INFINITY, f64::NEG_INFINITY), |(low, high), value| (low.min(*value), high.max(*value)));
    let count = recording.clock.count();
    let place = |n: usize| {
        let up = if high > low { (track.values[n] - low) / (high - low) } else { 0.5 };
        let x = n as f32 / (count - 1).max(1) as f32;
        pos2(rect.left() + x * rect.width(), rect.bottom() - 2.0 - up as f32 * (rect.height() - 4.0))
    };
    let points = thinned(count).map(place).collect();
    ui.painter().add(egui::Shape::line(points, Stroke::new(1.2, color)));
    let x = place(tick).x;
    let now = [pos2(x, rect.top()), pos2(x, rect.bottom())];
    ui.painter().line_segment(now, Stroke::new(1.0, ui.visuals().strong_text_color()));
}

/// Ticks to draw, the first and the last among them.
fn thinned(count: usize) -> impl Iterator<Item = usize> {
    let drawn = count.min(POINTS);
    (0..drawn).map(move |n| n * (count - 1) / (drawn - 1).max(1))
}

/// Where a lens sees a place; nowhere, if that is behind the eye.
fn seen(lens: &Lens, place: [f64; 3], rect: Rect) -> Option<Pos2> {
    let way = DVec3::from(place) - DVec3::from(lens.eye);
    let [ahead, right, up] = [lens.ahead, lens.right, lens.up].map(DVec3::from);
    let depth = way.dot(ahead);
    let scale = if lens.parallel { 1.0 } else { depth };
    let [u, v] = [right, up].map(|side| (way.dot(side) / side.length_squared() / scale) as f32);
    let half = rect.height() / 2.0;
    (depth > lens.near && u.abs() < 100.0 && v.abs() < 100.0)
        .then(|| rect.center() + vec2(u * half, -v * half))
}

/// Draws the probes into the picture: their ways, where they are, and ∇f there.
pub(super) fn draw(app: &App, ui: &egui::Ui, rect: Rect) {
    let (Some(lens), false) = (app.lens(), app.is_flat()) else { return };
    let Some(Ok(recording)) = app.senses.of(app.document.scene()) else { return };
    let painter = ui.painter().with_clip_rect(rect);
    let tick = tick(recording, app.playhead.time);
    for (n, probe) in recording.probes.iter().enumerate() {
        let color = COLORS[n % COLORS.len()];
        let places: Vec<Option<Pos2>> =
            thinned(recording.clock.count()).map(|n| seen(&lens, probe.places[n], rect)).collect();
        for pair in places.windows(2) {
            if let [Some(from), Some(to)] = pair {
                painter.line_segment([*from, *to], Stroke::new(1.0, color.gamma_multiply(0.45)));
            }
        }
        let place = DVec3::from(probe.places[tick]);
        let Some(at) = seen(&lens, place.into(), rect) else { continue };
        // A gradient of 1 is as long as that part of what is seen at the probe's depth.
        let depth = (place - DVec3::from(lens.eye)).dot(lens.ahead.into());
        let unit = 2.0 * DVec3::from(lens.up).length() * if lens.parallel { 1.0 } else { depth };
        let tip = place + f64::from(ARROW) * unit * DVec3::from(gradient(probe, tick));
        if let Some(tip) = seen(&lens, tip.into(), rect) {
            painter.arrow(at, tip - at, Stroke::new(2.5, color));
        }
        painter.circle(at, 5.0, color, Stroke::new(1.5, Color32::BLACK));
        let name = at + vec2(8.0, -8.0);
        painter.text(name, egui::Align2::LEFT_BOTTOM, &probe.name, egui::FontId::proportional(13.0), color);
    }
}
