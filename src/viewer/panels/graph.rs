//! The graph as a picture: a click on a node shows it alone.

use crate::field::Box;
use crate::viewer::anatomy::Anatomy;
use crate::viewer::app::App;
use crate::viewer::commands::Command;
use egui::{Color32, Rect, Sense, Stroke, pos2, vec2};

pub(super) fn show(app: &mut App, ui: &mut egui::Ui) {
    ui.horizontal(|ui| {
        ui.heading("Graph");
        match &app.alone {
            Some(alone) => {
                ui.label(format!("{} is shown alone.", alone.title));
                if ui.button("Whole scene").clicked() {
                    app.show_alone(None);
                }
            }
            None => {
                ui.weak("A click on a node shows it alone; one on the surface shows what made it.");
            }
        }
        ui.with_layout(egui::Layout::right_to_left(egui::Align::Center), |ui| {
            if ui.button("Close").clicked() {
                app.run(Command::Graph);
            }
            let zoom = egui::Slider::new(&mut app.graph_zoom, ZOOM[0]..=ZOOM[1]).show_value(false);
            ui.add(zoom).accessible_name("The size of the graph").on_hover_text("The size of the graph");
        });
    });
    ui.separator();
    let mut clicked = None;
    match app.anatomy() {
        Ok(anatomy) => {
            let zoom = app.graph_zoom;
            if anatomy.boxes.is_empty() {
                ui.label(format!("The graph has {} nodes: nobody could read it.", anatomy.count));
            }
            egui::ScrollArea::both().id_salt("graph").auto_shrink([false, false]).show_viewport(
                ui,
                |ui, seen| {
                    clicked = draw(app, &anatomy, zoom, ui, seen);
                },
            );
            app.keep_anatomy(anatomy);
        }
        Err(error) => {
            ui.colored_label(ui.visuals().error_fg_color, error.to_string());
        }
    }
    if let Some(member) = clicked {
        let is_shown = app.alone.as_ref() == Some(&member);
        app.show_alone((!is_shown).then_some(member));
    }
}

/// How small and how large the graph can be drawn.
const ZOOM: [f32; 2] = [0.3, 1.5];

/// Draws what is seen of the graph; which node was clicked.
fn draw(
    app: &App,
    anatomy: &Anatomy,
    zoom: f32,
    ui: &mut egui::Ui,
    seen: Rect,
) -> Option<crate::viewer::anatomy::Member> {
    let [width, height] = anatomy.layout.size.map(|side| side as f32 * zoom);
    let (whole, _) = ui.allocate_exact_size(vec2(width, height), Sense::hover());
    let at = |[x, y]: [f64; 2]| whole.min + zoom * vec2(x as f32, y as f32);
    let places = &anatomy.layout.places;
    let painter = ui.painter().clone();
    let is_seen = |rect: Rect| rect.intersects(seen.translate(whole.min.to_vec2()).expand(40.0));
    let line = Stroke::new(1.0, ui.visuals().weak_text_color());
    for (node, place) in anatomy.boxes.iter().zip(places) {
        for (n, (input, _)) in node.inputs.iter().enumerate() {
            let points = place.line_from(&places[*input], n, node.inputs.len()).map(at);
            if is_seen(Rect::from_points(&points)) {
                painter.add(egui::epaint::CubicBezierShape::from_points_stroke(
                    points,
                    false,
                    Color32::TRANSPARENT,
                    line,
                ));
            }
        }
    }
    let mut clicked = None;
    for (index, (node, place)) in anatomy.boxes.iter().zip(places).enumerate() {
        let rect =
            Rect::from_min_size(at(place.corner), zoom * vec2(place.size[0] as f32, place.size[1] as f32));
        if !is_seen(rect) {
            continue;
        }
        let response = ui.interact(rect, ui.scope_id().with(("node", index)), Sense::click());
        let response = response.accessible_name(format!("Node {}", node.title));
        let member = anatomy.member(index);
        let is_made = app.made.contains(&member);
        let is_alone = app.alone.as_ref() == Some(&member);
        paint(&painter, node, rect, zoom, (is_alone, is_made, response.hovered()));
        if response.clicked() {
            clicked = Some(member);
        }
    }
    clicked
}

/// Draws a box, which may be shown alone, have made the point that was clicked, or be under the cursor.
fn paint(painter: &egui::Painter, node: &Box, rect: Rect, zoom: f32, is: (bool, bool, bool)) {
    let (is_alone, is_made, is_hovered) = is;
    let [fill, edge] = node.role.colors().map(|text| Color32::from_hex(text).unwrap_or(Color32::GRAY));
    let fill = if is_alone { Color32::from_rgb(255, 214, 102) } else { fill };
    let edge = match (is_made, is_hovered) {
        (true, _) => Stroke::new(3.0, Color32::from_rgb(214, 69, 65)),
        (_, true) => Stroke::new(2.5, edge),
        _ => Stroke::new(1.0, edge),
    };
    painter.rect(rect, 4.0 * zoom, fill, edge, egui::StrokeKind::Middle);
    let size = 12.0 * zoom;
    if size < 5.0 {
        return; // nobody could read it
    }
    for (n, text) in node.texts().enumerate() {
        let at = pos2(rect.center().x, rect.min.y + zoom * (5.0 + 16.0 * n as f32));
        let ink = if n == 0 { Color32::from_gray(20) } else { Color32::from_gray(70) };
        painter.text(at, egui::Align2::CENTER_TOP, text, egui::FontId::monospace(size), ink);
    }
}
