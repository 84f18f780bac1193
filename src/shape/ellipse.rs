//! The distance to an ellipse.
//!
//! An ellipse is convex, so its signed distance, outside and inside, is the largest of p·n − h(n) over all unit vectors
//! n, where h(n) = √(a²nx² + b²ny²) is how far the ellipse reaches in the direction n. A normal that is wrong by δ gives
//! a distance that is too small by δ² only; that is what makes a few steps of an iteration enough.
//!
//! The normal is that of the nearest point (aA, bB), where A = a·px/(τ + a² − b²) and B = b·py/τ for the τ > 0 that
//! makes A² + B² = 1 (Eberly, "Distance from a point to an ellipse", 2013, for a ≥ b and the quarter px, py ≥ 0). As
//! a function of τ, 1/√(A² + B²) is nearly a straight line, so Newton's method is applied to that: it converges in a
//! few steps, and once below the root it never oversteps (Hebden 1973; Moré and Sorensen 1983, who meet the same
//! equation as that of a trust region).

use crate::field::*;

/// Enough for 1e-12, down to figures 70 times as long as wide and all around them: see the test.
const STEPS: usize = 4;

pub(super) fn distance(radii: Vector<2>) -> Field {
    let Vector([rx, ry]) = radii;
    let (rx, ry) = (rx.max(0), ry.max(0));
    // The longer axis first.
    let wide = |then: &Field, otherwise: &Field| if_less(&rx, &ry, otherwise, then);
    let (a, b) = (wide(&rx, &ry), wide(&ry, &rx));
    let (px, py) = (x().abs(), y().abs());
    let (px, py) = (wide(&px, &py), wide(&py, &px));
    // To find the normal, radii and the distance from the long axis are kept a little above 0: the iteration divides
    // by them, and on the axis the two nearest points are equally good.
    let long = a.max(1e-9);
    let short = b.max(1e-6 * &long);
    let focal = long.square() - short.square();
    let (apx, bpy) = (&long * &px, &short * py.max(1e-12));
    // The root is at least this, ...
    let least = bpy.max(hypot(&apx, &bpy) - &focal);
    // ... and near the long axis about the first of these on the way out from the evolute's cusp, where px = (a² − b²)/a,
    // and less than the second on the way in, where the point nearest to (px, 0) leaves the axis.
    let cusp = (&focal * bpy.square() / 2).pow(1.0 / 3.0);
    let within = (1 - (&apx / focal.max(1e-20)).square()).max(1e-12).sqrt();
    let mut root = least.max(cusp.min(&bpy / within));
    for _ in 0..STEPS {
        let shifted = &root + &focal;
        let (ca, cb) = (&apx / &shifted, &bpy / &root);
        let (aa, bb) = (ca.square(), cb.square());
        let sum = &aa + &bb;
        root = (&root + &sum * (sum.sqrt() - 1) / (aa / shifted + bb / &root)).max(&least);
    }
    let (nx, ny) = (&short * &apx / (&root + &focal), &long * bpy / root);
    let n = hypot(&nx, &ny);
    let (nx, ny) = (nx / &n, ny / n);
    let found = &px * &nx + &py * &ny - hypot(&a * nx, &b * ny);
    // Bounds that hold anyway, from k, how much the ellipse must be magnified to pass through the point. They change
    // nothing but keep intervals narrow, to which an iteration gives no good answer.
    let over = hypot(px / &long, py / &short) - 1;
    let (ends, slack) = ((&over * &a, &over * &short), 0.01 * short);
    found.max(ends.0.min(&ends.1) - &slack).min(ends.0.max(ends.1) + slack)
}

#[cfg(test)]
mod tests {
    use crate::shape::ellipse;

    #[test]
    fn a_step_of_the_distance_against_the_gradient_ends_on_the_outline() {
        for [a, b] in [[1.2, 0.7], [0.4, 1.3], [0.9, 0.9], [1.4, 0.1], [1.4, 0.02]] {
            let figure = ellipse([a, b]);
            for i in 1..1500 {
                // Half of the points near the long axis, where the evolute has its cusps.
                let flat = if i % 2 == 0 { 1.0 } else { 0.05 };
                let spread = |step: f64| (i as f64 * step).fract() * 4.0 - 2.0;
                let (long, short) = (spread(0.754877666), spread(0.569840296) * flat);
                let [px, py] = if a < b { [short, long] } else { [long, short] };
                let f = figure.value_with_gradient_at([px, py, 0.0, 0.0]).unwrap();
                let (nx, ny) = (f.slope[0], f.slope[1]);
                assert!((nx.hypot(ny) - 1.0).abs() < 1e-11, "{a}, {b} at {px}, {py}: {f:?}");
                let (qx, qy) = (px - f.value * nx, py - f.value * ny);
                assert!(
                    ((qx / a).hypot(qy / b) - 1.0).abs() * b.min(a) < 1e-12,
                    "{a}, {b} at {px}, {py}: {f:?}"
                );
                let inside = (px / a).hypot(py / b) < 1.0;
                assert_eq!(f.value < 0.0, inside);
            }
        }
    }
}
