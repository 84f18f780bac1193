//! How far surfaces are apart: against what is known in closed form, and the command.

#[path = "support/command.rs"]
mod support;

use fieldgrad::mesh::{Comparing, Comparison, Deviation, Distance, Mesh};
use support::Folder;

/// A box between two corners, its triangles facing out.
fn cuboid(low: [f64; 3], high: [f64; 3]) -> Mesh {
    let vertex = |n: u32| std::array::from_fn(|axis| if n >> axis & 1 == 0 { low[axis] } else { high[axis] });
    let quads = [[0, 4, 6, 2], [1, 3, 7, 5], [0, 1, 5, 4], [2, 6, 7, 3], [0, 2, 3, 1], [4, 5, 7, 6]];
    let triangles = quads.iter().flat_map(|&[a, b, c, d]| [[a, b, c], [a, c, d]]).collect();
    let mesh = Mesh::new((0..8).map(vertex).collect(), triangles).unwrap();
    assert!(mesh.is_closed_manifold() && mesh.volume() > 0.0);
    mesh
}

fn compared(first: &Mesh, second: &Mesh) -> Comparison {
    let [first, second] = [first, second].map(|mesh| Distance::of(mesh).unwrap());
    let options = Comparing::default().samples(20_000).resolution(64).within(0.12).seed(1);
    Comparison::of(&first, &second, &options).unwrap()
}

#[test]
fn boxes_in_boxes_are_as_far_apart_as_they_are() {
    let (inner, outer) = (cuboid([-0.5; 3], [0.5; 3]), cuboid([-0.6; 3], [0.6; 3]));
    let found = compared(&inner, &outer);
    // From inside to outside it is 0.1 everywhere; back it is √0.03 at the corners.
    assert!((found.there.mean.value - 0.1).abs() < 1e-12 && found.there.mean.error < 1e-12);
    assert!(found.there.largest[0] <= 0.1 && found.there.largest[1] < 0.1 + 1e-3);
    let [low, high] = found.hausdorff();
    assert!(low <= 0.03f64.sqrt() && 0.03f64.sqrt() <= high && high - low < 2e-4, "{low} {high}");
    // The mean over an outer face, by a sum over its quarter, and how much of it is nearer than 0.12.
    const STEPS: usize = 600;
    let beyond = |n: usize| (0.6 * (n as f64 + 0.5) / STEPS as f64 - 0.5).max(0.0);
    let all = (0..STEPS * STEPS).map(|n| {
        let [u, v] = [n % STEPS, n / STEPS].map(beyond);
        (0.01 + u * u + v * v).sqrt()
    });
    let (mut mean, mut near) = (0.0, 0.0);
    for distance in all {
        mean += distance / (STEPS * STEPS) as f64;
        near += f64::from(u8::from(distance <= 0.12)) / (STEPS * STEPS) as f64;
    }
    assert!(found.back.mean.allows(mean), "{:?} and {mean}", found.back.mean);
    assert!(found.back.within.allows(near), "{:?} and {near}", found.back.within);
    assert!(found.chamfer().allows((mean + 0.1) / 2.0));
    assert!(found.fscore().allows(2.0 * near / (1.0 + near)), "{:?}", found.fscore());
    assert!(found.overlap.unwrap().allows(1.0 / 1.2f64.powi(3)), "{:?}", found.overlap);
    assert!(found.overlap.unwrap().error < 0.01);
}

#[test]
fn a_surface_is_not_apart_from_itself() {
    let mesh = cuboid([0.0; 3], [1.0, 2.0, 3.0]);
    let found = compared(&mesh, &mesh);
    assert!(found.hausdorff()[1] < 1e-9 && found.chamfer().value < 1e-12);
    assert_eq!((found.fscore().value, found.overlap.unwrap().value), (1.0, 1.0));
    assert!(found.normals.value > 0.999);
    let whole = Distance::of(&mesh).unwrap();
    assert!(Comparison::of(&whole, &whole, &Comparing::default().samples(1)).is_err(), "no mean of one");
    // Moved by half its width, it has a third of the union in common.
    let moved = compared(&mesh, &cuboid([0.5, 0.0, 0.0], [1.5, 2.0, 3.0]));
    assert!(moved.overlap.unwrap().allows(1.0 / 3.0), "{:?}", moved.overlap);
    assert!(moved.hausdorff()[0] <= 0.5 && 0.5 <= moved.hausdorff()[1]);
}

/// The farthest point of a large triangle is far from its corners: bounds find it, and samples are within them.
#[test]
fn the_farthest_point_is_within_a_triangle() {
    let sheet =
        Mesh::new(vec![[-2.0, -2.0, 0.0], [2.0, -2.0, 0.0], [0.0, 3.0, 0.0]], vec![[0, 1, 2]]).unwrap();
    // Three small triangles below the corners: the farthest point is where the circles about them meet.
    let small = |[x, y, _]: [f64; 3]| [[x, y, -0.1], [x + 1e-3, y, -0.1], [x, y + 1e-3, -0.1]];
    let vertices: Vec<[f64; 3]> = sheet.vertices.iter().flat_map(|&vertex| small(vertex)).collect();
    let corners = Mesh::new(vertices, vec![[0, 1, 2], [3, 4, 5], [6, 7, 8]]).unwrap();
    let found = compared(&sheet, &corners);
    assert!(found.overlap.is_none());
    let there = found.there.largest;
    // The circle through the corners has radius 2.9: 29/10 for legs √29 and base 4.
    let middle = (2.9f64 * 2.9 + 0.01).sqrt();
    assert!(
        there[0] <= middle && middle - 2e-3 <= there[1] && there[1] - there[0] < 1e-3,
        "{there:?} and {middle}"
    );
    let surface = Distance::of(&corners).unwrap();
    let points: Vec<[f64; 3]> = (0..1000).map(|n| [0.0, 5.0 * f64::from(n) / 1000.0 - 2.0, 0.0]).collect();
    let sampled = Deviation::of_points(&points, &surface, 0.2).unwrap();
    assert!(sampled.largest[0] <= there[1] && sampled.within.value < 0.2);
}

#[test]
fn the_command_compares_meshes_scenes_and_points() {
    let folder = Folder::new("compare")
        .with("ball.rhai", "show(sphere(1));\n")
        .with("small.rhai", "show(sphere(0.9));\n")
        .with("on.csv", "x,y,z\n1.1,0,0\n0,-1.1,0\n0,0,1.1\n")
        .with("open.obj", "v 0 0 0\nv 1 0 0\nv 0 1 0\nf 1 2 3\n");
    folder.run("mesh ball.rhai -o ball.stl --resolution 48 --quiet").ends(0);
    let found =
        folder.run("compare small.rhai ball.stl --resolution 48 --samples 5000 --json").ends(0).json();
    let number = |path: &str| found.pointer(path).and_then(|value| value.as_f64()).unwrap();
    assert!((number("/chamfer/value") - 0.1).abs() < 0.005, "{found}");
    assert!((number("/iou/value") - 0.729).abs() < 0.01 && number("/fscore/value") == 0.0);
    assert!(number("/hausdorff/0") <= number("/hausdorff/1") && number("/hausdorff/1") < 0.11);
    let said = folder.run("compare small.rhai ball.stl --resolution 48 --samples 5000").ends(0).out;
    assert!(
        ["chamfer", "hausdorff", "iou", "normals", "fscore"].iter().all(|word| said.contains(word)),
        "{said}"
    );
    let points = folder.run("compare on.csv ball.stl --within 0.2 --json").ends(0).json();
    assert_eq!(points["points"], 3);
    assert!((points["there"]["mean"]["value"].as_f64().unwrap() - 0.1).abs() < 0.005);
    let open = folder.run("compare ball.stl open.obj --samples 500 --json").ends(0).json();
    assert!(open["iou"].is_null());
    for (arguments, why) in [
        ("on.csv on.csv", "both are points"),
        ("ball.stl nowhere.obj", "nowhere.obj: there is no such file"),
        ("ball.stl none", "there is no scene \"none\""),
    ] {
        let said = folder.run(&format!("compare {arguments}")).error();
        assert!(said.contains(why), "{said}");
    }
}
