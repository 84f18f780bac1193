//! How vertices of meshes move with time and parameters, held to central differences on every scene of the gallery.

mod support;

use fieldgrad::mesh::Extraction;
use fieldgrad::prelude::*;
use support::{Random, is_slow};

/// How far the parameters and the time are moved to either side.
const STEP: f64 = 1e-6;

/// How much f changes where vertices go along, a unit of the step, of what it would change if they did not.
fn rests(field: &Field, found: &fieldgrad::mesh::Extracted, direction: &[f64], by_time: f64) -> Vec<f64> {
    let motion = found.vertex_motion(field).unwrap();
    let tape = field.tape().unwrap();
    let velocities = motion.velocities();
    let moved: Vec<[f64; 3]> = motion.along(direction);
    let total = |n: usize| [0, 1, 2].map(|axis| moved[n][axis] + by_time * velocities[n][axis]);
    let is_cap: Vec<bool> = {
        let mut cap = vec![false; found.mesh.vertices.len()];
        found.caps.iter().for_each(|&n| found.mesh.triangles[n].iter().for_each(|&c| cap[c as usize] = true));
        cap
    };
    let slopes = field.gradient_tape().unwrap().eval(Coordinates::from(motion.places()).at_time(found.time));
    let at = |step: f64| {
        let values: Vec<f64> =
            { tape.values().iter().zip(direction) }.map(|(value, by)| value + step * by).collect();
        let places: Vec<[f64; 3]> = { motion.places().iter().enumerate() }
            .map(|(n, place)| {
                let by = total(n);
                [0, 1, 2].map(|axis| place[axis] + step * by[axis])
            })
            .collect();
        tape.with_values(&values)
            .eval(Coordinates::from(&places[..]).at_time(found.time + step * by_time))
            .remove(0)
    };
    let (ahead, behind) = (at(STEP), at(-STEP));
    let rest = |n: usize| {
        let slope = (1..4).map(|axis| slopes[axis][n].powi(2)).sum::<f64>().sqrt();
        let speed = total(n).iter().map(|x| x * x).sum::<f64>().sqrt();
        (ahead[n] - behind[n]).abs() / (2.0 * STEP) / (slope * (1.0 + speed))
    };
    (0..found.mesh.vertices.len()).filter(|&n| motion.is_known(n) && !is_cap[n]).map(rest).collect()
}

#[test]
fn vertices_of_the_gallery_go_with_the_surface() {
    let mut random = Random(7);
    for exhibit in fieldgrad::scene::GALLERY {
        let scene = exhibit.scene().unwrap();
        let field = scene.field();
        if is_slow(field) {
            continue;
        }
        let timeline = scene.timeline();
        let time = timeline.from + 0.37 * (timeline.to - timeline.from);
        let options = Extraction::default().time(time).resolution(14);
        let bounds = scene.bounds().unwrap_or(Bounds::new([-2.0; 3], [2.0; 3]));
        let found = field.extract(&options.bounds(bounds)).unwrap();
        let tape = field.tape().unwrap();
        let direction: Vec<f64> =
            { tape.values().iter() }.map(|value| random.between(-0.3, 0.3) * value.abs().max(0.1)).collect();
        let mut rests = rests(field, &found, &direction, 0.7);
        rests.sort_by(f64::total_cmp);
        // Where several pieces of a surface meet by chance in one vertex, no motion keeps it on all.
        let over = rests.iter().filter(|rest| rest.is_nan() || **rest > 1e-6).count();
        let median = rests.get(rests.len() / 2).copied().unwrap_or(0.0);
        assert!(rests.len() == found.mesh.vertices.len() || !found.caps.is_empty(), "{}", exhibit.name);
        assert!(
            50 * over <= rests.len() && median < 1e-9,
            "{}: {over} of {}, {median}",
            exhibit.name,
            rests.len()
        );
    }
}

#[test]
fn a_mesh_moves_until_its_topology_changes() {
    let pair = union([
        sphere(0.5).translate((1 - t(), 0, 0)),
        sphere(0.4 + 0.1 * t()).translate((0.9 * t() - 1, 0.1, 0)),
    ]);
    let times: Vec<f64> = (0..=10).map(|n| 0.07 * f64::from(n)).collect();
    let found = pair.extract_over(&Extraction::default().resolution(24), &times).unwrap();
    assert_eq!(found.iter().map(|own| own.times.len()).sum::<usize>(), times.len());
    assert_eq!(found.iter().flat_map(|own| own.times.clone()).collect::<Vec<f64>>(), times);
    assert_eq!(found[0].first.mesh.components().1, 2);
    assert_eq!(found.last().unwrap().first.mesh.components().1, 1);
    assert!(found.len() < 5, "{} meshes", found.len());
    for own in &found {
        assert!(own.first.certify(&pair).unwrap().is_proven());
        for (n, &time) in own.times.iter().enumerate() {
            let mesh = own.mesh(n);
            assert!(mesh.is_closed_manifold() && mesh.self_intersections().is_empty());
            assert!(mesh.degenerate_triangles().is_empty() && mesh.volume() > 0.0);
            let values =
                pair.tape().unwrap().eval(Coordinates::from(&mesh.vertices[..]).at_time(time)).remove(0);
            assert!(values.iter().all(|value| value.abs() < 1e-6), "at {time}");
        }
    }
}

#[test]
fn what_moves_is_written_with_morph_targets() {
    // It turns and moves, with a hole in it, as a rigid body: its mesh goes along.
    let part = r#box([0.8, 0.6, 0.5]).difference(cylinder(0.15, 2.0)).rotate_z(t()).translate((t(), 0, 0));
    let found = part.extract_over(&Extraction::default().resolution(12), &[0.0, 0.25, 0.5]).unwrap();
    assert_eq!(found.len(), 1);
    let lengths = |frame: usize| -> Vec<f64> {
        let mesh = found[0].mesh(frame);
        let length = |n: usize| {
            let [a, b, _] = mesh.corners(n);
            (0..3).map(|axis| (a[axis] - b[axis]).powi(2)).sum::<f64>().sqrt()
        };
        (0..mesh.triangles.len()).map(length).collect()
    };
    let changed = lengths(0).into_iter().zip(lengths(2)).map(|(a, b)| (a - b).abs()).fold(0.0, f64::max);
    assert!(changed < 0.1 * found[0].first.cell, "an edge changes by {changed}");
    let path = std::path::Path::new(env!("CARGO_TARGET_TMPDIR")).join("moving.glb");
    fieldgrad::mesh::save_moving(&found, &[], &path).unwrap();
    let bytes = std::fs::read(&path).unwrap();
    let length = u32::from_le_bytes(bytes[12..16].try_into().unwrap()) as usize;
    let root: serde_json::Value = serde_json::from_slice(&bytes[20..20 + length]).unwrap();
    assert_eq!(root["meshes"][0]["primitives"][0]["targets"].as_array().unwrap().len(), 2);
    let animation = &root["animations"][0];
    assert_eq!(animation["channels"][0]["target"]["path"], "weights");
    let times = &root["accessors"][animation["samplers"][0]["input"].as_u64().unwrap() as usize];
    assert_eq!((times["count"].as_u64(), times["max"][0].as_f64()), (Some(3), Some(0.5)));
    assert!(fieldgrad::mesh::save_moving(&found, &[], "moving.stl".as_ref()).is_err());
}

#[test]
fn times_that_do_not_rise_are_refused() {
    let options = Extraction::default();
    for times in [&[][..], &[0.0, 0.0], &[1.0, 0.5], &[0.0, f64::NAN]] {
        assert!(sphere(0.5).extract_over(&options, times).is_err(), "{times:?}");
    }
}
