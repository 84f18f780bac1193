//! Where the boxes of a graph's picture stand: in columns from the inputs on the left to the field on the right.

use super::draw::Box;

const LINE: f64 = 16.0;
const LETTER: f64 = 7.2;
const PADDING: f64 = 10.0;
const GAP: [f64; 2] = [56.0, 18.0];

/// Where boxes stand, in points from the picture's left and top.
pub(crate) struct Layout {
    /// Each box's place.
    pub(crate) places: Vec<NodeBox>,
    /// The picture's width and height.
    pub(crate) size: [f64; 2],
}

/// Where a box stands.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct NodeBox {
    /// Its left and top.
    pub(crate) corner: [f64; 2],
    /// Its width and height.
    pub(crate) size: [f64; 2],
}

impl NodeBox {
    /// How large a box is for what is written in it.
    fn of(node: &Box) -> NodeBox {
        let widest = node.texts().map(|line| line.chars().count()).max().unwrap_or(0);
        let size = [widest as f64 * LETTER + 2.0 * PADDING, node.texts().count() as f64 * LINE + PADDING];
        NodeBox { corner: [0.0; 2], size }
    }

    /// The middle of a line of its text, and that line's base.
    pub(crate) fn line_of_text(&self, n: usize) -> [f64; 2] {
        let down = PADDING / 2.0 + LINE * (n as f64 + 0.8);
        [self.corner[0] + self.size[0] / 2.0, self.corner[1] + down]
    }

    /// The curve from another box to the n-th of this one's inputs: a cubic, by its four points.
    pub(crate) fn line_from(&self, other: &NodeBox, n: usize, inputs: usize) -> [[f64; 2]; 4] {
        let share = (n as f64 + 1.0) / (inputs as f64 + 1.0);
        let from = [other.corner[0] + other.size[0], other.corner[1] + other.size[1] / 2.0];
        let to = [self.corner[0], self.corner[1] + self.size[1] * share];
        let bend = ((to[0] - from[0]) / 2.0).max(20.0);
        [from, [from[0] + bend, from[1]], [to[0] - bend, to[1]], to]
    }
}

impl Layout {
    /// Rows are ordered by the middle of what each box is joined to, back and forth a few times.
    pub(crate) fn of(boxes: &[Box]) -> Layout {
        let mut places: Vec<NodeBox> = boxes.iter().map(NodeBox::of).collect();
        let (column, columns) = columns(boxes);
        let mut order: Vec<Vec<usize>> = vec![Vec::new(); columns];
        column.iter().enumerate().for_each(|(i, &column)| order[column].push(i));
        let mut row: Vec<f64> = vec![0.0; boxes.len()];
        let mut outputs: Vec<Vec<usize>> = vec![Vec::new(); boxes.len()];
        for (i, node) in boxes.iter().enumerate() {
            node.inputs.iter().for_each(|(input, _)| outputs[*input].push(i));
        }
        let number = |order: &[Vec<usize>], row: &mut [f64]| {
            for column in order {
                column.iter().enumerate().for_each(|(n, &i)| row[i] = n as f64 - column.len() as f64 / 2.0);
            }
        };
        number(&order, &mut row);
        for sweep in 0..6 {
            for column in &mut order {
                let middle = |i: usize| {
                    let inputs = boxes[i].inputs.iter().map(|(input, _)| *input).collect::<Vec<_>>();
                    let joined = if sweep % 2 == 0 { &outputs[i] } else { &inputs };
                    match joined.len() {
                        0 => row[i],
                        n => joined.iter().map(|&j| row[j]).sum::<f64>() / n as f64,
                    }
                };
                column.sort_by(|&a, &b| middle(a).total_cmp(&middle(b)).then(a.cmp(&b)));
            }
            number(&order, &mut row);
        }
        let (mut left, mut height) = (PADDING, 0f64);
        for column in &order {
            let widest = column.iter().map(|&i| places[i].size[0]).fold(0.0, f64::max);
            let mut top = PADDING;
            for &i in column {
                places[i].corner = [left + (widest - places[i].size[0]) / 2.0, top];
                top += places[i].size[1] + GAP[1];
            }
            height = height.max(top);
            left += widest + GAP[0];
        }
        for column in &order {
            // Centre each column on the tallest.
            let used = column.iter().map(|&i| places[i].size[1] + GAP[1]).sum::<f64>() + PADDING;
            column.iter().for_each(|&i| places[i].corner[1] += (height - used) / 2.0);
        }
        Layout { places, size: [left - GAP[0] + PADDING, height - GAP[1] + PADDING] }
    }
}

/// Each box's column, as far left of the last as its longest way there, and how many columns there are.
fn columns(boxes: &[Box]) -> (Vec<usize>, usize) {
    let mut back = vec![0usize; boxes.len()];
    for (i, node) in boxes.iter().enumerate().rev() {
        for (input, _) in &node.inputs {
            back[*input] = back[*input].max(back[i] + 1);
        }
    }
    let last = back.iter().copied().max().unwrap_or(0);
    (back.iter().map(|back| last - back).collect(), last + 1)
}
