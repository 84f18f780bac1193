//! What a scene is made of: its graph as boxes, at the level of names, and one of them looked at alone.

use crate::error::Result;
use crate::field::{Box, Detail, Field, Layout, boxes};
use crate::scene::Scene;
use std::sync::Arc;

/// A node of the graph, found again in the graph of the same scene with other values.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Member {
    /// Which of the boxes it is.
    pub index: usize,
    /// What it is called.
    pub title: String,
}

impl Member {
    /// The node itself; none, where the graph has become another.
    fn node(&self, boxes: &[Box]) -> Option<Field> {
        boxes.get(self.index).filter(|own| own.title == self.title).map(|own| own.node.clone())
    }

    /// The scene with this node alone; the scene itself, where it is not there.
    pub(super) fn alone(&self, scene: &Scene) -> Result<Scene> {
        let boxes = boxes(scene.field(), Detail::Names, None)?;
        Ok(self.node(&boxes).map_or_else(|| scene.clone(), |node| scene.showing(&node)))
    }
}

/// The calls that made the surface at a point, the whole scene first.
pub(super) fn provenance(field: &Field, point: [f64; 4]) -> Result<Vec<Member>> {
    let boxes = boxes(field, Detail::Names, None)?;
    let member = |maker: Field| {
        let same = |own: &Box| own.node.key() == maker.key() && own.title == maker.title();
        boxes.iter().position(same).map(|index| Member { index, title: maker.title() })
    };
    Ok(field.provenance_at(point)?.into_iter().filter_map(member).collect())
}

/// The graph of a scene, laid out.
pub(super) struct Anatomy {
    scene: Arc<Scene>,
    /// How many boxes it has.
    pub count: usize,
    /// Its boxes, each after those it is computed from; none, where they are too many to be read.
    pub boxes: Vec<Box>,
    /// Where they stand.
    pub layout: Layout,
}

/// A graph of more boxes than this is not drawn: nobody could read it.
const MAX_BOXES: usize = 3000;

impl Anatomy {
    /// The graph of a scene.
    pub(super) fn of(scene: &Arc<Scene>) -> Result<Anatomy> {
        let mut boxes = boxes(scene.field(), Detail::Names, None)?;
        let count = boxes.len();
        if count > MAX_BOXES {
            boxes.clear();
        }
        let layout = Layout::of(&boxes);
        Ok(Anatomy { scene: scene.clone(), count, boxes, layout })
    }

    /// Whether it is the graph of that scene.
    pub(super) fn is_of(&self, scene: &Arc<Scene>) -> bool {
        Arc::ptr_eq(&self.scene, scene)
    }

    /// One of its nodes.
    pub(super) fn member(&self, index: usize) -> Member {
        Member { index, title: self.boxes[index].title.clone() }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const TEXT: &str = "let r = param(\"r\", 0.5, 0.1, 2);
        show(box([1, 1, 1]) | sphere(r).name(\"ball\").translate([3, 0, 0]));";

    #[test]
    fn what_made_a_point_is_found_again_with_other_values_and_shown_alone() {
        let scene = Scene::from_text(TEXT, "a.rhai").unwrap();
        let moved = scene.with_parameters(&[("r", 1.5)]).unwrap();
        let made = provenance(moved.field(), [4.5, 0.0, 0.0, 0.0]).unwrap();
        let titles: Vec<&str> = made.iter().map(|member| member.title.as_str()).collect();
        assert_eq!(titles, ["union", "translate", "ball"]);
        let ball = made[2].alone(&scene).unwrap();
        assert_eq!(ball.field().value_at([0.0; 4]).unwrap(), -0.5);
        // In another scene it is not there, and all is shown.
        let other = Scene::from_text("show(torus(1, 0.2));", "b.rhai").unwrap();
        assert_eq!(made[2].alone(&other).unwrap().field().title(), "torus");
    }

    #[test]
    fn a_graph_that_nobody_could_read_is_not_laid_out() {
        let many = |count: usize| {
            let text =
                format!("let all = []; for i in 0..{count} {{ all.push(sphere(1 + i)); }} show(union(all));");
            Anatomy::of(&Arc::new(Scene::from_text(&text, "a.rhai").unwrap())).unwrap()
        };
        let (few, lot) = (many(9), many(MAX_BOXES));
        assert_eq!((few.count, few.boxes.len()), (10, 10));
        assert_eq!((lot.count, lot.boxes.len()), (MAX_BOXES + 1, 0));
    }

    #[test]
    fn boxes_stand_apart_and_right_of_what_they_are_computed_from() {
        let scene = Arc::new(crate::scene::built_in());
        let anatomy = Anatomy::of(&scene).unwrap();
        assert!(anatomy.is_of(&scene) && !anatomy.is_of(&Arc::new(crate::scene::built_in())));
        let places = &anatomy.layout.places;
        for (i, (node, place)) in anatomy.boxes.iter().zip(places).enumerate() {
            assert!(node.inputs.iter().all(|(input, _)| places[*input].corner[0] < place.corner[0]));
            for other in &places[..i] {
                let is_apart = |axis: usize| {
                    place.corner[axis] >= other.corner[axis] + other.size[axis]
                        || other.corner[axis] >= place.corner[axis] + place.size[axis]
                };
                assert!(is_apart(0) || is_apart(1), "{place:?} and {other:?}");
            }
        }
    }
}
