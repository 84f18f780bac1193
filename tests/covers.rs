//! Covers: what is proven of them is true, what is not true is not proven, and fits make them hold.

#![cfg(feature = "fit")]

use fieldgrad::fit::{CollisionFormat, Growth, Journal, PartKind, Target};
use fieldgrad::mesh::{Cover, Distance, Extraction, Mesh};
use fieldgrad::prelude::*;

fn mesh_of(field: &Field, resolution: usize) -> Distance {
    let mesh = field.extract(&Extraction::default().resolution(resolution)).unwrap().mesh;
    Distance::of(&mesh).unwrap()
}

fn around() -> Bounds {
    Bounds::new([-2.0; 3], [2.0; 3])
}

/// A ring with a post.
fn solid() -> Field {
    torus(0.7, 0.25).smooth_union(r#box([0.3, 1.2, 0.3]).translate([0.7, 0.1, 0.0]), 0.1)
}

#[test]
fn what_covers_is_proven_and_its_margin_is_the_true_one() {
    // The mesh's corners are on the ball, and farthest out, since chords of a ball sag inwards: those of a ring's hole would not.
    let ball = mesh_of(&sphere(0.7), 24);
    for swollen in [1e-4, 1e-3, 0.05] {
        let proof = Cover::Around.prove(&sphere(0.7 + swollen), &ball, around()).unwrap();
        let values = sphere(0.7 + swollen).tape().unwrap().eval(&ball.mesh().vertices).swap_remove(0);
        let most = values.into_iter().fold(f64::NEG_INFINITY, f64::max);
        assert!(proof.is_proven() && proof.margin <= -most, "{swollen}: {} of {}", proof.margin, -most);
        // The first search is to a tenth already.
        assert!(proof.margin > -0.89 * most - 2e-6, "{swollen}: {} of {}", proof.margin, -most);
    }
    // A field in many parts, with seams all over the surface.
    let mesh = mesh_of(&torus(0.7, 0.25), 40);
    let balls = (0..12).map(|n| {
        let (sin, cos) = (f64::from(n) / 12.0 * std::f64::consts::TAU).sin_cos();
        capsule([0.7 * cos, 0.0, 0.7 * sin], [0.7 * (cos - 0.4 * sin), 0.0, 0.7 * (sin + 0.4 * cos)], 0.32)
    });
    let proof = Cover::Around.prove(&union(balls), &mesh, around()).unwrap();
    assert!(proof.is_proven(), "{proof:?}");
}

/// A cube of side 1 about the origin, its sides cut along diagonals.
fn cube() -> Distance {
    let corner = |n: u32| [0, 1, 2].map(|axis| if n >> axis & 1 == 1 { 0.5 } else { -0.5 });
    let sides = [[0, 4, 6, 2], [1, 3, 7, 5], [0, 1, 5, 4], [2, 6, 7, 3], [0, 2, 3, 1], [4, 5, 7, 6]];
    let triangles = sides.iter().flat_map(|&[a, b, c, d]| [[a, b, c], [a, c, d]]).collect();
    let mesh = Mesh::new((0..8).map(corner).collect(), triangles).unwrap();
    assert!((mesh.volume() - 1.0).abs() < 1e-12);
    Distance::of(&mesh).unwrap()
}

/// A solid that covers the cube when it is larger by `more`, and does not when it is smaller by as much; and the like inside.
fn just_fitting(more: f64) -> Vec<(&'static str, Cover, Field)> {
    // Of a cube's eighths a ball about each covers one; two capsules have a seam along its sides.
    let radius = 0.25 * 3f64.sqrt() + more;
    let middles = (0..8).map(|n| [0, 1, 2].map(|axis| if n >> axis & 1 == 1 { 0.25 } else { -0.25 }));
    let rods =
        [-0.25, 0.25].map(|x| capsule([x, -0.25, 0.0], [x, 0.25, 0.0], (0.125f64 + 0.25).sqrt() + more));
    vec![
        ("a ball", Cover::Around, sphere(0.5 * 3f64.sqrt() + more)),
        ("eight balls", Cover::Around, union(middles.map(|at| sphere(radius).translate(at)))),
        ("a box", Cover::Around, r#box([1.0 + 2.0 * more; 3])),
        (
            "a turned box",
            Cover::Around,
            r#box([2f64.sqrt() + 2.0 * more, 1.0 + 2.0 * more, 2f64.sqrt() + 2.0 * more])
                .rotate_y(0.25 * std::f64::consts::PI),
        ),
        ("two capsules", Cover::Around, union(rods)),
        ("a ball in it", Cover::Inside, sphere(0.5 - more)),
        ("a box in it", Cover::Inside, r#box([1.0 - 2.0 * more; 3])),
        (
            "two balls in it",
            Cover::Inside,
            union([-0.25, 0.25].map(|x| sphere(0.25 - more).translate([x, x, -x]))),
        ),
    ]
}

#[test]
fn what_fits_by_a_ten_thousandth_is_proven_and_what_misses_by_one_is_not() {
    let cube = cube();
    for (name, cover, field) in just_fitting(1e-4) {
        let proof = cover.prove(&field, &cube, around()).unwrap();
        assert!(proof.is_proven(), "{name}: {proof:?}");
        assert!(proof.margin > 0.2e-4 && proof.margin < 2.1e-4, "{name}: {}", proof.margin);
        assert!(cover.prove_with(&field, &cube, around(), 0.5 * proof.margin).unwrap().is_proven(), "{name}");
        assert!(!cover.prove_with(&field, &cube, around(), 2.1e-4).unwrap().has_margin(), "{name}");
    }
    for (name, cover, field) in just_fitting(-1e-4) {
        let proof = cover.prove(&field, &cube, around()).unwrap();
        assert!(!proof.is_proven() && proof.margin <= 0.0, "{name}: {proof:?}");
        // It is named where, and by how much.
        let excess = cover.excess(&field, &cube, 1e-6).unwrap();
        let value = field.value_at([excess.at[0], excess.at[1], excess.at[2], 0.0]).unwrap();
        let value = if cover == Cover::Around { value } else { -value };
        assert!(value > 0.0 && value <= excess.most && excess.most < 2.1e-4, "{name}: {value} of {excess:?}");
    }
}

#[test]
fn what_does_not_cover_is_not_proven() {
    let mesh = mesh_of(&torus(0.7, 0.25), 40);
    let whole = torus(0.7, 0.26);
    // A hole too small to be sampled by chance; on the surface, and deep inside.
    let pricked = |at: [f64; 3], r: f64| whole.difference(sphere(r).translate(at));
    let corner = mesh.mesh().corners(1000);
    let middle = [0, 1, 2].map(|axis| corner.iter().map(|c| c[axis]).sum::<f64>() / 3.0);
    let proof = Cover::Around.prove(&pricked(middle, 1e-3), &mesh, around()).unwrap();
    assert!(proof.margin <= 0.0 && !proof.is_proven());
    for r in [0.05, 1e-3] {
        let proof = Cover::Around.prove(&pricked([0.7, 0.0, 0.03], r), &mesh, around()).unwrap();
        assert!(proof.margin > 0.0 && !proof.is_proven(), "only a cavity is missing");
        let (at, value) = proof.counterexample.unwrap();
        let off = (0..3).map(|n| (at[n] - [0.7, 0.0, 0.03][n]).powi(2)).sum::<f64>().sqrt();
        assert!(off < r && value > 0.0, "{at:?}");
    }
    // Inside: a crumb that is apart, outside the mesh.
    let inner = torus(0.7, 0.2);
    assert!(Cover::Inside.prove(&inner, &mesh, around()).unwrap().is_proven());
    let crumb = inner.union(sphere(1e-3).translate([1.3, 1.1, -0.4]));
    let proof = Cover::Inside.prove(&crumb, &mesh, around()).unwrap();
    assert!(proof.margin > 0.0 && !proof.is_proven());
    let (at, _) = proof.counterexample.unwrap();
    assert!((at[0] - 1.3).abs() < 1e-3 && (at[1] - 1.1).abs() < 1e-3, "{at:?}");
    // An open mesh has no inside.
    let mut open = mesh.mesh().clone();
    open.triangles.pop();
    let open = Distance::of(&open).unwrap();
    assert!(Cover::Around.prove(&whole, &open, around()).is_err());
    assert!(Cover::Around.prove_with(&whole, &open, around(), 1e-3).is_err());
    assert!(Cover::Around.prove_with(&whole, &mesh, around(), 0.0).is_err());
}

/// How much of the places of a grid is in both, in the first and in the second.
fn counts(own: &Field, mesh: &Distance) -> [usize; 3] {
    let places: Vec<[f64; 3]> = (0..40 * 40 * 40)
        .map(|n| [n / 1600, n / 40 % 40, n % 40].map(|i| -1.2 + 2.4 * (i as f64 + 0.5) / 40.0))
        .collect();
    let own = own.tape().unwrap().eval(&places).swap_remove(0);
    let other = mesh.signed(&places);
    let count = |is: &dyn Fn(f64, f64) -> bool| own.iter().zip(&other).filter(|(f, d)| is(**f, **d)).count();
    [count(&|f, d| f < 0.0 && d < 0.0), count(&|f, _| f < 0.0), count(&|_, d| d < 0.0)]
}

#[test]
fn parts_of_every_kind_are_grown_to_cover_a_mesh_or_to_be_inside_it() {
    let mesh = mesh_of(&solid(), 24);
    let target = Target::of_mesh(&mesh, 1500, 1).unwrap();
    for (kind, cover, parts, least) in [
        (PartKind::Any, Cover::Around, 4, 0.8),
        (PartKind::Any, Cover::Inside, 4, 0.7),
        (PartKind::Sphere, Cover::Around, 8, 0.35),
        (PartKind::Capsule, Cover::Around, 6, 0.6),
    ] {
        let growth = Growth { parts, kind, starts: 1, rounds: 1, ..Growth::default() };
        let journal = &mut Journal::default();
        let grown = growth.grow_to_cover(cover, &mesh, &target, journal, &mut |_, _| true).unwrap();
        let found = grown.covering(cover, &mesh, 1e-3).unwrap();
        let [both, own, other] = counts(&found.grown.field(), &mesh);
        let overlap = both as f64 / (own + other - both) as f64;
        println!(
            "{kind:?} {cover:?}: overlap {overlap:.3}, margin {:.2e}, {} looks",
            found.proof.margin, found.proof.looks
        );
        assert!(
            found.proof.is_proven() && found.proof.margin >= 1e-3,
            "{kind:?} {cover:?}: {:?}",
            found.proof
        );
        assert!(found.grown.parts.len() <= parts && overlap > least, "{kind:?} {cover:?}: {overlap}");
        match cover {
            Cover::Around => assert_eq!(both, other),
            Cover::Inside => assert_eq!(both, own),
        }
        // What is written is what was proven.
        #[cfg(feature = "scene")]
        {
            let scene = fieldgrad::scene::Scene::from_text(&found.grown.text("about"), "grown.rhai").unwrap();
            let values = |field: &Field| field.tape().unwrap().eval(&mesh.mesh().vertices);
            assert_eq!(values(scene.field()), values(&found.grown.field()));
        }
        let formats = [CollisionFormat::Urdf, CollisionFormat::Mjcf, CollisionFormat::Spheres];
        let written = formats.map(|format| found.grown.collision(format, "ring", "").ok());
        assert_eq!(written.map(|text| text.is_some()), formats.map(|format| format.takes(kind)));
    }
}

/// The numbers of an attribute.
fn numbers(line: &str, name: &str) -> Vec<f64> {
    let (_, rest) = line.split_once(&format!(" {name}=\"")).unwrap_or_else(|| panic!("no {name}: {line}"));
    rest.split('"').next().unwrap().split_whitespace().map(|word| word.parse().unwrap()).collect()
}

#[test]
fn collision_models_are_the_same_solids() {
    let mesh = mesh_of(&solid(), 24);
    let target = Target::of_mesh(&mesh, 1000, 1).unwrap();
    let places: Vec<[f64; 3]> =
        (0..500).map(|n| [0.37, 0.71, 1.13].map(|step: f64| 1.3 * (f64::from(n) * step).sin())).collect();
    for kind in [PartKind::Sphere, PartKind::Capsule, PartKind::Box] {
        let growth = Growth { parts: 5, kind, starts: 1, rounds: 0, ..Growth::default() };
        let grown = growth.grow(&target, &mut |_| true).unwrap();
        let truth = grown.field().tape().unwrap().eval(&places).swap_remove(0);
        let urdf = grown.collision(CollisionFormat::Urdf, "a<b", "by --cover").unwrap();
        assert!(urdf.contains("<robot name=\"a&lt;b\">") && urdf.contains("<!-- by - -cover -->"));
        let origins = urdf.lines().filter(|line| line.contains("<origin"));
        let shapes =
            origins.zip(urdf.lines().filter(|line| line.contains("<geometry>"))).map(|(origin, shape)| {
                let (at, turn) = (numbers(origin, "xyz"), numbers(origin, "rpy"));
                let own = if shape.contains("<sphere") {
                    sphere(numbers(shape, "radius")[0])
                } else if shape.contains("<box") {
                    let size = numbers(shape, "size");
                    r#box([size[0], size[1], size[2]])
                } else {
                    // Along z.
                    cylinder(numbers(shape, "radius")[0], numbers(shape, "length")[0])
                        .rotate_x(std::f64::consts::FRAC_PI_2)
                };
                own.rotate_x(turn[0]).rotate_y(turn[1]).rotate_z(turn[2]).translate([at[0], at[1], at[2]])
            });
        let read = union(shapes).tape().unwrap().eval(&places).swap_remove(0);
        // Inside a capsule its three pieces are not as deep; outside all is as it was.
        let off = truth.iter().zip(&read).filter(|(f, _)| **f > 0.0).map(|(f, g)| (f - g).abs());
        assert!(off.fold(0.0, f64::max) < 1e-12, "{kind:?}");
        assert!(truth.iter().zip(&read).all(|(f, g)| (*f < 0.0) == (*g < 0.0)), "{kind:?}");
        let mjcf = grown.collision(CollisionFormat::Mjcf, "ring", "about").unwrap();
        let shapes = mjcf.lines().filter(|line| line.contains("<geom ")).map(|line| {
            let size = numbers(line, "size");
            if line.contains("\"capsule\"") {
                let ends = numbers(line, "fromto");
                return capsule([ends[0], ends[1], ends[2]], [ends[3], ends[4], ends[5]], size[0]);
            }
            let at = numbers(line, "pos");
            let own = match line.contains("\"box\"") {
                true => {
                    let q = numbers(line, "quat");
                    let half = 2.0 * q[0].clamp(-1.0, 1.0).acos();
                    let own = r#box([2.0 * size[0], 2.0 * size[1], 2.0 * size[2]]);
                    if half == 0.0 { own } else { own.rotate([q[1], q[2], q[3]], half) }
                }
                false => sphere(size[0]),
            };
            own.translate([at[0], at[1], at[2]])
        });
        let read = union(shapes).tape().unwrap().eval(&places).swap_remove(0);
        assert!(truth.iter().zip(&read).all(|(f, g)| (f - g).abs() < 1e-9), "{kind:?}: {mjcf}");
        if kind == PartKind::Sphere {
            let yml = grown.collision(CollisionFormat::Spheres, "ring", "about").unwrap();
            assert!(yml.starts_with("# about\ncollision_spheres:\n  \"ring\":\n    - center: ["), "{yml}");
            let lines: Vec<&str> = yml.lines().collect();
            let number = |word: &str| word.trim().parse::<f64>().unwrap();
            let balls = lines[3..].chunks(2).map(|own| {
                let at = own[0].trim().strip_prefix("- center: [").unwrap().strip_suffix(']').unwrap();
                let at: Vec<f64> = at.split(',').map(number).collect();
                sphere(number(own[1].trim().strip_prefix("radius:").unwrap()))
                    .translate([at[0], at[1], at[2]])
            });
            let read = union(balls).tape().unwrap().eval(&places).swap_remove(0);
            assert!(truth.iter().zip(&read).all(|(f, g)| (f - g).abs() < 1e-12), "{yml}");
        }
    }
}
