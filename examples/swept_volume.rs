//! The volume a turning blade sweeps: the least of its field over a span of time, with exact derivatives, as a picture.
//!
//! `cargo run --release --example swept_volume [FILE.png]`

use fieldgrad::prelude::*;
use fieldgrad::render::{Size, Slice};
use std::path::Path;

fn main() -> Result<()> {
    let path = std::env::args().nth(1).unwrap_or_else(|| "swept_volume.png".into());
    let blade = rounded_box([0.9, 0.16, 0.3], 0.05).translate([0.7, 0.0, 0.0]).rotate_z(t());
    let swept = blade.sweep(0, param("until", 2.0));

    // The derivative in the end of the span is f_t where the blade then is, and 0 elsewhere: the envelope theorem.
    for (what, at) in
        [("ahead of the blade", [-0.5, 0.6, 0.0, 0.0]), ("behind its start", [0.7, -0.2, 0.0, 0.0])]
    {
        let f = swept.value_at(at)?;
        println!("{what}: f = {f:+.6}, ∂f/∂until = {:+.6}", swept.parameter_gradient_at(at)?[0]);
    }

    let size = Size { width: 240, height: 180 };
    let slice = Slice::facing([0.1, 0.25, 0.0, 0.0], 3.2, size, 0.1);
    slice.draw(&swept, size)?.save_png(Path::new(&path))?;
    println!("{path}");
    Ok(())
}
