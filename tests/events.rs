//! The command's ways to look at a surface that moves: `events`, and `mesh` with motion and velocities.

#[path = "support/command.rs"]
mod support;

use support::Folder;

const JOINING: &str = "show(union([sphere(0.5).translate([1 - t, 0, 0]), sphere(0.4).translate([t - 1, 0.1, 0])]));\n\
                       timeline(0, 0.9);\nbounds([-2, -1, -1], [2, 1, 1]);\n";

#[test]
fn events_are_listed() {
    let folder = Folder::new("events").with("joining.rhai", JOINING);
    let json = folder.run("events joining.rhai --json").ends(0).json();
    let events = json["events"].as_array().unwrap();
    assert_eq!(events.len(), 1, "{json}");
    assert_eq!(events[0]["change"], "joins");
    // Centres 2 − 2t apart in x and 0.1 in y, and radii that sum to 0.9.
    let time = 1.0 - 0.5 * (0.81f64 - 0.01).sqrt();
    assert!((events[0]["time"].as_f64().unwrap() - time).abs() < 1e-9, "{json}");
    let said = folder.run("events joining.rhai").ends(0).out;
    assert!(said.contains("two parts join"), "{said}");
    let none = folder.run("events joining.rhai --to 0.3").ends(0).out;
    assert_eq!(none, "no events from 0 to 0.3\n");
    folder.run("events joining.rhai --from 2 --to 1").ends(2);
}

#[test]
fn a_moving_mesh_is_written_for_viewers() {
    let folder = Folder::new("moving_mesh").with("joining.rhai", JOINING);
    let json = folder
        .run("mesh joining.rhai -o moving.glb --to 0.75 --fps 8 --resolution 24 --certify --json")
        .ends(0)
        .json();
    let meshes = json["meshes"].as_array().unwrap();
    let times: u64 = meshes.iter().map(|mesh| mesh["times"].as_u64().unwrap()).sum();
    assert_eq!(times, 7, "{json}");
    assert_eq!((&meshes[0]["pieces"], &meshes[meshes.len() - 1]["pieces"]), (&2.into(), &1.into()), "{json}");
    assert!(meshes.iter().all(|mesh| mesh["proven"] == true), "{json}");
    let refused = folder.run("mesh joining.rhai -o moving.stl --to 1").ends(2).err;
    assert!(refused.contains(".glb"), "{refused}");
    folder.run("mesh joining.rhai -o moving.glb --to 1 --fps 0").ends(2);
    folder.run("mesh joining.rhai -o still.ply --velocity --time 0.2 --resolution 16").ends(0);
    let ply = folder.read("still.ply");
    assert!(String::from_utf8_lossy(&ply[..400]).contains("property float vx"));
    let refused = folder.run("mesh joining.rhai -o still.stl --velocity").ends(2).err;
    assert!(refused.contains(".ply or .glb"), "{refused}");
}
