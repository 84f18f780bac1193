//! What the window can be told, by keys and from menus alike: one list for both, and for the page of help.

use super::camera::ViewSide;
use egui::{Key, KeyboardShortcut, Modifiers};

/// Something to do.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Command {
    Open,
    Gallery,
    Save,
    SaveAs,
    ExportPicture,
    ExportFilm,
    ExportShader,
    Quit,
    Undo,
    Redo,
    ResetValues,
    Play,
    StepBack,
    StepOn,
    ToStart,
    Frame,
    SceneCamera,
    Parallel,
    From(ViewSide),
    Pull,
    Probe,
    Editor,
    Graph,
    Whole,
    Parameters,
    Senses,
    Sound,
    Theme,
    Help,
}

const NONE: Modifiers = Modifiers::NONE;
const CTRL: Modifiers = Modifiers::COMMAND;
const CTRL_SHIFT: Modifiers = Modifiers { shift: true, ..Modifiers::COMMAND };

use Command::*;

/// A command, its name, its key if it has one, and what it says.
type CommandEntry = (Command, &'static str, Option<(Modifiers, Key)>, &'static str);

/// All of them: what does it, its name, its key, and what it says.
#[rustfmt::skip]
pub(super) const COMMANDS: &[CommandEntry] = &[
    (Open, "Open…", Some((CTRL, Key::O)), "Open a scene file by its path"),
    (Gallery, "Gallery…", Some((CTRL, Key::G)), "The scenes that are built in"),
    (Save, "Save", Some((CTRL, Key::S)), "Write the text, with the parameters' values, to its file"),
    (SaveAs, "Save as…", Some((CTRL_SHIFT, Key::S)), "Write it to another file"),
    (ExportPicture, "Export picture…", Some((CTRL, Key::E)), "A PNG of what is seen now"),
    (ExportFilm, "Export film…", None, "The whole timeline as a GIF, an animated PNG or single pictures"),
    (ExportShader, "Export shader…", None, "The field as WGSL, as a Shadertoy shader, or as an expression file"),
    (Quit, "Quit", Some((CTRL, Key::Q)), "Close the window"),
    (Undo, "Undo", Some((CTRL, Key::Z)), "Take the last change of a value back"),
    (Redo, "Redo", Some((CTRL_SHIFT, Key::Z)), "Make it again"),
    (ResetValues, "Reset all values", None, "Give all parameters the values of the text"),
    (Play, "Play or pause", Some((NONE, Key::Space)), "Let time go on, or hold it"),
    (StepBack, "Picture before", Some((NONE, Key::ArrowLeft)), "One picture back"),
    (StepOn, "Next picture", Some((NONE, Key::ArrowRight)), "One picture on"),
    (ToStart, "To the start", Some((NONE, Key::Home)), "To the start of the timeline"),
    (Frame, "Frame the object", Some((NONE, Key::F)), "Bring all of it into view"),
    (SceneCamera, "Scene's camera", Some((NONE, Key::Num0)), "Look through the scene's own camera again"),
    (Parallel, "Orthographic", Some((NONE, Key::Num5)), "Parallel rays, or a pinhole's"),
    (From(ViewSide::Front), "Front", Some((NONE, Key::Num1)), "Look from the front"),
    (From(ViewSide::Back), "Back", Some((CTRL, Key::Num1)), "Look from behind"),
    (From(ViewSide::Right), "Right", Some((NONE, Key::Num3)), "Look from the right"),
    (From(ViewSide::Left), "Left", Some((CTRL, Key::Num3)), "Look from the left"),
    (From(ViewSide::Top), "Top", Some((NONE, Key::Num7)), "Look from above"),
    (From(ViewSide::Bottom), "Bottom", Some((CTRL, Key::Num7)), "Look from below"),
    (Pull, "Pull the surface", Some((NONE, Key::G)), "Dragging pulls at the surface (Alt does so too)"),
    (Probe, "Probe", Some((NONE, Key::P)), "Say what is known of the point under the cursor"),
    (Editor, "Editor", Some((NONE, Key::E)), "Show or hide the scene's text"),
    (Graph, "Graph", Some((NONE, Key::H)), "Show or hide the graph that the scene is"),
    (Whole, "Whole scene", Some((NONE, Key::W)), "Show all of the scene again, not a part of it alone"),
    (Parameters, "Parameters", Some((NONE, Key::N)), "Show or hide the parameters"),
    (Senses, "Senses", Some((NONE, Key::M)), "Show or hide the scene's probes, and what is made of them"),
    (Sound, "Sound", Some((NONE, Key::S)), "Hear the tones of the probes, or be silent"),
    (Theme, "Light or dark", Some((NONE, Key::D)), "Change between light and dark"),
    (Help, "Help", Some((NONE, Key::F1)), "Show or hide this page"),
];

impl Command {
    /// Its name, its key, and what it says.
    pub(super) fn about(self) -> (&'static str, Option<KeyboardShortcut>, &'static str) {
        let found = COMMANDS.iter().find(|(own, ..)| *own == self);
        found.map_or(("", None, ""), |(_, name, key, says)| {
            (name, key.map(|(modifiers, key)| KeyboardShortcut::new(modifiers, key)), says)
        })
    }

    /// Whether its key works while a text is typed into.
    fn is_of_typing(self) -> bool {
        matches!(self, Open | Save | SaveAs | Quit | Help)
    }
}

/// What the keys pressed ask for. While somebody types, letters and undoing are the text's.
pub(super) fn pressed(ui: &egui::Ui) -> Vec<Command> {
    let is_typing = ui.ctx().text_edit_focused();
    let is_elsewhere = ui.memory(|memory| memory.focused().is_some());
    let mut found = Vec::new();
    ui.input_mut(|input| {
        // What is held with more keys comes first: Ctrl+Shift+Z is no Ctrl+Z.
        let mut keys: Vec<_> = COMMANDS.iter().filter_map(|(own, _, key, _)| Some((*own, (*key)?))).collect();
        keys.sort_by_key(|(_, (modifiers, _))| !modifiers.shift);
        for (command, (modifiers, key)) in keys {
            if input.pointer.secondary_down() && modifiers.is_none() {
                continue; // who flies steers by letters
            }
            let is_of_focus =
                is_elsewhere && matches!(key, Key::Space | Key::ArrowLeft | Key::ArrowRight | Key::Home);
            if (is_typing && !command.is_of_typing()) || is_of_focus {
                continue;
            }
            if input.consume_key(modifiers, key) {
                found.push(command);
            }
        }
    });
    found
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_two_commands_have_one_key_and_all_say_what_they_do() {
        let keys: Vec<_> = COMMANDS.iter().filter_map(|(.., key, _)| *key).collect();
        for (i, key) in keys.iter().enumerate() {
            assert!(!keys[..i].contains(key), "{key:?} is there twice");
        }
        assert!(COMMANDS.iter().all(|(_, name, _, says)| !name.is_empty() && !says.is_empty()));
        for side in ViewSide::ALL {
            assert!(!Command::From(side).about().0.is_empty());
        }
    }
}
