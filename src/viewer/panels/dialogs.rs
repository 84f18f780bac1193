//! What opens over the window: the gallery, the help, and questions for a path.

use crate::render::Size;
use crate::scene::{GALLERY, IN_A_ROW, PICTURE_SIZE};
use crate::viewer::app::App;
use crate::viewer::commands::COMMANDS;
use crate::viewer::document::{Document, Source};
use crate::viewer::job::Export;
use std::path::PathBuf;

/// What is open over the window.
#[derive(Clone, Debug, PartialEq)]
pub(in crate::viewer) enum Dialog {
    /// Nothing.
    None,
    /// The scenes that are built in.
    Gallery,
    /// The keys and what hands do.
    Help,
    /// A question for a path, and what for.
    Path(Purpose, String, Size),
}

/// What a path is asked for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::viewer) enum Purpose {
    Open,
    SaveAs,
    Picture,
    Film,
    Shader,
}

impl Purpose {
    /// Its title, what is asked, and what the button says.
    fn says(self) -> [&'static str; 3] {
        match self {
            Purpose::Open => {
                ["Open a scene", "A .rhai or .vm file, or the name of a scene built in:", "Open"]
            }
            Purpose::SaveAs => ["Save the scene", "Where to:", "Save"],
            Purpose::Picture => ["Export a picture", "A .png file:", "Export"],
            Purpose::Film => {
                ["Export a film", "A .gif, a .png, or single pictures as name_%04d.png:", "Export"]
            }
            Purpose::Shader => {
                ["Export a shader", "A .wgsl, a .glsl (for Shadertoy), or a .vm file:", "Export"]
            }
        }
    }
}

const PICTURE: Size = Size { width: 1280, height: 720 };
const FILM: Size = Size { width: 480, height: 360 };

impl Dialog {
    pub(in crate::viewer) fn open() -> Dialog {
        Dialog::Path(Purpose::Open, String::new(), PICTURE)
    }
    pub(in crate::viewer) fn save_as(document: &Document) -> Dialog {
        let path = match document.source() {
            Source::File(path) => path.display().to_string(),
            Source::Exhibit(exhibit) => exhibit.file(),
        };
        Dialog::Path(Purpose::SaveAs, path, PICTURE)
    }
    pub(in crate::viewer) fn export_picture(document: &Document) -> Dialog {
        Dialog::Path(Purpose::Picture, beside(document, "png"), PICTURE)
    }
    pub(in crate::viewer) fn export_film(document: &Document) -> Dialog {
        Dialog::Path(Purpose::Film, beside(document, "gif"), FILM)
    }
    pub(in crate::viewer) fn export_shader(document: &Document) -> Dialog {
        Dialog::Path(Purpose::Shader, beside(document, "glsl"), PICTURE)
    }
}

/// A file beside the document's, with another ending.
fn beside(document: &Document, ending: &str) -> String {
    let path = match document.source() {
        Source::File(path) => path.clone(),
        Source::Exhibit(exhibit) => PathBuf::from(exhibit.name),
    };
    path.with_extension(ending).display().to_string()
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
            Dialog::Path(purpose, path, size) => match asked(*purpose, path, size, ui) {
                Answer::Waits => {}
                Answer::No => is_open = false,
                Answer::Yes => next = Some((*purpose, path.trim().to_string(), *size)),
            },
        });
        is_open &= !modal.should_close();
    }
    if let Some((purpose, path, size)) = next {
        given(app, purpose, &path, size);
    } else if is_open && app.dialog == Dialog::None {
        app.dialog = dialog;
    }
}

enum Answer {
    Waits,
    No,
    Yes,
}

/// A question for a path, and for a picture's size where there is one.
fn asked(purpose: Purpose, path: &mut String, size: &mut Size, ui: &mut egui::Ui) -> Answer {
    let [title, asks, does] = purpose.says();
    ui.set_width(460.0);
    ui.heading(title);
    let label = ui.label(asks);
    let field = ui.add(egui::TextEdit::singleline(path).desired_width(f32::INFINITY)).labelled_by(label.id);
    let is_entered = field.lost_focus() && ui.input(|input| input.key_pressed(egui::Key::Enter));
    if !field.has_focus() && !is_entered && ui.memory(|memory| memory.focused().is_none()) {
        field.request_focus();
    }
    if matches!(purpose, Purpose::Picture | Purpose::Film) {
        ui.horizontal(|ui| {
            for (name, side) in [("Width", &mut size.width), ("Height", &mut size.height)] {
                let label = ui.label(name);
                ui.add(egui::DragValue::new(side).range(1..=8192)).labelled_by(label.id);
            }
        });
    }
    let mut answer = if is_entered { Answer::Yes } else { Answer::Waits };
    ui.horizontal(|ui| {
        if ui.add_enabled(!path.trim().is_empty(), egui::Button::new(does)).clicked() {
            answer = Answer::Yes;
        }
        if ui.button("Cancel").clicked() {
            answer = Answer::No;
        }
    });
    match answer {
        Answer::Yes if path.trim().is_empty() => Answer::Waits,
        answer => answer,
    }
}

fn given(app: &mut App, purpose: Purpose, path: &str, size: Size) {
    let file = PathBuf::from(path);
    match purpose {
        Purpose::Open => {
            let exhibit = crate::viewer::document::exhibit(path).filter(|_| !file.is_file());
            app.open(exhibit.map_or(Source::File(file), Source::Exhibit));
        }
        Purpose::SaveAs => app.save(Some(file)),
        Purpose::Picture => app.export(file, size, Export::Picture),
        Purpose::Film => app.export(file, size, Export::Film),
        Purpose::Shader => app.export(file, size, |_| Export::Shader),
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
