//! `settle`, run as users run it: what scenes state, where it rests, and what is refused.

#[path = "support/command.rs"]
mod support;

use support::Folder;

/// A ball in the hollow of three others.
const HOLLOW: &str = "let r = param(\"r\", 0.2, 0.1, 0.4);\n\
    let apart = param(\"apart\", 0.35); // of each of the three from the middle\n\
    let at = param(\"ball\", [0.01, 0.9, 0.02]); // of the one that lies on them\n\
    let three = union([0, 1, 2].map(|n| sphere(0.3).translate([apart * cos(n * 2 * PI / 3), 0, apart * sin(n * 2 * PI / 3)])));\n\
    energy(9.81 * at.y);\n\
    contact(remap(three, at.x, at.y, at.z, 0) - r);\n\
    settles(\"ball\");\n\
    show(three);\n\
    show(sphere(r).translate(at));\n";

#[test]
fn a_scene_is_written_as_it_rests() {
    let folder = Folder::new("settle").with("hollow.rhai", HOLLOW);
    let ran = folder.run("settle hollow.rhai -o rest.rhai").ends(0);
    assert!(ran.out.contains("stable: it comes back") && ran.out.contains("dball.y/dr = "), "{}", ran.out);
    let text = folder.text("rest.rhai");
    let scene = fieldgrad::scene::Scene::from_text(&text, "rest.rhai").unwrap();
    let height = (0.25f64 - 0.1225).sqrt();
    assert!((scene.value_of("ball.y").unwrap() - height).abs() < 1e-12, "{text}");
    assert!(scene.value_of("ball.x").unwrap().abs() < 1e-12 && scene.value_of("r") == Some(0.2));
    assert!(text.contains("// of the one that lies on them"), "{text}");
    let json = folder.run("settle hollow.rhai --json --set r=0.3").ends(0).json();
    let height = (0.36f64 - 0.1225).sqrt();
    assert_eq!((&json["settled"], &json["stability"]), (&true.into(), &"stable".into()));
    let number = |value: &serde_json::Value| value.as_f64().unwrap();
    assert!((number(&json["at"]["ball.y"]) - height).abs() < 1e-12, "{json}");
    assert!((number(&json["derivatives"]["r"]["ball.y"]) - 0.6 / height).abs() < 1e-9, "{json}");
    assert!((number(&json["derivatives"]["apart"]["ball.y"]) + 0.35 / height).abs() < 1e-9, "{json}");
    // Pushes add up to the weight: each ball pushes along its own way.
    assert!(number(&json["pushes"][0]["push"]) > 9.81, "{json}");
    // The scene of the gallery rests where it says.
    let ran = folder.run("settle trough").ends(0);
    assert!(ran.out.contains("\nstable") && ran.out.contains("dred.x/dtilt = "), "{}", ran.out);
    let scene = fieldgrad::scene::GALLERY.iter().find(|own| own.name == "trough").unwrap().scene().unwrap();
    for line in ran.out.lines().filter(|line| line.contains(" = ") && !line.starts_with('d')) {
        let (name, value) = line.split_once(" = ").unwrap();
        let value: f64 = value.split(',').next().unwrap().parse().unwrap();
        assert!((scene.value_of(name).unwrap() - value).abs() < 1e-4, "{line}");
    }
}

#[test]
fn what_does_not_stay_is_said_not_to() {
    let rod = |stiff: f64| {
        format!(
            "let u = param(\"u\", 0);\nlet k = param(\"k\", {stiff});\nenergy(0.5 * k * u * u);\nenergy(2 * cos(u));\n\
             settles(\"u\");\nshow(capsule([0, 0, 0], [sin(u), cos(u), 0], 0.1));\n"
        )
    };
    let folder = Folder::new("settle_not").with("weak.rhai", rod(1.0)).with("stiff.rhai", rod(3.0));
    assert!(folder.run("settle stiff.rhai").ends(0).out.contains("\nstable"));
    let ran = folder.run("settle weak.rhai").ends(1);
    assert!(ran.out.contains("not stable: it leaves along u by 1.000"), "{}", ran.out);
}

#[test]
fn what_cannot_settle_ends_with_a_line_that_says_why() {
    let scene = |more: &str| {
        format!(
            "let z = param(\"z\", 1);\nlet r = param(\"r\", 0.5);\n{more}\nshow(sphere(r).translate([0, z, 0]));\n"
        )
    };
    let folder = Folder::new("settle_wrong");
    let run = |more: &str| {
        std::fs::write(folder.0.join("wrong.rhai"), scene(more)).unwrap();
        folder.run("settle wrong.rhai -o out.rhai")
    };
    for (more, says) in [
        ("energy(z); settles(\"z\");", "the energy falls without end: nothing holds z"),
        ("energy(1 / z); settles(\"z\");", "nothing was found to rest"),
        (
            "energy(z); settles(\"z\"); contact(z - r); contact(-1 - z);",
            "wrong.rhai:3:42: is to be 0 or more",
        ),
    ] {
        let ran = run(more).ends(1);
        assert!(ran.err.contains(says) && ran.out.is_empty(), "{more}: {}", ran.err);
    }
    for (more, says) in [
        ("settles(\"z\");", "wrong.rhai: the scene states no energy that falls, as energy(9.81 * z) does"),
        ("energy(z);", "wrong.rhai: the scene does not say what settles"),
        ("energy(z); settles(\"zz\");", "wrong.rhai:3:12: there is no parameter \"zz\""),
        (
            "energy(z); settles(\"r\");",
            "wrong.rhai:3:12: neither the energy nor any contact depends on \"r\"",
        ),
        ("energy(x + z); settles(\"z\");", "energy: the expression depends on x"),
        (
            "energy(2); settles(\"z\");",
            "energy needs what a fit can change, and 2 is the same whatever it does",
        ),
        (
            "energy(sqrt(z - 5)); settles(\"z\");",
            "wrong.rhai:3:1: the energy is NaN here, not a finite number",
        ),
        ("energy(z); settles(\"z\"); contact(sphere(1));", "contact: the expression depends on x"),
    ] {
        let said = run(more).error();
        assert!(said.contains(says), "{more}: {said}");
    }
    std::fs::write(folder.0.join("wrong.rhai"), scene("energy(z); settles(\"z\"); contact(z);")).unwrap();
    assert!(folder.run("settle wrong.rhai -o out.obj").error().contains("out.obj"));
    assert!(!folder.files().contains(&"out.rhai".to_string()), "{:?}", folder.files());
}
