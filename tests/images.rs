//! Pictures and their derivatives in parameters: against closed forms, and against differences of counted rays.

use fieldgrad::fit::{
    Factor, Fit, LeastSquares, Model, Objective, Residuals, SilhouetteTarget, SilhouetteTerm,
};
use fieldgrad::prelude::*;
use fieldgrad::render::{Lens, Silhouette, Size, march};
use std::f64::consts::PI;

/// Parallel rays over a height of 4, along a direction.
fn parallel(from: [f64; 3]) -> Lens {
    let length = from.iter().map(|x| x * x).sum::<f64>().sqrt();
    Lens::parallel(from.map(|x| 6.0 * x / length), [0.0; 3], [0.0, 1.0, 0.0], 4.0)
}

/// The area of a silhouette, and its derivative in each parameter.
fn area(field: &Field, lens: &Lens, side: usize) -> (f64, Vec<f64>) {
    let size = Size { width: side, height: side };
    let seen = Silhouette::of(field).unwrap().coverage(lens, size, 0.0).unwrap();
    // A pixel's area, in the plane or at a depth of 1.
    let pixel = (2.0 / side as f64 * lens.up.iter().map(|x| x * x).sum::<f64>().sqrt()).powi(2);
    (pixel * seen.parts().iter().sum::<f64>(), seen.gradient(&vec![pixel; size.pixels()]))
}

fn is_within(part: f64, found: f64, wanted: f64, about: &str) {
    assert!((found - wanted).abs() <= part * wanted.abs(), "{about}: {found} for {wanted}");
}

#[test]
fn a_ball_covers_a_disc() {
    let r = 0.7;
    let ball = sphere(param("r", r));
    let (found, slopes) = area(&ball, &parallel([1.0, 2.0, 3.0]), 64);
    is_within(1e-3, found, PI * r * r, "area");
    is_within(1e-3, slopes[0], 2.0 * PI * r, "by r");
    // From a pinhole at a distance d in the middle a disc again, of r/√(d² − r²) at a depth of 1.
    let d: f64 = 3.0;
    let lens = Lens::pinhole([0.0, 0.0, d], [0.0; 3], [0.0, 1.0, 0.0], 40.0);
    let (found, slopes) = area(&ball, &lens, 64);
    is_within(1e-3, found, PI * r * r / (d * d - r * r), "area from a pinhole");
    is_within(1e-3, slopes[0], 2.0 * PI * r * d * d / (d * d - r * r).powi(2), "by r from a pinhole");
}

#[test]
fn a_band_about_the_outline_tells_less() {
    // The same derivative by the rays that pass a ball nearer than so many pixels (Wang et al. 2024), of 64 × 64.
    let (r, side, wide) = (0.7, 64, 4.0);
    let pixel = wide / side as f64;
    let by_band = |pixels: f64| {
        let at = |i: usize| (i as f64 + 0.5) * pixel - 0.5 * wide;
        let passes = |n: usize| at(n % side).hypot(at(n / side)) - r;
        let near = (0..side * side).filter(|&n| (0.0..pixels * pixel).contains(&passes(n))).count();
        near as f64 * pixel * pixel / (pixels * pixel)
    };
    let off = |found: f64| (found / (2.0 * PI * r) - 1.0).abs();
    let bands = [0.25, 0.5, 1.0, 2.0, 4.0].map(|pixels| off(by_band(pixels)));
    let (_, slopes) = area(&sphere(param("r", r)), &parallel([0.0, 0.0, 1.0]), side);
    println!("bands {bands:?}, outline {}", off(slopes[0]));
    assert!(off(slopes[0]) < 2e-4 && bands.iter().all(|band| *band > 5.0 * off(slopes[0])));
}

#[test]
fn a_box_covers_its_faces_projections() {
    let (n, sides) = ([0.48, 0.6, 0.64], [1.0, 1.4, 0.8]);
    let [a, b, c] = [0, 1, 2].map(|i| param(["a", "b", "c"][i], sides[i]));
    let (found, slopes) = area(&r#box([a, b, c]), &parallel(n), 128);
    let [a, b, c] = sides;
    is_within(1e-3, found, b * c * n[0] + a * c * n[1] + a * b * n[2], "area");
    is_within(1e-3, slopes[0], c * n[1] + b * n[2], "by a");
    is_within(1e-3, slopes[1], c * n[0] + a * n[2], "by b");
    is_within(1e-3, slopes[2], b * n[0] + a * n[1], "by c");
}

#[test]
fn a_torus_covers_a_ring_or_a_stadium() {
    let (big, small) = (0.9, 0.3);
    let ring = torus(param("R", big), param("r", small));
    // From above, around y.
    let lens = Lens::parallel([0.0, 6.0, 0.0], [0.0; 3], [0.0, 0.0, 1.0], 4.0);
    let (found, slopes) = area(&ring, &lens, 128);
    is_within(1e-3, found, 4.0 * PI * big * small, "ring");
    is_within(1e-3, slopes[0], 4.0 * PI * small, "ring by R");
    is_within(1e-3, slopes[1], 4.0 * PI * big, "ring by r");
    let (found, slopes) = area(&ring, &parallel([0.0, 0.0, 1.0]), 128);
    is_within(1e-3, found, 4.0 * big * small + PI * small * small, "stadium");
    is_within(1e-3, slopes[0], 4.0 * small, "stadium by R");
    is_within(1e-3, slopes[1], 4.0 * big + 2.0 * PI * small, "stadium by r");
}

/// A solid cut and joined, whose outline has edges, and parts before one another.
fn cut() -> Field {
    let block = r#box([param("wide", 1.4), 1.0.into(), 1.2.into()]);
    let hole = cylinder(param("bore", 0.35), 3.0);
    let ball = sphere(param("r", 0.5)).translate((param("x", 0.55), 0.45, 0.3));
    block.difference(hole.rotate_x(0.4)).union(ball).intersection(sphere(param("around", 0.95)))
}

/// The area that so many rays find, by counting.
fn counted(field: &Field, lens: &Lens, side: usize) -> f64 {
    let lens = Lens { tolerance: 0.02, ..*lens };
    let depths = march::depths(field, &lens, Size { width: side, height: side }, 0.0).unwrap();
    let pixel = (2.0 / side as f64 * lens.up.iter().map(|x| x * x).sum::<f64>().sqrt()).powi(2);
    pixel * depths.iter().filter(|&&depth| depth < march::NOTHING).count() as f64
}

/// Derivatives of a cut solid against differences of counted rays.
fn differences(side: usize, part: f64) {
    let field = cut();
    let lens = Lens::pinhole([1.5, 2.1, 2.6], [0.0; 3], [0.0, 1.0, 0.0], 40.0);
    let (found, slopes) = area(&field, &lens, 256);
    is_within(1e-3, found, counted(&field, &lens, side), "area");
    for (own, slope) in field.parameters().unwrap().iter().zip(slopes) {
        let step = 0.04;
        let at = |by: f64| {
            let moved = field.with_parameters(&[(own.name(), own.value() + by)]).unwrap();
            counted(&moved, &lens, side)
        };
        // To the fourth order: the third derivative is left out.
        let [near, far] = [step / 2.0, step].map(|by| (at(by) - at(-by)) / (2.0 * by));
        is_within(part, slope, (4.0 * near - far) / 3.0, own.name());
    }
}

#[test]
fn a_cut_solid_covers_what_rays_count() {
    differences(256, 0.03);
}

#[test]
#[ignore = "a minute: 4096² rays, seventeen times"]
fn a_cut_solid_covers_what_many_rays_count() {
    differences(4096, 0.005);
}

/// Twelve cameras about the origin, on a spiral from the top to the bottom.
fn cameras() -> impl Iterator<Item = Lens> {
    (0..12).map(|n| {
        let height = 1.0 - (f64::from(n) + 0.5) / 6.0;
        let (angle, wide) = (2.399_963_229_728_653 * f64::from(n), (1.0 - height * height).sqrt());
        let eye = [4.5 * wide * angle.cos(), 4.5 * height, 4.5 * wide * angle.sin()];
        Lens::pinhole(eye, [0.0; 3], [0.0, 1.0, 0.0], 40.0)
    })
}

const SMALL: Size = Size { width: 64, height: 64 };

/// The unknowns of a field, found from silhouettes, coarse ones first.
fn fitted(field: &Field, targets: &[SilhouetteTarget]) -> Unknowns {
    let mut unknowns = Unknowns::of(std::slice::from_ref(field)).unwrap();
    for level in SilhouetteTarget::coarse_to_fine(targets) {
        let term = SilhouetteTerm::new(field, level);
        let mut fit = Fit::new(unknowns, []).unwrap().with_silhouettes(term).unwrap();
        let solution = fit.solve(&LeastSquares { iterations: 40, ..LeastSquares::for_fits() });
        assert!(solution.value.is_finite());
        unknowns = fit.unknowns().clone();
    }
    unknowns
}

/// A ball joined to a turned block: eight parameters.
fn ball_and_block([r, x, y, z, wide, high, deep, turn]: [f64; 8]) -> Field {
    let ball = sphere(param_in("r", r, 0.05, 2.0)).translate((param("x", x), param("y", y), param("z", z)));
    let sides = [("wide", wide), ("high", high), ("deep", deep)];
    let block =
        r#box(sides.map(|(name, side)| param_in(name, side, 0.05, 3.0))).rotate_y(param("turn", turn));
    ball.union(block)
}

#[test]
fn a_ball_and_a_block_are_found_from_twelve_silhouettes() {
    let truth = [0.5, 0.4, 0.45, 0.1, 1.3, 0.6, 0.9, 0.5];
    let start = ball_and_block([0.4, 0.3, 0.55, 0.0, 1.1, 0.7, 1.05, 0.35]);
    // As it is, in parts of pixels; and as masks have it, of pixels' middles alone.
    let exact = |lens: Lens| SilhouetteTarget::of_field(&ball_and_block(truth), lens, SMALL, 0.0).unwrap();
    let mask = |lens: Lens| {
        let depths = march::depths(&ball_and_block(truth), &lens, SMALL, 0.0).unwrap();
        SilhouetteTarget::of_depths(lens, SMALL, 0.0, &depths).unwrap()
    };
    for (name, part, targets) in [
        ("exact", 1e-3, cameras().map(exact).collect::<Vec<_>>()),
        ("mask", 5e-3, cameras().map(mask).collect()),
    ] {
        let found = fitted(&start, &targets);
        for ((own, found), wanted) in found.names().iter().zip(found.get()).zip(truth) {
            // In parts of the solid's size, 1.5.
            assert!((found - wanted).abs() < 1.5 * part, "{name}: {own} is {found}, not {wanted}");
        }
    }
}

#[test]
fn a_loss_of_pixels_has_one_gradient() {
    // By the backward pass, by rows, and by differences.
    let field = ball_and_block([0.4, 0.3, 0.55, 0.1, 1.1, 0.7, 1.05, 0.35]);
    let target = ball_and_block([0.5, 0.4, 0.45, 0.1, 1.3, 0.6, 0.9, 0.5]);
    let targets =
        cameras().take(3).map(|lens| SilhouetteTarget::of_field(&target, lens, SMALL, 0.0).unwrap());
    let mut fit =
        Fit::of(&field, []).unwrap().with_silhouettes(SilhouetteTerm::new(&field, targets)).unwrap();
    let at = fit.unknowns().get();
    let mut back = vec![0.0; at.len()];
    let value = fit.value(&at, &mut back);
    let mut model = Model::new(at.len(), Factor::Normal);
    assert!((fit.linearise(&at, &mut model) - value).abs() < 1e-12);
    let rows = model.gradient();
    let most = back.iter().fold(0.0f64, |most, slope| most.max(slope.abs()));
    for n in 0..at.len() {
        assert!((back[n] - rows[n]).abs() < 1e-12 * most, "{n}: {} and {}", back[n], rows[n]);
        let mut cost = |by: f64| {
            let mut moved = at.clone();
            moved[n] += by;
            fit.cost(&moved)
        };
        let by = (cost(2e-3) - cost(-2e-3)) / 4e-3;
        assert!((back[n] - by).abs() < 0.01 * most, "{n}: {} for {by}", back[n]);
    }
}

/// Twenty balls blended into one another: eighty parameters.
fn blob(balls: &[[f64; 4]]) -> Field {
    let ball = |(n, &[r, x, y, z]): (usize, &[f64; 4])| {
        let own = |name: &str, value: f64| param_in(&format!("{name}{n}"), value, -1.5, 1.5);
        sphere(param_in(&format!("r{n}"), r, 0.02, 1.0)).translate((own("x", x), own("y", y), own("z", z)))
    };
    smooth_union_of(balls.iter().enumerate().map(ball))
}

fn smooth_union_of(parts: impl Iterator<Item = Field>) -> Field {
    parts.reduce(|all, one| all.smooth_union(one, 0.1)).expect("there are parts")
}

/// A draw, the same everywhere: 0 to 1.
fn draw(state: &mut u64) -> f64 {
    *state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
    (*state >> 11) as f64 / (1u64 << 53) as f64
}

#[test]
#[ignore = "six minutes: three blobs of eighty numbers"]
fn a_blob_of_twenty_balls_is_found_from_twelve_silhouettes() {
    for seed in 1..=3 {
        let mut state = seed;
        let ball = |_| {
            let [r, h, angle, away] = [(); 4].map(|()| draw(&mut state));
            let (h, angle, away) = (2.0 * h - 1.0, 2.0 * PI * angle, 0.7 * away.cbrt());
            let wide = (1.0 - h * h).sqrt();
            [0.12 + 0.2 * r, away * wide * angle.cos(), away * h, away * wide * angle.sin()]
        };
        let truth: Vec<[f64; 4]> = (0..20).map(ball).collect();
        // From balls that are alike, around the middle.
        let start = |n: i32| {
            let h = 1.0 - (f64::from(n) + 0.5) / 10.0;
            let (angle, wide) = (2.399_963_229_728_653 * f64::from(n), (1.0 - h * h).sqrt());
            [0.25, 0.45 * wide * angle.cos(), 0.45 * h, 0.45 * wide * angle.sin()]
        };
        let start: Vec<[f64; 4]> = (0..20).map(start).collect();
        let (field, solid) = (blob(&start), blob(&truth));
        let targets = cameras().map(|lens| SilhouetteTarget::of_field(&solid, lens, SMALL, 0.0).unwrap());
        let begun = std::time::Instant::now();
        let found = fitted(&field, &targets.collect::<Vec<_>>());
        let names = found.names();
        let values: Vec<(&str, f64)> = names.into_iter().zip(found.get()).collect();
        let found = field.with_parameters(&values).unwrap();
        // What both fill of what either does, over a grid.
        let at = |n: usize| 2.4 * (n as f64 + 0.5) / 48.0 - 1.2;
        let points: Vec<[f64; 3]> =
            (0..48 * 48 * 48).map(|n| [at(n % 48), at(n / 48 % 48), at(n / 2304)]).collect();
        let [own, other] = [found, solid].map(|field| field.tape().unwrap().eval(&points).swap_remove(0));
        let inside = own.iter().zip(&other).map(|(a, b)| (*a < 0.0, *b < 0.0));
        let (both, either) = inside.fold((0, 0), |(both, either), (a, b)| {
            (both + usize::from(a && b), either + usize::from(a || b))
        });
        let overlap = both as f64 / either as f64;
        println!("blob {seed}: intersection over union {overlap:.3}, {:.0} s", begun.elapsed().as_secs_f64());
        assert!(overlap > 0.95, "{overlap}");
    }
}
