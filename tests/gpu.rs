//! The GPU computes what the CPU computes, and draws what it draws. Held by whatever device there is, software ones
//! included; where there is none these tests say so, and fail only if `FIELDGRAD_REQUIRE_GPU=1`.

mod support;

use fieldgrad::gpu::{Gpu, Painter, Points};
use fieldgrad::number::{Op, Real};
use fieldgrad::prelude::*;
use fieldgrad::render::{Image, Lens, Options, Size, march};
use fieldgrad::scene::GALLERY;
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
    let found =
        on_gpu.and_then(|on_gpu| on_gpu.eval(points)).unwrap_or_else(|error| panic!("{what}: {error}"));
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
    let found =
        Points::new(&gpu, &[field.clone(), field.gradient()[0].clone()]).unwrap().eval(&points).unwrap();
    let tape = Tape::new(&[field.clone(), field.gradient()[0].clone()]).unwrap();
    let mut machine = fieldgrad::tape::Machine::<f64>::new(&tape);
    assert_eq!(found.len(), points.len());
    for (point, found) in points.iter().zip(&found) {
        let want = machine.at(point.map(f64::from));
        assert!(found.iter().zip(want).all(|(found, want)| (f64::from(*found) - want).abs() < 1e-5));
    }
    assert!(Points::new(&gpu, &[field]).unwrap().eval(&[]).unwrap().is_empty());
}

const SMALL: Size = Size { width: 96, height: 72 };

/// The same picture by both, and what the rays of the CPU's meet.
struct Both {
    cpu: Image,
    gpu: Image,
    depths: [Vec<f32>; 2],
    lens: Lens,
}

impl Both {
    fn of(painter: &mut Painter, options: &Options) -> Both {
        let time = options.time.unwrap_or(painter.stage().scene().timeline().from);
        let lens = Lens::of(&painter.stage().view(time).unwrap());
        let field = painter.stage().scene().field().clone();
        let depths = march::depths(&field, &lens, options.size, time).unwrap();
        Both {
            cpu: painter.stage().picture(options).unwrap(),
            gpu: painter.picture(options).unwrap(),
            depths: [depths, painter.depths(options).unwrap()],
            lens,
        }
    }

    /// How wide a pixel is at a depth.
    fn wide(&self, depth: f32) -> f32 {
        let up = self.lens.up.map(|v| v * v).iter().sum::<f64>().sqrt();
        depth * (2.0 * up / SMALL.height as f64) as f32
    }

    /// Whether what a pixel's neighbours see is no other surface, as their depths tell.
    fn is_inner(&self, n: usize) -> bool {
        let here = self.depths[0][n];
        around(n).all(|m| {
            let there = self.depths[0][m];
            here.is_finite() == there.is_finite()
                && (!here.is_finite() || (here - there).abs() < 6.0 * self.wide(here))
        })
    }

    /// Whether its neighbours have about its colour.
    fn is_even(&self, n: usize) -> bool {
        let root = |n: usize| self.cpu.pixels[n].map(|v| v.max(0.0).sqrt());
        let here = root(n);
        around(n).all(|m| root(m).iter().zip(here).all(|(a, b)| (a - b).abs() < 0.03))
    }
}

/// A pixel's neighbours, within the picture.
fn around(n: usize) -> impl Iterator<Item = usize> {
    let (i, j) = (n % SMALL.width, n / SMALL.width);
    let near = |v: usize, most: usize| v.saturating_sub(1)..(v + 2).min(most);
    near(j, SMALL.height).flat_map(move |j| near(i, SMALL.width).map(move |i| j * SMALL.width + i))
}

#[test]
fn pictures_of_the_gallery_are_those_of_the_cpu() {
    let Some(gpu) = gpu() else { return };
    let mut all = [0; 6];
    for exhibit in GALLERY {
        let scene = exhibit.scene().unwrap();
        let mut painter = match Painter::new(&gpu, &scene) {
            Ok(painter) => painter,
            Err(error) => {
                assert!(error.to_string().contains("no shader can be written"), "{error}");
                continue;
            }
        };
        let options = Options { size: SMALL, samples: 1, ..Options::default() };
        let both = Both::of(&mut painter, &options);
        let (mut inner, mut other, mut off, mut even, mut differ, mut most) = (0, 0, 0, 0, 0, 0);
        let mut farthest = 0.0f32;
        let [left, right] = [&both.cpu, &both.gpu].map(Image::to_srgb);
        for n in 0..SMALL.pixels() {
            if !both.is_inner(n) {
                continue;
            }
            inner += 1;
            let [cpu, gpu] = [both.depths[0][n], both.depths[1][n]];
            if cpu.is_finite() != gpu.is_finite() {
                other += 1;
            } else if cpu.is_finite() {
                let away = (cpu - gpu).abs() / both.wide(cpu);
                farthest = farthest.max(away);
                off += usize::from(away > 0.25);
            }
            if both.is_even(n) {
                even += 1;
                let away = (0..3).map(|k| left[3 * n + k].abs_diff(right[3 * n + k])).max().unwrap();
                differ += usize::from(away > 2);
                most = most.max(away);
            }
        }
        println!(
            "{}: {inner} inner pixels, {other} hit another thing, {off} off in depth (at most {farthest:.3} pixels); \
             {even} even, {differ} of them differ by more than 2 (at most {most})",
            exhibit.name
        );
        for (sum, n) in all.iter_mut().zip([inner, other, off, even, differ, 1]) {
            *sum += n;
        }
        if let Ok(folder) = std::env::var("FIELDGRAD_PICTURES") {
            let path = std::path::Path::new(&folder);
            both.cpu.save_png(&path.join(format!("{}_cpu.png", exhibit.name))).unwrap();
            both.gpu.save_png(&path.join(format!("{}_gpu.png", exhibit.name))).unwrap();
        }
    }
    println!("in all {all:?} on {}", gpu.name());
}
