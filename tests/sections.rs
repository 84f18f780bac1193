//! Outlines in planes: their areas, corners and directions, their files, and the command.

#[path = "support/command.rs"]
mod support;

use fieldgrad::field::Axis;
use fieldgrad::mesh::{Extraction, Mesh, OutlineFormat, Section};
use fieldgrad::prelude::*;
use support::Folder;

const PI: f64 = std::f64::consts::PI;

fn section(field: &Field, axis: Axis, at: f64) -> Section {
    field.section(axis, at, &Extraction::default()).unwrap()
}

fn signed_area(points: &[[f64; 2]]) -> f64 {
    let next = points.iter().cycle().skip(1);
    points.iter().zip(next).map(|(a, b)| (a[0] * b[1] - a[1] * b[0]) / 2.0).sum()
}

#[test]
fn a_plate_with_a_hole_has_its_corners_and_its_circle() {
    let plate = r#box([1.0, 0.8, 0.6]).difference(infinite_cylinder(0.2).rotate_x(PI / 2.0)).rotate_z(0.3);
    let found = section(&plate, Axis::Z, 0.1);
    assert_eq!((found.axes, found.loops.len()), ([Axis::X, Axis::Y], 2));
    let mut areas: Vec<f64> = found.loops.iter().map(|points| signed_area(points)).collect();
    areas.sort_by(f64::total_cmp);
    assert!((areas[0] + 0.04 * PI).abs() < 2e-4, "the hole, clockwise: {areas:?}");
    assert!((areas[1] - 0.8).abs() < 1e-4, "the plate, counter-clockwise: {areas:?}");
    assert!((found.area() - 0.8 + 0.04 * PI).abs() < 3e-4);
    assert!((found.length() - 3.6 - 0.4 * PI).abs() < 3e-3, "{}", found.length());
    let outer = found.loops.iter().find(|points| signed_area(points) > 0.0).unwrap();
    for corner in [[0.5, 0.4], [-0.5, 0.4], [-0.5, -0.4], [0.5, -0.4]] {
        let (sin, cos) = 0.3f64.sin_cos();
        let at = [corner[0] * cos - corner[1] * sin, corner[0] * sin + corner[1] * cos];
        let near = outer.iter().map(|point| (point[0] - at[0]).hypot(point[1] - at[1])).fold(1.0, f64::min);
        assert!(near < 1e-3, "a corner at {at:?} is {near} away");
    }
    assert!(outer.len() <= 12, "straight sides have no points between: {}", outer.len());
}

#[test]
fn outlines_go_around_the_solid_across_every_axis() {
    let solid = ellipsoid([1.0, 0.8, 0.6]).translate([0.1, 0.2, 0.3]);
    for (axis, at, half) in
        [(Axis::X, 0.1, [0.8, 0.6]), (Axis::Y, 0.2, [1.0, 0.6]), (Axis::Z, 0.3, [1.0, 0.8])]
    {
        let found = section(&solid, axis, at);
        assert_eq!(found.loops.len(), 1);
        assert!((found.area() - PI * half[0] * half[1]).abs() < 2e-3, "{axis:?}: {}", found.area());
        let across = found.axes.map(|axis| axis as usize);
        for &[u, v] in &found.loops[0] {
            let mut point = [at, at, at, 0.0];
            (point[across[0]], point[across[1]]) = (u, v);
            assert!(solid.value_at(point).unwrap().abs() < 1e-9, "{point:?}");
        }
    }
    // At its time, and in bounds that cut it.
    let growing = sphere(0.5 + 0.1 * t());
    let options = Extraction::default().time(2.0);
    let found = growing.section(Axis::Y, 0.0, &options).unwrap();
    assert!((found.area() - 0.49 * PI).abs() < 1e-3);
    let half = options.bounds(Bounds::new([0.0, -1.0, -1.0], [1.0; 3]));
    assert!((growing.section(Axis::Y, 0.0, &half).unwrap().area() - 0.245 * PI).abs() < 1e-3);
}

#[test]
fn where_there_is_nothing_there_is_no_outline() {
    assert!(section(&sphere(1.0), Axis::Z, 2.0).loops.is_empty());
    assert!(section(&sphere(0.3).difference(sphere(0.5)), Axis::Z, 0.0).loops.is_empty());
    assert!(sphere(1.0).section(Axis::T, 0.0, &Extraction::default()).is_err());
    assert!(sphere(1.0).section(Axis::X, f64::NAN, &Extraction::default()).is_err());
    assert!(plane([0.0, 1.0, 0.0], 0.0).section(Axis::X, 0.0, &Extraction::default()).is_err());
    let open = Mesh::new(vec![[0.0; 3], [1.0, 0.0, 0.0], [0.0, 0.0, 1.0]], vec![[0, 1, 2]]).unwrap();
    assert!(open.section(Axis::Z, 0.5).unwrap_err().to_string().contains("open"));
}

#[test]
fn files_and_the_command() {
    let found = section(&torus(1.0, 0.25), Axis::Y, 0.0);
    let text = |format| {
        let mut bytes = Vec::new();
        found.write(format, &mut bytes).unwrap();
        String::from_utf8(bytes).unwrap()
    };
    let points = found.loops.iter().map(Vec::len).sum::<usize>();
    let svg = text(OutlineFormat::Svg);
    assert_eq!(
        (svg.matches('M').count(), svg.matches('Z').count(), svg.matches('L').count()),
        (2, 2, points - 2)
    );
    let dxf = text(OutlineFormat::Dxf);
    assert_eq!((dxf.matches("POLYLINE").count(), dxf.matches("VERTEX").count()), (2, points));
    assert!(dxf.lines().count() % 2 == 0 && dxf.ends_with("0\nEOF\n"));

    let folder = Folder::new("outline").with("plate.rhai", "show(box([1, 0.5, 0.2]));\n");
    let said = folder.run("mesh plate.rhai --slice z=0 -o plate.dxf --json").ends(0).json();
    assert_eq!((said["loops"].as_u64(), said["points"].as_u64()), (Some(1), Some(4)));
    assert!((said["area"].as_f64().unwrap() - 0.5).abs() < 1e-6);
    folder.run("mesh plate.rhai --slice y=0.1 -o plate.svg").ends(0);
    assert!(folder.text("plate.svg").starts_with("<svg"));
    for (arguments, why) in [
        ("plate.rhai --slice z=0 -o plate.stl", "must end in .svg or .dxf"),
        ("plate.rhai --slice z=7 -o none.svg", "there is no outline where z is 7"),
    ] {
        assert!(folder.run(&format!("mesh {arguments}")).error().contains(why));
    }
    let usage = folder.run("mesh plate.rhai --slice t=0 -o none.svg").ends(2);
    assert!(
        usage.err.contains("is no plane such as z=0") && !folder.files().contains(&"none.svg".to_string())
    );
}
