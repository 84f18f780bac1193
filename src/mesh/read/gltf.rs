//! glTF 2.0, as text or binary: the triangles of its scene's nodes, where these put them.
//!
//! A place that several vertices have is one vertex: files repeat them for their normals. Morph targets, skins and animations are
//! passed over.

use super::super::weld::Weld;
use super::affine::Affine;
use super::{Mesh, Wrong};
use serde_json::Value;

/// More triangles than so many are no mesh of ours: nodes may repeat one mesh many times.
const MAX_TRIANGLES: usize = 1 << 26;
/// How deep nodes may lie within nodes, and how many there may be, with those that are repeated.
const MAX_DEPTH: usize = 256;
const MAX_NODES: usize = 1 << 20;
/// Extensions a file may ask for that do not touch places: how surfaces look, lights, names of variants.
const HARMLESS: [&str; 5] = ["KHR_materials_", "KHR_texture_", "KHR_lights_", "EXT_texture_", "KHR_xmp"];

/// Reads a file. `beside` gives the bytes of a file that this one names.
pub(super) fn read(bytes: &[u8], beside: &dyn Fn(&str) -> Result<Vec<u8>, Wrong>) -> Result<Mesh, Wrong> {
    let (text, binary) = match bytes.strip_prefix(b"glTF") {
        Some(rest) => chunks(rest)?,
        None => (bytes, None),
    };
    let root: Value = serde_json::from_slice(text)
        .map_err(|error| Wrong::Whole(format!("its JSON is not right: {error}")))?;
    let asked = list(&root, "extensionsRequired").iter().filter_map(Value::as_str);
    if let Some(name) = asked.into_iter().find(|name| !HARMLESS.iter().any(|start| name.starts_with(start))) {
        return Err(Wrong::Whole(format!("asks for the extension {name}, which is not known here")));
    }
    let buffers = list(&root, "buffers").iter().enumerate().map(|(n, buffer)| {
        let length = count(buffer, "byteLength").unwrap_or(0);
        let mut bytes = match buffer["uri"].as_str() {
            Some(uri) => match uri.strip_prefix("data:") {
                Some(data) => {
                    embedded(data).ok_or_else(|| wrong(format!("the data of buffer {n} is not base64")))?
                }
                None => beside(uri)?,
            },
            None if n == 0 => binary.unwrap_or_default().to_vec(),
            None => Vec::new(),
        };
        if bytes.len() < length {
            return Err(wrong(format!("buffer {n} promises {length} bytes and has {}", bytes.len())));
        }
        bytes.truncate(length);
        Ok(bytes)
    });
    let buffers = buffers.collect::<Result<Vec<_>, Wrong>>()?;
    let mut reading =
        GltfReading { root: &root, buffers, weld: Weld::new(0), triangles: Vec::new(), nodes: 0 };
    let scenes = list(&root, "scenes");
    let scene = scenes.get(count(&root, "scene").unwrap_or(0));
    match scene {
        Some(scene) => {
            for node in list(scene, "nodes") {
                reading.node(node, &Affine::WHOLE, 0)?;
            }
        }
        // A library of meshes, without a scene.
        None => (0..list(&root, "meshes").len()).try_for_each(|mesh| reading.mesh(mesh, &Affine::WHOLE))?,
    }
    Ok(Mesh { vertices: reading.weld.places, triangles: reading.triangles })
}

fn wrong(problem: String) -> Wrong {
    Wrong::Whole(problem)
}

/// The JSON and the buffer of a binary file, after its first four bytes.
fn chunks(bytes: &[u8]) -> Result<(&[u8], Option<&[u8]>), Wrong> {
    let word =
        |at: usize| bytes.get(at..at + 4).map(|own| u32::from_le_bytes([own[0], own[1], own[2], own[3]]));
    match word(0) {
        Some(2) => {}
        Some(version) => return Err(wrong(format!("is of version {version} of binary glTF; 2 is read"))),
        None => return Err(wrong("ends in the middle of its header".into())),
    }
    let mut at = 8;
    let (mut text, mut binary) = (None, None);
    while let (Some(length), Some(kind)) = (word(at), word(at + 4)) {
        let start = at + 8;
        let Some(own) = start.checked_add(length as usize).and_then(|end| bytes.get(start..end)) else {
            return Err(Wrong::Byte(
                at + 4,
                format!("a chunk promises {length} bytes and has {}", bytes.len() - start),
            ));
        };
        match kind.to_le_bytes() {
            [b'J', b'S', b'O', b'N'] if text.is_none() => text = Some(own),
            [b'B', b'I', b'N', 0] if binary.is_none() => binary = Some(own),
            _ => {}
        }
        at = start + own.len();
    }
    Ok((text.ok_or_else(|| wrong("has no chunk of JSON".into()))?, binary))
}

/// The bytes of a data URI: base64 after its comma (RFC 4648).
fn embedded(data: &str) -> Option<Vec<u8>> {
    let text = data.split_once(";base64,")?.1.trim_end_matches('=');
    let mut bytes = Vec::with_capacity(text.len() / 4 * 3 + 3);
    let (mut bits, mut held) = (0u32, 0);
    for byte in text.bytes() {
        let digit = match byte {
            b'A'..=b'Z' => byte - b'A',
            b'a'..=b'z' => byte - b'a' + 26,
            b'0'..=b'9' => byte - b'0' + 52,
            b'+' => 62,
            b'/' => 63,
            _ => return None,
        };
        bits = bits << 6 | u32::from(digit);
        held += 6;
        if held >= 8 {
            held -= 8;
            bytes.push((bits >> held) as u8);
        }
    }
    Some(bytes)
}

/// A list of a value; an empty one if it has none.
fn list<'a>(of: &'a Value, name: &str) -> &'a [Value] {
    of[name].as_array().map_or(&[], Vec::as_slice)
}

/// A whole number of a value.
fn count(of: &Value, name: &str) -> Option<usize> {
    of[name].as_u64().and_then(|number| usize::try_from(number).ok())
}

/// Numbers in a buffer: which, how many, and how far apart.
struct Stored<'a> {
    bytes: &'a [u8],
    count: usize,
    stride: usize,
    component: u64,
}

struct GltfReading<'a> {
    root: &'a Value,
    buffers: Vec<Vec<u8>>,
    weld: Weld,
    triangles: Vec<[u32; 3]>,
    /// How many nodes were gone to.
    nodes: usize,
}

impl GltfReading<'_> {
    fn node(&mut self, number: &Value, within: &Affine, depth: usize) -> Result<(), Wrong> {
        let root = self.root;
        let node = number.as_u64().and_then(|n| list(root, "nodes").get(n as usize));
        let node = node.ok_or_else(|| wrong(format!("node {number} is not there")))?;
        self.nodes += 1;
        if depth > MAX_DEPTH || self.nodes > MAX_NODES {
            return Err(wrong(format!("node {number} lies {depth} deep, or nodes lie within themselves")));
        }
        let own =
            transform(node).ok_or_else(|| wrong(format!("node {number} is placed by what is no number")))?;
        let placed = within.after(&own);
        if let Some(mesh) = count(node, "mesh") {
            self.mesh(mesh, &placed)?;
        }
        list(node, "children").iter().try_for_each(|child| self.node(child, &placed, depth + 1))
    }

    fn mesh(&mut self, number: usize, placed: &Affine) -> Result<(), Wrong> {
        let root = self.root;
        let mesh = list(root, "meshes").get(number);
        let mesh = mesh.ok_or_else(|| wrong(format!("mesh {number} is not there")))?;
        for primitive in list(mesh, "primitives") {
            let mode = count(primitive, "mode").unwrap_or(4);
            let Some(position) =
                count(&primitive["attributes"], "POSITION").filter(|_| (4..=6).contains(&mode))
            else {
                continue;
            };
            let vertices = self.places(position, placed)?;
            let corners = match count(primitive, "indices") {
                Some(indices) => self.indices(indices, vertices.len())?,
                None => (0..vertices.len() as u32).collect(),
            };
            let numbers: Vec<u32> = vertices.into_iter().map(|place| self.weld.number(place)).collect();
            let found =
                triangles(&corners, mode).map(|corners| corners.map(|corner| numbers[corner as usize]));
            // Strips have triangles without area in them, by which they turn.
            let found = found.filter(|&[a, b, c]| mode == 4 || a != b && b != c && c != a);
            self.triangles.extend(found.map(|corners| placed.turned(corners)));
            if self.triangles.len() > MAX_TRIANGLES {
                return Err(wrong(format!(
                    "has more than {MAX_TRIANGLES} triangles, with those that are repeated"
                )));
            }
        }
        Ok(())
    }

    fn stored(&self, number: usize, width: usize) -> Result<Stored<'_>, Wrong> {
        let Some(accessor) = list(self.root, "accessors").get(number) else {
            return Err(wrong(format!("accessor {number} is not there")));
        };
        let is_wrong = |problem: &str| wrong(format!("accessor {number} {problem}"));
        if !accessor["sparse"].is_null() {
            return Err(is_wrong("is sparse, which is not read"));
        }
        let component = accessor["componentType"].as_u64().unwrap_or(0);
        let size = match component {
            5121 => 1,
            5123 => 2,
            5125 | 5126 => 4,
            _ => return Err(is_wrong(&format!("has the component type {component}, which is not read"))),
        };
        let view = count(accessor, "bufferView").and_then(|n| list(self.root, "bufferViews").get(n));
        let view = view.ok_or_else(|| is_wrong("has no buffer view"))?;
        let buffer = count(view, "buffer").and_then(|n| self.buffers.get(n));
        let buffer = buffer.ok_or_else(|| is_wrong("has no buffer"))?;
        let (start, length) =
            (count(view, "byteOffset").unwrap_or(0), count(view, "byteLength").unwrap_or(0));
        let bytes = start.checked_add(length).and_then(|end| buffer.get(start..end));
        let bytes = bytes.ok_or_else(|| is_wrong("lies beyond its buffer's end"))?;
        let bytes = bytes.get(count(accessor, "byteOffset").unwrap_or(0)..).unwrap_or_default();
        let stride = count(view, "byteStride").unwrap_or(size * width).max(size * width);
        let items = count(accessor, "count").unwrap_or(0);
        let end =
            items.checked_sub(1).map_or(Some(0), |last| last.checked_mul(stride)?.checked_add(size * width));
        if end.is_none_or(|end| end > bytes.len()) {
            return Err(is_wrong(&format!("promises {items} items, which its buffer view has no room for")));
        }
        Ok(Stored { bytes, count: items, stride, component })
    }

    fn places(&self, number: usize, placed: &Affine) -> Result<Vec<[f64; 3]>, Wrong> {
        let stored = self.stored(number, 3)?;
        let is_vectors = list(self.root, "accessors")[number]["type"] == "VEC3";
        if stored.component != 5126 || !is_vectors {
            return Err(wrong(format!("accessor {number} is of places, and not of three floats each")));
        }
        let place = |n: usize| {
            let float = |axis: usize| {
                let own = &stored.bytes[n * stored.stride + 4 * axis..];
                f64::from(f32::from_le_bytes([own[0], own[1], own[2], own[3]]))
            };
            let place = placed.moved([0, 1, 2].map(float));
            match place.iter().all(|x| x.is_finite()) {
                true => Ok(place),
                false => Err(wrong(format!("vertex {n} of accessor {number} is at {place:?}"))),
            }
        };
        (0..stored.count).map(place).collect()
    }

    fn indices(&self, number: usize, vertices: usize) -> Result<Vec<u32>, Wrong> {
        let stored = self.stored(number, 1)?;
        let index = |n: usize| {
            let own = &stored.bytes[n * stored.stride..];
            let index = match stored.component {
                5121 => u32::from(own[0]),
                5123 => u32::from(u16::from_le_bytes([own[0], own[1]])),
                5125 => u32::from_le_bytes([own[0], own[1], own[2], own[3]]),
                _ => return Err(wrong(format!("accessor {number} is of indices that are no whole numbers"))),
            };
            match (index as usize) < vertices {
                true => Ok(index),
                false => Err(wrong(format!(
                    "index {n} of accessor {number} is {index}, {} vertices",
                    super::so_many(vertices)
                ))),
            }
        };
        (0..stored.count).map(index).collect()
    }
}

/// The triangles of a list, a strip or a fan of corners.
fn triangles(corners: &[u32], mode: usize) -> Box<dyn Iterator<Item = [u32; 3]> + '_> {
    match mode {
        4 => Box::new(corners.chunks_exact(3).map(|own| [own[0], own[1], own[2]])),
        5 => Box::new(corners.windows(3).enumerate().map(|(n, own)| match n % 2 {
            0 => [own[0], own[1], own[2]],
            _ => [own[0], own[2], own[1]],
        })),
        _ => {
            Box::new(corners.get(1..).unwrap_or_default().windows(2).map(|own| [own[0], own[1], corners[0]]))
        }
    }
}

/// Where a node's own things are, in what it is part of.
fn transform(node: &Value) -> Option<Affine> {
    let numbers = |name: &str, usual: &[f64]| match &node[name] {
        Value::Null => Some(usual.to_vec()),
        value => {
            let read: Option<Vec<f64>> = value.as_array()?.iter().map(Value::as_f64).collect();
            read.filter(|read| read.len() == usual.len())
        }
    };
    if !node["matrix"].is_null() {
        let m = numbers("matrix", &[0.0; 16])?;
        return Some(Affine(
            [0, 1, 2, 3].map(|column| [m[4 * column], m[4 * column + 1], m[4 * column + 2]]),
        ));
    }
    let by = numbers("translation", &[0.0; 3])?;
    let scale = numbers("scale", &[1.0; 3])?;
    let turn = numbers("rotation", &[0.0, 0.0, 0.0, 1.0])?;
    let [x, y, z, w] = [turn[0], turn[1], turn[2], turn[3]];
    // A unit quaternion's rotation, by columns.
    let axes = [
        [1.0 - 2.0 * (y * y + z * z), 2.0 * (x * y + z * w), 2.0 * (x * z - y * w)],
        [2.0 * (x * y - z * w), 1.0 - 2.0 * (x * x + z * z), 2.0 * (y * z + x * w)],
        [2.0 * (x * z + y * w), 2.0 * (y * z - x * w), 1.0 - 2.0 * (x * x + y * y)],
    ];
    let column = |n: usize| axes[n].map(|part| part * scale[n]);
    Some(Affine([column(0), column(1), column(2), [by[0], by[1], by[2]]]))
}
