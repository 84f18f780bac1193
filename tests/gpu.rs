//! The GPU computes what the CPU computes, and draws what it draws. Held by whatever device there is, software ones
//! included; where there is none these tests say so, and fail only if `FIELDGRAD_REQUIRE_GPU=1`.

#[path = "support/gpu.rs"]
mod device;
mod support;

use device::{MOVING, SMALL, gpu, scene, unlike};
use fieldgrad::gpu::{Evaluator, Gpu, Painter};
use fieldgrad::number::{Op, Real};
use fieldgrad::prelude::*;
use fieldgrad::render::{Image, Lens, Options, Shade, Size, march};
use fieldgrad::scene::{GALLERY, Scene};
use fieldgrad::shape::catalogue;
use fieldgrad::shape::grid::Interpolation;
use fieldgrad::tape::Tape;
use support::Random;

/// How far the GPU's values and derivatives of a field are from those in `f64`, at the worst, against how steep it is;
/// and at how many points they were compared. Kinks are left out, where `f32` may take the other side.
fn worst(gpu: &Gpu, field: &Field, points: &[[f32; 4]], what: &str) -> (f64, usize) {
    let [fx, fy, fz, ft] = field.gradient();
    let on_gpu = Evaluator::new(gpu, &[field.clone(), fx, fy, fz, ft]);
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
            Op::DirectionCosine => [unit.clone(), unit.hypot(z()), y(), t()],
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
        let found = Evaluator::new(&gpu, &fields).unwrap().eval(&origin).unwrap();
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
        Evaluator::new(&gpu, &[field.clone(), field.gradient()[0].clone()]).unwrap().eval(&points).unwrap();
    let tape = Tape::new(&[field.clone(), field.gradient()[0].clone()]).unwrap();
    let mut machine = fieldgrad::tape::Machine::<f64>::new(&tape);
    assert_eq!(found.len(), points.len());
    for (point, found) in points.iter().zip(&found) {
        let want = machine.at(point.map(f64::from));
        assert!(found.iter().zip(want).all(|(found, want)| (f64::from(*found) - want).abs() < 1e-5));
    }
    assert!(Evaluator::new(&gpu, &[field]).unwrap().eval(&[]).unwrap().is_empty());
}

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
        let mut lens = Lens::of(&painter.stage().view(time).unwrap());
        if let Some(bounds) = painter.stage().bounds() {
            // As far as pictures look.
            let radius = bounds.size().map(|v| v * v).iter().sum::<f64>().sqrt() / 2.0;
            let away = (0..3).map(|i| (bounds.center()[i] - lens.eye[i]).powi(2)).sum::<f64>().sqrt();
            lens.far = lens.far.min(away + 100.0 * radius);
        }
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

#[test]
fn grids_are_read_from_a_texture() {
    let Some(gpu) = gpu() else { return };
    let cubic = support::sampled_ball(&[9, 8, 10], Interpolation::Cubic);
    let linear = support::sampled_ball(&[9, 8, 7], Interpolation::Linear);
    // Two kernels' numbers, in one texture.
    let two = linear.smooth_union(cubic.translate([0.8, 0.0, 0.0]), 0.2);
    let moving = support::sampled_ball(&[4, 9, 8, 7], Interpolation::Cubic);
    let lines = support::sampled_ball(&[40, 30, 35], Interpolation::Linear);
    for (name, field) in [("moving", moving), ("lines", lines), ("two", two.clone())] {
        let (_, compared) = worst(&gpu, &field, &points(150, 3), name);
        assert!(compared > 30, "{name}: {compared} points");
    }
    let mut painter = Painter::new(&gpu, &Scene::of_field(two, "two")).unwrap();
    // Few: software drivers read a texel at a time.
    let size = Size { width: 24, height: 18 };
    let options = Options::default().size(size).time(0.5).samples(1).shade(Shade::Normals);
    let [cpu, own] = [painter.stage().picture(&options).unwrap(), painter.picture(&options).unwrap()];
    let off = unlike(&cpu, &own);
    assert!(off <= size.pixels() / 50, "{off} pixels differ");
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
        let mut painter = Painter::new(&gpu, &scene).unwrap();
        let options = Options::default().size(SMALL).samples(1);
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
            let mut grazes = cpu.is_finite() != gpu.is_finite();
            if grazes {
                other += 1;
            } else if cpu.is_finite() {
                // What is thinner than a quarter of a pixel along a ray, one may meet and the other pass by.
                let away = (cpu - gpu).abs() / both.wide(cpu);
                farthest = farthest.max(away);
                grazes = away > 0.5;
                off += usize::from(grazes);
            }
            if both.is_even(n) && !grazes {
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
        assert!(other <= inner / 1000, "{}: {other} of {inner} pixels hit another thing", exhibit.name);
        assert!(off <= inner / 250, "{}: {off} of {inner} depths are off", exhibit.name);
        // The software driver's arithmetic is the CPU's; what a driver of hardware rounds was not measured.
        let few = if gpu.is_software() { 0 } else { even / 1000 };
        assert!(differ <= few, "{}: {differ} of {even} colours differ", exhibit.name);
        assert!(even > 2000, "{}: {even} pixels", exhibit.name);
        for (sum, n) in all.iter_mut().zip([inner, other, off, even, differ, 1]) {
            *sum += n;
        }
        if let Ok(folder) = std::env::var("FIELDGRAD_PICTURES") {
            let path = std::path::Path::new(&folder);
            both.cpu.save_png(&path.join(format!("{}_cpu.png", exhibit.name))).unwrap();
            both.gpu.save_png(&path.join(format!("{}_gpu.png", exhibit.name))).unwrap();
        }
    }
    let [inner, other, off, even, differ, scenes] = all;
    println!(
        "{scenes} scenes on {}: of {inner} inner pixels {other} hit another thing, {off} are off in depth by more than half \
         a pixel; of {even} even ones {differ} differ by more than 2 of 255",
        gpu.name()
    );
    assert!(scenes > 25 && other <= inner / 10_000 && off <= inner / 2000);
}

#[test]
fn views_and_samples_are_those_of_the_cpu() {
    let Some(gpu) = gpu() else { return };
    let mut painter = Painter::new(&gpu, &scene(MOVING)).unwrap();
    for (name, shade) in Shade::ALL {
        // How often the field is looked at is each marcher's own affair.
        if shade == Shade::Steps {
            continue;
        }
        for samples in [1, 4] {
            let options = Options::default().size(SMALL).time(0.5).shade(shade).samples(samples);
            let [cpu, own] = [painter.stage().picture(&options).unwrap(), painter.picture(&options).unwrap()];
            let off = unlike(&cpu, &own);
            println!("{name}, {samples} samples: {off} pixels of {} differ", SMALL.pixels());
            assert!(off <= SMALL.pixels() / 100, "{name}, {samples} samples: {off} pixels differ");
        }
    }
}

#[test]
fn another_value_or_time_is_another_picture_and_the_right_one() {
    let Some(gpu) = gpu() else { return };
    let mut painter = Painter::new(&gpu, &scene(MOVING)).unwrap();
    let at = |time: f64| Options::default().size(SMALL).time(time).samples(1);
    let first = painter.picture(&at(0.0)).unwrap();
    assert!(unlike(&first, &painter.picture(&at(1.5)).unwrap()) > 300);
    painter.set(&[("r", 0.4)]).unwrap();
    let smaller = painter.picture(&at(0.0)).unwrap();
    assert!(unlike(&first, &smaller) > 300);
    assert!(unlike(&smaller, &painter.stage().picture(&at(0.0)).unwrap()) < 60);
    assert!(painter.set(&[("r", 7.0)]).is_err() && painter.set(&[("q", 0.5)]).is_err());
    assert!(unlike(&smaller, &painter.picture(&at(0.0)).unwrap()) == 0);
    painter.show(&scene("show(sphere(1));")).unwrap();
    let ball = painter.picture(&at(0.0)).unwrap();
    assert!(unlike(&ball, &painter.stage().picture(&at(0.0)).unwrap()) < 60);
}

#[test]
fn what_no_shader_computes_is_refused_with_its_line() {
    let Some(gpu) = gpu() else { return };
    let moving =
        scene("let a = sphere(0.3).translate([t, 0, 0]);\nshow(sphere(1) | sweep(a, 0, 1).dx().dx());");
    let error = Painter::new(&gpu, &moving).err().unwrap().to_string();
    assert!(error.starts_with("test.rhai:2:") && error.contains("no shader can be written"), "{error}");
    let mut painter = Painter::new(&gpu, &scene(MOVING)).unwrap();
    assert!(painter.show(&moving).is_err());
    let huge = Options::default().size(Size { width: 16_384, height: 4 }).samples(16);
    assert!(painter.picture(&huge).unwrap_err().to_string().contains("more than the GPU"));
    let options = Options::default().size(SMALL);
    assert!(painter.picture(&options).is_ok(), "the old scene stays");
}

#[test]
fn a_lost_device_is_an_error() {
    let Some(gpu) = gpu() else { return };
    let mut painter = Painter::new(&gpu, &scene(MOVING)).unwrap();
    let options = Options::default().size(SMALL);
    painter.picture(&options).unwrap();
    gpu.device().destroy();
    assert!(painter.picture(&options).is_err());
    assert!(painter.picture(&options).is_err(), "it stays lost");
}

#[test]
fn a_target_gets_the_picture() {
    let Some(gpu) = gpu() else { return };
    use fieldgrad::gpu::wgpu;
    let mut painter = Painter::new(&gpu, &scene(MOVING)).unwrap();
    let options = Options::default().size(SMALL).samples(1);
    let image = painter.picture(&options).unwrap().to_srgb();
    for format in [wgpu::TextureFormat::Rgba8Unorm, wgpu::TextureFormat::Rgba8UnormSrgb] {
        let (width, height) = (128, 72);
        let target = gpu.device().create_texture(&wgpu::TextureDescriptor {
            label: None,
            size: wgpu::Extent3d { width, height, depth_or_array_layers: 1 },
            mip_level_count: 1,
            sample_count: 1,
            dimension: wgpu::TextureDimension::D2,
            format,
            usage: wgpu::TextureUsages::RENDER_ATTACHMENT | wgpu::TextureUsages::COPY_SRC,
            view_formats: &[],
        });
        let wide = options.clone().size(Size { width: 128, height: 72 });
        let whole = painter.picture(&wide).unwrap().to_srgb();
        for (options, exact) in [(&wide, true), (&options, false)] {
            painter
                .paint(options, &target.create_view(&Default::default()), format, [width, height])
                .unwrap();
            let buffer = gpu.device().create_buffer(&wgpu::BufferDescriptor {
                label: None,
                size: u64::from(512 * height),
                usage: wgpu::BufferUsages::MAP_READ | wgpu::BufferUsages::COPY_DST,
                mapped_at_creation: false,
            });
            let layout =
                wgpu::TexelCopyBufferLayout { offset: 0, bytes_per_row: Some(512), rows_per_image: None };
            let to = wgpu::TexelCopyBufferInfo { buffer: &buffer, layout };
            let mut encoder = gpu.device().create_command_encoder(&Default::default());
            encoder.copy_texture_to_buffer(target.as_image_copy(), to, target.size());
            gpu.queue().submit([encoder.finish()]);
            buffer.slice(..).map_async(wgpu::MapMode::Read, |_| ());
            gpu.device().poll(wgpu::PollType::wait_indefinitely()).unwrap();
            let bytes = buffer.slice(..).get_mapped_range().unwrap().to_vec();
            let at = |i: usize, j: usize| &bytes[4 * (j * 128 + i)..][..3];
            if exact {
                let worst = (0..128 * 72).flat_map(|n| (0..3).map(move |k| (n, k)));
                let worst = worst.map(|(n, k)| at(n % 128, n / 128)[k].abs_diff(whole[3 * n + k])).max();
                assert!(worst <= Some(1), "{format:?}: {worst:?}");
            } else {
                // A picture of another width is stretched.
                let middle = &image[3 * (36 * 96 + 48)..][..3];
                assert!(at(64, 36).iter().zip(middle).all(|(a, b)| a.abs_diff(*b) < 20), "{format:?}");
            }
        }
    }
}
