//! The command, run as users run it: every verb, every exit code, files read and written, and how it ends.

#[path = "support/command.rs"]
mod support;

use serde_json::Value;
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};
use support::{Folder, Ran};

/// The numbers of CSV rows, without the header.
fn rows(csv: &str) -> Vec<Vec<f64>> {
    csv.lines().skip(1).map(|line| line.split(',').map(|cell| cell.parse().unwrap()).collect()).collect()
}

const BLEND: &str = "let k = param(\"blend\", 0.3, 0.05, 1.0);\n\
                     let r = param(\"r\", 0.5);\n\
                     show(smooth_union(sphere(r).translate([0, sin(t), 0]), box([1, 0.4, 1]), k));\n\
                     bounds([-1, -2, -1], [1, 2, 1]);\n";

fn blend() -> fieldgrad::Field {
    fieldgrad::scene::Scene::from_text(BLEND, "blend.rhai").unwrap().field().clone()
}

/// Some points of space and time, as CSV with a header and as numbers.
fn points(count: usize) -> (String, Vec<[f64; 4]>) {
    let at = |i: usize| [0.37, 0.73, 1.19, 0.53].map(|step: f64| 1.5 * (i as f64 * step).sin());
    let all: Vec<[f64; 4]> = (0..count).map(at).collect();
    let lines = all.iter().map(|[x, y, z, t]| format!("{x},{y},{z},{t}\n"));
    (std::iter::once("x,y,z,t\n".to_string()).chain(lines).collect(), all)
}

/// A command that finds no display to open a window on.
fn without_display(command: &mut Command) -> &mut Command {
    ["DISPLAY", "WAYLAND_DISPLAY", "WAYLAND_SOCKET"]
        .iter()
        .fold(command, |command, name| command.env_remove(name))
}

#[test]
#[cfg(feature = "viewer")]
fn a_scene_that_cannot_be_shown_is_drawn() {
    let folder = Folder::new("view").with("blend.rhai", BLEND).with("broken.rhai", "show(spere(1));");
    let ran = |arguments: &str| Ran::of(without_display(&mut folder.command(arguments)).output().unwrap());
    let seen = ran("view blend.rhai").ends(0);
    assert!(seen.err.starts_with("no window: ") && seen.err.contains("fieldgrad.png"), "{}", seen.err);
    assert!(folder.read("fieldgrad.png").starts_with(b"\x89PNG"));
    assert!(ran("view broken.rhai").error().contains("did you mean sphere?"));
}

#[test]
fn alone_it_describes_and_draws_the_built_in_scene() {
    let folder = Folder::new("alone");
    let mut command = folder.command("");
    let ran = Ran::of(without_display(&mut command).output().unwrap()).ends(0);
    if cfg!(feature = "viewer") {
        assert!(ran.err.lines().any(|line| line.starts_with("no window: ")), "{}", ran.err);
    }
    assert!(ran.out.contains("∂f/∂blend") && ran.out.contains("fieldgrad.png"), "{}", ran.out);
    assert!(folder.read("fieldgrad.png").starts_with(b"\x89PNG"));
    let json = folder.run("--json --set blend=0.2").ends(0).json();
    assert!(json["parameters"]["blend"].is_number(), "{json}");
}

#[test]
fn eval_is_the_reference_to_the_last_digit() {
    let (csv, all) = points(5000); // more than a piece, so on several threads
    let folder = Folder::new("eval").with("blend.rhai", BLEND).with("points.csv", &csv);
    let ran = folder.run("eval blend.rhai --points points.csv --gradient --hessian --params").ends(0);
    let header = "x,y,z,t,f,fx,fy,fz,ft,fxx,fxy,fxz,fxt,fyy,fyz,fyt,fzz,fzt,ftt,d_blend,d_r";
    assert_eq!(ran.out.lines().next(), Some(header));
    let (rows, field) = (rows(&ran.out), blend());
    assert_eq!(rows.len(), all.len());
    let names: Vec<String> = field.parameters().unwrap().iter().map(|own| own.name().to_string()).collect();
    for (row, &at) in rows.iter().zip(&all) {
        let dual = field.value_with_gradient_at(at).unwrap();
        let hessian = field.hessian_at(at).unwrap();
        let slopes = field.parameter_gradient_at(at).unwrap();
        let slope = |name: &str| slopes[names.iter().position(|own| own == name).unwrap()];
        let mut want: Vec<f64> = at.into_iter().chain([dual.value]).chain(dual.slope).collect();
        want.extend((0..4).flat_map(|i| (i..4).map(move |j| (i, j))).map(|(i, j)| hessian[i][j]));
        want.extend([slope("blend"), slope("r")]);
        assert_eq!(row, &want);
    }
    // On one thread, to a file, the same bytes.
    folder
        .run("eval blend.rhai --points points.csv --gradient --hessian --params --threads 1 --out one.csv")
        .ends(0);
    assert_eq!(folder.text("one.csv"), ran.out);
}

#[test]
fn eval_reads_and_writes_numpy_arrays() {
    let (csv, all) = points(100);
    let folder = Folder::new("npy").with("blend.rhai", BLEND).with("points.csv", &csv);
    let numbers = |bytes: &[u8], columns: usize| -> Vec<f64> {
        let header = usize::from(u16::from_le_bytes([bytes[8], bytes[9]])) + 10;
        let text = std::str::from_utf8(&bytes[10..header]).unwrap();
        assert!(text.contains(&format!("'shape': (100, {columns})")) && text.contains("'<f8'"), "{text}");
        bytes[header..].chunks_exact(8).map(|number| f64::from_le_bytes(number.try_into().unwrap())).collect()
    };
    folder.run("eval blend.rhai --points points.csv --out values.npy").ends(0);
    let found = numbers(&folder.read("values.npy"), 5);
    for (row, &at) in found.chunks(5).zip(&all) {
        assert_eq!((&row[..4], row[4]), (&at[..], blend().value_at(at).unwrap()));
    }
    // An array of points, made of those numbers, is read back to the same values.
    let mut array = b"\x93NUMPY\x01\x00\x46\x00".to_vec();
    array
        .extend(format!("{:<69}\n", "{'descr': '<f8', 'fortran_order': False, 'shape': (100, 4), }").bytes());
    array.extend(all.iter().flatten().flat_map(|value| value.to_le_bytes()));
    std::fs::write(folder.0.join("points.npy"), array).unwrap();
    folder.run("eval blend.rhai --points points.npy --out again.npy").ends(0);
    assert_eq!(folder.read("again.npy"), folder.read("values.npy"));
    folder.run("eval blend.rhai --points points.npy --precision f32 --out single.npy").ends(0);
    assert!(String::from_utf8_lossy(&folder.read("single.npy")[..128]).contains("'<f4'"));
}

#[test]
fn eval_in_f32_is_near_and_in_json_the_same() {
    let folder = Folder::new("f32").with("blend.rhai", BLEND);
    let all = "--at 0.3,-0.4,1.5,0.7 --at -1,0.25,0 --gradient --params";
    let exact = rows(&folder.run(&format!("eval blend.rhai {all}")).ends(0).out);
    let near = rows(&folder.run(&format!("eval blend.rhai {all} --precision f32")).ends(0).out);
    for (exact, near) in exact.iter().flatten().zip(near.iter().flatten()) {
        assert!((exact - near).abs() < 1e-5, "{near}, not {exact}");
    }
    let json = folder.run(&format!("eval blend.rhai {all} --json")).ends(0).json();
    let got: Vec<Vec<f64>> = serde_json::from_value(json["rows"].clone()).unwrap();
    assert_eq!(got, exact);
    assert_eq!(json["columns"][10], "d_r");
    // Set to its own value a parameter changes nothing, set to another it does.
    let set =
        |values: &str| rows(&folder.run(&format!("eval blend.rhai --at 0,3,0 {values}")).ends(0).out)[0][4];
    assert_eq!((set("--set r=0.5"), set("--set r=1")), (2.5, 2.0));
}

#[test]
fn a_value_that_is_none_is_never_shown_as_one() {
    let folder =
        Folder::new("nan").with("root.rhai", "let ball = sphere(1);\nshow(ball.displace(sqrt(x)));\n");
    let ran = folder.run("eval root.rhai --at 1,0,0 --at -4,0,0");
    assert_eq!((ran.code, ran.out.lines().count()), (Some(2), 1), "{}", ran.out);
    let wanted = "error: root.rhai:2:20: at (x, y, z, t) = (-4, 0, 0, 0), the value is NaN first at sqrt(-4), in displace\n \
                  2 | show(ball.displace(sqrt(x)));\n   |                    ^^^^\n";
    assert_eq!(ran.err, wanted);
    folder.run("eval root.rhai --at -4,0,0 --out never.csv").ends(2);
    assert_eq!(folder.files(), ["root.rhai"]);
    let asked = folder.run("eval root.rhai --at -4,0,0 --allow-nan").ends(0);
    assert_eq!(asked.out, "x,y,z,t,f\n-4,0,0,0,NaN\n");
}

#[test]
fn mistakes_end_with_2_and_say_what_is_meant() {
    let folder = Folder::new("mistakes")
        .with("broken.rhai", "let a = 1;\nshow(spere(a));\n")
        .with("blend.rhai", BLEND)
        .with("bad.csv", "x,y,z\n0,0,0\n1,two,3\n")
        .with("points.npy", "no array")
        .with("image.vm", "_0 var-x\n_1 sqr _0\n");
    std::fs::create_dir(folder.0.join("folder.rhai")).unwrap();
    for (arguments, want) in [
        (
            "eval broken.rhai --at 0,0,0",
            "broken.rhai:2:6: there is no function spere; did you mean sphere?\n 2 | show(",
        ),
        ("eval image.vm --at 0,0,0", "image.vm:2:4: there is no operation \"sqr\""),
        ("eval missing.rhai --at 0,0,0", "missing.rhai: there is no such file"),
        ("eval folder.rhai --at 0,0,0", "folder.rhai: is a folder, not a file"),
        (
            "eval dorp --at 0,0,0",
            "there is no scene \"dorp\", neither a file nor one that is built in; did you mean drop?",
        ),
        ("eval blend.rhai", "there is nothing to evaluate at"),
        ("eval blend.rhai --points bad.csv", "bad.csv:3:3: \"two\" is not a number"),
        ("eval blend.rhai --points points.npy", "points.npy: is not a NumPy file"),
        ("eval blend.rhai --points none.csv", "none.csv: "),
        ("eval blend.rhai --points a.dat", "a.dat: is none of .ply, .xyz, .txt, .csv and .npy"),
        (
            "eval blend.rhai --at 0,0,0 --set blnd=1",
            "there is no parameter \"blnd\": the field has blend, r; did you mean blend?",
        ),
        (
            "eval blend.rhai --at 0,0,0 --set blend=9",
            "blend.rhai:1:9: blend = 9 is outside its range [0.05, 1]",
        ),
        ("eval blend.rhai --at 0,0,0 --out none/a.csv", "none/a.csv: cannot be written: "),
        ("eval blend.rhai --at 0,0,0 --out a.txt", "a.txt: must end in .csv or .npy"),
        ("graph blend.rhai -o folder.rhai/a.png", "folder.rhai/a.png: must end in .svg, .dot or .json"),
        ("graph blend.rhai -o none/a.svg", "none/a.svg: cannot be written: "),
        (
            "export blend.rhai -o a.vm",
            "the scene moves, and a .vm file knows no time: hold it still at one (--time T)",
        ),
        ("new a.txt", "a.txt: must end in .rhai"),
    ] {
        let ran = folder.run(arguments);
        let message = ran.error();
        assert!(message.starts_with(want), "{arguments}:\n{message}\nnot\n{want}");
    }
    for usage in [
        "evil",
        "eval",
        "eval drop --at 1,2",
        "eval drop --at 1,2,nan",
        "eval drop --set a",
        "info drop --threads 0",
    ] {
        let ran = folder.run(usage);
        assert!(
            ran.code == Some(2) && ran.err.starts_with("error: ") && ran.out.is_empty(),
            "{usage}: {}",
            ran.err
        );
    }
    let json = folder.run("info broken.rhai --json").ends(2).json();
    assert!(json["error"].as_str().unwrap().starts_with("broken.rhai:2:6: "), "{json}");
}

#[test]
fn info_measures_a_solid() {
    let folder =
        Folder::new("info").with("ball.rhai", "show(sphere(param(\"r\", 0.5)).translate([1, 0, 0]));");
    let json = folder.run("info ball.rhai --json --budget 60").ends(0).json();
    let number = |value: &Value| value.as_f64().unwrap_or_else(|| panic!("{value}: {json}"));
    let near = |value: &Value, truth: f64| {
        assert!((number(&value["value"]) - truth).abs() <= number(&value["error"]), "{value}, not {truth}");
    };
    near(&json["volume"], std::f64::consts::PI / 6.0);
    near(&json["area"], std::f64::consts::PI);
    near(&json["centroid"][0], 1.0);
    assert!((number(&json["bounds"]["min"][0]) - 0.5).abs() < 0.01);
    assert!((1.0..1.8).contains(&number(&json["steepness"])), "{json}");
    assert_eq!(
        (json["parameters"][0]["name"].as_str(), json["parameters"][0]["value"].as_f64()),
        (Some("r"), Some(0.5))
    );
    let text = folder.run("info ball.rhai --set r=0.25 --budget 60").ends(0).out;
    assert!(text.contains("r = 0.25") && text.contains("volume"), "{text}");
    let endless =
        folder.with("plane.rhai", "show(plane([0, 1, 0], 0));").run("info plane.rhai --json").ends(0).json();
    assert!(endless["bounds"]["unknown"].as_str().unwrap().contains("unbounded"), "{endless}");
}

#[test]
fn check_passes_what_is_right_and_finds_what_is_not() {
    let folder = Folder::new("check")
        .with("blend.rhai", BLEND)
        .with("nan.rhai", "show(sphere(1)\n  .displace(ln(x)));\nbounds([-1,-1,-1], [1,1,1]);")
        .with("dead.rhai", "let idle = param(\"idle\", 1);\nlet none = param(\"none\", 2);\nshow(sphere(1 + 0 * x + max(none, -5 + 0 * x) * 0));")
        .with("steep.rhai", "show(sphere(0.5 + param(\"a\", 1) * 1e8 * max(x - 1e9, 0)).twist(3));\nbounds([-1,-1,-1], [1,1,1]);")
        .with("far.rhai", "show(sphere(1) - 1e-12 * param(\"weak\", 1) * x + 1e9 * (param(\"strong\", 1) - 1));")
        .with("jump.rhai", "show(sphere(0.5) + 0.1 * floor(3 * x));\nbounds([-1,-1,-1], [1,1,1]);")
        .with("paint.rhai", "show(sphere(1).color([param(\"red\", 0.5), 0, 0]));");
    let kinds = |file: &str, code: i32, list: &str| -> Vec<(String, u64)> {
        let json = folder.run(&format!("check {file} --samples 600 --json")).ends(code).json();
        assert_eq!(json["ok"], code == 0);
        let of = |finding: &Value| {
            let line = finding["place"]["line"].as_u64().unwrap_or(0);
            (finding["kind"].as_str().unwrap().to_string(), line)
        };
        json[list].as_array().unwrap().iter().map(of).collect()
    };
    assert_eq!(kinds("blend.rhai", 0, "problems"), []);
    assert_eq!(kinds("paint.rhai", 0, "problems"), []);
    assert_eq!(kinds("nan.rhai", 1, "problems")[0], ("not finite".into(), 2));
    let dead = kinds("dead.rhai", 1, "problems");
    assert_eq!(dead, [("dead parameter".into(), 1), ("dead parameter".into(), 2)]);
    assert!(kinds("steep.rhai", 1, "problems").contains(&("dead parameter".into(), 1)));
    let far = kinds("far.rhai", 1, "problems");
    assert_eq!(far, [("vanishing parameter".into(), 1), ("exploding parameter".into(), 1)]);
    assert!(kinds("jump.rhai", 0, "notes").contains(&("jump".into(), 1)));
    assert!(kinds("blend.rhai", 0, "notes").contains(&("kink".into(), 3)));
    let text = folder.run("check nan.rhai").ends(1).out;
    assert!(text.starts_with("problem: nan.rhai:2:13: not finite: ") && text.contains("ln("), "{text}");
    assert!(folder.run("check blend.rhai").ends(0).out.contains("no problems"));
    assert_eq!(folder.run("check blend.rhai --quiet").ends(0).out, "");
}

/// What matters is said first, and what most scenes have in a line.
#[test]
fn check_says_first_what_matters_and_counts_kinks() {
    let crowd = "let idle = param(\"idle\", 1);
        let all = [];
        for i in 0..12 { all.push(box([0.3, 0.2, 0.4]).translate([i * 0.5 - 3, 0, 0])); }
        show(union(all).offset(0.1 * floor(2 * x)));
        bounds([-4, -1, -1], [4, 1, 1]);";
    let folder = Folder::new("check_order").with("crowd.rhai", crowd);
    let text = folder.run("check crowd.rhai").ends(1).out;
    let starts: Vec<&str> =
        text.lines().filter(|line| line.contains(": ") && !line.starts_with(' ')).collect();
    let place = |what: &str| starts.iter().position(|line| line.contains(what));
    let (dead, jump, kink) = (place("dead parameter: "), place("jump: "), place("kink: "));
    assert!(dead == Some(0) && dead < jump && jump < kink, "{text}");
    assert_eq!(text.matches("kink: ").count(), 1, "{text}");
    assert!(starts[kink.unwrap()].contains("places of the graph"), "{text}");
    let json = folder.run("check crowd.rhai --json").ends(1).json();
    let kinds: Vec<&str> =
        json["notes"].as_array().unwrap().iter().map(|note| note["kind"].as_str().unwrap()).collect();
    assert!(kinds[0] == "jump" && kinds.iter().filter(|kind| **kind == "kink").count() > 3, "{kinds:?}");
}

#[test]
fn info_does_not_ask_for_bounds_that_are_given_and_knows_what_stands_still() {
    let folder = Folder::new("info_said")
        .with("slab.rhai", "show(plane([0, 1, 0], 0)); bounds([-1, -1, -1], [1, 1, 1]);")
        .with("ball.rhai", "show(sphere(0.5).translate([-0.5, 0, 0]));");
    let text = folder.run("info slab.rhai").ends(0).out;
    assert!(text.contains("none are known but the scene's own") && !text.contains("give bounds"), "{text}");
    let text = folder.run("info ball.rhai").ends(0).out;
    assert!(text.contains("|f_t| ≤ 0\n") && !text.contains("-0,") && !text.contains("e-3"), "{text}");
}

/// A scene that cannot be drawn says so before any work.
#[test]
fn a_scene_too_large_to_draw_is_refused_at_once() {
    let large = "let a = sphere(1); for i in 0..14 { a = a.twist(0.1 * i) | a.bend(0.1 * i).translate([i, 0, 0]); } show(a);";
    let folder = Folder::new("large").with("large.rhai", large);
    let start = Instant::now();
    let said = folder.run("render large.rhai -o large.png").error();
    assert!(said.contains("too many for its derivatives to be written out"), "{said}");
    assert!(start.elapsed() < Duration::from_secs(20), "{:?}", start.elapsed());
}

#[test]
fn a_picture_of_the_graph_is_xml_whatever_names_hold() {
    let name = "show(sphere(1).name(\"a\\u0001\\n<b>\\x1b\\x7f & \\u009c\"));";
    let folder = Folder::new("graph_names").with("named.rhai", name);
    folder.run("graph named.rhai -o g.svg").ends(0);
    let svg = folder.text("g.svg");
    assert!(svg.chars().all(|c| !c.is_control() || c == '\n'), "{svg:?}");
    assert!(svg.contains("a␁␊&lt;b&gt;␛␡ &amp; \u{FFFD}"), "{svg}");
    folder.run("graph named.rhai -o g.dot").ends(0);
    assert!(folder.text("g.dot").chars().all(|c| !c.is_control() || c == '\n'), "{:?}", folder.text("g.dot"));
}

#[test]
fn graphs_are_drawn_in_three_formats() {
    let folder = Folder::new("graph").with("blend.rhai", BLEND);
    for (full, least) in [("", 5), (" --full", 20)] {
        folder.run(&format!("graph blend.rhai -o g.json --at 0.3,0,0{full}")).ends(0);
        let json: Value = serde_json::from_str(&folder.text("g.json")).unwrap();
        let nodes = json["nodes"].as_array().unwrap();
        assert!(nodes.len() > least, "{json}");
        let last = nodes.last().unwrap();
        let value = blend().value_at([0.3, 0.0, 0.0, 0.0]).unwrap();
        assert_eq!((last["title"].as_str(), last["value"].as_f64()), (Some("smooth_union"), Some(value)));
        assert_eq!(last["place"]["line"], 3);
        let earlier = |node: &Value| {
            node["inputs"]
                .as_array()
                .unwrap()
                .iter()
                .all(|input| input["from"].as_u64() < node["id"].as_u64())
        };
        assert!(nodes.iter().all(earlier));
    }
    folder.run("graph blend.rhai --out g.svg").ends(0);
    folder.run("graph blend.rhai --out g.dot").ends(0);
    assert!(folder.text("g.svg").contains("smooth_union") && folder.text("g.dot").starts_with("digraph"));
}

#[test]
fn exports_are_read_by_others() {
    let folder = Folder::new("export").with("blend.rhai", BLEND);
    folder.run("export blend.rhai -o still.vm --time 0.4").ends(0);
    let again = rows(&folder.run("eval still.vm --at 0.3,0.4,0.5").ends(0).out)[0][4];
    let want = blend().value_at([0.3, 0.4, 0.5, 0.4]).unwrap();
    assert!((again - want).abs() < 1e-14, "{again}, not {want}");
    folder.run("export blend.rhai -o a.wgsl").ends(0);
    folder.run("export blend.rhai -o a.glsl").ends(0);
    naga::front::wgsl::parse_str(&folder.text("a.wgsl")).unwrap();
    assert!(folder.text("a.glsl").contains("void mainImage"), "{}", folder.text("a.glsl"));
    let swept =
        folder.with("swept.rhai", "show(sphere(0.2).translate([t, 0, 0])\n  .sweep(0, 1).dx().dx());");
    let error = swept.run("export swept.rhai -o b.wgsl").error();
    assert!(error.starts_with("swept.rhai:2:") && error.contains("no shader"), "{error}");
    assert!(!swept.files().contains(&"b.wgsl".to_string()));
}

#[test]
fn the_gallery_and_a_new_scene_are_written_once() {
    let folder = Folder::new("gallery");
    assert!(folder.run("gallery").ends(0).out.contains("  A drop rises"));
    let listed = folder.run("gallery --json").ends(0).json()["scenes"].as_array().unwrap().len();
    folder.run("gallery all").ends(0);
    assert_eq!(
        std::fs::read_dir(folder.0.join("all")).unwrap().count(),
        listed + 1,
        "and the folder of parts"
    );
    folder.run("eval all/bolt.rhai --at 0,0,0").ends(0);
    folder.run("eval bolt --at 0,0,0").ends(0);
    assert!(folder.run("gallery all").error().contains("is there already"));
    folder.run("gallery all --force").ends(0);
    folder.run("eval all/drop.rhai --at 0,0,0").ends(0);

    folder.run("new mine.rhai").ends(0);
    std::fs::write(folder.0.join("mine.rhai"), "show(sphere(2));").unwrap();
    assert!(
        folder.run("new mine.rhai").error().contains("mine.rhai: is there already; --force writes over it")
    );
    assert_eq!(folder.text("mine.rhai"), "show(sphere(2));");
    folder.run("new mine.rhai --force").ends(0);
    folder.run("check mine.rhai --samples 500").ends(0);
}

#[test]
fn completions_are_for_the_shells() {
    let folder = Folder::new("completions");
    for shell in ["bash", "zsh", "fish", "powershell", "elvish"] {
        assert!(folder.run(&format!("completions {shell}")).ends(0).out.contains("eval"), "{shell}");
    }
    let help = folder.run("--help").ends(0).out;
    for verb in ["eval", "info", "check", "graph", "export", "gallery", "new", "bench", "completions"] {
        assert!(help.contains(&format!("\n  {verb} ")), "{verb}: {help}");
    }
}

#[test]
fn bench_measures_in_time() {
    let start = Instant::now();
    let json = Folder::new("bench").run("bench --json").ends(0).json();
    let fields = json["fields"].as_array().unwrap();
    let figures = fields.iter().flat_map(|field| field["figures"].as_array().unwrap());
    assert!(
        figures.clone().count() >= 15
            && figures.clone().all(|figure| figure["seconds"].as_f64().unwrap() > 0.0)
    );
    assert!(start.elapsed() < Duration::from_secs(60), "{:?}", start.elapsed());
}

/// Told to end in the middle of a long write, by Ctrl-C, by the system, or by a terminal that is closed: it ends soon,
/// and leaves the old file as it was and no part of the new one.
#[cfg(unix)]
#[test]
fn whoever_ends_it_leaves_no_half_written_file() {
    for (signal, code) in [("INT", 130), ("TERM", 143), ("HUP", 129)] {
        ends_whole(signal, code);
    }
}

#[cfg(unix)]
fn ends_whole(signal: &str, code: i32) {
    let (csv, _) = points(300_000);
    let folder = Folder::new(&format!("ended_{signal}")).with("points.csv", &csv).with("out.csv", "old");
    let arguments = "eval drop --points points.csv --hessian --params --threads 1 --out out.csv";
    let mut child = folder.command(arguments).stderr(Stdio::null()).stdout(Stdio::null()).spawn().unwrap();
    let start = Instant::now();
    while folder.files().len() == 2 {
        assert!(
            start.elapsed() < Duration::from_secs(60) && child.try_wait().unwrap().is_none(),
            "nothing is written"
        );
        std::thread::sleep(Duration::from_millis(1));
    }
    let (signal, id) = (format!("-{signal}"), child.id().to_string());
    assert!(Command::new("kill").args([&signal, &id]).status().unwrap().success());
    let interrupted = Instant::now();
    let status = child.wait().unwrap();
    assert!(interrupted.elapsed() < Duration::from_secs(5), "{:?}", interrupted.elapsed());
    assert_eq!(status.code(), Some(code));
    assert_eq!(folder.files(), ["out.csv", "points.csv"]);
    assert_eq!(folder.text("out.csv"), "old");
}

/// Who reads the output may leave early.
#[cfg(unix)]
#[test]
fn a_closed_pipe_is_no_mistake() {
    let (csv, _) = points(100_000);
    let folder = Folder::new("pipe").with("points.csv", &csv);
    let mut child = folder
        .command("eval drop --points points.csv")
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    drop(child.stdout.take());
    let ran = Ran::of(child.wait_with_output().unwrap()).ends(0);
    assert_eq!(ran.err, "");
}

/// The numbers of a NumPy file of `f4`, and its shape as it is written.
fn array(bytes: &[u8]) -> (Vec<f32>, String) {
    let header = usize::from(u16::from_le_bytes([bytes[8], bytes[9]])) + 10;
    let text = std::str::from_utf8(&bytes[10..header]).unwrap();
    assert!(text.contains("'descr': '<f4', 'fortran_order': False"), "{text}");
    let shape = text.split(['(', ')']).nth(1).unwrap().trim_end_matches(", ").to_string();
    let numbers =
        bytes[header..].chunks_exact(4).map(|number| f32::from_le_bytes(number.try_into().unwrap()));
    (numbers.collect(), shape)
}

#[test]
fn a_surface_is_written_as_triangles() {
    let folder = Folder::new("mesh").with("blend.rhai", BLEND);
    let json = folder.run("mesh blend.rhai -o blend.stl --resolution 24 --time 0.4 --json").ends(0).json();
    let triangles = json["triangles"].as_u64().unwrap() as usize;
    assert_eq!(folder.read("blend.stl").len(), 84 + 50 * triangles);
    assert_eq!((&json["unresolved"], &json["caps"]), (&serde_json::json!([]), &serde_json::json!(0)));
    let ran = folder.run("mesh blend.rhai -o blend.glb --depth 4 --bounds 0,-1,-1,1,1,1").ends(0);
    assert!(ran.err.contains("closed") && ran.err.contains("cut off at the bounds"), "{}", ran.err);
    assert_eq!(&folder.read("blend.glb")[..4], b"glTF");
    folder.run("mesh blend.rhai -o one.stl --resolution 24 --time 0.4 --threads 1").ends(0);
    assert_eq!(folder.read("one.stl"), folder.read("blend.stl"));
    let refused = folder.run("mesh blend.rhai -o blend.step").ends(2);
    assert!(refused.err.contains("must end in .stl, .obj, .ply, .3mf or .glb"), "{}", refused.err);
    let nothing = folder.run("mesh blend.rhai -o none.stl --bounds 8,8,8,9,9,9").ends(2);
    assert!(nothing.err.contains("no surface"), "{}", nothing.err);
}

#[test]
fn a_mesh_is_certified() {
    let touching = "show(sphere(0.5).translate([-0.5, 0, 0]) | sphere(0.5).translate([0.5, 0, 0]));";
    let folder = Folder::new("certify").with("blend.rhai", BLEND).with("touching.rhai", touching);
    let folder = folder.with("ball.rhai", "show(sphere(0.6));");
    let json =
        folder.run("mesh blend.rhai -o blend.stl --resolution 24 --time 0.4 --certify --json").ends(0).json();
    assert_eq!((&json["certificate"]["proven"], &json["pieces"]), (&true.into(), &1.into()));
    let said = folder.run("mesh blend.rhai -o blend.stl --resolution 24 --time 0.4 --certify").ends(0).err;
    assert!(said.contains("proven: the surface has these pieces"), "{said}");
    let said = folder.run("mesh ball.rhai -o ball.stl --resolution 24 --certify").ends(0).err;
    assert!(said.contains("farther than"), "{said}");
    let json = folder.run("mesh touching.rhai -o two.stl --resolution 24 --certify --json").ends(1).json();
    let open = &json["certificate"]["open"][0];
    let middle = open[0][0].as_f64().unwrap() + open[1][0].as_f64().unwrap();
    assert!(json["certificate"]["proven"] == false && middle.abs() < 0.1, "{json}");
    let said = folder.run("mesh touching.rhai -o two.stl --resolution 24 --certify").ends(1).err;
    assert!(said.contains("not proven"), "{said}");
}

#[test]
fn what_is_baked_is_read_back() {
    let folder = Folder::new("bake").with("blend.rhai", BLEND);
    let ran = folder.run("bake blend.rhai -o blend.npy --resolution 41 --time 0.4 --set r=0.6").ends(0);
    assert_eq!(ran.out, "grid(\"blend.npy\", [-1, -2, -1], [1, 2, 1])\n");
    assert!(ran.err.contains("blend.npy is written"), "{}", ran.err);
    let (values, shape) = array(&folder.read("blend.npy"));
    assert_eq!((values.len(), shape.as_str()), (21 * 41 * 21, "21, 41, 21"));
    let truth = blend().with_parameters(&[("r", 0.6)]).unwrap();
    let scene = format!("show({});", ran.out.trim());
    std::fs::write(folder.0.join("again.rhai"), scene).unwrap();
    let again = fieldgrad::scene::Scene::from_file(folder.0.join("again.rhai")).unwrap();
    for (n, &value) in values.iter().enumerate().step_by(7) {
        let at = [n / 861, n / 21 % 41, n % 21].map(|n| n as f64 * 0.1);
        let at = [at[0] - 1.0, at[1] - 2.0, at[2] - 1.0, 0.4];
        let wanted = truth.value_at(at).unwrap();
        assert!((f64::from(value) - wanted).abs() < 2e-6, "{value} at {at:?}, not {wanted}");
        let found = again.field().value_at(at).unwrap();
        assert!((found - wanted).abs() < 3e-6, "{found} at {at:?}, not {wanted}");
    }
    // In between, as near as a spline through such samples is: where the field does not bend sharply.
    let between = [0.93, -1.37, 0.61, 0.4];
    let off = again.field().value_at(between).unwrap() - truth.value_at(between).unwrap();
    assert!(off.abs() < 5e-4, "{off}");
    // The same on one thread; as JSON; and pictures of it are made as of any scene.
    folder.run("bake blend.rhai -o one.npy --resolution 41 --time 0.4 --set r=0.6 --threads 1").ends(0);
    assert_eq!(folder.read("one.npy"), folder.read("blend.npy"));
    let json = folder.run("bake blend.rhai -o two.npy --bounds -1,-1,-1,1,1,1 --json").ends(0).json();
    assert_eq!(
        (&json["shape"], &json["upper"]),
        (&serde_json::json!([64, 64, 64]), &serde_json::json!([1.0, 1.0, 1.0]))
    );
    assert_eq!(json["call"], "grid(\"two.npy\", [-1, -1, -1], [1, 1, 1])");
    folder.run("render again.rhai -o again.png --size 60x40").ends(0);
}

#[test]
fn what_moves_is_baked_over_time() {
    let folder =
        Folder::new("bake_moving").with("ball.rhai", "show(sphere(0.5).translate([0.4 * sin(t), 0, 0]));");
    let ran = folder.run("bake ball.rhai -o ball.npy --resolution 24 --from 0 --to 3 --frames 13").ends(0);
    let (values, shape) = array(&folder.read("ball.npy"));
    assert_eq!(shape.split(", ").collect::<Vec<_>>()[..2], ["13", "24"], "{shape}");
    assert!(ran.out.starts_with("grid(\"ball.npy\", [-") && ran.out.trim().ends_with(", 3])"), "{}", ran.out);
    assert!(ran.out.len() < 80, "a box in few digits: {}", ran.out);
    assert!(values.iter().all(|value| value.is_finite()));
    std::fs::write(folder.0.join("again.rhai"), format!("show({});", ran.out.trim())).unwrap();
    let ball = fieldgrad::scene::Scene::from_file(folder.0.join("ball.rhai")).unwrap();
    let again = fieldgrad::scene::Scene::from_file(folder.0.join("again.rhai")).unwrap();
    for at in [[0.6, 0.1, 0.2, 0.0], [-0.1, 0.3, 0.4, 1.1], [0.9, 0.1, 0.1, 1.6], [0.3, -0.4, 0.2, 2.9]] {
        let (truth, found) = (ball.field().gradient_at(at).unwrap(), again.field().gradient_at(at).unwrap());
        let off = again.field().value_at(at).unwrap() - ball.field().value_at(at).unwrap();
        assert!(off.abs() < 3e-3, "{off} at {at:?}");
        (0..4).for_each(|i| assert!((truth[i] - found[i]).abs() < 0.1, "{found:?} at {at:?}, not {truth:?}"));
    }
}

#[test]
fn what_cannot_be_baked_or_read_is_said() {
    let folder = Folder::new("bake_wrong")
        .with("blend.rhai", BLEND)
        .with("plane.rhai", "show(plane([0, 1, 0], 0));")
        .with("root.rhai", "show(sphere(1) + sqrt(x));")
        .with("grid.rhai", "let a = 1;\nshow(grid(\"nowhere.npy\"));");
    let cases = [
        ("bake blend.rhai -o a.csv", "a.csv: must end in .npy"),
        ("bake blend.rhai -o a.npy --resolution 1", "1 is less than 2"),
        (
            "bake blend.rhai -o a.npy --resolution 2000",
            "1001×2000×1001 samples are more than the 67108864 that a scene reads",
        ),
        ("bake blend.rhai -o a.npy --resolution 400 --frames 9", "×9 samples are more than"),
        ("bake blend.rhai -o a.npy --from 2 --to 1", "not from 2 to 1"),
        ("bake blend.rhai -o a.npy --from 0 --to 1 --time 0", "what moves has no one --time"),
        ("bake blend.rhai -o a.npy --bounds 0,0,0,1,1", "a box has two corners, 6 numbers, not 5"),
        ("bake blend.rhai -o a.npy --bounds 0,0,0,1,1,0", "is no box"),
        ("bake plane.rhai -o a.npy", "unbounded"),
        (
            "bake root.rhai -o a.npy --bounds -1,-1,-1,1,1,1",
            "root.rhai:1:18: at (x, y, z, t) = (-1, -1, -1, 0), the value is NaN first at sqrt(-1)",
        ),
        ("bake nowhere.rhai -o a.npy", "nowhere.rhai: there is no such file"),
        (
            "info grid.rhai",
            "grid.rhai:2:6: grid: there is no file nowhere.npy to read\n 2 | show(grid(\"nowhere.npy\"));",
        ),
    ];
    for (arguments, wanted) in cases {
        let said = folder.run(arguments).error();
        assert!(said.contains(wanted), "{arguments}: {said}");
    }
    assert_eq!(folder.files(), ["blend.rhai", "grid.rhai", "plane.rhai", "root.rhai"]);
}
