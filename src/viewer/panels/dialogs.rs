//! What opens over the window: the gallery, the help, questions for a path, and those about what is not saved.

use super::leaving::{self, Unanswered};
use super::path::{self, Answer, Asking};
use crate::scene::{GALLERY, IN_A_ROW, PICTURE_SIZE};
use crate::viewer::app::App;
use crate::viewer::commands::COMMANDS;
use crate::viewer::document::Source;

/// What is open over the window.
#[derive(Clone, Debug, PartialEq)]
pub(in crate::viewer) enum Dialog {
    /// Nothing.
    None,
    /// The scenes that are built in.
    Gallery,
    /// The keys and what hands do.
    Help,
    /// A question for a path.
    Path(Box<Asking>),
    /// What is to become of what is not saved, before the document is left.
    Unsaved(Box<Unanswered>),
    /// What is to become of what other windows left.
    Recovered,
}

impl Dialog {
    /// Whether it is about what is not saved.
    pub fn is_about_unsaved(&self) -> bool {
        matches!(self, Dialog::Unsaved(_) | Dialog::Recovered)
    }
}

pub(super) fn show(app: &mut App, ctx: &egui::Context) {
    let mut dialog = std::mem::replace(&mut app.dialog, Dialog::None);
    let mut is_open = dialog != Dialog::None;
    let mut next = None;
    if is_open {
        let modal = egui::Modal::new(egui::Id::unique("dialog")).show(ctx, |ui| match &mut dialog {
            Dialog::None => {}
            Dialog::Gallery => is_open = !gallery(app, ui),
            Dialog::Help => is_open = !help(ui),
            Dialog::Path(asking) => match path::show(asking, ui) {
                Answer::Waits => {}
                Answer::No => is_open = false,
                Answer::Yes => next = Some(asking.clone()),
            },
            Dialog::Unsaved(unanswered) => is_open = !leaving::ask(app, unanswered, ui),
            Dialog::Recovered => is_open = !leaving::offer(app, ui),
        });
        // A click beside a question about what is not saved is no answer.
        let escapes = ctx.input(|input| input.key_pressed(egui::Key::Escape));
        is_open &= !modal.should_close() || (dialog.is_about_unsaved() && !escapes);
        if !is_open && dialog == Dialog::Recovered {
            app.offers.clear(); // they stay where they are, for the next start
        }
    }
    if let Some(asking) = next {
        asking.carry_out(app);
    } else if is_open && app.dialog == Dialog::None {
        app.dialog = dialog;
    }
}

/// The scenes that are built in; whether one was chosen, or none is wanted.
fn gallery(app: &mut App, ui: &mut egui::Ui) -> bool {
    ui.set_width(WIDTH);
    let is_done = heading("Gallery", ui);
    let mut chosen = None;
    let sheet = app.gallery_sheet(ui.ctx());
    let cell = egui::vec2(PICTURE_SIZE[0] as f32, PICTURE_SIZE[1] as f32);
    list().show(ui, |ui| {
        for (n, exhibit) in GALLERY.iter().enumerate() {
            ui.horizontal(|ui| {
                let (column, row) = ((n % IN_A_ROW) as f32, (n / IN_A_ROW) as f32);
                let corner = egui::vec2(column, row) * cell / sheet.size_vec2();
                let part = egui::Rect::from_min_size(corner.to_pos2(), cell / sheet.size_vec2());
                let image = egui::Image::new((sheet.id(), cell)).uv(part).alt_text(exhibit.name);
                let is_clicked = part.max.y <= 1.0
                    && ui
                        .add(egui::Button::image(image))
                        .accessible_name(format!("Picture of {}", exhibit.name))
                        .clicked();
                ui.vertical(|ui| {
                    if ui.button(exhibit.name).clicked() || is_clicked {
                        chosen = Some(*exhibit);
                    }
                    ui.add(egui::Label::new(exhibit.about()).wrap());
                });
            });
        }
    });
    if let Some(exhibit) = chosen {
        app.open(Source::Exhibit(exhibit));
    }
    is_done || chosen.is_some()
}

/// How wide the gallery and the help are.
const WIDTH: f32 = 680.0;

/// A long list, as high whatever the window was when it was first shown.
fn list() -> egui::ScrollArea {
    egui::ScrollArea::vertical().max_height(460.0).min_scrolled_height(460.0).auto_shrink([false, true])
}

/// A title, and a button that closes what it is of; whether that was clicked.
fn heading(title: &str, ui: &mut egui::Ui) -> bool {
    let mut is_done = false;
    ui.horizontal(|ui| {
        ui.heading(title);
        ui.with_layout(egui::Layout::right_to_left(egui::Align::Center), |ui| {
            is_done = ui.button("Close").clicked()
        });
    });
    ui.separator();
    is_done
}

const HANDS: [(&str, &str); 8] = [
    ("Drag", "Turn the scene"),
    ("Shift and drag, or middle drag", "Move along"),
    ("Right drag", "Look around; with W, A, S, D, Q and E, fly"),
    ("Click", "Say what made the surface there"),
    ("Wheel", "Come nearer to what is under the cursor"),
    ("Alt and drag", "Pull at the surface: parameters follow"),
    ("Drop a file", "Open it"),
    ("Tab in the text", "Take the word that is proposed"),
];

fn help(ui: &mut egui::Ui) -> bool {
    ui.set_width(WIDTH);
    let is_done = heading("Keys and hands", ui);
    list().show(ui, |ui| {
        egui::Grid::new("keys").num_columns(3).striped(true).show(ui, |ui| {
            for (what, does) in HANDS {
                ui.strong(what);
                ui.label("");
                ui.label(does);
                ui.end_row();
            }
            for (_, name, key, says) in COMMANDS {
                let key = key.map(|(modifiers, key)| egui::KeyboardShortcut::new(modifiers, key));
                ui.strong(key.map_or(String::new(), |key| ui.ctx().format_shortcut(&key)));
                ui.label(*name);
                ui.label(*says);
                ui.end_row();
            }
        });
    });
    is_done
}
