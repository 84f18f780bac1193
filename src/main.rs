//! The command: until the window exists, the built-in scene's facts and a picture of it.

use fieldgrad::prelude::*;
use fieldgrad::render::{Options, picture};
use fieldgrad::scene;
use std::path::Path;
use std::process::ExitCode;

/// When the drop is about to leave the pool.
const TIME: f64 = 5.3;

fn main() -> ExitCode {
    match run() {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("fieldgrad: {error}");
            ExitCode::from(2)
        }
    }
}

fn run() -> Result<()> {
    if let Some(argument) = std::env::args().nth(1) {
        return Err(Error::Undefined(format!("there are no arguments yet, and {argument:?} is one")));
    }
    let built_in = scene::built_in();
    let scene = built_in.field();
    let tape = scene.tape()?;
    println!("the built-in scene");
    for parameter in scene.parameters()? {
        let (low, high) = parameter.range().unwrap_or((f64::NEG_INFINITY, f64::INFINITY));
        println!("  parameter   {} = {} in [{low}, {high}]", parameter.name(), parameter.value());
    }
    println!("  operations  {} ({} of them for each point)", tape.len(), tape.len_per_point());
    let at = [0.6, -0.2, 0.2, TIME];
    let here = scene.value_with_gradient_at(at)?;
    println!("  at (x, y, z, t) = {at:?}");
    println!("    f         {:.6}", here.value);
    println!("    ∇f        {:?}", here.slope.map(|slope| (slope * 1e6).round() / 1e6));
    for (parameter, slope) in scene.parameters()?.iter().zip(scene.parameter_gradient_at(at)?) {
        println!("    ∂f/∂{:<7} {:.6}", parameter.name(), slope + 0.0);
    }
    let path = Path::new("fieldgrad.png");
    picture(&built_in, &Options { time: Some(TIME), ..Options::default() })?.save_png(path)?;
    println!("a picture of it at t = {TIME} is in {}", path.display());
    Ok(())
}
