//! Fits of fields: known parameters are found again, from signed distances, from points, with outliers, in motion, in
//! ranges.

#[path = "support/hock_schittkowski.rs"]
mod hock_schittkowski;
#[path = "support/recovery.rs"]
mod recovery;

use fieldgrad::fit::{
    Constraints, Descent, Factor, Fit, Growth, Journal, LeastSquares, Model, Objective, QuasiNewton,
    ResidualFn, Residuals, Robust, Rule, Solution, Target, Term, Tries,
};
use fieldgrad::prelude::*;
use fieldgrad::scene::Scene;
use hock_schittkowski::PROBLEMS;
use recovery::Problem;

fn box_around() -> Bounds {
    Bounds::new([-2.0; 3], [2.0; 3])
}

/// A field of several kinds of shapes, blended, turned and cut, and the true values of its parameters.
fn model() -> (Field, Vec<(&'static str, f64)>) {
    let ball = sphere(param_in("r", 0.5, 0.1, 1.0)).translate(param_vector("ball", [-0.3, 0.1, 0.0]));
    let slab = r#box([param("w", 1.2), param("h", 0.3), param("d", 0.7)])
        .rotate_y(param("turn", 0.3))
        .translate([0.0.into(), param("low", -0.4), 0.0.into()]);
    let rod = capsule(
        [0.2, -0.3, 0.1],
        Vector([param("end", 0.9), 0.6.into(), 0.2.into()]),
        param_in("thin", 0.15, 0.01, 1.0),
    );
    let whole = ball.smooth_union(slab, param_in("k", 0.25, 0.01, 1.0)).union(rod);
    let truth = [
        ("r", 0.58),
        ("ball.x", -0.25),
        ("ball.y", 0.17),
        ("ball.z", 0.06),
        ("w", 1.35),
        ("h", 0.25),
        ("d", 0.8),
        ("turn", 0.38),
        ("low", -0.46),
        ("end", 1.0),
        ("thin", 0.18),
        ("k", 0.32),
    ];
    (whole, truth.to_vec())
}

/// How far off the worst parameter is.
fn off(fit: &Fit, truth: &[(&str, f64)]) -> f64 {
    let unknowns = fit.unknowns();
    let named: Vec<(&str, f64)> =
        unknowns.parameters().iter().map(|own| own.name()).zip(unknowns.values().iter().copied()).collect();
    let off = truth.iter().map(|(name, wanted)| {
        let (_, found) = named.iter().find(|(own, _)| own == name).expect("it is a parameter");
        (found - wanted).abs()
    });
    off.fold(0.0, f64::max)
}

#[test]
fn parameters_are_found_again_from_signed_distances() {
    let (field, truth) = model();
    let target =
        Target::of_field(&field.with_parameters(&truth).unwrap(), &box_around(), 0.0, 3000, 1).unwrap();
    let mut fit = Fit::of(&field, [Term::distance(&field, &target).unwrap()]).unwrap();
    assert!(off(&fit, &truth) > 0.1 && fit.len() == 3000 && fit.costs()[0] > 1e-4);
    let solution = fit.solve(&LeastSquares::for_fits());
    println!("{:?} after {} iterations, off by {:e}", solution.ended, solution.iterations, off(&fit, &truth));
    assert!(off(&fit, &truth) < 1e-7, "{}", off(&fit, &truth));
    // By triangles too, and by what needs a gradient alone, in f32.
    for by_gradient in [false, true] {
        let mut fit = Fit::of(&field, [Term::distance(&field, &target).unwrap()]).unwrap();
        match by_gradient {
            false => drop(fit.solve(&LeastSquares { factor: Factor::Triangle, ..LeastSquares::for_fits() })),
            true => {
                let (start, ranges) = (fit.unknowns().get(), fit.unknowns().ranges());
                let found = QuasiNewton { iterations: 300, ..QuasiNewton::default() }
                    .solve(&mut fit, &start, &ranges);
                fit.set(&found.at);
            }
        }
        let most = if by_gradient { 5e-3 } else { 1e-7 };
        assert!(off(&fit, &truth) < most, "by gradient {by_gradient}: {}", off(&fit, &truth));
    }
}

#[test]
fn parameters_of_random_scenes_are_found_again() {
    for n in [0, 1, 2, 3, 10, 11] {
        let problem = Problem::of(n);
        let target = problem.target(3000, 11).unwrap();
        let mut fit = Fit::of(&problem.field, [Term::distance(&problem.field, &target).unwrap()]).unwrap();
        let (before, after) = problem.solve(&mut fit);
        let off = problem.off(fit.unknowns());
        println!("{n}: {} shapes, from {before:e} to {after:e}, off by {off:e}", problem.shapes);
        assert!(before > 1e-4 && off < 1e-6, "{off}: {}", problem.text);
    }
}

#[test]
fn it_is_tried_again_where_a_minimum_is_not_enough() {
    // Two minima along one number, one of them a local one: the start is in its reach, and the other is near.
    let double = || {
        ResidualFn::new(2, |at: &[f64], residuals: &mut [f64], rows: Option<&mut [f64]>| {
            residuals.copy_from_slice(&[(at[0] - 47.0) * (at[0] - 53.0), 0.5 * (at[0] - 53.0)]);
            if let Some(rows) = rows {
                rows.copy_from_slice(&[2.0 * at[0] - 100.0, 0.5]);
            }
        })
    };
    let solved = |count, journal: &mut Journal| {
        let tries = Tries { by: LeastSquares::default(), count, part: 0.2, seed: 1 };
        let mut residuals = double();
        tries
            .solve(
                &mut residuals,
                &[vec![46.0]],
                &[(0.0, 100.0)],
                journal,
                |_, found: &Solution| found.value < 1e-20,
                &mut |_, _| true,
            )
            .unwrap()
    };
    assert!(solved(0, &mut Journal::default()).at[0] < 50.0);
    let mut journal = Journal::default();
    let found = solved(20, &mut journal);
    assert!((found.at[0] - 53.0).abs() < 1e-9, "{found:?}");
    // Done again it is the same, and so it is from the notes.
    assert_eq!(solved(20, &mut Journal::default()), found);
    assert_eq!(solved(20, &mut Journal::from_json(&journal.to_json(), "notes").unwrap()), found);
}

#[test]
fn adam_comes_near_what_least_squares_find() {
    let (field, truth) = model();
    let target =
        Target::of_field(&field.with_parameters(&truth).unwrap(), &box_around(), 0.0, 1000, 1).unwrap();
    let mut fit = Fit::of(&field, [Term::distance(&field, &target).unwrap()]).unwrap();
    let (start, ranges) = (fit.unknowns().get(), fit.unknowns().ranges());
    let found = Descent::new(Rule::ADAM, 0.01).solve(&mut fit, &start, &ranges, 400);
    fit.set(&found.at);
    assert!(off(&fit, &truth) < 0.05, "{}", off(&fit, &truth));
}

#[test]
fn gradients_and_products_are_the_derivatives_of_costs() {
    let (field, _) = model();
    let truth = sphere(0.9);
    let distances = Target::of_field(&truth, &box_around(), 0.0, 700, 2).unwrap();
    let surface = Target::of_surface(&truth, &box_around(), 0.0, 300, 3).unwrap();
    let terms = [
        Term::distance(&field, &distances).unwrap().with_cost(Robust::Huber { scale: 0.1 }),
        Term::surface(&field, &surface).with_weight(2.0),
        Term::normals(&field, &surface)
            .unwrap()
            .with_weight(0.1)
            .with_cost(Robust::GemanMcClure { scale: 1.0 }),
        Term::eikonal(&field, &distances)
            .with_weight(0.01)
            .with_weights((0..700).map(|n| f64::from(n % 5)).collect())
            .unwrap(),
        Term::off_surface(&field, &distances, 5.0).with_weight(0.3),
        Term::price([param_in("r", 0.5, 0.1, 1.0) * 0.1]),
    ];
    let mut fit = Fit::of(&field, terms).unwrap();
    let at = fit.unknowns().get();
    let mut gradient = vec![0.0; at.len()];
    let value = fit.value(&at, &mut gradient);
    let cost = fit.cost(&at);
    assert!((value / cost - 1.0).abs() < 1e-5, "{value} and {cost}");
    let models = [Factor::Normal, Factor::Triangle].map(|factor| {
        let mut model = Model::new(at.len(), factor);
        assert!((fit.linearise(&at, &mut model) / cost - 1.0).abs() < 1e-12);
        (model.gradient(), model.lengths())
    });
    let whole = gradient.iter().map(|slope| slope.abs()).fold(0.0, f64::max);
    for i in 0..at.len() {
        let h = 1e-6;
        let mut moved = [at.clone(), at.clone()];
        (moved[0][i], moved[1][i]) = (at[i] - h, at[i] + h);
        let by_difference = (fit.cost(&moved[1]) - fit.cost(&moved[0])) / (2.0 * h);
        let name = fit.unknowns().names()[i].to_string();
        for (slope, most) in [(gradient[i], 1e-4), (models[0].0[i], 1e-5), (models[1].0[i], 1e-5)] {
            assert!((slope - by_difference).abs() < most * whole, "{name}: {slope}, not {by_difference}");
        }
        assert!((models[0].1[i] - models[1].1[i]).abs() < 1e-9 * (1.0 + models[0].1[i]));
    }
}

#[test]
fn fits_are_the_same_bits_for_any_number_of_threads() {
    let (field, truth) = model();
    let fitted = |threads: usize| {
        rayon::ThreadPoolBuilder::new().num_threads(threads).build().unwrap().install(|| {
            let truth = field.with_parameters(&truth).unwrap();
            let target = Target::of_field(&truth, &box_around(), 0.0, 20_000, 1).unwrap();
            let mut fit = Fit::of(&field, [Term::distance(&field, &target).unwrap()]).unwrap();
            let found = fit.solve(&LeastSquares { iterations: 4, ..LeastSquares::for_fits() });
            let mut gradient = vec![0.0; found.at.len()];
            (fit.value(&found.at, &mut gradient), gradient, found)
        })
    };
    let one = fitted(1);
    assert!(one == fitted(3) && one.2.iterations == 4);
}

#[test]
fn what_is_locked_stays_and_what_is_tied_stays_together_and_ranges_hold() {
    let pair = sphere(param_in("a", 0.5, 0.2, 0.9)).translate([-1.0, 0.0, 0.0])
        | sphere(param_in("b", 0.4, 0.2, 0.9)).translate((1, param("up", 0.0), 0));
    let truth = pair.with_parameters(&[("a", 0.6), ("b", 0.8), ("up", 0.3)]).unwrap();
    let target = Target::of_field(&truth, &box_around(), 0.0, 2000, 1).unwrap();
    let fitted = |change: &dyn Fn(&mut Unknowns)| {
        let mut unknowns = Unknowns::of(std::slice::from_ref(&pair)).unwrap();
        change(&mut unknowns);
        let mut fit = Fit::new(unknowns, [Term::distance(&pair, &target).unwrap()]).unwrap();
        fit.solve(&LeastSquares::for_fits());
        fit.unknowns().values().to_vec()
    };
    let free = fitted(&|_| ());
    assert!(
        free.iter().zip([0.6, 0.8, 0.3]).all(|(found, wanted)| (found - wanted).abs() < 1e-9),
        "{free:?}"
    );
    let locked = fitted(&|unknowns| unknowns.lock("up").unwrap());
    assert!(locked[2] == 0.0 && (locked[0] - 0.6).abs() < 1e-3, "{locked:?}");
    let tied = fitted(&|unknowns| unknowns.tie("a", "b").unwrap());
    assert!(
        tied[0] == tied[1] && (0.65..0.75).contains(&tied[0]) && (tied[2] - 0.3).abs() < 0.05,
        "{tied:?}"
    );
    // A larger ball than its range allows: at its end, and the other's place is found all the same.
    let larger = Target::of_field(&(sphere(1.5) - 0.0), &box_around(), 0.0, 500, 1).unwrap();
    let own = sphere(param_in("a", 0.5, 0.2, 0.9)).translate((param("x", 0.2), 0, 0));
    let mut fit = Fit::of(&own, [Term::distance(&own, &larger).unwrap()]).unwrap();
    let solution = fit.solve(&LeastSquares::for_fits());
    assert!(fit.unknowns().get()[0] == 0.9 && fit.unknowns().get()[1].abs() < 0.1, "{solution:?}");
}

#[test]
fn outliers_are_left_out_by_costs_that_end() {
    let ball = sphere(param("r", 0.7)).translate(param_vector("at", [0.1, 0.1, -0.1]));
    let truth = sphere(1.0).translate([0.2, 0.0, 0.0]);
    let target = Target::of_field(&truth, &box_around(), 0.0, 2000, 1).unwrap();
    // Two of five are wrong, and the others off by up to a hundredth.
    let noise = |n: usize| ((n * 7919 % 1000) as f64 / 1000.0 - 0.5) * 0.02;
    let wrong = |(n, d): (usize, &f64)| if n % 5 < 2 { d + 0.5 + noise(n + 3) } else { d + noise(n) };
    let spoilt: Vec<f64> = target.distances().unwrap().iter().enumerate().map(wrong).collect();
    let spoilt = Target::new(target.points().to_vec()).unwrap().with_distances(spoilt).unwrap();
    // What leaves outliers out for good begins where a milder cost ends.
    let fitted = |costs: &[Robust]| {
        let mut values = Vec::new();
        for &cost in costs {
            let mut fit = Fit::of(&ball, [Term::distance(&ball, &spoilt).unwrap().with_cost(cost)]).unwrap();
            if !values.is_empty() {
                fit.set(&values);
            }
            values = fit.solve(&LeastSquares::for_fits()).at;
        }
        values
            .iter()
            .zip([1.0, 0.2, 0.0, 0.0])
            .map(|(found, wanted)| (found - wanted).abs())
            .fold(0.0, f64::max)
    };
    assert!(fitted(&[Robust::Square]) > 0.1);
    let robust = fitted(&[Robust::Huber { scale: 0.02 }, Robust::GemanMcClure { scale: 0.1 }]);
    assert!(robust < 0.005, "{robust}");
}

#[test]
fn motion_is_found_from_clouds_at_several_times() {
    // A ball on an orbit: its radius, speed and phase.
    let orbit = |r: Field, speed: Field, phase: Field| {
        let angle = speed * t() + phase;
        sphere(0.3).translate([&r * angle.cos(), &r * angle.sin(), 0.0.into()])
    };
    let own = orbit(param("r", 0.9), param("speed", 1.2), param("phase", 0.1));
    let truth = orbit(1.1.into(), 1.5.into(), 0.4.into());
    let clouds =
        (0..12).map(|n| Target::of_surface(&truth, &box_around(), 0.1 * f64::from(n), 60, n as u64).unwrap());
    let target = Target::together(clouds);
    assert_eq!(target.len(), 720);
    let mut fit = Fit::of(&own, [Term::surface(&own, &target)]).unwrap();
    let solution = fit.solve(&LeastSquares::for_fits());
    let found = off(&fit, &[("r", 1.1), ("speed", 1.5), ("phase", 0.4)]);
    assert!(found < 1e-8, "{found}: {solution:?}");
}

#[test]
fn any_field_can_be_a_loss() {
    // The ball whose surface passes through two points and has its steepest value of y² on a third condition: r =
    // 2·height.
    let (r, height) = (param("r", 1.0), param("height", 0.2));
    let ball = sphere(&r).translate((0, &height, 0));
    let on = Target::new(vec![[0.0, 1.5, 0.0]]).unwrap();
    let terms = [Term::surface(&ball, &on), Term::price([&r - 2 * &height])];
    let mut fit = Fit::of(&ball, terms).unwrap();
    fit.solve(&LeastSquares::for_fits());
    assert!(off(&fit, &[("r", 1.0), ("height", 0.5)]) < 1e-9, "{:?}", fit.unknowns().get());
    // A field that is no distance becomes one.
    let stretched = sphere(1.0) * param("steepness", 3.0);
    let everywhere = Target::of_field(&sphere(1.0), &box_around(), 0.0, 200, 1).unwrap();
    let mut fit = Fit::of(&stretched, [Term::eikonal(&stretched, &everywhere)]).unwrap();
    fit.solve(&LeastSquares::for_fits());
    assert!(off(&fit, &[("steepness", 1.0)]) < 1e-9, "{:?}", fit.unknowns().get());
}

#[test]
fn a_field_is_grown_of_parts() {
    let truth = sphere(0.5).translate([-0.4, 0.0, 0.0]) | capsule([0.0, 0.0, 0.0], [0.9, 0.5, 0.0], 0.2);
    let bounds = Bounds::new([-1.2, -0.8, -0.8], [1.3, 1.0, 0.8]);
    let target = Target::of_field(&truth, &bounds, 0.0, 4000, 1).unwrap();
    let growth = Growth { parts: 4, ..Growth::default() };
    let grown = growth.grow(&target, &mut |_| true).unwrap();
    // How much of the two is in both, of all that is in either, on a grid.
    let side = |n: usize, axis: usize| bounds.min[axis] + bounds.size()[axis] * (n as f64 + 0.5) / 32.0;
    let places: Vec<[f64; 3]> =
        (0..32 * 32 * 32).map(|n| [side(n / 1024, 0), side(n / 32 % 32, 1), side(n % 32, 2)]).collect();
    let inside = |field: &Field| -> Vec<bool> {
        field.tape().unwrap().eval(&places).swap_remove(0).iter().map(|f| *f < 0.0).collect()
    };
    let (own, other) = (inside(&grown.field()), inside(&truth));
    let both = own.iter().zip(&other).filter(|(a, b)| **a && **b).count() as f64;
    let either = own.iter().zip(&other).filter(|(a, b)| **a || **b).count() as f64;
    println!("{} parts, cost {:e}, {:.3} of both in either", grown.parts.len(), grown.cost, both / either);
    assert!(both / either > 0.93 && grown.parts.len() <= 4 && grown.numbers() <= 51);
    // Its text is the same field: numbers are rounded before they are written.
    let scene = Scene::from_text(&grown.text("about"), "grown.rhai").unwrap();
    let bounds = scene.bounds().expect("it says where it is");
    let is_there =
        |at: &[f64; 3]| (0..3).all(|axis| bounds.min[axis] < at[axis] && at[axis] < bounds.max[axis]);
    assert!(places.iter().zip(&own).all(|(at, is_inside)| !is_inside || is_there(at)), "{bounds:?}");
    let values = |field: &Field| field.tape().unwrap().eval(&places[..4096]);
    assert_eq!(values(scene.field()), values(&grown.field()));
}

#[test]
fn what_looks_the_same_in_a_mirror_is_grown_of_one_side() {
    let pair = capsule([0.6, -0.2, 0.1], [0.9, 0.5, 0.3], 0.2);
    let truth = (sphere(0.45) | pair.clone() | pair.mirror("x")).translate([0.7, 0.0, 0.0]);
    let bounds = Bounds::new([-0.7, -0.7, -0.7], [2.1, 0.9, 0.8]);
    let target = Target::of_field(&truth, &bounds, 0.0, 4000, 1).unwrap();
    let grown = Growth { parts: 2, ..Growth::default() }.grow(&target, &mut |_| true).unwrap();
    assert_eq!((grown.mirrored, grown.middle[0]), ([true, false, false], 0.7));
    let field = grown.field();
    for at in [[0.9, 0.2, 0.1], [0.6, 0.4, 0.2], [0.3, -0.1, 0.3]] {
        let sides = [0.7 + at[0], 0.7 - at[0]].map(|x| field.value_at([x, at[1], at[2], 0.0]).unwrap());
        assert!((sides[0] - sides[1]).abs() < 1e-12, "{sides:?}");
    }
    let scene = Scene::from_text(&grown.text(""), "grown.rhai").unwrap();
    assert_eq!(
        scene.field().tape().unwrap().eval(target.points()),
        field.tape().unwrap().eval(target.points())
    );
}

#[test]
fn sums_of_squares_under_constraints_are_those_of_hock_and_schittkowski() {
    for problem in PROBLEMS {
        let mut fit = problem.fit();
        let solution = fit.solve(&LeastSquares { iterations: 500, ..LeastSquares::for_fits() });
        let (squares, at) = (2.0 * solution.value, &solution.at);
        let (number, least) = (problem.number, problem.least);
        println!(
            "{number:3}: {squares:.10}, {:?} after {} steps at {at:?}",
            solution.ended, solution.iterations
        );
        assert!(fit.constraints().unwrap().broken(at).is_empty(), "{number}: {at:?}");
        assert!((squares - least).abs() < 1e-7 * least.max(0.1), "{number}: {squares}, not {least}");
    }
}

#[test]
fn a_blend_is_found_under_equations_between_its_parts() {
    // Two balls, the sum of their radii known, and the surface's way through a point: both keep what noise would move.
    let scene = |a: f64, b: f64| {
        let text = format!(
            "let a = param(\"a\", {a}, 0.1, 1); let b = param(\"b\", {b}, 0.1, 1); let x = param(\"x\", 0.6, 0, 1);
             let f = smooth_union(sphere(a), sphere(b).translate([x, 0, 0]), 0.2);
             constrain(a + b, 0.9); constrain(f.remap(0, 0.55, 0, 0)); constrain(x, 0.65, 0.8); show(f);"
        );
        Scene::from_text(&text, "pair.rhai").unwrap()
    };
    let truth = scene(0.55, 0.35).field().with_parameters(&[("x", 0.7)]).unwrap();
    let target = Target::of_field(&truth, &box_around(), 0.0, 2000, 1).unwrap();
    let scene = scene(0.4, 0.3);
    let stated = scene.constraints().iter().map(|own| own.parts());
    let constraints = Constraints::new(&scene.unknowns(), stated).unwrap();
    let terms = [Term::distance(scene.field(), &target).unwrap()];
    let mut fit = Fit::new(scene.unknowns(), terms).unwrap().with_constraints(constraints);
    let solution = fit.solve(&LeastSquares::for_fits());
    assert!(solution.ended.is_converged() && fit.constraints().unwrap().broken(&solution.at).is_empty());
    assert!(off(&fit, &[("a", 0.55), ("b", 0.35), ("x", 0.7)]) < 1e-7, "{:?}", solution.at);
}

#[test]
fn bad_targets_and_terms_are_errors() {
    let ball = sphere(param("r", 0.5));
    assert!(Target::new(vec![[0.0, f64::NAN, 0.0]]).is_err());
    assert!(Target::new(vec![[0.0; 3]]).unwrap().with_distances(vec![]).is_err());
    let plain = Target::new(vec![[0.0; 3]; 4]).unwrap();
    assert!(Term::distance(&ball, &plain).is_err() && Term::normals(&ball, &plain).is_err());
    assert!(Term::surface(&ball, &plain).with_weights(vec![1.0, -1.0, 0.0, 0.0]).is_err());
    assert!(Fit::of(&ball, [Term::surface(&ball, &plain).with_weight(f64::NAN)]).is_err());
    let stranger = sphere(param("other", 0.5));
    let error = Fit::of(&ball, [Term::surface(&stranger, &plain)]).unwrap_err();
    assert!(error.to_string().contains("other"), "{error}");
    let far = Bounds::new([5.0; 3], [6.0; 3]);
    assert!(Target::of_surface(&sphere(0.5), &far, 0.0, 10, 1).is_err());
    let outside = Target::new(vec![[1.0; 3]]).unwrap().with_distances(vec![1.0]).unwrap();
    assert!(
        Growth::default().grow(&outside, &mut |_| true).is_err()
            && Growth::default().grow(&plain, &mut |_| true).is_err()
    );
    // No points, and no terms: nothing to do.
    let mut empty = Fit::of(&ball, [Term::surface(&ball, &Target::default())]).unwrap();
    assert!(empty.is_empty() && empty.solve(&LeastSquares::for_fits()).at == [0.5]);
}
