//! The pages in `docs/`: what they show is true.

use fieldgrad::scene::Scene;
use fieldgrad::sense::{Clock, Recording};

/// The fenced blocks of a page, each with the words after its fence.
fn blocks(page: &str) -> Vec<(String, String)> {
    let mut found = Vec::new();
    let mut lines = page.lines();
    while let Some(line) = lines.next() {
        if let Some(language) = line.strip_prefix("```") {
            let text = lines.by_ref().take_while(|line| *line != "```").map(|line| format!("{line}\n"));
            found.push((language.to_string(), text.collect()));
        }
    }
    found
}

#[test]
fn every_step_of_the_tutorial_is_a_scene() {
    let mut steps = 0;
    let mut mistake = None;
    for (language, text) in blocks(include_str!("../docs/tutorial.md")) {
        let read = Scene::from_text(&text, "first.rhai");
        match language.as_str() {
            "rhai" => {
                let scene = read.unwrap_or_else(|error| panic!("{text}\n{error}"));
                let times = [0.0, 1.0, 2.5];
                let is_there = |t: f64| scene.field().value_at([0.0, -0.55, 0.0, t]).unwrap() < 0.0;
                assert!(times.into_iter().all(is_there), "{text}");
                steps += 1;
            }
            "rhai mistake" => mistake = Some(read.unwrap_err().to_string()),
            "text" => assert_eq!(mistake.take().expect("a mistake first"), text.trim_end()),
            other => panic!("what is a block of {other:?}?"),
        }
    }
    assert_eq!(mistake, None, "a mistake is not explained");
    assert_eq!(steps, 8);
    let last =
        blocks(include_str!("../docs/tutorial.md")).into_iter().rfind(|(language, _)| language == "rhai");
    let scene = Scene::from_text(&last.unwrap().1, "first.rhai").unwrap();
    assert_eq!((scene.parameters().len(), scene.lights().len(), scene.objects().len()), (2, 2, 2));
    assert!(scene.camera().is_some() && scene.bounds().is_some());
}

#[test]
fn what_pages_lead_to_is_there() {
    let root = std::path::Path::new(env!("CARGO_MANIFEST_DIR"));
    for page in [
        "README.md",
        "ARCHITECTURE.md",
        "docs/tutorial.md",
        "docs/reference.md",
        "docs/differentiable.md",
        "docs/networks.md",
        "docs/inside.md",
        "docs/measured.md",
        "docs/atomic_to_embodied.md",
    ] {
        let text = std::fs::read_to_string(root.join(page)).unwrap();
        let links = text.split("](").skip(1).map(|rest| rest.split(')').next().unwrap());
        for link in links.filter(|link| !link.contains("://") && !link.starts_with('#')) {
            let target = root.join(page).with_file_name("").join(link);
            assert!(target.exists(), "{page} leads to {link}, which is not there");
        }
    }
}

#[test]
fn what_the_page_on_bodies_says_of_probes_plays() {
    for (language, text) in blocks(include_str!("../docs/atomic_to_embodied.md")) {
        assert_eq!(language, "rhai");
        let scene = Scene::from_text(&text, "felt.rhai").unwrap_or_else(|error| panic!("{error}"));
        let recording = Recording::of(&scene, &Clock::new(0.0, 8.0, 100.0).unwrap()).unwrap();
        assert!(recording.faults.is_empty());
        // The timbre does change: ∇f is shorter than 1 in the blend, and is not elsewhere.
        let brightness = &recording.probe("p").unwrap().track("tone.brightness").unwrap().values;
        let most = brightness.iter().copied().fold(0.0, f64::max);
        assert!(brightness[0] < 1e-9 && most > 0.2, "{most}");
    }
}
