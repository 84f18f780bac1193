//! The row of menus, and what of it is open at a click.

use crate::render::Shade;
use crate::viewer::app::{App, Plane, Tool};
use crate::viewer::commands::Command;
use crate::viewer::document::Source;

pub(super) fn show(app: &mut App, ui: &mut egui::Ui) {
    egui::MenuBar::new().ui(ui, |ui| {
        ui.menu_button("File", |ui| file(app, ui));
        ui.menu_button("Edit", |ui| edit(app, ui));
        ui.menu_button("View", |ui| view(app, ui));
        ui.menu_button("Help", |ui| entry(app, ui, Command::Help));
        ui.separator();
        let is_pulling = app.tool == Tool::Pull;
        if ui.selectable_label(!is_pulling, "Turn").on_hover_text("Dragging turns the scene").clicked() {
            app.tool = Tool::Turn;
        }
        let says = "Dragging pulls at the surface, and its parameters follow (Alt and a drag do so too)";
        if ui.selectable_label(is_pulling, "Pull").on_hover_text(says).clicked() {
            app.tool = Tool::Pull;
        }
        ui.separator();
        shades(app, ui);
        planes(app, ui);
        ui.separator();
        let (name, _, says) = Command::Probe.about();
        ui.toggle_value(&mut app.memory.shows_probe, name).on_hover_text(says);
    });
}

/// An entry that does a command and shows its key.
fn entry(app: &mut App, ui: &mut egui::Ui, command: Command) {
    let (name, key, says) = command.about();
    let mut button = egui::Button::new(name);
    if let Some(key) = key {
        button = button.shortcut_text(ui.ctx().format_shortcut(&key));
    }
    if ui.add(button).on_hover_text(says).clicked() {
        app.run(command);
        ui.close();
    }
}

fn file(app: &mut App, ui: &mut egui::Ui) {
    entry(app, ui, Command::Open);
    ui.menu_button("Open recent", |ui| {
        if app.memory.recent.is_empty() {
            ui.weak("no file was opened yet");
        }
        for path in app.memory.recent.clone() {
            if ui.button(path.display().to_string()).clicked() {
                app.open(Source::File(path));
                ui.close();
            }
        }
    });
    entry(app, ui, Command::Gallery);
    ui.separator();
    entry(app, ui, Command::Save);
    entry(app, ui, Command::SaveAs);
    ui.separator();
    for command in [Command::ExportPicture, Command::ExportFilm, Command::ExportShader] {
        entry(app, ui, command);
    }
    ui.separator();
    entry(app, ui, Command::Quit);
}

fn edit(app: &mut App, ui: &mut egui::Ui) {
    let can = app.document.values.can_undo_and_redo();
    for (command, can) in [(Command::Undo, can[0]), (Command::Redo, can[1])] {
        ui.add_enabled_ui(can, |ui| entry(app, ui, command));
    }
    entry(app, ui, Command::ResetValues);
}

fn view(app: &mut App, ui: &mut egui::Ui) {
    for command in [Command::Whole, Command::Frame, Command::SceneCamera, Command::Parallel] {
        entry(app, ui, command);
    }
    ui.separator();
    for side in crate::viewer::camera::ViewSide::ALL {
        entry(app, ui, Command::From(side));
    }
    ui.separator();
    let shown = [
        Command::Editor,
        Command::Graph,
        Command::Parameters,
        Command::Senses,
        Command::Sound,
        Command::Probe,
        Command::Theme,
    ];
    for command in shown {
        entry(app, ui, command);
    }
}

/// What is shown of the surface.
fn shades(app: &mut App, ui: &mut egui::Ui) {
    let name = |shade: Shade| Shade::ALL.iter().find(|(_, own)| *own == shade).map_or("", |(name, _)| name);
    let before = app.shade;
    let shown =
        egui::ComboBox::from_id_salt("shade").width(92.0).selected_text(name(app.shade)).show_ui(ui, |ui| {
            for (name, shade) in Shade::ALL {
                ui.selectable_value(&mut app.shade, shade, name);
            }
        });
    shown
        .response
        .accessible_name("What is shown of the surface")
        .on_hover_text("What is shown of the surface");
    if app.shade != before {
        app.touch();
    }
}

/// The plane that cuts the scene, if one does.
fn planes(app: &mut App, ui: &mut egui::Ui) {
    let bounds = app.painted.as_ref().and_then(|painted| painted.bounds);
    let name = app.plane.map_or("no slice", |plane| ["slice x", "slice y", "slice z"][plane.axis]);
    let before = app.plane;
    let shown = egui::ComboBox::from_id_salt("slice").width(76.0).selected_text(name).show_ui(ui, |ui| {
        ui.selectable_value(&mut app.plane, None, "no slice");
        for (axis, name) in ["slice x", "slice y", "slice z"].into_iter().enumerate() {
            let at = bounds.map_or(0.0, |bounds| bounds.center()[axis]);
            let is_this = app.plane.is_some_and(|plane| plane.axis == axis);
            if ui.selectable_label(is_this, name).clicked() {
                let is_in_view = app.plane.is_none_or(|plane| plane.is_in_view);
                app.plane = Some(Plane { axis, at, is_in_view });
            }
        }
    });
    shown
        .response
        .accessible_name("A flat cut through the scene")
        .on_hover_text("A flat cut through the scene");
    if let Some(plane) = &mut app.plane {
        let range = bounds.map_or([-2.0, 2.0], |bounds| [bounds.min[plane.axis], bounds.max[plane.axis]]);
        let slider = egui::Slider::new(&mut plane.at, range[0]..=range[1]).text(Plane::AXES[plane.axis]);
        let says = "Draw the plane into the view; else it takes its place";
        ui.checkbox(&mut plane.is_in_view, "in the view").on_hover_text(says);
        ui.add(slider.clamping(egui::SliderClamping::Never)).on_hover_text("Where the plane is");
    }
    if app.plane != before {
        app.touch();
    }
}
