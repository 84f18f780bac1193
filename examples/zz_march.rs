//! Scratch.
use fieldgrad::prelude::*;
use fieldgrad::render::{Lens, Size, Stage, march};
use fieldgrad::scene::{GALLERY, Scene, vm::read_vm};
use std::time::Instant;
fn main() -> Result<()> {
    let only: Vec<String> = std::env::args().skip(1).collect();
    let side = 512;
    let time = |name: &str, field: &Field, lens: &Lens, t: f64| -> Result<()> {
        let mut best = vec![];
        let rounds = 3;
        let mut hits = 0;
        for _ in 0..rounds {
            let start = Instant::now();
            let d = march::depths(field, lens, Size { width: side, height: side }, t)?;
            hits = d.iter().filter(|d| d.is_finite()).count();
            best.push(start.elapsed().as_secs_f64() * 1e3);
        }
        best.sort_by(f64::total_cmp);
        println!("{name:14} {:9.1} ms  {hits}", best[0]);
        Ok(())
    };
    for name in &only {
        if let Some(vm) = name.strip_suffix(".vm") {
            let text = std::fs::read_to_string(format!("/tmp/models/{name}")).unwrap();
            let field = read_vm(&text, name)?;
            let lens =
                Lens { far: 2.0, ..Lens::parallel([0.0, 0.0, 1.0], [0.0, 0.0, -1.0], [0.0, 1.0, 0.0], 2.0) };
            time(vm, &field, &lens, 0.0)?;
        } else {
            let scene: Scene = GALLERY.iter().find(|e| e.name == name).unwrap().scene()?;
            let stage = Stage::new(&scene)?;
            let t = scene.timeline().from;
            let lens = Lens::of(&stage.view(t)?);
            time(name, scene.field(), &Lens { far: 100.0, ..lens }, t)?;
        }
    }
    Ok(())
}
