//! Meshes and points read from files: each format's ways of saying the same, and what is said of files that are broken.

use fieldgrad::mesh::{Dressed, Format, Mesh, PointCloud, ReadFormat};
use serde_json::{Value, json};
use std::fmt::Write as _;

mod support;
use support::Random;

const CUBE: [[f64; 3]; 8] = [
    [0.0, 0.0, 0.0],
    [1.0, 0.0, 0.0],
    [1.0, 1.0, 0.0],
    [0.0, 1.0, 0.0],
    [0.0, 0.0, 1.0],
    [1.0, 0.0, 1.0],
    [1.0, 1.0, 1.0],
    [0.0, 1.0, 1.0],
];
const SIDES: [[usize; 4]; 6] =
    [[0, 3, 2, 1], [4, 5, 6, 7], [0, 1, 5, 4], [1, 2, 6, 5], [2, 3, 7, 6], [3, 0, 4, 7]];

fn cube() -> Mesh {
    let two = |&[a, b, c, d]: &[usize; 4]| [[a, b, c], [a, c, d]];
    let triangles = SIDES.iter().flat_map(two).map(|t| t.map(|n| n as u32)).collect();
    Mesh::new(CUBE.to_vec(), triangles).unwrap()
}

fn obj() -> Vec<u8> {
    let mut text = "# a cube\no cube\r\nvt 0 0\nvn 0 0 1\n".to_string();
    CUBE.iter().for_each(|[x, y, z]| writeln!(text, "v {x} {y:e} {z} 1.0").unwrap());
    text += "g sides\nusemtl none\n";
    for (n, side) in SIDES.iter().enumerate() {
        // Each of the ways to name a corner.
        let corner = |&c: &usize| match n % 4 {
            0 => format!("{}", c + 1),
            1 => format!("{}/1/1", c + 1),
            2 => format!("{}//1", c + 1),
            _ => format!("{}", c as i64 - 8),
        };
        writeln!(text, "f {}", side.iter().map(corner).collect::<Vec<_>>().join(" ")).unwrap();
    }
    text.into_bytes()
}

fn stl_text() -> Vec<u8> {
    let mut text = "solid cube\n".to_string();
    let mesh = cube();
    for n in 0..mesh.triangles.len() {
        text += "  facet normal 0 0 0\n    outer loop\n";
        mesh.corners(n).iter().for_each(|[x, y, z]| writeln!(text, "      vertex {x} {y} {z:.6e}").unwrap());
        text += "    endloop\n  endfacet\n";
    }
    (text + "endsolid cube\n").into_bytes()
}

fn stl_binary() -> Vec<u8> {
    let mesh = cube();
    let mut bytes = b"solid this starts as text does".to_vec();
    bytes.resize(80, b' ');
    bytes.extend((mesh.triangles.len() as u32).to_le_bytes());
    for n in 0..mesh.triangles.len() {
        bytes.extend([0; 12]);
        mesh.corners(n).iter().flatten().for_each(|&x| bytes.extend((x as f32).to_le_bytes()));
        bytes.extend([0; 2]);
    }
    bytes
}

/// A PLY file with properties and elements that nobody asked for.
fn ply(form: &str) -> Vec<u8> {
    let mut bytes = format!(
        "ply\nformat {form} 1.0\ncomment a cube\nelement vertex 8\nproperty uchar red\nproperty float x\n\
         property double y\nproperty float z\nproperty float nx\nproperty float ny\nproperty float nz\n\
         element tag 2\nproperty list ushort short numbers\nelement face 6\nproperty float quality\n\
         property list uchar int vertex_indices\nend_header\n"
    )
    .into_bytes();
    let is_big = form.contains("big");
    let mut put = |value: f64, kind: &str| {
        let mut raw = match kind {
            "text" => format!("{value} ").into_bytes(),
            "u8" => vec![value as u8],
            "u16" => (value as u16).to_le_bytes().to_vec(),
            "i32" => (value as i32).to_le_bytes().to_vec(),
            "f32" => (value as f32).to_le_bytes().to_vec(),
            _ => value.to_le_bytes().to_vec(),
        };
        if is_big && kind != "text" {
            raw.reverse();
        }
        bytes.extend(raw);
    };
    let is_text = form == "ascii";
    let mut number = |value: f64, kind: &'static str| put(value, if is_text { "text" } else { kind });
    for [x, y, z] in CUBE {
        number(200.0, "u8");
        number(x, "f32");
        number(y, "f64");
        [z, x - 0.5, y - 0.5, z - 0.5].into_iter().for_each(|value| number(value, "f32"));
    }
    for count in [3, 0] {
        number(f64::from(count), "u16");
        (0..count).for_each(|n| number(f64::from(n), "u16"));
    }
    for side in SIDES {
        number(0.5, "f32");
        number(4.0, "u8");
        side.iter().for_each(|&corner| number(corner as f64, "i32"));
    }
    bytes
}

fn all() -> Vec<(ReadFormat, Vec<u8>)> {
    vec![
        (ReadFormat::Obj, obj()),
        (ReadFormat::Stl, stl_text()),
        (ReadFormat::Stl, stl_binary()),
        (ReadFormat::Ply, ply("ascii")),
        (ReadFormat::Ply, ply("binary_little_endian")),
        (ReadFormat::Ply, ply("binary_big_endian")),
        (ReadFormat::Gltf, written(Format::Glb)),
        (ReadFormat::Gltf, gltf(json!([{ "mesh": 0 }]))),
        (ReadFormat::ThreeMf, written(Format::ThreeMf)),
        (ReadFormat::ThreeMf, three_mf(r#"<item objectid="1" transform="1 0 0 0 0 1 0 -1 0 0 0 0"/>"#)),
    ]
}

fn changed_gltf(from: &str, to: &str) -> Vec<u8> {
    let text = String::from_utf8(gltf(json!([{ "mesh": 0 }]))).unwrap();
    assert!(text.contains(from), "{text}");
    text.replace(from, to).into_bytes()
}

fn written(format: Format) -> Vec<u8> {
    let mut bytes = Vec::new();
    Dressed::new(&cube()).write(format, &mut bytes).unwrap();
    bytes
}

/// glTF as text, whose nodes are these.
fn gltf(nodes: Value) -> Vec<u8> {
    let Mesh { vertices, triangles } = cube();
    let mut bytes: Vec<u8> = vertices.iter().flatten().flat_map(|&x| (x as f32).to_le_bytes()).collect();
    let places = bytes.len();
    bytes.extend(triangles.iter().flatten().map(|&corner| corner as u8));
    let digits = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    let mut text = String::from("data:application/octet-stream;base64,");
    for own in bytes.chunks(3) {
        let word =
            own.iter().enumerate().fold(0u32, |word, (n, &byte)| word | u32::from(byte) << (16 - 8 * n));
        let shown = (0..4).map(|n| {
            if n > own.len() { '=' } else { char::from(digits[(word >> (18 - 6 * n) & 63) as usize]) }
        });
        text.extend(shown);
    }
    let count = nodes.as_array().unwrap().len();
    json!({
        "asset": { "version": "2.0" },
        "scenes": [{ "nodes": (0..count).collect::<Vec<_>>() }],
        "nodes": nodes,
        "meshes": [{ "primitives": [{ "attributes": { "POSITION": 0 }, "indices": 1 }] }],
        "buffers": [{ "byteLength": bytes.len(), "uri": text }],
        "bufferViews": [
            { "buffer": 0, "byteLength": places },
            { "buffer": 0, "byteOffset": places, "byteLength": bytes.len() - places },
        ],
        "accessors": [
            { "bufferView": 0, "componentType": 5126, "count": vertices.len(), "type": "VEC3" },
            { "bufferView": 1, "componentType": 5121, "count": 3 * triangles.len(), "type": "SCALAR" },
        ],
    })
    .to_string()
    .into_bytes()
}

/// A 3MF file whose cube is object 1 and which builds these items; its parts are not packed.
fn three_mf(items: &str) -> Vec<u8> {
    let Mesh { vertices, triangles } = cube();
    let vertices: String =
        vertices.iter().map(|[x, y, z]| format!("<vertex x='{x}' y='{y}' z='{z}'/>")).collect();
    let triangles: String =
        triangles.iter().map(|[a, b, c]| format!("<triangle v1='{a}' v2='{b}' v3='{c}'/>\n")).collect();
    let model = format!(
        "<?xml version='1.0'?>\n<m:model xmlns:m='core'><!-- a <cube> -->\n<m:resources><m:object id='1'><mesh>{vertices}{triangles}</mesh></m:object>\
         <object id='2'><components><component objectid='1'/><component objectid='1' transform='1 0 0 0 1 0 0 0 1 2 0 0'/></components></object>\
         <object id='3'><components><component objectid='3'/></components></object></m:resources><build>{items}</build></m:model>"
    );
    let name = b"3D/cube.model";
    let numbers = |of: &[(usize, usize)]| {
        of.iter().flat_map(|&(n, width)| n.to_le_bytes()[..width].to_vec()).collect::<Vec<u8>>()
    };
    // The CRC-32 of its definition, a bit at a time.
    let step = |crc: u32| if crc & 1 == 1 { crc >> 1 ^ 0xedb8_8320 } else { crc >> 1 };
    let crc = !model.bytes().fold(!0u32, |crc, byte| (0..8).fold(crc ^ u32::from(byte), |crc, _| step(crc)));
    let sizes = [(crc as usize, 4), (model.len(), 4), (model.len(), 4), (name.len(), 2), (0, 2)];
    let mut bytes = b"PK\x03\x04".to_vec();
    bytes.extend(numbers(&[(20, 2), (0, 2), (0, 2), (0, 4)]));
    bytes.extend(numbers(&sizes));
    bytes.extend(name);
    bytes.extend(model.bytes());
    let at = bytes.len();
    bytes.extend(b"PK\x01\x02");
    bytes.extend(numbers(&[(20, 2), (20, 2), (0, 2), (0, 2), (0, 4)]));
    bytes.extend(numbers(&sizes));
    bytes.extend(numbers(&[(0, 2), (0, 2), (0, 2), (0, 4), (0, 4)]));
    bytes.extend(name);
    let length = bytes.len() - at;
    bytes.extend(b"PK\x05\x06");
    bytes.extend(numbers(&[(0, 2), (0, 2), (1, 2), (1, 2), (length, 4), (at, 4), (0, 2)]));
    bytes
}

#[test]
fn what_is_placed_several_times_is_there_several_times() {
    // One mirrored and twice as large, one turned about y and moved, within another node.
    let half = 0.5f64.sqrt();
    let nodes = json!([
        { "mesh": 0, "scale": [-2, 2, 2], "translation": [5, 0, 0] },
        { "children": [2], "translation": [0, 0, 9] },
        { "mesh": 0, "rotation": [0, half, 0, half] },
    ]);
    let mut text: Value = serde_json::from_slice(&gltf(nodes)).unwrap();
    text["scenes"][0]["nodes"] = json!([0, 1]);
    let mesh = Mesh::from_bytes(text.to_string().as_bytes(), ReadFormat::Gltf).unwrap();
    assert!((mesh.volume() - 9.0).abs() < 1e-12 && mesh.is_closed_manifold());
    let far = mesh.vertices.iter().map(|vertex| vertex[2]).fold(f64::MIN, f64::max);
    assert!((far - 9.0).abs() < 1e-12, "the cube from 0 to 1, turned: x goes to −z");
    let mesh = Mesh::from_bytes(
        &three_mf("<item objectid='2'/><item objectid='1' transform='-1 0 0 0 1 0 0 0 1 -1 0 0'/>"),
        ReadFormat::ThreeMf,
    );
    let mesh = mesh.unwrap();
    assert!((mesh.volume() - 3.0).abs() < 1e-12 && mesh.triangles.len() == 36);
    // The file's upward axis is up here.
    assert!(
        mesh.vertices
            .iter()
            .all(|vertex| (0.0..=1.0).contains(&vertex[1]) && (-1.0..=0.0).contains(&vertex[2]))
    );
}

#[test]
fn every_format_says_the_same_cube() {
    for (format, bytes) in all() {
        let mesh = Mesh::from_bytes(&bytes, format).unwrap_or_else(|error| panic!("{format:?}: {error}"));
        let start = String::from_utf8_lossy(&bytes[..60.min(bytes.len())]).into_owned();
        assert_eq!((mesh.vertices.len(), mesh.triangles.len()), (8, 12), "{start}");
        assert!((mesh.volume() - 1.0).abs() < 1e-15 && (mesh.area() - 6.0).abs() < 1e-15, "{start}");
        if matches!(format, ReadFormat::Obj | ReadFormat::Ply) {
            assert_eq!(mesh, cube());
        }
    }
}

#[test]
fn files_are_found_by_their_ending() {
    let folder = std::env::temp_dir().join(format!("fieldgrad_mesh_files_{}", std::process::id()));
    std::fs::create_dir_all(&folder).unwrap();
    for (name, bytes) in [("a.obj", obj()), ("a.STL", stl_binary()), ("a.ply", ply("binary_big_endian"))] {
        let path = folder.join(name);
        std::fs::write(&path, bytes).unwrap();
        assert_eq!(Mesh::from_file(&path).unwrap().triangles.len(), 12);
    }
    std::fs::write(folder.join("points.csv"), "z;x;y;weight\n3;1;2;heavy\n# none\n6;4;5;light\n").unwrap();
    let cloud = PointCloud::from_file(folder.join("points.csv")).unwrap();
    assert_eq!((cloud.points, cloud.normals.len()), (vec![[1.0, 2.0, 3.0], [4.0, 5.0, 6.0]], 0));
    std::fs::write(folder.join("points.xyz"), "1 2 3 0 0 1\n4 5 6 0 1 0\n").unwrap();
    assert_eq!(PointCloud::from_file(folder.join("points.xyz")).unwrap().normals[1], [0.0, 1.0, 0.0]);
    assert_eq!(PointCloud::from_file(folder.join("a.ply")).unwrap().normals[6], [0.5; 3]);
    let missing = Mesh::from_file(folder.join("b.obj")).unwrap_err().to_string();
    assert!(missing.ends_with("b.obj: there is no such file"), "{missing}");
    let other = Mesh::from_file(folder.join("b.txt")).unwrap_err().to_string();
    assert!(other.contains("is none of .obj, .stl, .ply, .glb, .gltf and .3mf"), "{other}");
    std::fs::remove_dir_all(&folder).unwrap();
}

#[test]
fn polygons_of_a_hundred_corners_keep_their_area() {
    // A comb, and a star: neither is convex.
    let mut comb: Vec<[f64; 2]> = (0..50).map(|n| [n as f64, if n % 2 == 0 { 1.0 } else { 5.0 }]).collect();
    comb.extend([[49.0, 0.0], [0.0, 0.0]]);
    let star: Vec<[f64; 2]> = (0..100)
        .map(|n| {
            let (angle, radius) = (n as f64 * 0.0628318530717958, if n % 2 == 0 { 2.0 } else { 0.5 });
            [radius * angle.cos(), radius * angle.sin()]
        })
        .collect();
    for outline in [comb, star] {
        let count = outline.len();
        let next = |n: usize| outline[(n + 1) % count];
        let area =
            (0..count).map(|n| 0.5 * (outline[n][0] * next(n)[1] - next(n)[0] * outline[n][1])).sum::<f64>();
        let mut text = String::new();
        outline.iter().for_each(|[x, y]| writeln!(text, "v {x} {y} {}", 0.3 * x - 0.2 * y).unwrap());
        let corners: Vec<String> = (1..=count).map(|n| n.to_string()).collect();
        writeln!(text, "f {}", corners.join(" ")).unwrap();
        let mesh = Mesh::from_bytes(text.as_bytes(), ReadFormat::Obj).unwrap();
        assert_eq!(mesh.triangles.len(), count - 2);
        let slant = (1.0f64 + 0.09 + 0.04).sqrt();
        assert!((mesh.area() - area.abs() * slant).abs() < 1e-9 * mesh.area(), "{}", mesh.area());
    }
}

#[test]
fn what_is_wrong_is_said_with_its_place() {
    let mut short = stl_binary();
    short.truncate(300);
    let mut nan = stl_binary();
    nan[84 + 50 + 12..84 + 50 + 16].copy_from_slice(&f32::NAN.to_le_bytes());
    let edit =
        |from: &str, to: &str| String::from_utf8(ply("ascii")).unwrap().replacen(from, to, 1).into_bytes();
    let binary_ply = ply("binary_little_endian");
    let huge = b"ply\nformat binary_little_endian 1.0\nelement vertex 4000000000\nproperty float x\nproperty float y\nproperty float z\nend_header\n".to_vec();
    let cases: Vec<(ReadFormat, Vec<u8>, &str)> = vec![
        (ReadFormat::Obj, b"v 0 0\n".to_vec(), "OBJ:1:1: a vertex has three numbers, not 2"),
        (ReadFormat::Obj, b"\nv 0 0 nan\n".to_vec(), "OBJ:2:1: \"nan\" is not finite"),
        (ReadFormat::Obj, b"v 0 0 1e999\n".to_vec(), "OBJ:1:1: \"1e999\" is not finite"),
        (ReadFormat::Obj, b"v 0 0 0\nf 1 1\n".to_vec(), "OBJ:2:1: a face has three corners or more, not 2"),
        (ReadFormat::Obj, b"v 0 0 0\nf 1 1 7\n".to_vec(), "OBJ:2:1: vertex 7 is not there: there is 1"),
        (
            ReadFormat::Obj,
            b"v 0 0 0\nf -2 1 1\n".to_vec(),
            "OBJ:2:1: vertex -2 is not there: so far there is 1",
        ),
        (ReadFormat::Obj, b"v 0 0 0\nf 0 1 1\n".to_vec(), "OBJ:2:1: vertices are counted from 1, not 0"),
        (ReadFormat::Obj, b"v 0 0 0\nf x 1 1\n".to_vec(), "OBJ:2:1: \"x\" is not the number of a vertex"),
        (ReadFormat::Obj, b"v 0 0 0\n".to_vec(), "OBJ: has no faces"),
        (ReadFormat::Obj, Vec::new(), "OBJ: has no faces"),
        (ReadFormat::Stl, short, "STL: promises 12 triangles and has 4, at byte 80"),
        (ReadFormat::Stl, nan, "STL: triangle 1 has a corner at [NaN, 0.0, 0.0], at byte 146"),
        (ReadFormat::Stl, vec![7; 50], "STL: ends in the middle of its header"),
        (ReadFormat::Stl, vec![7; 200], "STL: promises 117901063 triangles and has 2, at byte 80"),
        (
            ReadFormat::Stl,
            b"solid\nfacet\nvertex 1 2 3\nendfacet\n".to_vec(),
            "STL:4:1: a facet has three vertices, not 1",
        ),
        (ReadFormat::Stl, b"solid\nvertex 1 2 3\n".to_vec(), "STL:2:1: a vertex stands outside of a facet"),
        (ReadFormat::Stl, b"solid\nfacet\n".to_vec(), "ends in the middle of a facet"),
        (ReadFormat::Stl, b"solid\nendsolid\n".to_vec(), "STL: has no faces"),
        (ReadFormat::Ply, b"plymouth\n".to_vec(), "PLY:1:1: is not a PLY file"),
        (ReadFormat::Ply, b"ply\nformat ascii 1.0\n".to_vec(), "PLY:3:1: ends in the middle of its header"),
        (ReadFormat::Ply, huge, "PLY:3:1: 4000000000 of the element vertex do not fit into 0 bytes"),
        (
            ReadFormat::Ply,
            edit("property float x", "property float w"),
            "PLY:4:1: its vertices lack an x, a y or a z",
        ),
        (ReadFormat::Ply, edit("vertex_indices", "corners"), "PLY:14:1: its faces have no list of vertices"),
        (ReadFormat::Ply, edit("4 0 3 2 1", "4 0 3 2 9"), "vertex 9 is not there: there are 8, from 0 on"),
        (
            ReadFormat::Ply,
            edit("4 0 3 2 1", "90000 0 3 2 1"),
            "a list of 90000 numbers goes beyond the file's end",
        ),
        (
            ReadFormat::Ply,
            binary_ply[..binary_ply.len() - 3].to_vec(),
            "a list of 4 numbers goes beyond the file's end",
        ),
        (ReadFormat::Ply, edit("format ascii 1.0\n", ""), "its header has no format"),
        (ReadFormat::Gltf, b"{}".to_vec(), "glTF: has no faces"),
        (ReadFormat::Gltf, b"[1, 2".to_vec(), "glTF: its JSON is not right"),
        (ReadFormat::Gltf, gltf(json!([{ "mesh": 3 }])), "glTF: mesh 3 is not there"),
        (ReadFormat::Gltf, gltf(json!([{ "children": [0] }])), "nodes lie within themselves"),
        (
            ReadFormat::Gltf,
            gltf(json!([{ "mesh": 0, "scale": [1, "x", 1] }])),
            "node 0 is placed by what is no number",
        ),
        (ReadFormat::Gltf, changed_gltf("\"count\":8", "\"count\":80000"), "accessor 0 promises 80000 items"),
        (
            ReadFormat::Gltf,
            changed_gltf("\"count\":8", "\"count\":4"),
            "of accessor 1 is 4, there are 4 vertices",
        ),
        (ReadFormat::Gltf, changed_gltf("data:", "http:"), "its numbers are in \"http:"),
        (
            ReadFormat::Gltf,
            changed_gltf("\"asset\"", "\"extensionsRequired\":[\"KHR_draco_mesh_compression\"],\"asset\""),
            "asks for the extension KHR_draco_mesh_compression",
        ),
        (ReadFormat::ThreeMf, b"PK".to_vec(), "3MF: is no ZIP archive"),
        (ReadFormat::ThreeMf, three_mf("<item objectid='7'/>"), "object \"7\" is not there"),
        (ReadFormat::ThreeMf, three_mf("<item objectid='3'/>"), "or objects lie within themselves"),
        (ReadFormat::ThreeMf, three_mf("<item/>"), "<item> has no objectid"),
        (
            ReadFormat::ThreeMf,
            three_mf("<item objectid='1' transform='1 2'/>"),
            "a transform is twelve numbers",
        ),
        (ReadFormat::ThreeMf, three_mf(""), "3MF: has no faces"),
    ];
    for (format, bytes, wanted) in cases {
        let said = Mesh::from_bytes(&bytes, format).unwrap_err().to_string();
        assert!(said.contains(wanted), "{said}\nand not\n{wanted}");
    }
    let points = [
        (
            "1 2\n",
            "points:1:1: a point has 3 numbers, with a distance 4, with a normal 6, with both 7; not 2",
        ),
        ("1 2 3\n1 b 3\n", "points:2:3: \"b\" is not a number"),
        ("1 2 3 4 5 6\n1 2 3\n", "points:2:1: there are 3 columns, and 6 above"),
        ("a,b,c\n1,2,3\n", "points:1:1: the header names no column x"),
        ("# nothing\n", "points: has no points"),
    ];
    for (text, wanted) in points {
        let said = PointCloud::from_text(text.as_bytes()).unwrap_err().to_string();
        assert!(said.contains(wanted), "{said}\nand not\n{wanted}");
    }
}

/// Files with bytes changed, cut out, put in and doubled: they are read, or refused, at once and with little memory.
#[test]
fn broken_files_are_read_or_refused() {
    let mut random = Random(1);
    let (mut read, mut refused) = (0, 0);
    for (format, bytes) in all() {
        for _ in 0..1500 {
            let mut bytes = bytes.clone();
            for _ in 0..1 + (random.unit() * 4.0) as usize {
                let at = (random.unit() * bytes.len() as f64) as usize;
                let to = (at + (random.unit() * 30.0) as usize).min(bytes.len());
                match (random.unit() * 6.0) as usize {
                    0 => bytes[at] = (random.unit() * 256.0) as u8,
                    1 => bytes.truncate(at.max(1)),
                    2 => drop(bytes.drain(at..to)),
                    3 => {
                        let again = bytes[at..to].to_vec();
                        bytes.splice(at..at, again);
                    }
                    4 => {
                        let digits = [&b"999999999"[..], b"-1", b"nan", b"1e400", b" ", b"\n"];
                        bytes.splice(at..at, digits[(random.unit() * 6.0) as usize].iter().copied());
                    }
                    _ => bytes[at] ^= 1 << (random.unit() * 8.0) as u32,
                }
                if bytes.is_empty() {
                    bytes.push(0);
                }
            }
            match Mesh::from_bytes(&bytes, format) {
                Ok(mesh) => {
                    // What is read is a mesh.
                    Mesh::new(mesh.vertices, mesh.triangles).unwrap();
                    read += 1;
                }
                Err(error) => {
                    assert!(error.to_string().len() > 8);
                    refused += 1;
                }
            }
            let _ = PointCloud::from_ply(&bytes);
            let _ = PointCloud::from_text(&bytes);
        }
    }
    assert!(read > 500 && refused > 1000, "{read} {refused}");
}
