//! A bad argument is carried by the field and reported when it is first used: what, where and why, and no panic.

use fieldgrad::prelude::*;

/// The message of a field that must carry an error, read in several ways.
fn mistake(field: Field) -> String {
    let error = field.check().expect_err("carries a mistake");
    assert_eq!(field.value_at([0.0; 4]), Err(error.clone()));
    assert_eq!(field.tape().map(|_| ()), Err(error.clone()));
    assert_eq!(field.parameter_gradient_at([0.0; 4]), Err(error.clone()));
    assert_eq!(field.to_svg(Detail::Names, None), Err(error.clone()));
    // What is built on it carries it on, whatever else would make it vanish.
    let on = (field.translate([1.0, 0.0, 0.0]) * 0.0).smooth_union(sphere(1.0), 0.1);
    assert_eq!(on.value_at([0.0; 4]), Err(error.clone()));
    assert!(field.dx().value_at([0.0; 4]).is_err());
    error.to_string()
}

#[test]
fn the_message_names_the_function_the_argument_and_the_place() {
    let line = line!() + 1;
    let text = mistake(sphere(-1.0));
    assert_eq!(text, format!("{}:{line}:24: sphere: r is -1, which is negative", file!()));
}

#[test]
fn every_kind_of_mistake() {
    let wrong: Vec<(Field, &str)> = vec![
        (sphere(f64::NAN), "sphere: r is NaN, not a finite number"),
        (sphere(f64::INFINITY), "sphere: r is inf, not a finite number"),
        (r#box([1.0, -2.0, 1.0]), "box: size is -2, which is negative"),
        (sphere(1.0).translate([0.0, f64::NAN, 0.0]), "translate: by is NaN, not a finite number"),
        (sphere(1.0).rotate([0.0, 0.0, 0.0], 1.0), "rotate: axis is the zero vector, which has no direction"),
        (sphere(1.0).scale(0.0), "scale: factor is 0, and must be above 0"),
        (sphere(1.0).mirror("w"), "mirror: axis is \"w\", and must be one of x, y, z"),
        (sphere(1.0).polar_repeat(0.0), "polar_repeat: n is 0, and must be at least 1"),
        (sphere(1.0).smooth_union(sphere(2.0), -0.1), "smooth_union: k is -0.1, which is negative"),
        (
            sphere(1.0).smooth_min_kind(sphere(2.0), 0.1, "cubik"),
            "smooth_min_kind: kind is \"cubik\", and must be one of cubic, quadratic",
        ),
        (polygon([[0.0, 0.0], [1.0, 0.0]]), "polygon: points has 2 points, and must have at least 3"),
        (tube([[0.0, 0.0, 0.0]], 0.1), "tube: points has 1 points, and must have at least 2"),
        (keyframes([[1.0, 0.0], [0.5, 2.0]]), "keyframes: keys go back in time, from 1 to 0.5"),
        (sphere(1.0).color("#12"), "color: color \"#12\" is not a colour of the form \"#rrggbb\""),
        (sphere(1.0).color("red"), "color: color \"red\" is not a colour"),
        (param_in("a", 2.0, 1.0, 0.0), "param \"a\": range [1, 0] is inverted"),
        (param_in("a", 2.0, 0.0, 1.0), "param \"a\": value 2 is outside its range [0, 1]"),
        (param("a", f64::NAN), "param \"a\": value is NaN, not a finite number"),
        (param("", 1.0), "param \"\": name is empty"),
        (x() * f64::NAN, "constant: value is NaN, not a finite number"),
    ];
    for (field, expected) in wrong {
        let text = mistake(field);
        assert!(text.contains(expected), "{text:?} does not say {expected:?}");
    }
}

#[test]
fn two_parameters_of_one_name_must_agree() {
    let field = sphere(param("r", 1.0)) | sphere(param("r", 2.0)).translate([1.0, 0.0, 0.0]);
    assert_eq!(field.tape().map(|_| ()), Err(Error::ParameterConflict("r".into())));
    assert!(field.parameters().is_err());
    let agree = sphere(param("r", 1.0)) | sphere(param("r", 1.0)).translate([1.0, 0.0, 0.0]);
    assert_eq!(agree.parameters().unwrap().len(), 1);
}

#[test]
fn an_unknown_parameter_is_told_with_the_known_ones() {
    let field = sphere(param("radius", 1.0));
    let error = field.with_parameters(&[("radios", 2.0)]).unwrap_err();
    assert_eq!(
        error.to_string(),
        "there is no parameter \"radios\": the field has radius; did you mean radius?"
    );
    assert!(field.derivative_in("radios").is_err());
    assert!(field.with_parameters(&[("radius", f64::NAN)]).is_err());
}
