//! Facts about plane figures.

use super::*;
use crate::shape::{Claim, into_space};
use std::f64::consts::{FRAC_PI_2, TAU};

fn random(seed: &mut u64) -> f64 {
    *seed = seed.wrapping_mul(6364136223846793005).wrapping_add(1442695040888963407);
    (*seed >> 11) as f64 / (1u64 << 53) as f64
}

/// |f| is the distance to the densely sampled outline, its sign is that of `inside`, and |∇f| is 1.
fn check_exact(name: &str, figure: &Field, outline: &[[f64; 2]], inside: impl Fn(f64, f64) -> bool) {
    let mut seed = 7;
    for i in 0..300 {
        let scale = if i % 10 == 0 { 8.0 } else { 1.6 };
        let (px, py) = ((random(&mut seed) * 2.0 - 1.0) * scale, (random(&mut seed) * 2.0 - 1.0) * scale);
        let f = figure.value_with_gradient_at([px, py, 0.3, 0.0]).unwrap();
        let squares = outline.iter().map(|[qx, qy]| (px - qx).powi(2) + (py - qy).powi(2));
        let nearest = squares.fold(f64::INFINITY, f64::min).sqrt();
        let expected = if inside(px, py) { -nearest } else { nearest };
        // The outline is sampled: near it the distance comes out a little too large.
        let error = (f.value - expected).abs();
        assert!(error < 2e-4, "{name} at {px}, {py}: {} not {expected}", f.value);
        let slope = f.slope[0].hypot(f.slope[1]);
        assert!((slope - 1.0).abs() < 1e-9, "{name} at {px}, {py}: slope {slope}");
        assert_eq!((f.slope[2], f.slope[3]), (0.0, 0.0));
    }
}

/// Points along a closed path of straight edges.
fn along(points: &[[f64; 2]]) -> Vec<[f64; 2]> {
    let n = 20000 / points.len();
    let edge = |i: usize| {
        let (a, b) = (points[i], points[(i + 1) % points.len()]);
        (0..n).map(move |j| [0, 1].map(|k| a[k] + (b[k] - a[k]) * j as f64 / n as f64))
    };
    (0..points.len()).flat_map(edge).collect()
}

fn circle_points(center: [f64; 2], r: f64, from: f64, to: f64) -> Vec<[f64; 2]> {
    let angle = |i: i32| from + (to - from) * i as f64 / 20000.0;
    (0..=20000).map(|i| [center[0] + r * angle(i).cos(), center[1] + r * angle(i).sin()]).collect()
}

/// The sign from the winding of the sampled outline.
fn winds(outline: &[[f64; 2]], px: f64, py: f64) -> bool {
    let mut inside = false;
    for (i, a) in outline.iter().enumerate() {
        let b = outline[(i + 1) % outline.len()];
        if (a[1] <= py) != (b[1] <= py) && px < a[0] + (py - a[1]) / (b[1] - a[1]) * (b[0] - a[0]) {
            inside = !inside;
        }
    }
    inside
}

#[test]
fn round_figures_are_exact() {
    check_exact("circle", &circle(0.8), &circle_points([0.0; 2], 0.8, 0.0, TAU), |x, y| x.hypot(y) < 0.8);
    let both = [circle_points([0.0; 2], 0.6, 0.0, TAU), circle_points([0.0; 2], 1.0, 0.0, TAU)].concat();
    check_exact("ring", &ring(0.8, 0.2), &both, |x, y| (x.hypot(y) - 0.8).abs() < 0.2);
    check_exact("closed ring", &ring(0.3, 0.5), &circle_points([0.0; 2], 0.8, 0.0, TAU), |x, y| {
        x.hypot(y) < 0.8
    });
    let half = (0.5f64 / 1.1).acos();
    let lens =
        [circle_points([-0.5, 0.0], 1.1, -half, half), circle_points([0.5, 0.0], 1.1, PI - half, PI + half)];
    let inside = |x: f64, y: f64| (x.abs() + 0.5).hypot(y) < 1.1;
    check_exact("vesica", &vesica(1.1, 1.0), &lens.concat(), inside);
    for (a, b) in [(1.2, 0.7), (0.4, 1.3), (0.9, 0.9), (1.4, 0.1), (1.4, 0.02)] {
        let points = circle_points([0.0; 2], 1.0, 0.0, TAU).into_iter().map(|[x, y]| [a * x, b * y]);
        let points: Vec<[f64; 2]> = points.collect();
        check_exact("ellipse", &ellipse([a, b]), &points, |x, y| (x / a).hypot(y / b) < 1.0);
    }
}

#[test]
fn straight_figures_are_exact() {
    let corners = |w: f64, h: f64| vec![[-w, -h], [w, -h], [w, h], [-w, h]];
    let inside = |x: f64, y: f64| x.abs() < 0.75 && y.abs() < 0.45;
    check_exact("rect", &rect([1.5, 0.9]), &along(&corners(0.75, 0.45)), inside);
    let regular = |n: usize, r: f64, start: f64| -> Vec<[f64; 2]> {
        (0..n).map(|i| start + TAU * i as f64 / n as f64).map(|a| [r * a.sin(), r * a.cos()]).collect()
    };
    for n in [3, 4, 5, 8] {
        let outline = along(&regular(n, 0.9, 0.0));
        check_exact("regular polygon", &regular_polygon(n, 0.9), &outline, |x, y| winds(&outline, x, y));
        let (tips, notches) = (regular(n, 1.2, 0.0), regular(n, 0.4, PI / n as f64));
        let points: Vec<[f64; 2]> = tips.into_iter().zip(notches).flat_map(|(a, b)| [a, b]).collect();
        let outline = along(&points);
        check_exact("star", &star(n, 1.2, 0.4), &outline, |x, y| winds(&outline, x, y));
    }
    for points in [
        vec![[-1.1, -0.8], [1.2, -0.6], [0.9, 0.7], [0.1, 0.05], [-0.7, 1.1]],
        vec![[-1.0, 0.0], [1.0, 0.0], [1.0, 0.0], [1.0, 1.0], [0.5, 0.0], [0.0, 1.0], [-1.0, 1.0]],
        vec![[-1.0, -1.0], [1.0, 1.0], [1.0, -1.0], [-1.0, 1.0]],
    ] {
        let (outline, mut back) = (along(&points), points.clone());
        back.reverse();
        check_exact("polygon", &polygon(points), &outline, |x, y| winds(&outline, x, y));
        check_exact("polygon", &polygon(back), &outline, |x, y| winds(&outline, x, y));
    }
}

/// Figures whose tips or notches are in the middle have no inside, not even by rounding: lines from there to the others.
#[test]
fn a_star_of_lines_has_no_inside() {
    for (n, r, inner) in [(7, 0.0, 1.0), (5, 0.0, 0.6), (9, 1.0, 0.0), (7, 1e-18, 1.0), (7, 0.0, 0.0)] {
        for figure in [star(n, r, inner), star(param("n", n as f64), r, inner)] {
            for i in 0..40 * n {
                let angle = i as f64 * PI / (20 * n) as f64;
                for away in [0.0, 0.3, 0.7, 1.0, 1.3, 2.5] {
                    // Half a hair to each side of the ray, and on it.
                    for aside in [-1e-16, 0.0, 1e-16] {
                        let (s, c) = (angle + aside).sin_cos();
                        let f = figure.value_with_gradient_at([away * s, away * c, 0.0, 0.0]).unwrap();
                        let nearest = (0..n).map(|k| {
                            let turn = if r > inner { 0.0 } else { 0.5 };
                            let (s0, c0) = ((k as f64 + turn) * TAU / n as f64).sin_cos();
                            let along = (away * (s * s0 + c * c0)).clamp(0.0, f64::max(r, inner));
                            (away * s - along * s0).hypot(away * c - along * c0)
                        });
                        let expected = nearest.fold(f64::INFINITY, f64::min);
                        let about =
                            format!("star({n}, {r}, {inner}) at {away}, {angle}: {f:?}, not {expected}");
                        assert!((f.value - expected).abs() < 1e-13, "{about}");
                        assert!(f.value >= 0.0 || r > 0.0 && r < 1e-9 && f.value > -1e-15, "{about}");
                        assert!(f.slope[0].hypot(f.slope[1]) < 1.0 + 1e-9, "{about}");
                    }
                }
            }
        }
    }
}

#[test]
fn strokes_are_exact() {
    let line = [[-0.9, -0.5], [0.8, 0.6]];
    let away = |path: Vec<[f64; 2]>| {
        move |x: f64, y: f64| path.iter().map(|[qx, qy]| (x - qx).hypot(y - qy)).fold(f64::INFINITY, f64::min)
    };
    check_path("segment", &segment(line[0], line[1], 0.5), away(along(&line)), 0.25);
    check_path("point", &segment(line[0], line[0], 0.5), away(vec![line[0]]), 0.25);
    for angle in [0.0, 0.4, 1.5, 2.8, PI, 4.0f64] {
        let reach = angle.min(PI);
        let path = circle_points([0.0; 2], 0.8, FRAC_PI_2 - reach, FRAC_PI_2 + reach);
        check_path("arc", &arc(angle, 0.8, 0.2), away(path), 0.2);
    }
    for [a, b, c] in [
        [[-1.0, -0.6], [0.2, 1.6], [0.9, -0.5]],
        [[-1.0, -0.6], [0.0, 0.0], [1.0, 0.6]],
        [[-1.0, -0.6], [0.0, 0.01], [1.0, 0.6]],
        [[-1.0, -0.6], [0.01, 0.05], [1.0, 0.6]],
        [[-1.0, 0.0], [0.0, 2.0], [-1.0, 0.1]],
        [[-1.0, 0.0], [2.0, 0.0], [1.0, 0.0]],
        [[-1.0, 0.0], [-1.0, 0.0], [1.0, 0.5]],
        [[1.0, 0.0], [1.0, 1.0], [1.0, 0.0]],
        [[0.3, 0.2], [0.3, 0.2], [0.3, 0.2]],
    ] {
        let at = |i: i32| {
            let t = i as f64 / 20000.0;
            [0, 1].map(|k| a[k] * (1.0 - t).powi(2) + 2.0 * b[k] * t * (1.0 - t) + c[k] * t * t)
        };
        check_path("bezier", &bezier(a, b, c, 0.3), away((0..=20000).map(at).collect()), 0.15);
    }
}

/// f is the distance to a path less the pen's radius, and |∇f| is 1.
fn check_path(name: &str, figure: &Field, away: impl Fn(f64, f64) -> f64, radius: f64) {
    let mut seed = 3;
    for i in 0..300 {
        let scale = if i % 10 == 0 { 30.0 } else { 1.6 };
        let (px, py) = ((random(&mut seed) * 2.0 - 1.0) * scale, (random(&mut seed) * 2.0 - 1.0) * scale);
        let f = figure.value_with_gradient_at([px, py, 0.0, 0.0]).unwrap();
        let expected = away(px, py) - radius;
        assert!((f.value - expected).abs() < 2e-4, "{name} at {px}, {py}: {} not {expected}", f.value);
        let slope = f.slope[0].hypot(f.slope[1]);
        assert!((slope - 1.0).abs() < 1e-9, "{name} at {px}, {py}: slope {slope}");
    }
}

#[test]
fn a_heart_is_exact() {
    let q = 1.8 / (1.5 + FRAC_1_SQRT_2);
    let r = q * FRAC_1_SQRT_2;
    let right = circle_points([q / 2.0, 1.5 * q - 0.9], r, -PI / 4.0, 0.75 * PI);
    let side = (0..20000).map(|i| i as f64 / 20000.0 * q).map(|s| [s, s - 0.9]);
    let right: Vec<[f64; 2]> = side.chain(right).collect();
    let left = right.iter().rev().map(|[x, y]| [-x, *y]);
    let outline: Vec<[f64; 2]> = right.iter().copied().chain(left).collect();
    check_exact("heart", &heart(1.8), &outline, |x, y| winds(&outline, x, y));
    let top = outline.iter().map(|[_, y]| *y).fold(f64::NEG_INFINITY, f64::max);
    assert!((top - 0.9).abs() < 1e-6, "its height is its size");
}

#[test]
fn a_rounded_rect_is_exact() {
    let r = 0.3;
    let corner = |sx: f64, sy: f64, from: f64| {
        circle_points([sx * (0.8 - r), sy * (0.55 - r)], r, from, from + FRAC_PI_2)
    };
    let corners = [
        corner(1.0, 1.0, 0.0),
        corner(-1.0, 1.0, FRAC_PI_2),
        corner(-1.0, -1.0, PI),
        corner(1.0, -1.0, 1.5 * PI),
    ];
    let sides = along(&[[-0.8, -0.25], [-0.8, 0.25]]).into_iter().chain(along(&[[0.8, -0.25], [0.8, 0.25]]));
    let level = along(&[[-0.5, -0.55], [0.5, -0.55]]).into_iter().chain(along(&[[-0.5, 0.55], [0.5, 0.55]]));
    let outline: Vec<[f64; 2]> = corners.concat().into_iter().chain(sides).chain(level).collect();
    let inside = |x: f64, y: f64| {
        let (qx, qy) = ((x.abs() - 0.5).max(0.0), (y.abs() - 0.25).max(0.0));
        qx.hypot(qy) < r
    };
    check_exact("rounded rect", &rounded_rect([1.6, 1.1], r), &outline, inside);
    assert_eq!(rounded_rect([1.6, 1.1], 0.0), rect([1.6, 1.1]));
}

#[test]
fn on_the_outline_the_gradient_is_the_outward_normal() {
    let square = polygon([[-1.0, -1.0], [1.0, -1.0], [1.0, 1.0], [-1.0, 1.0]]);
    let turned = polygon([[-1.0, 1.0], [1.0, 1.0], [1.0, -1.0], [-1.0, -1.0]]);
    for figure in [square, turned, rect([2, 2])] {
        for [nx, ny] in [[1.0, 0.0], [-1.0, 0.0], [0.0, 1.0], [0.0, -1.0]] {
            let at = [nx + 0.25 * ny, ny + 0.25 * nx, 0.0, 0.0];
            let f = figure.value_with_gradient_at(at).unwrap();
            assert_eq!((f.value, f.slope[0], f.slope[1]), (0.0, nx, ny));
        }
    }
    for figure in [regular_polygon(4, 1), star(4, 1, 0.5f64.sqrt()), ellipse([1.0, 0.5]), heart(1)] {
        let mut at = [0.3, 0.7, 0.0, 0.0];
        for _ in 0..4 {
            let f = figure.value_with_gradient_at(at).unwrap();
            at = [at[0] - f.value * f.slope[0], at[1] - f.value * f.slope[1], 0.0, 0.0];
        }
        let f = figure.value_with_gradient_at(at).unwrap();
        assert!(f.value.abs() < 1e-15 && (f.slope[0].hypot(f.slope[1]) - 1.0).abs() < 1e-9);
    }
}

#[test]
fn figures_agree_with_one_another() {
    let corners = |n: usize| -> Vec<[f64; 2]> {
        (0..n).map(|i| TAU * i as f64 / n as f64).map(|a| [0.9 * a.sin(), 0.9 * a.cos()]).collect()
    };
    let pairs = [
        (regular_polygon(6, 0.9), polygon(corners(6))),
        (regular_polygon(5, 0.9), polygon(corners(5))),
        (star(5, 0.9, 0.9 * (PI / 5.0).cos()), polygon(corners(5))),
        (star(7, 0.9, 0.4), star(param("n", 7.2), 0.9, 0.4)),
        (regular_polygon(3, 0.9), regular_polygon(param("n", -1.0), 0.9)),
        (ellipse([0.7, 0.7]), circle(0.7)),
        (vesica(0.7, 0), circle(0.7)),
        (arc(PI, 0.7, 0.2), ring(0.7, 0.2)),
        (polygon([[-0.5, -0.7], [0.5, -0.7], [0.5, 0.7], [-0.5, 0.7]]), rect([1.0, 1.4])),
        (bezier([-1, 0], [0, 0], [1, 0], 0.3), segment([-1, 0], [1, 0], 0.3)),
    ];
    let mut seed = 11;
    for (a, b) in pairs {
        for _ in 0..100 {
            let at = [random(&mut seed) * 4.0 - 2.0, random(&mut seed) * 4.0 - 2.0, 0.0, 0.0];
            let (a, b) = (a.value_with_gradient_at(at).unwrap(), b.value_with_gradient_at(at).unwrap());
            assert!((a.value - b.value).abs() < 1e-12, "{at:?} {a:?} {b:?}");
        }
    }
}

fn check_finite(name: &str, field: &Field) {
    let numbers = [0.0, 1.0, -1.0, 0.5, -0.35, 1e-9, -1e-300, 1e6, 0.8];
    for (i, &px) in numbers.iter().enumerate() {
        for (j, &py) in numbers.iter().enumerate() {
            let at = [px, py, numbers[(i + j) % numbers.len()], 0.0];
            let value = field.value_with_gradient_at(at).unwrap();
            assert!(value.is_finite(), "{name} at {at:?}: {value:?}");
            let hessian = field.hessian_at(at).unwrap();
            assert!(hessian.iter().flatten().all(|h| h.is_finite()), "{name} at {at:?}: {hessian:?}");
            if (i + 2 * j) % 7 == 0 {
                let slopes = field.parameter_gradient_at(at).unwrap();
                assert!(slopes.iter().all(|slope| slope.is_finite()), "{name} at {at:?}: ∂ {slopes:?}");
            }
        }
    }
}

#[test]
fn everything_is_finite_everywhere() {
    for entry in ENTRIES.iter().chain(into_space::ENTRIES) {
        check_finite(entry.name, &(entry.sample)());
    }
}

#[test]
fn everything_is_finite_at_zero_and_negative_sizes() {
    for s in [0.0, -0.2, 1e-9, -1e-300] {
        for u in [0.0, -0.2, 0.7] {
            let (p, q) = (&param("p", s), &param("q", u));
            let figures = [
                ("circle", circle(p)),
                ("rect", rect([p, q])),
                ("rounded_rect", rounded_rect([p, q], p)),
                ("rounded_rect", rounded_rect([q, q], p)),
                ("ellipse", ellipse([p, q])),
                ("ellipse", ellipse([q, p])),
                ("polygon", polygon([[p, q], [q, p], [p, p]])),
                ("polygon", polygon([[p, p], [p, p], [p, p]])),
                ("regular_polygon", regular_polygon(q, p)),
                ("regular_polygon", regular_polygon(5, p)),
                ("star", star(p, p, q)),
                ("star", star(5, q, p)),
                ("segment", segment([p, q], [q, p], q)),
                ("segment", segment([p, q], [p, q], q)),
                ("arc", arc(p, q, p)),
                ("arc", arc(q, p, p)),
                ("ring", ring(p, q)),
                ("vesica", vesica(p, q)),
                ("vesica", vesica(q, p)),
                ("heart", heart(p)),
                ("bezier", bezier([p, q], [q, p], [p, p], q)),
                ("bezier", bezier([p, q], [p, q], [p, q], p)),
                ("bezier", bezier([q, q], [p, p], [0, 0], p)),
                ("text", text("R,8", p)),
                ("loft", loft(circle(p), rect([q, q]), p)),
                ("extrude", circle(q).extrude(p)),
                ("revolve", circle(q).revolve(p)),
                ("twist_extrude", rect([q, q]).twist_extrude(p, q)),
            ];
            for (name, figure) in figures {
                check_finite(&format!("{name} with {s}, {u}"), &figure);
            }
            for (name, figure) in [("circle", circle(s.max(0.0))), ("ellipse", ellipse([s.max(0.0), 0.0]))] {
                check_finite(name, &figure);
            }
        }
    }
}

#[test]
fn bounds_are_bounds() {
    let mut seed = 23;
    for entry in ENTRIES.iter().chain(into_space::ENTRIES).filter(|entry| entry.claim != Claim::Neither) {
        let field = (entry.sample)();
        for _ in 0..200 {
            let at = std::array::from_fn(|_| random(&mut seed) * 3.0 - 1.5);
            let [fx, fy, fz, _] = field.gradient_at(at).unwrap();
            let slope = (fx * fx + fy * fy + fz * fz).sqrt();
            assert!(slope < 1.0 + 1e-9, "{} at {at:?}: {slope}", entry.name);
        }
    }
}

#[test]
fn mistakes_are_reported() {
    for (field, says) in [
        (circle(-1), "negative"),
        (regular_polygon(2, 1), "at least 3"),
        (star(4.5, 1, 0.5), "whole number"),
        (polygon([[0, 0], [1, 1]]), "at least 3"),
        (rect([f64::NAN, 1.0]), "finite"),
    ] {
        let problem = field.value_at([0.0; 4]).unwrap_err().to_string();
        assert!(problem.contains(says), "{problem}");
    }
}

#[test]
fn solids_from_figures_keep_what_they_document() {
    let mut seed = 31;
    let twisted = rect([1.4, 0.7]).twist_extrude(1.8, 1.6);
    let lofted = loft(circle(0.8), circle(0.5), 1.4);
    for _ in 0..500 {
        let [px, py, pz] = [0; 3].map(|_| random(&mut seed) * 4.0 - 2.0);
        let at = [px, py, pz, 0.0];
        // A prism on a rectangle is a box, a disc turned about an axis beside it a torus.
        let close = |a: Field, b: Field| (a.value_at(at).unwrap() - b.value_at(at).unwrap()).abs() < 1e-12;
        assert!(close(rect([1.2, 0.8]).extrude(0.5), crate::shape::r#box([1.2, 0.8, 0.5])), "{at:?}");
        let torus = (px.hypot(pz) - 0.8).hypot(py) - 0.3;
        assert!(close(circle(0.3).revolve(0.8), Field::constant(torus)), "{at:?}");

        let steepness = |field: &Field| {
            let [fx, fy, fz, _] = field.gradient_at(at).unwrap();
            (fx * fx + fy * fy + fz * fz).sqrt()
        };
        let v = px.hypot(py) * 1.6 / 1.8;
        assert!(steepness(&twisted) <= v / 2.0 + (1.0 + v * v / 4.0).sqrt() + 1e-12, "{at:?}");
        assert!(steepness(&lofted) <= (1.0 + (0.3f64 / 1.4).powi(2)).sqrt() + 1e-12, "{at:?}");
    }
}
