//! Surfaces that fill space, repeating in every direction: intersect them with a solid.

use super::arguments::*;
use crate::field::*;
use std::f64::consts::TAU;

shapes! {
    /// A sheet along Schoen's gyroid, sin x cos y + sin y cos z + sin z cos x = 0, repeating every `cell`.
    ///
    /// A bound: its |∇f| is 1 where the surface is steepest. So the sheet is `thickness` thick there, and up to 1.23
    /// times that elsewhere while it is thin. Where `cell` is 0 or below, space is filled.
    bound gyroid(cell: impl Positive, thickness: impl Length) {
        let [x, y, z] = phases(&cell);
        sheet(x.sin() * y.cos() + y.sin() * z.cos() + z.sin() * x.cos(), cell, thickness)
    } as in gyroid(1.5, 0.12);

    /// A sheet along Schwarz' P surface, cos x + cos y + cos z = 0, repeating every `cell`.
    ///
    /// A bound: its |∇f| is 1 where the surface is steepest. So the sheet is `thickness` thick there, and up to 1.74
    /// times that elsewhere while it is thin. Where `cell` is 0 or below, space is filled.
    bound schwarz(cell: impl Positive, thickness: impl Length) {
        let [x, y, z] = phases(&cell);
        sheet(x.cos() + y.cos() + z.cos(), cell, thickness)
    } as in schwarz(1.3, 0.12);
}

fn phases(cell: &Field) -> [Field; 3] {
    let rate = if_less(0, cell, TAU / cell, 0);
    [x() * &rate, y() * &rate, z() * rate]
}

/// The sheet around the zeros of a function of the phases whose gradient in them is at most √3: each of the three
/// components is a scalar product of unit vectors, or a sine.
fn sheet(function: Field, cell: Field, thickness: Field) -> Field {
    (function * (cell.max(0) / (TAU * 3f64.sqrt()))).abs() - thickness / 2
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sheets_are_as_thick_as_they_say_where_steepest() {
        // The gyroid crosses the origin along (1, 1, 1), the P surface a quarter cell from it along each axis.
        for (sheet, at) in [(gyroid(2.0, 0.02), 0.0), (schwarz(2.0, 0.02), 0.5)] {
            let along = |s: f64| sheet.value_at([at + s, at + s, at + s, 0.0]).unwrap();
            assert!((along(0.0) + 0.01).abs() < 1e-15);
            assert!(along(0.01 / 3f64.sqrt()).abs() < 1e-5);
            let next = sheet.value_at([at + 2.0, at - 4.0, at + 6.0, 0.0]).unwrap();
            assert!((next + 0.01).abs() < 1e-14, "it repeats every cell");
        }
    }

    #[test]
    fn a_cell_of_nothing_is_refused_or_filled() {
        assert!(gyroid(0.0, 0.1).check().is_err());
        assert_eq!(gyroid(param("cell", -1.0), 0.1).value_at([0.3, 0.2, 0.1, 0.0]).unwrap(), -0.05);
    }
}
