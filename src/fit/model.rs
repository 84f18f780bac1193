//! Least squares near a place: what residuals and their derivatives there say about steps.

use nalgebra::{Cholesky, DMatrix, DVector};

/// How a model keeps the derivatives it is given.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Factor {
    /// As the triangle of a QR factorisation, made block by block by reflections (Lawson and Hanson 1974): for all
    /// digits.
    #[default]
    Triangle,
    /// As the products JᵀJ and Jᵀr: half the digits, several times as fast, and each row only where it is not 0.
    Normal,
}

/// ½‖r + Jp‖² as a function of steps p: residuals r and their derivatives J at a place, however many, in the room of a
/// square matrix of the unknowns.
#[derive(Clone, Debug)]
pub struct Model {
    factor: Factor,
    /// The triangle, or the lower half of JᵀJ.
    matrix: DMatrix<f64>,
    /// Qᵀr, or Jᵀr.
    vector: DVector<f64>,
    /// Rows that are not in the triangle yet: J and r beside it.
    waiting: Vec<f64>,
}

/// How many rows are brought into a triangle together, in multiples of the unknowns.
const ROWS: usize = 4;

impl Model {
    /// A model of so many unknowns, and no residuals yet.
    pub fn new(unknowns: usize, factor: Factor) -> Model {
        let (matrix, vector) = (DMatrix::zeros(unknowns, unknowns), DVector::zeros(unknowns));
        Model { factor, matrix, vector, waiting: Vec::new() }
    }

    /// How many unknowns there are.
    pub fn unknowns(&self) -> usize {
        self.vector.len()
    }

    /// How derivatives are kept.
    pub fn factor(&self) -> Factor {
        self.factor
    }

    /// Forgets all residuals.
    pub fn clear(&mut self) {
        self.matrix.fill(0.0);
        self.vector.fill(0.0);
        self.waiting.clear();
    }

    /// Adds a residual and its derivative in each unknown. Panics if their number is another.
    pub fn add(&mut self, residual: f64, row: &[f64]) {
        let n = self.unknowns();
        assert_eq!(row.len(), n, "a derivative in each unknown");
        match self.factor {
            Factor::Triangle => {
                self.waiting.extend_from_slice(row);
                self.waiting.push(residual);
                if self.waiting.len() >= (ROWS * n).max(64) * (n + 1) {
                    self.settle();
                }
            }
            Factor::Normal => {
                for j in (0..n).filter(|&j| row[j] != 0.0) {
                    self.vector[j] += residual * row[j];
                    let mut column = self.matrix.column_mut(j);
                    for i in j..n {
                        column[i] += row[i] * row[j];
                    }
                }
            }
        }
    }

    /// Adds what several residuals make of some of the unknowns: the lower half of their JᵀJ, column by column, and
    /// Jᵀr. Panics if the model is a triangle.
    pub(super) fn add_products(&mut self, unknowns: &[usize], squares: &DMatrix<f64>, slopes: &[f64]) {
        assert_eq!(self.factor, Factor::Normal, "products are of normal equations");
        for (j, &to) in unknowns.iter().enumerate() {
            self.vector[to] += slopes[j];
            for (i, &from) in unknowns.iter().enumerate().skip(j) {
                self.matrix[(from.max(to), from.min(to))] += squares[(i, j)];
            }
        }
    }

    /// Adds the residuals of another model. Panics if either is a triangle, or their unknowns are not as many.
    pub(super) fn join(&mut self, other: &Model) {
        assert_eq!(
            (self.factor, other.factor),
            (Factor::Normal, Factor::Normal),
            "sums are of normal equations"
        );
        self.matrix += &other.matrix;
        self.vector += &other.vector;
    }

    /// Brings the rows that wait into the triangle.
    fn settle(&mut self) {
        let n = self.unknowns();
        let rows = self.waiting.len() / (n + 1);
        if rows == 0 {
            return;
        }
        let mut stacked = DMatrix::zeros(n + rows, n + 1);
        for j in 0..n {
            stacked.view_mut((0, j), (j + 1, 1)).copy_from(&self.matrix.view((0, j), (j + 1, 1)));
        }
        stacked.view_mut((0, n), (n, 1)).copy_from(&self.vector);
        for (i, row) in self.waiting.chunks_exact(n + 1).enumerate() {
            for (j, &value) in row.iter().enumerate() {
                stacked[(n + i, j)] = value;
            }
        }
        self.waiting.clear();
        triangulate(&mut stacked, n);
        for j in 0..n {
            self.matrix.view_mut((0, j), (j + 1, 1)).copy_from(&stacked.view((0, j), (j + 1, 1)));
        }
        self.vector.copy_from(&stacked.view((0, n), (n, 1)));
    }

    /// The derivative of ½‖r‖² in each unknown, Jᵀr.
    pub fn gradient(&mut self) -> Vec<f64> {
        self.settle();
        match self.factor {
            Factor::Triangle => self.matrix.tr_mul(&self.vector).as_slice().to_vec(),
            Factor::Normal => self.vector.as_slice().to_vec(),
        }
    }

    /// The length of each unknown's column of J.
    pub fn lengths(&mut self) -> Vec<f64> {
        self.settle();
        match self.factor {
            Factor::Triangle => self.matrix.column_iter().map(|column| column.norm()).collect(),
            Factor::Normal => self.matrix.diagonal().iter().map(|square| square.max(0.0).sqrt()).collect(),
        }
    }

    /// How much smaller ½‖r + Jp‖² is than ½‖r‖².
    pub fn reduction(&mut self, step: &[f64]) -> f64 {
        self.settle();
        let step = DVector::from_column_slice(step);
        match self.factor {
            Factor::Triangle => {
                let moved = &self.matrix * &step;
                -moved.dot(&self.vector) - 0.5 * moved.norm_squared()
            }
            Factor::Normal => -self.vector.dot(&step) - 0.5 * self.symmetric_product(&step).dot(&step),
        }
    }

    fn symmetric_product(&self, step: &DVector<f64>) -> DVector<f64> {
        let mut product = DVector::zeros(step.len());
        product.sygemv(1.0, &self.matrix, step, 0.0);
        product
    }

    /// The step that makes ½‖r + Jp‖² + ½·damping·‖scales·p‖² least, over the unknowns that are free; the others make
    /// the steps that `step` has for them. Nothing, where that is not determined.
    pub(super) fn solve(
        &mut self,
        step: &mut [f64],
        free: &[usize],
        scales: &[f64],
        damping: f64,
    ) -> Option<()> {
        self.settle();
        let n = self.unknowns();
        let mut others = DVector::from_column_slice(step);
        free.iter().for_each(|&j| others[j] = 0.0);
        let moves = others.iter().any(|&part| part != 0.0);
        let count = free.len();
        let solved = match self.factor {
            Factor::Triangle => {
                let own = if moves { &self.vector + &self.matrix * &others } else { self.vector.clone() };
                let mut stacked = DMatrix::zeros(n + count, count + 1);
                for (i, &j) in free.iter().enumerate() {
                    stacked.view_mut((0, i), (n, 1)).copy_from(&self.matrix.column(j));
                    stacked[(n + i, i)] = damping.sqrt() * scales[j];
                }
                stacked.view_mut((0, count), (n, 1)).copy_from(&-own);
                triangulate(&mut stacked, count);
                let right = stacked.view((0, count), (count, 1)).clone_owned();
                stacked.view((0, 0), (count, count)).solve_upper_triangular(&right)?
            }
            Factor::Normal => {
                let slopes = match moves {
                    true => &self.vector + self.symmetric_product(&others),
                    false => self.vector.clone(),
                };
                let square = DMatrix::from_fn(count, count, |i, j| {
                    let (i, j) = (free[i].max(free[j]), free[i].min(free[j]));
                    let own = self.matrix[(i, j)];
                    if i == j { own + damping * scales[i] * scales[i] } else { own }
                });
                let right = DMatrix::from_fn(count, 1, |i, _| -slopes[free[i]]);
                Cholesky::new(square)?.solve(&right)
            }
        };
        if solved.iter().any(|part| !part.is_finite()) {
            return None;
        }
        free.iter().zip(solved.iter()).for_each(|(&j, &part)| step[j] = part);
        Some(())
    }

    /// What (JᵀJ + damping·scales²)⁻¹ makes of the negative of a vector, over the unknowns that are free; 0 in the
    /// others. Nothing, where that is not determined.
    pub(super) fn solve_for(
        &mut self,
        vector: &[f64],
        free: &[usize],
        scales: &[f64],
        damping: f64,
    ) -> Option<Vec<f64>> {
        self.settle();
        let (n, count) = (self.unknowns(), free.len());
        let right = DVector::from_fn(count, |i, _| -vector[free[i]]);
        let solved = match self.factor {
            Factor::Triangle => {
                let mut stacked = DMatrix::zeros(n + count, count);
                for (i, &j) in free.iter().enumerate() {
                    stacked.view_mut((0, i), (n, 1)).copy_from(&self.matrix.column(j));
                    stacked[(n + i, i)] = damping.sqrt() * scales[j];
                }
                triangulate(&mut stacked, count);
                let triangle = stacked.view((0, 0), (count, count));
                triangle.solve_upper_triangular(&triangle.tr_solve_upper_triangular(&right)?)?
            }
            Factor::Normal => {
                let square = DMatrix::from_fn(count, count, |i, j| {
                    let (i, j) = (free[i].max(free[j]), free[i].min(free[j]));
                    let own = self.matrix[(i, j)];
                    if i == j { own + damping * scales[i] * scales[i] } else { own }
                });
                Cholesky::new(square)?.solve(&right)
            }
        };
        let mut all = vec![0.0; n];
        free.iter().zip(solved.iter()).for_each(|(&j, &part)| all[j] = part);
        all.iter().all(|part| part.is_finite()).then_some(all)
    }

    /// The inverse of JᵀJ, or nothing where it has none: times the residuals' variance, how uncertain the unknowns are.
    pub fn covariance(&mut self) -> Option<DMatrix<f64>> {
        self.settle();
        let n = self.unknowns();
        match self.factor {
            Factor::Triangle => {
                let inverse = self.matrix.solve_upper_triangular(&DMatrix::identity(n, n))?;
                Some(&inverse * inverse.transpose())
            }
            Factor::Normal => Some(Cholesky::new(self.matrix.clone())?.inverse()),
        }
    }
}

/// Makes the first columns of a matrix upper triangular by reflections, which move the columns behind them along.
fn triangulate(matrix: &mut DMatrix<f64>, columns: usize) {
    let rows = matrix.nrows();
    for k in 0..columns.min(rows) {
        let (left, right) = matrix.as_mut_slice().split_at_mut((k + 1) * rows);
        let axis = &mut left[k * rows + k..];
        let largest = axis.iter().fold(0.0, |most: f64, x| most.max(x.abs()));
        if largest == 0.0 || !largest.is_finite() {
            continue;
        }
        let length = largest * axis.iter().map(|x| (x / largest).powi(2)).sum::<f64>().sqrt();
        let to = if axis[0] > 0.0 { -length } else { length };
        // The axis, divided so that its first part is 1.
        let first = axis[0] - to;
        axis[1..].iter_mut().for_each(|x| *x /= first);
        let factor = -first / to;
        axis[0] = 1.0;
        for column in right.chunks_exact_mut(rows) {
            let column = &mut column[k..];
            let along: f64 = axis.iter().zip(column.iter()).map(|(a, b)| a * b).sum();
            column.iter_mut().zip(axis.iter()).for_each(|(b, a)| *b -= factor * along * a);
        }
        axis.fill(0.0);
        axis[0] = to;
    }
}
