//! An output of a kernel: what a node of the graph and a line of a tape compute.

use super::{Columns, Derivative, Identity, Kernel, Shader};
use crate::number::Interval;
use std::ops::Deref;
use std::sync::Arc;

/// One of a kernel's outputs.
#[derive(Clone, Debug)]
pub struct Output {
    kernel: Arc<dyn Kernel>,
    number: usize,
}

// A kernel promises the same results whatever was computed before: a panic in one reading leaves nothing that another sees.
impl std::panic::UnwindSafe for Output {}
impl std::panic::RefUnwindSafe for Output {}

impl Deref for Output {
    type Target = Arc<dyn Kernel>;
    fn deref(&self) -> &Arc<dyn Kernel> {
        &self.kernel
    }
}

impl Output {
    /// An output of a kernel, by its number.
    pub fn new(kernel: Arc<dyn Kernel>, number: usize) -> Output {
        Output { kernel, number }
    }

    /// The same output of another kernel.
    pub(crate) fn of(&self, kernel: Arc<dyn Kernel>) -> Output {
        Output { kernel, number: self.number }
    }

    /// Which of the outputs.
    pub fn number(&self) -> usize {
        self.number
    }

    /// Whether both are outputs of one kernel, so that one walk serves both.
    pub fn is_beside(&self, other: &Output) -> bool {
        Arc::ptr_eq(&self.kernel, &other.kernel) || self.kernel_identity() == other.kernel_identity()
    }

    /// What the kernel is: by its content, or else its address, which the output keeps alive.
    pub(crate) fn kernel_identity(&self) -> Identity {
        let address = || Identity::of("address").and(Arc::as_ptr(&self.kernel) as *const () as usize as u128);
        self.kernel.identity().unwrap_or_else(address)
    }

    /// What it computes of its inputs.
    pub(crate) fn identity(&self) -> Identity {
        self.kernel_identity().and(self.number as u128)
    }

    /// The derivative in one input; none where that is 0.
    pub fn derivative(&self, input: usize) -> Option<Output> {
        match self.kernel.derivative(self.number, input) {
            Derivative::Zero => None,
            Derivative::Own(number) => Some(Output { kernel: self.kernel.clone(), number }),
            Derivative::Of(kernel, number) => Some(Output { kernel, number }),
        }
    }

    /// The value at the inputs.
    pub fn value(&self, inputs: &[f64]) -> f64 {
        self.kernel.value(self.number, inputs)
    }

    /// Bounds on the values over the inputs' intervals.
    pub fn bounds(&self, inputs: &[Interval]) -> Interval {
        self.kernel.bounds(self.number, inputs)
    }

    /// How a shader computes it, if one can.
    pub fn shader(&self) -> Option<Shader> {
        self.kernel.shader(self.number)
    }

    /// The value and the derivative in each input: by one walk, where the derivatives are outputs of the same kernel.
    pub fn value_with_gradient(&self, inputs: &[f64], gradient: &mut [f64]) -> f64 {
        let points = Columns::new(inputs, 1);
        let mut results = vec![0.0; 1 + inputs.len()];
        self.values_with_gradient(points, &mut results);
        gradient.copy_from_slice(&results[1..]);
        results[0]
    }

    /// The same at columns of points: a column of values, then one a derivative.
    pub(crate) fn values_with_gradient(&self, inputs: Columns<f64>, results: &mut [f64]) {
        self.with_gradient(inputs.len(), inputs.rows(), results, |kernel, outputs, into| {
            kernel.values(outputs, inputs, into)
        });
    }

    /// The same in `f32`.
    pub(crate) fn values_with_gradient_f32(&self, inputs: Columns<f32>, results: &mut [f32]) {
        self.with_gradient(inputs.len(), inputs.rows(), results, |kernel, outputs, into| {
            kernel.values_f32(outputs, inputs, into)
        });
    }

    fn with_gradient<T: Copy + Default>(
        &self,
        inputs: usize,
        rows: usize,
        results: &mut [T],
        run: impl Fn(&dyn Kernel, &[usize], &mut [T]),
    ) {
        // Own outputs are asked for together, and stand where they belong, or are copied there.
        let (mut own, mut places) = (vec![self.number], vec![0]);
        for input in 0..inputs {
            let column = &mut results[(1 + input) * rows..(2 + input) * rows];
            match self.kernel.derivative(self.number, input) {
                Derivative::Zero => column.fill(T::default()),
                Derivative::Own(number) => {
                    own.push(number);
                    places.push(1 + input);
                }
                Derivative::Of(kernel, number) => run(&*kernel, &[number], column),
            }
        }
        if own.len() == 1 + inputs {
            return run(&*self.kernel, &own, results);
        }
        let mut found = vec![T::default(); own.len() * rows];
        run(&*self.kernel, &own, &mut found);
        for (column, place) in found.chunks_exact(rows).zip(places) {
            results[place * rows..(place + 1) * rows].copy_from_slice(column);
        }
    }
}

/// Adds what derivatives, output after output, send back to each input.
pub(super) fn send_to_inputs(
    derivatives: Vec<Derivative>,
    inputs: Columns<f64>,
    adjoints: Columns<f64>,
    to_inputs: &mut [f64],
    own_values: impl Fn(&[usize], &mut [f64]),
) {
    let rows = inputs.rows();
    let own = derivatives.iter().filter_map(|derivative| match derivative {
        Derivative::Own(number) => Some(*number),
        _ => None,
    });
    let mut own: Vec<usize> = own.collect();
    own.sort_unstable();
    own.dedup();
    let mut owned = vec![0.0; own.len() * rows];
    if !own.is_empty() {
        own_values(&own, &mut owned);
    }
    let mut column = vec![0.0; rows];
    for (n, derivative) in derivatives.iter().enumerate() {
        let (output, input) = (n / inputs.len(), n % inputs.len());
        match derivative {
            Derivative::Zero => continue,
            Derivative::Own(number) => {
                let place = own.iter().position(|other| other == number).expect("it is among them");
                column.copy_from_slice(&owned[place * rows..(place + 1) * rows]);
            }
            Derivative::Of(kernel, number) => kernel.values(&[*number], inputs, &mut column),
        }
        let sums = &mut to_inputs[input * rows..(input + 1) * rows];
        for ((sum, &slope), &adjoint) in sums.iter_mut().zip(&column).zip(adjoints.column(output)) {
            // An output that counts for nothing sends nothing, however steep it is.
            *sum += if adjoint == 0.0 { 0.0 } else { adjoint * slope };
        }
    }
}

/// Adds the weights' adjoints by central differences.
pub(super) fn send_to_weights(
    mut weights: Vec<f64>,
    to_weights: &mut [f64],
    values: impl Fn(&[f64], &mut [f64]),
    adjoints: Columns<f64>,
) {
    let mut sides = [0, 1].map(|_| vec![0.0; adjoints.all().len()]);
    for (n, sum) in to_weights.iter_mut().enumerate() {
        let (own, step) = (weights[n], 6e-6 * (1.0 + weights[n].abs()));
        for (side, moved) in sides.iter_mut().zip([own - step, own + step]) {
            weights[n] = moved;
            values(&weights, side);
        }
        weights[n] = own;
        let [below, above] = &sides;
        let pairs = below.iter().zip(above).zip(adjoints.all());
        *sum += pairs.map(|((below, above), adjoint)| adjoint * (above - below)).sum::<f64>() / (2.0 * step);
    }
}
