//! What a program written against the library meets: how fields are written, and what it is told when it errs.

use fieldgrad::prelude::*;
use fieldgrad::tape::{Block, Tape};
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
    assert_eq!(value(&smooth_union_all(Vec::<Field>::new(), 0.2), [0.0; 3]), value(&union([Field::from(0); 0]), [0.0; 3]));
}

#[test]
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
    let short = message(&|| drop(tape.eval_points(&[0.0; 3], &[0.0; 2], &[0.0; 3], &[0.0; 3])));
    assert_eq!(short, "a y for each x: 2 for 3");
    let room = message(&|| {
        let mut out = [0.0; 2];
        Block::new(&tape).eval([&[0.0; 3]; 3], &mut [&mut out]);
    });
    assert_eq!(room, "room for each point in output 0: 2 for 3");
}
