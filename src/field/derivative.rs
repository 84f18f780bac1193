//! Derivatives in space and time: as fields, and at a point.

use super::run::run;
use super::{Axis, Field, Parameter, Vector, if_less, length};
use crate::error::{Error, Result};
use crate::number::{Dual, Interval};

/// # Derivatives in space and time
///
/// As fields, and at one point; all exact.
impl Field {
    /// The derivative along one axis, as a field.
    pub fn derivative(&self, axis: Axis) -> Field {
        match on_duals(self, [axis]) {
            Ok(Dual { slope: [slope], .. }) => slope,
            Err(error) => self.with_error(error),
        }
    }

    /// The derivative in x.
    pub fn dx(&self) -> Field {
        self.derivative(Axis::X)
    }
    /// The derivative in y.
    pub fn dy(&self) -> Field {
        self.derivative(Axis::Y)
    }
    /// The derivative in z.
    pub fn dz(&self) -> Field {
        self.derivative(Axis::Z)
    }
    /// The derivative in t.
    pub fn dt(&self) -> Field {
        self.derivative(Axis::T)
    }

    /// ∇f in (x, y, z, t), as fields: the graph run on `Dual<Field>`.
    pub fn gradient(&self) -> [Field; 4] {
        match on_duals(self, Axis::ALL) {
            Ok(dual) => dual.slope,
            Err(error) => std::array::from_fn(|_| self.with_error(error.clone())),
        }
    }

    /// ∇ₓf in (x, y, z), as a vector field: the direction in which f grows fastest in space, as long as it is steep.
    ///
    /// ```
    /// use fieldgrad::prelude::*;
    ///
    /// let normal = torus(1.0, 0.25).spatial_gradient().normalize();
    /// assert_eq!(normal.value_at([1.25, 0.0, 0.0, 0.0])?, [1.0, 0.0, 0.0]);
    /// # Ok::<(), fieldgrad::Error>(())
    /// ```
    pub fn spatial_gradient(&self) -> Vector<3> {
        match on_duals(self, [Axis::X, Axis::Y, Axis::Z]) {
            Ok(dual) => Vector(dual.slope),
            Err(error) => Vector(std::array::from_fn(|_| self.with_error(error.clone()))),
        }
    }

    /// The Laplacian in space, f_xx + f_yy + f_zz: 2/r at the distance r from the middle of a ball.
    pub fn laplacian(&self) -> Field {
        self.spatial_gradient().divergence()
    }

    /// The second derivatives, as fields. Row i is the gradient of the derivative along axis i.
    pub fn hessian(&self) -> [[Field; 4]; 4] {
        self.gradient().map(|slope| slope.gradient())
    }

    /// How fast the surface moves along its normal, −f_t/|∇ₓf|: positive where the solid grows. 0 where ∇ₓf is 0.
    pub fn normal_speed(&self) -> Field {
        let [fx, fy, fz, ft] = self.gradient();
        let steepness = length([fx, fy, fz]);
        positive(&steepness, -ft / &steepness)
    }

    /// The mean curvature of the level surface through each point, ½ div(∇f/|∇f|): 1/r on a sphere of radius r.
    /// 0 where ∇ₓf is 0.
    pub fn mean_curvature(&self) -> Field {
        let (g, h) = self.space_derivatives();
        let square = &g[0] * &g[0] + &g[1] * &g[1] + &g[2] * &g[2];
        let trace = &h[0][0] + &h[1][1] + &h[2][2];
        let mut along = Field::constant(0.0);
        for i in 0..3 {
            for j in 0..3 {
                along += &g[i] * &h[i][j] * &g[j];
            }
        }
        let cube = &square * square.sqrt();
        positive(&cube, (trace * &square - along) / (2.0 * &cube))
    }

    /// The Gaussian curvature of the level surface through each point: 1/r² on a sphere of radius r. 0 where ∇ₓf is 0.
    pub fn gaussian_curvature(&self) -> Field {
        let (g, h) = self.space_derivatives();
        let square = &g[0] * &g[0] + &g[1] * &g[1] + &g[2] * &g[2];
        let mut along = Field::constant(0.0);
        for i in 0..3 {
            for j in 0..3 {
                // The cofactor of h[i][j], with its sign, from the cyclic order of the indices.
                let ((i1, i2), (j1, j2)) = (((i + 1) % 3, (i + 2) % 3), ((j + 1) % 3, (j + 2) % 3));
                let cofactor = &h[i1][j1] * &h[i2][j2] - &h[i1][j2] * &h[i2][j1];
                along += &g[i] * cofactor * &g[j];
            }
        }
        let fourth = square.square();
        positive(&fourth, along / &fourth)
    }

    fn space_derivatives(&self) -> ([Field; 3], [[Field; 3]; 3]) {
        let [x, y, z, _] = self.gradient();
        let g = [x, y, z];
        let h = [0, 1, 2].map(|i| {
            let [x, y, z, _] = g[i].gradient();
            [x, y, z]
        });
        (g, h)
    }

    /// ∇f in (x, y, z, t) at a point.
    ///
    /// It goes through the graph anew at each call: for more than a few points make a tape once, and read that
    /// ([`Tape::eval`](crate::tape::Tape::eval), of [`Field::gradient_tape`]).
    pub fn gradient_at(&self, at: [f64; 4]) -> Result<[f64; 4]> {
        Ok(self.value_with_gradient_at(at)?.slope)
    }

    /// The value and ∇f at a point.
    ///
    /// It goes through the graph anew at each call: for more than a few points make a tape once, and read that
    /// ([`Tape::eval`](crate::tape::Tape::eval), of [`Field::gradient_tape`]).
    pub fn value_with_gradient_at(&self, at: [f64; 4]) -> Result<Dual<f64>> {
        self.run(Dual::variables(at))
    }

    /// The symmetric matrix of second derivatives at a point.
    ///
    /// It goes through the graph anew at each call: for more than a few points make a tape once, and read that
    /// ([`Tape::eval`](crate::tape::Tape::eval), of [`Field::tape_of`] [`Reading::Hessian`](crate::tape::Reading::Hessian)).
    pub fn hessian_at(&self, at: [f64; 4]) -> Result<[[f64; 4]; 4]> {
        let dual: Dual<Dual<f64>> = self.run(Dual::variables(Dual::variables(at)))?;
        Ok(dual.slope.map(|row| row.slope))
    }

    /// Bounds on the value and on ∇f over a box of space and time.
    pub fn gradient_bound_over(&self, over: [Interval; 4]) -> Result<Dual<Interval>> {
        self.run(Dual::variables(over))
    }
}

impl<const N: usize> Vector<N> {
    /// The derivative of every component along one axis: along t, the velocity of a moving point.
    pub fn derivative(&self, axis: Axis) -> Vector<N> {
        Vector(self.0.each_ref().map(|part| part.derivative(axis)))
    }

    /// The derivatives in space. Row i holds those of component i, in x, y and z.
    ///
    /// ```
    /// use fieldgrad::prelude::*;
    ///
    /// let rows = Vector([x() * y(), z(), t()]).jacobian();
    /// assert_eq!(rows[0], [y(), x(), 0.into()]);
    /// ```
    pub fn jacobian(&self) -> [[Field; 3]; N] {
        self.0.each_ref().map(|part| part.spatial_gradient().0)
    }
}

impl Vector<3> {
    /// The divergence, how much more flows out of a place than into it: u_x + v_y + w_z of (u, v, w).
    ///
    /// ```
    /// use fieldgrad::prelude::*;
    ///
    /// assert_eq!(Vector([x(), y(), z()]).divergence().as_constant(), Some(3.0));
    /// ```
    pub fn divergence(&self) -> Field {
        let [u, v, w] = &self.0;
        u.dx() + v.dy() + w.dz()
    }

    /// The curl, twice the angular velocity of what is carried along: (w_y − v_z, u_z − w_x, v_x − u_y) of (u, v, w).
    ///
    /// ```
    /// use fieldgrad::prelude::*;
    ///
    /// let around = Vector([-y(), x(), 0.into()]); // counterclockwise about the z axis, a radian a second
    /// assert_eq!(around.curl().as_constants(), Some([0.0, 0.0, 2.0]));
    /// ```
    pub fn curl(&self) -> Vector<3> {
        let [[_, uy, uz], [vx, _, vz], [wx, wy, _]] = self.jacobian();
        Vector([wy - vz, uz - wx, vx - uy])
    }
}

/// `quotient` where its divisor is above 0, else 0.
pub(super) fn positive(divisor: &Field, quotient: Field) -> Field {
    if_less(0.0, divisor, quotient, 0.0)
}

/// The most evaluations of a node a field may take to be derived as a field: each makes some ten nodes.
pub(crate) const MAX_DERIVED: usize = 150_000;

impl Field {
    /// An error if the field is too large for its derivatives to be fields. It costs next to nothing.
    pub(crate) fn check_derivable(&self) -> Result<()> {
        self.check_size(MAX_DERIVED).map_err(|_| {
            Error::Unsupported(format!(
                "{} takes more than {MAX_DERIVED} operations at each point, too many for its derivatives to be \
                 written out",
                self.title()
            ))
        })
    }
}

/// The field with its partial derivatives along some axes.
fn on_duals<const N: usize>(field: &Field, axes: [Axis; N]) -> Result<Dual<Field, N>> {
    field.check()?;
    field.check_derivable()?;
    let at = Axis::ALL.map(|axis| {
        let slope = axes.map(|along| Field::constant(if along == axis { 1.0 } else { 0.0 }));
        Dual { value: Field::coordinate(axis), slope }
    });
    let parameter = |parameter: &Parameter| Dual::fixed(Field::parameter(parameter.clone()));
    Ok(run(std::slice::from_ref(field), at, parameter, |_, _| ())?.swap_remove(0))
}
