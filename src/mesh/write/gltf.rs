//! Binary glTF 2.0: one mesh of one primitive, its numbers in one buffer.

use super::Dressed;
use serde_json::{Value, json};
use std::collections::HashMap;
use std::io::{Error, Result as Written, Write};

/// Normals whose digits here are the same share a vertex.
const DIGITS: f64 = 1e3;
/// How the kinds of numbers are called in a file: `f32`, `u32`.
const FLOAT: u32 = 5126;
const UNSIGNED: u32 = 5125;
/// What a part of the buffer is for: vertices, indices.
const VERTICES: u32 = 34962;
const INDICES: u32 = 34963;

/// A vertex of the file: which of the mesh, and with which corner's normal.
struct Vertices {
    of_mesh: Vec<u32>,
    normals: Vec<[f32; 3]>,
    indices: Vec<u32>,
}

fn split(dressed: &Dressed) -> Vertices {
    let triangles = &dressed.mesh.triangles;
    let Some(normals) = dressed.normals else {
        let of_mesh = (0..dressed.mesh.vertices.len() as u32).collect();
        return Vertices { of_mesh, normals: Vec::new(), indices: triangles.concat() };
    };
    let mut split = Vertices { of_mesh: Vec::new(), normals: Vec::new(), indices: Vec::new() };
    let mut numbers: HashMap<(u32, [i32; 3]), u32> = HashMap::new();
    for (corners, normals) in triangles.iter().zip(normals) {
        for (&corner, normal) in corners.iter().zip(normals) {
            let digits = normal.map(|x| (DIGITS * x).round() as i32);
            let next = split.of_mesh.len() as u32;
            let number = *numbers.entry((corner, digits)).or_insert(next);
            if number == next {
                split.of_mesh.push(corner);
                split.normals.push(super::unit(*normal).map(|x| x as f32));
            }
            split.indices.push(number);
        }
    }
    split
}

pub(super) fn write_glb(dressed: &Dressed, out: &mut dyn Write) -> Written<()> {
    let Vertices { of_mesh, normals, indices } = split(dressed);
    let place = |n: &u32| dressed.mesh.vertices[*n as usize].map(|x| x as f32);
    let places: Vec<[f32; 3]> = of_mesh.iter().map(place).collect();
    let end = |better: fn(f32, f32) -> f32, from: f32| {
        let joined =
            places.iter().fold([from; 3], |end, place| [0, 1, 2].map(|axis| better(end[axis], place[axis])));
        Value::from(joined.map(f64::from).to_vec())
    };
    let mut file = Buffer::default();
    let mut attributes = json!({});
    if !places.is_empty() {
        let position = file.add(&places.concat(), "VEC3", 3);
        file.accessors[position]["min"] = end(f32::min, f32::INFINITY);
        file.accessors[position]["max"] = end(f32::max, f32::NEG_INFINITY);
        attributes["POSITION"] = position.into();
    }
    if !normals.is_empty() {
        attributes["NORMAL"] = file.add(&normals.concat(), "VEC3", 3).into();
    }
    if let Some(colors) = dressed.colors.filter(|_| !places.is_empty()) {
        let color = |n: &u32| colors[*n as usize].map(|x| x.clamp(0.0, 1.0) as f32);
        let colors: Vec<[f32; 3]> = of_mesh.iter().map(color).collect();
        attributes["COLOR_0"] = file.add(&colors.concat(), "VEC3", 3).into();
    }
    let mut root = json!({
        "asset": { "version": "2.0", "generator": "fieldgrad" },
        "scene": 0,
        "scenes": [{ "nodes": [0] }],
        "nodes": [{}],
    });
    if !indices.is_empty() {
        let indices = file.add_indices(&indices);
        root["nodes"][0]["mesh"] = 0.into();
        root["materials"] =
            json!([{ "pbrMetallicRoughness": { "metallicFactor": 0.0, "roughnessFactor": 0.5 } }]);
        root["meshes"] =
            json!([{ "primitives": [{ "attributes": attributes, "indices": indices, "material": 0 }] }]);
        root["buffers"] = json!([{ "byteLength": file.bytes.len() }]);
        root["bufferViews"] = file.views.into();
        root["accessors"] = file.accessors.into();
    }
    let mut text = root.to_string().into_bytes();
    text.resize(text.len().next_multiple_of(4), b' ');
    let chunks = [(text, b"JSON"), (file.bytes, b"BIN\0")];
    let chunks: Vec<_> = chunks.into_iter().filter(|(bytes, _)| !bytes.is_empty()).collect();
    let length = chunks.iter().fold(12, |sum, (bytes, _)| sum + 8 + bytes.len());
    let short =
        |length: usize| u32::try_from(length).map_err(|_| Error::other("a glTF file holds less than 4 GiB"));
    out.write_all(b"glTF")?;
    out.write_all(&2u32.to_le_bytes())?;
    out.write_all(&short(length)?.to_le_bytes())?;
    for (bytes, kind) in chunks {
        out.write_all(&short(bytes.len())?.to_le_bytes())?;
        out.write_all(kind)?;
        out.write_all(&bytes)?;
    }
    Ok(())
}

/// The buffer, and what says which numbers it holds where.
#[derive(Default)]
struct Buffer {
    bytes: Vec<u8>,
    views: Vec<Value>,
    accessors: Vec<Value>,
}

impl Buffer {
    /// Adds numbers, and tells the number of their accessor.
    fn add(&mut self, numbers: &[f32], kind: &str, width: usize) -> usize {
        let bytes = numbers.iter().flat_map(|number| number.to_le_bytes());
        self.add_bytes(
            bytes,
            VERTICES,
            json!({ "componentType": FLOAT, "count": numbers.len() / width, "type": kind }),
        )
    }

    fn add_indices(&mut self, indices: &[u32]) -> usize {
        let bytes = indices.iter().flat_map(|index| index.to_le_bytes());
        self.add_bytes(
            bytes,
            INDICES,
            json!({ "componentType": UNSIGNED, "count": indices.len(), "type": "SCALAR" }),
        )
    }

    fn add_bytes(&mut self, bytes: impl Iterator<Item = u8>, target: u32, mut accessor: Value) -> usize {
        let start = self.bytes.len();
        self.bytes.extend(bytes);
        let length = self.bytes.len() - start;
        self.views.push(json!({ "buffer": 0, "byteOffset": start, "byteLength": length, "target": target }));
        accessor["bufferView"] = (self.views.len() - 1).into();
        self.accessors.push(accessor);
        self.accessors.len() - 1
    }
}
