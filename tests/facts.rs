//! Facts about the world that the measures must agree with: spheres, boxes, tori, and how they move.

use fieldgrad::prelude::*;
use proptest::prelude::*;
use std::f64::consts::PI;

/// The distance to a torus about the y axis.
fn ring(big: f64, small: f64) -> Field {
    hypot(hypot(x(), z()) - big, y()) - small
}

fn pipe(r: f64) -> Field {
    hypot(x(), z()) - r
}

fn turned_box() -> Field {
    r#box([1.0, 2.0, 0.5]).rotate([1.0, 0.4, -0.7], 0.9)
}

fn still(low: f64, high: f64) -> [Interval; 4] {
    let side = Interval::new(low, high);
    [side, side, side, Interval::new(0.0, 0.0)]
}

fn norm(v: [f64; 3]) -> f64 {
    v.iter().map(|v| v * v).sum::<f64>().sqrt()
}

fn less(a: [f64; 3], b: [f64; 3]) -> [f64; 3] {
    [a[0] - b[0], a[1] - b[1], a[2] - b[2]]
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(32))]

    #[test]
    fn a_spheres_curvatures(r in 0.2..3.0f64, u in -1.0..1.0f64, v in 0.0..6.0f64) {
        let w = (1.0 - u * u).sqrt();
        let at = [r * w * v.cos(), r * u, r * w * v.sin(), 0.0];
        let ball = sphere(r);
        let h = ball.hessian_at(at).unwrap();
        prop_assert!((h[0][0] + h[1][1] + h[2][2] - 2.0 / r).abs() < 1e-12 / r);
        prop_assert!((ball.mean_curvature_at(at).unwrap() - 1.0 / r).abs() < 1e-11);
        prop_assert!((ball.gaussian_curvature_at(at).unwrap() - 1.0 / (r * r)).abs() < 1e-10);
    }

    #[test]
    fn curvatures_at_a_point_are_the_fields(px in -2.0..2.0f64, py in -1.0..1.0f64, pz in 0.3..2.0f64, t in 0.0..1.0f64) {
        let shape = ring(1.2, 0.4).translate([t_times(0.3), Field::constant(0.1), Field::constant(0.0)]);
        let at = [px, py, pz, t];
        let close = |a: f64, b: f64| (a - b).abs() <= 1e-9 * (1.0 + a.abs());
        prop_assert!(close(shape.mean_curvature_at(at).unwrap(), shape.mean_curvature().value_at(at).unwrap()));
        prop_assert!(close(shape.gaussian_curvature_at(at).unwrap(), shape.gaussian_curvature().value_at(at).unwrap()));
        prop_assert!(close(shape.normal_speed_at(at).unwrap(), shape.normal_speed().value_at(at).unwrap()));
    }

    #[test]
    fn the_closest_point_of_a_box(at in prop::array::uniform3(-2.0..2.0f64)) {
        // Outside, each coordinate is held to the box; inside, the nearest face.
        let half = [0.5, 1.0, 0.25];
        let inside = (0..3).all(|i| at[i].abs() < half[i]);
        let found = r#box([1.0, 2.0, 0.5]).closest_point([at[0], at[1], at[2], 0.0]).unwrap();
        let distance = match inside {
            true => (0..3).map(|i| half[i] - at[i].abs()).fold(f64::INFINITY, f64::min),
            false => norm([0, 1, 2].map(|i| (at[i].abs() - half[i]).max(0.0))),
        };
        prop_assert!((norm(less(found, at)) - distance).abs() < 1e-9, "{found:?} from {at:?}");
        prop_assert!(r#box([1.0, 2.0, 0.5]).value_at([found[0], found[1], found[2], 0.0]).unwrap().abs() < 1e-9);
        if !inside {
            prop_assert!((0..3).all(|i| (found[i] - at[i].clamp(-half[i], half[i])).abs() < 1e-6), "{found:?}");
        }
    }

    #[test]
    fn a_ray_hits_a_sphere_where_the_quadratic_says(
        origin in prop::array::uniform3(-3.0..3.0f64),
        direction in prop::array::uniform3(-1.0..1.0f64),
    ) {
        prop_assume!(norm(direction) > 0.1);
        let dot = |a: [f64; 3], b: [f64; 3]| a[0] * b[0] + a[1] * b[1] + a[2] * b[2];
        let (a, b, c) = (dot(direction, direction), dot(origin, direction), dot(origin, origin) - 1.0);
        let root = b * b - a * c;
        prop_assume!(root.abs() > 1e-6);
        let first = [(-b - root.sqrt()) / a, (-b + root.sqrt()) / a].into_iter().find(|s| *s >= 0.0);
        let hit = sphere(1.0).hit(Ray { origin, direction }, 0.0, (0.0, f64::INFINITY)).unwrap();
        prop_assert_eq!(first.is_some(), hit.is_some());
        if let (Some(first), Some(hit)) = (first, hit) {
            prop_assert!(!hit.grazing && (first - hit.distance).abs() < 1e-11 * (1.0 + first) / root.sqrt());
        }
    }
}

/// Functions of space and time with derivatives of the second order everywhere they are asked for them here.
fn smooth_fields() -> [Field; 3] {
    let swirl = (2 * x() + t()).sin() * y().exp() - z() * z() * x();
    let ripple = (x() * y()).cos() * hypot(x() - 3, z()) + (z() - 0.5 * y()).sin();
    let bent = Vector([x() - 4, y(), z()]).length().twist(0.3) * (0.2 * z() + t()).cos();
    [swirl, ripple, bent]
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(32))]

    #[test]
    fn vector_fields_obey_the_identities_of_calculus(at in prop::array::uniform4(-1.0..1.0f64)) {
        let [f, g, h] = smooth_fields();
        let v = Vector([f.clone(), g.clone(), h.clone()]);
        let w = Vector([&h * y(), x() - &f, g.sin()]);
        let value = |f: &Field| f.value_at(at).unwrap();
        let close = |a: &Field, b: &Field| (value(a) - value(b)).abs() < 1e-10 * (1.0 + value(a).abs());
        let zero = Field::constant(0.0);
        for f in &v.0 {
            let around = f.spatial_gradient().curl();
            prop_assert!(around.0.iter().all(|part| close(part, &zero)), "the curl of a gradient is 0");
            let [[xx, ..], [_, yy, ..], [_, _, zz, _], _] = f.hessian();
            prop_assert!(close(&f.laplacian(), &(xx + yy + zz)));
            let [gx, gy, gz, _] = f.gradient();
            prop_assert_eq!(f.spatial_gradient(), Vector([gx, gy, gz]));
        }
        prop_assert!(close(&v.curl().divergence(), &zero), "the divergence of a curl is 0");
        // The rules of products.
        let (scaled, f) = (&f * &v, &f);
        prop_assert!(close(&scaled.divergence(), &(f * v.divergence() + f.spatial_gradient().dot(&v))));
        let expected = f * v.curl() + f.spatial_gradient().cross(&v);
        let found = scaled.curl();
        prop_assert!((0..3).all(|i| close(&found[i], &expected[i])));
        prop_assert!(close(&v.cross(&w).divergence(), &(w.dot(v.curl()) - v.dot(w.curl()))));
        // A vector product stands upright on both, and is as long as the area between them.
        let product = v.cross(&w);
        prop_assert!(close(&product.dot(&v), &zero) && close(&product.dot(&w), &zero));
        let area = v.length_squared() * w.length_squared() - v.dot(&w).square();
        prop_assert!(close(&product.length_squared(), &area));
        // Rows are components, columns axes.
        let (rows, along) = (v.jacobian(), [Axis::X, Axis::Y, Axis::Z].map(|axis| v.derivative(axis)));
        prop_assert!((0..3).all(|i| (0..3).all(|j| close(&rows[i][j], &along[j][i]))));
        prop_assert!(close(&(&rows[0][0] + &rows[1][1] + &rows[2][2]), &v.divergence()));
        prop_assert_eq!(v.derivative(Axis::T).0, v.0.each_ref().map(Field::dt));
        prop_assert!((value(&v.normalize().length()) - 1.0).abs() < 1e-15);
    }
}

#[test]
fn vector_fields_that_are_known() -> Result<()> {
    let at = Vector([x(), y(), z()]);
    assert_eq!(at.divergence().as_constant(), Some(3.0));
    assert_eq!(at.curl().as_constants(), Some([0.0; 3]));
    // 2/r, and half of it is the mean curvature of the sphere.
    assert!((at.length().laplacian().value_at([0.6, 0.0, 0.8, 0.0])? - 2.0).abs() < 1e-15);
    assert!((at.normalize().divergence().value_at([1.2, 0.0, 1.6, 0.0])? - 1.0).abs() < 1e-15);
    // Newton's force has neither sources nor eddies away from its centre.
    let force = -&at / at.length().pow(3);
    let there = [0.7, -0.4, 1.1, 0.0];
    assert!(force.divergence().value_at(there)?.abs() < 1e-13);
    assert!(force.curl().value_at(there)?.iter().all(|part| part.abs() < 1e-13));
    Ok(())
}

/// At the zero vector the direction is 0, and all its derivatives are; near it, and far from it, none is NaN.
#[test]
fn directions_are_finite_everywhere() -> Result<()> {
    let vanishing: [Vector<3>; 4] = [
        Vector([x(), y(), z()]),
        Vector([x() * y(), z().square(), x().sin()]),
        Vector([0.into(), x() + y(), z() - t()]),
        Vector([t(), x(), y()]) * (x() - y()),
    ];
    for v in vanishing {
        let direction = v.normalize();
        for part in &direction.0 {
            let zero = part.value_with_gradient_at([0.0; 4])?;
            assert_eq!((zero.value, zero.slope), (0.0, [0.0; 4]), "{part}");
            assert_eq!(part.hessian_at([0.0; 4])?, [[0.0; 4]; 4], "{part}");
            assert_eq!(part.gradient().map(|slope| slope.value_at([0.0; 4]).unwrap()), [0.0; 4]);
        }
        let curving = v.length().hessian().concat();
        let derived =
            [&direction.0[..], &direction.jacobian().concat(), &[direction.divergence()], &curving].concat();
        let tape = Tape::new(&derived)?;
        let steps = [0.0, 1e-300, -1e-160, 1e-154, -1e-30, 1e-22, 1e-8, 1.0, -1e8];
        let points: Vec<[f64; 4]> =
            (0..729).map(|n| [steps[n % 9], steps[n / 9 % 9], steps[n / 81], 0.0]).collect();
        for column in tape.eval(&points) {
            let wrong = column.iter().position(|value| value.is_nan());
            assert_eq!(wrong.map(|n| points[n]), None, "{v:?}");
        }
        let points: Vec<[f32; 4]> = points.iter().map(|point| point.map(|c| c as f32)).collect();
        for column in tape.eval_f32(&points) {
            let wrong = column.iter().position(|value| value.is_nan());
            assert_eq!(wrong.map(|n| points[n]), None, "{v:?}");
        }
    }
    Ok(())
}

fn t_times(v: f64) -> Field {
    v * t()
}

#[test]
fn curvatures_of_a_cylinder_and_a_torus() -> Result<()> {
    let at = [0.3, 5.0, 0.4, 0.0]; // on a cylinder of radius ½
    assert!((pipe(0.5).mean_curvature_at(at)? - 1.0).abs() < 1e-12);
    assert!(pipe(0.5).gaussian_curvature_at(at)?.abs() < 1e-12);
    // On the outer and the inner equator: 1/r and ±1/(R ± r).
    let (outer, inner, top) = ([1.4, 0.0, 0.0, 0.0], [0.0, 0.0, 0.6, 0.0], [1.0, 0.4, 0.0, 0.0]);
    let torus = ring(1.0, 0.4);
    assert!((torus.mean_curvature_at(outer)? - 0.5 * (1.0 / 0.4 + 1.0 / 1.4)).abs() < 1e-12);
    assert!((torus.mean_curvature_at(inner)? - 0.5 * (1.0 / 0.4 - 1.0 / 0.6)).abs() < 1e-12);
    assert!((torus.gaussian_curvature_at(outer)? - 1.0 / (0.4 * 1.4)).abs() < 1e-12);
    assert!((torus.gaussian_curvature_at(inner)? + 1.0 / (0.4 * 0.6)).abs() < 1e-12);
    assert!(torus.gaussian_curvature_at(top)?.abs() < 1e-12);
    Ok(())
}

#[test]
fn a_moving_spheres_normal_velocity() -> Result<()> {
    let velocity = [0.3, -0.5, 0.2];
    let ball = sphere(0.7).translate(velocity.map(t_times));
    let normal = [2.0 / 3.0, 1.0 / 3.0, -2.0 / 3.0];
    let time = 0.4;
    let at = [0, 1, 2].map(|i| velocity[i] * time + 0.7 * normal[i]);
    let along: f64 = (0..3).map(|i| velocity[i] * normal[i]).sum();
    let at = [at[0], at[1], at[2], time];
    assert!((ball.normal_speed_at(at)? - along).abs() < 1e-14);
    let found = ball.normal_velocity_at(at)?;
    assert!((0..3).all(|i| (found[i] - along * normal[i]).abs() < 1e-14));
    // A ball that grows at a rate moves outwards at it.
    assert!((sphere(0.5 + 0.25 * t()).normal_speed_at([1.0, 0.0, 0.0, 2.0])? - 0.25).abs() < 1e-15);
    Ok(())
}

/// What a solid should measure: volume, area, and the inertia about its three axes.
fn measures_are(
    name: &str,
    shape: &Field,
    tolerance: f64,
    volume: f64,
    area: f64,
    center: [f64; 3],
    inertia: [f64; 3],
) {
    let found = shape.measures(None, 0.0, tolerance).unwrap();
    let small = |estimate: Estimate, of: f64, part: f64| estimate.error <= part * of;
    assert!(
        found.volume.allows(volume) && small(found.volume, volume, 1.01 * tolerance),
        "{name}: {found:?}"
    );
    assert!(found.area.allows(area) && small(found.area, area, 0.35), "{name}: {area} {found:?}");
    assert!((found.area.value - area).abs() < 0.04 * area, "{name}: {area} {found:?}");
    let size = volume.cbrt();
    for i in 0..3 {
        assert!(found.centroid[i].allows(center[i]), "{name}: {found:?}");
        assert!(small(found.centroid[i], size, 10.0 * tolerance), "{name}: {found:?}");
        assert!(found.inertia[i][i].allows(inertia[i]), "{name}: {inertia:?} {found:?}");
        assert!(small(found.inertia[i][i], volume * size * size, 20.0 * tolerance), "{name}: {found:?}");
        assert!(found.inertia[i][(i + 1) % 3].allows(0.0), "{name}: {found:?}");
    }
}

#[test]
fn measures_of_a_ball() {
    let volume = 4.0 / 3.0 * PI;
    let (center, inertia) = ([0.3, -0.2, 0.1], [0.4 * volume; 3]);
    measures_are("ball", &sphere(1.0).translate(center), 1e-3, volume, 4.0 * PI, center, inertia);
}

#[test]
fn measures_of_a_box() {
    let inertia = [4.25 / 12.0, 1.25 / 12.0, 5.0 / 12.0];
    measures_are("box", &r#box([1.0, 2.0, 0.5]), 1e-3, 1.0, 7.0, [0.0; 3], inertia);
}

#[test]
fn measures_of_a_turned_box() -> Result<()> {
    // The sum and the product of the principal moments do not turn.
    let found = turned_box().measures(None, 0.0, 3e-3)?;
    assert!(found.volume.allows(1.0) && found.volume.error <= 3.1e-3, "{found:?}");
    assert!(found.area.allows(7.0), "{found:?}");
    let matrix = found.inertia_matrix();
    assert!((matrix.trace() - 10.5 / 12.0).abs() < 5e-3, "{matrix}");
    assert!((matrix.determinant() - 4.25 * 1.25 * 5.0 / 1728.0).abs() < 5e-4, "{matrix}");
    Ok(())
}

#[test]
fn measures_of_a_torus() {
    let (big, small) = (1.0, 0.4);
    let volume = 2.0 * PI * PI * big * small * small;
    let about_axis = volume * (big * big + 0.75 * small * small);
    let across = volume * (0.5 * big * big + 0.625 * small * small);
    let area = 4.0 * PI * PI * big * small;
    measures_are("torus", &ring(big, small), 3e-3, volume, area, [0.0; 3], [across, about_axis, across]);
}

#[test]
fn measures_of_a_half() -> Result<()> {
    // Bounds cut the ball; the cut is no surface.
    let upper = Bounds::new([-2.0, 0.0, -2.0], [2.0, 2.0, 2.0]);
    let found = sphere(1.0).measures(Some(upper), 0.0, 2e-3)?;
    assert!(found.volume.allows(2.0 / 3.0 * PI) && found.area.allows(2.0 * PI));
    assert!(found.centroid[1].allows(0.375), "{found:?}");
    Ok(())
}

#[test]
fn measures_where_choices_jump() -> Result<()> {
    // A ball in two halves of different formula, and copies found by rounding.
    let halves = if_less(x() + 0.3 * y(), 0.05, sphere(0.8), 2.0 * sphere(0.8));
    let volume = 4.0 / 3.0 * PI * 0.512;
    let found = halves.volume(0.0, 5e-3)?;
    assert!(found.allows(volume) && found.error < 5.1e-3 * volume, "{found:?}");
    let copies = sphere(0.5).repeat_count((1.2, 0, 0), (3, 1, 1));
    let found = copies.volume(0.0, 5e-3)?;
    assert!(found.allows(0.5 * PI), "{found:?}");
    Ok(())
}

#[test]
fn bounds_hold_the_solid_and_are_tight() -> Result<()> {
    let about = |bounds: Option<Bounds>, min: [f64; 3], max: [f64; 3]| {
        let bounds = bounds.expect("a solid");
        let slack = 1.5e-3 * norm(less(max, min));
        let tight = |outer: f64, inner: f64| outer >= inner - 1e-15 && outer <= inner + slack;
        let fits = (0..3).all(|i| tight(bounds.max[i], max[i]) && tight(-bounds.min[i], -min[i]));
        assert!(fits, "{bounds:?} for {min:?} {max:?}");
    };
    about(
        sphere(0.7).translate([3.0, -40.0, 0.1]).bounds((0.0, 0.0))?,
        [2.3, -40.7, -0.6],
        [3.7, -39.3, 0.8],
    );
    about(r#box([1.0, 2.0, 0.5]).bounds((0.0, 0.0))?, [-0.5, -1.0, -0.25], [0.5, 1.0, 0.25]);
    about(sphere(1e-3).bounds((0.0, 0.0))?, [-1e-3; 3], [1e-3; 3]);
    about(sphere(3e5).bounds((0.0, 0.0))?, [-3e5; 3], [3e5; 3]);
    let moving = sphere(0.5).translate([3 * t(), t().sin(), Field::constant(0.0)]);
    about(moving.bounds((0.0, 2.0))?, [-0.5, -0.5, -0.5], [6.5, 1.5, 0.5]);
    let (s, c) = 0.6f64.sin_cos();
    let reach = [0.5 * c + s, 0.5 * s + c, 0.25];
    about(r#box([1.0, 2.0, 0.5]).rotate_z(0.6).bounds((0.0, 0.0))?, reach.map(|v| -v), reach);
    let twisted = r#box([1.0, 2.0, 1.0]).twist(1.0).bounds((0.0, 0.0))?;
    about(twisted, [-0.5f64.sqrt(), -1.0, -0.5f64.sqrt()], [0.5f64.sqrt(), 1.0, 0.5f64.sqrt()]);
    Ok(())
}

#[test]
fn bounds_that_there_are_not() -> Result<()> {
    assert_eq!((sphere(0.5) + 1).bounds((0.0, 1.0))?, None);
    assert_eq!((x() + 2 * y() - z()).bounds((0.0, 1.0)), Err(Error::Unbounded));
    assert_eq!(pipe(0.5).bounds((0.0, 1.0)), Err(Error::Unbounded));
    assert_eq!((-sphere(0.5)).bounds((0.0, 1.0)), Err(Error::Unbounded));
    assert!(matches!(sphere(0.5).bounds((0.0, f64::NAN)), Err(Error::Argument { .. })));
    assert!(matches!(sphere(f64::NAN).bounds((0.0, 1.0)), Err(Error::Argument { .. })));
    let nothing = (sphere(0.5) + 1).measures(None, 0.0, 1e-3)?;
    assert_eq!(nothing.volume.value, 0.0);
    assert!(nothing.centroid[0].error.is_infinite());
    Ok(())
}

#[test]
fn lipschitz_of_a_twist() -> Result<()> {
    // The worst linear field, over a cylinder of radius 1 in a box: v/2 + √(1 + v²/4) with v = rate·radius.
    let rate: f64 = 1.3;
    let v = rate * 2f64.sqrt(); // the corner of the box
    let bound = v / 2.0 + (1.0 + v * v / 4.0).sqrt();
    // The longest singular vector: a right angle shared between the axis and the plane across.
    let angle = 0.5 * (2.0 / v).atan();
    let worst = (angle.cos() * x() + angle.sin() * y()).twist(rate);
    let found = worst.lipschitz([
        Interval::new(-1.0, 1.0),
        Interval::new(-3.0, 3.0),
        Interval::new(-1.0, 1.0),
        Interval::new(0.0, 0.0),
    ])?;
    assert!(found <= bound * (1.0 + 1e-3) && found >= bound * (1.0 - 1e-9), "{found} {bound}");
    assert!((sphere(0.5).lipschitz(still(0.5, 1.0))? - 1.0).abs() < 1e-2);
    assert_eq!(x().abs().sqrt().lipschitz(still(-1.0, 1.0))?, f64::INFINITY);
    // Space alone: the speed of a field does not count, and is the rate.
    let fast = sphere(0.5).translate([9 * t(), Field::constant(0.0), Field::constant(0.0)]);
    let over = [
        Interval::new(1.0, 2.0),
        Interval::new(-0.1, 0.1),
        Interval::new(0.0, 0.1),
        Interval::new(0.0, 0.01),
    ];
    assert!(fast.lipschitz(over)? < 1.01);
    assert!((fast.rate(over)? - 9.0).abs() < 0.1);
    Ok(())
}

#[test]
fn hits_move_as_their_derivatives_say() -> Result<()> {
    let shape = |r: f64| {
        let ball = sphere(param("r", r)).translate([0.2 * t(), Field::constant(0.1), t().sin()]);
        ball.smooth_union(r#box([0.6, 0.4, 2.0]), 0.3)
    };
    let (origin, direction, time) = ([-3.0, 0.3, 0.2], [0.9, -0.1, 0.05], 0.3);
    let distance = |r: f64, origin: [f64; 3], direction: [f64; 3], t: f64| {
        let hit = shape(r).hit(Ray { origin, direction }, t, (0.0, 100.0)).unwrap().expect("a hit");
        assert!(!hit.grazing);
        hit.distance
    };
    let hit = shape(0.8).hit(Ray { origin, direction }, time, (0.0, 100.0))?.expect("a hit");
    let step = 1e-5;
    let slope = |at: &dyn Fn(f64) -> f64| (at(step) - at(-step)) / (2.0 * step);
    let moved = |v: [f64; 3], i: usize, e: f64| {
        let mut v = v;
        v[i] += e;
        v
    };
    for i in 0..3 {
        let by_origin = slope(&|e| distance(0.8, moved(origin, i, e), direction, time));
        let by_direction = slope(&|e| distance(0.8, origin, moved(direction, i, e), time));
        assert!((hit.by_origin[i] - by_origin).abs() < 1e-7, "{by_origin} {hit:?}");
        assert!((hit.by_direction[i] - by_direction).abs() < 1e-7, "{by_direction} {hit:?}");
    }
    assert!((hit.by_time - slope(&|e| distance(0.8, origin, direction, time + e))).abs() < 1e-7);
    assert!((hit.by_parameter[0] - slope(&|e| distance(0.8 + e, origin, direction, time))).abs() < 1e-7);
    Ok(())
}

#[test]
fn hits_at_the_edge_of_missing() -> Result<()> {
    let along_x = |height: f64| Ray { origin: [-3.0, height, 0.0], direction: [1.0, 0.0, 0.0] };
    let range = (0.0, f64::INFINITY);
    assert_eq!(sphere(0.5).hit(along_x(0.6), 0.0, range)?, None);
    assert_eq!(sphere(0.5).hit(along_x(0.0), 0.0, (0.0, 2.0))?, None);
    let touch = sphere(0.5).hit(along_x(0.5), 0.0, range)?.expect("touched");
    assert!((touch.distance - 3.0).abs() < 1e-7);
    assert!(touch.by_origin.iter().all(|v| v.is_finite()));
    // A sheet thinner than any step, and a wall behind a window.
    let sheet = x().abs() - 1e-9;
    let hit = sheet.hit(along_x(0.0), 0.0, range)?.expect("the sheet");
    assert!(!hit.grazing && (hit.distance - (3.0 - 1e-9)).abs() < 1e-14);
    let hit = turned_box().hit(along_x(0.1), 0.0, range)?.expect("the box");
    assert!(!hit.grazing && hit.normal[0] < 0.0);
    // From inside, the way out; and behind the origin.
    assert!((sphere(0.5).hit(along_x(0.0), 0.0, (3.0, 9.0))?.expect("out").distance - 3.5).abs() < 1e-15);
    assert!(matches!(
        sphere(0.5).hit(Ray { origin: [0.0; 3], direction: [0.0; 3] }, 0.0, range),
        Err(Error::Argument { .. })
    ));
    Ok(())
}

#[test]
fn closest_points() -> Result<()> {
    let found = ring(1.0, 0.3).closest_point([2.0, 0.5, 0.0, 0.0])?;
    let to = norm([1.0, 0.5, 0.0]);
    let truth = [1.0 + 0.3 / to, 0.15 / to, 0.0];
    assert!(norm(less(found, truth)) < 1e-10, "{found:?}");
    // The nearer of two, though the other's field is steeper; and from within.
    let two = sphere(0.5).translate([2.0, 0.0, 0.0]).union(3 * sphere(0.5).translate([-1.9, 0.0, 0.0]));
    assert!(norm(less(two.closest_point([0.0; 4])?, [-1.4, 0.0, 0.0])) < 1e-10);
    assert!((norm(sphere(0.5).closest_point([0.0; 4])?) - 0.5).abs() < 1e-12);
    let ellipsoid = length([x(), 2 * y(), z()]) - 1;
    let found = ellipsoid.closest_point([0.0, 3.0, 0.0, 0.0])?;
    assert!(norm(less(found, [0.0, 0.5, 0.0])) < 1e-10, "{found:?}");
    assert!(matches!((sphere(0.5) + 1).closest_point([0.0; 4]), Err(Error::Undefined(_))));
    assert!(matches!(sphere(0.5).closest_point_within([5.0, 0.0, 0.0, 0.0], 2.0), Err(Error::Undefined(_))));
    Ok(())
}

#[test]
fn first_contacts() -> Result<()> {
    let still = Field::constant(0.0);
    let a = sphere(0.5).translate([t(), still.clone(), still.clone()]);
    let b = sphere(0.5).translate([3 - t(), 0.3 * (1 + &still), still.clone()]);
    let contact = first_contact(&a, &b, (0.0, 3.0), 1e-3)?.expect("they meet");
    assert!((contact.time - (3.0 - 0.91f64.sqrt()) / 2.0).abs() < 1e-12, "{contact:?}");
    assert!(norm(less(contact.point, [1.5, 0.15, 0.0])) < 1e-10, "{contact:?}");
    assert_eq!(first_contact(&a, &b, (0.0, 1.0), 1e-3)?, None);
    assert_eq!(first_contact(&a, &b.translate([0.0, 0.8, 0.0]), (0.0, 3.0), 1e-3)?, None);
    let at_once = first_contact(&a, &b, (1.2, 3.0), 1e-3)?.expect("they overlap");
    assert!((at_once.time - 1.2).abs() < 1e-12);
    // A bar that turns until its long side touches a ball.
    let bar = r#box([2.0, 0.2, 0.2]).rotate_z(t());
    let ball = sphere(0.3).translate([0.0, 1.0, 0.0]);
    let contact = first_contact(&bar, &ball, (0.0, 3.0), 1e-3)?.expect("it is hit");
    // At the time θ the ball's centre is at distance cos θ from the bar's middle line: 0.3 + 0.1 when they touch.
    assert!((contact.time - 0.4f64.acos()).abs() < 1e-3, "{contact:?}");
    Ok(())
}

#[test]
fn the_same_for_any_number_of_threads() {
    let measure = || turned_box().measures(None, 0.0, 1e-2);
    let alone = rayon::ThreadPoolBuilder::new().num_threads(1).build().expect("a pool");
    let many = rayon::ThreadPoolBuilder::new().num_threads(3).build().expect("a pool");
    assert_eq!(alone.install(measure), many.install(measure));
}

#[test]
fn the_built_in_scene_is_bounded() {
    let bounds = fieldgrad::scene::built_in().field().bounds((0.0, 6.3)).unwrap().expect("not empty");
    assert!(bounds.contains([0.0, 1.6, 0.0]) && bounds.contains([1.2, -0.9, -1.2]));
    // Across the sectors' edges intervals cannot tell the copies of the ring apart: the box is some times too large.
    assert!(bounds.size().iter().all(|side| *side < 12.0), "{bounds:?}");
}
