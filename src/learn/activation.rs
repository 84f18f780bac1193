//! Activation functions, each with its first three derivatives in one place, on `f32` and `f64` alike.

use super::precision::NetworkFloat;

/// A function that a network applies to each of a layer's sums.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Activation {
    /// The sum itself.
    Linear,
    /// The sine of the sum times a frequency (Sitzmann et al. 2020).
    Sine {
        /// How many radians a unit is.
        frequency: f64,
    },
    /// max(0, a), with derivative 0 at 0.
    Relu,
    /// ln(1 + e^(βa))/β: a smooth [`Activation::Relu`].
    Softplus {
        /// β: how sharply it bends.
        sharpness: f64,
    },
    /// The hyperbolic tangent.
    Tanh,
    /// 1/(1 + e⁻ᵃ).
    Sigmoid,
    /// The Gaussian error linear unit by the hyperbolic tangent, a/2·(1 + tanh(√(2/π)·(a + 0.044715 a³)))
    /// (Hendrycks and Gimpel 2016).
    Gelu,
}

/// √(2/π), and the part of a³.
const GELU: [f64; 2] = [0.797_884_560_802_865_4, 0.044_715];

impl Activation {
    /// Its name.
    pub const fn name(self) -> &'static str {
        match self {
            Activation::Linear => "linear",
            Activation::Sine { .. } => "sine",
            Activation::Relu => "relu",
            Activation::Softplus { .. } => "softplus",
            Activation::Tanh => "tanh",
            Activation::Sigmoid => "sigmoid",
            Activation::Gelu => "gelu",
        }
    }

    /// Its number: how many radians, or how sharp; 1 where it has none.
    pub const fn number(self) -> f64 {
        match self {
            Activation::Sine { frequency } => frequency,
            Activation::Softplus { sharpness } => sharpness,
            _ => 1.0,
        }
    }

    /// The activation of a name and a number.
    pub(super) fn of(name: &str, number: f64) -> Option<Activation> {
        Some(match name {
            "linear" => Activation::Linear,
            "sine" => Activation::Sine { frequency: number },
            "relu" => Activation::Relu,
            "softplus" => Activation::Softplus { sharpness: number },
            "tanh" => Activation::Tanh,
            "sigmoid" => Activation::Sigmoid,
            "gelu" => Activation::Gelu,
            _ => return None,
        })
    }

    /// Whether its derivatives are continuous.
    pub(super) fn is_smooth(self) -> bool {
        self != Activation::Relu
    }

    /// Its value and its first three derivatives.
    #[inline(always)]
    pub(super) fn jet<T: NetworkFloat>(self, a: T) -> [T; 4] {
        let (zero, one, n) = (T::of(0.0), T::of(1.0), T::of);
        match self {
            Activation::Linear => [a, one, zero, zero],
            Activation::Sine { frequency } => {
                let w = n(frequency);
                let (sin, cos) = ((w * a).wave(0), (w * a).wave(1));
                [sin, w * cos, -(w * w) * sin, -(w * w * w) * cos]
            }
            Activation::Relu if a > zero => [a, one, zero, zero],
            Activation::Relu => [zero; 4],
            Activation::Softplus { sharpness } => {
                let b = n(sharpness);
                let [s, s1, s2] = sigmoid(b * a);
                [(b * a).softplus() / b, s, b * s1, b * b * s2]
            }
            Activation::Tanh => {
                let t = a.tanh();
                let slope = one - t * t;
                [t, slope, n(-2.0) * t * slope, slope * (n(6.0) * t * t - n(2.0))]
            }
            Activation::Sigmoid => {
                let [s, s1, s2] = sigmoid(a);
                [s, s1, s2, s1 * (one - n(6.0) * s1)]
            }
            Activation::Gelu => {
                let ([p, q], half) = (GELU.map(n), n(0.5));
                let u = p * (a + q * a * a * a);
                let [u1, u2, u3] = [p * (one + n(3.0) * q * a * a), n(6.0) * p * q * a, n(6.0) * p * q];
                let [t, t1, t2, t3] = Activation::Tanh.jet(u);
                // The derivatives of tanh(u(a)).
                let d1 = t1 * u1;
                let d2 = t2 * u1 * u1 + t1 * u2;
                let d3 = t3 * u1 * u1 * u1 + n(3.0) * t2 * u1 * u2 + t1 * u3;
                [
                    half * a * (one + t),
                    half * (one + t) + half * a * d1,
                    d1 + half * a * d2,
                    n(1.5) * d2 + half * a * d3,
                ]
            }
        }
    }

    /// The values at a column of sums, and as many derivatives as columns are given for.
    #[inline(always)]
    pub(super) fn columns<T: NetworkFloat>(self, sums: &[T], values: &mut [T], derivatives: &mut [&mut [T]]) {
        if let Activation::Sine { frequency } = self {
            return sines(T::of(frequency), sums, values, derivatives);
        }
        if self == Activation::Relu {
            return relus(sums, values, derivatives);
        }
        // One loop for each number of derivatives: what is not asked for is not worked out.
        match derivatives {
            [] => values.iter_mut().zip(sums).for_each(|(value, &sum)| *value = self.jet(sum)[0]),
            [first] => {
                for ((value, first), &sum) in values.iter_mut().zip(first.iter_mut()).zip(sums) {
                    [*value, *first, ..] = self.jet(sum);
                }
            }
            _ => {
                for (row, &sum) in sums.iter().enumerate() {
                    let jet = self.jet(sum);
                    values[row] = jet[0];
                    derivatives.iter_mut().zip(&jet[1..]).for_each(|(column, &value)| column[row] = value);
                }
            }
        }
    }
}

/// A column's numbers where they are above 0, and the derivatives of that.
#[inline(always)]
fn relus<T: NetworkFloat>(sums: &[T], values: &mut [T], derivatives: &mut [&mut [T]]) {
    let zero = T::default();
    values.iter_mut().zip(sums).for_each(|(value, &sum)| *value = if sum > zero { sum } else { zero });
    let Some((first, rest)) = derivatives.split_first_mut() else { return };
    let one = T::of(1.0);
    first.iter_mut().zip(sums).for_each(|(slope, &sum)| *slope = if sum > zero { one } else { zero });
    rest.iter_mut().for_each(|column| column.fill(zero));
}

/// Sines of a column, and their derivatives.
#[inline(always)]
fn sines<T: NetworkFloat>(w: T, sums: &[T], values: &mut [T], derivatives: &mut [&mut [T]]) {
    // By whole numbers, which are joined vector by vector: the largest of all would be sought one after the other.
    let far = sums.iter().fold(0, |any, &sum| any | u32::from(w * sum.size() >= T::NEAR));
    let are_near = far == 0;
    waves::<T, 0>(w, sums, values, are_near);
    let Some((first, rest)) = derivatives.split_first_mut() else { return };
    waves::<T, 1>(w, sums, first, are_near);
    first.iter_mut().for_each(|slope| *slope = w * *slope);
    if let Some((second, rest)) = rest.split_first_mut() {
        second.iter_mut().zip(&*values).for_each(|(bend, &sin)| *bend = -(w * w) * sin);
        if let Some(third) = rest.first_mut() {
            third.iter_mut().zip(first.iter()).for_each(|(twist, &slope)| *twist = -(w * w) * slope);
        }
    }
}

/// Sines of a column for quarter 0, cosines for quarter 1: worked out quickly, and again where that does not hold.
#[inline(always)]
fn waves<T: NetworkFloat, const QUARTER: u64>(w: T, sums: &[T], column: &mut [T], are_near: bool) {
    column.iter_mut().zip(sums).for_each(|(wave, &sum)| *wave = (w * sum).wave_near(QUARTER));
    if !are_near {
        let far = column.iter_mut().zip(sums).filter(|(_, sum)| w * sum.size() >= T::NEAR);
        far.for_each(|(wave, &sum)| *wave = (w * sum).wave(QUARTER));
    }
}

/// The sigmoid and its first two derivatives.
#[inline(always)]
fn sigmoid<T: NetworkFloat>(a: T) -> [T; 3] {
    let one = T::of(1.0);
    let small = (-a.size()).exponential(); // at most 1: nothing overflows
    let less = small / (one + small);
    let s = if a < T::of(0.0) { less } else { one - less };
    let slope = less * (one - less);
    [s, slope, slope * (one - s - s)]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn derivatives_are_of_each_other() {
        use Activation::*;
        let all = [Linear, Sine { frequency: 3.0 }, Relu, Softplus { sharpness: 4.0 }, Tanh, Sigmoid, Gelu];
        for activation in all {
            for n in -40..40 {
                let a = 0.1 * f64::from(n) + 0.037;
                let [low, high] = [a - 1e-5, a + 1e-5].map(|a| activation.jet(a));
                let jet = activation.jet(a);
                for order in 0..3 {
                    let slope = (high[order] - low[order]) / 2e-5;
                    let off = (slope - jet[order + 1]).abs();
                    assert!(
                        off < 1e-7 * (1.0 + slope.abs()),
                        "{activation:?} {order} at {a}: {jet:?}, {slope}"
                    );
                }
                let narrow = activation.jet(a as f32);
                for order in 0..4 {
                    let off = (f64::from(narrow[order]) - jet[order]).abs();
                    assert!(off < 3e-5 * (1.0 + jet[order].abs()), "{activation:?} {order} at {a} in f32");
                }
                assert_eq!(Activation::of(activation.name(), activation.number()), Some(activation));
            }
            for far in [-1e4, 1e4] {
                assert!(
                    activation.jet(far).iter().all(|value: &f64| value.is_finite()),
                    "{activation:?} at {far}"
                );
                assert!(activation.jet(far as f32).iter().all(|value| value.is_finite()), "{activation:?}");
            }
        }
    }
}
