//! Slopes on the two sides of a jump, each by itself. Uses numbers and tapes.

use super::{KinkSides, Slope, mixed, within};
use crate::number::{Dual, Interval};
use crate::tape::{Apart, Which};

/// Jumps apart: where a derivative is on the one side or the other.
impl<const N: usize> Apart for Slope<N, true> {
    const COUNT: usize = 1;
    const ROUNDING: f64 = <Interval as Apart>::ROUNDING;
    const PATIENT: bool = true;

    fn in_box(&self, _which: usize) -> Interval {
        self.bound.value
    }

    fn apart(&self, other: &Self) -> Which {
        self.bound.value.apart(&other.bound.value)
    }

    fn is_one_long(&self) -> Which {
        self.bound.value.is_one_long()
    }

    fn is_in_two(&self, cell: &Self) -> Which {
        self.bound.value.is_in_two(&cell.bound.value)
    }

    fn is_at_cut(&self, x: &Self) -> Which {
        self.bound.value.is_at_cut(&x.bound.value)
    }

    fn of_bounds(bounds: Interval) -> Self {
        Slope::plain(Dual::fixed(bounds), mixed(5, [bounds.lo().to_bits(), bounds.hi().to_bits()]))
    }

    fn held_in_box(self, _which: usize, to: Interval) -> (Self, bool) {
        let (value, is_possible) = self.bound.value.held_in_box(0, to);
        let hold = |of: Dual<Interval, N>| within(of, value.lo(), value.hi());
        let sides = self.sides.map(|sides| KinkSides { of: sides.of.map(hold), ..sides });
        (Slope { bound: hold(self.bound), sides, ..self }, is_possible)
    }

    fn joined(self, other: Self, which: &Which) -> Self {
        if !which[0] {
            return self;
        }
        let bound = Dual {
            value: self.bound.value.hull(other.bound.value),
            slope: std::array::from_fn(|n| self.bound.slope[n].hull(other.bound.slope[n])),
        };
        Slope { norm: self.norm.max(other.norm), ..Slope::plain(bound, self.key) }
    }

    fn replaced(self, other: Self, which: &Which) -> Self {
        if which[0] { other } else { self }
    }
}
