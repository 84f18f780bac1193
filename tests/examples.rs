//! Every program in `examples/` runs, and says or makes what it is about.

use fieldgrad::scene::GALLERY;
use std::path::{Path, PathBuf};
use std::process::Command;

/// Runs one example; Cargo builds it first if this test was asked for alone.
fn run(name: &str, arguments: &[&str]) -> String {
    let test = std::env::current_exe().unwrap();
    let folder = test.parent().and_then(Path::parent).unwrap().join("examples");
    let program = folder.join(format!("{name}{}", std::env::consts::EXE_SUFFIX));
    if !program.exists() {
        let mut build = Command::new(std::env::var("CARGO").unwrap_or("cargo".into()));
        let manifest = Path::new(env!("CARGO_MANIFEST_DIR")).join("Cargo.toml");
        let built =
            build.args(["build", "--example", name, "--manifest-path"]).arg(manifest).status().unwrap();
        assert!(built.success());
    }
    let out = Command::new(&program).args(arguments).current_dir(scratch(name)).output().unwrap();
    let text = String::from_utf8(out.stdout).unwrap();
    assert!(out.status.success(), "{name}: {}\n{}", text, String::from_utf8_lossy(&out.stderr));
    text
}

fn scratch(name: &str) -> PathBuf {
    let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join(name);
    std::fs::create_dir_all(&folder).unwrap();
    folder
}

#[test]
fn each_example_is_known_here_and_short() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("examples");
    for entry in std::fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        let name = path.file_stem().unwrap().to_str().unwrap().to_string();
        let known = include_str!("examples.rs").contains(&format!("run(\"{name}\""));
        assert!(known, "no test here runs {name}");
        let lines = std::fs::read_to_string(&path).unwrap().lines().count();
        assert!(lines < 60, "{name} has {lines} lines");
    }
}

#[test]
fn first_field() {
    let text = run("first_field", &[]);
    assert!(text.contains("∂f/∂t") && text.contains("∂f/∂blend"), "{text}");
}

#[test]
fn descent() {
    let text = run("descent", &[]);
    let value = |name: &str| -> f64 {
        let line = text.lines().find(|line| line.starts_with(name)).expect(name);
        line.split_whitespace().last().unwrap().parse().unwrap()
    };
    for (name, truth) in [("left.r", 0.5), ("left.x", -0.7), ("right.r", 0.4), ("right.x", 0.6)] {
        assert!((value(name) - truth).abs() < 0.01, "{name}: {text}");
    }
}

#[test]
fn graph_picture() {
    run("graph_picture", &["out"]);
    let svg = std::fs::read_to_string(scratch("graph_picture").join("out/graph.svg")).unwrap();
    assert!(svg.contains("smooth_union") && svg.contains("∇f = (") && svg.ends_with("</svg>\n"));
}

#[test]
fn swept_volume() {
    let text = run("swept_volume", &["swept.png"]);
    assert!(text.contains("behind its start") && text.contains("∂f/∂until = +0.000000"), "{text}");
    let png = std::fs::read(scratch("swept_volume").join("swept.png")).unwrap();
    assert!(png.starts_with(b"\x89PNG") && png.len() > 5000);
}

#[test]
fn shape_sheet() {
    let text = run("shape_sheet", &["sheet.png"]);
    assert!(text.contains("dodecahedron") && text.contains("heart"), "{text}");
    let png = std::fs::read(scratch("shape_sheet").join("sheet.png")).unwrap();
    assert!(png.starts_with(b"\x89PNG") && png.len() > 50_000);
}

#[test]
fn pictures() {
    let text = run("pictures", &[]);
    assert_eq!(text.lines().count(), 9, "{text}");
    let png = std::fs::read(scratch("pictures").join("lit.png")).unwrap();
    assert!(png.starts_with(b"\x89PNG") && png.len() > 20_000);
}

#[test]
fn settle() {
    let text = run("settle", &["0.25"]);
    assert!(text.contains("Stable") && text.contains("moves with apart by"), "{text}");
    let last = text.lines().last().unwrap();
    let found: Vec<f64> = last.split("= ").filter_map(|part| part.split(' ').next()?.parse().ok()).collect();
    assert!(found.len() == 2 && (found[0] - found[1]).abs() < 1e-8, "{last}");
}

#[test]
fn gallery_pictures() {
    let text = run("gallery_pictures", &[".", "blends", "orrery"]);
    assert_eq!(text, "blends\norrery\n");
    let kept = Path::new(env!("CARGO_MANIFEST_DIR"));
    let (page, names) =
        (std::fs::read_to_string(kept.join("docs/gallery.md")).unwrap(), GALLERY.iter().map(|e| e.name));
    for name in names {
        assert!(page.contains(&format!("assets/gallery/{name}.png")), "docs/gallery.md lacks {name}");
        assert!(kept.join(format!("assets/gallery/{name}.png")).is_file(), "{name} has no picture");
    }
}

#[cfg(feature = "gpu")]
#[test]
fn gpu_times() {
    if let Err(error) = fieldgrad::gpu::Gpu::headless() {
        let is_needed = std::env::var_os("FIELDGRAD_REQUIRE_GPU").is_some_and(|v| v == "1");
        assert!(!is_needed, "{error}");
        return eprintln!("skipped: {error}");
    }
    let text = run("gpu_times", &["blends"]);
    assert!(text.lines().count() == 3 && text.contains("blends"), "{text}");
}

/// The samples of a PNG file.
fn samples(path: &Path) -> Vec<u8> {
    let file = std::io::BufReader::new(std::fs::File::open(path).unwrap_or_else(|_| panic!("{path:?}")));
    let mut reader = png::Decoder::new(file).read_info().unwrap();
    let mut samples = vec![0; reader.output_buffer_size().unwrap()];
    reader.next_frame(&mut samples).unwrap();
    samples
}

#[test]
fn reference_page() {
    run("reference_page", &["."]);
    let (written, kept) = (scratch("reference_page"), Path::new(env!("CARGO_MANIFEST_DIR")).join("docs"));
    let text = |folder: &Path| std::fs::read_to_string(folder.join("reference.md")).unwrap();
    let is_same = text(&written) == text(&kept);
    assert!(is_same, "docs/reference.md is old: cargo run --release --example reference_page writes it");
    for entry in std::fs::read_dir(kept.join("reference")).unwrap() {
        let (old, name) = (entry.as_ref().unwrap().path(), entry.unwrap().file_name());
        let (old, new) = (samples(&old), samples(&written.join("reference").join(&name)));
        let is_near = old.len() == new.len() && old.iter().zip(&new).all(|(a, b)| a.abs_diff(*b) < 32);
        assert!(is_near, "docs/reference/{name:?} is another picture than the shape's now");
    }
}

#[test]
fn slider_times() {
    let text = run("slider_times", &[]);
    assert!(text.contains("moved: ") && text.contains("anew: "), "{text}");
}

#[test]
fn readers() {
    let text = run("readers", &[]);
    assert!(text.lines().count() == 14 && text.contains("Boxes<Bend>"), "{text}");
}

#[test]
fn grid_times() {
    let text = run("grid_times", &["24", "4000"]);
    assert!(text.lines().count() == 3 && text.contains("with 4 derivatives"), "{text}");
}

#[test]
fn many_points() {
    let text = run("many_points", &["20000"]);
    assert!(text.contains("ns a point in f64") && text.contains("mean curvature there: "), "{text}");
}

#[test]
fn adam() {
    let text = run("adam", &["2000", "100"]);
    let losses: Vec<f64> =
        text.lines().filter_map(|line| line.split("mean square ").nth(1)?.parse().ok()).collect();
    assert!(losses.len() == 3 && losses[2] < 0.1 * losses[0], "{text}");
    assert!(text.contains("81 parameters"), "{text}");
}

#[test]
fn octree() {
    let text = run("octree", &["5"]);
    assert!(text.contains("of 32768 cells may hold the surface"), "{text}");
}

#[test]
fn heightmap() {
    let text = run("heightmap", &["land.png"]);
    assert!(text.starts_with("land.png: the land at (0.5, 0.5) is "), "{text}");
    let pixels = samples(&scratch("heightmap").join("land.png"));
    let colors: std::collections::HashSet<&[u8]> = pixels.chunks(3).collect();
    assert!(colors.len() > 1000, "a land in light and shadow has more than {} colours", colors.len());
}

#[test]
fn scene_in_rust() {
    let text = run("scene_in_rust", &["bounce.field.json"]);
    assert!(text.starts_with("2 parameters; at t = 1 the eye is at [2.94, 2.00, 0.60]"), "{text}");
}

#[test]
fn fit_samples() {
    let text = run("fit_samples", &[]);
    let last = text.lines().rev().take(5).collect::<Vec<_>>();
    assert_eq!(
        last,
        ["  blend = 0.2500", "  height = 0.3000", "  y = 0.5000", "  x = 0.2000", "  r = 0.6000"],
        "{text}"
    );
    assert!(!text.split("GemanMcClure").next().unwrap().contains("r = 0.6000"), "{text}");
}

#[test]
fn fit_motion() {
    let text = run("fit_motion", &[]);
    for (name, truth) in [("size", 0.3), ("r", 1.2), ("speed", 1.7), ("phase", 0.5)] {
        let line = text.lines().find(|line| line.starts_with(&format!("{name} = "))).unwrap();
        let found: f64 = line.split(" = ").nth(1).unwrap().parse().unwrap();
        assert!((found - truth).abs() < 0.01, "{text}");
    }
}

#[test]
fn fit_silhouettes() {
    let text = run("fit_silhouettes", &[]);
    let truth =
        [("r", 0.5), ("x", 0.4), ("y", 0.45), ("z", 0.1), ("wide", 1.3), ("high", 0.6), ("deep", 0.9)];
    for (name, truth) in truth {
        let line = text.lines().find(|line| line.starts_with(&format!("{name} = "))).unwrap();
        let found: f64 = line.split(" = ").nth(1).unwrap().parse().unwrap();
        assert!((found - truth).abs() < 0.0025, "{text}");
    }
}

#[test]
fn fit_grown() {
    let text = run("fit_grown", &["7", "1500", "grown.rhai"]);
    let overlap = text.lines().find_map(|line| line.strip_prefix("intersection over union ")).unwrap();
    assert!(overlap.parse::<f64>().unwrap() > 0.85 && text.contains("grown.rhai is written"), "{text}");
    let scene = fieldgrad::scene::Scene::from_file(scratch("fit_grown").join("grown.rhai")).unwrap();
    assert_eq!(scene.parameters().len(), 90);
}

#[test]
fn fit_vertices() {
    let text = run("fit_vertices", &[]);
    let value = |start: &str| -> f64 {
        let line = text.lines().find(|line| line.starts_with(start)).expect(start);
        line.rsplit("= ").next().unwrap().parse().unwrap()
    };
    // A cylinder of a given volume has the least area where it is as high as it is wide: r³ = 1 / 2π.
    assert!((value("the best can") - 1.0).abs() < 0.01, "{text}");
    assert!((value("after") - 2.0 * 0.541_926).abs() < 0.01, "{text}");
}

#[test]
fn fit_curve() {
    let text = run("fit_curve", &[]);
    assert!(text.contains("b1 = 2.389421291") && text.contains("b2 = 5.501564318"), "{text}");
}

#[test]
fn micrograd() {
    let text = run("micrograd", &["graph.svg"]);
    let losses: Vec<f64> =
        text.lines().take(20).map(|line| line.split("loss=").nth(1).unwrap().parse().unwrap()).collect();
    assert!(text.starts_with("0 loss=") && losses.len() == 20, "{text}");
    assert!(losses[19] < 0.1 * losses[0] && losses[19] < losses[10], "{text}");
    let picture = std::fs::read_to_string(scratch("micrograd").join("graph.svg")).unwrap();
    assert!(picture.matches(">tanh<").count() == 36, "nine neurons at four points");
}

#[test]
fn fit_neural() {
    use fieldgrad::mesh::{Dressed, Extraction};
    use fieldgrad::prelude::*;
    let shape = sphere(0.5).extract(&Extraction::default().resolution(16)).unwrap().mesh;
    Dressed::new(&shape).save(&scratch("fit_neural").join("ball.obj")).unwrap();
    let text = run("fit_neural", &["ball.obj", "ball.safetensors", "12", "0.1"]);
    assert!(text.contains("12 steps in ") && text.contains("ns a point"), "{text}");
    let learned = fieldgrad::learn::neural(scratch("fit_neural").join("ball.safetensors")).unwrap();
    assert!(learned.value_at([0.3, 0.2, 0.1, 0.0]).unwrap().is_finite());
}

#[cfg(feature = "ndarray")]
#[test]
fn tensor_sphere() {
    let text = run("tensor_sphere", &["1000", "sphere.safetensors"]);
    let off = text
        .lines()
        .find_map(|line| line.strip_prefix("within 0.2 of the sphere the field is a distance to "));
    assert!(off.unwrap().parse::<f64>().unwrap() < 0.03, "{text}");
    assert!(scratch("tensor_sphere").join("sphere.safetensors").is_file());
}

#[cfg(feature = "ndarray")]
#[test]
fn tensor_times() {
    let text = run("tensor_times", &["2"]);
    assert!(text.lines().count() == 10 && text.contains("matrix product"), "{text}");
}

#[test]
fn two_graphs() {
    let text = run("two_graphs", &["."]);
    // L = (a·b + c)·d at 1.5, −2, 4, 0.5, and its derivatives, by hand.
    for line in
        ["L = 0.5", "a: value 1.5, ∂L -1", "b: value -2, ∂L 0.75", "c: value 4, ∂L 0.5", "d: value 0.5, ∂L 1"]
    {
        assert!(text.lines().any(|own| own == line), "{line}: {text}");
    }
    for (file, says) in [("scalars.svg", "a·b | value -3 | ∂L 0.5"), ("fields.svg", "∇f = (")] {
        let drawing = std::fs::read_to_string(scratch("two_graphs").join(file)).unwrap();
        assert!(drawing.contains(says), "{file}");
    }
    // The page's drawing is the one that this makes.
    let page = Path::new(env!("CARGO_MANIFEST_DIR")).join("docs/atomic");
    for file in ["scalars.svg", "fields.svg"] {
        let kept = std::fs::read_to_string(page.join(file)).unwrap();
        assert!(kept == std::fs::read_to_string(scratch("two_graphs").join(file)).unwrap(), "{file}");
    }
}
