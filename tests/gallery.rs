//! The gallery: every scene is finite and whole within the bounds it gives, and together they use the whole language.

use fieldgrad::prelude::*;
use fieldgrad::scene::{GALLERY, PARTS, Scene, words};
use fieldgrad::tape::{Coordinates, Machine};
use rayon::prelude::*;

/// Times of a scene that no motion is special at.
fn times(scene: &Scene) -> impl Iterator<Item = f64> {
    let timeline = scene.timeline();
    [0.0, 0.137, 0.389, 0.618, 0.871]
        .into_iter()
        .map(move |part| timeline.from + part * (timeline.to - timeline.from))
}

/// The n-th point of a sequence that fills the box: multiples of powers of the plastic number's kin (M. Roberts, 2018).
fn point(bounds: &Bounds, n: usize) -> [f64; 3] {
    let size = bounds.size();
    std::array::from_fn(|i| {
        let part = (0.5 + n as f64 * [0.8191725133961645, 0.671043606703789, 0.5497004779019703][i]).fract();
        bounds.min[i] + part * size[i]
    })
}

#[test]
fn every_scene_is_finite_and_has_a_surface_within_its_bounds() {
    GALLERY.par_iter().for_each(|exhibit| {
        let scene = exhibit.scene().unwrap_or_else(|error| panic!("{error}"));
        let bounds = scene.bounds().unwrap_or_else(|| panic!("{} gives no bounds", exhibit.name));
        let tape = scene.field().tape().unwrap();
        let mut machine: Machine<Dual<f64>> = Machine::new(&tape);
        for t in times(&scene) {
            let (mut inside, mut outside) = (0, 0);
            for n in 0..1500 {
                let [px, py, pz] = point(&bounds, n);
                let f = &machine.at(Dual::variables([px, py, pz, t]))[0];
                let at = format!("{} at ({px}, {py}, {pz}, {t})", exhibit.name);
                assert!(f.value.is_finite() && f.slope.iter().all(|slope| slope.is_finite()), "{at}: {f:?}");
                if f.value < 0.0 { inside += 1 } else { outside += 1 }
            }
            assert!(inside > 0 && outside > 0, "{} at {t}: {inside} inside, {outside} outside", exhibit.name);
        }
    });
}

/// A surface that is cut off by the bounds would be seen on their faces.
#[test]
fn no_scene_reaches_the_faces_of_its_bounds() {
    const SIDE: usize = 60;
    GALLERY.par_iter().for_each(|exhibit| {
        let scene = exhibit.scene().unwrap();
        let bounds = scene.bounds().unwrap();
        let tape = scene.field().tape().unwrap();
        let corner = |axis: usize, part: f64| bounds.min[axis] + part * bounds.size()[axis];
        for axis in 0..3 {
            let mut points: [Vec<f32>; 3] = Default::default();
            for (side, i, j) in (0..2 * SIDE * SIDE).map(|n| (n % 2, n / 2 % SIDE, n / 2 / SIDE)) {
                let part = |k: usize| (k as f64 + 0.5) / SIDE as f64;
                points[axis].push(corner(axis, side as f64) as f32);
                points[(axis + 1) % 3].push(corner((axis + 1) % 3, part(i)) as f32);
                points[(axis + 2) % 3].push(corner((axis + 2) % 3, part(j)) as f32);
            }
            for t in times(&scene) {
                let all = Coordinates::from(points.each_ref().map(Vec::as_slice)).at_time(t as f32);
                let values = tape.eval_f32(all).remove(0);
                let inside = values.iter().position(|value| *value < 0.0);
                let place = inside.map(|n| points.each_ref().map(|axis| axis[n]));
                assert_eq!(place, None, "{} is inside the solid there, at t = {t}", exhibit.name);
            }
        }
    });
}

#[test]
fn every_scene_can_be_looked_at_at_every_time() {
    for exhibit in GALLERY {
        let scene = exhibit.scene().unwrap();
        let camera = scene.camera().unwrap_or_else(|| panic!("{} has no camera", exhibit.name));
        for t in times(&scene) {
            camera.at(t).unwrap_or_else(|error| panic!("{}: {error}", exhibit.name));
            scene.background().at(t).unwrap();
            assert!(scene.lights().iter().all(|light| light.at(t).is_ok()), "{}", exhibit.name);
        }
        assert!(!scene.parameters().is_empty(), "{} has nothing to turn", exhibit.name);
        assert!(scene.printed().is_empty(), "{} prints", exhibit.name);
    }
    assert!(GALLERY.len() >= 24);
}

/// The names that a script calls: those before a parenthesis, outside of comments and texts.
fn called(script: &str) -> Vec<String> {
    let code =
        script.lines().map(|line| line.split("//").next().unwrap_or_default()).collect::<Vec<_>>().join("\n");
    let code: String = code.split('"').step_by(2).collect::<Vec<_>>().join("\"\"");
    let is_letter = |c: char| c.is_alphanumeric() || c == '_';
    let before = code.match_indices('(').map(|(at, _)| &code[..at]);
    let name = |before: &str| before.rsplit(|c| !is_letter(c)).next().unwrap_or_default().to_string();
    before.map(name).filter(|name| !name.is_empty()).collect()
}

/// Names only Rust needs, which has no overloading: scenes give the first name the further arguments.
const OVERLOADS: [&str; 4] = ["smooth_min_kind", "smooth_max_kind", "repeat_count", "warp_time"];

/// What makes fields of files beside a scene, which the gallery has none of.
const OF_FILES: [&str; 4] = ["grid", "mesh", "neural", "points"];

#[test]
fn the_gallery_uses_the_whole_language() {
    let used: Vec<String> = GALLERY.iter().chain(PARTS).flat_map(|exhibit| called(exhibit.text)).collect();
    let words = words();
    let unused: Vec<&str> = words
        .iter()
        .map(|word| word.name)
        .filter(|name| {
            !OVERLOADS.contains(name) && !OF_FILES.contains(name) && !used.iter().any(|used| used == name)
        })
        .collect();
    assert!(unused.is_empty(), "no scene calls {}", unused.join(", "));
    assert!(OVERLOADS.iter().all(|name| words.iter().any(|word| word.name == *name)));
    assert_eq!(called("let a = f (1) + g(\"h(\"); // i(\nj(2)"), ["g", "j"]);
}

/// What the gallery is there to show.
#[test]
fn a_thousand_shapes_and_all_that_moves_are_among_them() {
    let text = |name: &str| GALLERY.iter().find(|exhibit| exhibit.name == name).unwrap().text;
    assert!(text("phyllotaxis").contains("let count = 1000;"));
    assert!(text("arithmetic").contains("x*x + y*y - 1"));
    let still: Vec<&str> = GALLERY
        .iter()
        .filter(|exhibit| exhibit.scene().unwrap().timeline().to == 0.0)
        .map(|exhibit| exhibit.name)
        .collect();
    assert!(still.len() * 2 < GALLERY.len(), "most scenes move; these stand still: {still:?}");
}
