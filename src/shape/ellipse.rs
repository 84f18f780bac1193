//! The distance to an ellipse.
//!
//! An ellipse is convex, so its signed distance, outside and inside, is the largest of p·n − h(n) over all unit vectors
//! n, where h(n) = √(a²nx² + b²ny²) is how far the ellipse reaches in the direction n. A normal that is wrong by δ gives
//! a distance that is too small by δ² only; that is what makes a few steps of an iteration enough.
//!
//! With the longer half axis as the unit (b and the quarter px, py ≥ 0 are measured in it, and e² = 1 − b²), the nearest
//! point is (A, bB), where A = px/(bσ + e²) and B = py/σ for the σ > 0 that makes A² + B² = 1, and its normal goes along
//! (px·bσ/(bσ + e²), py) (Eberly, "Distance from a point to an ellipse", 2013; his t is b²(σ/b − 1)). Neither divides by b:
//! however flat the figure is, the normal is as exact. As a function of σ, 1/√(A² + B²) is nearly a straight line, so
//! Newton's method is applied to that: it converges in a few steps, and once below the root it never oversteps (Hebden
//! 1973; Moré and Sorensen 1983, who meet the same equation as that of a trust region). Near the ends of the long axis
//! the equation is, but for its scale, the same cubic for all flat figures, so that the steps it takes do not grow.

use crate::field::*;

/// Enough for rounding, at every aspect and all around the figure: see the test.
const STEPS: usize = 4;

/// What is shorter, in parts of the long half axis, counts as this long in what is divided by: single precision can
/// still say its square.
const SHORTEST: f64 = 1e-18;

pub(super) fn distance(radii: Vector<2>) -> Field {
    let Vector([rx, ry]) = radii;
    let (rx, ry) = (rx.max(0), ry.max(0));
    // The longer axis first.
    let wide = |then: &Field, otherwise: &Field| if_less(&rx, &ry, otherwise, then);
    let (a, b) = (wide(&rx, &ry), wide(&ry, &rx));
    let (px, py) = (x().abs(), y().abs());
    let (px, py) = (wide(&px, &py), wide(&py, &px));
    let long = a.max(1e-9);
    let aspect = (&b / &long).max(SHORTEST);
    let focal = 1 - aspect.square(); // the square of the eccentricity
    // On the long axis the two nearest points are equally good: one of them is taken.
    let (u, v) = (&px / &long, (&py / &long).max(SHORTEST));
    // The root is at least this, ...
    let least = v.max((hypot(&u, &v * &aspect) - &focal) / &aspect);
    // ... and near the long axis about the first of these on the way out from the evolute's cusp, where u is the square
    // of the eccentricity, and less than the second on the way in, where the point nearest to (u, 0) leaves the axis.
    let cusp = (&focal / (2 * &aspect)).pow(1.0 / 3.0) * v.pow(2.0 / 3.0);
    let within = (1 - (&u / focal.max(SHORTEST)).square()).max(1e-16).sqrt();
    let mut root = least.max(cusp.min(&v / within));
    for _ in 0..STEPS {
        let shifted = &root * &aspect + &focal;
        let (aa, bb) = ((&u / &shifted).square(), (&v / &root).square());
        let sum = &aa + &bb;
        root = (&root + &sum * (sum.sqrt() - 1) / (aa * &aspect / shifted + bb / &root)).max(&least);
    }
    let shift = root * aspect;
    let (nx, ny) = (u * &shift / (&shift + focal), v);
    let n = hypot(&nx, &ny);
    let (nx, ny) = (nx / &n, ny / n);
    let found = &px * &nx + &py * &ny - hypot(&a * nx, &b * ny);
    // Bounds that hold anyway, from how much the ellipse, or one a little thicker, must be magnified to pass through the
    // point. They change nothing but keep intervals narrow, to which an iteration gives no good answer.
    let short = b.max(1e-9 * &long);
    let by_long = hypot(&px, &py * (&long / &short)) - &long;
    let by_short = hypot(&px * (&short / &long), &py) - &short;
    let slack = 0.01 * short + 1e-6 * &long;
    let most = by_long.max(&by_short) * (1.0 + 1e-6) + &slack;
    let found = found.max(by_long.min(by_short) - slack).min(most);
    // An ellipse of no width is the line along its axis.
    if_less(0, b, found, hypot((px - a).max(0), py))
}

#[cfg(test)]
mod tests {
    use crate::field::param;
    use crate::shape::ellipse;

    #[test]
    fn a_step_of_the_distance_against_the_gradient_ends_on_the_outline() {
        let flat = [1e-4, 1e-6, 1e-7, 1e-9, 1e-13, 1e-17].map(|b| [1.4, b]);
        let figures = [[1.2, 0.7], [0.4, 1.3], [0.9, 0.9], [1.4, 0.1], [1.4, 0.02]];
        for [a, b] in figures.into_iter().chain(flat).chain(flat.map(|[a, b]| [b, a])) {
            let figure = ellipse([a, b]);
            for i in 1..1500 {
                // A third of the points near the long axis, where the evolute has its cusps, and a third about as far
                // from it as the figure is wide.
                let flat = [1.0, 0.05, f64::min(a, b)][i % 3];
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
                assert_eq!(f.value < 0.0, inside, "{a}, {b} at {px}, {py}: {f:?}");
            }
        }
    }

    #[test]
    fn an_ellipse_of_no_width_is_a_line_and_has_no_inside() {
        for (radii, turned) in [([1.4, 0.0], false), ([0.0, 1.4], true), ([1.4, -0.2], false)] {
            // A parameter may fall below 0.
            let figure = ellipse([param("rx", radii[0]), param("ry", radii[1])]);
            for (along, aside) in
                [(0.3, 0.0), (0.3, 1e-30), (-1.4, 0.0), (1.7, 0.4), (-2.0, 0.0), (0.9, -0.2)]
            {
                let [px, py] = if turned { [aside, along] } else { [along, aside] };
                let f = figure.value_with_gradient_at([px, py, 0.0, 0.0]).unwrap();
                let expected = f64::hypot((f64::abs(along) - 1.4).max(0.0), aside);
                assert!((f.value - expected).abs() <= 1e-15 * expected, "{radii:?} at {px}, {py}: {f:?}");
                assert!(f.slope[0].hypot(f.slope[1]) < 1.0 + 1e-12, "{radii:?} at {px}, {py}: {f:?}");
            }
        }
    }
}
