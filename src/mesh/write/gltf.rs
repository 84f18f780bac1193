//! Binary glTF 2.0: meshes of one primitive each, their numbers in one buffer; those that move with morph targets
//! (`gltf/moving.rs`).

mod moving;

pub(super) use moving::write_moving;

use super::Dressed;
use crate::mesh::Mesh;
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

/// The vertices of the file: which of the mesh each is, and with which triangle's corner's normal.
struct Vertices {
    of_mesh: Vec<u32>,
    /// The triangles and corners that normals are of; none where there are no normals.
    corners: Vec<(u32, u8)>,
    indices: Vec<u32>,
}

impl Vertices {
    fn of(mesh: &Mesh, normals: Option<&[[[f64; 3]; 3]]>) -> Vertices {
        let Some(normals) = normals else {
            let of_mesh = (0..mesh.vertices.len() as u32).collect();
            return Vertices { of_mesh, corners: Vec::new(), indices: mesh.triangles.concat() };
        };
        let mut split = Vertices { of_mesh: Vec::new(), corners: Vec::new(), indices: Vec::new() };
        let mut numbers: HashMap<(u32, [i32; 3]), u32> = HashMap::new();
        for (triangle, (corners, normals)) in mesh.triangles.iter().zip(normals).enumerate() {
            for (n, (&corner, normal)) in corners.iter().zip(normals).enumerate() {
                let digits = normal.map(|x| (DIGITS * x).round() as i32);
                let next = split.of_mesh.len() as u32;
                let number = *numbers.entry((corner, digits)).or_insert(next);
                if number == next {
                    split.of_mesh.push(corner);
                    split.corners.push((triangle as u32, n as u8));
                }
                split.indices.push(number);
            }
        }
        split
    }

    /// Attributes of the mesh's vertices, for those of the file.
    fn spread(&self, of: &[[f64; 3]]) -> Vec<[f32; 3]> {
        self.of_mesh.iter().map(|&n| of[n as usize].map(|x| x as f32)).collect()
    }

    fn normals(&self, of: &[[[f64; 3]; 3]]) -> Vec<[f32; 3]> {
        let normal = |&(triangle, corner): &(u32, u8)| super::unit(of[triangle as usize][corner as usize]);
        self.corners.iter().map(|corner| normal(corner).map(|x| x as f32)).collect()
    }
}

pub(super) fn write_glb(dressed: &Dressed, out: &mut dyn Write) -> Written<()> {
    let mut file = GltfFile::default();
    let mut node = json!({});
    if !dressed.mesh.triangles.is_empty() {
        let vertices = Vertices::of(dressed.mesh, dressed.normals);
        let primitive = file.primitive(dressed, &vertices);
        node["mesh"] = file.add_mesh(json!({ "primitives": [primitive] })).into();
    }
    file.nodes.push(node);
    file.write(json!({}), out)
}

/// The parts of a file.
#[derive(Default)]
struct GltfFile {
    bytes: Vec<u8>,
    views: Vec<Value>,
    accessors: Vec<Value>,
    meshes: Vec<Value>,
    nodes: Vec<Value>,
}

impl GltfFile {
    /// A mesh as the file has it: its numbers go to the buffer.
    fn primitive(&mut self, dressed: &Dressed, vertices: &Vertices) -> Value {
        let mut attributes = json!({ "POSITION": self.add_places(&vertices.spread(&dressed.mesh.vertices)) });
        if let Some(normals) = dressed.normals {
            attributes["NORMAL"] = self.add_vectors(&vertices.normals(normals)).into();
        }
        if let Some(colors) = dressed.colors {
            let colors: Vec<[f64; 3]> = colors.iter().map(|color| color.map(|x| x.clamp(0.0, 1.0))).collect();
            attributes["COLOR_0"] = self.add_vectors(&vertices.spread(&colors)).into();
        }
        if let Some(velocities) = dressed.velocities {
            attributes["_VELOCITY"] = self.add_vectors(&vertices.spread(velocities)).into();
        }
        let indices = vertices.indices.iter().flat_map(|index| index.to_le_bytes());
        let count = vertices.indices.len();
        let indices = self.add(
            indices,
            Some(INDICES),
            json!({ "componentType": UNSIGNED, "count": count, "type": "SCALAR" }),
        );
        json!({ "attributes": attributes, "indices": indices, "material": 0 })
    }

    fn add_mesh(&mut self, mesh: Value) -> usize {
        self.meshes.push(mesh);
        self.meshes.len() - 1
    }

    /// Adds places, with the box they are in as files must have it.
    fn add_places(&mut self, places: &[[f32; 3]]) -> usize {
        let position = self.add_vectors(places);
        self.bound(position, places);
        position
    }

    /// Says in which range numbers are.
    fn bound<const N: usize>(&mut self, accessor: usize, numbers: &[[f32; N]]) {
        let end = |better: fn(f32, f32) -> f32, from: f32| {
            let joined =
                numbers.iter().fold([from; N], |end, own| std::array::from_fn(|n| better(end[n], own[n])));
            Value::from(joined.map(f64::from).to_vec())
        };
        self.accessors[accessor]["min"] = end(f32::min, f32::INFINITY);
        self.accessors[accessor]["max"] = end(f32::max, f32::NEG_INFINITY);
    }

    /// Adds what each vertex has, and tells the number of its accessor.
    fn add_vectors(&mut self, vectors: &[[f32; 3]]) -> usize {
        let bytes = vectors.iter().flatten().flat_map(|number| number.to_le_bytes());
        let accessor = json!({ "componentType": FLOAT, "count": vectors.len(), "type": "VEC3" });
        self.add(bytes, Some(VERTICES), accessor)
    }

    fn add(&mut self, bytes: impl Iterator<Item = u8>, target: Option<u32>, mut accessor: Value) -> usize {
        let start = self.bytes.len();
        self.bytes.extend(bytes);
        let length = self.bytes.len() - start;
        let mut view = json!({ "buffer": 0, "byteOffset": start, "byteLength": length });
        if let Some(target) = target {
            view["target"] = target.into();
        }
        self.views.push(view);
        accessor["bufferView"] = (self.views.len() - 1).into();
        self.accessors.push(accessor);
        self.accessors.len() - 1
    }

    /// Writes the file, with what its root holds besides.
    fn write(self, mut root: Value, out: &mut dyn Write) -> Written<()> {
        root["asset"] = json!({ "version": "2.0", "generator": "fieldgrad" });
        root["scene"] = 0.into();
        root["scenes"] = json!([{ "nodes": (0..self.nodes.len()).collect::<Vec<_>>() }]);
        root["nodes"] = self.nodes.into();
        if !self.meshes.is_empty() {
            root["materials"] =
                json!([{ "pbrMetallicRoughness": { "metallicFactor": 0.0, "roughnessFactor": 0.5 } }]);
            root["meshes"] = self.meshes.into();
            root["buffers"] = json!([{ "byteLength": self.bytes.len() }]);
            root["bufferViews"] = self.views.into();
            root["accessors"] = self.accessors.into();
        }
        let mut text = root.to_string().into_bytes();
        text.resize(text.len().next_multiple_of(4), b' ');
        let chunks = [(text, b"JSON"), (self.bytes, b"BIN\0")];
        let chunks: Vec<_> = chunks.into_iter().filter(|(bytes, _)| !bytes.is_empty()).collect();
        let length = chunks.iter().fold(12, |sum, (bytes, _)| sum + 8 + bytes.len());
        let short = |length: usize| {
            u32::try_from(length).map_err(|_| Error::other("a glTF file holds less than 4 GiB"))
        };
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
}
