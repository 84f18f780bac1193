//! The swept volume: a kernel that finds the least of a field over a span of time.
//!
//! With τ the time of the least, the value is f(x, y, z, τ). By the envelope theorem its derivative in x is f_x at τ:
//! either f_t is 0 there, or τ is at an end of the span and does not move. Where τ is at a kink of f in time, an edge
//! passing by, it moves with the kink, and the derivative is that mean of those on its two sides whose f_t is 0
//! ([`derivative`]).
//!
//! Which times may be the least's is found over boxes of space and spans of time, by bounds that hold across kinks and
//! jumps ([`spans`]); then columns of points search those spans together ([`search`]). A box of a picture keeps the spans
//! that are left for it: that is what is left of a sweep when it is pruned.

mod derivative;
mod moving;
mod search;
mod shader;
mod spans;

use crate::error::{Error, Result};
use crate::field::{Axis, Field, Kind, Listing};
use crate::number::{Columns, Derivative, Identity, Interval, Kernel, Shader};
use derivative::{multi_index, output_of};
use moving::Moving;
use search::{Minimum, SearchPrecision};
use spans::{Span, SweepBox};
use std::fmt;
use std::sync::Arc;

/// The least of `shape` over the times from `t0` to `t1`.
pub(super) fn swept(shape: &Field, t0: Field, t1: Field) -> Field {
    if !shape.depends_on(Axis::T) || shape.check().is_err() {
        return shape.clone();
    }
    match Sweep::of(shape) {
        Ok((sweep, parameters)) => {
            let place = Axis::ALL[..3].iter().map(|&axis| Field::coordinate(axis));
            let inputs = place.chain([t0, t1]).chain(parameters);
            let swept = crate::field::kernel(Arc::new(sweep), inputs);
            match shape.material() {
                Some(material) => swept.painted(material.clone()),
                None => swept,
            }
        }
        Err(error) => shape.with_error(error),
    }
}

/// How deep swept volumes may be nested: each searches for every step of the search around it.
const MAX_DEPTH: usize = 3;

/// About how many times a search looks at.
const LOOKS: usize = 24;

/// The inputs are x, y, z, t0, t1, and the shape's parameters.
const T0: usize = 3;
const T1: usize = 4;
const PARAMETERS: usize = 5;

/// The least of a moving shape over a span of time. Output 0 is the value; the others are derivatives, of every order
/// in each input, numbered by [`output_of`].
pub(super) struct Sweep {
    shape: Arc<Moving>,
    /// The spans of time in which the least is, where the inputs are within a box.
    left: Option<Arc<[Span]>>,
}

impl fmt::Debug for Sweep {
    fn fmt(&self, f: &mut fmt::Formatter) -> fmt::Result {
        write!(f, "Sweep({:?}", self.shape.field)?;
        match &self.left {
            Some(left) => write!(f, " over {left:?})"),
            None => write!(f, ")"),
        }
    }
}

impl Sweep {
    /// The field whose least it is.
    pub(super) fn field(&self) -> &Field {
        &self.shape.field
    }

    /// The sweep of a field, and the fields that its inputs behind the times are.
    pub(super) fn of(shape: &Field) -> Result<(Sweep, Vec<Field>)> {
        let parameters = shape.parameters()?;
        let depth = kernel_depth(shape);
        if depth >= MAX_DEPTH {
            return Err(Error::Unsupported(format!(
                "swept volumes can be nested {MAX_DEPTH} deep, and no deeper"
            )));
        }
        let shape = Arc::new(Moving::of(shape, &parameters, depth)?);
        Ok((Sweep { shape, left: None }, parameters.iter().map(Field::of_parameter).collect()))
    }

    /// How many inputs there are.
    fn arity(&self) -> usize {
        PARAMETERS + self.shape.parameters.len()
    }

    /// Outputs where the least was found, a row a point.
    fn fill<T: Copy>(
        &self,
        outputs: &[usize],
        inputs: &Columns<f64>,
        found: &[Minimum],
        results: &mut [T],
        narrow: impl Fn(f64) -> T,
        precision: SearchPrecision,
    ) {
        let rows = inputs.rows();
        let first: Vec<usize> =
            outputs.iter().filter(|&&output| 0 < output && output <= self.arity()).map(|&o| o - 1).collect();
        let slopes = match first.is_empty() {
            true => Vec::new(),
            false => self.shape.slopes_at(&first, inputs, found, precision),
        };
        let mut slopes = slopes.chunks_exact(rows);
        for (&output, column) in outputs.iter().zip(results.chunks_exact_mut(rows)) {
            if output == 0 {
                column.iter_mut().zip(found).for_each(|(result, found)| *result = narrow(found.value));
            } else if output <= self.arity() {
                let slopes = slopes.next().expect("a column for each of the first order");
                column.iter_mut().zip(slopes).for_each(|(result, &slope)| *result = narrow(slope));
            } else {
                let order = multi_index(output, self.arity());
                let higher = self.shape.higher(&order);
                let mut point = Vec::new();
                for (row, (result, found)) in column.iter_mut().zip(found).enumerate() {
                    inputs.copy_row(row, &mut point);
                    *result = narrow(higher.at(&point, found));
                }
            }
        }
    }
}

impl Kernel for Sweep {
    fn name(&self) -> &str {
        "sweep"
    }

    fn identity(&self) -> Option<Identity> {
        let whole = Identity::of("sweep").and(self.shape.field.key().word());
        let ends = self.left.iter().flat_map(|left| left.iter()).flat_map(|span| [span.from, span.to]);
        Some(ends.fold(whole, |identity, end| identity.and(u128::from(end.to_bits()))))
    }

    fn depth(&self) -> usize {
        self.shape.depth + 1
    }

    fn cost(&self) -> usize {
        LOOKS * self.shape.value_and_speed.cost()
    }

    fn value(&self, output: usize, inputs: &[f64]) -> f64 {
        let mut result = [0.0];
        self.values(&[output], Columns::new(inputs, 1), &mut result);
        result[0]
    }

    fn values(&self, outputs: &[usize], inputs: Columns<f64>, results: &mut [f64]) {
        let (mut point, rows) = (Vec::new(), inputs.rows());
        let mut result = vec![0.0; outputs.len()];
        // Each point by itself: the spans found for it are the tightest.
        for row in 0..rows {
            inputs.copy_row(row, &mut point);
            let own = Columns::new(&point, 1);
            let found = self.shape.search(&own, self.left.as_deref(), SearchPrecision::Double);
            self.fill(outputs, &own, &found, &mut result, |value| value, SearchPrecision::Double);
            result.iter().enumerate().for_each(|(n, &value)| results[n * rows + row] = value);
        }
    }

    fn values_f32(&self, outputs: &[usize], inputs: Columns<f32>, results: &mut [f32]) {
        let wide: Vec<f64> = inputs.all().iter().map(|&value| f64::from(value)).collect();
        let inputs = Columns::new(&wide, inputs.rows());
        let found = self.shape.search(&inputs, self.left.as_deref(), SearchPrecision::Single);
        self.fill(outputs, &inputs, &found, results, |value| value as f32, SearchPrecision::Single);
    }

    fn bounds(&self, output: usize, inputs: &[Interval]) -> Interval {
        let over = SweepBox::of(inputs);
        if output == 0 {
            let (mut value, mut slope) = ([Interval::WHOLE], [Interval::WHOLE]);
            let still = vec![Interval::point(0.0); inputs.len()];
            self.shape.rises(self.left.as_deref(), inputs, &still, 1, &mut value, &mut slope);
            return value[0];
        }
        let spans = self.shape.spans(&over, self.left.as_deref());
        self.shape.bounds_of_derivative(&multi_index(output, self.arity()), &over, &spans)
    }

    fn bounds_over(&self, output: usize, boxes: Columns<Interval>, results: &mut [Interval]) {
        if output == 0 {
            let still = vec![Interval::point(0.0); boxes.all().len()];
            let mut slopes = vec![Interval::WHOLE; boxes.rows()];
            return self.shape.rises(
                self.left.as_deref(),
                boxes.all(),
                &still,
                boxes.rows(),
                results,
                &mut slopes,
            );
        }
        let mut inputs = Vec::new();
        for (row, result) in results.iter_mut().enumerate() {
            boxes.copy_row(row, &mut inputs);
            *result = self.bounds(output, &inputs);
        }
    }

    /// The least of functions none of which is steeper than a bound is no steeper, whether or not they jump in time.
    fn rises_over(
        &self,
        output: usize,
        boxes: Columns<Interval>,
        rises: Columns<Interval>,
        values: &mut [Interval],
        slopes: &mut [Interval],
    ) {
        if output == 0 {
            return self.shape.rises(
                self.left.as_deref(),
                boxes.all(),
                rises.all(),
                boxes.rows(),
                values,
                slopes,
            );
        }
        self.bounds_over(output, boxes, values);
        // Where the time of the least jumps, so do derivatives.
        let is_still = |row: usize| (0..rises.len()).all(|i| rises.column(i)[row] == Interval::point(0.0));
        for (row, slope) in slopes.iter_mut().enumerate() {
            *slope = if is_still(row) { Interval::point(0.0) } else { Interval::WHOLE };
        }
    }

    fn derivative(&self, output: usize, input: usize) -> Derivative {
        let mut order = multi_index(output, self.arity());
        order.push(input);
        order.sort_unstable();
        match output_of(&order, self.arity()) {
            Some(number) => Derivative::Own(number),
            None => Derivative::Zero, // of an order that nobody can ask for: it took the graph of all those before it
        }
    }

    fn shader(&self, output: usize) -> Option<Shader> {
        shader::shader(&self.shape, &multi_index(output, self.arity()))
    }

    fn pruned(&self, inputs: &[Interval]) -> Option<Arc<dyn Kernel>> {
        let left = self.shape.prune(&SweepBox::of(inputs), self.left.as_deref())?;
        Some(Arc::new(Sweep { shape: self.shape.clone(), left: Some(left.into()) }))
    }
}

/// How deep the kernels of a field are nested; 0 if it has none.
fn kernel_depth(field: &Field) -> usize {
    let nodes = Listing::of(std::slice::from_ref(field)).nodes;
    let depths = nodes.iter().filter_map(|node| match node.kind() {
        Kind::Kernel(output) => Some(output.depth()),
        _ => None,
    });
    depths.max().unwrap_or(0)
}
