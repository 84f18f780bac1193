//! `fit --neural`, run as users run it: networks trained on meshes, points and motion, stopped, gone on with, and refused.

#[path = "support/command.rs"]
mod support;

use fieldgrad::prelude::*;
use fieldgrad::scene::Scene;
use support::Folder;

const BALL: &str =
    "show(sphere(0.6).translate([0.2, 0, 0]));\nbounds([-0.5, -0.7, -0.7], [0.9, 0.7, 0.7]);\n";

/// A training that takes no time.
const SMALL: &str =
    "--network hash --levels 4 --cells 4,24 --rows 4096 --width 16 --batch 960 --samples 4000 --quiet";

/// The scene of a file in a folder.
fn scene(folder: &Folder, file: &str) -> Scene {
    Scene::from_file(folder.0.join(file)).unwrap()
}

/// How far a scene's field is off the ball's distance, in the mean, near its surface.
fn off(folder: &Folder, file: &str) -> f64 {
    let field = scene(folder, file).field().clone();
    let ball = sphere(0.6).translate([0.2, 0.0, 0.0]);
    let at = |n: u32| {
        let [a, b, r] = [0.755, 0.570, 0.431].map(|part| (f64::from(n) * part).fract());
        let (height, turn, radius) = (2.0 * a - 1.0, 6.3 * b, 0.5 + 0.2 * r);
        let wide = (1.0 - height * height).sqrt();
        [0.2 + radius * wide * turn.cos(), radius * wide * turn.sin(), radius * height, 0.0]
    };
    let offs = (0..200).map(at).map(|at| (field.value_at(at).unwrap() - ball.value_at(at).unwrap()).abs());
    offs.sum::<f64>() / 200.0
}

#[test]
fn networks_learn_meshes_scenes_and_points() {
    let folder = Folder::new("fit-networks").with("ball.rhai", BALL);
    folder.run("mesh ball.rhai -o ball.obj --resolution 24").ends(0);
    // Points on the surface, with normals and without.
    let surface = (0..3000).map(|n| {
        let [a, b] = [0.754_877_666, 0.569_840_291].map(|part: f64| (f64::from(n) * part).fract());
        let (height, turn) = (2.0 * a - 1.0, std::f64::consts::TAU * b);
        let wide = (1.0 - height * height).sqrt();
        [wide * turn.cos(), wide * turn.sin(), height]
    });
    let (mut bare, mut oriented) = (String::new(), String::new());
    for [x, y, z] in surface {
        let [px, py, pz] = [0.2 + 0.6 * x, 0.6 * y, 0.6 * z];
        bare += &format!("{px} {py} {pz}\n");
        oriented += &format!("{px} {py} {pz} {x} {y} {z}\n");
    }
    let folder = folder.with("bare.xyz", bare).with("oriented.xyz", oriented);
    for target in ["ball.obj", "ball.rhai", "bare.xyz", "oriented.xyz"] {
        let ran = folder
            .run(&format!("fit --neural learned.safetensors --target {target} {SMALL} --steps 120 --json"))
            .ends(0);
        let json = ran.json();
        assert!(json["error"].as_f64().unwrap() < 0.03 && json["iterations"] == 120, "{json}");
        assert!(off(&folder, "learned.rhai") < 0.025, "{target}: {}", off(&folder, "learned.rhai"));
        folder.run("check learned.rhai").ends(0);
    }
    // The other kinds, with all losses, to a scene elsewhere; a few steps show that they go down.
    for kind in ["siren", "relu"] {
        std::fs::create_dir_all(folder.0.join("nets")).unwrap();
        let own = format!(
            "fit --neural nets/{kind}.safetensors --target ball.obj -o {kind}.rhai --network {kind} --width 16 --depth 2 \
             --steps 60 --batch 480 --samples 3000 --rate 0.003 --eikonal 0.05 --normal 0.05 --log {kind}.csv --quiet"
        );
        folder.run(&own).ends(0);
        let log = folder.text(&format!("{kind}.csv"));
        let value = |line: &str| line.split(',').nth(2).unwrap().parse::<f64>().unwrap();
        let lines: Vec<&str> = log.lines().collect();
        assert!(lines.len() == 61 && value(lines[60]) < 0.7 * value(lines[1]), "{kind}: {log}");
        assert!(scene(&folder, &format!("{kind}.rhai")).field().value_at([0.0; 4]).unwrap().is_finite());
    }
}

#[test]
fn a_sequence_is_learned_in_time() {
    let ball = |x: f64| {
        format!("show(sphere(0.4).translate([{x}, 0, 0]));\nbounds([-1, -0.5, -0.5], [1, 0.5, 0.5]);\n")
    };
    let folder = Folder::new("fit-networks-time").with("a.rhai", ball(-0.4)).with("b.rhai", ball(0.4));
    folder
        .run(&format!(
            "fit --neural moving.safetensors --target a.rhai --target b.rhai@2 {SMALL} --steps 100"
        ))
        .ends(0);
    let text = folder.text("moving.rhai");
    assert!(text.contains("timeline(0, 2);"), "{text}");
    let field = scene(&folder, "moving.rhai").field().clone();
    for (x, t, is_inside) in [(-0.4, 0.0, true), (0.4, 0.0, false), (-0.4, 2.0, false), (0.4, 2.0, true)] {
        assert_eq!(field.value_at([x, 0.0, 0.0, t]).unwrap() < 0.0, is_inside, "at {x} and {t}");
    }
}

#[test]
fn a_training_that_was_stopped_goes_on_to_the_same_bits() {
    let folder = Folder::new("fit-networks-resumed").with("ball.rhai", BALL);
    let kinds = [SMALL, "--width 12 --depth 2 --batch 480 --samples 2000 --eikonal 0.1 --quiet"];
    for (n, kind) in kinds.into_iter().enumerate() {
        let own =
            |name: &str| format!("fit --neural {name}.safetensors --target ball.rhai {kind} --steps 12");
        folder.run(&own("whole")).ends(0);
        // Time is up again and again: each run makes a step.
        let mut runs = 0;
        loop {
            let ran =
                folder.run(&format!("{} --resume --seconds 1e-9 --threads {}", own("own"), 1 + runs % 2));
            runs += 1;
            if ran.code == Some(0) {
                break;
            }
            let ran = ran.ends(1);
            assert!(folder.files().contains(&"own.checkpoint.json".into()) && runs < 20, "{}", ran.err);
            assert!(ran.out.contains("stopped before it was done"), "{}", ran.out);
        }
        assert!(runs > 1, "it is done before its time is up");
        assert_eq!(folder.read("own.safetensors"), folder.read("whole.safetensors"), "kind {n}");
        assert!(!folder.files().contains(&"own.checkpoint.json".into()), "it is done");
    }
    // A checkpoint of another training is refused.
    let own = format!("fit --neural own.safetensors --target ball.rhai {SMALL}");
    folder.run(&format!("{own} --steps 40 --seconds 1e-9")).ends(1);
    for (change, why) in [
        ("--steps 41", "with other options"),
        ("--steps 40 --width 17", "of another scene"),
        ("--steps 40 --samples 4001", "of another target"),
    ] {
        let own = own.replace(if change.contains("width") { "--width 16 " } else { "\0" }, "");
        let own = own.replace(if change.contains("samples") { "--samples 4000 " } else { "\0" }, "");
        let said = folder.run(&format!("{own} --resume {change}")).error();
        assert!(said.starts_with("own.checkpoint.json: is of a fit") && said.contains(why), "{said}");
    }
    let notes = folder.text("own.checkpoint.json");
    for (from, to, why) in [
        ("\"steps\":1", "\"steps\":2", "\"losses\" has 1 numbers, not 2"),
        ("\"weights\":\"", "\"weights\":\"7ff0000000000000", "\"weights\" is no list of finite numbers"),
        ("\"means\":\"", "\"means\":\"3", "\"means\" is no list of finite numbers"),
    ] {
        assert!(notes.contains(from), "{from}");
        std::fs::write(folder.0.join("own.checkpoint.json"), notes.replacen(from, to, 1)).unwrap();
        let said = folder.run(&format!("{own} --resume --steps 40")).error();
        assert!(said.contains("is of another training") && said.contains(why), "{said}");
    }
}

#[test]
fn what_cannot_be_learned_is_refused_and_nothing_is_written() {
    let plane: String = (0..900).map(|n| format!("{},{},0\n", n % 30, n / 30)).collect();
    let folder = Folder::new("fit-networks-refused").with("ball.rhai", BALL).with("plane.csv", plane);
    let folder = folder.with("views.json", "{}");
    for (arguments, why) in [
        ("--neural out.safetensors", "--target"),
        ("--neural out.npz --target ball.rhai", "must end in .safetensors"),
        ("--neural out.safetensors --target ball.rhai -o out.png", "must end in .rhai"),
        ("--neural out.safetensors --target ball.rhai ball.rhai", "cannot be used with"),
        ("--neural out.safetensors --target ball.rhai --lock r", "cannot be used with"),
        ("--neural out.safetensors --target ball.rhai --width 0", "0 is not in 1..=4096"),
        ("--neural out.safetensors --target ball.rhai --rate 0", "0 is not above 0"),
        ("--neural out.safetensors --target ball.rhai --network conv", "siren, relu, hash"),
        ("--neural out.safetensors --target ball.rhai --network hash --rows 100", "a power of two"),
        ("--neural out.safetensors --target ball.rhai --network hash --cells 9,8", "the smaller first"),
        ("--neural out.safetensors --target views.json", "views.json: a network is trained on points"),
        ("--neural out.safetensors --target absent.obj", "absent.obj: there is no such file"),
        ("--neural out.safetensors --target plane.csv", "the points enclose nothing"),
        ("--neural out.safetensors --target plane.csv -o other/out.rhai", "other"),
        ("--target ball.rhai --steps 5 -o out.rhai", "--neural"),
    ] {
        let ran = folder.run(&format!("fit {arguments}")).ends(2);
        assert!(ran.err.contains(why), "{arguments}: {}", ran.err);
    }
    assert_eq!(folder.files(), ["ball.rhai", "plane.csv", "views.json"]);
}
