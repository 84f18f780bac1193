//! Draws the graph of a blended pair, each node with its value and ∇f at a point, as an SVG and as Graphviz text.
//!
//! `cargo run --example graph_picture [FOLDER]`

use fieldgrad::prelude::*;

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let folder = std::env::args().nth(1).unwrap_or_else(|| "out".into());
    std::fs::create_dir_all(&folder)?;

    let k = param_in("blend", 0.35, 0.05, 1.0);
    let drop = sphere(0.7).translate((0, 1.2 * t().sin(), 0)).name("drop");
    let pool = r#box([4.0, 0.4, 4.0]).translate([0, -1, 0]).name("pool");
    let scene = drop.smooth_union(&pool, k);

    let at = Some([0.6, -0.5, 0.2, 5.1]);
    for (name, text) in [
        ("graph.svg", scene.to_svg(Detail::Names, at)?),
        ("graph.dot", scene.to_dot(Detail::Names, at)?),
        ("graph_full.svg", scene.to_svg(Detail::Full, at)?),
    ] {
        let path = format!("{folder}/{name}");
        std::fs::write(&path, text)?;
        println!("{path}");
    }
    Ok(())
}
