//! Every name promised to users is there, under that name, documented and labelled.

use fieldgrad::prelude::*;
use fieldgrad::shape::catalogue;

/// The shape library's names; `smooth_min_kind`, `repeat_count`, … stand for further arguments in scenes.
const PROMISED: &str = "
    sphere ellipsoid box rounded_box box_frame torus capped_torus link cylinder infinite_cylinder capsule cone
    capped_cone round_cone solid_angle cut_sphere plane octahedron tetrahedron dodecahedron icosahedron pyramid
    hex_prism tri_prism wedge superquadric gyroid schwarz helix tube
    circle rect rounded_rect ellipse polygon regular_polygon star segment arc ring vesica heart bezier text
    extrude revolve twist_extrude loft
    union intersection difference xor smooth_union smooth_intersection smooth_difference smooth_min smooth_max
    round_union chamfer_union stairs_union blend
    translate rotate rotate_x rotate_y rotate_z scale stretch mirror repeat polar_repeat elongate twist bend taper
    shear offset shell displace noise warp
    delay speed freeze loop_time ping_pong keyframes ease_in ease_out ease_in_out morph sweep trail";

#[test]
fn every_promised_name_is_in_the_catalogue() {
    let there: Vec<&str> = catalogue().map(|entry| entry.name).collect();
    let missing: Vec<&str> = PROMISED.split_whitespace().filter(|name| !there.contains(name)).collect();
    assert!(missing.is_empty(), "{missing:?}");
}

#[test]
fn every_entry_is_documented_and_its_sample_bears_its_name() {
    for entry in catalogue() {
        assert!(!entry.doc.is_empty() && entry.doc[0].len() > 10, "{} has no text", entry.name);
        assert!(!entry.arguments.is_empty(), "{} has no arguments", entry.name);
        let sample = (entry.sample)();
        sample.check().unwrap();
        assert_eq!(sample.label().unwrap().function(), entry.name);
    }
    let mut names: Vec<&str> = catalogue().map(|entry| entry.name).collect();
    names.sort();
    names.dedup();
    assert_eq!(names.len(), catalogue().count(), "a name stands twice");
}

/// The arithmetic and the derivatives, by the names scenes use: that this compiles is most of the test.
#[test]
fn arithmetic_and_derivatives_have_their_names() {
    let a = || x() + 0.5;
    let fields = [
        abs(a()),
        sqrt(a()),
        square(a()),
        exp(a()),
        ln(a()),
        sin(a()),
        cos(a()),
        tan(a()),
        asin(a() / 9),
        acos(a() / 9),
        atan(a()),
        atan2(a(), y()),
        min(a(), 1),
        max(a(), 1),
        clamp(a(), 0, 1),
        mix(a(), y(), 0.3),
        step(0.2, a()),
        smoothstep(0, 1, a()),
        floor(a()),
        ceil(a()),
        round(a()),
        fract(a()),
        sign(a()),
        pow(a(), 1.5),
        length([x(), y(), z()]),
        dot([x(), y(), z()], [1.0, 2.0, 3.0]),
        hypot(a(), y()),
        if_less(a(), 1, y(), z()),
        a() % 0.3,
        deg(180),
    ];
    for field in fields {
        assert!(field.value_at([0.3, 0.4, 0.5, 0.6]).unwrap().is_finite());
    }
    let ball = sphere(1);
    let at = [0.0, 2.0, 0.0, 0.0];
    assert_eq!(ball.dx().value_at(at).unwrap(), 0.0);
    assert_eq!(ball.dy().value_at(at).unwrap(), 1.0);
    assert_eq!(ball.dz().value_at(at).unwrap(), 0.0);
    assert_eq!(ball.dt().value_at(at).unwrap(), 0.0);
    assert_eq!(ball.normal_speed().value_at(at).unwrap(), 0.0);
    assert_eq!(ball.mean_curvature().value_at(at).unwrap(), 0.5);
    assert_eq!(ball.gaussian_curvature().value_at(at).unwrap(), 0.25);
}

#[test]
fn colours_blend_where_shapes_blend() {
    let red = sphere(0.5).translate([-0.4, 0.0, 0.0]).color([1.0, 0.0, 0.0]);
    let blue = sphere(0.5).translate([0.4, 0.0, 0.0]).color([0.0, 0.0, 1.0]);
    let at = |field: &Field, x: f64| {
        let material = field.material().expect("painted").clone();
        material.color.map(|channel| channel.value_at([x, 0.0, 0.0, 0.0]).unwrap())
    };
    let sharp = &red | &blue;
    assert_eq!((at(&sharp, -0.1), at(&sharp, 0.1)), ([1.0, 0.0, 0.0], [0.0, 0.0, 1.0]));
    let smooth = red.smooth_union(&blue, 0.5);
    assert_eq!(at(&smooth, 0.0), [0.5, 0.0, 0.5]);
    assert_eq!(at(&smooth, -0.6), [1.0, 0.0, 0.0], "beyond the band the colour is pure");
    let moved = smooth.translate([1.0, 0.0, 0.0]);
    assert_eq!(at(&moved, 1.0), [0.5, 0.0, 0.5], "the colour moves with the shape");
    let cut = red.difference(sphere(0.3));
    assert_eq!(at(&cut, -0.2), [1.0, 0.0, 0.0], "a cut shows the colour of what was cut");
}

#[test]
fn a_swept_volume_is_the_least_over_its_span() {
    let moving = sphere(0.3).translate((t().cos(), (2 * t()).sin(), 0));
    let swept = moving.sweep(0.2, 2.5);
    for i in 0..300 {
        let f = i as f64 * 0.618;
        let at = [1.6 * (f * 1.3).sin(), 1.4 * (f * 2.1).cos(), 0.5 * (f * 0.7).sin(), 9.0];
        let brute = (0..=20_000).map(|n| {
            let time = 0.2 + 2.3 * n as f64 / 20_000.0;
            let [dx, dy] = [at[0] - time.cos(), at[1] - (2.0 * time).sin()];
            (dx * dx + dy * dy + at[2] * at[2]).sqrt() - 0.3
        });
        let brute = brute.fold(f64::INFINITY, f64::min);
        let found = swept.value_at(at).unwrap();
        assert!(found <= brute + 1e-12 && brute - found < 1e-6, "{found} against {brute} at {at:?}");
    }
}
