//! How a surface moves and bends at a point, as numbers. Uses fields.

use crate::error::Result;
use crate::field::Field;

/// # Motion and curvature of the surface at a point
impl Field {
    /// How fast the surface through a point moves along its normal, −f_t/|∇ₓf|: [`Field::normal_speed`] as a number.
    /// 0 where ∇ₓf is 0.
    ///
    /// It goes through the graph anew at each call: for more than a few points make a tape once, and read that
    /// ([`Tape::eval`](crate::tape::Tape::eval), of the field [`Field::normal_speed`]).
    pub fn normal_speed_at(&self, at: [f64; 4]) -> Result<f64> {
        let [fx, fy, fz, ft] = self.gradient_at(at)?;
        let steepness = (fx * fx + fy * fy + fz * fz).sqrt();
        Ok(if steepness > 0.0 { -ft / steepness } else { 0.0 })
    }

    /// The velocity of the surface through a point, along its normal: −f_t ∇ₓf/|∇ₓf|². How points slide within the
    /// surface a field does not say. 0 where ∇ₓf is 0.
    ///
    /// It goes through the graph anew at each call: for more than a few points make a tape once, and read that
    /// ([`Tape::eval`](crate::tape::Tape::eval), of [`Field::gradient_tape`]).
    pub fn normal_velocity_at(&self, at: [f64; 4]) -> Result<[f64; 3]> {
        let [fx, fy, fz, ft] = self.gradient_at(at)?;
        let square = fx * fx + fy * fy + fz * fz;
        Ok([fx, fy, fz].map(|slope| if square > 0.0 { -ft * slope / square } else { 0.0 }))
    }

    /// The mean curvature of the level surface through a point: [`Field::mean_curvature`] as a number, 1/r on a sphere.
    /// 0 where ∇ₓf is 0.
    ///
    /// It goes through the graph anew at each call: for more than a few points make a tape once, and read that
    /// ([`Tape::eval`](crate::tape::Tape::eval), of the field [`Field::mean_curvature`]).
    pub fn mean_curvature_at(&self, at: [f64; 4]) -> Result<f64> {
        let (g, h) = self.space_derivatives_at(at)?;
        let square: f64 = g.iter().map(|v| v * v).sum();
        let along: f64 = (0..9).map(|n| g[n / 3] * h[n / 3][n % 3] * g[n % 3]).sum();
        let trace = h[0][0] + h[1][1] + h[2][2];
        let cube = square * square.sqrt();
        Ok(if cube > 0.0 { (trace * square - along) / (2.0 * cube) } else { 0.0 })
    }

    /// The Gaussian curvature of the level surface through a point: [`Field::gaussian_curvature`] as a number, 1/r² on
    /// a sphere. 0 where ∇ₓf is 0.
    ///
    /// It goes through the graph anew at each call: for more than a few points make a tape once, and read that
    /// ([`Tape::eval`](crate::tape::Tape::eval), of the field [`Field::gaussian_curvature`]).
    pub fn gaussian_curvature_at(&self, at: [f64; 4]) -> Result<f64> {
        let (g, h) = self.space_derivatives_at(at)?;
        let square: f64 = g.iter().map(|v| v * v).sum();
        let cofactor = |i: usize, j: usize| {
            let ((i1, i2), (j1, j2)) = (((i + 1) % 3, (i + 2) % 3), ((j + 1) % 3, (j + 2) % 3));
            h[i1][j1] * h[i2][j2] - h[i1][j2] * h[i2][j1]
        };
        let along: f64 = (0..9).map(|n| g[n / 3] * cofactor(n / 3, n % 3) * g[n % 3]).sum();
        let fourth = square * square;
        Ok(if fourth > 0.0 { along / fourth } else { 0.0 })
    }

    /// The gradient and the Hessian in space.
    fn space_derivatives_at(&self, at: [f64; 4]) -> Result<([f64; 3], [[f64; 3]; 3])> {
        let [x, y, z, _] = self.gradient_at(at)?;
        let rows = self.hessian_at(at)?;
        Ok(([x, y, z], [0, 1, 2].map(|i| [rows[i][0], rows[i][1], rows[i][2]])))
    }
}
