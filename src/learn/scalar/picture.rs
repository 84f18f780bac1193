//! A value's graph as a picture, as fields are drawn.

use super::{ScalarRule, Value};
use crate::field::{GraphDrawing, Role, short};

impl Value<'_> {
    /// What the value was made of, each with its number and its derivative, in Graphviz's language: `dot -Tsvg` draws it.
    pub fn to_dot(&self) -> String {
        self.drawing().to_dot()
    }

    /// The same as a picture of its own, what was given on the left and this value on the right.
    pub fn to_svg(&self) -> String {
        self.drawing().to_svg()
    }

    fn drawing(&self) -> GraphDrawing {
        let mut drawing = GraphDrawing::default();
        let Some(last) = self.node().map(|_| self.place as usize) else { return drawing };
        // Which values it was made of: an operand stands before what is made of it.
        let nodes = &self.tape.nodes[..=last];
        let mut is_part = vec![false; nodes.len()];
        is_part[last] = true;
        for place in (0..nodes.len()).rev().filter(|&place| place <= last) {
            if is_part[place] {
                for parent in nodes[place].parents.get() {
                    if let Some(part) = is_part.get_mut(parent as usize) {
                        *part = true;
                    }
                }
            }
        }
        let mut drawn = vec![0; nodes.len()];
        for (place, node) in nodes.iter().enumerate().filter(|(place, _)| is_part[*place]) {
            let (rule, name) = (node.rule.get(), node.name.get());
            let (title, role) = match rule {
                ScalarRule::Given if name.is_empty() => ("value", Role::Leaf),
                ScalarRule::Given => (name, Role::Parameter),
                ScalarRule::Op(op) => (op.name(), Role::Operation),
                ScalarRule::Activation(activation) => (activation.name(), Role::Operation),
            };
            let mut lines =
                vec![format!("data {}", short(node.data.get())), format!("grad {}", short(node.grad.get()))];
            if !matches!(rule, ScalarRule::Given) && !name.is_empty() {
                lines.insert(0, name.into());
            }
            let inputs =
                node.parents.get().into_iter().filter_map(|parent| drawn.get(parent as usize).copied());
            drawn[place] = drawing.add(title, lines, role, node.data.get(), inputs.collect());
        }
        drawing
    }
}
