//! What a GPU draws of a scene that is not compiled is what is drawn of one that is.

#[path = "support/gpu.rs"]
mod device;
mod support;

use device::{MOVING, gpu, scene, unlike};
use fieldgrad::gpu::{Compiling, Painter};
use fieldgrad::number::{Op, Real};
use fieldgrad::prelude::*;
use fieldgrad::render::{Lens, Options, Shade, Size, march};
use fieldgrad::scene::{GALLERY, Scene};
use fieldgrad::shape::catalogue;
use std::time::{Duration, Instant};

const TINY: Size = Size { width: 48, height: 36 };
const TINIEST: Size = Size { width: 32, height: 24 };

/// Normals, as seen from aside.
fn normals(size: Size) -> Options {
    let lens = Lens::pinhole([2.2, 1.7, 3.1], [0.0; 3], [0.0, 1.0, 0.0], 40.0);
    let lens = Some(Lens { far: 8.0, ..lens });
    Options::default().size(size).lens(lens).time(0.3).shade(Shade::Normals).samples(1)
}

/// A surface that runs through the middle, of every operation.
fn of_operation(op: Op) -> Field {
    let positive: Field = 0.3 + x() * x() + y().abs();
    let unit: Field = 0.9 * (x() + y()).sin();
    let operands = match op {
        Op::Sqrt | Op::Ln | Op::Recip => [positive, y(), z(), t()],
        Op::Asin | Op::Acos | Op::Tan => [unit, y(), z(), t()],
        Op::Pow | Op::Div | Op::Modulo => [positive, 0.4 + unit.abs(), z(), t()],
        Op::DirectionCosine => [unit.clone(), unit.hypot(z()), y(), t()],
        Op::SmoothMin(_) | Op::SmoothWeight(_) => [x() * 0.9 + 0.3, y() - 0.2 * x(), 0.2 + z().abs(), t()],
        _ => [x() * 0.9 + 0.3, y() - 0.2 * x(), z() + 0.1 * t(), 0.5 + x()],
    };
    let value = op.apply(|i| operands[i].clone());
    Real::max(z() + 0.3 * value, sphere(1.1))
}

#[test]
fn every_operation_and_shape_is_interpreted() {
    let Some(gpu) = gpu() else { return };
    // All operations at first, so that the interpreter is made once.
    let all = Op::ALL.into_iter().map(of_operation).reduce(|a, b| a + b).unwrap();
    let all = all.clone() + 0.01 * all.gradient()[0].clone();
    let mut painter = Painter::compiling(&gpu, &Scene::of_field(all, "all"), Compiling::Never).unwrap();
    let options = normals(TINIEST);
    painter.picture(&options).unwrap();
    let operations = Op::ALL.into_iter().map(|op| (op.name(), of_operation(op)));
    let shapes = catalogue().map(|entry| (entry.name, (entry.sample)()));
    let mut count = 0;
    for (name, field) in operations.chain(shapes.filter(|(_, field)| !support::is_slow(field))) {
        painter.show(&Scene::of_field(field, name)).unwrap();
        let drawn = painter.picture(&options).unwrap();
        assert!(!painter.is_compiled(Shade::Normals), "{name}");
        let off = unlike(&drawn, &painter.stage().picture(&options).unwrap());
        assert!(off <= TINIEST.pixels() / 20, "{name}: {off} of {} pixels differ", TINIEST.pixels());
        count += 1;
    }
    assert!(count > 100, "{count}");
}

/// Scenes of all kinds, one with a kernel. A software driver, which has no branches, takes long for all of the gallery;
/// and llvmpipe ends all loops of a ray after 65,535 turns together, too few for the gears' short steps, and for the rays
/// of most scenes' lamps.
const SOME: [(&str, Shade); 7] = [
    ("blends", Shade::Lit),
    ("bounce", Shade::Lit),
    ("curvature", Shade::Lit),
    ("engine", Shade::Normals),
    ("hinge", Shade::Normals),
    ("orrery", Shade::Normals),
    ("coral", Shade::Normals),
];

#[test]
fn pictures_of_the_gallery_are_those_of_the_cpu() {
    let Some(gpu) = gpu() else { return };
    let mut painter = Painter::compiling(&gpu, &scene(MOVING), Compiling::Never).unwrap();
    let all = GALLERY.iter().map(|exhibit| (exhibit.name, Shade::Lit));
    for (name, shade) in if gpu.is_software() { SOME.to_vec() } else { all.collect() } {
        let scene = GALLERY.iter().find(|exhibit| exhibit.name == name).unwrap().scene().unwrap();
        if support::is_slow(scene.field()) {
            continue; // what searches is compiled, or not drawn at all
        }
        painter.show(&scene).unwrap();
        let options = Options::default().size(TINY).samples(1).shade(shade);
        let drawn = painter.picture(&options).unwrap();
        assert!(!painter.is_compiled(shade), "{name}");
        let off = unlike(&drawn, &painter.stage().picture(&options).unwrap());
        println!("{name}: {off} of {} pixels differ", TINY.pixels());
        assert!(off <= TINY.pixels() / 25, "{name}: {off} of {} pixels differ", TINY.pixels());
    }
}

#[test]
fn what_is_compiled_meanwhile_takes_over() {
    let Some(gpu) = gpu() else { return };
    let mut painter = Painter::compiling(&gpu, &scene(MOVING), Compiling::Meanwhile).unwrap();
    let options = Options::default().size(TINY).time(0.5).samples(1);
    painter.painted(&options).unwrap();
    let begun = Instant::now();
    while !painter.is_compiled(Shade::Lit) {
        assert!(begun.elapsed() < Duration::from_secs(60), "it is never compiled");
        painter.painted(&options).unwrap();
    }
    let compiled = painter.picture(&options).unwrap();
    let mut other = Painter::compiling(&gpu, &scene(MOVING), Compiling::Never).unwrap();
    let interpreted = other.picture(&options).unwrap();
    assert!(!other.is_compiled(Shade::Lit));
    let off = unlike(&compiled, &interpreted);
    assert!(off <= TINY.pixels() / 50, "{off} of {} pixels differ", TINY.pixels());
    // Neither the time nor a value compiles anything.
    painter.set(&[("r", 0.5)]).unwrap();
    painter.painted(&options.clone().time(1.0)).unwrap();
    assert!(painter.is_compiled(Shade::Lit));
    // Another scene does.
    painter.show(&scene("show(sphere(1) | box([1, 1, 3]));")).unwrap();
    assert!(unlike(&painter.picture(&options).unwrap(), &compiled) > 100);
}

#[test]
fn a_large_scene_is_drawn_without_being_compiled() {
    let Some(gpu) = gpu() else { return };
    let at = |i: i32, by: f64| (f64::from(i) * by).sin();
    let balls = (0..1500)
        .map(|i| sphere(0.05 + 0.02 * at(i, 1.7)).translate([at(i, 0.37), 0.7 * at(i, 0.83), at(i, 1.31)]));
    let crowd = union(balls.collect::<Vec<_>>());
    let length = crowd.tape().unwrap().len();
    assert!(length > 8000, "{length}");
    let mut painter =
        Painter::compiling(&gpu, &Scene::of_field(crowd, "crowd"), Compiling::Meanwhile).unwrap();
    // Tiles of a larger picture see fewer spheres each.
    let size = Size { width: 96, height: 72 };
    let options = normals(size);
    painter.picture(&options).unwrap();
    assert!(!painter.is_compiled(Shade::Normals));
    // Where spheres are this small, all pixels are edges: depths tell more than colours.
    let lens = options.lens.unwrap();
    let want = march::depths(painter.stage().scene().field(), &lens, size, 0.0).unwrap();
    let found = painter.depths(&options).unwrap();
    let is_off = |(a, b): (&f32, &f32)| a.is_finite() != b.is_finite() || (a - b).abs() > 0.02;
    let off = want.iter().zip(&found).filter(|&pair| is_off(pair)).count();
    assert!(off <= size.pixels() / 100, "{off} of {} depths are off", size.pixels());
}
