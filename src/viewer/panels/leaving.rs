//! Questions about what is not saved: before the document is left, and when a window left something that did not end by
//! hand.

use super::{Asking, Dialog};
use crate::error::Error;
use crate::viewer::app::{App, Leaving};
use crate::viewer::document::Source;
use std::time::SystemTime;

/// A question what is to become of what is not saved, and what came of it so far.
#[derive(Clone, Debug, PartialEq)]
pub(in crate::viewer) struct Unanswered {
    to: Leaving,
    /// Why it could not be saved, if that was tried.
    problem: Option<Error>,
    is_new: bool,
}

impl Unanswered {
    /// The question, before going there.
    pub fn new(to: Leaving) -> Unanswered {
        Unanswered { to, problem: None, is_new: true }
    }

    /// The question, asked again.
    pub fn failed(to: Leaving, problem: Error) -> Unanswered {
        Unanswered { to, problem: Some(problem), is_new: true }
    }
}

const WIDTH: f32 = 460.0;

/// Shows the question; whether it is answered.
pub(super) fn ask(app: &mut App, question: &mut Unanswered, ui: &mut egui::Ui) -> bool {
    ui.set_width(WIDTH);
    let document = &app.document;
    let (name, is_file) = (document.source().name(), matches!(document.source(), Source::File(_)));
    ui.heading(format!("Save the changes to {name}?"));
    ui.add_space(4.0);
    let loss = match &question.to {
        Leaving::Quit => "They are in no file, and are lost with the window if they are not saved.",
        Leaving::Open(_) => "They are in no file, and are lost with this scene if they are not saved.",
    };
    ui.label(loss);
    if document.is_overtaken() {
        ui.label("The file was changed on disk meanwhile: saving writes over that.");
    }
    let is_moved = document.unsaved().is_some_and(|unsaved| !unsaved.values.is_empty());
    if is_moved && document.error().is_some() {
        ui.label("The text has a mistake: values that were moved cannot be written into it.");
    }
    if let Some(problem) = &question.problem {
        ui.label(egui::RichText::new(problem.to_string()).color(ui.visuals().error_fg_color));
    }
    ui.add_space(6.0);
    let mut is_answered = false;
    ui.horizontal(|ui| {
        // Where it could not be saved, or is no file yet, it may go to another.
        let saves_as = !is_file || question.problem.is_some();
        let save = ui.button(if saves_as { "Save as…" } else { "Save" });
        if std::mem::take(&mut question.is_new) {
            save.request_focus();
        }
        if save.clicked() {
            is_answered = true;
            match saves_as {
                true => {
                    let asking = Asking::save_and_leave(&app.document, question.to.clone());
                    app.dialog = Dialog::Path(Box::new(asking));
                }
                false => app.save_and_go(None, question.to.clone()),
            }
        }
        if ui.button("Discard").on_hover_text("Lose the changes").clicked() {
            is_answered = true;
            app.go(question.to.clone());
        }
        let says = "Leave everything as it is (Escape)";
        is_answered |= ui.button("Cancel").on_hover_text(says).clicked();
    });
    is_answered
}

/// Shows what other windows left; whether that is answered.
pub(super) fn offer(app: &mut App, ui: &mut egui::Ui) -> bool {
    ui.set_width(WIDTH);
    ui.heading("Changes that were not saved");
    ui.add_space(4.0);
    ui.label("A window ended before they were: they can be gone on with.");
    ui.add_space(4.0);
    let (mut chosen, mut unwanted) = (None, None);
    egui::ScrollArea::vertical().max_height(320.0).auto_shrink([false, true]).show(ui, |ui| {
        for (i, offer) in app.offers.iter().enumerate() {
            ui.separator();
            ui.horizontal(|ui| {
                ui.strong(offer.unsaved.source.name());
                ui.label(ago(offer.when));
                ui.with_layout(egui::Layout::right_to_left(egui::Align::Center), |ui| {
                    if ui.button("Discard").on_hover_text("Lose these changes").clicked() {
                        unwanted = Some(i);
                    }
                    if ui.button("Restore").on_hover_text("Open them; nothing is saved by it").clicked() {
                        chosen = Some(i);
                    }
                });
            });
            if let Source::File(path) = &offer.unsaved.source {
                ui.add(egui::Label::new(egui::RichText::new(path.display().to_string()).weak()).truncate());
            }
        }
    });
    ui.separator();
    let later = ui.button("Later").on_hover_text("Ask again at the next start (Escape)");
    if ui.memory(|memory| memory.focused().is_none()) {
        later.request_focus();
    }
    if let Some(i) = unwanted {
        app.offers.remove(i).into_left().remove();
    }
    if let Some(i) = chosen {
        let offer = app.offers.remove(i);
        app.recover(offer);
    }
    chosen.is_some() || app.offers.is_empty() || later.clicked()
}

/// How long ago something was, for a person.
fn ago(when: SystemTime) -> String {
    let minutes = SystemTime::now().duration_since(when).unwrap_or_default().as_secs() / 60;
    match minutes {
        0 => "just now".into(),
        1 => "a minute ago".into(),
        2..120 => format!("{minutes} minutes ago"),
        120..2880 => format!("{} hours ago", minutes / 60),
        _ => format!("{} days ago", minutes / 1440),
    }
}
