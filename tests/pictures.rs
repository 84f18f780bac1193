//! Pictures of scenes: the same on any number of threads, lit as they must be, and true to the field they show.

use fieldgrad::prelude::*;
use fieldgrad::render::{Cut, Film, Frames, Image, Lens, Options, Scale, Shade, Size, Stage, march, picture};
use fieldgrad::scene::{GALLERY, IN_A_ROW, PICTURE_SIZE, PICTURES, Scene, built_in};
use std::path::{Path, PathBuf};

const SMALL: Size = Size { width: 80, height: 60 };

fn small() -> Options {
    Options::default().size(SMALL)
}

fn scene(text: &str) -> Scene {
    Scene::from_text(text, "test.rhai").unwrap()
}

fn at(image: &Image, i: usize, j: usize) -> [f32; 3] {
    image.pixels[j * image.width + i]
}

fn scratch(name: &str) -> PathBuf {
    let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join("pictures").join(name);
    let _ = std::fs::remove_dir_all(&folder);
    std::fs::create_dir_all(&folder).unwrap();
    folder
}

#[test]
fn any_number_of_threads_makes_the_same_bits() {
    let with = |threads: usize, shade: Shade| {
        let pool = rayon::ThreadPoolBuilder::new().num_threads(threads).build().unwrap();
        let options = small().time(1.0).shade(shade);
        pool.install(|| picture(&built_in(), &options).unwrap())
    };
    for shade in [Shade::Lit, Shade::Velocity] {
        let one = with(1, shade);
        assert!(one == with(2, shade) && one == with(4, shade));
    }
}

#[test]
fn a_white_ball_under_a_white_sky_is_no_brighter_than_the_sky() {
    let ball = r##"show(sphere(1).color("#ffffff").material(#{ roughness: 1 }));
        background("#ffffff", "#ffffff"); light(#{ intensity: 0 }); camera(#{ eye: [0, 0, 4] });"##;
    let image = picture(&scene(ball), &small().ground(false)).unwrap();
    assert!(image.pixels.iter().flatten().all(|&v| v <= 1.0 + 1e-6));
    let middle = at(&image, 40, 30);
    assert!(middle.iter().all(|&v| v > 0.75), "an open white surface is bright: {middle:?}");
    assert_eq!(at(&image, 0, 0), [1.0; 3]);
}

#[test]
fn shadows_are_where_the_light_does_not_come_and_nowhere_else() {
    // A ball at (0, 1, 0) over a slab, the light from straight above: the shadow is below the ball.
    let text = r##"show(sphere(0.5).translate([0, 1, 0]) | box([6, 0.2, 6]).translate([0, -0.1, 0]));
        camera(#{ eye: [0, 5, 6], target: [0, 0, 0] }); light(#{ direction: [0, 1, 0] });"##;
    let with = scene(text);
    let without = scene(&text.replace("sphere(0.5).translate([0, 1, 0]) | ", ""));
    let [shaded, open] = [&with, &without].map(|scene| picture(scene, &small()).unwrap());
    let lens = Lens::pinhole([0.0, 5.0, 6.0], [0.0; 3], [0.0, 1.0, 0.0], 40.0);
    let depths = march::depths(with.field(), &lens, SMALL, 0.0).unwrap();
    let (mut dark, mut lit) = (0, 0);
    let seen = |i: usize, j: usize| {
        let step = 2.0 / 60.0;
        let (u, v) = ((i as f64 + 0.5 - 40.0) * step, (30.0 - j as f64 - 0.5) * step);
        lens.at([u, v, f64::from(depths[j * 80 + i])])
    };
    // On the slab's top, with all that is around it: not at its rim or at the ball's.
    let is_top = |i: usize, j: usize| {
        let around = (j - 1..=j + 1).flat_map(|j| (i - 1..=i + 1).map(move |i| seen(i, j)));
        { around }.all(|[x, y, z]| y.abs() < 1e-2 && x.abs().max(z.abs()) < 2.7)
    };
    for j in 1..59 {
        for i in 1..79 {
            let [x, _, z] = seen(i, j);
            let away = x.hypot(z);
            if !is_top(i, j) {
                continue;
            }
            let ratio = at(&shaded, i, j)[1] / at(&open, i, j)[1];
            if away < 0.4 {
                dark += 1;
                assert!(ratio < 0.6, "{x} {z} lies in the shade, at {ratio} of the light");
            } else if away > 1.3 {
                lit += 1;
                assert!(ratio > 0.97, "{x} {z} lies in the light, at {ratio} of it");
            }
        }
    }
    assert!(dark > 5 && lit > 500, "{dark} {lit}");
}

#[test]
fn edges_get_the_mean_of_many_rays() {
    let ball = r##"show(sphere(1).color("#000000").material(#{ roughness: 1 }));
        background("#ffffff", "#ffffff"); camera(#{ eye: [0, 0, 4] }); light(#{ intensity: 0 });"##;
    let ball = scene(ball);
    let with = |samples: usize, size: Size| {
        picture(&ball, &small().samples(samples).size(size).ground(false)).unwrap()
    };
    let image = with(16, SMALL);
    let large = with(1, Size { width: 80 * 8, height: 60 * 8 });
    let mut partly = 0;
    for (n, pixel) in image.pixels.iter().enumerate() {
        let (i, j) = (n % 80, n / 80);
        let all = (0..64).map(|k| at(&large, i * 8 + k % 8, j * 8 + k / 8)[1]);
        let mean = all.sum::<f32>() / 64.0;
        partly += usize::from(mean > 0.2 && mean < 0.9);
        assert!((pixel[1] - mean).abs() < 0.13, "{i} {j}: {} and {mean}", pixel[1]);
    }
    assert!(partly > 30, "{partly}");
}

#[test]
fn views_show_what_the_field_is() {
    let text = "show(sphere(0.8).scale(1 + 0.2 * t) | box([0.5, 0.5, 0.5]).translate([1.5, 0, 0]));
        camera(#{ eye: [0, 0.5, 5] });";
    let scene = scene(text);
    let lens = Lens::pinhole([0.0, 0.5, 5.0], [0.0; 3], [0.0, 1.0, 0.0], 40.0);
    let t = 0.5;
    let depths = march::depths(scene.field(), &lens, SMALL, t).unwrap();
    let curvature = scene.field().mean_curvature();
    for (shade, range) in [
        (Shade::Gradient, [0.0, 2.0]),
        (Shade::Velocity, [-1.0, 1.0]),
        (Shade::Curvature, [-2.0, 2.0]),
        (Shade::Depth, [3.0, 6.0]),
    ] {
        let options = small().shade(shade).range(range).samples(1).bar(false).time(t);
        let image = picture(&scene, &options).unwrap();
        let scale = Scale { from: range[0], to: range[1], signed: range[0] < 0.0 };
        let mut seen = 0;
        for (i, j) in [(40, 26), (33, 30), (45, 22), (48, 33), (38, 36), (66, 29), (65, 31)] {
            let depth = f64::from(depths[j * 80 + i]);
            assert!(depth.is_finite(), "{i} {j} sees the solid");
            let step = 2.0 / 60.0;
            let p = lens.at([(i as f64 + 0.5 - 40.0) * step, (30.0 - j as f64 - 0.5) * step, depth]);
            let p = [p[0], p[1], p[2], t];
            let [fx, fy, fz, ft] = scene.field().gradient_at(p).unwrap();
            let steep = (fx * fx + fy * fy + fz * fz).sqrt();
            let value = match shade {
                Shade::Gradient => steep,
                Shade::Velocity => -ft / steep,
                Shade::Curvature => curvature.value_at(p).unwrap(),
                _ => depth,
            };
            let (found, truth) = (at(&image, i, j), scale.color(value));
            let off = (0..3).map(|k| (found[k] - truth[k]).abs()).fold(0.0, f32::max);
            assert!(off < 0.01, "{shade:?} at {i}, {j}: {found:?}, not {truth:?} for {value}");
            seen += usize::from(value != 0.0);
        }
        assert!(seen >= 2, "{shade:?} shows something");
    }
}

#[test]
fn a_cut_through_time_shows_a_world_line() {
    let scene =
        scene("show(sphere(0.3).translate([t, 0, 0])); bounds([-1, -1, -1], [3, 1, 1]); timeline(0, 2);");
    let cut: Cut = "y=0,z=0".parse().unwrap();
    let slice = cut.of(&scene, SMALL, 0.0).unwrap();
    assert_eq!((slice.axes, slice.span), ([Axis::X, Axis::T], [4.0, 2.0]));
    let image = picture(&scene, &small().cut(cut)).unwrap();
    let mut inside = 0;
    for j in 0..60 {
        let t = 2.0 - (j as f64 + 0.5) / 30.0;
        for i in 0..80 {
            let f = (-1.0 + (i as f64 + 0.5) / 20.0 - t).abs() - 0.3;
            let [r, _, b] = at(&image, i, j);
            if f.abs() > 0.15 {
                assert_eq!(b > r, f < 0.0, "x–t picture at {i}, {j}, f = {f}");
                inside += usize::from(f < 0.0);
            }
        }
    }
    assert!(inside > 200);
    for wrong in ["", "z", "q=1", "z=a", "z=1,z=2", "x=0,y=0,z=0", "t=1", "z=inf"] {
        assert!(wrong.parse::<Cut>().is_err(), "{wrong:?}");
    }
}

#[test]
fn some_frames_are_those_of_the_whole_film() {
    let (scene, folder) = (built_in(), scratch("film"));
    let options = small().size(Size { width: 32, height: 24 }).shade(Shade::Velocity);
    let film = Film { from: 0.0, to: 1.0, fps: 5.0 };
    let save = |name: &str, frames: Frames| {
        let mut made = 0;
        let path = folder.join(name);
        film.save(&mut Stage::new(&scene).unwrap(), &options, &path, &frames, &mut |_, _| {
            made += 1;
            true
        })
        .map(|()| made - 1)
    };
    assert_eq!(save("whole_%03d.png", Frames::default()).unwrap(), 5);
    assert_eq!(save("part_%03d.png", Frames { which: Some(2..4), resume: false }).unwrap(), 2);
    let read = |name: &str| std::fs::read(folder.join(name)).unwrap();
    assert!(read("whole_002.png") == read("part_002.png") && read("whole_003.png") == read("part_003.png"));

    // What is whole is left, what is broken or missing is made.
    std::fs::write(folder.join("whole_001.png"), &read("whole_000.png")[..200]).unwrap();
    std::fs::remove_file(folder.join("whole_004.png")).unwrap();
    assert_eq!(save("whole_%03d.png", Frames { which: None, resume: true }).unwrap(), 2);
    assert!(read("whole_001.png").len() > 200);

    save("film.gif", Frames::default()).unwrap();
    save("film.png", Frames::default()).unwrap();
    assert!(read("film.gif").starts_with(b"GIF89a"));
    let mut reader = png::Decoder::new(std::io::Cursor::new(read("film.png"))).read_info().unwrap();
    assert_eq!(reader.info().animation_control().unwrap().num_frames, 5);
    let mut pixels = vec![0; reader.output_buffer_size().unwrap()];
    for frame in 0..5 {
        reader.next_frame(&mut pixels).unwrap();
        assert!(pixels == film.frame(&scene, &options, frame).unwrap().to_srgb(), "{frame}");
    }
    let left: Vec<_> = std::fs::read_dir(&folder).unwrap().map(|entry| entry.unwrap().file_name()).collect();
    assert!(left.iter().all(|name| !name.to_string_lossy().contains("part.")), "{left:?}");
}

/// Every scene of the gallery looks as it did: all but a few pixels nearly as in its small picture.
#[test]
fn the_gallery_looks_as_it_did() {
    let [width, height] = PICTURE_SIZE;
    let sheet = Image::from_png(PICTURES).unwrap();
    let rows = GALLERY.len().div_ceil(IN_A_ROW);
    assert_eq!([sheet.width, sheet.height], [IN_A_ROW * width, rows * height]);
    for (n, exhibit) in GALLERY.iter().enumerate() {
        let scene = exhibit.scene().unwrap();
        let timeline = scene.timeline();
        let time = Some(0.7 * timeline.from + 0.3 * timeline.to);
        let options = Options::default().size(Size { width, height }).time(time);
        let now = picture(&scene, &options).unwrap().to_srgb();
        let cell = sheet.part([n % IN_A_ROW * width, n / IN_A_ROW * height], PICTURE_SIZE).to_srgb();
        let differ = now.iter().zip(cell).filter(|(a, b)| a.abs_diff(*b) > 6).count();
        assert!(
            differ * 200 < now.len(),
            "{} looks different in {differ} of {} samples: if that is right, \
             cargo run --release --example gallery_pictures makes its picture anew",
            exhibit.name,
            now.len()
        );
    }
}

#[test]
fn what_cannot_be_made_is_said_before_any_work() {
    let scene = built_in();
    let sized = |width: usize, height: usize| Options::default().size(Size { width, height });
    for options in [
        sized(0, 600),
        sized(1_000_000_000, 1),
        sized(usize::MAX, usize::MAX),
        small().samples(0),
        small().range([1.0, 0.0]),
        small().time(f64::NAN),
    ] {
        assert!(picture(&scene, &options).is_err(), "{options:?}");
    }
    let blind = self::scene("show(sphere(1)); camera(#{ eye: [0, 0, t], target: [0, 0, 1] });");
    let mut never = |_: usize, _: usize| panic!("work began");
    let film = Film { from: 0.0, to: 2.0, fps: 1.0 };
    let mut fails = |film: Film, scene: &Scene, path: &str| {
        let mut stage = Stage::new(scene).unwrap();
        film.save(&mut stage, &small(), Path::new(path), &Frames::default(), &mut never)
            .unwrap_err()
            .to_string()
    };
    assert!(fails(film, &blind, "a.gif").contains("t = 1"));
    assert!(fails(Film { to: -1.0, ..film }, &scene, "a.gif").contains("backwards"));
    assert!(fails(film, &scene, "a.mp4").contains("a.mp4"));
    assert!(fails(film, &scene, "no/such/folder/a.gif").contains("no/such/folder"));
}
