//! Meshes in scenes: `mesh("part.obj")`, what it gives, and what it says of files it cannot read.

use fieldgrad::prelude::*;
use std::path::PathBuf;

/// A folder of its own, removed when it is dropped.
struct Folder(PathBuf);

impl Folder {
    fn new(name: &str) -> Folder {
        let path = std::env::temp_dir().join(format!("fieldgrad_mesh_{name}_{}", std::process::id()));
        std::fs::create_dir_all(&path).unwrap();
        Folder(path)
    }

    fn with(self, name: &str, text: &str) -> Folder {
        std::fs::write(self.0.join(name), text).unwrap();
        self
    }

    fn scene(&self, script: &str) -> Result<Scene> {
        let path = self.0.join("scene.rhai");
        std::fs::write(&path, script).unwrap();
        Scene::from_file(&path)
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        let _ = std::fs::remove_dir_all(&self.0);
    }
}

/// A tetrahedron whose edges at the origin are 1 long.
const TETRAHEDRON: &str = "v 0 0 0\nv 1 0 0\nv 0 1 0\nv 0 0 1\nf 1 3 2\nf 1 2 4\nf 1 4 3\nf 2 3 4\n";

#[test]
fn a_mesh_is_a_shape_of_a_scene() {
    let folder = Folder::new("shape").with("part.obj", TETRAHEDRON);
    let scene = folder
        .scene("show(mesh(\"part.obj\").smooth_union(sphere(0.2).translate([2, 0, 0]), 0.1));")
        .unwrap();
    let field = scene.field();
    assert_eq!(field.value_at([-3.0, 0.0, -4.0, 0.0]).unwrap(), 5.0);
    assert!((field.value_at([0.2, 0.1, 0.2, 0.0]).unwrap() + 0.1).abs() < 1e-15);
    assert!(field.to_string().contains("mesh"));
    let plain = folder.scene("show(\"part\".mesh());").unwrap();
    let gradient = plain.field().gradient_at([-3.0, 0.0, -4.0, 0.0]).unwrap();
    assert!((gradient[0] + 0.6).abs() < 1e-15 && (gradient[2] + 0.8).abs() < 1e-15, "{gradient:?}");
}

#[test]
fn points_with_normals_are_a_shape_of_a_scene() {
    // On a cube's faces.
    let mut text = String::from("x,y,z,nx,ny,nz\n");
    for face in 0..6 {
        let (axis, side) = (face / 2, if face % 2 == 0 { 1.0 } else { -1.0 });
        for n in 0..100 {
            let mut row = [0.0; 6];
            row[axis] = side;
            row[(axis + 1) % 3] = f64::from(n / 10) * 0.2 - 0.9;
            row[(axis + 2) % 3] = f64::from(n % 10) * 0.2 - 0.9;
            row[3 + axis] = side;
            text += &format!("{}\n", row.map(|x| x.to_string()).join(","));
        }
    }
    let folder = Folder::new("points").with("scan.csv", &text).with("bare.xyz", "0 0 0\n1 0 0\n");
    let field = folder.scene("show(points(\"scan.csv\").difference(sphere(0.2)));").unwrap().field().clone();
    assert!((field.value_at([0.0, 0.1, 1.4, 0.0]).unwrap() - 0.4).abs() < 1e-3);
    assert!((field.value_at([0.0, 0.1, 0.7, 0.0]).unwrap() + 0.3).abs() < 1e-3);
    assert!(field.value_at([0.1, 0.0, 0.0, 0.0]).unwrap() > 0.0);
    let mesh = field
        .extract(
            &fieldgrad::mesh::Extraction::default().resolution(12).bounds(Bounds::new([-1.3; 3], [1.3; 3])),
        )
        .unwrap()
        .mesh;
    assert!(mesh.is_closed_manifold() && (mesh.volume() - 8.0).abs() < 0.5, "{}", mesh.volume());
    let smooth = folder.scene("show(points(\"scan.csv\", 0.5));").unwrap().field().clone();
    let [plain, rounder] = [&field, &smooth].map(|field| field.value_at([1.0, 0.0, 0.7, 0.0]).unwrap());
    assert!(plain.abs() < 0.02 && rounder < plain - 0.02, "{plain} and {rounder}");
    for (call, message) in [
        ("points(\"bare.xyz\")", "bare.xyz: points without normals have no sides"),
        ("points(\"scan.csv\", 0)", "scan.csv: points are smoothed over a radius above 0, not 0"),
        ("points(\"scan.csv\", x)", "points: the radius"),
        ("points(\"scan.obj\")", "scan.obj"),
    ] {
        let error = folder.scene(&format!("show({call});")).unwrap_err().to_string();
        assert!(error.contains(message), "{call}: {error}");
    }
}

#[test]
fn what_cannot_be_read_is_said_at_its_place() {
    let folder = Folder::new("wrong")
        .with("empty.obj", "v 0 0 0\n")
        .with("bad.obj", "v 0 0 0\nf 1 2 3\n")
        .with("a.txt", "");
    let cases = [
        ("mesh(\"nowhere.obj\")", "mesh: there is no file nowhere.obj to read"),
        ("mesh(\"../part.obj\")", "only files in the scene's folder and below can"),
        ("mesh(\"empty.obj\")", "mesh: empty.obj: has no faces"),
        ("mesh(\"bad.obj\")", "mesh: bad.obj:2:1: vertex 2 is not there: there is 1"),
        ("mesh(\"a.txt\")", "mesh: a.txt: is none of .obj, .stl, .ply, .glb, .gltf and .3mf"),
    ];
    for (call, problem) in cases {
        let said = folder.scene(&format!("let a = 1;\nshow({call});")).unwrap_err().to_string();
        let said = said.replace(&format!("{}/", folder.0.display()), "");
        assert!(said.starts_with("scene.rhai:2:6: "), "{said}");
        assert!(said.contains(problem), "{said}");
    }
}
