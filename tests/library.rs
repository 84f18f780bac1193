//! The library as a program meets it: how fields are written, and what it is told when it errs.

use fieldgrad::prelude::*;
use fieldgrad::scene::Light;
use fieldgrad::tape::{Block64, Coordinates, Machine, Reading, Tape};
use std::collections::HashSet;
use std::panic::{AssertUnwindSafe, RefUnwindSafe, UnwindSafe, catch_unwind};

fn value(field: &Field, at: [f64; 3]) -> f64 {
    field.value_at([at[0], at[1], at[2], 0.0]).expect("a value")
}

#[test]
fn numbers_stand_on_either_side() {
    assert_eq!(value(&(8.0 * x()).sin(), [0.5, 0.0, 0.0]), 4.0f64.sin());
    assert_eq!(value(&(3 * x()).cos(), [0.5, 0.0, 0.0]), 1.5f64.cos());
    assert_eq!(value(&(x() * 3usize + 2f32), [0.5, 0.0, 0.0]), 3.5);
    let mut f = x();
    f += 1.0;
    f *= y();
    f -= &x();
    f /= 2;
    f %= 10;
    assert_eq!(value(&f, [3.0, 5.0, 0.0]), 8.5);
}

#[test]
fn vectors_are_calculated_with() -> Result<()> {
    let at = [2.0, 3.0, 6.0, 0.5];
    let v = Vector([x(), y(), z()]);
    let is = |found: &Vector<3>, expected: [f64; 3]| assert_eq!(found.value_at(at), Ok(expected));
    is(&(&v + &v), [4.0, 6.0, 12.0]);
    is(&(v.clone() + [1, 0, 1] - (t(), 0, 0)), [2.5, 3.0, 7.0]);
    is(&([1.0, 2.0, 3.0] - &v), [-1.0, -1.0, -3.0]);
    is(&([t(), t(), t()] + v.clone()), [2.5, 3.5, 6.5]);
    is(&(-&v * 2 + &v * t() - -v.clone() * &t()), [-2.0, -3.0, -6.0]);
    is(&(2.0 * &v + 2 * v.clone() + t() * &v + &t() * v.clone()), [10.0, 15.0, 30.0]);
    is(&(&v / 2 + v.clone() / t() - &v / 0.5f32), [1.0, 1.5, 3.0]);
    let mut w = v.clone();
    w += [1, 1, 1];
    w -= &v;
    w *= 3.0;
    w /= t();
    is(&w, [6.0; 3]);
    assert_eq!(v[1], y());
    is(&v.cross([0, 0, 1]), [3.0, -2.0, 0.0]);
    assert_eq!(cross([x(), y(), z()], &v).as_constants(), Some([0.0; 3]), "along itself");
    assert_eq!(v.dot((1, 2, t())).value_at(at)?, 11.0);
    assert_eq!(v.length().value_at(at)?, 7.0);
    assert_eq!(v.length_squared().value_at(at)?, 49.0);
    is(&normalize(&v), [2.0 / 7.0, 3.0 / 7.0, 6.0 / 7.0]);
    // Vectors of any number of components.
    assert_eq!(Vector([x() - 5]).length().value_at(at)?, 3.0);
    assert_eq!(Vector([x() + 1, y() + 1]).length().value_at(at)?, 5.0);
    assert_eq!(Vector([x(), y(), z(), Field::from(0)]).length().value_at(at)?, 7.0);
    assert_eq!(Vector::<0>([]).length().as_constant(), Some(0.0));
    assert_eq!(Vector([x() - 5]).normalize().value_at(at)?, [-1.0]);
    assert_eq!((Vector([x(), y()]) * 2 - [1, 1]).value_at(at)?, [3.0, 5.0]);
    // A mistake in a component is the mistake of every reading.
    let wrong = &v + [sphere(-1), y(), z()];
    assert!(wrong.value_at(at).is_err() && wrong.tape().is_err() && wrong.curl().value_at(at).is_err());
    Ok(())
}

#[test]
fn vectors_are_read_at_many_points() -> Result<()> {
    let v = Vector([scene(), x() * param("pull", 0.5), t()]);
    let (points, tape) = (points(300), v.tape()?);
    let columns = tape.eval(&points);
    assert_eq!(columns.len(), 3);
    for (n, &point) in points.iter().enumerate() {
        // A tape may multiply turns out: it is the graph but for rounding.
        let near = |i: usize, value: f64| (value - columns[i][n]).abs() < 1e-14 * (1.0 + value.abs());
        assert!(v.value_at(point)?.into_iter().enumerate().all(|(i, value)| near(i, value)), "{point:?}");
    }
    let twice = Vector([param("k", 1.0), param("k", 2.0)]);
    assert!(matches!(twice.value_at([0.0; 4]), Err(Error::ParameterConflict(_))));
    Ok(())
}

#[test]
fn shapes_come_alone_and_in_anything_that_can_be_gone_through() {
    let balls = vec![sphere(0.3), sphere(0.2).translate([1.0, 0.0, 0.0])];
    let all = union(balls.clone());
    assert_eq!(union(&balls), all);
    assert_eq!(union(&balls[..]), all);
    assert_eq!(union(balls.iter()), all);
    assert_eq!(union(balls.iter().filter(|_| true).cloned()), all);
    assert_eq!(balls[0].union(&balls[1..]), all);
    assert_eq!(balls[0].union(&balls[1]), all);
    let three = || [0.0, 0.4, 0.8].map(|x| sphere(0.3).translate([x, 0.0, 0.0]));
    let [a, b, c] = three();
    assert_eq!(smooth_union_all(three(), 0.2), a.smooth_union(b, 0.2).smooth_union(c, 0.2));
    assert_eq!(smooth_union_all([sphere(0.3)], 0.2), sphere(0.3));
    assert_eq!(
        value(&smooth_union_all(Vec::<Field>::new(), 0.2), [0.0; 3]),
        value(&union(Vec::<Field>::new()), [0.0; 3])
    );
}

#[test]
#[allow(
    clippy::mutable_key_type,
    reason = "what changes in a field is what it knows of its size, not what it is"
)]
fn fields_are_kept_in_sets() {
    let known: HashSet<Field> = [sphere(0.3), sphere(0.3).name("ball"), sphere(0.4)].into();
    assert_eq!(known.len(), 2);
    assert!(known.contains(&sphere(0.4)) && !known.contains(&sphere(0.5)));
}

#[test]
fn what_is_read_may_be_read_where_panics_are_caught() {
    fn is_safe<T: UnwindSafe + RefUnwindSafe>() {}
    is_safe::<Tape>();
    is_safe::<Field>();
}

#[test]
fn values_stay_within_ranges_and_the_error_says_so() {
    let ball = sphere(param_in("r", 0.5, 0.1, 1.0)) | sphere(param("free", 0.2));
    let tape = ball.tape().expect("a tape");
    let field_error = |name: &str, value: f64| ball.with_parameters(&[(name, value)]).err();
    let tape_error = |name: &str, value: f64| tape.with_parameters(&[(name, value)]).err();
    for error in [&field_error as &dyn Fn(&str, f64) -> Option<Error>, &tape_error] {
        let range = Some((0.1, 1.0));
        assert_eq!(error("r", 2.0), Some(Error::OutOfRange { name: "r".into(), value: 2.0, range }));
        let message = error("free", f64::NAN).expect("an error").to_string();
        assert_eq!(message, "free = NaN is not a finite number");
        assert!(error("q", 1.0).expect("an error").to_string().contains("there is no parameter \"q\""));
        assert_eq!(error("r", 1.0), None);
    }
    assert_eq!(tape.place_of_parameter("free"), Ok(1));
}

#[test]
fn columns_of_other_lengths_are_named() {
    let tape = sphere(0.5).tape().expect("a tape");
    let message = |work: &dyn Fn()| {
        let panic = catch_unwind(AssertUnwindSafe(work)).expect_err("a panic");
        panic.downcast_ref::<String>().expect("a message").clone()
    };
    let short = message(&|| drop(tape.eval([&[0.0; 3][..], &[0.0; 2], &[0.0; 3]])));
    assert_eq!(short, "a y for each x: 2 for 3");
    let room = message(&|| {
        let mut out = [0.0; 2];
        tape.eval_into([&[0.0; 3][..]; 3], &mut [&mut out]);
    });
    assert_eq!(room, "room for each point in output 0: 2 for 3");
}

/// A scene with a bit of everything: a moving blend, a kernel, a parameter.
fn scene() -> Field {
    let moving = r#box([1.0, 0.5, 0.8]).rotate([1, 2, 3], t()).displace(0.05 * noise(0.5));
    sphere(param("r", 0.5)).smooth_union(moving, param("k", 0.3)).repeat([2.0, 0.0, 2.0])
}

fn points(count: usize) -> Vec<[f64; 4]> {
    let wave = |i: usize, step: f64| 2.0 * (i as f64 * step).sin();
    (0..count).map(|i| [wave(i, 0.37), wave(i, 0.73), wave(i, 1.19), wave(i, 0.53)]).collect()
}

#[test]
fn many_points_give_what_one_gives_bit_for_bit() {
    let readings = [Reading::Value, Reading::Gradient, Reading::Hessian, Reading::ParameterGradient];
    let tape = scene().tape_of(&readings).expect("a tape");
    assert_eq!(tape.output_count(), 1 + 4 + 10 + 2);
    let points = points(9001);
    let outputs = tape.eval(&points);
    let mut machine = Machine::<f64>::new(&tape);
    for (n, &point) in points.iter().enumerate() {
        for (output, expected) in outputs.iter().zip(machine.at(point)) {
            assert_eq!(output[n].to_bits(), expected.to_bits(), "at {point:?}");
        }
    }
    let in_f32: Vec<[f32; 4]> = points.iter().map(|point| point.map(|c| c as f32)).collect();
    for (coarse, fine) in tape.eval_f32(&in_f32).iter().zip(&outputs).take(5) {
        let far =
            coarse.iter().zip(fine).filter(|(a, b)| (f64::from(**a) - **b).abs() > 1e-3 * (1.0 + b.abs()));
        assert!(far.count() < 20, "values and slopes in f32 are those in f64, but by a seam");
    }
}

#[test]
fn every_layout_gives_the_same() {
    let tape = scene().gradient_tape().expect("a tape");
    let points = points(100);
    let space: Vec<[f64; 3]> = points.iter().map(|&[x, y, z, _]| [x, y, z]).collect();
    let column = |axis: usize| points.iter().map(|point| point[axis]).collect::<Vec<f64>>();
    let columns = [0, 1, 2, 3].map(column);
    let [x, y, z, t] = columns.each_ref().map(Vec::as_slice);
    let moving = tape.eval(&points);
    assert_eq!(tape.eval([x, y, z, t]), moving);
    assert_eq!(tape.eval(Coordinates::from(&space).at_times(t)), moving);
    assert_eq!(tape.eval(Coordinates::strided(points.as_flattened(), 4, [0, 1, 2]).at_times(t)), moving);
    let still = tape.eval(Coordinates::from(&space).at_time(0.7));
    assert_eq!(tape.eval(Coordinates::from([x, y, z]).at_times(&[0.7; 100])), still);
    let reversed: Vec<[f64; 3]> = space.iter().map(|&[x, y, z]| [z, y, x]).collect();
    let backwards = Coordinates::strided(reversed.as_flattened(), 3, [2, 1, 0]).at_time(0.7);
    assert_eq!(tape.eval(backwards), still);
    assert_eq!(Coordinates::strided(&[0.0; 8], 5, [0, 1, 2]).len(), 2);
    assert_eq!(Coordinates::strided(&[0.0; 7], 5, [0, 1, 2]).len(), 1);
    assert_eq!(tape.eval(&Vec::<[f64; 3]>::new()), vec![Vec::<f64>::new(); 5]);
    let mut block = Block64::new(&tape);
    let mut outputs = vec![vec![0.0; 100]; 5];
    block.set_time(0.7);
    block.eval([x, y, z], &mut outputs.iter_mut().map(Vec::as_mut_slice).collect::<Vec<_>>());
    assert_eq!(outputs, still);
}

#[test]
fn losses_of_columns_are_losses() {
    let tape = scene().gradient_tape().expect("a tape");
    let columns =
        [0, 1, 2].map(|axis| points(700).iter().map(|point| point[axis] as f32).collect::<Vec<f32>>());
    let [x, y, z] = columns.each_ref().map(Vec::as_slice);
    let [mut known, mut chosen] = [0, 1].map(|_| Sum::new(&tape));
    known.add_loss([x, y, z], |_, [f, _, _, _, ft], [to_f, _, _, _, to_ft]| {
        (0..f.len()).for_each(|i| (to_f[i], to_ft[i]) = (2.0 * f[i], 1.0));
        f.iter().zip(ft).map(|(f, ft)| f64::from(f * f + ft)).sum()
    });
    chosen.add_loss_of_columns([x, y, z], &|_, values, seeds| {
        (0..values[0].len()).for_each(|i| (seeds[0][i], seeds[4][i]) = (2.0 * values[0][i], 1.0));
        values[0].iter().zip(values[4]).map(|(f, ft)| f64::from(f * f + ft)).sum()
    });
    assert_eq!((known.total(), known.gradient()), (chosen.total(), chosen.gradient()));
    assert!(chosen.gradient().iter().all(|slope| *slope != 0.0));
}

#[test]
fn directions_are_sums_of_derivatives() {
    let [space, values] = [[0.3, -0.2, 0.5, 0.1], [0.0; 4]];
    let readings = [
        Reading::Gradient,
        Reading::Along(space),
        Reading::ParameterGradient,
        Reading::AlongParameters(vec![2.0, -1.0]),
        Reading::Along(values),
    ];
    let outputs = scene().tape_of(&readings).expect("a tape").eval(&points(50));
    for n in 0..50 {
        let along: f64 = (0..4).map(|axis| space[axis] * outputs[axis][n]).sum();
        assert!((outputs[4][n] - along).abs() < 1e-12);
        assert!((outputs[7][n] - (2.0 * outputs[5][n] - outputs[6][n])).abs() < 1e-12);
        assert_eq!(outputs[8][n], 0.0);
    }
    assert!(scene().tape_of(&[Reading::AlongParameters(vec![1.0])]).is_err());
    // The same direction, set as the tape runs.
    let tape = scene().tape_of(&[Reading::Value, Reading::Tangent]).expect("a tape");
    let names: Vec<&str> = tape.parameters().map(Parameter::name).collect();
    assert_eq!(names[2..], [format!("tangent.{}", names[0]), format!("tangent.{}", names[1])]);
    assert_eq!(tape.eval(&points(50))[1], [0.0; 50]);
    let turned = tape.with_values(&[&tape.values()[..2], &[2.0, -1.0]].concat()).eval(&points(50));
    assert_eq!(turned[1], outputs[7]);
    let taken = sphere(param("a", 1.0) + param("tangent.a", 0.0)).tape_of(&[Reading::Tangent]);
    assert!(taken.unwrap_err().to_string().contains("tangent.a"));
    // Of two fields, each the derivative in all parameters, in one order.
    let pair = [sphere(param("a", 1.0)), sphere(param("b", 1.0))];
    let tape = Tape::of_readings(&pair, &[Reading::ParameterGradient]).expect("a tape");
    assert_eq!(tape.eval(&points(1)).concat(), [-1.0, 0.0, 0.0, -1.0]);
}

#[test]
fn scenes_made_in_rust_take_values_as_read_ones_do() {
    use fieldgrad::scene::{Camera, Light};
    let scene = || Scene::of_objects([sphere(param("r", 0.5)), sphere(0.2)], "two");
    let made = scene().with_camera(Camera::looking((param("away", 3.0), 0, 0), [0.0; 3])).expect("a scene");
    assert_eq!(made.parameters().iter().map(Parameter::name).collect::<Vec<_>>(), ["r", "away"]);
    let nearer = made.with_parameters(&[("away", 2.0), ("r", 0.4)]).expect("a scene");
    let eye = |scene: &Scene| scene.camera().expect("a camera").at(0.0).expect("a view").eye;
    assert_eq!((eye(&made), eye(&nearer)), ([3.0, 0.0, 0.0], [2.0, 0.0, 0.0]));
    // Settings added later keep the values.
    let lit = nearer.with_lights([Light::from_direction([1, 1, 0])]).expect("a scene");
    assert_eq!((lit.value_of("r"), eye(&lit)), (Some(0.4), [2.0, 0.0, 0.0]));
    assert_eq!(lit.field().value_at([1.0, 0.0, 0.0, 0.0]), Ok(0.6));
    // What is wrong is said.
    let conflict =
        scene().with_camera(Camera::looking((param("r", 3.0), 0, 0), [0.0; 3])).expect_err("two of a name");
    assert_eq!(conflict, Error::ParameterConflict("r".into()));
    let moving = scene().with_lights([Light::from_direction((x(), 1, 0))]).expect_err("no one direction");
    assert_eq!(moving.to_string(), "a part of two depends on x, and may only depend on t and on parameters");
    let color =
        scene().with_lights([Light::from_direction([0, 1, 0]).with_color("red")]).expect_err("no colour");
    assert!(
        color.to_string().contains("tests/library.rs") && color.to_string().contains("\"red\""),
        "{color}"
    );
}

#[test]
fn a_light_from_nowhere_is_refused() {
    let error =
        Scene::of_field(sphere(1), "dark").with_lights([Light::from_direction([0, 0, 0])]).unwrap_err();
    assert!(error.to_string().contains("direction is the zero vector"), "{error}");
}
