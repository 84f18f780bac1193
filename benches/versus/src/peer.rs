//! The peer's side: Fidget's evaluators, the virtual machine and the JIT, on the same points.

use crate::points::Points;
use fidget::context::{Context, Tree};
use fidget::eval::{BulkEvaluator, Function, MathFunction};
use fidget::raster::{pixel, voxel};
use fidget::render::{RenderHints, ThreadPool};
use fidget::shape::{BoundShape, Shape, ShapeTape};
use fidget::types::Grad;
use std::ops::Range;

/// How many points one call evaluates: on S20, 128 to 1,024 made little difference to either (`--peer-block` tries).
pub const BLOCK: usize = 512;

type FloatTape<F> = ShapeTape<<<F as Function>::FloatSliceEval as BulkEvaluator>::Tape>;
type GradTape<F> = ShapeTape<<<F as Function>::GradSliceEval as BulkEvaluator>::Tape>;

/// A shape ready to be evaluated in bulk.
pub struct Peer<F: Function> {
    shape: Shape<F>,
    values: FloatTape<F>,
    gradients: GradTape<F>,
    block: usize,
}

impl<F: Function + MathFunction + RenderHints> Peer<F> {
    /// From a `.vm` text. Panics on one that Fidget does not read.
    pub fn from_text(text: &str, block: usize) -> Peer<F> {
        let (context, root) = Context::from_text(text.as_bytes()).expect("Fidget reads the text");
        Peer::of(Shape::new(&context, root).expect("the root is of the context"), block)
    }

    pub fn from_tree(tree: Tree, block: usize) -> Peer<F> {
        Peer::of(Shape::from(tree), block)
    }

    fn of(shape: Shape<F>, block: usize) -> Peer<F> {
        let values = shape.float_slice_tape(Default::default());
        let gradients = shape.grad_slice_tape(Default::default());
        Peer { shape, values, gradients, block }
    }

    /// Values at the points of a range, handed over in pieces with the index of the first.
    pub fn values(&self, points: &Points, range: Range<usize>, mut each: impl FnMut(usize, &[f32])) {
        let mut evaluator = Shape::<F>::new_float_slice_eval();
        for start in range.clone().step_by(self.block) {
            let end = (start + self.block).min(range.end);
            let [x, y, z] = std::array::from_fn(|axis| &points.space[axis][start..end]);
            each(start, evaluator.eval(&self.values, x, y, z).expect("a shape of x, y and z"));
        }
    }

    /// Values with three partial derivatives.
    pub fn gradients(&self, points: &Points, range: Range<usize>, mut each: impl FnMut(usize, &[Grad])) {
        let mut evaluator = Shape::<F>::new_grad_slice_eval();
        let mut seeds: [Vec<Grad>; 3] = Default::default();
        for start in range.clone().step_by(self.block) {
            let end = (start + self.block).min(range.end);
            for (axis, seeds) in seeds.iter_mut().enumerate() {
                let slope = |own: usize| if own == axis { 1.0 } else { 0.0 };
                let seed = |&v: &f32| Grad { v, dx: slope(0), dy: slope(1), dz: slope(2) };
                seeds.clear();
                seeds.extend(points.space[axis][start..end].iter().map(seed));
            }
            let [x, y, z] = &seeds;
            each(start, evaluator.eval(&self.gradients, x, y, z).expect("a shape of x, y and z"));
        }
    }

    /// A square picture of [−1, 1]² at z = 0: a distance for every pixel, or only inside and outside.
    pub fn picture(&self, side: usize, only_inside: bool, threads: usize) -> pixel::Image {
        let config = pixel::RenderConfig {
            pixel_perfect: !only_inside,
            ..pixel::RenderConfig::from_size((side as u32).into())
        };
        let threads = if threads == 1 { None } else { Some(&ThreadPool::Global) };
        let evaluation = pixel::EvalConfig { threads, ..Default::default() };
        let shape = BoundShape::try_from(self.shape.clone()).expect("a shape of x, y and z");
        pixel::render(shape, &config, &evaluation).expect("nobody cancels")
    }
}

impl<F: Function + MathFunction + RenderHints> Peer<F> {
    /// The shape in [−1, 1]³ as seen from z = 1: depths in as many steps as there are pixels, and normals.
    pub fn solid(&self, side: usize, threads: usize) -> voxel::Image {
        let config = voxel::RenderConfig::from_size((side as u32).into());
        let threads = if threads == 1 { None } else { Some(&ThreadPool::Global) };
        let evaluation = voxel::EvalConfig { threads, ..Default::default() };
        let shape = BoundShape::try_from(self.shape.clone()).expect("a shape of x, y and z");
        voxel::render(shape, &config, &evaluation).expect("nobody cancels")
    }
}

/// From a tree to the values of its first block.
pub fn first_block<F: Function + MathFunction>(tree: Tree) -> f32 {
    let shape = Shape::<F>::from(tree);
    let tape = shape.float_slice_tape(Default::default());
    let [x, y, z] = [[0.1; 16], [0.2; 16], [0.3; 16]];
    Shape::<F>::new_float_slice_eval().eval(&tape, &x, &y, &z).expect("a shape of x, y and z")[0]
}
