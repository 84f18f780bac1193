//! Polygons cut into triangles.

use super::super::{cross, dot, minus};

/// A polygon that turns both ways has at most so many corners.
pub(super) const MAX_CORNERS: usize = 512;

/// Adds a polygon's triangles. Its corners are numbers of vertices, three or more. What is wrong with it, if it cannot be
/// cut.
///
/// A convex one is a fan from its first corner; from another its ears are cut (Meisters 1975).
pub(super) fn cut(
    corners: &[u32],
    vertices: &[[f64; 3]],
    triangles: &mut Vec<[u32; 3]>,
) -> Result<(), String> {
    if let [a, b, c] = *corners {
        triangles.push([a, b, c]);
        return Ok(());
    }
    let place = |n: usize| vertices[corners[n % corners.len()] as usize];
    // Its normal, twice as long as its area (Newell).
    let normal = (1..corners.len() - 1).fold([0.0; 3], |sum, n| {
        let across = cross(minus(place(n), place(0)), minus(place(n + 1), place(0)));
        std::array::from_fn(|axis| sum[axis] + across[axis])
    });
    let turns = |a: [f64; 3], b: [f64; 3], c: [f64; 3]| dot(cross(minus(b, a), minus(c, b)), normal);
    let count = corners.len();
    // A star may turn one way all along: from the first corner, too, all have to go round one way.
    let is_convex = (0..count).all(|n| turns(place(n), place(n + 1), place(n + 2)) >= 0.0)
        && (1..count - 1).all(|n| turns(place(0), place(n), place(n + 1)) >= 0.0);
    if is_convex {
        triangles.extend((1..count - 1).map(|n| [corners[0], corners[n], corners[n + 1]]));
        return Ok(());
    }
    if count > MAX_CORNERS {
        return Err(format!("a polygon that is not convex has at most {MAX_CORNERS} corners, not {count}"));
    }
    let mut left: Vec<usize> = (0..count).collect();
    while left.len() > 3 {
        let many = left.len();
        let around = |n: usize| [left[(n + many - 1) % many], left[n], left[(n + 1) % many]];
        let is_ear = |n: usize| {
            let [a, b, c] = around(n).map(place);
            turns(a, b, c) > 0.0
                && left.iter().all(|&other| {
                    let p = place(other);
                    around(n).map(place).contains(&p)
                        || turns(a, b, p) < 0.0
                        || turns(b, c, p) < 0.0
                        || turns(c, a, p) < 0.0
                })
        };
        // One that crosses itself may have none: any corner will do then.
        let ear = (0..many).find(|&n| is_ear(n)).unwrap_or(1);
        triangles.push(around(ear).map(|n| corners[n]));
        left.remove(ear);
    }
    triangles.push([left[0], left[1], left[2]].map(|n| corners[n]));
    Ok(())
}
