//! Scenes made of data files: `grid`, what it gives, what it says of files it cannot read, and what it may take.

use fieldgrad::prelude::*;
use fieldgrad::scene::Scene;
use fieldgrad::shape::grid::{GridSamples, Interpolation, sampled};
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

/// A folder of its own for a test.
struct Folder(PathBuf);

impl Folder {
    fn new(name: &str) -> Folder {
        let path = Path::new(env!("CARGO_TARGET_TMPDIR")).join("data").join(name);
        let _ = std::fs::remove_dir_all(&path);
        std::fs::create_dir_all(&path).unwrap();
        Folder(path)
    }

    fn at(&self, file: &str) -> PathBuf {
        self.0.join(file)
    }

    fn scene(&self, text: &str) -> Result<Scene> {
        std::fs::write(self.at("scene.rhai"), text).unwrap();
        Scene::from_file(self.at("scene.rhai"))
    }

    fn field(&self, text: &str) -> Field {
        self.scene(text).unwrap_or_else(|error| panic!("{text}: {error}")).field().clone()
    }

    /// What is said of a scene, without the folder's name.
    fn said(&self, text: &str) -> String {
        let error = self.scene(text).expect_err(text).to_string();
        error.replace(&format!("{}/", self.0.display()), "")
    }
}

/// A NumPy file of a type, in Fortran order or not.
fn npy(kind: &str, fortran: bool, shape: &str, data: &[u8]) -> Vec<u8> {
    let order = if fortran { "True" } else { "False" };
    let header = format!("{{'descr': '{kind}', 'fortran_order': {order}, 'shape': {shape}, }}\n");
    [b"\x93NUMPY\x01\x00", &(header.len() as u16).to_le_bytes()[..], header.as_bytes(), data].concat()
}

/// A field at the places of a grid, x slowest; the times first if there are several.
fn samples(field: &Field, counts: [usize; 4], lower: [f64; 4], upper: [f64; 4]) -> Vec<f64> {
    let [nt, nx, ny, nz] = counts;
    let at = |axis: usize, n: usize| {
        let count = counts[(axis + 1) % 4];
        lower[axis] + (upper[axis] - lower[axis]) * n as f64 / (count - 1).max(1) as f64
    };
    let mut values = Vec::new();
    for t in 0..nt {
        for n in 0..nx * ny * nz {
            let place = [at(0, n / (ny * nz)), at(1, n / nz % ny), at(2, n % nz), at(3, t)];
            values.push(field.value_at(place).unwrap());
        }
    }
    values
}

fn bytes(values: &[f64]) -> Vec<u8> {
    values.iter().flat_map(|&value| (value as f32).to_le_bytes()).collect()
}

/// What is smooth over the boxes of these tests, and looks the same along no two axes.
fn wave() -> Field {
    (x() * 0.9 + 0.3).sin() * (y() * 0.7).cos() + z() * x() * 0.4 + (z() * 1.3).sin() * 0.2
}

#[test]
fn a_grid_is_what_was_sampled_with_its_gradient() {
    let folder = Folder::new("grid");
    let (lower, upper) = ([-1.0, -0.5, 0.0, 0.0], [1.0, 1.5, 1.2, 1.0]);
    let values = samples(&wave(), [1, 41, 33, 25], lower, upper);
    std::fs::write(folder.at("wave.npy"), npy("<f4", false, "(41, 33, 25)", &bytes(&values))).unwrap();
    let cubic = folder.field("show(grid(\"wave.npy\", [-1, -0.5, 0], [1, 1.5, 1.2]));");
    let linear = folder.field("show(grid(\"wave.npy\", [-1, -0.5, 0], [1, 1.5, 1.2], \"linear\"));");
    let plain = folder.field("show(\"wave.npy\".grid());");
    for n in 0..200 {
        let part = |step: f64| (0.5 + f64::from(n) * step).fract();
        let [u, v, w] = [0.8191725133961645, 0.671043606703789, 0.5497004779019703].map(part);
        // Two cells from the sides, where a natural spline bends less than what it is made of.
        let at = [-0.9 + 1.8 * u, -0.375 + 1.75 * v, 0.1 + w, 0.3];
        let (truth, found) = (wave().gradient_at(at).unwrap(), cubic.gradient_at(at).unwrap());
        assert!((cubic.value_at(at).unwrap() - wave().value_at(at).unwrap()).abs() < 1e-5, "{at:?}");
        assert!((linear.value_at(at).unwrap() - wave().value_at(at).unwrap()).abs() < 1e-3, "{at:?}");
        for axis in 0..4 {
            assert!((truth[axis] - found[axis]).abs() < 1e-3, "{at:?}: {found:?}, not {truth:?}");
        }
        // Without a box the longest side goes from -1 to 1, with cells that are cubes: of 40, 32 and 24 of them.
        let middle = [0.0, 0.5, 0.6];
        let size = [2.0, 2.0, 1.2];
        let side = [1.0, 0.8, 0.6];
        let own: [f64; 3] = [0, 1, 2].map(|i| (at[i] - middle[i]) / size[i] * 2.0 * side[i]);
        let value = plain.value_at([own[0], own[1], own[2], 7.0]).unwrap();
        assert!((value - cubic.value_at(at).unwrap()).abs() < 1e-12, "{value} at {own:?}");
    }
    // As in Rust, and under the name of the call.
    let read = GridSamples::read(folder.at("wave.npy")).unwrap();
    assert_eq!((read.counts(), read.corners()[1]), ([1, 41, 33, 25], [1.0, 0.8, 0.6, 1.0]));
    let own = sampled(&read.with_box(lower, upper).unwrap(), Interpolation::Cubic);
    assert_eq!(own.to_string(), cubic.to_string().replace("  # grid", ""));
    assert_eq!(own.value_at([0.3, 0.2, 0.7, 0.0]), cubic.value_at([0.3, 0.2, 0.7, 0.0]));
    read.write(folder.at("again.npy")).unwrap();
    assert_eq!(GridSamples::read(folder.at("again.npy")).unwrap(), read);
    assert!(read.with_box([0.0; 4], [1.0, 0.0, 1.0, 1.0]).is_err());
}

#[test]
fn all_types_and_orders_are_one_grid() {
    let folder = Folder::new("types");
    let shape = [3, 4, 5];
    let values: Vec<i16> = (0..60).map(|n| (n * 37 % 23) - 11).collect();
    let fortran: Vec<i16> = (0..60).map(|n| values[(n % 3) * 20 + n / 3 % 4 * 5 + n / 12]).collect();
    let as_f64 = |swap: bool| -> Vec<u8> {
        let all = values.iter().map(|&value| f64::from(value));
        all.flat_map(|value| if swap { value.to_be_bytes() } else { value.to_le_bytes() }).collect()
    };
    let as_i16 = |values: &[i16]| values.iter().flat_map(|value| value.to_be_bytes()).collect::<Vec<u8>>();
    let files = [
        ("f8", npy("<f8", false, "(3, 4, 5)", &as_f64(false))),
        ("big", npy(">f8", false, "(3, 4, 5)", &as_f64(true))),
        ("i2", npy(">i2", false, "(3, 4, 5)", &as_i16(&values))),
        ("fortran", npy(">i2", true, "(3, 4, 5)", &as_i16(&fortran))),
        ("i1", npy("|i1", false, "(3, 4, 5)", &values.iter().map(|&v| v as u8).collect::<Vec<_>>())),
    ];
    let wanted = GridSamples::new(&shape, [0.0; 4], [1.0; 4], values.iter().map(|&v| f32::from(v)).collect());
    for (name, bytes) in files {
        std::fs::write(folder.at(&format!("{name}.npy")), bytes).unwrap();
        let found = folder.field(&format!("show(grid(\"{name}.npy\", [0, 0, 0], [1, 1, 1]));"));
        assert_eq!(found, sampled(wanted.as_ref().unwrap(), Interpolation::Cubic), "{name}");
    }
}

#[test]
fn a_grid_may_move() {
    let folder = Folder::new("moving");
    let moving = wave().translate((t() * 0.3, 0, (t() * 0.8).sin()));
    let (lower, upper) = ([-1.0, -1.0, -1.0, 0.5], [1.0, 1.0, 1.0, 2.5]);
    let values = samples(&moving, [17, 21, 21, 21], lower, upper);
    std::fs::write(folder.at("moving.npy"), npy("<f4", false, "(17, 21, 21, 21)", &bytes(&values))).unwrap();
    let found = folder.field("show(grid(\"moving.npy\", [-1, -1, -1, 0.5], [1, 1, 1, 2.5]));");
    for n in 0..60 {
        let part = |step: f64| -0.7 + 1.4 * (0.5 + f64::from(n) * step).fract();
        let at =
            [part(0.8566748838545029), part(0.733891856627126), part(0.6287067210378087), 1.5 + part(0.53)];
        let (truth, own) = (moving.gradient_at(at).unwrap(), found.gradient_at(at).unwrap());
        assert!((moving.value_at(at).unwrap() - found.value_at(at).unwrap()).abs() < 3e-4, "{at:?}");
        for axis in 0..4 {
            assert!((truth[axis] - own[axis]).abs() < 5e-3, "{at:?}: {own:?}, not {truth:?}");
        }
    }
    // It stands still before its time and after.
    let at = |t: f64| found.value_at([0.2, 0.1, 0.3, t]).unwrap();
    assert_eq!((at(-3.0), at(9.0)), (at(0.5), at(2.5)));
}

#[test]
fn a_mistake_with_a_file_is_shown_where_it_is() {
    let folder = Folder::new("mistakes");
    let ball = npy("<f4", false, "(2, 2, 2)", &[0; 32]);
    std::fs::create_dir_all(folder.at("parts")).unwrap();
    for (file, content) in [
        ("ball.npy", ball.clone()),
        ("parts/other.npy", ball.clone()),
        ("moving.npy", npy("<f4", false, "(2, 2, 2, 2)", &[0; 64])),
        ("flat.npy", npy("<f4", false, "(4, 2)", &[0; 32])),
        ("short.npy", npy("<f4", false, "(2, 2, 2)", &[0; 31])),
        ("nan.npy", npy("<f4", false, "(1, 2, 1)", &[0, 0, 0, 0, 0, 0, 0xc0, 0x7f])),
        ("huge.npy", npy("<f4", false, "(4096, 4096, 4096)", &[])),
        ("text.npy", b"no numbers".to_vec()),
        ("parts/own.rhai", b"fn own() { grid(\"other.npy\") }".to_vec()),
    ] {
        std::fs::write(folder.at(file), content).unwrap();
    }
    let said = |call: &str| folder.said(&format!("let a = 1;\nshow({call});"));
    let cases = [
        ("grid(\"nowhere.npy\")", "there is no file nowhere.npy to read"),
        (
            "grid(\"../moving/moving.npy\")",
            "\"../moving/moving.npy\" cannot be read: only files in the scene's folder and below can",
        ),
        ("grid(\"parts.npy\")", "there is no file parts.npy to read"),
        ("grid(\"text.npy\")", "text.npy: is not a NumPy file: it does not start with \\x93NUMPY"),
        ("grid(\"short.npy\")", "short.npy: has 31 bytes of numbers, not 2×2×2×4"),
        ("grid(\"huge.npy\")", "huge.npy: has 68719476736 numbers; at most 67108864 are read"),
        ("grid(\"flat.npy\")", "flat.npy: has three axes, x, y and z, or four, t before them; not 2"),
        ("grid(\"nan.npy\")", "nan.npy: has finite values; number 1 is NaN"),
        (
            "grid(\"ball.npy\", [0, 0, 0], [1, 0, 1])",
            "its box goes along y from less to more, not from 0 to 0",
        ),
        (
            "grid(\"ball.npy\", [0, 0, 0, 0], [1, 1, 1, 1])",
            "lower is [0, 0, 0, 0]; the file stands still, and a corner of its box is three numbers [x, y, z]",
        ),
        (
            "grid(\"moving.npy\", [0, 0, 0], [1, 1, 1])",
            "lower is [0, 0, 0]; the file changes with time, and a corner of its box is four numbers [x, y, z, t]",
        ),
        ("grid(\"ball.npy\", [0, 0, x], [1, 1, 1])", "lower is a field, and must be a number"),
        ("grid(\"ball.npy\", \"square\")", "how is \"square\", and must be one of cubic, linear"),
    ];
    for (call, problem) in cases {
        let (found, wanted) = (said(call), format!("scene.rhai:2:6: grid: {problem}\n 2 | show("));
        assert!(found.starts_with(&wanted), "{call}: {found}");
    }
    assert!(
        said("grid(3)")
            .starts_with("scene.rhai:2:6: grid takes (file) or (file, how) or (file, lower, upper)")
    );
    let alone = Scene::from_text("show(grid(\"ball.npy\"));", "alone.rhai").unwrap_err().to_string();
    assert!(alone.contains("cannot be read: the scene is no file, and has no folder"), "{alone}");
    // A file that a part names stands beside the part.
    assert!(folder.scene("import \"parts/own\" as part; show(part::own());").is_ok());
}

/// What is no plain file is neither opened nor waited for.
#[cfg(unix)]
#[test]
fn links_and_devices_are_refused() {
    let folder = Folder::new("devices");
    let made = std::process::Command::new("mkfifo").arg(folder.at("pipe.npy")).status().unwrap();
    assert!(made.success());
    std::fs::create_dir(folder.at("folder.npy")).unwrap();
    std::os::unix::fs::symlink("/dev/zero", folder.at("zero.npy")).unwrap();
    let cases = [
        ("pipe.npy", "grid: pipe.npy: is not a plain file"),
        ("folder.npy", "grid: folder.npy: is a folder, not a file"),
        ("zero.npy", "grid: \"zero.npy\" cannot be read: it leads out of the scene's folder"),
    ];
    for (file, problem) in cases {
        let found = folder.said(&format!("show(grid(\"{file}\"));"));
        assert!(found.starts_with(&format!("scene.rhai:1:6: {problem}")), "{found}");
    }
}

#[test]
fn a_file_is_read_once_and_again_when_it_was_written() {
    let folder = Folder::new("once");
    let side = 97;
    let ball = samples(&sphere(0.6), [1, side, side, side], [-1.0; 4], [1.0; 4]);
    let file = |values: &[f64]| npy("<f4", false, &format!("({side}, {side}, {side})"), &bytes(values));
    std::fs::write(folder.at("ball.npy"), file(&ball)).unwrap();
    let script = "let all = []; for i in 0..1000 { all.push(grid(\"ball.npy\", [i, 0, 0], [i + 1, 1, 1])); } show(all);";
    let start = Instant::now();
    let scene = folder.scene(script).unwrap();
    let first = start.elapsed();
    assert!(first < Duration::from_secs(20), "{first:?}");
    // A text that is read again while the scene is there does not read the data again.
    let start = Instant::now();
    let again = folder.scene("show(grid(\"ball.npy\"));").unwrap();
    let second = start.elapsed();
    assert!(second < Duration::from_millis(100) && second * 4 < first, "{second:?} after {first:?}");
    assert!(again.field().value_at([0.0; 4]).unwrap() < -0.59);
    drop(scene);
    // Another file of the same name and size, written later, is another.
    let other: Vec<f64> = ball.iter().map(|value| value + 1.0).collect();
    std::thread::sleep(Duration::from_millis(20));
    std::fs::write(folder.at("ball.npy"), file(&other)).unwrap();
    let moved = folder.scene("show(grid(\"ball.npy\"));").unwrap();
    assert!(moved.field().value_at([0.0; 4]).unwrap() > 0.39);
    assert_ne!(moved.field(), again.field());
    // No more files than are allowed, nor more samples.
    for n in 0..70 {
        std::fs::write(folder.at(&format!("{n}.npy")), npy("<f4", false, "(1, 1, 1)", &[0; 4])).unwrap();
    }
    let many = folder.said("for n in 0..70 { grid(n + \".npy\"); } show(x);");
    assert!(many.contains("a scene reads at most 64 data files"), "{many}");
}
