//! Elementary functions of `f32` that a loop over lanes can be vectorised through. Uses no other file.
//!
//! Nothing here branches, calls or looks up a table: arithmetic, comparisons that become selects, and work on bits.
//! There is no fused multiply-add either, so a result is the same bits whatever the vector width. The transcendental
//! functions compute in `f64`, where a short polynomial leaves hardly more error than the last rounding to `f32`, and
//! where nothing a finite `f32` leads to is subnormal or overflows.
//!
//! Accuracies are in ulp, the spacing of `f32` at the true value, and are held by the tests below over the whole
//! range. Special values (zeros and their signs, infinities, NaN) are those of `f32`'s own functions.
//!
//! Coefficients: the polynomial of least maximum relative error over the interval named beside each, by Remez
//! exchange in 50-digit arithmetic, then rounded to `f64`; its relative error is given as a power of two.

use std::f64::consts::{FRAC_1_PI, FRAC_2_PI, FRAC_PI_2, FRAC_PI_4, LN_2, LOG2_E, PI};

/// sin(√u)/√u for u in [0, (π/2)²]: 2⁻³⁵.
const SIN: [f64; 6] = [
    0.9999999999788568,
    -0.16666666608831573,
    0.008333330720670046,
    -0.00019840832833731793,
    2.752397150586133e-6,
    -2.3868352823482512e-8,
];
/// tan(√u)/√u for u in [0, (π/4)²]: 2⁻²⁹.
const TAN: [f64; 8] = [
    0.9999999988271586,
    0.33333357495317145,
    0.1333252232460353,
    0.054071065931810644,
    0.02123727350101336,
    0.010932292683950068,
    -1.571956199352845e-05,
    0.004422121278431541,
];
/// 2ᵘ for u in [−½, ½]: 2⁻³⁴.
const EXP2: [f64; 8] = [
    0.9999999999616919,
    0.6931471807283573,
    0.2402265119814197,
    0.05550410353668516,
    0.009618027255068499,
    0.0013333922420947226,
    0.00015469290853392737,
    1.5201949660020915e-05,
];
/// ln((1 + √u)/(1 − √u))/√u for u in [0, (√2 − 1)⁴]: 2⁻⁴⁵.
const LN: [f64; 6] = [
    1.9999999999999467,
    0.6666666667965137,
    0.39999994872197303,
    0.2857216801604653,
    0.22174177229677156,
    0.19609084018850423,
];
/// atan(√u)/√u for u in [0, (√2 − 1)²]: 2⁻³⁵.
const ATAN: [f64; 7] = [
    0.999999999979306,
    -0.3333333213517622,
    0.19999886387581803,
    -0.14281651294835837,
    0.11041188421138516,
    -0.08459800579070766,
    0.047143339647036965,
];
/// asin(√u)/√u for u in [0, ¼]: 2⁻³⁵.
const ASIN: [f64; 8] = [
    0.9999999999849066,
    0.1666666742171694,
    0.07499938196583875,
    0.044662035894158354,
    0.030092207525736794,
    0.024711542217047806,
    0.00722385587864957,
    0.034951497302200076,
];

/// Added and taken away again, it rounds an `f64` below 2⁵¹ to the nearest whole number, halves to even; in between,
/// the low bits of the sum are those of the whole number.
const MAGIC: f64 = 1.5 * (1u64 << 52) as f64;

/// The nearest whole number, halves to the even one. Exact.
#[inline(always)]
pub fn round(x: f32) -> f32 {
    const WHOLE: f32 = (1u32 << 23) as f32; // from here on every f32 is whole
    let size = x.abs();
    let whole = ((size + WHOLE) - WHOLE).copysign(x);
    select(size < WHOLE, whole, x)
}

/// The largest whole number not above x. Exact.
#[inline(always)]
pub fn floor(x: f32) -> f32 {
    let near = round(x);
    select(x < near, near - 1.0, near)
}

/// The smallest whole number not below x. Exact.
#[inline(always)]
pub fn ceil(x: f32) -> f32 {
    -floor(-x)
}

/// Sine, in radians: within 0.51 ulp for |x| ≤ 2³². Beyond, where neighbouring numbers are many turns apart, some
/// number in [−1, 1].
#[inline(always)]
pub fn sin(x: f32) -> f32 {
    let x = f64::from(x);
    let shifted = x * FRAC_1_PI + MAGIC;
    let rest = less_half_turns(x, shifted - MAGIC);
    sin_of_rest(rest, shifted.to_bits())
}

/// Cosine, in radians: within 0.51 ulp for |x| ≤ 2³². Beyond, some number in [−1, 1].
#[inline(always)]
pub fn cos(x: f32) -> f32 {
    // cos x = −sin(x − π/2).
    let x = f64::from(x);
    let shifted = (x * FRAC_1_PI - 0.5) + MAGIC;
    let rest = less_half_turns(x, (shifted - MAGIC) + 0.5);
    sin_of_rest(rest, shifted.to_bits() ^ 1)
}

/// As far as [`sin_near`] and [`cos_near`] hold.
pub const NEAR: f32 = 100.0;

/// Sine, in radians, for |x| ≤ [`NEAR`]: within 2.2 ulp, in `f32` alone, at about a third of the cost of [`sin`].
#[inline(always)]
pub fn sin_near(x: f32) -> f32 {
    let shifted = x * FRAC_1_PI as f32 + NEAR_MAGIC;
    sin_of_near_rest(x, shifted - NEAR_MAGIC, shifted.to_bits())
}

/// Cosine, in radians, for |x| ≤ [`NEAR`]: within 2.2 ulp.
#[inline(always)]
pub fn cos_near(x: f32) -> f32 {
    let shifted = (x * FRAC_1_PI as f32 - 0.5) + NEAR_MAGIC;
    sin_of_near_rest(x, (shifted - NEAR_MAGIC) + 0.5, shifted.to_bits() ^ 1)
}

/// Adding it rounds a small `f32` to a whole number, in the lowest bits.
const NEAR_MAGIC: f32 = 1.5 * (1u32 << 23) as f32;

/// sin(x − πh), its sign turned `half_turns` times, for h a multiple of ½ near x/π, at most 32.
///
/// The first two parts of π have 17 bits each, so that their products with h are exact. The polynomial is the minimax
/// one in relative error up to π/2, found by Lawson's iteration.
#[inline(always)]
fn sin_of_near_rest(x: f32, h: f32, half_turns: u32) -> f32 {
    const PARTS: [f32; 3] = [3.141571, 2.1608546e-05, 1.2154201e-10];
    const SIN: [f32; 4] = [-0.1666666, 0.008_333_066, -0.00019809538, 2.605631e-6];
    let rest = ((x - h * PARTS[0]) - h * PARTS[1]) - h * PARTS[2];
    let square = rest * rest;
    let curve = ((SIN[3] * square + SIN[2]) * square + SIN[1]) * square + SIN[0];
    let sin = rest + rest * (square * curve);
    f32::from_bits(sin.to_bits() ^ (half_turns << 31))
}

/// Tangent, in radians: within 0.53 ulp for |x| ≤ 2³². Beyond, some number.
#[inline(always)]
pub fn tan(x: f32) -> f32 {
    let x = f64::from(x);
    let shifted = x * FRAC_2_PI + MAGIC;
    let rest = hold(less_half_turns(x, (shifted - MAGIC) * 0.5), FRAC_PI_4);
    let tan = rest * polynomial(TAN, rest * rest);
    let odd = shifted.to_bits() & 1 == 1; // tan(r + π/2) = −1/tan r
    (select(odd, -1.0, tan) / select(odd, tan, 1.0)) as f32
}

/// Arc sine: within 0.51 ulp.
#[inline(always)]
pub fn asin(x: f32) -> f32 {
    let (angle, steep) = asin_of_size(x);
    (select(steep, FRAC_PI_2 - angle, angle) as f32).copysign(x)
}

/// Arc cosine: within 0.51 ulp.
#[inline(always)]
pub fn acos(x: f32) -> f32 {
    let (angle, steep) = asin_of_size(x);
    let signed = angle.copysign(f64::from(x));
    let behind = select(x < 0.0, PI, 0.0);
    select(steep, behind + signed, FRAC_PI_2 - signed) as f32
}

/// Arc tangent: within 0.51 ulp.
#[inline(always)]
pub fn atan(x: f32) -> f32 {
    (atan_of_slope(f64::from(x.abs()), 1.0) as f32).copysign(x)
}

/// The angle of the point (x, y), y first: within 0.51 ulp.
#[inline(always)]
pub fn atan2(y: f32, x: f32) -> f32 {
    // Infinities equal to each other, and above all else.
    let finite = |size: f32| select(size == f32::INFINITY, 1e300, f64::from(size));
    let angle = atan_of_slope(finite(y.abs()), finite(x.abs()));
    (select(x.is_sign_negative(), PI - angle, angle) as f32).copysign(y)
}

/// eˣ: within 0.51 ulp.
#[inline(always)]
pub fn exp(x: f32) -> f32 {
    exp_wide(f64::from(x)) as f32
}

/// The natural logarithm: within 0.51 ulp.
#[inline(always)]
pub fn ln(x: f32) -> f32 {
    select(x < 0.0, f32::NAN, ln_wide(x) as f32)
}

/// a to the power of b: within 0.51 ulp.
#[inline(always)]
pub fn pow(a: f32, b: f32) -> f32 {
    let size = exp_wide(f64::from(b) * ln_wide(a.abs())) as f32;
    let half = b * 0.5;
    let (whole, even) = (round(b) == b, round(half) == half);
    let odd = whole & !even;
    let signed = select(odd & a.is_sign_negative(), -size, size);
    let outside = (a < 0.0) & (a > f32::NEG_INFINITY) & !whole;
    let power = select(outside, f32::NAN, signed);
    // Even of NaN; and (−1) to the power of ±∞.
    let one = (a == 1.0) | (b == 0.0) | ((a == -1.0) & (b.abs() == f32::INFINITY));
    select(one, 1.0, power)
}

/// a − b·⌊a/b⌋, each step rounded.
#[inline(always)]
pub fn modulo(a: f32, b: f32) -> f32 {
    a - b * floor(a / b)
}

/// c₀ + c₁u + c₂u² + …, the even powers apart from the odd: two chains of half the length.
#[inline(always)]
fn polynomial<const N: usize>(c: [f64; N], u: f64) -> f64 {
    let (mut even, mut odd) = (0.0, 0.0);
    let square = u * u;
    let mut i = N;
    while i > 0 {
        i -= 1;
        let chain = if i.is_multiple_of(2) { &mut even } else { &mut odd };
        *chain = if i + 2 < N { *chain * square + c[i] } else { c[i] };
    }
    even + odd * u
}

/// One or the other, both at hand: where an `if` stayed a branch, the loop would not be vectorised.
#[inline(always)]
fn select<T>(condition: bool, then: T, otherwise: T) -> T {
    std::hint::select_unpredictable(condition, then, otherwise)
}

/// x held in [−limit, limit], NaN left alone.
#[inline(always)]
fn hold(x: f64, limit: f64) -> f64 {
    let x = select(x > limit, limit, x);
    select(x < -limit, -limit, x)
}

/// x − πh, for h a multiple of ½ near x/π.
///
/// The first two parts of π have 21 bits each, so that up to h = 2³¹ their products and differences are exact.
#[inline(always)]
fn less_half_turns(x: f64, h: f64) -> f64 {
    const PARTS: [f64; 3] = [3.141592025756836, 6.278323780861683e-7, 5.792147943243964e-13];
    ((x - h * PARTS[0]) - h * PARTS[1]) - h * PARTS[2]
}

/// sin of `rest` and as many half turns as the whole number `half_turns` says: each turns the sign.
#[inline(always)]
fn sin_of_rest(rest: f64, half_turns: u64) -> f32 {
    let rest = hold(rest, FRAC_PI_2);
    let sin = rest * polynomial(SIN, rest * rest);
    f64::from_bits(sin.to_bits() ^ (half_turns << 63)) as f32
}

/// asin |x| up to |x| = ½, and above, where it is `true`, acos |x|.
#[inline(always)]
fn asin_of_size(x: f32) -> (f64, bool) {
    // acos x = 2·asin √((1 − x)/2).
    let size = f64::from(x.abs());
    let steep = size > 0.5;
    let square = select(steep, (1.0 - size) * 0.5, size * size);
    let root = square.sqrt();
    let chord = select(steep, root + root, size);
    (chord * polynomial(ASIN, square), steep)
}

/// atan(rise/run), for both at least 0 and neither infinite; 0 where both are 0.
#[inline(always)]
fn atan_of_slope(rise: f64, run: f64) -> f64 {
    const FRAC_PI_8_TAN: f64 = std::f64::consts::SQRT_2 - 1.0;
    // Over the diagonal the angle is taken from the other axis: atan s = π/2 − atan 1/s.
    let over = rise > run;
    let (small, large) = (select(over, run, rise), select(over, rise, run));
    let large = select(large == 0.0, 1.0, large);
    // Over half of what is left it is taken from the diagonal: atan s = π/4 + atan((s − 1)/(s + 1)).
    let half_over = small > large * FRAC_PI_8_TAN;
    let slope = select(half_over, small - large, small) / select(half_over, small + large, large);
    let rest = slope * polynomial(ATAN, slope * slope);
    let angle = select(half_over, FRAC_PI_4 + rest, rest);
    select(over, FRAC_PI_2 - angle, angle)
}

/// eˣ, 0 below all of `f32` and infinite above all of it once rounded to it.
#[inline(always)]
fn exp_wide(x: f64) -> f64 {
    const BIASED: f64 = MAGIC + 1023.0; // the bits of the sum end in an exponent
    let binary = hold(x * LOG2_E, 200.0);
    let shifted = binary + BIASED;
    let scale = f64::from_bits(shifted.to_bits() << 52);
    polynomial(EXP2, binary - (shifted - BIASED)) * scale
}

/// ln x within 2⁻⁴³ of it, for x not below 0.
#[inline(always)]
fn ln_wide(x: f32) -> f64 {
    const ONE: u64 = 1.0f64.to_bits();
    const MANTISSA: u64 = (1 << 52) - 1;
    // x = m·2ᵉ, m in [√½, √2).
    let bits = f64::from(x).to_bits();
    let m = f64::from_bits((bits & MANTISSA) | ONE);
    let e = f64::from_bits((bits >> 52) | MAGIC.to_bits()) - (MAGIC + 1023.0);
    let high = m > std::f64::consts::SQRT_2;
    let (m, e) = (select(high, m * 0.5, m), select(high, e + 1.0, e));
    // ln m = ln((1 + s)/(1 − s)).
    let s = (m - 1.0) / (m + 1.0);
    let ln = e * LN_2 + s * polynomial(LN, s * s);
    let ln = select(x < f32::INFINITY, ln, f64::from(x));
    select(x == 0.0, f64::NEG_INFINITY, ln)
}

#[cfg(test)]
pub(super) mod tests {
    use super::*;

    /// How far `got` is from `truth`, in the spacing of `f32` at the truth; ∞ from NaN to a number.
    pub fn ulps(got: f32, truth: f64) -> f64 {
        let end = 2f64.powi(128); // what is rounded to infinity is as far off as the next number would be
        if got.is_nan() || truth.is_nan() {
            return if got.is_nan() && truth.is_nan() { 0.0 } else { f64::INFINITY };
        }
        if truth == 0.0 && got.is_sign_negative() != truth.is_sign_negative() {
            return f64::INFINITY;
        }
        let exponent = (truth.abs().to_bits() >> 52) as i32 - 1023;
        let spacing = 2f64.powi(exponent.clamp(-126, 127) - 23);
        (f64::from(got).clamp(-end, end) - truth.clamp(-end, end)).abs() / spacing
    }

    /// Every 997th bit pattern, and many more about the numbers where something happens.
    fn whole_range() -> impl Iterator<Item = f32> {
        let near = |x: f32, reach: i32| {
            (-reach..=reach).map(move |step| f32::from_bits(x.to_bits().wrapping_add_signed(step)))
        };
        let sparse = (0..=u32::MAX).step_by(997).map(f32::from_bits);
        let marks = [0.0, 0.5, 1.0, f32::MAX, f32::INFINITY, 88.72284, 103.97208];
        let marks = marks.into_iter().flat_map(move |x| near(x, 5000).chain(near(-x, 5000)));
        let powers = (-126..128).map(|e| 2f32.powi(e)).flat_map(move |x| near(x, 20).chain(near(-x, 20)));
        let quarters = (1..100_000).flat_map(move |k| near((f64::from(k) * FRAC_PI_2) as f32, 1));
        sparse.chain(marks).chain(powers).chain(quarters)
    }

    fn holds(
        limit: f64,
        ours: impl Fn(f32) -> f32,
        true_one: impl Fn(f64) -> f64,
        points: impl Iterator<Item = f32>,
    ) {
        let mut worst = (0.0, 0.0);
        for x in points {
            let error = ulps(ours(x), true_one(f64::from(x)));
            if error > worst.0 {
                worst = (error, x);
            }
        }
        assert!(worst.0 <= limit, "{} ulp at {:e}", worst.0, worst.1);
    }

    /// What the sine holds its accuracy on, and what gives NaN.
    fn near_enough(x: &f32) -> bool {
        x.abs() <= 4294967296.0 || !x.is_finite()
    }

    #[test]
    fn sines() {
        holds(0.51, sin, f64::sin, whole_range().filter(near_enough));
        holds(0.51, cos, f64::cos, whole_range().filter(near_enough));
        holds(0.53, tan, f64::tan, whole_range().filter(near_enough));
        for x in whole_range().filter(|x| x.is_finite()) {
            assert!(sin(x).abs() <= 1.0 && cos(x).abs() <= 1.0 && !tan(x).is_nan(), "{x}");
        }
    }

    #[test]
    fn sines_near_zero() {
        let near = || whole_range().filter(|x| x.abs() <= NEAR && *x != 0.0);
        assert_eq!(sin_near(-0.0), 0.0);
        holds(2.2, sin_near, f64::sin, near());
        holds(2.2, cos_near, f64::cos, near());
    }

    #[test]
    fn arcs() {
        holds(0.51, asin, f64::asin, whole_range());
        holds(0.51, acos, f64::acos, whole_range());
        holds(0.51, atan, f64::atan, whole_range());
    }

    #[test]
    fn exponential_and_logarithm() {
        holds(0.51, exp, f64::exp, whole_range());
        holds(0.51, ln, f64::ln, whole_range());
    }

    #[test]
    fn whole_numbers_are_those_of_std() {
        let same = |a: f32, b: f32| a.to_bits() == b.to_bits() || (a.is_nan() && b.is_nan());
        for x in whole_range().chain((-40..40).map(|i| i as f32 * 0.25)) {
            assert!(same(round(x), x.round_ties_even()), "{x}");
            assert!(same(floor(x), x.floor()), "{x}");
            assert!(same(ceil(x), x.ceil()), "{x}");
        }
    }

    /// Pairs of special numbers, of any two bit patterns, and of moderate numbers.
    fn pairs() -> impl Iterator<Item = (f32, f32)> {
        let special = [
            0.0,
            1e-45,
            1e-40,
            1e-30,
            0.3,
            0.5,
            1.0,
            1.0000001,
            1.5,
            2.0,
            3.0,
            8388607.5,
            16777215.0,
            16777216.0,
            1e30,
            f32::MAX,
            f32::INFINITY,
            f32::NAN,
        ];
        let special = move || special.into_iter().flat_map(|x| [x, -x]);
        let mut state = 0u64;
        let mut random = move || {
            state = state.wrapping_mul(6364136223846793005).wrapping_add(1442695040888963407);
            (state >> 32) as u32
        };
        let random = (0..2_000_000).flat_map(move |_| {
            let (a, b) = (random(), random());
            let moderate = |bits: u32| f32::from_bits((bits & 0x83ff_ffff) + 0x3d80_0000); // up to 8 each way of 0
            [(f32::from_bits(a), f32::from_bits(b)), (moderate(a), moderate(b))]
        });
        special().flat_map(move |a| special().map(move |b| (a, b))).chain(random)
    }

    fn holds_on_pairs(limit: f64, ours: impl Fn(f32, f32) -> f32, true_one: impl Fn(f64, f64) -> f64) {
        let mut worst = (0.0, (0.0, 0.0));
        for (a, b) in pairs() {
            let error = ulps(ours(a, b), true_one(f64::from(a), f64::from(b)));
            if error > worst.0 {
                worst = (error, (a, b));
            }
        }
        assert!(worst.0 <= limit, "{} ulp at {:?}", worst.0, worst.1);
    }

    #[test]
    fn angle() {
        holds_on_pairs(0.51, atan2, f64::atan2);
    }

    #[test]
    fn power() {
        holds_on_pairs(0.51, pow, f64::powf);
    }
}
