//! Polyhedra and prisms: centred at the origin, the axis of prisms is y. Sizes that are parameters may fall to 0 or
//! below, as in [`super::solid`].
//!
//! The symmetries of a regular solid carry every point into one small region, bounded by mirrors, with one face centre,
//! one edge middle and one corner on it; the nearest point of the solid lies there too. A point in that region is
//! known by how far it lies in the directions of those three, and each of those is the greatest of its kind: so the
//! point need not be carried anywhere, three maxima do.

use super::arguments::*;
use super::solid::{direction, meet, signed};
use crate::field::*;

shapes! {
    /// A regular octahedron whose corners lie on the axes, at the distance `r` from the centre.
    ///
    /// Exact.
    exact octahedron(r: impl Length) {
        let (x, y, z) = (x().abs(), y().abs(), z().abs());
        let face = (&x + &y + &z) / 3f64.sqrt();
        let edge = (&x + &y).max(&y + &z).max(&z + &x) / 2f64.sqrt();
        let corner = x.max(y).max(z);
        let angles = Angles { face_edge: (2f64 / 3.0).sqrt(), edge_corner: 0.5f64.sqrt() };
        regular(face, edge, corner, angles, r)
    } as in octahedron(1.1);

    /// A regular tetrahedron whose corners lie at the distance `r` from the centre, along (1, 1, 1), (1, −1, −1),
    /// (−1, 1, −1) and (−1, −1, 1).
    ///
    /// Exact.
    exact tetrahedron(r: impl Length) {
        let (sum, difference) = ((x() + y()).abs(), (x() - y()).abs());
        let face = (&sum - z()).max(&difference + z()) / 3f64.sqrt();
        let edge = x().abs().max(y().abs()).max(z().abs());
        let corner = (sum + z()).max(difference - z()) / 3f64.sqrt();
        let third = 3f64.sqrt().recip();
        regular(face, edge, corner, Angles { face_edge: third, edge_corner: third }, r)
    } as in tetrahedron(1.2);

    /// A regular dodecahedron whose corners lie at the distance `r` from the centre; an edge crosses each axis.
    ///
    /// Exact.
    exact dodecahedron(r: impl Length) {
        let [fivefold, twofold, threefold] = icosahedral();
        let angles = Angles { face_edge: five_two(), edge_corner: three_two() };
        regular(fivefold, twofold, threefold, angles, r)
    } as in dodecahedron(1.0);

    /// A regular icosahedron whose corners lie at the distance `r` from the centre; an edge crosses each axis.
    ///
    /// Exact.
    exact icosahedron(r: impl Length) {
        let [fivefold, twofold, threefold] = icosahedral();
        let angles = Angles { face_edge: three_two(), edge_corner: five_two() };
        regular(threefold, twofold, fivefold, angles, r)
    } as in icosahedron(1.0);

    /// A pyramid on a square of side `base`, its tip `h` above it. The origin is halfway up.
    ///
    /// Exact.
    exact pyramid(base: impl Length, h: impl Length) {
        let (half, h) = ((base / 2).max(0), h.max(0));
        // The side that faces the point, seen along its foot.
        let (out, aside) = (x().abs().max(z().abs()), z().abs().min(x().abs()));
        let (above, beyond) = (y() + &h / 2, &out - &half);
        let ([nx, ny], slant) = direction(&h, &half);
        let off = &beyond * &nx + &above * &ny;
        let up = &above * nx - &beyond * ny;
        // In the plane of the side: across the edge from a corner of the base to the tip, and along it.
        let ([mx, my], edge) = direction(&slant, &half);
        let corner = &aside - &half;
        let across = &corner * &mx + &up * &my;
        let along = &up * mx - &corner * my;
        let to_edge = length([&off, &across, &(&along - along.clamp(0, edge))]);
        let corner = corner.max(0);
        let to_side = if_less(0, across, to_edge, length([&off, &(&up - up.clamp(0, slant)), &corner]));
        let to_base = length([beyond.max(0), above.clone(), corner]);
        // That y is at most that of the tip says nothing new but where the pyramid is a line.
        signed(off.max(y().abs() - h / 2).max(beyond), to_side.min(to_base))
    } as in pyramid(1.3, 1.2);

    /// A prism of height `h` over a regular hexagon whose corners lie at the distance `r` from the axis, one of them on
    /// the x axis.
    ///
    /// Exact.
    exact hex_prism(r: impl Length, h: impl Length) {
        let (x, z) = (x().abs(), z().abs());
        let side = z.max((&x * 3f64.sqrt() + &z) / 2);
        let corner = x.max((&z * 3f64.sqrt() + &x) / 2);
        meet(regular_figure(side, corner, 0.75f64.sqrt(), r), y().abs() - h / 2)
    } as in hex_prism(0.8, 0.7);

    /// A prism of height `h` over a regular triangle whose corners lie at the distance `r` from the axis, one of them on
    /// the x axis.
    ///
    /// Exact.
    exact tri_prism(r: impl Length, h: impl Length) {
        let (x, z) = (x(), z().abs() * 3f64.sqrt());
        let side = (-&x).max((&x + &z) / 2);
        let corner = x.max((z - &x) / 2);
        meet(regular_figure(side, corner, 0.5, r), y().abs() - h / 2)
    } as in tri_prism(0.9, 0.7);

    /// Half a box of the whole size `[w, h, d]`: what lies below the slope from its upper edge at −x to its lower edge
    /// at +x.
    ///
    /// Exact.
    exact wedge(size: impl Extent3) {
        let [w, h, d] = size.0.map(|side| side.max(0));
        let ([nx, ny], slope) = direction(&h, &w);
        let off = x() * &nx + y() * &ny;
        let along = y() * nx - x() * ny;
        let (half, low, high) = (&slope / 2, -&w / 2, &w / 2);
        let to_slope = hypot(&off, &along - along.clamp(-&half, half));
        let to_foot = hypot(x() - x().clamp(low, &high), y() + &h / 2);
        let to_back = hypot(x() + high, y() - y().clamp(-&h / 2, &h / 2));
        let inside = off.max(x().abs() - w / 2).max(y().abs() - h / 2);
        meet(signed(inside, to_slope.min(to_foot).min(to_back)), z().abs() - d / 2)
    } as in wedge([1.4, 0.9, 0.8]);
}

/// The cosines of the angles, seen from the centre, between a face's centre and its edge's middle, and between that and
/// its corner.
struct Angles {
    face_edge: f64,
    edge_corner: f64,
}

/// The distance to a regular solid with corners at the distance r, for a point given by how far it lies in the
/// directions of the face, the edge and the corner next to it.
fn regular(face: Field, edge: Field, corner: Field, angles: Angles, r: Field) -> Field {
    let Angles { face_edge, edge_corner } = angles;
    let sine = |cosine: f64| (1.0 - cosine * cosine).sqrt();
    let (inner, middle) = (edge_corner * face_edge, edge_corner);
    // Above the face; in its plane across the edge; along the edge beyond the corner.
    let off = &face - &r * inner;
    let across = (&edge - face * face_edge) / sine(face_edge) - &r * (middle * sine(face_edge));
    let beyond = (corner - edge * edge_corner) / sine(edge_corner) - r * sine(edge_corner);
    let away = length([&off, &across.max(0), &beyond.max(0)]);
    signed(off, away)
}

/// The same in the plane.
fn regular_figure(side: Field, corner: Field, side_corner: f64, r: Field) -> Field {
    let sine = (1.0 - side_corner * side_corner).sqrt();
    let off = &side - &r * side_corner;
    let beyond = (corner - side * side_corner) / sine - r * sine;
    let away = hypot(&off, beyond.max(0));
    signed(off, away)
}

/// How far a point lies in the directions of the nearest five-, two- and threefold axis of an icosahedron.
fn icosahedral() -> [Field; 3] {
    let golden = golden();
    let at = [x().abs(), y().abs(), z().abs()];
    let greatest = |of: &dyn Fn(&Field, &Field, &Field) -> Field| {
        let [x, y, z] = &at;
        of(x, y, z).max(of(y, z, x)).max(of(z, x, y))
    };
    let fivefold = greatest(&|_, y, z| y + z * golden) / (1.0 + golden * golden).sqrt();
    let twofold = greatest(&|x, y, z| x.max((x + y / golden + z * golden) / 2));
    let threefold = greatest(&|_, y, z| z / golden + y * golden);
    let [x, y, z] = &at;
    [fivefold, twofold, threefold.max(x + y + z) / 3f64.sqrt()]
}

fn golden() -> f64 {
    (1.0 + 5f64.sqrt()) / 2.0
}

/// The cosine between neighbouring five- and twofold axes.
fn five_two() -> f64 {
    golden() / (1.0 + golden() * golden()).sqrt()
}

/// The cosine between neighbouring three- and twofold axes.
fn three_two() -> f64 {
    golden() / 3f64.sqrt()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::shape::testing::{near, value};

    /// A solid with corners at 1: its inner radius, and one of its corners.
    fn regular_solids() -> [(Field, f64, [f64; 3]); 4] {
        let (g, s) = (golden(), 3f64.sqrt());
        let long = (1.0 + g * g).sqrt();
        let dual = g * g / (s * long); // the dodecahedron and the icosahedron have the same
        [
            (octahedron(1.0), 1.0 / s, [0.0, 1.0, 0.0]),
            (tetrahedron(1.0), 1.0 / 3.0, [1.0 / s, -1.0 / s, -1.0 / s]),
            (dodecahedron(1.0), dual, [1.0 / s, 1.0 / s, -1.0 / s]),
            (icosahedron(1.0), dual, [0.0, 1.0 / long, g / long]),
        ]
    }

    #[test]
    fn regular_solids_have_their_inner_radius_and_their_corners() {
        for (solid, inner, corner) in regular_solids() {
            near(value(&solid, [0.0; 3]), -inner);
            near(value(&solid, corner), 0.0);
            near(value(&solid, corner.map(|c| 3.0 * c)), 2.0);
        }
    }

    #[test]
    fn the_edges_of_a_dodecahedron_and_an_icosahedron_cross_the_axes() {
        // Middle radii: cos of the angle from edge to corner.
        near(value(&dodecahedron(1.0), [0.0, 2.0, 0.0]), 2.0 - three_two());
        near(value(&icosahedron(1.0), [2.0, 0.0, 0.0]), 2.0 - five_two());
    }

    #[test]
    fn a_pyramid_and_its_features() {
        let pyramid = pyramid(2.0, 1.0);
        near(value(&pyramid, [0.0, 2.0, 0.0]), 1.5);
        near(value(&pyramid, [0.3, -1.5, -0.2]), 1.0);
        near(value(&pyramid, [0.9, 1.0, 0.0]), (0.9 + 0.5) / 2f64.sqrt()); // the side faces (1, 1, 0)
        near(value(&pyramid, [3.0, -0.5, 0.4]), 2.0);
        near(value(&pyramid, [2.0, -0.5, 2.0]), 2f64.sqrt());
        near(value(&pyramid, [0.0, -0.2, 0.0]), -0.3);
    }

    #[test]
    fn a_pyramid_on_nothing_is_a_line_from_foot_to_tip() {
        for (base, h) in [(0.0, 1.4), (-0.5, 1.4), (1e-13, 1.4), (0.0, 0.0)] {
            let line = super::pyramid(param("base", base), h);
            for p in
                [[0.0, 2.0, 0.0], [0.0, 0.7 + 1e-9, 0.0], [0.0, -3.0, 0.0], [0.3, 0.2, -0.4], [0.2, 1.0, 0.1]]
            {
                let [x, y, z]: [f64; 3] = p;
                let past = (y.abs() - h / 2.0).max(0.0);
                let distance = (x * x + z * z + past * past).sqrt();
                assert!(
                    (value(&line, p) - distance).abs() < 1e-12,
                    "{base}, {h} at {p:?}: {}",
                    value(&line, p)
                );
                let slope = line.gradient_at([x, y, z, 0.0]).unwrap();
                let expected = [x / distance, past.copysign(y) / distance, z / distance];
                (0..3).for_each(|i| {
                    assert!((slope[i] - expected[i]).abs() < 1e-9, "{base} at {p:?}: {slope:?}")
                });
            }
        }
    }

    #[test]
    fn prisms_and_their_features() {
        let hexagon = hex_prism(1.0, 2.0);
        near(value(&hexagon, [0.0, 0.0, 2.0]), 2.0 - 0.75f64.sqrt());
        near(value(&hexagon, [2.0, 0.0, 0.0]), 1.0);
        near(value(&hexagon, [0.0, 0.9, 0.0]), -0.1);
        let triangle = tri_prism(1.0, 2.0);
        near(value(&triangle, [-2.0, 0.0, 0.0]), 1.5);
        near(value(&triangle, [2.0, 0.0, 0.0]), 1.0);
        near(value(&triangle, [0.0; 3]), -0.5);
        near(value(&triangle, [5.0, 4.0, 0.0]), 5.0);
    }

    #[test]
    fn a_wedge_is_half_a_box() {
        let wedge = wedge([2.0, 2.0, 2.0]);
        near(value(&wedge, [1.0, 1.0, 0.0]), 2f64.sqrt());
        near(value(&wedge, [-1.5, 0.3, 0.2]), 0.5);
        near(value(&wedge, [0.3, -2.0, 0.2]), 1.0);
        near(value(&wedge, [-0.1, -0.1, 0.95]), -0.05);
    }
}
