//! From a plane figure to a solid.

use super::arguments::*;
use super::plane::boxed;
use super::plane::*;
use crate::field::*;

methods! {
    "From plane figures to solids"

    /// A plane figure given the whole height `h` along z, centred.
    ///
    /// As good as the figure: exact if it is exact, a bound if it is a bound. At h = 0 it is flat.
    keeps extrude(self, h: impl Length) {
        boxed(self.clone(), z().abs() - h / 2)
    } as in star(5, 1.0, 0.45).extrude(0.6);

    /// A plane figure turned about the y axis: its x runs outwards from the distance `offset`.
    ///
    /// As good as the figure where that keeps to one side of the axis (x ≥ −offset); of a figure that crosses it, only
    /// the part on that side shows, and an exact distance is a bound.
    keeps revolve(self, offset: impl Number) {
        self.remap([hypot(x(), z()) - offset, y(), Field::constant(0.0), t()])
    } as in star(5, 0.45, 0.2).revolve(0.8);

    /// A plane figure given the whole height `h` along z, centred, and turned as it goes: by `angle` in all,
    /// counter-clockwise seen from +z, not at all at z = 0.
    ///
    /// Neither exact nor a bound: at the distance ρ from the axis its Lipschitz constant is v/2 + √(1 + v²/4) with
    /// v = ρ·angle/h, times the figure's own; beyond the ends it is the figure's own. At h = 0 it is flat.
    neither twist_extrude(self, h: impl Length, angle: impl Number) {
        let turn = angle * if_less(0, &h, z() / &h, 0).clamp(-0.5, 0.5);
        let (s, c) = (turn.sin(), turn.cos());
        let figure = self.remap([x() * &c + y() * &s, y() * c - x() * s, z(), t()]);
        boxed(figure, z().abs() - h / 2)
    } as in rect([1.4, 0.7]).twist_extrude(1.8, 1.6);
}
