//! 3MF: the triangles of the objects that are to be built, where its items put them.
//!
//! A 3MF file's third axis is up, and here the second is: x stays, y goes to −z and z to y. Numbers are taken as they are,
//! whatever the unit.

use super::affine::Affine;
use super::xml::{Tag, tags};
use super::{Mesh, Wrong};
use crate::zip::read_zip;
use std::collections::HashMap;

/// More triangles than so many are no mesh of ours: items and components may repeat one object many times.
const MAX_TRIANGLES: usize = 1 << 26;
/// How deep components may lie within components, and how many there may be, with those that are repeated.
const MAX_DEPTH: usize = 64;
const MAX_PARTS: usize = 1 << 20;

/// From z up to y up.
const UPRIGHT: Affine = Affine([[1.0, 0.0, 0.0], [0.0, 0.0, -1.0], [0.0, 1.0, 0.0], [0.0; 3]]);

#[derive(Default)]
struct ModelObject {
    vertices: Vec<[f64; 3]>,
    triangles: Vec<[u32; 3]>,
    components: Vec<(String, Affine)>,
    /// Where in the text it is.
    line: usize,
}

pub(super) fn read(bytes: &[u8]) -> Result<Mesh, Wrong> {
    let files = read_zip(bytes).map_err(Wrong::Whole)?;
    let model = files.into_iter().find(|(name, _)| name.to_ascii_lowercase().ends_with(".model"));
    let (_, model) = model.ok_or_else(|| Wrong::Whole("has no model in it".into()))?;
    let mut objects: HashMap<String, ModelObject> = HashMap::new();
    let mut items: Vec<(String, Affine, usize)> = Vec::new();
    let mut own: Option<(String, ModelObject)> = None;
    for tag in tags(&model) {
        let tag = tag?;
        match (tag.name, tag.closes) {
            ("object", false) => {
                let id = tag.text("id")?;
                own = Some((id, ModelObject { line: tag.line, ..Default::default() }));
            }
            ("object", true) => objects.extend(own.take()),
            ("vertex", false) => {
                let place = [tag.number("x")?, tag.number("y")?, tag.number("z")?];
                of(&mut own, &tag)?.vertices.push(place);
            }
            ("triangle", false) => {
                let corners = [tag.index("v1")?, tag.index("v2")?, tag.index("v3")?];
                of(&mut own, &tag)?.triangles.push(corners);
            }
            ("component", false) => {
                let component = (tag.text("objectid")?, placed(&tag)?);
                of(&mut own, &tag)?.components.push(component);
            }
            ("item", false) => items.push((tag.text("objectid")?, placed(&tag)?, tag.line)),
            _ => {}
        }
    }
    for object in objects.values() {
        let count = object.vertices.len();
        if let Some(corner) = object.triangles.iter().flatten().find(|&&corner| corner as usize >= count) {
            let problem = format!("a triangle has the vertex {corner}, and {}", super::so_many(count));
            return Err(Wrong::Line(object.line, problem));
        }
    }
    let mut building = Building { objects: &objects, mesh: Mesh::default(), parts: 0 };
    for (id, placed, line) in items {
        building.add(&id, &UPRIGHT.after(&placed), line, 0)?;
    }
    Ok(building.mesh)
}

/// The object that a tag is in.
fn of<'a>(own: &'a mut Option<(String, ModelObject)>, tag: &Tag) -> Result<&'a mut ModelObject, Wrong> {
    let outside = || Wrong::Line(tag.line, format!("<{}> stands outside of an object", tag.name));
    own.as_mut().map(|(_, object)| object).ok_or_else(outside)
}

/// Where a tag puts its object: twelve numbers, what the axes become and the origin.
fn placed(tag: &Tag) -> Result<Affine, Wrong> {
    let Some(text) = tag.attribute("transform") else { return Ok(Affine::WHOLE) };
    let numbers: Option<Vec<f64>> = text.split_ascii_whitespace().map(|word| word.parse().ok()).collect();
    let numbers = numbers.filter(|read| read.len() == 12 && read.iter().all(|x| x.is_finite()));
    let wrong = || Wrong::Line(tag.line, "a transform is twelve numbers".into());
    let m = numbers.ok_or_else(wrong)?;
    Ok(Affine([0, 1, 2, 3].map(|row| [m[3 * row], m[3 * row + 1], m[3 * row + 2]])))
}

struct Building<'a> {
    objects: &'a HashMap<String, ModelObject>,
    mesh: Mesh,
    /// How many objects were added, those that are repeated too.
    parts: usize,
}

impl Building<'_> {
    fn add(&mut self, id: &str, by: &Affine, line: usize, depth: usize) -> Result<(), Wrong> {
        let Some(object) = self.objects.get(id) else {
            return Err(Wrong::Line(line, format!("object {id:?} is not there")));
        };
        self.parts += 1;
        if depth > MAX_DEPTH || self.parts > MAX_PARTS {
            return Err(Wrong::Line(
                line,
                format!("object {id:?} lies {depth} deep, or objects lie within themselves"),
            ));
        }
        let Mesh { vertices, triangles } = &mut self.mesh;
        let first = vertices.len();
        if first + object.vertices.len() > MAX_TRIANGLES
            || triangles.len() + object.triangles.len() > MAX_TRIANGLES
        {
            let problem = format!("has more than {MAX_TRIANGLES} triangles, with those that are repeated");
            return Err(Wrong::Whole(problem));
        }
        vertices.extend(object.vertices.iter().map(|&place| by.moved(place)));
        if let Some(n) = vertices[first..].iter().position(|place| !place.iter().all(|x| x.is_finite())) {
            return Err(Wrong::Line(object.line, format!("vertex {n} of object {id:?} is not finite")));
        }
        triangles
            .extend(object.triangles.iter().map(|own| by.turned(own.map(|corner| first as u32 + corner))));
        let inner = object.components.iter();
        inner.into_iter().try_for_each(|(id, inner)| self.add(id, &by.after(inner), object.line, depth + 1))
    }
}
