//! The scene language: every word of it gives the field that Rust gives, and what a scene says is what is read.

use fieldgrad::prelude::*;
use fieldgrad::scene::{Scene, built_in, words};
use fieldgrad::shape::catalogue;

/// The field of a script that shows one thing.
#[track_caller]
fn field(script: &str) -> Field {
    match Scene::from_text(script, "test.rhai") {
        Ok(scene) => scene.field().clone(),
        Err(error) => panic!("{script}\n{error}"),
    }
}

/// That two fields are one: the same graph.
#[track_caller]
fn same(found: &Field, expected: &Field, what: &str) {
    assert_eq!(found, expected, "{what}:\n{found}\nis not\n{expected}");
}

#[test]
fn every_example_of_the_catalogue_is_the_same_field_in_a_scene() {
    for entry in catalogue() {
        let script = format!("show({});", entry.example());
        let found = field(&script);
        same(&found, &(entry.sample)(), &script);
        let label = found.label().expect("a shape has its name").clone();
        assert_eq!(label.function(), entry.name);
        assert_eq!(&*label.place().file, "test.rhai", "{script}: the scene's own place, not Rust's");
    }
}

/// An argument of each kind: as numbers alone, and with fields in it.
fn written(kind: ArgumentKind) -> [(&'static str, Argument); 2] {
    use ArgumentKind::*;
    let number = Argument::Number;
    let list = |parts: &[Argument]| Argument::List(parts.to_vec());
    let wave = || Argument::Field(1.5 + x().sin() * 0.25);
    let text = |text: &str| Argument::Text(text.into());
    let half = || number(0.5);
    let key = |time: f64, value: Argument| list(&[number(time), value]);
    match kind {
        Field => {
            [("torus(1, 0.25)", torus(1, 0.25).into_argument()), ("(y - x)", (y() - x()).into_argument())]
        }
        Number | Length | Positive | Count => [("2", number(2.0)), ("(1.5 + sin(x) * 0.25)", wave())],
        Corners => [("5", number(5.0)), ("(1.5 + sin(x) * 0.25)", wave())],
        Pair | Extent2 => [
            ("[2, 0.5]", list(&[number(2.0), half()])),
            ("[1.5 + sin(x) * 0.25, 0.5]", list(&[wave(), half()])),
        ],
        Triple | Extent3 | Direction => [
            ("[2, 0.5, 3]", list(&[number(2.0), half(), number(3.0)])),
            ("[0.5, 1.5 + sin(x) * 0.25, 3]", list(&[half(), wave(), number(3.0)])),
        ],
        Outline => [
            (
                "[[0, 0], [1, 0], [0.5, 2]]",
                list(&[point(&[0.0, 0.0]), point(&[1.0, 0.0]), point(&[0.5, 2.0])]),
            ),
            (
                "[[0, 0], [1, 0], [0.5, 1.5 + sin(x) * 0.25]]",
                list(&[point(&[0.0, 0.0]), point(&[1.0, 0.0]), list(&[half(), wave()])]),
            ),
        ],
        Path => [
            ("[[0, 0, 1], [1, 0, 2]]", list(&[point(&[0.0, 0.0, 1.0]), point(&[1.0, 0.0, 2.0])])),
            (
                "[[0, 0, 1], [0.5, 1.5 + sin(x) * 0.25, 0.5]]",
                list(&[point(&[0.0, 0.0, 1.0]), list(&[half(), wave(), half()])]),
            ),
        ],
        Keys => [
            ("[[0, 1], [2, 0.5]]", list(&[key(0.0, number(1.0)), key(2.0, half())])),
            ("[[0, 1], [2, 1.5 + sin(x) * 0.25]]", list(&[key(0.0, number(1.0)), key(2.0, wave())])),
        ],
        Shapes => [
            ("[sphere(2), y]", list(&[sphere(2).into_argument(), y().into_argument()])),
            ("[y, 1.5 + sin(x) * 0.25]", list(&[y().into_argument(), wave()])),
        ],
        SpaceAxis => [("\"x\"", text("x")), ("\"z\"", text("z"))],
        SmoothKind => [("\"root\"", text("root")), ("\"circular\"", text("circular"))],
        Text => [("\"ab\"", text("ab")), ("\"c\"", text("c"))],
        Color | Start | Options | Corner | Interpolation | Probe | Way => {
            unreachable!("no argument of the catalogue")
        }
    }
}

fn point(parts: &[f64]) -> Argument {
    Argument::List(parts.iter().map(|part| Argument::Number(*part)).collect())
}

trait IntoArgument {
    fn into_argument(self) -> Argument;
}
impl IntoArgument for Field {
    fn into_argument(self) -> Argument {
        Argument::Field(self)
    }
}

#[test]
fn every_entry_is_a_function_and_a_method_of_numbers_and_of_fields() {
    for entry in catalogue() {
        for choice in [0, 1] {
            let given: Vec<_> =
                entry.arguments.iter().map(|(_, kind)| written(*kind)[choice].clone()).collect();
            let (texts, values): (Vec<&str>, Vec<Argument>) = given.into_iter().unzip();
            let expected = (entry.call)(values);
            // What is a number is no shape: t makes it one to be shown.
            let function = format!("show(t + {}({}));", entry.name, texts.join(", "));
            same(&field(&function), &(t() + &expected), &function);
            let (first, rest) = texts.split_first().unwrap();
            let method = format!("let first = {first}; show(t + first.{}({}));", entry.name, rest.join(", "));
            same(&field(&method), &(t() + &expected), &method);
        }
    }
}

/// The arithmetic and the derivatives of the language, each as a function and as a method.
#[test]
fn arithmetic_and_derivatives_are_what_they_are_in_rust() {
    let a = || x() + 0.5;
    let b = || sphere(1).twist(0.3);
    let [gx, gy, gz, gt] = b().gradient();
    let cases: Vec<(&str, &str, Field)> = vec![
        ("abs", "", abs(a())),
        ("sqrt", "", sqrt(a())),
        ("square", "", square(a())),
        ("recip", "", recip(a())),
        ("exp", "", exp(a())),
        ("ln", "", ln(a())),
        ("sin", "", sin(a())),
        ("cos", "", cos(a())),
        ("tan", "", tan(a())),
        ("asin", "", asin(a())),
        ("acos", "", acos(a())),
        ("atan", "", atan(a())),
        ("floor", "", floor(a())),
        ("ceil", "", ceil(a())),
        ("round", "", round(a())),
        ("fract", "", fract(a())),
        ("sign", "", sign(a())),
        ("ramp", "", ramp(a())),
        ("deg", "", deg(a())),
        ("atan2", "y", atan2(a(), y())),
        ("min", "y", min(a(), y())),
        ("max", "1", max(a(), 1)),
        ("pow", "y", pow(a(), y())),
        ("modulo", "0.3", modulo(a(), 0.3)),
        ("hypot", "y", hypot(a(), y())),
        ("clamp", "0, 1", clamp(a(), 0, 1)),
        ("mix", "y, 0.3", mix(a(), y(), 0.3)),
        ("step", "y", step(a(), y())),
        ("smoothstep", "2, y", smoothstep(a(), 2, y())),
        ("if_less", "1, y, z", if_less(a(), 1, y(), z())),
    ];
    for (name, rest, expected) in cases {
        let (comma, a_text) = (if rest.is_empty() { "" } else { ", " }, "(x + 0.5)");
        let function = format!("show({name}({a_text}{comma}{rest}));");
        same(&field(&function), &expected, &function);
        let method = format!("show({a_text}.{name}({rest}));");
        same(&field(&method), &expected, &method);
    }
    let derived = [
        ("dx()", b().dx()),
        ("dy()", b().dy()),
        ("dz()", b().dz()),
        ("dt()", (b() * t()).dt()),
        ("normal_speed()", b().normal_speed()),
        ("mean_curvature()", b().mean_curvature()),
        ("gaussian_curvature()", b().gaussian_curvature()),
        ("laplacian()", b().laplacian()),
        ("spatial_gradient()[1]", b().dy()),
        ("gradient()[0]", gx),
        ("gradient()[1]", gy),
        ("gradient()[2]", gz),
        ("gradient()[3]", gt),
        ("remap(y, x, 2 * z, 0)", b().remap([y(), x(), 2 * z(), Field::constant(0.0)])),
    ];
    for (call, expected) in derived {
        let of = if call == "dt()" { "(sphere(1).twist(0.3) * t)" } else { "sphere(1).twist(0.3)" };
        let script = format!("show(t + {of}.{call});");
        same(&field(&script), &(t() + expected), &script);
    }
    same(&field("show(length([x, y, 2]));"), &length([x(), y(), Field::constant(2.0)]), "length");
    same(&field("show([x, y, 2].length());"), &length([x(), y(), Field::constant(2.0)]), "length");
    same(&field("show(dot([x, y, 2], [1, 2, z]));"), &(x() + y() * 2 + 2 * z()), "dot");
    same(&field("show([x, y, 2].dot([1, 2, z]));"), &(x() + y() * 2 + 2 * z()), "dot");
}

/// Each of the words of vectors, and each of their operators, gives what it gives in Rust.
#[test]
fn vectors_are_what_they_are_in_rust() {
    let v = || Vector([y() * z(), sin(x()), 2 * t() + y()]);
    let w = || Vector([Field::from(1), z(), x() * x()]);
    let s = || x() + 2;
    let start = "let v = [y * z, sin(x), 2 * t + y]; let w = [1, z, x * x]; let s = x + 2;";
    let cases: Vec<(&str, Vector<3>)> = vec![
        ("v.cross(w)", v().cross(w())),
        ("cross(v, [0, 1, 0])", v().cross([0, 1, 0])),
        ("normalize(v)", v().normalize()),
        ("v.curl()", v().curl()),
        ("curl(cross(v, w))", v().cross(w()).curl()),
        ("jacobian(v)[1]", Vector(v().jacobian()[1].clone())),
        ("spatial_gradient(dot(v, w))", v().dot(w()).spatial_gradient()),
        ("vec3(y * z, sin(x), 2 * t + y) + w", v() + w()),
        ("v - w", v() - w()),
        ("-v", -v()),
        ("v * s + 2 * v - w * 0.5", v() * s() + 2 * v() - w() * 0.5),
        ("s * v", s() * v()),
        ("v / s - w / 4", v() / s() - w() / 4),
    ];
    for (expression, expected) in cases {
        for (i, expected) in expected.0.iter().enumerate() {
            let script = format!("{start} show(t + ({expression})[{i}]);");
            same(&field(&script), &(t() + expected), &script);
        }
    }
    same(&field(&format!("{start} show(t + divergence(v));")), &(t() + v().divergence()), "divergence");
    let assigned = "let v = vec2(x, y); v += [1, t]; v -= [t, 0]; v *= 2; v /= s; show(v[0] - v[1]);";
    let expected = (Vector([x(), y()]) + (1, t()) - (t(), 0)) * 2 / s();
    same(&field(&format!("let s = x + 2; {assigned}")), &(&expected[0] - &expected[1]), "assigned");
}

#[test]
fn vectors_are_added_and_lists_are_joined() {
    let cases = [
        ("vec3(1, 2, 3) + [4, 5, 6.5]", "[5, 7, 9.5]"),
        ("[4, 5, 6.5] + vec3(1, 2, 3)", "[5, 7, 9.5]"),
        ("2 * [1, 2] - [0.5, 1] / 2", "[1.75, 3.5]"),
        ("[1, 2] - [3, 5]", "[-2, -3]"),
        ("-[1, -2, 0]", "[-1, 2, 0]"),
        ("(PI * [1, 0, 0] + [0, y, 0])[2]", "0"),
        ("cross([1, 0, 0], [0, 1, 0])", "[0, 0, 1]"),
        ("normalize([3, 0, 4]) + normalize([0, 0, 0])", "[0.6, 0, 0.8]"),
        ("jacobian([x, 2 * y, 3 * x])[1] + [1, 1, 1]", "[1, 3, 1]"),
        ("let v = vec3(1, 2, 3); [v.x, v.y, v.z, v[0], v[-1], v.len()]", "[1, 2, 3, 1, 3, 3]"),
        ("let sum = 0; for part in vec3(1, 2, 4) { sum += part; } sum", "7"),
        (
            "let v = vec3(1, 2, 3); let w = v; v += v; v -= [1, 0, 0]; v *= 2; v /= 4; [v, w]",
            "[[0.5, 2, 3], [1, 2, 3]]",
        ),
        ("let v = vec2(1, 2); let f = || v + [1, 1]; v += f.call(); v", "[3, 5]"),
        ("let v = vec3(1, 2, 3); v[0] = 7; v.y = x * 0; v[-1] += 1; v", "[7, 0, 4]"),
        ("[1, 2, 3] + [4, 5, 6]", "[1, 2, 3, 4, 5, 6]"),
        ("let all = []; for i in 0..2 { all += [sphere(1), torus(i + 1, 0.2)]; } all += y; all.len()", "5"),
    ];
    for (expression, printed) in cases {
        let script = format!("print({{ {expression} }}); show(sphere(1));");
        let scene = Scene::from_text(&script, "test.rhai").unwrap_or_else(|error| panic!("{error}"));
        assert_eq!(scene.printed(), [printed], "{expression}");
    }
}

#[test]
fn every_word_is_documented_and_stands_once() {
    let words = words();
    for word in &words {
        assert!(word.doc.first().is_some_and(|line| line.len() > 2), "{} has no text", word.name);
        let is_shape = catalogue().any(|entry| entry.name == word.name);
        assert_eq!(word.example().is_some(), is_shape, "{}", word.name);
        assert!(!word.forms.is_empty() && word.signatures().all(|text| text.starts_with(word.name)));
    }
    let mut names: Vec<&str> = words.iter().map(|word| word.name).collect();
    let promised = "abs sqrt square exp ln sin cos tan asin acos atan atan2 min max clamp mix step smoothstep floor
        ceil round fract sign pow length dot hypot if_less deg dx dy dz dt gradient normal_speed mean_curvature
        gaussian_curvature vec2 vec3 cross normalize spatial_gradient laplacian divergence curl jacobian remap grid mesh color material name param lock tie loss constrain show camera light background timeline bounds";
    for name in promised.split_whitespace().chain(catalogue().map(|entry| entry.name)) {
        assert!(names.contains(&name), "{name} is not in the language");
    }
    names.sort();
    names.dedup();
    assert_eq!(names.len(), words.len(), "a name stands twice");
}

#[test]
fn what_is_locked_and_tied_is_so_for_those_who_move_parameters() {
    let declared = "let r = param(\"r\", 0.5, 0.1, 1); let s = param(\"s\", 0.6, 0.2, 2);\n\
        let a = param(\"a\", [1, 2, 3]); let b = param(\"b\", [1, 2, 3]); let c = param(\"c\", 4, 3, 5);\n\
        show(sphere(r + s + c).translate(a).translate(b));\n";
    let read = |held: &str| Scene::from_text(&format!("{held}\n{declared}"), "a.rhai");
    // Before or behind what they name, and one upon another.
    let scene = read("lock(\"c\"); tie(\"r\", \"s\"); tie(\"a\", \"b\"); lock(\"b.y\");").unwrap();
    let mut unknowns = scene.unknowns();
    assert_eq!((unknowns.names(), unknowns.get()), (vec!["r", "a.x", "a.z"], vec![0.5, 1.0, 3.0]));
    assert_eq!(unknowns.ranges()[0], (0.2, 1.0));
    unknowns.set(&[0.7, -1.0, -3.0]);
    let moved = scene.with_values(unknowns.values()).unwrap();
    assert_eq!(moved.values(), [0.7, 0.7, -1.0, 2.0, -3.0, -1.0, 2.0, -3.0, 4.0]);
    assert_eq!(moved.unknowns().get(), [0.7, -1.0, -3.0]);
    let losses = read("loss(y - 1, 3);").unwrap().losses().to_vec();
    assert_eq!((losses[0].field.clone(), losses[0].weight), (y() - 1, 3.0));
    // The picture is that of the values that are declared.
    assert_eq!(scene.values(), [0.5, 0.6, 1.0, 2.0, 3.0, 1.0, 2.0, 3.0, 4.0]);
    for (held, why) in [
        ("lock(\"q\");", "a.rhai:1:1: there is no parameter \"q\""),
        ("tie(\"r\", \"a\");", "a.rhai:1:1: r and a cannot be tied: one is a vector"),
        ("tie(\"r\", \"c\");", "a.rhai:1:1: r and c cannot be tied: their ranges have nothing in common"),
        ("tie(\"r\", \"r\");", "a.rhai:1:1: tie: \"r\" cannot be tied to itself"),
        ("lock(7);", "a.rhai:1:1: lock takes (name)"),
        ("loss(7);", "a.rhai:1:1: loss needs what a fit can change, and 7 is the same whatever it does"),
        ("loss(x, -1);", "a.rhai:1:1: loss: weight is -1, and must be 0 or more"),
        ("for i in 0..200 { loss(x); }", "a scene has at most 100 losses"),
        ("for i in 0..2000 { lock(\"r\"); }", "a scene has at most 1000 calls of lock and tie"),
    ] {
        let said = read(held).unwrap_err().to_string();
        assert!(said.contains(why), "{said}, not {why}");
    }
}

#[test]
fn further_arguments_choose_the_function() {
    let (a, b) = (|| sphere(1), || torus(1, 0.3));
    let cases = [
        ("a.smooth_min(b)", a().smooth_min(b(), 0.5)),
        ("a.smooth_min(b, 0.3)", a().smooth_min(b(), 0.3)),
        ("smooth_min(a, b, 0.3, \"root\")", a().smooth_min_kind(b(), 0.3, "root")),
        ("smooth_max(a, b)", a().smooth_max(b(), 0.5)),
        ("smooth_max(a, b, 0.3, \"quartic\")", a().smooth_max_kind(b(), 0.3, "quartic")),
        ("a.repeat([3, 3, 3])", a().repeat([3.0, 3.0, 3.0])),
        ("a.repeat([3, 3, 3], [2, 3, 1])", a().repeat_count([3.0, 3.0, 3.0], [2.0, 3.0, 1.0])),
        ("b.warp([0, sin(x), 0])", b().warp((0, x().sin(), 0))),
        ("b.warp([0, sin(x), 0], y)", b().warp_time((0, x().sin(), 0), y())),
        ("union(a, b, y)", union([a(), b(), y()])),
        ("union([a, b, y])", union([a(), b(), y()])),
        ("a.union(b, y)", union([a(), b(), y()])),
        ("a.union([b, y])", union([a(), b(), y()])),
        ("difference(a, b, y)", difference([a(), b(), y()])),
        ("a | b", a() | b()),
        ("a & b", a() & b()),
        ("a | b & y", a() | (b() & y())),
    ];
    for (script, expected) in cases {
        let script = format!("let a = sphere(1); let b = torus(1, 0.3); show({script});");
        same(&field(&script), &expected, &script);
    }
}

#[test]
fn numbers_are_real_numbers() {
    let cases = [
        ("1/2", "0.5"),
        ("4/2", "2"),
        ("7 % 3", "1"),
        ("-1 % 3", "2"),
        ("-0.5 % 3", "2.5"),
        ("2 ** 10", "1024"),
        ("2 ** -1", "0.5"),
        ("2 ** 0.5 * 2 ** 0.5", "2.0000000000000004"),
        ("9000000000000000000 + 9000000000000000000", "1.8e19"),
        ("0.1 + 0.2", "0.30000000000000004"),
        ("-3 - 4", "-7"),
        ("1 + 2 * 3 - 4 / 8", "6.5"),
        ("1 == 1.0", "true"),
        ("1/3 < 0.5", "true"),
        ("[10, 20, 30][4/2]", "30"),
        ("min(3, 4) + max(1, 2) + abs(-2)", "7"),
        ("floor(2.5) + round(2.5) + ceil(2.1)", "7"),
        ("sin(PI / 2) + deg(180) / PI + TAU - 2 * PI", "2"),
        ("length([3, 4, 0])", "5"),
        ("dot([1, 2, 3], [4, 5, 6])", "32"),
        ("if_less(1, 2, 3, 4)", "3"),
        ("\"r\" + 1", "r1"),
        ("sphere(1) + 0", "sphere"),
    ];
    for (expression, printed) in cases {
        let script = format!("print({expression}); show(sphere(1));");
        let scene = Scene::from_text(&script, "test.rhai").unwrap_or_else(|error| panic!("{error}"));
        assert_eq!(scene.printed(), [printed], "{expression}");
    }
    let changed = "let n = 7; n /= 2; n += 1; n *= 4; n -= 0.5; n %= 5; n **= 2; print(n); show(sphere(1));";
    assert_eq!(Scene::from_text(changed, "test.rhai").unwrap().printed(), ["6.25"]);
    let counted = "let s = 0; for i in 0..10/2 { s += i; } print(s); show(sphere(1));";
    assert_eq!(Scene::from_text(counted, "test.rhai").unwrap().printed(), ["10"]);
}

#[test]
fn fields_are_made_by_plain_arithmetic_everywhere() {
    same(&field("show(x*x + y*y - 1);"), &(x() * x() + y() * y() - 1), "arithmetic");
    same(
        &field("fn ring(r) { hypot(x, y) - r } show(ring(2).shell(0.1));"),
        &(hypot(x(), y()) - 2).shell(0.1),
        "fn",
    );
    same(&field("let f = |r| x - r; show(f.call(2));"), &(x() - 2), "closure");
    same(&field("let x = y; show(x + 0.5);"), &(y() + 0.5), "a variable of the script hides the coordinate");
    same(&field("show(-x % 2 ** y / 3);"), &(-x() % Field::from(2).pow(y()) / 3), "operators");
    let thousand =
        "let all = []; for i in 0..1000 { all.push(sphere(0.4).translate([i % 10, i / 10, 0])); } show(all);";
    let scene = Scene::from_text(thousand, "test.rhai").unwrap();
    assert_eq!(scene.objects().len(), 1000);
    assert!((scene.field().value_at([3.0, 0.3, 0.0, 0.0]).unwrap() + 0.4).abs() < 1e-9);
}

#[test]
fn a_scene_says_what_it_says() {
    let script = r##"
        let k = param("k", 0.4, 0.1, 1);
        let at = param("at", [1, -2, 0.5]);
        let unused = param("unused", 3);
        show(sphere(k).translate(at).color("#ff0000"), torus(2, 0.1));
        show(box([1, 1, 1]).material(#{ roughness: 0.25, metallic: 1, emission: [0, 0, k] }));
        camera(#{ eye: [3 * cos(t), 2, 3 * sin(t)], target: [0, k, 0], fov: 50 });
        light(#{ direction: [0, 1, 0], intensity: 2 });
        light(#{ color: "#000000" });
        background("#000000", [1, 0.5, 0]);
        timeline(1, 3, #{ loop: false, fps: 25 });
        bounds([-1, -2, -3], [1, 2, 3]);
    "##;
    let scene = Scene::from_text(script, "all.rhai").unwrap_or_else(|error| panic!("{error}"));
    let parameters: Vec<(String, f64)> =
        scene.parameters().iter().map(|p| (p.name().to_string(), p.value())).collect();
    let expected = [("k", 0.4), ("at.x", 1.0), ("at.y", -2.0), ("at.z", 0.5), ("unused", 3.0)];
    assert_eq!(parameters, expected.map(|(name, value)| (name.to_string(), value)));
    assert_eq!(scene.parameters()[0].range(), Some((0.1, 1.0)));
    assert_eq!(scene.objects().len(), 3);
    let [red, ring, cube] = [0, 1, 2].map(|i| scene.objects()[i].material().cloned());
    assert_eq!(red.unwrap().color.map(|c| c.as_constant().unwrap()), [1.0, 0.0, 0.0]);
    assert!(ring.is_none());
    let cube = cube.unwrap();
    assert_eq!((cube.roughness.as_constant(), cube.metallic.as_constant()), (Some(0.25), Some(1.0)));
    assert_eq!(cube.emission[2].value_at([0.0; 4]).unwrap(), 0.4);

    let view = scene.camera().unwrap().at(0.0).unwrap();
    assert_eq!((view.eye, view.target, view.fov), ([3.0, 2.0, 0.0], [0.0, 0.4, 0.0], 50.0));
    assert_eq!(scene.lights().len(), 2);
    assert_eq!(scene.lights()[0].at(0.0).unwrap(), ([0.0, 1.0, 0.0], [2.0; 3]));
    assert_eq!(scene.background().at(0.0).unwrap(), [[0.0; 3], [1.0, 0.5, 0.0]]);
    let timeline = scene.timeline();
    assert_eq!((timeline.from, timeline.to, timeline.repeats, timeline.fps), (1.0, 3.0, false, 25.0));
    assert_eq!(scene.bounds(), Some(Bounds::new([-1.0, -2.0, -3.0], [1.0, 2.0, 3.0])));
    assert_eq!((scene.file(), scene.text()), ("all.rhai", script));
}

#[test]
fn scenes_go_between_threads() {
    fn goes<T: Send + Sync + 'static>() {}
    goes::<Scene>();
}

#[test]
fn what_a_scene_does_not_say_has_a_default() {
    let still = Scene::from_text("show(sphere(1));", "still.rhai").unwrap();
    assert!(still.camera().is_none() && still.bounds().is_none());
    assert_eq!((still.lights().len(), still.timeline().to), (1, 0.0));
    let moving = Scene::from_text("show(sphere(1 + sin(t)));", "moving.rhai").unwrap();
    assert_eq!(moving.timeline().to, 10.0);

    // A camera that frames a box sees all of it: no corner is further from its axis than half the angle of view.
    let bounds = Bounds::new([-1.0, 0.0, -3.0], [2.0, 5.0, 1.0]);
    let view = fieldgrad::scene::Camera::framing(&bounds).at(0.0).unwrap();
    let to = |p: [f64; 3]| [0, 1, 2].map(|i| p[i] - view.eye[i]);
    let dot = |a: [f64; 3], b: [f64; 3]| a.iter().zip(b).map(|(a, b)| a * b).sum::<f64>();
    let ahead = to(view.target);
    for corner in 0..8 {
        let side = |i: usize| if corner >> i & 1 == 0 { bounds.min[i] } else { bounds.max[i] };
        let way = to([side(0), side(1), side(2)]);
        let angle = (dot(way, ahead) / (dot(way, way) * dot(ahead, ahead)).sqrt()).acos();
        assert!(angle.to_degrees() < view.fov / 2.0, "corner {corner} is {angle} off the axis");
    }
}

#[test]
fn parameters_take_other_values() {
    let script = "let r = param(\"r\", 1, 0.5, 2);\nshow(sphere(r)); camera(#{ eye: [0, 0, 3 * r] });";
    let scene = Scene::from_text(script, "r.rhai").unwrap();
    let larger = scene.with_parameters(&[("r", 1.5)]).unwrap();
    assert_eq!(larger.field().value_at([0.0; 4]).unwrap(), -1.5);
    assert_eq!(larger.camera().unwrap().at(0.0).unwrap().eye, [0.0, 0.0, 4.5]);
    assert_eq!(larger.place_of(larger.field()).unwrap().to_string(), "r.rhai:2:6");
    let error = scene.with_parameters(&[("radius", 1.0)]).unwrap_err();
    assert_eq!(error.to_string(), "there is no parameter \"radius\": the field has r");
    let error = scene.with_parameters(&[("r", 3.0)]).unwrap_err().to_string();
    assert!(
        error.starts_with("r.rhai:1:9: r = 3 is outside its range [0.5, 2]\n 1 | let r = param("),
        "{error}"
    );
    assert!(scene.with_parameters(&[("r", f64::NAN)]).is_err());
}

/// Every node a call makes leads back to the call.
#[test]
fn nodes_lead_back_to_the_line_that_made_them() {
    let script = "let a = sphere(1);\nlet b = a.translate([1, 0, 0])\n    .twist(0.3 * x);\nfn cut(f) {\n    f & y\n}\nshow(cut(b));";
    let scene = Scene::from_text(script, "lines.rhai").unwrap();
    let line = |field: &Field| scene.place_of(field).map(|place| place.line);
    let (a, b) = (sphere(1), sphere(1).translate([1.0, 0.0, 0.0]).twist(0.3 * x()));
    assert_eq!(line(&a), Some(1));
    assert_eq!(line(&a.parents()[0]), Some(1), "the length within the sphere");
    assert_eq!(line(&b), Some(3));
    assert_eq!(line(&b.parents()[0]), Some(2));
    assert_eq!(line(scene.field()), Some(5));
    assert_eq!(scene.place_of(&sphere(2)), None);
    let error = scene.error_at(scene.place_of(&b).unwrap(), "is NaN here".into()).to_string();
    assert_eq!(error, "lines.rhai:3:6: is NaN here\n 3 |     .twist(0.3 * x);\n   |      ^^^^^");
}

/// That new values go into a text as the expected text says, and are there when it is read again.
#[track_caller]
fn written_back(script: &str, values: &[(&str, f64)], expected: &str) {
    let scene = Scene::from_text(script, "back.rhai").unwrap_or_else(|error| panic!("{error}"));
    let written = scene.text_with(values).unwrap_or_else(|error| panic!("{script}\n{error}"));
    assert_eq!(written, expected);
    let again = Scene::from_text(&written, "back.rhai").unwrap();
    let wanted = scene.with_parameters(values).unwrap();
    assert_eq!(again.parameters(), wanted.parameters());
    assert_eq!(again.field(), wanted.field());
    assert_eq!(scene.text_with(&[]).unwrap(), script, "nothing new, nothing changed");
}

#[test]
fn values_are_written_back_in_place() {
    let end = "show(sphere(a));";
    let cases: [(&str, f64, &str); 16] = [
        ("let a = param(\"a\", 0.35, 0.05, 1.0);", 0.5, "let a = param(\"a\", 0.5, 0.05, 1.0);"),
        ("let a = param(\"a\", 1);", 2.0, "let a = param(\"a\", 2);"),
        ("let a = param(\"a\", 1);", 2.25, "let a = param(\"a\", 2.25);"),
        ("let a = param(\"a\", 1.5);", 2.0, "let a = param(\"a\", 2.0);"),
        ("let a = param(\"a\", -1.5);", -2.5, "let a = param(\"a\", -2.5);"),
        ("let a = param(\"a\", - 1.5) + 4;", 2.5, "let a = param(\"a\", 2.5) + 4;"),
        ("let a = param(\"a\", 1.5);", -2.5, "let a = param(\"a\", -2.5);"),
        ("let a = param(\"a\", 1.5e-3);", 1e-9, "let a = param(\"a\", 1.0e-9);"),
        ("let a = param(\"a\", 1_000.5);", 3e20, "let a = param(\"a\", 3.0e20);"),
        ("let a = param(\"a\", 0x10);", 17.0, "let a = param(\"a\", 17);"),
        ("let a = param(\"a\", 1.0);", 0.0, "let a = param(\"a\", 0.0);"),
        (
            "let a=param( \"a\" ,/* not 1 */1/* nor 2 */, 0,9 );",
            3.0,
            "let a=param( \"a\" ,/* not 1 */3/* nor 2 */, 0,9 );",
        ),
        (
            "// param(\"a\", 1)\nlet a = \"a\".param(1, 0, 9); // 1",
            3.0,
            "// param(\"a\", 1)\nlet a = \"a\".param(3, 0, 9); // 1",
        ),
        (
            "print(\"param(\\\"a\\\", 1)\"); let a = param(\"a\", 1);",
            3.0,
            "print(\"param(\\\"a\\\", 1)\"); let a = param(\"a\", 3);",
        ),
        (
            "let e = `ü\n`; let a = param(\"a\", 1);\r\n\t",
            3.0,
            "let e = `ü\n`; let a = param(\"a\", 3);\r\n\t",
        ),
        (
            "let a = param(\"a\", 0.1); let b = param(\"a\", 0.1);",
            0.2,
            "let a = param(\"a\", 0.2); let b = param(\"a\", 0.2);",
        ),
    ];
    for (line, value, expected) in cases {
        let (script, expected) = (format!("{line}\n{end}"), format!("{expected}\n{end}"));
        written_back(&script, &[("a", value)], &expected);
    }
    let built = built_in();
    let changed = built.text_with(&[("bead", 0.25), ("blend", 0.5)]).unwrap();
    assert_eq!(changed, built.text().replace("0.16", "0.25"));
}

#[test]
fn parts_of_vectors_are_written_back() {
    let script = "show(sphere(1).translate(param(\"at\", [1, -2.0, /* z */ 0.5])));";
    written_back(script, &[("at.x", 4.0)], &script.replace("[1,", "[4,"));
    let all = [("at.z", -0.25), ("at.x", -1.5), ("at.y", 7.0)];
    written_back(script, &all, "show(sphere(1).translate(param(\"at\", [-1.5, 7.0, /* z */ -0.25])));");
}

#[test]
fn what_cannot_be_written_back_is_refused() {
    let cases = [
        (
            "let v = 0.5;\nlet a = param(\"a\", v);",
            "t.rhai:2:9: a cannot be written back: its start value is computed",
        ),
        (
            "let a = param(\"a\", 0.25 * 2);",
            "t.rhai:1:9: a cannot be written back: its start value is computed",
        ),
        ("let a = param(\"a\", (0.5));", "t.rhai:1:9: a cannot be written back: its start value is computed"),
        ("let p = [1, 0.5, 1];\nlet a = param(\"b\", p)[1];", "t.rhai:2:9: b.y cannot be written back"),
        (
            "let a = 0; for i in 0..2 { a = param(\"r\" + i, 0.5); }",
            "t.rhai:1:32: r1 and r0 start with one and the same number",
        ),
        (
            "let f = Fn(\"param\"); let a = f.call(\"a\", 0.5);",
            "t.rhai:1:32: a cannot be written back: its start value is computed",
        ),
    ];
    for (script, expected) in cases {
        let script = format!("{script}\nshow(sphere(a));");
        let scene = Scene::from_text(&script, "t.rhai").unwrap_or_else(|error| panic!("{error}"));
        let name = expected.split(": ").nth(1).unwrap().split(' ').next().unwrap();
        let error = scene.text_with(&[(name, 0.75)]).unwrap_err().to_string();
        assert!(error.starts_with(expected), "{script}\n{error}");
        assert_eq!(scene.text_with(&[(name, 0.5)]).unwrap(), script, "its own value needs no writing");
    }
    // All that start with one number may go to one other.
    let script = "let a = 0; for i in 0..2 { a = param(\"r\" + i, 0.5); } show(sphere(a));";
    written_back(script, &[("r0", 2.0), ("r1", 2.0)], &script.replace("0.5", "2.0"));
}

#[test]
fn what_is_constrained_is_made_of_parameters_alone() {
    let read = |constrained: &str| {
        let declared =
            "let r = param(\"r\", 0.5, 0.1, 1); let s = param(\"s\", 0.6, 0.2, 2); show(sphere(r + s));";
        Scene::from_text(&format!("{declared}\n{constrained}"), "a.rhai")
    };
    let stated = "constrain(r + s, 1, 2); constrain(r); constrain(s, r); (s * s).constrain(0.5); \
        constrain(remap(sphere(r), s, 0, 0, 0));";
    let scene = read(stated).unwrap();
    let parts: Vec<(Field, f64, f64)> = scene.constraints().iter().map(|own| own.parts()).collect();
    let [r, s] = [param_in("r", 0.5, 0.1, 1.0), param_in("s", 0.6, 0.2, 2.0)];
    let at = sphere(&r).remap([s.clone(), 0.0.into(), 0.0.into(), 0.0.into()]);
    let wanted =
        [(&r + &s, 1.0, 2.0), (r.clone(), 0.0, 0.0), (&s - r, 0.0, 0.0), (&s * &s, 0.5, 0.5), (at, 0.0, 0.0)];
    assert_eq!(parts, wanted, "a range, 0, another field, a number, a field at a point");
    assert_eq!(scene.constraints()[0].place.to_string(), "a.rhai:2:1");
    assert_eq!(scene.values(), [0.5, 0.6], "it is as the text has it");
    for (constrained, why) in [
        ("constrain(7, 7);", "a.rhai:2:1: constrain needs what a fit can change, and 7 is the same"),
        ("constrain(1, 2, 3, 4);", "a.rhai:2:1: constrain takes (expression) or (expression, value) or"),
        (
            "constrain(r, 2, 1);",
            "a.rhai:2:1: constrain: low is 2, and must not be more than high, which is 1",
        ),
        ("constrain(r, s, 1);", "a.rhai:2:1: constrain: low is a field, and must be a number"),
        ("constrain(r, \"s\");", "a.rhai:2:1: constrain takes (expression) or"),
        ("constrain(sphere(r));", "a.rhai:2:1: constrain: the expression depends on x, and must be made of"),
        ("constrain(r, t);", "a.rhai:2:1: constrain: the expression depends on t, and must be made of"),
        ("constrain(ln(r - r));", "a.rhai:2:11: "),
        ("for i in 0..2000 { constrain(r); }", "a scene has at most 1000 constraints"),
    ] {
        let said = read(constrained).unwrap_err().to_string();
        assert!(said.contains(why), "{said}, not {why}");
    }
}
