//! Draws a graph of scalars and a graph of fields, each node with its value and its gradient: the drawing of
//! `docs/atomic_to_embodied.md`.
//!
//! `cargo run --example two_graphs [FOLDER]` writes `scalars.svg` and `fields.svg`; the page's are in `docs/atomic`.

use fieldgrad::prelude::*;
use fieldgrad::tape::Adjoint;

/// L = (a·b + c)·d, as one would write it; `each` sees every node as it is made.
fn loss(mut each: impl FnMut(&str, Field) -> Field) -> Field {
    let [a, b, c, d] =
        [("a", 1.5), ("b", -2.0), ("c", 4.0), ("d", 0.5)].map(|(name, value)| each(name, param(name, value)));
    let e = each("e = a·b", a * b);
    let s = each("s = e + c", e + c);
    each("L = s·d", s * d)
}

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let folder = std::env::args().nth(1).unwrap_or_else(|| "out".into());
    std::fs::create_dir_all(&folder)?;
    // The derivative in a node is that in a number which is added to it: one backward pass gives all of them.
    let mut nodes = Vec::new();
    let nudged = loss(|name, node| {
        nodes.push((name.to_string(), node.clone()));
        node + param(&format!("nudge {name}"), 0.0)
    });
    let tape = nudged.tape()?;
    let mut adjoint = Adjoint::<f64>::new(&tape);
    let value = *adjoint.forward([0.0; 4]).next().ok_or("no output")?;
    adjoint.back(&[1.0]);
    let slopes: Vec<(String, f64)> =
        tape.parameters().map(|own| own.name().to_string()).zip(adjoint.parameters()).collect();
    println!("L = {value}");
    let scalars = loss(|name, node| {
        let value = nodes.iter().find(|(own, _)| own == name).map(|(_, node)| node.value_at([0.0; 4]));
        let value = value.and_then(|value| value.ok()).unwrap_or(f64::NAN);
        let slope =
            slopes.iter().find(|(own, _)| *own == format!("nudge {name}")).map_or(0.0, |(_, slope)| *slope);
        println!("{name}: value {value}, ∂L {slope}");
        node.name(&format!("{name} | value {value} | ∂L {slope}"))
    });
    let drop = sphere(0.7).translate((0, 1.2 * t().sin(), 0));
    let fields = drop.smooth_union(r#box([4.0, 0.4, 4.0]).translate([0, -1, 0]), 0.35);
    let at = [0.6, -0.5, 0.2, 5.1];
    for (name, text) in [
        ("scalars.svg", scalars.to_svg(Detail::Names, None)?),
        ("fields.svg", fields.to_svg(Detail::Names, Some(at))?),
    ] {
        std::fs::write(format!("{folder}/{name}"), text)?;
    }
    Ok(())
}
