//! Meshes that move: a morph target for each time but the first, and an animation that goes from one to the next. Of several
//! meshes one is seen at a time: the others are scaled to nothing.

use super::{Dressed, FLOAT, GltfFile, Vertices};
use crate::mesh::MovingMesh;
use serde_json::json;
use std::io::{Result as Written, Write};

/// Writes meshes one after the other, with the colours of the vertices of each if there are any; the first time is that at
/// which the animation starts.
pub(in crate::mesh::write) fn write_moving(
    meshes: &[MovingMesh],
    colors: &[Option<Vec<[f64; 3]>>],
    out: &mut dyn Write,
) -> Written<()> {
    let mut file = GltfFile::default();
    let mut animation = Animation::default();
    let start = meshes.first().map_or(0.0, |mesh| mesh.times[0]);
    let times: Vec<f64> = meshes.iter().map(|mesh| mesh.times[0] - start).collect();
    for (n, moving) in meshes.iter().enumerate() {
        let dressed = Dressed::new(&moving.first.mesh).normals(&moving.first.normals);
        let dressed = match colors.get(n) {
            Some(Some(colors)) => dressed.colors(colors),
            _ => dressed,
        };
        let vertices = Vertices::of(&moving.first.mesh, dressed.normals);
        let mut primitive = file.primitive(&dressed, &vertices);
        let targets = moving.times.len() - 1;
        let mut node = json!({});
        if targets > 0 {
            let [places, normals] = [0, 1].map(|which| spread(&vertices, moving, 0, which));
            let target = |frame: usize| {
                let moved = [&places, &normals].into_iter().enumerate().map(|(which, first)| {
                    let now = spread(&vertices, moving, frame, which);
                    let by =
                        now.iter().zip(first).map(|(now, then)| [0, 1, 2].map(|axis| now[axis] - then[axis]));
                    by.collect::<Vec<[f32; 3]>>()
                });
                let moved: Vec<_> = moved.collect();
                json!({ "POSITION": file.add_places(&moved[0]), "NORMAL": file.add_vectors(&moved[1]) })
            };
            primitive["targets"] = (1..=targets).map(target).collect::<Vec<_>>().into();
            // At each time its own target, and at the first none.
            let mut weights = vec![0.0f32; targets * (targets + 1)];
            (0..targets).for_each(|n| weights[(n + 1) * targets + n] = 1.0);
            let own: Vec<f64> = moving.times.iter().map(|time| time - start).collect();
            animation.add(&mut file, n, "weights", "LINEAR", &own, &weights, ("SCALAR", 1));
        }
        let mut mesh = json!({ "primitives": [primitive] });
        if targets > 0 {
            mesh["weights"] = vec![0.0; targets].into();
        }
        node["mesh"] = file.add_mesh(mesh).into();
        if meshes.len() > 1 {
            let seen = |other: usize| [if other == n { 1.0f32 } else { 0.0 }; 3];
            let scales: Vec<f32> = (0..meshes.len()).flat_map(seen).collect();
            animation.add(&mut file, n, "scale", "STEP", &times, &scales, ("VEC3", 3));
            node["scale"] = vec![if n == 0 { 1.0 } else { 0.0 }; 3].into();
        }
        file.nodes.push(node);
    }
    let mut root = json!({});
    if !animation.channels.is_empty() {
        root["animations"] = json!([{ "channels": animation.channels, "samplers": animation.samplers }]);
    }
    file.write(root, out)
}

/// Where a moving mesh's vertices are at a time, or their normals.
fn spread(vertices: &Vertices, moving: &MovingMesh, frame: usize, which: usize) -> Vec<[f32; 3]> {
    match which {
        0 => vertices.spread(&moving.vertices[frame]),
        _ => vertices.normals(&moving.normals[frame]),
    }
}

#[derive(Default)]
struct Animation {
    channels: Vec<serde_json::Value>,
    samplers: Vec<serde_json::Value>,
}

impl Animation {
    /// Something of a node that changes: at times, to numbers of a kind and width.
    #[allow(clippy::too_many_arguments)]
    fn add(
        &mut self,
        file: &mut GltfFile,
        node: usize,
        path: &str,
        way: &str,
        times: &[f64],
        numbers: &[f32],
        (kind, width): (&str, usize),
    ) {
        let times: Vec<[f32; 1]> = times.iter().map(|&time| [time as f32]).collect();
        let bytes = |numbers: &[f32]| numbers.iter().flat_map(|x| x.to_le_bytes()).collect::<Vec<u8>>();
        let scalars = json!({ "componentType": FLOAT, "count": times.len(), "type": "SCALAR" });
        let input = file.add(bytes(times.as_flattened()).into_iter(), None, scalars);
        file.bound(input, &times);
        let accessor = json!({ "componentType": FLOAT, "count": numbers.len() / width, "type": kind });
        let output = file.add(bytes(numbers).into_iter(), None, accessor);
        self.channels
            .push(json!({ "sampler": self.samplers.len(), "target": { "node": node, "path": path } }));
        self.samplers.push(json!({ "input": input, "output": output, "interpolation": way }));
    }
}
