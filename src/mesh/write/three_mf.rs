//! 3MF: the core specification 1.3 of the 3MF Consortium, and its extension for colours.

use super::{Dressed, srgb_byte};
use crate::zip::{Packing, write_zip};
use std::collections::HashMap;
use std::fmt::Write as _;
use std::io::{Result as Written, Write};

const TYPES: &str = r#"<?xml version="1.0" encoding="UTF-8"?>
<Types xmlns="http://schemas.openxmlformats.org/package/2006/content-types">
<Default Extension="rels" ContentType="application/vnd.openxmlformats-package.relationships+xml"/>
<Default Extension="model" ContentType="application/vnd.ms-package.3dmanufacturing-3dmodel+xml"/>
</Types>
"#;

const RELATIONS: &str = r#"<?xml version="1.0" encoding="UTF-8"?>
<Relationships xmlns="http://schemas.openxmlformats.org/package/2006/relationships">
<Relationship Target="/3D/3dmodel.model" Id="model" Type="http://schemas.microsoft.com/3dmanufacturing/2013/01/3dmodel"/>
</Relationships>
"#;

/// A model whose up is y stands up: x stays, y goes to z and z to −y. Rows are what the three axes become, and the origin.
const UPRIGHT: &str = "1 0 0 0 0 1 0 -1 0 0 0 0";

/// Numbers are written as the shortest text that reads back as the same `f32`.
pub(super) fn write_3mf(dressed: &Dressed, out: &mut dyn Write) -> Written<()> {
    let model = model(dressed);
    write_zip(
        &[
            ("[Content_Types].xml", TYPES.as_bytes()),
            ("_rels/.rels", RELATIONS.as_bytes()),
            ("3D/3dmodel.model", model.as_bytes()),
        ],
        Packing::Deflated,
        out,
    )
}

fn model(dressed: &Dressed) -> String {
    let mut text = String::from(
        "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n\
         <model unit=\"millimeter\" xml:lang=\"en-US\" xmlns=\"http://schemas.microsoft.com/3dmanufacturing/core/2015/02\" \
         xmlns:m=\"http://schemas.microsoft.com/3dmanufacturing/material/2015/02\">\n\
         <metadata name=\"Application\">fieldgrad</metadata>\n<resources>\n",
    );
    let colors = dressed.colors.map(|colors| color_group(colors, &mut text));
    text.push_str("<object id=\"1\" type=\"model\"><mesh>\n<vertices>\n");
    let mut line = |arguments: std::fmt::Arguments| text.write_fmt(arguments).expect("a text takes all");
    for place in &dressed.mesh.vertices {
        let [x, y, z] = place.map(|x| x as f32);
        line(format_args!("<vertex x=\"{x}\" y=\"{y}\" z=\"{z}\"/>\n"));
    }
    line(format_args!("</vertices>\n<triangles>\n"));
    for corners in &dressed.mesh.triangles {
        let [a, b, c] = corners;
        match colors.as_ref().map(|colors| corners.map(|corner| colors[corner as usize])) {
            Some([p, q, r]) => line(format_args!(
                "<triangle v1=\"{a}\" v2=\"{b}\" v3=\"{c}\" pid=\"2\" p1=\"{p}\" p2=\"{q}\" p3=\"{r}\"/>\n"
            )),
            None => line(format_args!("<triangle v1=\"{a}\" v2=\"{b}\" v3=\"{c}\"/>\n")),
        }
    }
    line(format_args!(
        "</triangles>\n</mesh></object>\n</resources>\n<build><item objectid=\"1\" transform=\"{UPRIGHT}\"/></build>\n</model>\n"
    ));
    text
}

/// Writes each colour once, in the order of first use, and gives the number of each vertex's.
fn color_group(colors: &[[f64; 3]], text: &mut String) -> Vec<usize> {
    let mut numbers: HashMap<[u8; 3], usize> = HashMap::new();
    text.push_str("<m:colorgroup id=\"2\">\n");
    let mut number_of = |color: &[f64; 3]| {
        let bytes = color.map(srgb_byte);
        let next = numbers.len();
        *numbers.entry(bytes).or_insert_with(|| {
            let [r, g, b] = bytes;
            writeln!(text, "<m:color color=\"#{r:02X}{g:02X}{b:02X}\"/>").expect("a text takes all");
            next
        })
    };
    let found = colors.iter().map(&mut number_of).collect();
    text.push_str("</m:colorgroup>\n");
    found
}
