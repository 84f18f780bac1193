//! The scene's text: its colours, its line numbers, what is wrong with it, and the words that may be meant.

use crate::error::Mistake;
use crate::scene::Word;
use crate::scene::editing::{TokenKind, completions, tokens};
use crate::viewer::app::App;
use egui::text::{CCursor, CCursorRange, LayoutJob, TextFormat};
use egui::{Color32, FontId, Key, Modifiers, Stroke};
use std::ops::Range;
use std::time::Instant;

/// How large letters are.
const LETTERS: f32 = 13.0;

/// The words that are proposed, and which of them is chosen.
#[derive(Default)]
pub(in crate::viewer) struct Completion {
    /// The name that is begun, in bytes of the text.
    begun: Range<usize>,
    proposals: Vec<&'static Word>,
    chosen: usize,
}

pub(super) fn show(app: &mut App, ui: &mut egui::Ui) {
    ui.horizontal(|ui| {
        let mark = if app.document.is_changed() { " •" } else { "" };
        let name = ui.heading(format!("{}{mark}", app.document.source().name()));
        if !mark.is_empty() {
            name.on_hover_text("There are changes that are not saved");
        }
    });
    ui.separator();
    if let Some(error) = app.document.error() {
        let text = egui::RichText::new(error.to_string()).monospace().color(ui.visuals().error_fg_color);
        egui::Panel::bottom("mistake").show_separator_line(true).show(ui, |ui| {
            egui::ScrollArea::vertical().max_height(140.0).show(ui, |ui| {
                ui.add(egui::Label::new(text).wrap());
            });
        });
    }
    egui::ScrollArea::both().id_salt("text").auto_shrink(false).show(ui, |ui| {
        ui.horizontal_top(|ui| {
            numbers(app, ui);
            text(app, ui);
        });
    });
}

/// The numbers of the lines, those with a mistake in red.
fn numbers(app: &App, ui: &mut egui::Ui) {
    let wrong = app.document.mistake().map(|mistake| mistake.place.line as usize);
    let count = app.document.text.split('\n').count();
    let digits = count.to_string().len();
    let mut job = LayoutJob::default();
    for line in 1..=count {
        let color = match Some(line) == wrong {
            true => ui.visuals().error_fg_color,
            false => ui.visuals().weak_text_color(),
        };
        let end = if line < count { "\n" } else { "" };
        job.append(
            &format!("{line:>digits$}{end}"),
            0.0,
            TextFormat::simple(FontId::monospace(LETTERS), color),
        );
    }
    ui.add(egui::Label::new(job).selectable(false).extend());
}

fn text(app: &mut App, ui: &mut egui::Ui) {
    let id = egui::Id::unique("the scene's text");
    if !app.completion.proposals.is_empty() {
        take_keys(app, ui, id);
    }
    let underlined = app.document.mistake().map(|mistake| place_of(mistake, &app.document.text));
    let mut layouter = |ui: &egui::Ui, text: &dyn egui::TextBuffer, _: f32| {
        let job = colored(text.as_str(), underlined.clone(), ui.visuals());
        ui.fonts_mut(|fonts| fonts.layout_job(job))
    };
    let output = egui::TextEdit::multiline(&mut app.document.text)
        .id(id)
        .font(FontId::monospace(LETTERS))
        .desired_width(f32::INFINITY)
        .desired_rows(20)
        .lock_focus(true)
        .frame(egui::Frame::NONE)
        .margin(0.0)
        .layouter(&mut layouter)
        .show(ui);
    let at = output.cursor_range.and_then(|range| range.single()).map(|cursor| cursor.index.0);
    output.response.response.clone().accessible_name("The scene's text");
    if output.response.changed() {
        app.document.edited(Instant::now());
        app.completion = Completion::default();
        if let Some(at) = at {
            let at = byte_of(&app.document.text, at);
            let (begun, proposals) = completions(&app.document.text, at);
            app.completion = Completion { begun, proposals, chosen: 0 };
        }
    }
    let is_at_name = at.is_some_and(|at| byte_of(&app.document.text, at) == app.completion.begun.end);
    if !output.response.has_focus() || !is_at_name {
        app.completion = Completion::default();
    }
    if let Some(at) = at.filter(|_| !app.completion.proposals.is_empty()) {
        let place =
            output.galley.pos_from_cursor(CCursor::new(at)).left_bottom() + output.galley_pos.to_vec2();
        propose(app, ui, id, place);
    }
}

/// What a key does while words are proposed: the text does not get it.
fn take_keys(app: &mut App, ui: &mut egui::Ui, id: egui::Id) {
    let pressed = |key: Key| ui.input_mut(|input| input.consume_key(Modifiers::NONE, key));
    let last = app.completion.proposals.len() - 1;
    if pressed(Key::ArrowDown) {
        app.completion.chosen = (app.completion.chosen + 1).min(last);
    }
    if pressed(Key::ArrowUp) {
        app.completion.chosen = app.completion.chosen.saturating_sub(1);
    }
    if pressed(Key::Escape) {
        app.completion = Completion::default();
    } else if pressed(Key::Tab) || pressed(Key::Enter) {
        accept(app, ui.ctx(), id, app.completion.chosen);
    }
}

/// Puts a proposed word in place of the name that is begun, and the cursor behind it.
fn accept(app: &mut App, ctx: &egui::Context, id: egui::Id, chosen: usize) {
    let Completion { begun, proposals, .. } = std::mem::take(&mut app.completion);
    let (Some(proposal), true) = (proposals.get(chosen), app.document.text.get(begun.clone()).is_some())
    else {
        return;
    };
    app.document.text.replace_range(begun.clone(), proposal.name);
    app.document.edited(Instant::now());
    let end = app.document.text[..begun.start + proposal.name.len()].chars().count();
    if let Some(mut state) = egui::TextEdit::load_state(ctx, id) {
        state.cursor.set_char_range(Some(CCursorRange::one(CCursor::new(end))));
        state.store(ctx, id);
    }
}

fn propose(app: &mut App, ui: &egui::Ui, id: egui::Id, place: egui::Pos2) {
    let mut taken = None;
    egui::Area::new(egui::Id::unique("proposals")).fixed_pos(place).order(egui::Order::Tooltip).show(
        ui.ctx(),
        |ui| {
            egui::Frame::popup(ui.style()).show(ui, |ui| {
                for (i, proposal) in app.completion.proposals.iter().enumerate() {
                    let (form, says) = summary(proposal);
                    let label = egui::Button::selectable(
                        i == app.completion.chosen,
                        egui::RichText::new(form).monospace(),
                    );
                    if ui.add(label.wrap_mode(egui::TextWrapMode::Extend)).on_hover_text(says).clicked() {
                        taken = Some(i);
                    }
                }
                if let Some(proposal) = app.completion.proposals.get(app.completion.chosen) {
                    ui.set_max_width(420.0);
                    ui.weak(summary(proposal).1);
                }
            });
        },
    );
    if let Some(taken) = taken {
        accept(app, ui.ctx(), id, taken);
        ui.memory_mut(|memory| memory.request_focus(id));
    }
}

/// How a word is called, and what it is.
fn summary(word: &'static Word) -> (String, &'static str) {
    let form = word.signatures().next().unwrap_or_default();
    (form, word.doc.first().copied().unwrap_or_default().trim())
}

/// Where in the text, in bytes, a place is that is given in characters.
fn byte_of(text: &str, at: usize) -> usize {
    text.char_indices().nth(at).map_or(text.len(), |(i, _)| i)
}

/// The part of the text, in bytes, that a mistake is about.
fn place_of(mistake: &Mistake, text: &str) -> Range<usize> {
    let line = (mistake.place.line as usize).saturating_sub(1);
    let start: usize = text.split_inclusive('\n').take(line).map(str::len).sum();
    let own = text[start..].lines().next().unwrap_or_default();
    let column = (mistake.place.column as usize).saturating_sub(1);
    let from = byte_of(own, column);
    let to = byte_of(own, column + mistake.width.max(1));
    // A mistake at the end of a line is shown on the line's last letter.
    let from = if from == to { own.char_indices().last().map_or(0, |(i, _)| i) } else { from };
    start + from..start + to
}

/// A text in its colours, with a part of it underlined.
fn colored(text: &str, underlined: Option<Range<usize>>, visuals: &egui::Visuals) -> LayoutJob {
    let mut job = LayoutJob::default();
    let wrong = underlined.unwrap_or(0..0);
    for (part, kind) in tokens(text) {
        let format = TextFormat::simple(FontId::monospace(LETTERS), color_of(kind, visuals));
        // Cut where the mistake begins and ends.
        let mut ends = [
            part.start,
            wrong.start.clamp(part.start, part.end),
            wrong.end.clamp(part.start, part.end),
            part.end,
        ];
        ends.sort_unstable();
        for piece in ends.windows(2).filter(|piece| piece[0] < piece[1]) {
            let is_wrong = piece[0] >= wrong.start && piece[1] <= wrong.end;
            let line = if is_wrong { Stroke::new(2.0, visuals.error_fg_color) } else { Stroke::NONE };
            job.append(&text[piece[0]..piece[1]], 0.0, TextFormat { underline: line, ..format.clone() });
        }
    }
    if job.text.is_empty() {
        job.append("", 0.0, TextFormat::simple(FontId::monospace(LETTERS), visuals.text_color()));
    }
    job
}

fn color_of(kind: TokenKind, visuals: &egui::Visuals) -> Color32 {
    let [dark, light] = match kind {
        TokenKind::Comment => [[0x8a, 0x96, 0x8a], [0x5a, 0x6a, 0x5a]],
        TokenKind::Quoted => [[0xe0, 0xa0, 0x70], [0x9a, 0x4a, 0x10]],
        TokenKind::Number => [[0x9c, 0xd0, 0xa0], [0x1a, 0x6a, 0x30]],
        TokenKind::Keyword => [[0xc8, 0x9a, 0xe0], [0x7a, 0x2a, 0x9a]],
        TokenKind::Function => [[0x7a, 0xb8, 0xf0], [0x10, 0x55, 0xa0]],
        TokenKind::Name => [[0xe2, 0xe2, 0xe2], [0x20, 0x20, 0x20]],
        TokenKind::Plain => [[0xb4, 0xb4, 0xb4], [0x55, 0x55, 0x55]],
    };
    let [r, g, b] = if visuals.dark_mode { dark } else { light };
    Color32::from_rgb(r, g, b)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::error::{Error, Place};
    use crate::scene::Scene;

    #[test]
    fn a_mistake_is_underlined_where_it_is() {
        let text = "// é is a letter\n/* é */ show(spere(1));\n";
        let Err(Error::Scene(mistake)) = Scene::from_text(text, "a.rhai") else { panic!("it is broken") };
        assert_eq!(&text[place_of(&mistake, text)], "spere");
        let job = colored(text, Some(place_of(&mistake, text)), &egui::Visuals::dark());
        assert_eq!(job.text, text);
        let under = job.sections.iter().filter(|section| section.format.underline != Stroke::NONE);
        let under: Vec<&str> =
            under.map(|section| &text[section.byte_range.start.0..section.byte_range.end.0]).collect();
        assert_eq!(under, ["spere"]);
    }

    #[test]
    fn a_mistake_behind_the_text_has_a_place_too() {
        for text in ["", "a", "a\n\n", "é"] {
            for (line, column) in [(1, 1), (1, 9), (7, 3), (0, 0)] {
                let place = Place { file: "a".into(), line, column };
                let mistake =
                    Mistake { place, problem: String::new(), line: String::new(), width: 3, calls: vec![] };
                assert!(text.get(place_of(&mistake, text)).is_some(), "{text:?} {line} {column}");
            }
        }
    }
}
