//! PLY, as text or binary in either byte order: elements with properties, of which `vertex` and `face` are read.

use super::cloud::PointCloud;
use super::text::{number, shown, words};
use super::{Mesh, Wrong, polygon, so_many};

/// A type of number.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Type {
    I8,
    U8,
    I16,
    U16,
    I32,
    U32,
    F32,
    F64,
}

impl Type {
    fn of(word: &[u8]) -> Option<Type> {
        Some(match word {
            b"char" | b"int8" => Type::I8,
            b"uchar" | b"uint8" => Type::U8,
            b"short" | b"int16" => Type::I16,
            b"ushort" | b"uint16" => Type::U16,
            b"int" | b"int32" => Type::I32,
            b"uint" | b"uint32" => Type::U32,
            b"float" | b"float32" => Type::F32,
            b"double" | b"float64" => Type::F64,
            _ => return None,
        })
    }

    fn size(self) -> usize {
        match self {
            Type::I8 | Type::U8 => 1,
            Type::I16 | Type::U16 => 2,
            Type::I32 | Type::U32 | Type::F32 => 4,
            Type::F64 => 8,
        }
    }
}

#[derive(Clone, Debug)]
struct Property {
    name: Vec<u8>,
    number: Type,
    /// The type of a list's length, if it is one.
    length: Option<Type>,
}

#[derive(Clone, Debug)]
struct Element {
    name: Vec<u8>,
    count: usize,
    properties: Vec<Property>,
    line: usize,
}

impl Element {
    fn is(&self, name: &str) -> bool {
        self.name == name.as_bytes()
    }

    fn place_of(&self, name: &str) -> Option<usize> {
        self.properties.iter().position(|own| own.name == name.as_bytes() && own.length.is_none())
    }
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum PlyEncoding {
    Text,
    Little,
    Big,
}

/// The header's form and elements, and where what follows starts: its byte and its line.
struct PlyHeader {
    form: PlyEncoding,
    elements: Vec<Element>,
    start: usize,
    line: usize,
}

/// The most elements, and properties of one.
const MANY: usize = 256;

impl PlyHeader {
    fn of(bytes: &[u8]) -> Result<PlyHeader, Wrong> {
        let (mut form, mut elements, mut at, mut line) = (None, Vec::<Element>::new(), 0, 0);
        loop {
            let end = bytes[at..].iter().position(|&byte| byte == b'\n').map(|n| at + n);
            let Some(end) = end else {
                let problem =
                    if line == 0 { "is not a PLY file" } else { "ends in the middle of its header" };
                return Err(Wrong::Line(line + 1, problem.into()));
            };
            let text = bytes[at..end].trim_ascii();
            (at, line) = (end + 1, line + 1);
            let wrong = |problem: &str| Err(Wrong::Line(line, format!("{problem}: {}", shown(text))));
            if line == 1 {
                if text != b"ply" {
                    return Err(Wrong::Line(1, "is not a PLY file: it does not start with ply".into()));
                }
                continue;
            }
            let all: Vec<&[u8]> = words(text).take(6).collect();
            match all[..] {
                [b"format", b"ascii", _] => form = Some(PlyEncoding::Text),
                [b"format", b"binary_little_endian", _] => form = Some(PlyEncoding::Little),
                [b"format", b"binary_big_endian", _] => form = Some(PlyEncoding::Big),
                [b"comment" | b"obj_info", ..] | [] => (),
                [b"element", name, count] => {
                    let count = std::str::from_utf8(count).ok().and_then(|text| text.parse().ok());
                    let Some(count) = count else { return wrong("an element has a number") };
                    if elements.len() == MANY {
                        return wrong("too many elements");
                    }
                    elements.push(Element { name: name.to_vec(), count, properties: Vec::new(), line });
                }
                [b"property", ref rest @ ..] => {
                    let Some(element) = elements.last_mut() else { return wrong("a property of no element") };
                    let property = match *rest {
                        [b"list", length, number, name] => {
                            (Type::of(length).map(Some), Type::of(number), name)
                        }
                        [number, name] => (Some(None), Type::of(number), name),
                        _ => return wrong("a property that cannot be read"),
                    };
                    let (Some(length), Some(number), name) = property else {
                        return wrong("a property of an unknown type");
                    };
                    if element.properties.len() == MANY {
                        return wrong("too many properties");
                    }
                    element.properties.push(Property { name: name.to_vec(), number, length });
                }
                [b"end_header"] => break,
                _ => return wrong("a line of the header that cannot be read"),
            }
        }
        let Some(form) = form else { return Err(Wrong::Line(line, "its header has no format".into())) };
        Ok(PlyHeader { form, elements, start: at, line: line + 1 })
    }
}

/// The numbers behind the header, one after the other.
struct PlyNumbers<'a> {
    bytes: &'a [u8],
    form: PlyEncoding,
    at: usize,
    line: usize,
}

impl PlyNumbers<'_> {
    fn wrong(&self, problem: String) -> Wrong {
        match self.form {
            PlyEncoding::Text => Wrong::Line(self.line, problem),
            _ => Wrong::Byte(self.at, problem),
        }
    }

    fn left(&self) -> usize {
        self.bytes.len() - self.at
    }

    /// How many bytes a number has at least.
    fn size(&self, number: Type) -> usize {
        match self.form {
            PlyEncoding::Text => 1,
            _ => number.size(),
        }
    }

    fn next(&mut self, number_type: Type) -> Result<f64, Wrong> {
        let short = |own: &Self| Err(own.wrong("ends before its last element".into()));
        if self.form == PlyEncoding::Text {
            while let Some(byte) = self.bytes.get(self.at).filter(|byte| byte.is_ascii_whitespace()) {
                self.line += usize::from(*byte == b'\n');
                self.at += 1;
            }
            let rest = &self.bytes[self.at..];
            let end = rest.iter().position(u8::is_ascii_whitespace).unwrap_or(rest.len());
            if end == 0 {
                return short(self);
            }
            self.at += end;
            return number(&rest[..end], self.line);
        }
        let size = number_type.size();
        let Some(own) = self.bytes.get(self.at..self.at + size) else { return short(self) };
        let mut raw = [0; 8];
        raw[..size].copy_from_slice(own);
        if self.form == PlyEncoding::Big {
            raw[..size].reverse();
        }
        let [a, b, c, d, ..] = raw;
        let value = match number_type {
            Type::I8 => f64::from(a as i8),
            Type::U8 => f64::from(a),
            Type::I16 => f64::from(i16::from_le_bytes([a, b])),
            Type::U16 => f64::from(u16::from_le_bytes([a, b])),
            Type::I32 => f64::from(i32::from_le_bytes([a, b, c, d])),
            Type::U32 => f64::from(u32::from_le_bytes([a, b, c, d])),
            Type::F32 => f64::from(f32::from_le_bytes([a, b, c, d])),
            Type::F64 => f64::from_le_bytes(raw),
        };
        self.at += size;
        Ok(value)
    }

    /// The length of a list, no more than there is room for.
    fn length(&mut self, of: Type, number: Type) -> Result<usize, Wrong> {
        let length = self.next(of)?;
        match length >= 0.0 && length.fract() == 0.0 {
            true if length * self.size(number) as f64 <= self.left() as f64 => Ok(length as usize),
            true => Err(self.wrong(format!("a list of {length} numbers goes beyond the file's end"))),
            false => Err(self.wrong(format!("a list has {length} numbers"))),
        }
    }

    fn skip(&mut self, property: &Property) -> Result<(), Wrong> {
        let count = match property.length {
            Some(length) => self.length(length, property.number)?,
            None => 1,
        };
        if self.form == PlyEncoding::Text {
            for _ in 0..count {
                self.next(property.number)?;
            }
            return Ok(());
        }
        match count * property.number.size() {
            bytes if bytes <= self.left() => self.at += bytes,
            _ => return Err(self.wrong("ends before its last element".into())),
        }
        Ok(())
    }

    /// That there may be as many of an element as it says.
    fn check(&self, element: &Element) -> Result<(), Wrong> {
        let least: usize =
            element.properties.iter().map(|own| self.size(own.length.unwrap_or(own.number))).sum();
        match element.count.checked_mul(least) {
            Some(bytes) if bytes <= self.left() => Ok(()),
            _ => {
                let name = String::from_utf8_lossy(&element.name).into_owned();
                let (count, left) = (element.count, self.left());
                let problem = format!("{count} of the element {name} do not fit into {left} bytes");
                Err(Wrong::Line(element.line, problem))
            }
        }
    }
}

/// The points, and normals if there are any.
fn vertices(element: &Element, numbers: &mut PlyNumbers) -> Result<PointCloud, Wrong> {
    let places = ["x", "y", "z"].map(|name| element.place_of(name));
    let [Some(x), Some(y), Some(z)] = places else {
        return Err(Wrong::Line(element.line, "its vertices lack an x, a y or a z".into()));
    };
    let normals = match ["nx", "ny", "nz"].map(|name| element.place_of(name)) {
        [Some(x), Some(y), Some(z)] => Some([x, y, z]),
        _ => None,
    };
    let mut cloud = PointCloud { points: Vec::with_capacity(element.count), ..PointCloud::default() };
    if normals.is_some() {
        cloud.normals.reserve_exact(element.count);
    }
    let mut row = vec![0.0; element.properties.len()];
    for n in 0..element.count {
        for (property, own) in element.properties.iter().zip(&mut row) {
            match property.length {
                None => *own = numbers.next(property.number)?,
                Some(_) => numbers.skip(property)?,
            }
        }
        let place = [x, y, z].map(|place| row[place]);
        if !place.iter().all(|x| x.is_finite()) {
            return Err(numbers.wrong(format!("vertex {n} is at {place:?}")));
        }
        cloud.points.push(place);
        if let Some(normals) = normals {
            let normal = normals.map(|place| row[place]);
            if !normal.iter().all(|x| x.is_finite()) {
                return Err(numbers.wrong(format!("vertex {n} has the normal {normal:?}")));
            }
            cloud.normals.push(normal);
        }
    }
    Ok(cloud)
}

/// Polygons, a list of vertices each, cut into triangles.
fn faces(element: &Element, numbers: &mut PlyNumbers, places: &[[f64; 3]]) -> Result<Vec<[u32; 3]>, Wrong> {
    let is_list = |own: &Property| {
        own.length.is_some() && matches!(own.name.as_slice(), b"vertex_indices" | b"vertex_index")
    };
    let Some(which) = element.properties.iter().position(is_list) else {
        return Err(Wrong::Line(element.line, "its faces have no list of vertices, vertex_indices".into()));
    };
    let mut triangles = Vec::with_capacity(element.count);
    let mut corners = Vec::new();
    for _ in 0..element.count {
        for (place, property) in element.properties.iter().enumerate() {
            let Some(length) = property.length.filter(|_| place == which) else {
                numbers.skip(property)?;
                continue;
            };
            let count = numbers.length(length, property.number)?;
            if count < 3 {
                return Err(numbers.wrong(format!("a face has three corners or more, not {count}")));
            }
            corners.clear();
            for _ in 0..count {
                let corner = numbers.next(property.number)?;
                if !(corner >= 0.0 && corner < places.len() as f64 && corner.fract() == 0.0) {
                    let count = so_many(places.len());
                    return Err(numbers.wrong(format!("vertex {corner} is not there: {count}, from 0 on")));
                }
                corners.push(corner as u32);
            }
            polygon::cut(&corners, places, &mut triangles).map_err(|problem| numbers.wrong(problem))?;
        }
    }
    Ok(triangles)
}

pub(super) fn mesh(bytes: &[u8]) -> Result<Mesh, Wrong> {
    read(bytes, true).map(|(cloud, triangles)| Mesh { vertices: cloud.points, triangles })
}

/// The vertices alone, with their normals.
pub(super) fn points(bytes: &[u8]) -> Result<PointCloud, Wrong> {
    read(bytes, false).map(|(cloud, _)| cloud)
}

fn read(bytes: &[u8], wants_faces: bool) -> Result<(PointCloud, Vec<[u32; 3]>), Wrong> {
    let header = PlyHeader::of(bytes)?;
    let mut numbers = PlyNumbers { bytes, form: header.form, at: header.start, line: header.line };
    let mut found = None;
    for element in &header.elements {
        numbers.check(element)?;
        if element.properties.is_empty() {
            continue;
        }
        if element.is("vertex") && found.is_none() {
            found = Some(vertices(element, &mut numbers)?);
            if !wants_faces {
                break;
            }
        } else if element.is("face") && wants_faces {
            let Some(cloud) = found else {
                return Err(Wrong::Line(element.line, "its faces come before its vertices".into()));
            };
            let triangles = faces(element, &mut numbers, &cloud.points)?;
            return Ok((cloud, triangles));
        } else {
            for _ in 0..element.count {
                element.properties.iter().try_for_each(|property| numbers.skip(property))?;
            }
        }
    }
    match found {
        Some(cloud) => Ok((cloud, Vec::new())),
        None => Err(Wrong::Whole("has no vertices".into())),
    }
}
