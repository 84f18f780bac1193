//! Surfaces as meshes: closed, manifold, free of intersections whatever the field; sharp, and on the surface, where it has one.

mod support;

use fieldgrad::mesh::{Dressed, Extracted, Extraction, Format, Mesh};
use fieldgrad::prelude::*;
use fieldgrad::shape::catalogue;
use fieldgrad::tape::Tape;
use proptest::strategy::{Strategy, ValueTree};
use proptest::test_runner::{Config, RngAlgorithm, TestRng, TestRunner};
use support::{Random, is_slow};

type Point = [f64; 3];

fn cube(half: f64) -> Bounds {
    Bounds::new([-half; 3], [half; 3])
}

/// The mesh, which must be what every mesh must be.
fn meshed(name: &str, field: &Field, options: &Extraction) -> Extracted {
    let found = field.extract(options).unwrap_or_else(|error| panic!("{name}: {error}"));
    let mesh = &found.mesh;
    assert_eq!(mesh.open_edges(), [[0u32; 2]; 0], "{name}: open edges");
    assert_eq!(mesh.non_manifold_edges(), [[0u32; 2]; 0], "{name}: edges of more than two triangles");
    assert_eq!(mesh.non_manifold_vertices(), [0u32; 0], "{name}: vertices of several fans");
    assert_eq!(mesh.degenerate_triangles(), [0usize; 0], "{name}: triangles without area");
    assert_eq!(mesh.self_intersections(), [[0usize; 2]; 0], "{name}: triangles that meet");
    assert!(mesh.vertices.iter().flatten().all(|&x| x == f64::from(x as f32)), "{name}: numbers of f32");
    assert!(mesh.triangles.is_empty() || mesh.volume() > 0.0, "{name}: inside out, volume {}", mesh.volume());
    assert_eq!(found.normals.len(), mesh.triangles.len(), "{name}");
    found
}

/// The greatest distance from a vertex to the surface, as f over its slope, in cells.
fn farthest_off(field: &Field, found: &Extracted, t: f64) -> f64 {
    let tape = field.gradient_tape().unwrap();
    let columns = tape.eval(Coordinates::from(&found.mesh.vertices[..]).at_time(t));
    let slope = |n: usize| (1..4).map(|axis| columns[axis][n].powi(2)).sum::<f64>().sqrt();
    let off = |n: usize| (columns[0][n] / slope(n)).abs() / found.cell;
    (0..found.mesh.vertices.len()).map(off).fold(0.0, f64::max)
}

fn distance(a: Point, b: Point) -> f64 {
    (0..3).map(|n| (a[n] - b[n]).powi(2)).sum::<f64>().sqrt()
}

fn at(mesh: &Mesh, corners: [u32; 3]) -> [Point; 3] {
    corners.map(|corner| mesh.vertices[corner as usize])
}

/// The distance from a point to a triangle, the plain way: to its plane where it projects within, or to its edges.
fn to_triangle(p: Point, [a, b, c]: [Point; 3]) -> f64 {
    let minus = |a: Point, b: Point| [0, 1, 2].map(|n| a[n] - b[n]);
    let dot = |a: Point, b: Point| a[0] * b[0] + a[1] * b[1] + a[2] * b[2];
    let cross = |a: Point, b: Point| {
        [a[1] * b[2] - a[2] * b[1], a[2] * b[0] - a[0] * b[2], a[0] * b[1] - a[1] * b[0]]
    };
    let normal = cross(minus(b, a), minus(c, a));
    let edges = [[a, b], [b, c], [c, a]];
    if edges.iter().all(|&[a, b]| dot(cross(minus(b, a), minus(p, a)), normal) >= 0.0) {
        return (dot(minus(p, a), normal) / dot(normal, normal).sqrt()).abs();
    }
    let to_edge = |[a, b]: [Point; 2]| {
        let along = minus(b, a);
        let s = (dot(minus(p, a), along) / dot(along, along)).clamp(0.0, 1.0);
        distance(p, [0, 1, 2].map(|n| a[n] + s * along[n]))
    };
    edges.into_iter().map(to_edge).fold(f64::INFINITY, f64::min)
}

fn to_mesh(p: Point, mesh: &Mesh) -> f64 {
    mesh.triangles.iter().map(|&corners| to_triangle(p, at(mesh, corners))).fold(f64::INFINITY, f64::min)
}

#[test]
fn every_solid_of_the_catalogue_is_a_closed_mesh() {
    for entry in catalogue() {
        let field = (entry.sample)();
        // At different places, so that the lattice is met in different ways.
        let name = entry.name;
        let resolution = if is_slow(&field) { 9 } else { 21 };
        let options = Extraction::default().bounds(cube(1.45)).time(0.4).resolution(resolution);
        meshed(name, &field, &options);
    }
}

#[test]
fn volumes_and_handles_are_those_of_the_solids() {
    let tau = std::f64::consts::TAU;
    let cases: [(&str, Field, f64, usize); 6] = [
        ("ball", sphere(0.8), 2.0 / 3.0 * tau * 0.512, 0),
        ("box", r#box([1.0, 0.8, 0.6]).rotate([1.0, 2.0, 3.0], 0.7), 0.48, 0),
        ("ring", torus(0.7, 0.25), tau * 0.7 * 0.5 * tau * 0.0625, 1),
        ("cylinder", cylinder(0.5, 1.2).rotate_x(0.4), 0.5 * tau * 0.25 * 1.2, 0),
        ("frame", box_frame([1.2, 1.0, 1.1], 0.15).rotate_z(0.3), 0.0, 5),
        ("two", sphere(0.4).translate([0.6, 0.0, 0.0]) | sphere(0.3).translate([-0.6, 0.0, 0.0]), 0.0, 0),
    ];
    for (name, field, volume, genus) in cases {
        let found = meshed(name, &field, &Extraction::default().bounds(cube(1.2)).resolution(48));
        assert_eq!(found.mesh.genus(), Some(genus), "{name}");
        assert_eq!(found.mesh.components().1, if name == "two" { 2 } else { 1 }, "{name}");
        assert!(found.caps.is_empty(), "{name}");
        // Where the tip of an edge pokes into a cell, it may be missed, and is named.
        let is_smooth = matches!(name, "ball" | "ring" | "two");
        assert!(!is_smooth || found.unresolved.is_empty(), "{name}: {:?}", found.unresolved);
        if volume > 0.0 {
            let off = (found.mesh.volume() / volume - 1.0).abs();
            assert!(off < 3e-3, "{name}: {off}");
        }
        assert!(farthest_off(&field, &found, 0.0) < 1e-5, "{name}: {}", farthest_off(&field, &found, 0.0));
    }
}

#[test]
fn wedges_get_no_holes_and_no_folds() {
    let lens = vesica(1.2, 1.2).extrude(0.9);
    let balls = sphere(0.5).translate([0.375, 0.0, 0.0]) | sphere(0.4).translate([-0.375, 0.1, 0.0]);
    let solids =
        [tri_prism(0.9, 0.7), lens, heart(1.8).extrude(0.6), balls, torus(0.8, 0.25), icosahedron(1.0)];
    for (n, field) in solids.iter().enumerate() {
        for resolution in [11, 18, 24] {
            let name = format!("{n} at {resolution}");
            let found =
                meshed(&name, field, &Extraction::default().bounds(cube(1.45)).resolution(resolution));
            assert_eq!(found.mesh.genus(), Some(usize::from(n == 4)), "{name}");
            // Triangles with an area that counts face as ∇f does in their middles.
            let middles = found.mesh.triangles.iter().map(|corners| {
                [0, 1, 2].map(|axis| {
                    corners.iter().map(|&c| found.mesh.vertices[c as usize][axis]).sum::<f64>() / 3.0
                })
            });
            let middles: Vec<Point> = middles.collect();
            let slopes = Tape::new(&field.gradient()[..3]).unwrap().eval(&middles);
            let against = (0..middles.len()).filter(|&n| {
                let [a, b, c] = found.mesh.triangles[n].map(|c| found.mesh.vertices[c as usize]);
                let [u, v] = [b, c].map(|to| [0, 1, 2].map(|axis| to[axis] - a[axis]));
                let normal = [1, 2, 0].map(|i| (i, (i + 1) % 3)).map(|(i, j)| u[i] * v[j] - u[j] * v[i]);
                let along: f64 = (0..3).map(|axis| normal[axis] * slopes[axis][n]).sum();
                along < -1e-3 * found.cell * found.cell
            });
            assert_eq!(against.count(), 0, "{name}");
        }
    }
}

#[test]
fn a_turned_box_keeps_its_edges_and_corners() {
    let size = [1.0, 0.8, 0.6];
    let mut random = Random(7);
    for n in 0..12 {
        let (axis, angle) =
            ([random.between(-1.0, 1.0), random.between(-1.0, 1.0), 1.0], random.between(0.0, 6.0));
        let turned = r#box(size).rotate(axis, angle);
        // Where a point of the box goes: through three probes of the rotation's own fields.
        let place = |p: Point| -> Point {
            let length = axis.iter().map(|a| a * a).sum::<f64>().sqrt();
            let [x, y, z] = axis.map(|a| a / length);
            let (s, c) = angle.sin_cos();
            let d = (1.0 - c) * (x * p[0] + y * p[1] + z * p[2]);
            [
                c * p[0] + s * (y * p[2] - z * p[1]) + d * x,
                c * p[1] + s * (z * p[0] - x * p[2]) + d * y,
                c * p[2] + s * (x * p[1] - y * p[0]) + d * z,
            ]
        };
        let resolution = [24, 33, 48][n % 3];
        let found =
            meshed("a turned box", &turned, &Extraction::default().bounds(cube(0.9)).resolution(resolution));
        let mesh = &found.mesh;
        let sign = |n: usize, bit: usize| if n >> bit & 1 == 1 { 0.5 } else { -0.5 };
        let (mut sharp, mut blunt, mut worst) = (0, 0, 0.0f64);
        let mut look = |off: f64, enough: f64| {
            *if off < enough * found.cell { &mut sharp } else { &mut blunt } += 1;
            worst = worst.max(off / found.cell);
        };
        for corner in 0..8 {
            let corner = place([0, 1, 2].map(|axis| size[axis] * sign(corner, axis)));
            assert!(
                turned.value_at([corner[0], corner[1], corner[2], 0.0]).unwrap().abs() < 1e-9,
                "the test's corner"
            );
            look(mesh.vertices.iter().map(|&v| distance(v, corner)).fold(f64::INFINITY, f64::min), 1e-3);
        }
        for edge in 0..12 {
            let (along, others) = (edge / 4, edge % 4);
            for step in 0..30 {
                let mut p = [0.0; 3];
                p[along] = size[along] * (f64::from(step) / 29.0 - 0.5) * 0.999;
                p[(along + 1) % 3] = size[(along + 1) % 3] * sign(others, 0);
                p[(along + 2) % 3] = size[(along + 2) % 3] * sign(others, 1);
                look(to_mesh(place(p), mesh), 1e-4);
            }
        }
        if std::env::var_os("SHOW").is_some() {
            println!(
                "box {n}: {sharp} sharp, {blunt} blunt, at worst {worst:.4} cells off; {} triangles",
                mesh.triangles.len()
            );
        }
        // Blunt is what pokes through the face of a cell without reaching its edges: see `Field::extract`.
        assert!(4 * blunt <= sharp, "box {n}: {blunt} places of {sharp} are blunt");
        assert!(worst < 0.7, "box {n}: a place is off by {worst} cells");
        let off = (mesh.volume() / 0.48 - 1.0).abs();
        assert!(off < 3e-3, "box {n}: the volume is off by {off}");
    }
}

#[test]
fn flat_solids_have_few_triangles() {
    let count = |solid: &Field| {
        meshed("a box", solid, &Extraction::default().bounds(cube(1.0)).resolution(40)).mesh.triangles.len()
    };
    assert_eq!(count(&r#box([1.0, 0.8, 0.6])), 12);
    // Turned ones have some more, where tips of edges are blunt.
    for turn in [1.0, -1.0] {
        let turned = count(&r#box([1.0, 0.8, 0.6]).rotate([1.0, turn, 0.3], 0.5));
        assert!(turned <= 400, "{turned} triangles");
    }
}

#[test]
fn what_is_cut_off_at_the_bounds_is_closed_there_and_said() {
    let found = meshed("a cut ball", &sphere(0.8), &Extraction::default().bounds(cube(0.5)).resolution(24));
    assert!(!found.caps.is_empty());
    for &cap in &found.caps {
        let corners = found.mesh.corners(cap);
        assert!((0..3).any(|axis| corners.iter().all(|corner| corner[axis].abs() == 0.5)), "{corners:?}");
    }
    let all = meshed("all of space", &(sphere(9.0)), &Extraction::default().bounds(cube(1.0)).resolution(8));
    assert_eq!(all.caps.len(), all.mesh.triangles.len());
    assert!((all.mesh.volume() - 8.0).abs() < 1e-6);
    let none =
        meshed("nothing", &(sphere(0.1) + 5.0), &Extraction::default().bounds(cube(1.0)).resolution(8));
    assert!(none.mesh.triangles.is_empty() && none.unresolved.is_empty());
}

/// Fields that meshers fail on.
fn hostile() -> Vec<(&'static str, Field)> {
    let unit = |x: f64, y: f64, z: f64| r#box([0.5; 3]).translate([x, y, z]);
    let sheet = |thickness: f64| r#box([1.3, thickness, 1.1]);
    vec![
        ("boxes that share an edge", unit(0.25, 0.25, 0.0) | unit(-0.25, -0.25, 0.0)),
        ("boxes that share a corner", unit(0.25, 0.25, 0.25) | unit(-0.25, -0.25, -0.25)),
        ("boxes that share a face", unit(0.25, 0.0, 0.0) | unit(-0.25, 0.0, 0.0)),
        (
            "a box less its half",
            r#box([1.0; 3]).difference(r#box([0.5, 1.0, 1.0]).translate([0.25, 0.0, 0.0])),
        ),
        (
            "balls that touch",
            sphere(0.4).translate([0.4, 0.0, 0.0]) | sphere(0.4).translate([-0.4, 0.0, 0.0]),
        ),
        (
            "a ball in a plane",
            sphere(0.4).translate([0.0, 0.4, 0.0]) | r#box([1.2, 0.4, 1.2]).translate([0.0, -0.2, 0.0]),
        ),
        ("a saddle", x() * y() - 0.02 * z()),
        ("a singular saddle", (x() * y()).intersection(sphere(0.9))),
        ("a cone's point", (x() * x() + z() * z() - y() * y()).intersection(sphere(0.9))),
        ("a cusp", (x().pow(2.0) + z().pow(2.0) - (y() + 0.5).max(0.0).pow(3.0)).intersection(sphere(0.9))),
        ("a thin sheet", sheet(0.02).rotate([1.0, 0.3, 0.2], 0.4)),
        ("a thinner sheet", sheet(0.004).rotate([0.2, 0.3, 1.0], 0.9)),
        ("a thin rod", cylinder(0.012, 1.5).rotate([1.0, 0.3, 0.2], 0.4)),
        ("a needle", cone(0.2, 1.6).rotate([0.3, 0.0, 1.0], 0.3)),
        ("a checkered field", (6.0 * x()).sin() * (6.0 * y()).sin() * (6.0 * z()).sin() - 0.01),
        ("thin voids", r#box([1.0; 3]).difference(sheet(0.01).rotate([1.0, 0.2, 0.1], 0.3))),
        ("a kink within", (x().abs() + y().abs() + z().abs() - 0.8).min((x() - 0.01).abs() - 0.002)),
        ("a jump", sphere(0.7) + 0.3 * (9.0 * x()).sin().sign()),
        ("a double root", (sphere(0.6)).pow(2.0)),
        ("steep and flat", (sphere(0.7) * 1e6).max(r#box([1.0; 3]) * 1e-6)),
    ]
}

#[test]
fn hostile_fields_are_closed_meshes_too() {
    for (name, field) in hostile() {
        for resolution in [9, 16] {
            for tolerance in [0.0, 0.01] {
                let options =
                    Extraction::default().bounds(cube(1.0)).resolution(resolution).tolerance(tolerance);
                meshed(&format!("{name} at {resolution}"), &field, &options);
            }
        }
    }
}

#[test]
fn nothing_thin_is_missed_unnamed() {
    // A sheet, a rod and a void at many slants: each place of theirs is near the mesh, or in a box that is named.
    let mut random = Random(3);
    for n in 0..24 {
        let axis = [random.between(-1.0, 1.0), random.between(-1.0, 1.0), random.between(-1.0, 1.0)];
        let angle = random.between(0.0, 3.0);
        let cell = 2.0 / 16.0;
        let thickness = cell * [0.5, 0.2, 0.05][n % 3];
        let sheet = r#box([1.2, thickness, 1.0]).rotate(axis, angle);
        let found = meshed("a sheet", &sheet, &Extraction::default().bounds(cube(1.0)).resolution(16));
        let mut missed = 0;
        let mut inside = 0;
        for _ in 0..4000 {
            let p = [random.between(-0.6, 0.6), random.between(-0.6, 0.6), random.between(-0.6, 0.6)];
            if sheet.value_at([p[0], p[1], p[2], 0.0]).unwrap() > 0.0 {
                continue;
            }
            inside += 1;
            let is_named = found.unresolved.iter().any(|bounds| bounds.grown(cell).contains(p));
            missed += u32::from(!is_named && to_mesh(p, &found.mesh) > 1.5 * cell);
        }
        assert_eq!(missed, 0, "sheet {n}, {thickness} thick, of {inside} places within");
    }
}

#[test]
fn random_compositions_are_closed_meshes() {
    const CASES: usize = 80;
    let rng = TestRng::from_seed(RngAlgorithm::ChaCha, &[5; 32]);
    let mut runner = TestRunner::new_with_rng(Config::default(), rng);
    for n in 0..CASES {
        let plan = support::plan().new_tree(&mut runner).unwrap().current();
        let options = Extraction::default().bounds(cube(1.6)).time(0.3).resolution([7, 10, 13][n % 3]);
        meshed(&format!("{plan:?}"), &plan.build(), &options);
    }
}

#[test]
fn the_gallery_is_meshed() {
    for (n, exhibit) in fieldgrad::scene::GALLERY.iter().enumerate() {
        let scene = exhibit.scene().unwrap();
        let field = scene.field();
        if is_slow(field) && n % 4 != 0 {
            continue;
        }
        let timeline = scene.timeline();
        let time = timeline.from + 0.37 * (timeline.to - timeline.from);
        let options = Extraction::default().time(time).resolution(14);
        let options = match scene.bounds() {
            Some(bounds) => options.bounds(bounds),
            None => options.bounds(cube(2.0)),
        };
        meshed(exhibit.name, field, &options);
    }
}

#[test]
fn any_number_of_threads_gives_the_same_bits() {
    let field = r#box([1.0, 0.8, 0.6])
        .rotate([1.0, 2.0, 3.0], 0.7)
        .difference(sphere(0.5).translate([0.3, 0.3, 0.2]));
    let options = Extraction::default().resolution(30);
    let with = |threads: usize| {
        let pool = rayon::ThreadPoolBuilder::new().num_threads(threads).build().unwrap();
        pool.install(|| field.extract(&options).unwrap())
    };
    assert_eq!(with(1), with(3));
}

#[test]
fn what_cannot_be_asked_is_refused() {
    let of = |options: Extraction| sphere(0.5).extract(&options).unwrap_err().to_string();
    assert!(of(Extraction::default().resolution(0)).contains("cells"));
    assert!(of(Extraction::default().time(f64::NAN)).contains("time"));
    let far = Bounds::new([1e7, 0.0, 0.0], [1e7 + 1.0, 1.0, 1.0]);
    assert!(of(Extraction::default().bounds(far)).contains("f32"));
    assert!(Tape::new(&[sphere(0.5)]).is_ok());
    assert!(
        plane([0.0, 1.0, 0.0], 0.0).extract(&Extraction::default()).is_err(),
        "unbounded, and no box given"
    );
}

fn number(bytes: &[u8], at: usize) -> u32 {
    u32::from_le_bytes(bytes[at..at + 4].try_into().unwrap())
}

#[test]
fn files_hold_the_mesh() {
    let found =
        meshed("a box", &r#box([1.0, 0.8, 0.6]), &Extraction::default().bounds(cube(1.0)).resolution(8));
    let colors = vec![[1.0, 0.5, 0.0]; found.mesh.vertices.len()];
    let dressed = Dressed::new(&found.mesh).normals(&found.normals).colors(&colors);
    let bytes = |format: Format| {
        let mut bytes = Vec::new();
        dressed.write(format, &mut bytes).unwrap();
        bytes
    };
    let (vertices, triangles) = (found.mesh.vertices.len(), found.mesh.triangles.len());

    let stl = bytes(Format::Stl);
    assert_eq!((stl.len(), number(&stl, 80) as usize), (84 + 50 * triangles, triangles));
    let coordinate = |n: usize| f64::from(f32::from_bits(number(&stl, 84 + 12 + 4 * n)));
    assert_eq!([0, 1, 2].map(coordinate), found.mesh.corners(0)[0]);

    let obj = String::from_utf8(bytes(Format::Obj)).unwrap();
    let count = |start: &str| obj.lines().filter(|line| line.starts_with(start)).count();
    assert_eq!((count("v "), count("f ")), (vertices, triangles));
    assert_eq!(count("vn "), 6, "a box has six normals");
    assert!(obj.contains(" 1.0000 0.7354 0.0000\n"), "colours as screens have them");

    let ply = bytes(Format::Ply);
    let header = String::from_utf8_lossy(&ply[..600]).split("end_header\n").next().unwrap().to_string();
    assert!(header.contains(&format!("element vertex {vertices}\n")), "{header}");
    assert_eq!(ply.len(), header.len() + 11 + vertices * 27 + triangles * 13);

    let glb = bytes(Format::Glb);
    assert_eq!((&glb[..4], number(&glb, 4), number(&glb, 8) as usize), (&b"glTF"[..], 2, glb.len()));
    let length = number(&glb, 12) as usize;
    let root: serde_json::Value = serde_json::from_slice(&glb[20..20 + length]).unwrap();
    assert_eq!(root["accessors"][0]["count"], 24, "a box's corner has three normals");
    assert_eq!(root["accessors"][0]["max"][0], 0.5);
    assert_eq!(root["buffers"][0]["byteLength"], glb.len() - 28 - length);
    let package = bytes(Format::ThreeMf);
    let names = ["[Content_Types].xml", "_rels/.rels", "3D/3dmodel.model"];
    assert!(
        names
            .iter()
            .all(|name| package.windows(name.len()).filter(|part| *part == name.as_bytes()).count() == 2)
    );
    assert_eq!(Format::of("part.3MF".as_ref()), Some(Format::ThreeMf));
    assert_eq!(Format::of("part.step".as_ref()), None);
}
