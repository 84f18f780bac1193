//! `fit` to pictures with their cameras: silhouettes and depth images that a transforms.json lists.

#[path = "support/command.rs"]
mod support;

use fieldgrad::render::march::{self, NOTHING};
use fieldgrad::render::{Image, Lens, Size};
use fieldgrad::scene::Scene;
use serde_json::{Value, json};
use support::Folder;

const PAIR: &str = "let r = param(\"r\", 0.4, 0.1, 1.0);\n\
                    let at = param(\"at\", [0.3, 0.3, 0]);\n\
                    let wide = param(\"wide\", 1.2, 0.1, 3);\n\
                    show(sphere(r).translate(at) | box([wide, 0.6, 0.8]));\n";
const FOUND: [(&str, f64); 5] = [("r", 0.5), ("at.x", 0.4), ("at.y", 0.35), ("at.z", 0.1), ("wide", 1.4)];

fn truth() -> String {
    PAIR.replace("0.4, 0.1", "0.5, 0.1")
        .replace("[0.3, 0.3, 0]", "[0.4, 0.35, 0.1]")
        .replace("1.2, 0.1", "1.4, 0.1")
}

const SIZE: Size = Size { width: 48, height: 32 };
const FOV: f64 = 40.0;

/// Cameras about the origin, with the matrices that lists have of them.
fn cameras(count: u32) -> impl Iterator<Item = (Lens, Value)> {
    (0..count).map(move |n| {
        let height = 1.0 - (2.0 * f64::from(n) + 1.0) / f64::from(count);
        let (angle, wide) = (2.399_963 * f64::from(n), (1.0 - height * height).sqrt());
        let eye = [4.0 * wide * angle.cos(), 4.0 * height, 4.0 * wide * angle.sin()];
        let lens = Lens::pinhole(eye, [0.0; 3], [0.0, 1.0, 0.0], FOV);
        let unit = |way: [f64; 3]| {
            let length = way.iter().map(|x| x * x).sum::<f64>().sqrt();
            way.map(|x| x / length)
        };
        let columns = [unit(lens.right), unit(lens.up), lens.ahead.map(|x| -x), lens.eye];
        let row = |axis: usize| columns.map(|column| column[axis]).to_vec();
        (lens, json!([row(0), row(1), row(2), [0.0, 0.0, 0.0, 1.0]]))
    })
}

fn depths(lens: &Lens) -> Vec<f32> {
    let scene = Scene::from_text(&truth(), "truth.rhai").unwrap();
    march::depths(scene.field(), &Lens { tolerance: 1e-3, ..*lens }, SIZE, 0.0).unwrap()
}

/// A list of so many masks, and of so many depth images besides, in a folder of its own.
fn listed(name: &str, masks: u32, deep: u32) -> Folder {
    let mut folder = Folder::new(name).with("pair.rhai", PAIR);
    let mut frames = Vec::new();
    for (n, (lens, matrix)) in cameras(masks).enumerate() {
        let depths = depths(&lens);
        let pixels = depths.iter().map(|&depth| if depth < NOTHING { [1.0; 3] } else { [0.0; 3] }).collect();
        let picture = Image { width: SIZE.width, height: SIZE.height, pixels };
        folder = folder.with(&format!("mask_{n}.png"), picture.to_png().unwrap());
        frames.push(json!({ "file_path": format!("./mask_{n}"), "transform_matrix": matrix }));
    }
    for (n, (lens, matrix)) in cameras(deep).enumerate() {
        // In thousandths, 0 where nothing is.
        let millimetre = |&depth: &f32| if depth < NOTHING { 1e3 * depth } else { 0.0 };
        let shape = format!("({}, {})", SIZE.height, SIZE.width);
        let head = format!("{{'descr': '<f4', 'fortran_order': False, 'shape': {shape}, }}");
        let head = format!("{head:117}\n");
        let mut bytes =
            [b"\x93NUMPY\x01\x00".as_slice(), &(head.len() as u16).to_le_bytes(), head.as_bytes()].concat();
        bytes.extend(depths(&lens).iter().map(millimetre).flat_map(f32::to_le_bytes));
        folder = folder.with(&format!("depth_{n}.npy"), bytes);
        frames.push(json!({ "depth_file_path": format!("depth_{n}.npy"), "transform_matrix": matrix }));
    }
    let wide = 2.0 * ((0.5 * FOV.to_radians()).tan() * SIZE.width as f64 / SIZE.height as f64).atan();
    folder.with("transforms.json", json!({ "camera_angle_x": wide, "frames": frames }).to_string())
}

fn is_found(folder: &Folder, file: &str, off: f64) {
    let scene = Scene::from_text(&folder.text(file), file).unwrap();
    for (name, wanted) in FOUND {
        let found = scene.value_of(name).unwrap();
        assert!((found - wanted).abs() < off, "{name} = {found}, not {wanted}");
    }
}

#[test]
fn a_scene_is_fitted_to_masks() {
    let folder = listed("masks", 8, 0);
    let ran = folder.run("fit pair.rhai --target transforms.json -o found.rhai --report found.html").ends(0);
    assert!(ran.out.contains("r = 0.") && ran.out.contains(", was 0.4"), "{}", ran.out);
    // A pixel is 0.09 wide there, and masks tell the middles of pixels alone.
    is_found(&folder, "found.rhai", 0.02);
    folder.run("fit pair.rhai --target transforms.json -o again.rhai --threads 1").ends(0);
    assert_eq!(folder.read("again.rhai"), folder.read("found.rhai"));
}

#[test]
fn a_scene_is_fitted_to_depth_images() {
    let folder = listed("depths", 0, 4);
    folder.run("fit pair.rhai --target transforms.json -o found.rhai").ends(0);
    is_found(&folder, "found.rhai", 1e-3);
}

#[test]
fn a_scene_is_fitted_to_both_at_once() {
    let folder = listed("both", 2, 3);
    folder.run("fit pair.rhai --target transforms.json -o found.rhai").ends(0);
    is_found(&folder, "found.rhai", 0.01);
}

#[test]
fn what_is_wrong_with_a_list_is_said() {
    let folder = listed("wrong", 1, 0);
    let good = folder.text("transforms.json");
    let matrix = cameras(1).next().unwrap().1.to_string();
    let photo = Image { width: 2, height: 1, pixels: vec![[1.0, 0.0, 0.0], [0.0; 3]] }.to_png().unwrap();
    let folder = folder.with("photo.png", photo).with("text.png", "text");
    for (text, why) in [
        ("", "EOF while parsing"),
        ("[]", "has no list of `frames`"),
        ("{\"frames\":[]}", "has no frame with a silhouette"),
        (&good.replace("camera_angle_x", "angle"), "frame 0: there is no camera_angle_x and no fl_x"),
        (&good.replace("./mask_0", "other"), "other: there is no such file"),
        (&good.replace("./mask_0", "text.png"), "text.png: this is no PNG picture"),
        (&good.replace("./mask_0", "photo"), "photo.png: is in colours without alpha"),
        (&good.replace(&matrix, "[1, 2]"), "frame 0: the transform_matrix is not four rows"),
        (&good.replace(&matrix, "[[1,0,0,0],[0,1,0,0],[0,0,-1,0]]"), "columns are no right-handed frame"),
        (
            &good.replace("\"file_path\"", "\"time\":true,\"file_path\""),
            "frame 0: time is true, not a number",
        ),
    ] {
        std::fs::write(folder.0.join("transforms.json"), text).unwrap();
        let said = folder.run("fit pair.rhai --target transforms.json -o found.rhai").error();
        assert!(said.contains("transforms.json: ") && said.contains(why), "{said}, not {why}");
    }
    std::fs::write(folder.0.join("transforms.json"), &good).unwrap();
    let said = folder.run("fit --shapes 3 --target transforms.json -o found.rhai").error();
    assert!(said.contains("silhouettes fit the parameters of a SCENE"), "{said}");
    // Nothing of it is seen.
    let away = PAIR.replace("[0.3, 0.3, 0]", "[90, 0, 0]").replace("| box", "& box");
    std::fs::write(folder.0.join("away.rhai"), away).unwrap();
    let said = folder.run("fit away.rhai --target transforms.json -o found.rhai").error();
    assert!(said.contains("nothing depends on any parameter"), "{said}");
    assert!(!folder.files().contains(&"found.rhai".into()));
}
