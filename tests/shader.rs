//! Shaders are valid, and compute what the field is: checked by naga, and run on the CPU from naga's own reading.

#[path = "support/shader.rs"]
mod run;
mod support;

use fieldgrad::gpu::shader::{shadertoy, wgsl_library};
use fieldgrad::measure::Bounds;
use fieldgrad::prelude::sphere;
use fieldgrad::scene::{GALLERY, Scene, built_in};
use fieldgrad::shape::catalogue;
use fieldgrad::shape::grid::Interpolation;
use naga::valid::{Capabilities, ValidationFlags, Validator};
use naga::{Module, ShaderStage};
use run::Runner;
use support::Random;

fn validated(module: &Module, what: &str, text: &str) {
    let mut validator = Validator::new(ValidationFlags::all(), Capabilities::empty());
    validator.validate(module).unwrap_or_else(|error| panic!("{what}: {error:?}\n{text}"));
}

fn wgsl(scene: &Scene) -> Module {
    let text = wgsl_library(scene, None).unwrap_or_else(|error| panic!("{}: {error}", scene.file()));
    let module = naga::front::wgsl::parse_str(&text)
        .unwrap_or_else(|error| panic!("{}: {}\n{text}", scene.file(), error.emit_to_string(&text)));
    validated(&module, scene.file(), &text);
    module
}

/// An image shader, with what Shadertoy puts around it.
fn glsl(scene: &Scene, still: Option<f64>) -> Module {
    let bounds = scene.bounds().unwrap_or(Bounds::new([-2.0; 3], [2.0; 3]));
    let text =
        shadertoy(scene, still, &bounds, 1.5).unwrap_or_else(|error| panic!("{}: {error}", scene.file()));
    let text = format!(
        "#version 450\nlayout(set = 0, binding = 0) uniform Inputs {{ vec3 iResolution; float iTime; }};\n\
         layout(location = 0) out vec4 pixel;\n{text}\nvoid main() {{ mainImage(pixel, gl_FragCoord.xy); }}\n"
    );
    let module = naga::front::glsl::Frontend::default()
        .parse(&naga::front::glsl::Options::from(ShaderStage::Fragment), &text)
        .unwrap_or_else(|errors| panic!("{}: {}\n{text}", scene.file(), errors.emit_to_string(&text)));
    validated(&module, scene.file(), &text);
    module
}

fn scene(text: &str) -> Scene {
    Scene::from_text(text, "test.rhai").unwrap_or_else(|error| panic!("{error}"))
}

/// Holds a scene's shaders to its field: value, gradient and colour, in both languages.
fn agrees(scene: &Scene, points: usize, seed: u64) {
    let field = scene.field();
    let uniform: Vec<f32> = scene.parameters().iter().map(|own| own.value() as f32).collect();
    let (wgsl, glsl) = (wgsl(scene), glsl(scene, None));
    let [wgsl, glsl] = [&wgsl, &glsl].map(|module| Runner::new(module, &uniform));
    let mut random = Random(seed);
    let tape = field.tape().unwrap();
    let mut compared = 0;
    for _ in 0..points {
        let point = random.point().map(|v| v as f32);
        let at = point.map(f64::from);
        if !support::is_smooth_near(&tape, at, 1e-3) {
            continue; // at a kink f32 may take the other side
        }
        compared += 1;
        let want = field.value_with_gradient_at(at).unwrap();
        let steep = want.slope.iter().fold(1.0f64, |most, slope| most.max(slope.abs()));
        let close = |got: f32, want: f64| (f64::from(got) - want).abs() < 2e-3 * steep.max(want.abs());
        let got = wgsl.at("field_gradient", point);
        let right = close(got[0], want.value) && (0..4).all(|i| close(got[i + 1], want.slope[i]));
        assert!(right, "{} at {at:?}: {got:?}, not {want:?}", scene.file());
        let normal = glsl.at("field_normal", point);
        assert!((0..3).all(|i| close(normal[i], want.slope[i])), "{} at {at:?}: {normal:?}", scene.file());
        for (language, runner) in [("WGSL", &wgsl), ("GLSL", &glsl)] {
            let value = runner.at("field_value", point)[0];
            assert!(close(value, want.value), "{} at {at:?}: {value} in {language}", scene.file());
            let surface = runner.at("field_material", point);
            let channels = field.material().into_iter().flat_map(|material| material.channels());
            for (got, channel) in surface.iter().zip(channels) {
                let want = channel.value_at(at).unwrap();
                assert!((f64::from(*got) - want).abs() < 1e-2, "{} at {at:?}: {surface:?}", scene.file());
            }
        }
    }
    assert!(compared > points / 10, "{}: {compared} points of {points}", scene.file());
}

#[test]
fn the_gallery_is_valid_and_agrees() {
    for (seed, exhibit) in GALLERY.iter().enumerate() {
        agrees(&exhibit.scene().unwrap(), 15, seed as u64);
    }
    glsl(&built_in(), Some(1.0));
}

#[test]
fn every_operation_agrees() {
    let text = "
        let a = x * 0.9 + 0.3 * t; let b = y - 0.2 * x; let positive = 0.3 + x * x + abs(y);
        let unit = 0.9 * sin(x + y);
        show(abs(a) + sqrt(positive) + square(b) + 1 / positive + exp(-a) + ln(positive));
        show(sin(a) + cos(b) + tan(unit) + asin(unit) + acos(unit) + atan(a) + atan2(a, b));
        show(floor(a * 3) + ceil(b * 3) + round(a * 2.5) + sign(b) + smoothstep(0.1, 0.9, a) + fract(b));
        show(min(a, b) + max(a, z) + mix(a, b, 0.3) + a % 0.7 + b % -0.4 + hypot(a, b) + length([a, b, z]));
        show(positive ** b + (-positive) ** 3 + (-positive) ** -2.0 + if_less(a, b, z, a * b) - a);
        show(smooth_min(a, b, 0.3, \"quadratic\") + smooth_min(a, b, 0.3, \"cubic\"));
        show(smooth_min(a, b, 0.3, \"quartic\") + smooth_min(a, b, 0.3, \"circular\"));
        show(smooth_min(a, b, 0.3, \"exponential\") + smooth_min(a, b, 0.3, \"root\"));
    ";
    for line in text.lines().filter(|line| line.contains("show")) {
        let setting = "let a = x * 0.9 + 0.3 * t; let b = y - 0.2 * x; let positive = 0.3 + x * x + abs(y);
            let unit = 0.9 * sin(x + y);";
        let scene = scene(&format!("{setting}\n{line}"));
        agrees(&scene, 60, 7);
    }
}

#[test]
fn every_shape_of_the_library_agrees() {
    for (seed, entry) in catalogue().enumerate() {
        let field = (entry.sample)();
        agrees(&Scene::of_field(field, entry.name), 12, seed as u64);
    }
}

#[test]
fn grids_agree_with_their_numbers_in_the_text() {
    for (counts, interpolation) in [
        (&[7, 6, 8][..], Interpolation::Cubic),
        (&[3, 5, 4, 6], Interpolation::Cubic),
        (&[5, 6, 4], Interpolation::Linear),
    ] {
        let grid = support::sampled_ball(counts, interpolation);
        let two = grid.clone().smooth_union(grid.translate([0.9, 0.0, 0.0]), 0.2);
        agrees(&Scene::of_field(two, "grid"), 30, 4);
    }
    // What is too much for a text is said so.
    let large = Scene::of_field(support::sampled_ball(&[24, 24, 24], Interpolation::Linear), "large");
    let error = wgsl_library(&large, None).unwrap_err().to_string();
    assert!(error.contains("reads 13824 numbers"), "{error}");
}

#[test]
fn networks_agree_with_their_weights_in_the_text() {
    use fieldgrad::learn::{Activation, HashGridSize, Network};
    let dense = |inputs, activation| Network::dense(inputs, &[7, 6], activation, 3).unwrap();
    // Behind hash grids, with features of a size that matters.
    let hash = |size: HashGridSize| {
        let network = Network::hash(size, &[6], Activation::Softplus { sharpness: 3.0 }, 1).unwrap();
        let of_layers: usize = network.layers().iter().map(|layer| (layer.inputs + 1) * layer.outputs).sum();
        let mut weights = network.weights().to_vec();
        weights[of_layers..].iter_mut().for_each(|weight| *weight *= 5000.0);
        network.with_weights(weights).unwrap()
    };
    let size =
        HashGridSize { coordinates: 3, levels: 3, features: 2, rows: 64, cells: [2, 7], is_smooth: true };
    for network in [
        hash(size),
        hash(HashGridSize { coordinates: 4, features: 1, ..size }),
        Network::siren(4, &[9, 8], 4.0, 1).unwrap(),
        dense(3, Activation::Relu),
        dense(3, Activation::Softplus { sharpness: 6.0 }),
        dense(4, Activation::Tanh),
        dense(3, Activation::Sigmoid),
        dense(3, Activation::Gelu),
    ] {
        let blend = network.field().smooth_union(sphere(0.5), 0.2);
        agrees(&Scene::of_field(blend, "neural"), 10, 4);
    }
}

#[test]
fn parameters_keep_their_names_apart() {
    let scene = scene("show(sphere(param(\"a b\", 0.5) + param(\"a_b\", 0.1) + param(\"__ä\\n\", 0.2)));");
    let bounds = Bounds::new([-1.0; 3], [1.0; 3]);
    let text = shadertoy(&scene, None, &bounds, 1.0).unwrap();
    for line in ["parameter_a_b = 0.5;", "parameter_a_b_n2 = 0.1;", "parameter = 0.2;"] {
        assert!(text.contains(&format!("const float {line}")), "{text}");
    }
    agrees(&scene, 10, 3);
}

#[test]
fn what_has_no_text_is_refused_with_its_line() {
    let moving =
        scene("let a = sphere(0.3).translate([t, 0, 0]);\nshow(sphere(1) | sweep(a, 0, 1).dx().dx());");
    let error = wgsl_library(&moving, None).unwrap_err().to_string();
    assert!(error.starts_with("test.rhai:2:") && error.contains("no shader can be written"), "{error}");
    assert!(error.contains("show(sphere(1) | sweep(a, 0, 1).dx().dx());"), "{error}");
}
