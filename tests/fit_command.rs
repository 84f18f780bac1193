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
    // A scene's own losses: of derivatives at the target's points, and of parameters alone.
    let ball = |losses: &str| {
        format!(
            "let r = param(\"r\", 0.5); let k = param(\"k\", 3); let f = k * sphere(r);\nshow(f);\n{losses}\n\
            bounds([-1, -1, -1], [1, 1, 1]);\n"
        )
    };
    let folder = folder
        .with("on.csv", "0.7,0,0\n0,0.7,0\n0,0,-0.7\n")
        .with("steep.rhai", ball("loss(length(spatial_gradient(f)) - 2);"))
        .with("near.rhai", ball("loss(k - 1, 0.1); loss(r - 0.5, 1e-12);"))
        .with("undefined.rhai", ball("loss(sqrt(k - 5));"));
    for (scene, k) in [("steep", 2.0), ("near", 1.0)] {
        folder.run(&format!("fit {scene}.rhai --target on.csv -o {scene}.out.rhai")).ends(0);
        let text = folder.text(&format!("{scene}.out.rhai"));
        assert!((value(&text, "r") - 0.7).abs() < 1e-8 && (value(&text, "k") - k).abs() < 1e-8, "{text}");
    }
    let said = folder.run("fit undefined.rhai --target on.csv -o none.rhai").error();
    assert!(
        said.starts_with("undefined.rhai:3:1: the loss is not finite at all of the target's points"),
        "{said}"
    );
    // What the scene itself locks and ties is the same.
    let held = format!("{PAIR}lock(\"right\"); tie(\"r\", \"k\");\n");
    let folder = folder.with("held.rhai", &held);
    folder.run("fit held.rhai --target truth.rhai -o own.rhai --error 1e-6").ends(1);
    let (own, other) = (folder.text("own.rhai"), folder.text("locked.rhai"));
    assert_eq!(own.strip_suffix("lock(\"right\"); tie(\"r\", \"k\");\n"), Some(&other[..]));
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
fn a_cover_is_proven_and_written_as_a_collision_model() {
    let two =
        "show(sphere(0.5) | box([0.6, 0.6, 0.6]).translate([0.5, 0, 0])); bounds([-1, -1, -1], [1, 1, 1]);";
    let tetrahedron = "v 0 0 0\nv 1 0 0\nv 0 1 0\nv 0 0 1\nf 1 3 2\nf 1 2 4\nf 1 4 3\n";
    let folder = Folder::new("fit-cover").with("two.rhai", two).with("open.obj", tetrahedron);
    let folder = folder.with("near.csv", "0.6,0,0,0\n0,0.7,0,0.1\n");
    folder.run("mesh two.rhai -o two.obj --resolution 16").ends(0);
    let files = "--collision two.urdf --collision two.xml --collision two.yml";
    let cover = "fit --shapes 3 --kind sphere --target two.obj --samples 600 -o cover.rhai";
    let ran = folder.run(&format!("{cover} --cover --margin 0.001 {files} --json")).ends(0);
    let json: serde_json::Value = serde_json::from_str(&ran.out).unwrap();
    let found = &json["cover"];
    assert!(found["proven"] == true && found["margin"].as_f64().unwrap() >= 0.001, "{}", ran.out);
    let more = found["volume"].as_f64().unwrap() / found["target_volume"].as_f64().unwrap();
    assert!((1.0..2.0).contains(&more), "{more}");
    let text = folder.text("cover.rhai");
    assert!(text.contains("// Nothing of two.obj is outside of this: proven by intervals."), "{text}");
    // The files have the scene's spheres, and say what is proven of them.
    let scene = fieldgrad::scene::Scene::from_text(&text, "cover.rhai").unwrap();
    let radius = scene.value_of("radius_1").unwrap();
    for file in ["two.urdf", "two.xml", "two.yml"] {
        let model = folder.text(file);
        assert!(model.contains(&radius.to_string()) && model.contains("proven by intervals"), "{model}");
    }
    for (arguments, why) in [
        ("--shapes 3 --cover --target near.csv", "near.csv: is no mesh"),
        ("--shapes 3 --cover --target open.obj", "no triangle on the other side, the first from ["),
        ("--shapes 3 --cover --target two.obj --target two.obj", "are of one target"),
        ("--shapes 3 --margin 0.1 --target two.obj", "--margin is of --cover or --inside"),
        ("--shapes 3 --cover --inside --target two.obj", "cannot be used with"),
        ("--shapes 3 --target two.obj --collision two.urdf", "--kind sphere, capsule or box"),
        ("--shapes 3 --target two.obj --kind box --collision two.yml", "of spheres alone: --kind sphere"),
        ("--shapes 3 --target two.obj --kind box --collision two.dae", "two.dae"),
    ] {
        let ran = folder.run(&format!("fit {arguments} -o none.rhai")).ends(2);
        assert!(ran.err.contains(why), "{arguments}: {}", ran.err);
        assert!(!folder.0.join("none.rhai").exists(), "{arguments}");
    }
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
    let ran = folder.run("fit hidden.rhai --target near.csv -o out.rhai").ends(1);
    assert!(ran.err.contains("nothing depends on far: lock it to leave it out"), "{}", ran.err);
    let text = folder.text("out.rhai");
    assert!((value(&text, "r") - 0.6).abs() < 1e-9 && value(&text, "far") == 0.2, "{text}");
    folder.run("fit hidden.rhai --target near.csv -o out.rhai --lock far").ends(0);
    // Balls that can become larger and go a little aside; the same with nothing inside, by the word of another scene.
    let ball = "let r = param(\"r\", 0.5, 0.1, 2); let x = param(\"x\", 0, -1, 1);\n\
        show(sphere(r).translate([x, 0, 0])); bounds([-2, -2, -2], [2, 2, 2]);\n";
    let folder = folder
        .with("ball.rhai", ball)
        .with("hole.rhai", "show(-sphere(1)); bounds([-2, -2, -2], [2, 2, 2]);")
        .with("far.rhai", "show(sphere(0.5).translate([1e4, 0, 0])); bounds([9999, -1, -1], [10001, 1, 1]);")
        .with("nowhere.rhai", "show(sphere(0.5)); bounds([3, 3, 3], [4, 4, 4]);")
        .with(
            "torn.rhai",
            "let a = param(\"a\", 1, 0, 1); let b = param(\"b\", 3, 2, 4);\n\
            show(sphere(a) | sphere(b).translate([5, 0, 0])); tie(\"a\", \"b\");\n",
        );
    for (arguments, code, why) in [
        ("alone.rhai --target near.csv", 2, "nothing depends on any parameter"),
        ("--shapes 3 --target turned.obj", 2, "turned.obj: is inside out"),
        ("ball.rhai --target nowhere.rhai", 2, "the target has no surface in its bounds"),
        ("ball.rhai --target near.csv --seconds 0", 2, "0 is not above 0"),
        ("--shapes 0 --target near.csv", 2, "0 is not in 1..=1000"),
        ("--shapes 3 --numbers 0 --target near.csv", 2, "0 is not in 12..=1000000"),
        ("ball.rhai --target near.csv --samples 0", 2, "0 is not in"),
        ("ball.rhai --target near.csv --starts 0", 2, "0 is not in"),
        ("torn.rhai --target near.csv", 2, "a and b cannot be tied: their ranges have nothing in common"),
        ("ball.rhai --target near.csv --lock r --lock x", 2, "there is no parameter that may move"),
        ("ball.rhai --target far.rhai", 1, "the target is far away: no point of it is nearer than 999"),
        ("ball.rhai --target hole.rhai", 1, "the target seems to be inside out"),
    ] {
        let begun = Instant::now();
        let _ = std::fs::remove_file(folder.0.join("none.rhai"));
        let ran = folder.run(&format!("fit {arguments} -o none.rhai")).ends(code);
        let ran_for = begun.elapsed();
        assert!(ran.err.contains(why), "{arguments}: {}", ran.err);
        assert_eq!(folder.0.join("none.rhai").exists(), code == 1, "{arguments}");
        println!("{arguments}: {ran_for:.1?}");
        assert_eq!(folder.text("ball.rhai"), ball);
    }
}

#[test]
fn what_a_scene_constrains_holds_where_its_fit_ends() {
    let scene = |constrained: &str| {
        format!(
            "let r = param(\"r\", 0.5, 0.1, 1); let x = param(\"x\", 0, -1, 1); let f = sphere(r).translate([x, 0, 0]);\n\
             show(f);\n{constrained}\n"
        )
    };
    // Points of a ball of radius 0.7 at 0.1.
    let folder = Folder::new("fit-constrained")
        .with("on.csv", "0.8,0,0\n-0.6,0,0\n0.1,0.7,0\n0.1,0,-0.7\n")
        .with("held.rhai", scene("constrain(f.remap(1, 0, 0, 0)); constrain(x, 0.2, 0.4);"))
        .with("twice.rhai", scene("constrain(r + x, 0.8);\nconstrain(2 * r, 1.6 - 2 * x);"))
        .with("torn.rhai", scene("constrain(r + x, 0.8);\nconstrain(r - 0.5);\nconstrain(x, -0.1);"))
        .with("far.rhai", scene("constrain(r, 3);"))
        .with("undefined.rhai", scene("constrain(sqrt(r - 0.9), 0.1);"));
    let ran = folder.run("fit held.rhai --target on.csv -o held.out.rhai").ends(0);
    assert!(
        ran.out.contains("held.rhai:3:1: is to be 0, is ") && ran.out.contains(": holds\n"),
        "{}",
        ran.out
    );
    let text = folder.text("held.out.rhai");
    assert!((value(&text, "r") + value(&text, "x") - 1.0).abs() < 1e-9, "{text}");
    assert!((0.2..=0.4).contains(&value(&text, "x")), "{text}");
    // The same from a checkpoint.
    folder.run("fit held.rhai --target on.csv -o again.rhai --seconds 1e-9").ends(1);
    folder.run("fit held.rhai --target on.csv -o again.rhai --resume").ends(0);
    assert_eq!(folder.text("again.rhai"), text);
    // One that says again what another says is no mistake.
    let ran = folder.run("fit twice.rhai --target on.csv -o twice.out.rhai --json").ends(0);
    let json: serde_json::Value = serde_json::from_str(&ran.out).unwrap();
    let why = "it follows from the one at twice.rhai:3:1";
    assert!(json["constraints"][1]["redundant"] == why && json["constraints"][0]["holds"] == true, "{json}");
    assert!((json["parameters"]["r"].as_f64().unwrap() - 0.7).abs() < 1e-9, "{json}");
    // Those that cannot hold together are named, and nothing is written.
    let ran = folder.run("fit torn.rhai --target on.csv -o none.rhai").ends(1);
    for why in ["these constraints conflict", "torn.rhai:3:1: is to be 0.8", "torn.rhai:5:1: is to be -0.1"] {
        assert!(ran.err.contains(why), "{}", ran.err);
    }
    let ran = folder.run("fit far.rhai --target on.csv -o none.rhai").ends(1);
    assert!(ran.err.contains("far.rhai:3:1: is to be 3, and is 1 at the nearest"), "{}", ran.err);
    let said = folder.run("fit undefined.rhai --target on.csv -o none.rhai").error();
    assert!(said.starts_with("undefined.rhai:3:1: the constrained expression is NaN here"), "{said}");
    assert!(!folder.files().iter().any(|file| file.starts_with("none")));
    // Where it is only looked at, it is as its text has it.
    folder.run("check held.rhai").ends(0);
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
        let child = folder.command(arguments).stdout(Stdio::null()).stderr(Stdio::piped()).spawn().unwrap();
        std::thread::sleep(Duration::from_secs(seconds));
        let told = Command::new("kill").args(["-INT", &child.id().to_string()]).status();
        assert!(told.unwrap().success());
        let ended = child.wait_with_output().unwrap();
        assert_eq!(ended.status.code(), Some(130), "{}", String::from_utf8_lossy(&ended.stderr));
        if folder.files() == ["grown.checkpoint.json", "grown.rhai", "truth.rhai"] {
            let scene = fieldgrad::scene::Scene::from_text(&folder.text("grown.rhai"), "grown.rhai").unwrap();
            assert!(!scene.parameters().is_empty());
            return;
        }
        assert_eq!(folder.files(), ["truth.rhai"]);
    }
    panic!("nothing is left");
}

/// Runs a fit to its end, killed again and again on its way: how often it was.
fn killed_on_its_way(folder: &Folder, arguments: &str, after: Duration) -> usize {
    for killed in 0..200 {
        let command = format!("{arguments} --resume --checkpoint 0 --quiet");
        let mut child = folder.command(&command).stdout(Stdio::null()).stderr(Stdio::null()).spawn().unwrap();
        // Later each time: from wherever it was killed it comes a step further.
        std::thread::sleep(after * (killed + 4) / 4);
        if let Some(ended) = child.try_wait().unwrap() {
            assert_eq!(ended.code(), Some(0));
            return killed as usize;
        }
        child.kill().unwrap(); // by SIGKILL, where there is that
        child.wait().unwrap();
    }
    panic!("it does not come to an end");
}

/// A log without its times.
fn steps(log: &str) -> Vec<String> {
    let step = |line: &str| {
        let cells: Vec<&str> = line.split(',').collect();
        [cells[0], cells[2], cells[3]].join(",")
    };
    log.lines().map(step).collect()
}

#[test]
fn one_that_is_killed_goes_on_to_the_same_scene_bit_for_bit() {
    let folder = Folder::new("fit-resumed").with("pair.rhai", PAIR).with("truth.rhai", truth());
    for (arguments, milliseconds) in [
        ("fit pair.rhai --target truth.rhai --samples 20000 --starts 6 --seed 3", 150),
        ("fit --shapes 4 --target truth.rhai --samples 3000", 300),
    ] {
        folder.run(&format!("{arguments} -o whole.rhai --log whole.csv")).ends(0);
        for threads in [1, 2] {
            let own = format!("{arguments} -o own.rhai --log own.csv --threads {threads}");
            let killed = killed_on_its_way(&folder, &own, Duration::from_millis(milliseconds));
            println!("{own}: killed {killed} times");
            assert!(killed > 0, "it is done before anybody can kill it: {own}");
            assert_eq!(folder.read("own.rhai"), folder.read("whole.rhai"), "{own}");
            assert_eq!(steps(&folder.text("own.csv")), steps(&folder.text("whole.csv")), "{own}");
            assert!(!folder.files().contains(&"own.checkpoint.json".into()), "it is done");
        }
    }
}

#[test]
fn checkpoints_of_other_fits_and_broken_ones_are_refused() {
    let folder = Folder::new("fit-checkpoints").with("pair.rhai", PAIR).with("truth.rhai", truth());
    let arguments = "fit pair.rhai --target truth.rhai -o own.rhai --samples 500";
    // Time is up at once, and the best so far is the start.
    let ran = folder.run(&format!("{arguments} --seconds 1e-9")).ends(1);
    assert!(ran.err.contains("own.checkpoint.json is kept"), "{}", ran.err);
    let good = folder.text("own.checkpoint.json");
    let other = folder.0.join("other.rhai");
    std::fs::write(&other, PAIR.replace("0.4)", "0.41)")).unwrap();
    for (change, why) in [
        ("--samples 501", "is of a fit of another target"),
        ("--seed 2", "is of a fit of another target"),
        ("--lock r", "is of a fit with other options"),
        ("--set r=0.6", "is of a fit of another scene"),
    ] {
        let others = if change.contains("samples") { "" } else { "--samples 500" };
        let own = arguments.replace("--samples 500", others);
        let said = folder.run(&format!("{own} --resume {change}")).error();
        assert!(said.starts_with("own.checkpoint.json: ") && said.contains(why), "{said}");
    }
    let said = folder.run(&format!("{} --resume", arguments.replace("fit pair", "fit other"))).error();
    assert!(said.contains("is of a fit of another scene; without --resume it begins anew"), "{said}");
    // What a comment says is no other scene, and a file that is not there is a fit that begins.
    std::fs::write(&other, PAIR.replace("Two balls", "Two")).unwrap();
    folder.run(&format!("{} --resume", arguments.replace("fit pair", "fit other"))).ends(0);
    assert!(!folder.files().contains(&"own.checkpoint.json".into()));
    let ran = folder.run(&format!("{arguments} --resume")).ends(0);
    assert!(ran.err.contains("there is no own.checkpoint.json: the fit begins anew"), "{}", ran.err);
    let whole = folder.read("own.rhai");
    // Broken ones: what is wrong is said, and nothing is written.
    let cut = &good[..good.len() / 2];
    let numbers = |from: &str, to: &str| {
        assert!(good.contains(from), "{good}");
        good.replacen(from, to, 1)
    };
    let deep = "[".repeat(100_000);
    for (text, why) in [
        ("", "own.checkpoint.json:1:0: is no checkpoint"),
        (cut, "is no checkpoint: EOF while parsing"),
        (&deep, "is no checkpoint: recursion limit"),
        ("[]", "is no checkpoint of a fit"),
        (&numbers("\"checkpoint\":1", "\"checkpoint\":2"), "is a checkpoint of form 2; 1 is read"),
        (&numbers("\"fieldgrad\":\"", "\"fieldgrad\":\"9"), "was written by fieldgrad"),
        (&numbers("\"course\":[", "\"course\":[7"), "\"course\" is no list"),
        (&numbers("\"found\":[", "\"found\":[{\"numbers\":[1]}"), "has numbers in place of a solution"),
        (&numbers("\"at\":[0.5,", "\"at\":[0.5,0.5,"), "has 6 unknowns, not 5"),
        (&numbers("\"at\":[0.5,", "\"at\":[7.5,"), "has an unknown outside of its range"),
        (&numbers("\"at\":[0.5,", "\"at\":[1e999,"), "number out of range"),
        (&numbers("\"at\":[0.5,", "\"at\":[null,"), "\"at\" is no list of numbers"),
        (&numbers("\"damping\":", "\"damping\":-"), "has a damping of -"),
        (&numbers("\"iterations\":", "\"iterations\":-"), "\"iterations\" is no whole number"),
    ] {
        std::fs::write(folder.0.join("own.checkpoint.json"), text).unwrap();
        let said = folder.run(&format!("{arguments} --resume")).error();
        assert!(said.starts_with("own.checkpoint.json:") && said.contains(why), "{said}, not {why}");
    }
    assert_eq!(folder.read("own.rhai"), whole);
    std::fs::remove_file(folder.0.join("own.checkpoint.json")).unwrap();
    std::fs::create_dir(folder.0.join("own.checkpoint.json")).unwrap();
    let said = folder.run(arguments).error();
    assert!(said.contains("own.checkpoint.json: cannot be written: is a folder"), "{said}");
}
