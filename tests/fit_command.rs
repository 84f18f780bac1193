//! `fit`, run as users run it: scenes fitted to files and scenes, grown from nothing, stopped, and refused.

#[path = "support/command.rs"]
mod support;

use std::process::{Command, Stdio};
use std::time::{Duration, Instant};
use support::Folder;

const PAIR: &str = "// Two balls.\n\
                    let r = param(\"r\", 0.5, 0.1, 1.0); // of the left one\n\
                    let right = param(\"right\", [0.8, 0, 0]);\n\
                    let k = param(\"k\", 0.3, 0.05, 1);\n\
                    show(smooth_union(sphere(r).translate([-0.5, 0, 0]), sphere(0.4).translate(right), k));\n\
                    bounds([-1.5, -1, -1], [1.5, 1, 1]);\n";

/// The same with other values.
fn truth() -> String {
    PAIR.replace("0.5, 0.1", "0.62, 0.1")
        .replace("[0.8, 0, 0]", "[0.7, 0.15, 0.05]")
        .replace("0.3, 0.05", "0.2, 0.05")
}

/// The value that a parameter starts with in a scene's text.
fn value(text: &str, name: &str) -> f64 {
    let scene = fieldgrad::scene::Scene::from_text(text, "fitted.rhai").unwrap();
    scene.value_of(name).unwrap()
}

#[test]
fn a_scene_is_fitted_to_another_and_keeps_its_text() {
    let folder = Folder::new("fit").with("pair.rhai", PAIR).with("truth.rhai", truth());
    let ran = folder
        .run("fit pair.rhai --target truth.rhai -o fitted.rhai --log log.csv --samples 2000 --error 1e-6")
        .ends(0);
    assert!(ran.out.contains("r = 0.6") && ran.out.contains(", was 0.5"), "{}", ran.out);
    let text = folder.text("fitted.rhai");
    for (name, wanted) in [("r", 0.62), ("right.x", 0.7), ("right.y", 0.15), ("right.z", 0.05), ("k", 0.2)] {
        assert!((value(&text, name) - wanted).abs() < 1e-6, "{name}: {text}");
    }
    assert!(text.starts_with("// Two balls.\n") && text.contains("// of the left one"), "{text}");
    let log = folder.text("log.csv");
    assert!(log.starts_with("iteration,seconds,value,slope\n0,") && log.lines().count() > 3, "{log}");
    // The same again is the same file.
    folder.run("fit pair.rhai --target truth.rhai -o again.rhai --samples 2000 --threads 1").ends(0);
    assert_eq!(folder.read("again.rhai"), folder.read("fitted.rhai"));
    // What is locked stays, and what it cannot reach is said.
    let ran = folder
        .run("fit pair.rhai --target truth.rhai -o locked.rhai --lock right --tie r=k --error 1e-6 --json")
        .ends(1);
    let json: serde_json::Value = serde_json::from_str(&ran.out).unwrap();
    assert!(
        json["reached"] == false && json["converged"] == true && json["parameters"]["right.x"] == 0.8,
        "{}",
        ran.out
    );
    assert_eq!(json["parameters"]["r"], json["parameters"]["k"]);
}

#[test]
fn a_scene_is_fitted_to_a_mesh_that_another_was_made() {
    let ball =
        |r: f64, x: f64| format!("show(sphere(param(\"r\", {r})).translate([param(\"x\", {x}), 0, 0]));\n");
    let folder =
        Folder::new("fit-mesh").with("ball.rhai", ball(0.5, 0.0)).with("truth.rhai", ball(0.65, 0.2));
    for file in ["truth.stl", "truth.ply"] {
        folder.run(&format!("mesh truth.rhai -o {file} --resolution 40")).ends(0);
        folder.run(&format!("fit ball.rhai --target {file} -o fitted.rhai --samples 2000")).ends(0);
        let text = folder.text("fitted.rhai");
        // The mesh's triangles lie within the ball.
        assert!((value(&text, "r") - 0.65).abs() < 2e-3 && (value(&text, "x") - 0.2).abs() < 1e-3, "{text}");
    }
    let ran = folder.run("fit ball.rhai --target missing.obj -o none.rhai").ends(2);
    assert!(ran.err.contains("missing.obj: there is no such file"), "{}", ran.err);
}

#[test]
fn a_scene_is_fitted_to_files_of_points() {
    let folder = Folder::new("fit-points").with("pair.rhai", PAIR).with("truth.rhai", truth());
    let places: String = (0..400)
        .map(|n| {
            [0.37, 0.73, 1.19].map(|step: f64| (1.3 * (f64::from(n) * step).sin()).to_string()).join(",")
                + "\n"
        })
        .collect();
    std::fs::write(folder.0.join("places.csv"), places).unwrap();
    // What `eval` writes is a target.
    folder.run("eval truth.rhai --points places.csv -o samples.csv").ends(0);
    folder.run("fit pair.rhai --target samples.csv -o fitted.rhai --cost huber --scale 0.5").ends(0);
    assert!((value(&folder.text("fitted.rhai"), "r") - 0.62).abs() < 1e-6);
    // A ball in motion, by points on it at two times.
    let moving = "show(sphere(0.5).translate([param(\"speed\", 0.5) * t, 0, 0]));";
    let on = |x: f64| format!("{},0,0\n{x},0.5,0\n{x},0,-0.5\n", x + 0.5);
    let folder = folder.with("moving.rhai", moving).with("a.csv", on(0.0)).with("b.csv", on(0.8));
    folder.run("fit moving.rhai --target a.csv --target b.csv@2 -o moved.rhai").ends(0);
    assert!((value(&folder.text("moved.rhai"), "speed") - 0.4).abs() < 1e-9);
}

#[test]
fn a_scene_is_grown_from_nothing() {
    let folder = Folder::new("fit-grow").with("truth.rhai", truth());
    let ran = folder.run("fit --shapes 2 --target truth.rhai -o grown.rhai --samples 1500").ends(0);
    assert!(ran.out.contains("2 shapes, 25 numbers"), "{}", ran.out);
    let text = folder.text("grown.rhai");
    let scene = fieldgrad::scene::Scene::from_text(&text, "grown.rhai").unwrap();
    let inside = |at: [f64; 3]| scene.field().value_at([at[0], at[1], at[2], 0.0]).unwrap() < 0.0;
    assert!(inside([-0.5, 0.0, 0.0]) && inside([0.7, 0.15, 0.05]) && !inside([0.0, 0.9, 0.0]), "{text}");
    assert!(text.starts_with("// Grown to truth.rhai: 2 shapes") && scene.parameters().len() == 25);
}

#[test]
fn numbers_can_be_limited_and_a_report_is_one_page() {
    let folder = Folder::new("fit-report").with("truth.rhai", truth()).with("pair.rhai", PAIR);
    // A part has thirteen numbers, the first no blend.
    let grow =
        "fit --shapes 9 --numbers 37 --target truth.rhai -o grown.rhai --samples 800 --report grown.html";
    let ran = folder.run(grow).ends(0);
    assert!(ran.out.contains("2 shapes, 25 numbers"), "{}", ran.out);
    let page = folder.text("grown.html");
    assert!(page.contains("data:image/png;base64,iVBORw0KGgo") && page.contains("<polyline"));
    assert!(!page.contains("http"), "it stands by itself");
    folder
        .run("fit pair.rhai --target truth.rhai -o fitted.rhai --samples 1000 --report fitted.html")
        .ends(0);
    let page = folder.text("fitted.html");
    for name in ["r", "right.x", "k"] {
        let row = page.lines().find(|line| line.starts_with(&format!("<tr><th>{name}<td>")));
        let row = row.unwrap_or_else(|| panic!("no row for {name}"));
        let deviation: f64 = row.rsplit("<td>").next().unwrap().parse().unwrap();
        assert!(deviation < 1e-6, "the target is the scene's own: {row}");
    }
    let ran = folder.run("fit pair.rhai --target truth.rhai -o fitted.rhai --report page.txt").ends(2);
    assert!(ran.err.contains("must end in .html"), "{}", ran.err);
}

#[test]
fn what_is_hopeless_is_said() {
    // A parameter that nothing depends on where the target is, and one that is alone in that.
    let hidden = "let near = sphere(param(\"r\", 0.5));\n\
        show(union(near, sphere(param(\"far\", 0.2)).translate([50, 0, 0])));\n";
    let alone = "show(union(sphere(0.5), sphere(param(\"far\", 0.2)).translate([50, 0, 0])));\n";
    let turned = "v 0 0 0\nv 1 0 0\nv 0 1 0\nv 0 0 1\nf 1 2 3\nf 1 4 2\nf 1 3 4\nf 2 4 3\n";
    let folder = Folder::new("fit-hopeless").with("hidden.rhai", hidden).with("alone.rhai", alone);
    let folder = folder.with("near.csv", "0.6,0,0,0\n0,0.7,0,0.1\n").with("turned.obj", turned);
    let ran = folder.run("fit hidden.rhai --target near.csv -o out.rhai").ends(0);
    assert!(ran.err.contains("nothing depends on far"), "{}", ran.err);
    let text = folder.text("out.rhai");
    assert!((value(&text, "r") - 0.6).abs() < 1e-9 && value(&text, "far") == 0.2, "{text}");
    for (arguments, why) in [
        ("alone.rhai --target near.csv", "nothing depends on any parameter"),
        ("--shapes 3 --target turned.obj", "turned.obj: is inside out"),
    ] {
        let ran = folder.run(&format!("fit {arguments} -o none.rhai")).ends(2);
        assert!(ran.err.contains(why) && !folder.0.join("none.rhai").exists(), "{}", ran.err);
    }
}

#[test]
fn what_cannot_be_fitted_is_refused_and_nothing_is_written() {
    let folder = Folder::new("fit-refused").with("pair.rhai", PAIR).with("ball.rhai", "show(sphere(1));");
    let folder =
        folder.with("none.csv", "x,y,z\n").with("nan.csv", "0,0,nan\n").with("far.csv", "1e6,0,0,3\n");
    let refused = |arguments: &str, why: &str| {
        let begun = Instant::now();
        let ran = folder.run(&format!("fit {arguments} -o out.rhai")).ends(2);
        assert!(ran.err.contains(why), "{arguments}: {}", ran.err);
        assert!(begun.elapsed() < Duration::from_secs(60) && !folder.0.join("out.rhai").exists());
    };
    refused("pair.rhai --target none.csv", "none.csv: has no points");
    refused("pair.rhai --target nan.csv", "nan.csv:1:5: nan is no finite number");
    refused("pair.rhai --target absent.csv", "absent.csv");
    refused("ball.rhai --target pair.rhai", "there is no parameter that may move");
    refused("pair.rhai --target pair.rhai --lock q", "there is no parameter \"q\"");
    refused("--target pair.rhai", "--shapes N");
    refused("pair.rhai --shapes 3 --target pair.rhai", "leave SCENE out");
    refused("--shapes 3 --target far.csv", "no sample of the target is inside");
    assert_eq!(folder.text("pair.rhai"), PAIR);
    folder.run("fit pair.rhai --target pair.rhai -o out.png").ends(2);
    refused("pair.rhai --target far.csv --lock right", "nothing depends on any parameter");
    // One place with two distances: there is a best fit, and it is not good enough.
    let folder = folder.with("torn.csv", "1.2,0,0,0\n1.2,0,0,0.5\n");
    folder.run("fit pair.rhai --target torn.csv -o torn.rhai --error 1e-3").ends(1);
}

#[test]
#[cfg(unix)]
fn one_that_is_told_to_end_leaves_the_best_so_far() {
    let folder = Folder::new("fit-stopped").with("truth.rhai", truth());
    // Far more work than anyone waits for. Before its first step it ends at once, and there is nothing to leave.
    let arguments = "fit --shapes 100 --target truth.rhai -o grown.rhai --samples 100000 --quiet";
    for seconds in [2, 8, 32] {
        let mut child =
            folder.command(arguments).stdout(Stdio::null()).stderr(Stdio::null()).spawn().unwrap();
        std::thread::sleep(Duration::from_secs(seconds));
        let told = Command::new("kill").args(["-INT", &child.id().to_string()]).status();
        assert!(told.unwrap().success());
        assert_eq!(child.wait().unwrap().code(), Some(130));
        if folder.files() == ["grown.rhai", "truth.rhai"] {
            let scene = fieldgrad::scene::Scene::from_text(&folder.text("grown.rhai"), "grown.rhai").unwrap();
            assert!(!scene.parameters().is_empty());
            return;
        }
        assert_eq!(folder.files(), ["truth.rhai"]);
    }
    panic!("nothing is left");
}
