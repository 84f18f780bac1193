//! Questions for a path: typed, or chosen from what is in its folder.

use crate::render::Size;
use crate::viewer::app::{App, Leaving};
use crate::viewer::document::{Document, Source};
use crate::viewer::folder::{Folder, FolderEntry, parted};
use crate::viewer::job::ExportJob;
use std::path::{Path, PathBuf};

/// What a path is asked for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum PathPurpose {
    Open,
    SaveAs,
    Picture,
    Film,
    Shader,
}

impl PathPurpose {
    /// Its title, what is asked, and what the button says.
    fn says(self) -> [&'static str; 3] {
        match self {
            PathPurpose::Open => {
                ["Open a scene", "A .rhai or .vm file, or the name of a scene built in:", "Open"]
            }
            PathPurpose::SaveAs => ["Save the scene", "Where to:", "Save"],
            PathPurpose::Picture => ["Export a picture", "A .png or an .exr file:", "Export"],
            PathPurpose::Film => {
                ["Export a film", "A .gif, a .png, or single pictures as name_%04d.png:", "Export"]
            }
            PathPurpose::Shader => {
                ["Export a shader", "A .wgsl, a .glsl (for Shadertoy), or a .vm file:", "Export"]
            }
        }
    }

    /// The endings of the files that there may be already.
    fn endings(self) -> &'static [&'static str] {
        match self {
            PathPurpose::Open => &["rhai", "vm"],
            PathPurpose::SaveAs => &["rhai"],
            PathPurpose::Picture => &["png", "exr"],
            PathPurpose::Film => &["gif", "png"],
            PathPurpose::Shader => &["wgsl", "glsl", "vm"],
        }
    }
}

const PICTURE: Size = Size { width: 1280, height: 720 };
const FILM: Size = Size { width: 480, height: 360 };

/// A question for a path, and what was said so far.
#[derive(Clone, Debug, PartialEq)]
pub(in crate::viewer) struct Asking {
    purpose: PathPurpose,
    path: String,
    /// Of a picture.
    size: Size,
    /// Where the path leads to.
    folder: Folder,
    /// What is done when the scene is saved.
    then: Option<Leaving>,
}

impl Asking {
    fn new(purpose: PathPurpose, path: String, size: Size) -> Asking {
        let folder = Folder::read(parted(&path).0, purpose.endings());
        Asking { purpose, path, size, folder, then: None }
    }

    /// For a scene, at first beside the one that is open.
    pub fn open(document: &Document) -> Asking {
        let path = match document.source() {
            Source::File(path) => path.display().to_string(),
            Source::Exhibit(_) => String::new(),
        };
        Asking::new(PathPurpose::Open, parted(&path).0.into(), PICTURE)
    }

    pub fn save_as(document: &Document) -> Asking {
        let path = match document.source() {
            Source::File(path) => path.display().to_string(),
            Source::Exhibit(exhibit) => exhibit.file(),
        };
        Asking::new(PathPurpose::SaveAs, path, PICTURE)
    }

    /// For a file to save to before the document is left.
    pub fn save_and_leave(document: &Document, to: Leaving) -> Asking {
        Asking { then: Some(to), ..Asking::save_as(document) }
    }

    pub fn picture(document: &Document) -> Asking {
        Asking::new(PathPurpose::Picture, beside(document, "png"), PICTURE)
    }

    pub fn film(document: &Document) -> Asking {
        Asking::new(PathPurpose::Film, beside(document, "gif"), FILM)
    }

    pub fn shader(document: &Document) -> Asking {
        Asking::new(PathPurpose::Shader, beside(document, "glsl"), PICTURE)
    }

    /// Does what the path was asked for.
    pub fn carry_out(&self, app: &mut App) {
        let path = self.path.trim();
        let (file, size) = (PathBuf::from(path), self.size);
        match self.purpose {
            PathPurpose::Open => {
                let exhibit = crate::viewer::document::exhibit(path).filter(|_| !file.is_file());
                app.open(exhibit.map_or(Source::File(file), Source::Exhibit));
            }
            PathPurpose::SaveAs => match self.then.clone() {
                Some(to) => app.save_and_go(Some(file), to),
                None => drop(app.save(Some(file))),
            },
            PathPurpose::Picture => app.export(file, size, ExportJob::Picture),
            PathPurpose::Film => app.export(file, size, ExportJob::Film),
            PathPurpose::Shader => app.export(file, size, |_| ExportJob::Shader),
        }
    }

    /// Whether there is a path that names no folder.
    fn is_answered(&self) -> bool {
        let path = self.path.trim();
        !path.is_empty() && !parted(path).1.is_empty() && !Path::new(path).is_dir()
    }

    /// Takes an entry of the folder. A file of a scene to open is the answer.
    fn choose(&mut self, entry: &FolderEntry) -> Answer {
        self.path = self.folder.text_of(entry);
        if entry.is_file && self.purpose == PathPurpose::Open { Answer::Yes } else { Answer::Waits }
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

/// What is said to a question.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Answer {
    Waits,
    No,
    Yes,
}

/// Shows the question.
pub(super) fn show(asking: &mut Asking, ui: &mut egui::Ui) -> Answer {
    let [title, asks, does] = asking.purpose.says();
    ui.set_width(460.0);
    ui.heading(title);
    let label = ui.label(asks);
    let field = egui::TextEdit::singleline(&mut asking.path).desired_width(f32::INFINITY);
    let field = ui.add(field).labelled_by(label.id);
    let is_entered = field.lost_focus() && ui.input(|input| input.key_pressed(egui::Key::Enter));
    if !field.has_focus() && !is_entered && ui.memory(|memory| memory.focused().is_none()) {
        field.request_focus();
    }
    let folder = parted(&asking.path).0;
    if folder != asking.folder.text {
        asking.folder = Folder::read(folder, asking.purpose.endings());
    }
    let mut answer = entries(asking, ui);
    if matches!(asking.purpose, PathPurpose::Picture | PathPurpose::Film) {
        ui.horizontal(|ui| {
            for (name, side) in [("Width", &mut asking.size.width), ("Height", &mut asking.size.height)] {
                let label = ui.label(name);
                ui.add(egui::DragValue::new(side).range(1..=8192)).labelled_by(label.id);
            }
        });
    }
    if asking.purpose != PathPurpose::Open && asking.is_answered() && Path::new(asking.path.trim()).exists() {
        ui.label("There is such a file: it will be replaced.");
    }
    ui.horizontal(|ui| {
        if ui.add_enabled(asking.is_answered(), egui::Button::new(does)).clicked() || is_entered {
            answer = Answer::Yes;
        }
        if ui.button("Cancel").clicked() {
            answer = Answer::No;
        }
    });
    if answer == Answer::Yes && !asking.is_answered() { Answer::Waits } else { answer }
}

/// What is in the folder: of scenes to open, what begins as is typed.
fn entries(asking: &mut Asking, ui: &mut egui::Ui) -> Answer {
    let typed = parted(&asking.path).1.to_lowercase();
    let begins = |entry: &FolderEntry| {
        asking.purpose != PathPurpose::Open || entry.name.to_lowercase().starts_with(&typed)
    };
    let mut shown: Vec<FolderEntry> =
        asking.folder.entries.iter().filter(|entry| begins(entry)).cloned().collect();
    if shown.is_empty() {
        shown.clone_from(&asking.folder.entries); // a name that is built in, or a mistake
    }
    let mut answer = Answer::Waits;
    egui::ScrollArea::vertical().max_height(200.0).auto_shrink([false, true]).show(ui, |ui| {
        if let Some(problem) = &asking.folder.problem {
            ui.label(format!("This folder cannot be read: {problem}"));
        }
        if let Some(above) = asking.folder.above()
            && ui.button("../").on_hover_text("The folder around this one").clicked()
        {
            asking.path = above;
        }
        for entry in &shown {
            let name = format!("{}{}", entry.name, if entry.is_file { "" } else { "/" });
            let is_typed = entry.is_file && entry.name.to_lowercase() == typed;
            if ui.selectable_label(is_typed, name).clicked() {
                answer = asking.choose(entry);
            }
        }
    });
    answer
}
