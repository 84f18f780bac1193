//! Time: when a field is read, and what it sweeps over a span.

use super::arguments::*;
use super::sweep;
use crate::field::*;

methods! {
    "Time"

    /// Later by `seconds`: what happened at t happens at t + seconds.
    keeps delay(self, seconds: impl Number) {
        self.remap([x(), y(), z(), t() - seconds])
    } as in super::sphere(0.5).translate((t().sin(), 0, 0)).delay(0.4);

    /// Faster by a factor; −1 runs backwards.
    keeps speed(self, factor: impl Number) {
        self.remap([x(), y(), z(), t() * factor])
    } as in super::sphere(0.5).translate((t().sin(), 0, 0)).speed(2);

    /// Held at one time.
    keeps freeze(self, at: impl Number) {
        self.remap([x(), y(), z(), at])
    } as in super::sphere(0.5).translate((t().sin(), 0, 0)).freeze(1.2);

    /// The time from 0 to `period`, over and over. Jumps at the end, unless the motion returns to where it began.
    keeps loop_time(self, period: impl Positive) {
        self.remap([x(), y(), z(), t().modulo(period.max(1e-9))])
    } as in super::sphere(0.5).translate((t().sin(), 0, 0)).loop_time(2);

    /// The time from 0 to `period` and back again, over and over.
    keeps ping_pong(self, period: impl Positive) {
        let period = period.max(1e-9);
        let back = (t().modulo(2 * &period) - &period).abs();
        self.remap([x(), y(), z(), period - back])
    } as in super::sphere(0.5).translate((t().sin(), 0, 0)).ping_pong(1.5);

    /// The volume the shape sweeps from time `t0` to `t1`: the least of its field over that span, found to the last
    /// digits; its derivatives follow by the envelope theorem. A bound, if the shape is one.
    bound sweep(self, t0: impl Number, t1: impl Number) {
        sweep::swept(self, t0, t1)
    } as in super::sphere(0.4).translate([0.7 * t().cos(), 0.7 * t().sin(), 0.2 * t()]).sweep(0, 2);

    /// The volume the shape has swept over the last `duration` seconds. A bound, if the shape is one.
    bound trail(self, duration: impl Length) {
        sweep::swept(self, t() - duration, t())
    } as in super::sphere(0.4).translate((0.7 * t().cos(), 0.7 * t().sin(), 0)).trail(0.8);
}
