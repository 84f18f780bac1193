//! Wavefront OBJ.

use super::{Dressed, srgb};
use std::collections::HashMap;
use std::io::{Result as Written, Write};

/// Numbers are written as the shortest text that reads back as the same `f32`. Colours stand behind a vertex's place, as
/// most programs read them.
pub(super) fn write_obj(dressed: &Dressed, out: &mut dyn Write) -> Written<()> {
    writeln!(out, "# made by fieldgrad")?;
    for (n, place) in dressed.mesh.vertices.iter().enumerate() {
        let [x, y, z] = place.map(|x| x as f32);
        write!(out, "v {x} {y} {z}")?;
        if let Some(colors) = dressed.colors {
            let [r, g, b] = colors[n].map(srgb);
            write!(out, " {r:.4} {g:.4} {b:.4}")?;
        }
        writeln!(out)?;
    }
    let Some(normals) = dressed.normals else {
        for corners in &dressed.mesh.triangles {
            let [a, b, c] = corners.map(|corner| u64::from(corner) + 1);
            writeln!(out, "f {a} {b} {c}")?;
        }
        return Ok(());
    };
    // Each normal once, in the order of first use.
    let mut numbers: HashMap<[i32; 3], usize> = HashMap::new();
    let mut of_corners = Vec::with_capacity(3 * normals.len());
    for normal in normals.iter().flatten() {
        let digits = normal.map(|x| (1e4 * x).round() as i32);
        let next = numbers.len() + 1;
        let number = *numbers.entry(digits).or_insert(next);
        if number == next {
            let [x, y, z] = digits.map(|x| f64::from(x) / 1e4);
            writeln!(out, "vn {x} {y} {z}")?;
        }
        of_corners.push(number);
    }
    for (corners, normals) in dressed.mesh.triangles.iter().zip(of_corners.chunks_exact(3)) {
        let [a, b, c] = corners.map(|corner| u64::from(corner) + 1);
        writeln!(out, "f {a}//{} {b}//{} {c}//{}", normals[0], normals[1], normals[2])?;
    }
    Ok(())
}
