//! Files of outlines: SVG, and DXF as AutoCAD's release 12 has it, which all programs read.

use super::Section;
use crate::error::{Error, Result};
use crate::file::write_whole;
use std::io::{Result as Written, Write};
use std::path::Path;

/// A kind of file that holds an outline.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum OutlineFormat {
    /// A path of lines, a unit a millimetre.
    Svg,
    /// A closed polyline a loop.
    Dxf,
}

impl OutlineFormat {
    /// How files' names end, for messages.
    pub const KINDS: &str = ".svg or .dxf";

    /// The kind that a file's name says, if it is one that is written.
    pub fn of(path: &Path) -> Option<OutlineFormat> {
        match path.extension()?.to_str()?.to_lowercase().as_str() {
            "svg" => Some(OutlineFormat::Svg),
            "dxf" => Some(OutlineFormat::Dxf),
            _ => None,
        }
    }
}

impl Section {
    /// Writes a file of the kind its name ends in: `.svg` or `.dxf`. It is there whole or not at all.
    pub fn save(&self, path: &Path) -> Result<()> {
        let Some(format) = OutlineFormat::of(path) else {
            let problem = format!("must end in {}", OutlineFormat::KINDS);
            return Err(Error::File { path: path.display().to_string(), problem });
        };
        write_whole(path, |out| self.write(format, out))
    }

    /// Writes in a format.
    pub fn write(&self, format: OutlineFormat, out: &mut dyn Write) -> Written<()> {
        match format {
            OutlineFormat::Svg => self.write_svg(out),
            OutlineFormat::Dxf => self.write_dxf(out),
        }
    }

    /// In SVG, y goes down: what is up the plane goes up the picture.
    fn write_svg(&self, out: &mut dyn Write) -> Written<()> {
        let all = || self.loops.iter().flatten();
        let least = |n: usize| all().map(|point| point[n]).reduce(f64::min).unwrap_or(0.0);
        let most = |n: usize| all().map(|point| point[n]).reduce(f64::max).unwrap_or(0.0);
        let line = 0.002 * (most(0) - least(0)).max(most(1) - least(1));
        let (left, top) = (least(0) - line, -most(1) - line);
        let (wide, tall) = (most(0) - least(0) + 2.0 * line, most(1) - least(1) + 2.0 * line);
        writeln!(
            out,
            "<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"{wide}mm\" height=\"{tall}mm\" \
             viewBox=\"{left} {top} {wide} {tall}\">"
        )?;
        write!(
            out,
            "<path fill=\"none\" fill-rule=\"evenodd\" stroke=\"#000000\" stroke-width=\"{line}\" d=\""
        )?;
        for points in &self.loops {
            for (n, [x, y]) in points.iter().enumerate() {
                write!(out, "{}{} {}", if n == 0 { "M" } else { "L" }, x, -y)?;
            }
            writeln!(out, "Z")?;
        }
        writeln!(out, "\"/>\n</svg>")
    }

    fn write_dxf(&self, out: &mut dyn Write) -> Written<()> {
        write!(out, "0\nSECTION\n2\nENTITIES\n")?;
        for points in &self.loops {
            write!(out, "0\nPOLYLINE\n8\n0\n66\n1\n70\n1\n10\n0.0\n20\n0.0\n30\n0.0\n")?;
            for [x, y] in points {
                write!(out, "0\nVERTEX\n8\n0\n10\n{x}\n20\n{y}\n30\n0.0\n")?;
            }
            write!(out, "0\nSEQEND\n8\n0\n")?;
        }
        write!(out, "0\nENDSEC\n0\nEOF\n")
    }
}
