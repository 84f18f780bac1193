//! The parameters, each with a slider, a number, a lock and a way back; below them, what is under the cursor.

use crate::viewer::app::App;
use crate::viewer::commands::Command;
use crate::viewer::knobs::Learning;
use crate::viewer::probe::SurfacePoint;
use crate::viewer::values::Slider;

pub(super) fn show(app: &mut App, ui: &mut egui::Ui) {
    ui.horizontal(|ui| {
        ui.heading("Parameters");
        ui.with_layout(egui::Layout::right_to_left(egui::Align::Center), |ui| {
            let can = app.document.values.can_undo_and_redo();
            for (command, can, name) in [(Command::Redo, can[1], "Redo"), (Command::Undo, can[0], "Undo")] {
                if ui.add_enabled(can, egui::Button::new(name).small()).clicked() {
                    app.run(command);
                }
            }
        });
    });
    ui.separator();
    learning(app, ui);
    egui::ScrollArea::vertical().id_salt("parameters").show(ui, |ui| {
        if app.document.values.sliders().is_empty() {
            ui.weak("The scene has none. This makes one:");
            ui.code("let r = param(\"r\", 0.5, 0.1, 2);");
        }
        for slider in app.document.values.sliders().to_vec() {
            parameter(app, ui, &slider);
        }
        made(app, ui);
        if app.memory.shows_probe {
            ui.separator();
            probe(app, ui);
        }
    });
}

fn parameter(app: &mut App, ui: &mut egui::Ui, slider: &Slider) {
    let name = slider.parameter.name();
    ui.horizontal(|ui| {
        ui.label(egui::RichText::new(name).strong());
        ui.with_layout(egui::Layout::right_to_left(egui::Align::Center), |ui| {
            let back = ui.add_enabled(slider.is_moved(), egui::Button::new("Reset").small());
            let start = format!("Back to {}, as the text has it", slider.parameter.value());
            if back.accessible_name(format!("Reset {name}")).on_hover_text(start).clicked() {
                app.document.values.set(name, slider.parameter.value());
            }
            let mut is_locked = slider.is_locked;
            let lock = ui.toggle_value(&mut is_locked, egui::RichText::new("Lock").small());
            let says = "Pulling at the surface leaves it alone";
            if lock.accessible_name(format!("Lock {name}")).on_hover_text(says).changed() {
                app.document.values.lock(name, is_locked);
            }
            knobs(app, ui, name);
        });
    });
    ui.horizontal(|ui| {
        let (low, high) = slider.ends();
        let mut value = slider.value;
        ui.spacing_mut().slider_width = (ui.available_width() - 80.0).max(40.0);
        let clamping = match slider.parameter.range() {
            Some(_) => egui::SliderClamping::Edits,
            None => egui::SliderClamping::Never,
        };
        let moved = egui::Slider::new(&mut value, low..=high)
            .clamping(clamping)
            .smart_aim(false)
            .update_while_editing(false);
        let response = ui.add_enabled(low < high, moved);
        if response.accessible_name(name).changed() {
            app.document.values.set(name, value);
            app.senses.learning.touched(name);
            app.touch();
        }
    });
    ui.add_space(4.0);
}

/// How knobs are learned, where there are devices with some.
fn learning(app: &mut App, ui: &mut egui::Ui) {
    if !app.senses.hears_midi() {
        return;
    }
    ui.horizontal(|ui| {
        let learning = &mut app.senses.learning;
        let mut is_on = *learning != Learning::Off;
        let toggle = ui.toggle_value(&mut is_on, egui::RichText::new("Learn knobs").small());
        if toggle.on_hover_text("Move a slider, then the knob that is to move it").changed() {
            learning.toggle();
        }
        match learning {
            Learning::Off => {}
            Learning::Slider => drop(ui.weak("Move a slider.")),
            Learning::Knob(name) => drop(ui.strong(format!("Now move the knob for {name}."))),
        }
    });
}

/// The knobs that move a parameter; one that is clicked moves it no more.
fn knobs(app: &mut App, ui: &mut egui::Ui, name: &str) {
    let own: Vec<_> = app.memory.knobs.of(name).collect();
    for knob in own.into_iter().filter(|_| app.senses.hears_midi()) {
        let button = ui.add(egui::Button::new(egui::RichText::new(knob.to_string()).small()));
        let says = format!("Forget {knob} of {name}");
        if button.accessible_name(&says).on_hover_text(&says).clicked() {
            app.memory.knobs.forget(knob);
        }
    }
}

/// What made the point that was clicked: each a step towards one shape, shown alone at a click.
fn made(app: &mut App, ui: &mut egui::Ui) {
    if app.made.is_empty() && app.alone.is_none() {
        return;
    }
    ui.separator();
    ui.strong("Made by");
    let mut chosen = None;
    ui.horizontal_wrapped(|ui| {
        for member in &app.made {
            let is_alone = app.alone.as_ref() == Some(member);
            let says = "Show this part alone";
            if ui.selectable_label(is_alone, &member.title).on_hover_text(says).clicked() {
                chosen = Some((!is_alone).then(|| member.clone()));
            }
        }
    });
    if let Some(alone) = &app.alone {
        ui.horizontal(|ui| {
            ui.label(format!("{} is shown alone.", alone.title));
            if ui.button("Show all").clicked() {
                chosen = Some(None);
            }
        });
    }
    if let Some(chosen) = chosen {
        app.show_alone(chosen);
    }
}

fn probe(app: &App, ui: &mut egui::Ui) {
    ui.heading("Under the cursor");
    match &app.probe {
        _ if app.plane.is_some() => drop(ui.weak("A slice has no surface to point at.")),
        None => drop(ui.weak("Point at the surface.")),
        Some(Ok(None)) => drop(ui.weak("There is no surface here.")),
        Some(Err(error)) => drop(ui.weak(error.to_string())),
        Some(Ok(Some(probe))) => facts(probe, ui),
    }
}

fn facts(probe: &SurfacePoint, ui: &mut egui::Ui) {
    let short = |value: f64| format!("{:.4}", value + 0.0);
    let list = |values: &[f64]| values.iter().map(|&value| short(value)).collect::<Vec<_>>().join(", ");
    egui::Grid::new("probe").num_columns(2).striped(true).show(ui, |ui| {
        let mut row = |name: &str, value: String| {
            ui.label(name);
            ui.label(egui::RichText::new(value).monospace());
            ui.end_row();
        };
        row("x, y, z", list(&probe.at[..3]));
        row("t", short(probe.at[3]));
        row("f", format!("{:.1e}", probe.value));
        row("∇f", list(&probe.gradient[..3]));
        row("∂f/∂t", short(probe.gradient[3]));
        row("normal speed", short(probe.normal_speed));
        row("mean curvature", short(probe.mean_curvature));
        row("Gauss curvature", short(probe.gaussian_curvature));
    });
    if probe.movers.is_empty() {
        ui.weak("No parameter moves this point.");
        return;
    }
    ui.add_space(4.0);
    ui.label("What moves this point most:");
    egui::Grid::new("movers").num_columns(3).striped(true).show(ui, |ui| {
        for name in ["parameter", "∂f", "outwards"] {
            ui.weak(name);
        }
        ui.end_row();
        for mover in &probe.movers {
            ui.label(&mover.name);
            ui.label(egui::RichText::new(short(mover.slope)).monospace());
            ui.label(egui::RichText::new(short(mover.speed)).monospace());
            ui.end_row();
        }
    });
}
