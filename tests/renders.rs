//! `render`, run as users run it: pictures, layers for other programs, films by ranges, and what cannot be.

#[path = "support/command.rs"]
mod support;

use exr::prelude::{FlatSamples, read_first_flat_layer_from_file};
use support::Folder;

const PAIR: &str = "show(box([1, 1, 1]) | sphere(0.6).name(\"ball\").translate([2, 0.1 * sin(t), 0]));
    camera(#{ eye: [1, 1, 6], target: [1, 0, 0] });
    bounds([-1, -1, -1], [3, 1, 1]); timeline(0, 1, #{ fps: 4 });";

fn folder(name: &str) -> Folder {
    Folder::new(&format!("render_{name}")).with("pair.rhai", PAIR)
}

/// The numbers of a PNG: how wide it is, how many channels and bits it has, and what is in it.
fn png(folder: &Folder, name: &str) -> (usize, usize, Vec<u16>, String) {
    let bytes = folder.read(name);
    let mut reader = png::Decoder::new(std::io::Cursor::new(bytes)).read_info().unwrap();
    let mut pixels = vec![0; reader.output_buffer_size().unwrap()];
    let info = reader.next_frame(&mut pixels).unwrap();
    let says = reader.info().utf8_text.iter().map(|chunk| chunk.get_text().unwrap()).collect();
    let numbers = match info.bit_depth {
        png::BitDepth::Sixteen => pixels.chunks(2).map(|two| u16::from_be_bytes([two[0], two[1]])).collect(),
        _ => pixels.iter().map(|&byte| u16::from(byte)).collect(),
    };
    (info.width as usize, info.color_type.samples(), numbers, says)
}

#[test]
fn an_exr_has_light_depth_normals_and_objects() {
    let folder = folder("exr");
    folder.run("render pair.rhai -o a.exr --size 80x60").ends(0);
    let layer = read_first_flat_layer_from_file(folder.0.join("a.exr")).unwrap().layer_data;
    assert_eq!((layer.size.x(), layer.size.y()), (80, 60));
    let channel = |name: &str| -> Vec<f32> {
        let found = layer.channel_data.list.iter().find(|channel| channel.name.to_string() == name);
        match &found.unwrap_or_else(|| panic!("{name}")).sample_data {
            FlatSamples::F32(numbers) => numbers.clone(),
            FlatSamples::U32(numbers) => numbers.iter().map(|&number| number as f32).collect(),
            FlatSamples::F16(_) => panic!("{name} has 16 bits"),
        }
    };
    let [z, id, x, y] = ["Z", "id", "N.X", "N.Y"].map(channel);
    let normal_z = channel("N.Z");
    let mut met = [0; 3];
    for pixel in 0..80 * 60 {
        met[id[pixel] as usize] += 1;
        let length = x[pixel].hypot(y[pixel]).hypot(normal_z[pixel]);
        match id[pixel] {
            0.0 => assert!(z[pixel] == f32::INFINITY && length == 0.0),
            _ => assert!((4.0..8.0).contains(&z[pixel]) && (length - 1.0).abs() < 1e-5),
        }
    }
    // The box is larger than the ball, and there is much beside both.
    assert!(met[0] > 1000 && met[1] > met[2] && met[2] > 100, "{met:?}");
    let names = layer.attributes.other.values().next().unwrap();
    let says = format!("{names:?}");
    assert!(says.contains("1 is box") && says.contains("2 is ball"), "{says}");
    let light = ["R", "G", "B"].map(channel);
    assert!(light.iter().flatten().all(|v| v.is_finite()) && light[0].iter().any(|&v| v > 0.1));
}

#[test]
fn layers_are_pictures_of_sixteen_bits() {
    let folder = folder("layers");
    for layer in ["depth", "normals", "objects"] {
        folder.run(&format!("render pair.rhai -o {layer}.png --layer {layer} --size 80x60")).ends(0);
    }
    let (width, channels, objects, says) = png(&folder, "objects.png");
    assert_eq!((width, channels), (80, 1));
    assert!(says.contains("1 is box") && says.contains("2 is ball"), "{says}");
    let (_, _, depths, says) = png(&folder, "depth.png");
    assert!(says.starts_with("depth: 0 is "), "{says}");
    assert!(depths.iter().zip(&objects).all(|(&depth, &object)| (depth == u16::MAX) == (object == 0)));
    assert!(depths.contains(&0) && depths.contains(&(u16::MAX - 1)));
    let (_, channels, normals, _) = png(&folder, "normals.png");
    assert_eq!((channels, normals.len()), (3, 3 * 80 * 60));
    for (normal, &object) in normals.chunks(3).zip(&objects) {
        let part = |i: usize| f64::from(normal[i]) / 32767.0 - 1.0;
        let length = part(0).hypot(part(1)).hypot(part(2));
        assert!((length - f64::from(object.min(1))).abs() < 1e-3, "{normal:?}");
    }
}

#[test]
fn frames_of_a_layer_mean_the_same_and_are_gone_on_with() {
    let folder = folder("frames");
    let all = "render pair.rhai --size 40x30 --layer depth";
    folder.run(&format!("{all} -o a_%02d.png")).ends(0);
    folder.run(&format!("{all} -o b_%02d.png --frames 2..4")).ends(0);
    assert!(
        folder.read("a_02.png") == folder.read("b_02.png")
            && folder.read("a_03.png") == folder.read("b_03.png")
    );
    let says = png(&folder, "a_00.png").3;
    assert_eq!(says, png(&folder, "a_01.png").3);
    folder.run("render pair.rhai --size 40x30 -o c_%d.exr").ends(0);
    let before = folder.read("c_1.exr");
    std::fs::write(folder.0.join("c_1.exr"), &before[..300]).unwrap();
    let (second, third) = (folder.read("c_2.exr"), folder.read("c_3.exr"));
    std::fs::write(folder.0.join("c_2.exr"), &third).unwrap();
    let kept = std::fs::metadata(folder.0.join("c_3.exr")).unwrap().modified().unwrap();
    folder.run("render pair.rhai --size 40x30 -o c_%d.exr --resume").ends(0);
    assert!(folder.read("c_1.exr") == before, "what is broken is made again");
    assert!(folder.read("c_2.exr") == second, "what is another picture is made again");
    assert_eq!(
        std::fs::metadata(folder.0.join("c_3.exr")).unwrap().modified().unwrap(),
        kept,
        "what is made is left"
    );
}

/// Frames of other values, another view or another scene are not taken for those that are asked for.
#[test]
fn a_film_is_gone_on_with_only_by_its_own_pictures() {
    let ball =
        "show(sphere(param(\"r\", 0.5, 0, 1)).translate([0.1 * sin(t), 0, 0])); timeline(0, 1, #{ fps: 3 });";
    let folder = Folder::new("render_resume").with("ball.rhai", ball);
    let changed = |arguments: &str| -> usize {
        let names = ["f_0.png", "f_1.png", "f_2.png"];
        let made =
            |name: &str| std::fs::metadata(folder.0.join(name)).and_then(|about| about.modified()).ok();
        let before = names.map(made);
        folder.run(&format!("render ball.rhai --size 24x18 -o f_%d.png --resume {arguments}")).ends(0);
        (0..3).filter(|&n| made(names[n]) != before[n]).count()
    };
    assert_eq!((changed(""), changed("")), (3, 0));
    assert_eq!((changed("--set r=0.7"), changed("--set r=0.7")), (3, 0));
    assert_eq!((changed("--set r=0.7 --shade normals"), changed("--shade normals --set r=0.7")), (3, 0));
    assert_eq!((changed("--samples 1"), changed("--frames 1..2 --samples 1")), (3, 0));
    std::fs::write(folder.0.join("ball.rhai"), format!("{ball} light(#{{ intensity: 2 }});")).unwrap();
    assert_eq!(changed("--samples 1"), 3);
    assert!(folder.run("render ball.rhai -o still.png --resume").error().contains("this is one picture"));
}

/// Whoever says how many pictures a second there are wants more than one.
#[test]
fn pictures_a_second_make_a_film() {
    let folder = folder("fps");
    folder.run("render pair.rhai -o a.png --size 24x18 --fps 3").ends(0);
    let reader = png::Decoder::new(std::io::Cursor::new(folder.read("a.png"))).read_info().unwrap();
    assert_eq!(reader.info().animation_control().map(|film| film.num_frames), Some(3));
}

#[test]
fn a_plane_is_drawn_into_the_view() {
    let folder = folder("plane");
    folder.run("render pair.rhai -o a.png --size 80x60 --no-ground").ends(0);
    folder.run("render pair.rhai -o b.png --size 80x60 --no-ground --plane z=0").ends(0);
    let (a, b) = (png(&folder, "a.png").2, png(&folder, "b.png").2);
    let changed = a.iter().zip(&b).filter(|(a, b)| a != b).count();
    assert!(changed > a.len() / 4, "{changed}");
    assert_eq!(a[..3], b[..3], "beside the bounds there is no plane");
}

#[test]
fn what_cannot_be_made_is_a_clear_line() {
    let folder = folder("mistakes");
    let cases = [
        ("-o no/such/a.png", "no/such/a.png"),
        ("-o a.jpg", "must end in"),
        ("-o a.png --size 0x600", "no pixels"),
        ("-o a.png --size 1000000000x1000000000", "more than"),
        ("-o a.gif --from 2 --to 1", "backwards"),
        ("-o a_%d.png --frames 3..99", "no such pictures"),
        ("-o a.gif --time 1", "a film has no one --time"),
        ("-o a.gif --layer depth", "single pictures"),
        ("-o a.exr --layer depth", "has all layers"),
        ("-o a.png --plane y=0,z=0", "holds one of x, y and z"),
        ("-o a.png --eye 1,0,0 --target 1,0,0", "camera"),
        ("-o a.png --eye 1e300,0,0", "the camera sees nothing: its eye or its target is more than 1e15 away"),
        (
            "-o a.png --target 0,-1e300,0",
            "the camera sees nothing: its eye or its target is more than 1e15 away",
        ),
        ("-o a.png --orthographic 1e300", "shows nothing"),
        ("-o a.exr --fps 4", "a film is written to"),
        ("-o a.png --range 2,1 --shade depth", "backwards"),
        ("-o a.png --slice q=1", "there is no coordinate"),
    ];
    for (arguments, says) in cases {
        let ran = folder.run(&format!("render pair.rhai {arguments}")).ends(2);
        assert!(ran.err.contains(says) && ran.err.lines().count() <= 12, "{arguments}: {}", ran.err);
    }
    assert_eq!(folder.files(), ["pair.rhai"], "nothing is left");
}

#[test]
#[cfg(target_os = "linux")]
fn a_full_disk_is_a_clear_line() {
    let folder = folder("full");
    for name in ["full.png", "full.exr", "full.gif"] {
        std::os::unix::fs::symlink("/dev/full", folder.0.join(name)).unwrap();
        let error = folder.run(&format!("render pair.rhai -o {name} --size 64x48 --quiet")).error();
        assert!(error.contains(name) && error.contains("No space left"), "{error}");
    }
}

/// Where no GPU is, the CPU draws, and one line says so.
#[test]
#[cfg(feature = "gpu")]
fn either_backend_draws_the_same() {
    let folder = folder("backend");
    folder.run("render pair.rhai -o cpu.png --size 64x48 --backend cpu").ends(0);
    let ran = folder.run("render pair.rhai -o gpu.png --size 64x48 --backend gpu").ends(0);
    let (cpu, gpu) = (png(&folder, "cpu.png").2, png(&folder, "gpu.png").2);
    let far = cpu.iter().zip(&gpu).filter(|(a, b)| a.abs_diff(**b) > 6).count();
    assert!(far * 50 < cpu.len(), "{far}: {}", ran.err);
    // A machine without any driver: the loader is told of none.
    let mut command = folder.command("render pair.rhai -o none.png --size 64x48 --backend gpu");
    let none = command
        .env("VK_DRIVER_FILES", "/nowhere")
        .env("VK_ICD_FILENAMES", "/nowhere")
        .env("WGPU_BACKEND", "vulkan");
    let ran = support::Ran::of(none.output().unwrap()).ends(0);
    assert!(ran.err.lines().any(|line| line.starts_with("the CPU draws: ")), "{}", ran.err);
    assert!(folder.read("none.png") == folder.read("cpu.png"));
}
