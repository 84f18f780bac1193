//! Solids: centred at the origin, sizes are whole sizes, the axis is y.

use super::arguments::*;
use crate::field::*;

shapes! {
    /// A ball of radius `r` around the origin.
    exact sphere(r: impl Length) {
        length([x(), y(), z()]) - r
    } as in sphere(0.8);

    /// A box of the whole size `[w, h, d]`.
    exact r#box(size: impl Extent3) {
        let Vector([w, h, d]) = size;
        let (qx, qy, qz) = (x().abs() - w / 2, y().abs() - h / 2, z().abs() - d / 2);
        let outside = length([qx.max(0), qy.max(0), qz.max(0)]);
        outside + qx.max(qy).max(qz).min(0)
    } as in r#box([1.2, 0.8, 0.5]);
}
