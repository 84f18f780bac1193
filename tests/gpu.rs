//! The GPU computes what the CPU computes, and draws what it draws. Held by whatever device there is, software ones
//! included; where there is none these tests say so, and fail only if `FIELDGRAD_REQUIRE_GPU=1`.

mod support;

use fieldgrad::gpu::{Gpu, Points};
use fieldgrad::number::{Op, Real};
use fieldgrad::prelude::*;
use fieldgrad::shape::catalogue;
use fieldgrad::tape::Tape;
use support::Random;

fn gpu() -> Option<Gpu> {
    match Gpu::headless() {
        Ok(gpu) => Some(gpu),
        Err(error) if std::env::var_os("FIELDGRAD_REQUIRE_GPU").is_some_and(|v| v == "1") => {
            panic!("{error}")
        }
        Err(error) => {
            eprintln!("skipped: {error}");
            None
        }
    }
}

/// How far the GPU's values and derivatives of a field are from those in `f64`, at the worst, against how steep it is;
/// and at how many points they were compared. Kinks are left out, where `f32` may take the other side.
fn worst(gpu: &Gpu, field: &Field, points: &[[f32; 4]], what: &str) -> (f64, usize) {
    let [fx, fy, fz, ft] = field.gradient();
    let on_gpu = Points::new(gpu, &[field.clone(), fx, fy, fz, ft]);
    let found = on_gpu.and_then(|on_gpu| on_gpu.eval(points)).unwrap_or_else(|error| panic!("{what}: {error}"));
    let tape = field.tape().unwrap();
    let (mut worst, mut compared) = (0.0f64, 0);
    for (&point, found) in points.iter().zip(&found) {
        let at = point.map(f64::from);
        let want = field.value_with_gradient_at(at).unwrap();
        if !support::is_smooth_near(&tape, at, 1e-3) || !want.value.is_finite() {
            continue;
        }
        compared += 1;
        let steep = want.slope.iter().fold(1.0f64, |most, slope| most.max(slope.abs()));
        let all = std::iter::once(want.value).chain(want.slope);
        for (&found, want) in found.iter().zip(all) {
            let off = (f64::from(found) - want).abs() / steep.max(want.abs());
            assert!(off < 2e-3, "{what} at {at:?}: {found}, not {want}, on {}", gpu.name());
            worst = worst.max(off);
        }
    }
    (worst, compared)
}

fn points(count: usize, seed: u64) -> Vec<[f32; 4]> {
    let mut random = Random(seed);
    (0..count).map(|_| random.point().map(|v| v as f32)).collect()
}

#[test]
fn every_operation_computes_what_it_is() {
    let Some(gpu) = gpu() else { return };
    for (seed, op) in Op::ALL.into_iter().enumerate() {
        // Operands within every operation's domain, none of them a coordinate alone.
        let positive: Field = 0.3 + x() * x() + y().abs();
        let unit: Field = 0.9 * (x() + y()).sin();
        let operands = match op {
            Op::Sqrt | Op::Ln | Op::Recip => [positive.clone(), y(), z(), t()],
            Op::Asin | Op::Acos | Op::Tan => [unit.clone(), y(), z(), t()],
            Op::Pow | Op::Div | Op::Modulo => [positive.clone(), 0.4 + unit.abs(), z(), t()],
            Op::SmoothMin(_) | Op::SmoothWeight(_) => {
                [x() * 0.9 + 0.3 * t(), y() - 0.2 * x(), 0.2 + z().abs(), t()]
            }
            _ => [x() * 0.9 + 0.3 * t(), y() - 0.2 * x(), z() + 0.1 * t(), 0.5 * t() + x()],
        };
        let field = op.apply(|i| operands[i].clone());
        let (off, compared) = worst(&gpu, &field, &points(400, seed as u64), op.name());
        assert!(compared > 40, "{}: {compared} points", op.name());
        if off > 2e-5 {
            println!("{}: off by {off:.1e} on {}", op.name(), gpu.name());
        }
    }
    // Powers of what is below 0.
    let negative: Field = -0.3 - x() * x();
    let power = Real::pow(negative, Field::constant(3.0));
    worst(&gpu, &power, &points(100, 1), "a cube of what is below 0");
}

#[test]
fn conventions_at_kinks_are_those_of_the_cpu() {
    let Some(gpu) = gpu() else { return };
    let origin = [[0.0f32; 4]];
    for (what, field) in [
        ("abs", x().abs()),
        ("sqrt", x().sqrt()),
        ("hypot", Real::hypot(x(), y())),
        ("length", Real::length(x(), y(), z())),
        ("min", Real::min(x(), 2 * x())),
        ("max", Real::max(x(), 2 * x())),
        ("atan2", Real::atan2(y(), x())),
        ("asin", (x() + 1).asin()),
        ("acos", (x() + 1).acos()),
        ("pow", Real::pow(x(), Field::constant(0.5))),
        ("sign", x().sign()),
        ("sphere", sphere(1)),
        ("box", box_frame([1, 1, 1], 0.1)),
    ] {
        let [fx, fy, fz, ft] = field.gradient();
        let fields = [field, fx, fy, fz, ft];
        let found = Points::new(&gpu, &fields).unwrap().eval(&origin).unwrap();
        for (found, field) in found[0].iter().zip(&fields) {
            let want = field.value_at([0.0; 4]).unwrap();
            assert!((f64::from(*found) - want).abs() < 1e-6, "{what}: {found}, not {want}, at its kink");
        }
    }
}

#[test]
fn every_shape_computes_what_it_is() {
    let Some(gpu) = gpu() else { return };
    let mut rough = Vec::new();
    for (seed, entry) in catalogue().enumerate() {
        let field = (entry.sample)();
        if support::is_swept(entry.name) {
            let error = Points::new(&gpu, &[field]).unwrap_err().to_string();
            assert!(error.contains("no shader can compute"), "{error}");
            continue;
        }
        let (off, compared) = worst(&gpu, &field, &points(120, seed as u64), entry.name);
        assert!(compared > 12, "{}: {compared} points", entry.name);
        rough.push((off, entry.name));
    }
    rough.sort_by(|a, b| b.0.total_cmp(&a.0));
    println!("{} shapes on {}; the worst: {:?}", rough.len(), gpu.name(), &rough[..4]);
}

#[test]
fn parameters_have_their_values_and_many_points_all_have_theirs() {
    let Some(gpu) = gpu() else { return };
    let field = sphere(param("r", 0.5)) + param("a b", 0.25) * t();
    let points = points(10_001, 5);
    let found = Points::new(&gpu, &[field.clone(), field.gradient()[0].clone()]).unwrap().eval(&points).unwrap();
    let tape = Tape::new(&[field.clone(), field.gradient()[0].clone()]).unwrap();
    let mut machine = fieldgrad::tape::Machine::<f64>::new(&tape);
    assert_eq!(found.len(), points.len());
    for (point, found) in points.iter().zip(&found) {
        let want = machine.at(point.map(f64::from));
        assert!(found.iter().zip(want).all(|(found, want)| (f64::from(*found) - want).abs() < 1e-5));
    }
    assert!(Points::new(&gpu, &[field]).unwrap().eval(&[]).unwrap().is_empty());
}
