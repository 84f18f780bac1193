//! The row at the bottom: time, and what is said.

use crate::viewer::app::App;
use crate::viewer::commands::Command;

pub(super) fn show(app: &mut App, ui: &mut egui::Ui) {
    ui.add_space(3.0);
    ui.horizontal(|ui| {
        let play = if app.playhead.is_playing { "Pause" } else { "Play" };
        // As wide whatever it says, so that what is beside it stays where it is.
        let size = egui::vec2(52.0, ui.spacing().interact_size.y);
        let (_, key, says) = Command::Play.about();
        let key = key.map_or(String::new(), |key| ui.ctx().format_shortcut(&key));
        if ui.add_sized(size, egui::Button::new(play)).on_hover_text(format!("{says} ({key})")).clicked() {
            app.run(Command::Play);
        }
        for (command, sign) in [(Command::ToStart, "|<"), (Command::StepBack, "<"), (Command::StepOn, ">")] {
            let (name, _, says) = command.about();
            if ui.button(sign).accessible_name(name).on_hover_text(says).clicked() {
                app.run(command);
            }
        }
        ui.toggle_value(&mut app.playhead.repeats, "Loop").on_hover_text("Whether it starts anew at the end");
        let speed = egui::DragValue::new(&mut app.playhead.speed).range(-8.0..=8.0).speed(0.02).suffix("×");
        ui.add(speed).accessible_name("Speed").on_hover_text("How fast time goes; below 0, backwards");
        scrub(app, ui);
    });
    ui.horizontal(|ui| status(app, ui));
}

fn scrub(app: &mut App, ui: &mut egui::Ui) {
    let timeline = app.timeline();
    let is_long = timeline.to > timeline.from;
    ui.spacing_mut().slider_width = (ui.available_width() - 110.0).max(40.0);
    let mut time = app.playhead.time;
    // A slider that clamps or rounds what it shows would itself be a hand on it.
    let slider = egui::Slider::new(&mut time, timeline.from..=timeline.to.max(timeline.from + 1e-9))
        .clamping(egui::SliderClamping::Edits)
        .custom_formatter(|time, _| format!("{time:.3}"))
        .smart_aim(false)
        .text("t");
    let response = ui.add_enabled(is_long, slider).on_hover_text("The time that is shown, in seconds");
    if response.changed() {
        app.playhead.time = time;
        app.playhead.is_playing = false;
        app.touch();
    }
}

/// What was said last, what is under way, and how the picture was made.
fn status(app: &mut App, ui: &mut egui::Ui) {
    for job in &app.jobs {
        let name = job.path.file_name().unwrap_or_default().to_string_lossy().into_owned();
        let bar = egui::ProgressBar::new(job.progress().unwrap_or(0.0)).desired_width(160.0).text(name);
        ui.add(bar.animate(job.progress().is_none()));
        if ui.small_button("Cancel").clicked() {
            job.give_up();
        }
    }
    if let Some(heard) = app.senses.says_heard() {
        ui.weak(heard).on_hover_text("Messages that moved parameters, and what else came");
    }
    if let Some((said, _)) = &app.said {
        ui.label(said.lines().next().unwrap_or_default()).on_hover_text(said);
    }
    ui.with_layout(egui::Layout::right_to_left(egui::Align::Center), |ui| {
        if let Some(painted) = &app.painted {
            let how = if painted.is_sharp { "sharp" } else { "coarse" };
            let [width, height] = [painted.size.width, painted.size.height];
            let took = painted.took.as_secs_f64() * 1e3;
            ui.weak(format!("t = {:.3} s   {width}×{height} {how}, {took:.0} ms", painted.time));
        }
    });
}
