//! Motion: numbers and shapes that change over time, differentiably.

use super::arguments::*;
use super::combine::default_material;
use crate::field::*;

shapes! {
    /// From shape a until `t0` to shape b from `t1` on, by a smooth ramp between. A bound, if both shapes are.
    bound morph(a: impl Number, b: impl Number, t0: impl Number, t1: impl Number) {
        let [a, b]: [Field; 2] = default_material(vec![a, b]).try_into().expect("two in, two out");
        mix(a, b, ((t() - &t0) / (t1 - &t0).max(1e-9)).ramp())
    } as in morph(super::sphere(0.8), super::r#box([1.2, 1.0, 0.8]), 0, 1);

    /// A number that goes from value to value: each key is `[time, value]`, in the order of time. Between keys it
    /// follows the smooth ramp, so that it starts and stops gently; before the first and after the last it stands
    /// still.
    neither keyframes(keys: impl Keys) {
        let mut sum = keys.0.first().map_or(Field::constant(0.0), |Vector([_, value])| value.clone());
        for pair in keys.0.windows(2) {
            let (Vector([t0, v0]), Vector([t1, v1])) = (&pair[0], &pair[1]);
            sum += (v1 - v0) * ((t() - t0) / (t1 - t0).max(1e-9)).ramp();
        }
        sum
    } as in keyframes([[0.0, 0.3], [0.2, 0.8], [1.0, -0.4]]);

    /// Slow at the start: a², for a from 0 to 1, held beyond.
    neither ease_in(a: impl Number) {
        clamp(a, 0, 1).square()
    } as in ease_in(t());

    /// Slow at the end: 1 − (1 − a)², for a from 0 to 1, held beyond.
    neither ease_out(a: impl Number) {
        1 - (1 - clamp(a, 0, 1)).square()
    } as in ease_out(t());

    /// Slow at both ends: the smooth ramp 3a² − 2a³, for a from 0 to 1, held beyond.
    neither ease_in_out(a: impl Number) {
        a.ramp()
    } as in ease_in_out(t());
}
