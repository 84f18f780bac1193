//! Samples in NumPy's `.npy` files.

use super::{GridSamples, usual_box};
use crate::error::{Error, Result};
use crate::file::write_whole;
use crate::npy::{Array, Float, write_header};
use std::path::Path;

impl GridSamples {
    /// Reads the samples of a NumPy file: an array of real numbers of any type, either byte order and either memory order.
    /// Its axes are x, y and z, and before those t if it changes with time.
    ///
    /// Their box is the usual one until [`GridSamples::with_box`] gives them another: cells are cubes, the longest side
    /// goes from −1 to 1, the others are in proportion and all are centred on 0; time goes from 0 to 1.
    ///
    /// ```
    /// use fieldgrad::prelude::*;
    /// use fieldgrad::shape::grid::{GridSamples, Interpolation, sampled};
    ///
    /// let side = |n: usize| -0.9 + 0.1 * n as f64;
    /// let at = |n: usize| [side(n / 361), side(n / 19 % 19), side(n % 19), 0.0];
    /// let ball = sphere(0.6);
    /// let values: Vec<f32> = (0..6859).map(|n| ball.value_at(at(n)).map(|f| f as f32)).collect::<Result<_>>()?;
    /// let (lower, upper) = ([-0.9, -0.9, -0.9, 0.0], [0.9, 0.9, 0.9, 1.0]);
    ///
    /// let path = std::env::temp_dir().join(format!("ball_{}.npy", std::process::id()));
    /// GridSamples::new(&[19, 19, 19], lower, upper, values)?.write(&path)?; // for NumPy, and a scene's grid("ball.npy")
    /// let read = GridSamples::read(&path)?.with_box(lower, upper)?;
    /// let again = sampled(&read, Interpolation::Cubic);
    /// assert!((again.value_at([0.3, 0.42, 0.3, 0.0])? - ball.value_at([0.3, 0.42, 0.3, 0.0])?).abs() < 1e-3);
    /// # std::fs::remove_file(&path).unwrap();
    /// # Ok::<(), Error>(())
    /// ```
    pub fn read(path: impl AsRef<Path>) -> Result<GridSamples> {
        let path = path.as_ref();
        GridSamples::read_at_most(path, &path.display().to_string(), super::MAX_SAMPLES)
    }

    /// The same for a file of so many samples at most. `shown` is what messages call it.
    pub(crate) fn read_at_most(path: &Path, shown: &str, most: usize) -> Result<GridSamples> {
        let Array { shape, values } = Array::open(path, shown, most)?;
        let wrong = |problem: String| Error::File { path: shown.into(), problem };
        let counts = super::counts_of(&shape, &values).map_err(wrong)?;
        let [lower, upper] = usual_box(counts);
        Ok(GridSamples { counts, lower, upper, values: values.into() })
    }

    /// Writes a NumPy file of `f4` numbers, whole or not at all. The box is not in it.
    pub fn write(&self, path: impl AsRef<Path>) -> Result<()> {
        let counts = &self.counts[usize::from(self.counts[0] == 1)..];
        write_whole(path.as_ref(), |out| {
            write_header(out, counts, Float::F4)?;
            let mut pieces = self.values.chunks(1 << 14);
            pieces.try_for_each(|piece| Float::F4.write(out, piece.iter().map(|&value| f64::from(value))))
        })
    }
}
