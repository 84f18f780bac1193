//! The parts of the window, each a function that shows a part of [`App`] and does what hands do to it.

mod dialogs;
mod editor;
mod graph;
mod leaving;
mod menu;
mod parameters;
mod path;
mod senses;
mod timeline;
mod viewport;

pub(super) use dialogs::Dialog;
pub(super) use editor::Completion;
pub(super) use leaving::Unanswered;
pub(super) use path::Asking;

use super::app::App;

/// Shows all of them.
pub(super) fn show(app: &mut App, ui: &mut egui::Ui) {
    let theme = if app.memory.is_dark { egui::Theme::Dark } else { egui::Theme::Light };
    if ui.ctx().theme() != theme {
        ui.ctx().set_theme(theme);
    }
    egui::Panel::top("menu").show(ui, |ui| menu::show(app, ui));
    egui::Panel::bottom("timeline").show(ui, |ui| timeline::show(app, ui));
    if app.memory.shows_graph {
        egui::Panel::bottom("graph")
            .resizable(true)
            .default_size(280.0)
            .size_range(120.0..=700.0)
            .show(ui, |ui| graph::show(app, ui));
    }
    if app.memory.shows_senses && !app.document.scene().probes().is_empty() {
        egui::Panel::bottom("senses")
            .resizable(true)
            .default_size(190.0)
            .size_range(80.0..=600.0)
            .show(ui, |ui| senses::show(app, ui));
    }
    if app.memory.shows_editor {
        egui::Panel::left("editor")
            .default_size(420.0)
            .size_range(200.0..=900.0)
            .show(ui, |ui| editor::show(app, ui));
    }
    if app.memory.shows_parameters {
        egui::Panel::right("parameters")
            .default_size(280.0)
            .size_range(240.0..=600.0)
            .show(ui, |ui| parameters::show(app, ui));
    }
    egui::CentralPanel::no_frame().show(ui, |ui| viewport::show(app, ui));
    dialogs::show(app, ui.ctx());
}
