//! Scenes: what a picture is made of. Uses everything above it but knows nothing of pictures.
//!
//! For now the built-in scene, written in Rust, and `.vm` expression files ([`vm`]); scene files come here.

use crate::field::{Field, deg, param_in, sin, t};
use crate::shape::*;

pub mod vm;

/// The scene shown when none is given: a drop rises from a pool and falls back, ringed by beads that turn with time.
pub fn built_in() -> Field {
    let blend = param_in("blend", 0.5, 0.05, 1.0);
    let bead = param_in("bead", 0.16, 0.05, 0.3);
    let drop = sphere(0.55).translate((0, 0.35 + 0.75 * sin(t()), 0)).color("#e07a5f").name("drop");
    let pool = rounded_box([2.6, 0.5, 2.6], 0.2).translate([0.0, -0.75, 0.0]).color("#3d405b").name("pool");
    let beads = sphere(bead).translate([1.0, 0.0, 0.0]).polar_repeat(7).color("#f2cc8f");
    let ring = beads.rotate_y(t() / 2).rotate_z(deg(20)).translate([0.0, 0.35, 0.0]).name("ring");
    drop.smooth_union(pool, blend) | ring
}
