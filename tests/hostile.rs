//! Programs that are made to take all of a machine: each is refused, or ready to be drawn, in a short time and little
//! memory. Some were written for it; the others are put together from all words of the language, the same each time.
//!
//! Each fourth is tried; `HOSTILE=all cargo test --test hostile -- --nocapture` tries all 200 and says what each takes,
//! `HOSTILE=12` tries that one, alone, and so shows the memory that it takes itself.

mod support;

use fieldgrad::prelude::*;
use fieldgrad::scene::{GALLERY, Scene, Word, words};
use fieldgrad::shape::ArgumentKind as Kind;
use fieldgrad::tape::Tape;
use std::sync::{Mutex, PoisonError};
use std::time::Duration;
use support::Random;

/// How many programs there are.
const COUNT: usize = 200;
/// What none may take. Each alone, none took more than 2 s of a busy processor and 330 MB; the rest is for slower
/// machines, and for what the programs before it have left with the allocator.
const MAX_TIME: Duration = Duration::from_secs(10);
const MAX_MEMORY: usize = 1000 << 20;

/// What grows with each turn of a loop, `a` being a field.
const GROWTHS: [&str; 40] = [
    "a = a.dx();",
    "a = a.dx() + a;",
    "a = (a * a).dy();",
    "a = remap(sin(a), y, z, t, x);",
    "a = remap(sin(a), a, z, t, x);",
    "a = remap(a, a, a, a, a);",
    "a = a.warp([a, a, a]);",
    "a = a.warp([a.dx(), a.dy(), a.dz()]);",
    "a = a.warp([a, a, a], a);",
    "a = a.translate([a, a, a]);",
    "a = a.rotate([a, 1, a], a);",
    "a = a.twist(a);",
    "a = a.bend(a).taper(a);",
    "a = a.delay(a);",
    "a = a.delay(0.1) + a.speed(2);",
    "a = a.mean_curvature() + a;",
    "a = a.gaussian_curvature() * a;",
    "a = a.normal_speed() - a;",
    "a = a.gradient()[0] * a.gradient()[1] + a.gradient()[3];",
    "a = smooth_union(a, a.translate([1, 0, 0]), a);",
    "a = smooth_min(a, a.rotate_y(a), 0.3, \"exponential\");",
    "a = ellipse([a, a + 1]);",
    "a = helix(a, a, a + 2);",
    "a = text(\"hostile\", a);",
    "a = polygon([[a, 0], [1, a], [a, a], [0, 1]]);",
    "a = tube([[a, 0, 0], [0, a, 0], [0, 0, a]], a);",
    "a = a.color([a, a.dx(), a]).translate([0, a, 0]);",
    "a = (a.color(\"#ff0000\") | a.translate([0, 0, 1]).color([a, a, a])).twist(1);",
    "a = a.material(#{ roughness: a, emission: [a, a, a] }) & a.scale(2).color(\"#00ff00\");",
    "a = a.repeat([a, 2, 3]);",
    "a = a.repeat([2, 2, 2], [3, 3, 3]).repeat([5, 5, 5]);",
    "a = a.polar_repeat(5).elongate([a, 0, 0]);",
    "a = keyframes([[0, a], [1, a.dx()], [2, a]]);",
    "a = a.morph(a.dx(), 0, 1);",
    "a = noise(a) + a.displace(noise(2));",
    "a = [a, a, a].map(|p| p.translate([a, 0, p])).reduce(|p, q| p | q);",
    "let f = |p| p * a.dx(); a = f.call(f.call(a));",
    "a = union(a, a.mirror(\"x\"), a.mirror(\"y\").dz());",
    "a = if_less(a, a.dx(), a.freeze(a), a.loop_time(2));",
    "a = (a ** a) % (a + 2) / hypot(a, a.dt());",
];

/// What a growth starts from.
const STARTS: [&str; 6] = [
    "sphere(1)",
    "sin(x * y + z * t)",
    "torus(1, 0.3).twist(t)",
    "noise(1)",
    "star(7, 1, 0.4).extrude(0.5)",
    "superquadric([1, 0.8, 0.6], 0.4, 1.3).color(\"#aabbcc\")",
];

/// What is written for it.
const WRITTEN: &[&str] = &[
    "loop { }",
    "let n = 0; loop { n += sqrt(n); }",
    "let a = []; a.pad(10000, 0); loop { a.sort(); }",
    "let a = []; a.pad(10000, 0); loop { let b = a; b[0] = 1; }",
    "let a = []; a.pad(9000, \"x\"); loop { a.map(|s| s + s).len(); }",
    "let a = \"\"; a.pad(9999, \"y\"); loop { let b = a + \"z\"; b.replace(\"y\", \"yy\"); }",
    "let a = []; a.pad(10000, x); loop { union(a); }",
    "let a = []; a.pad(3000, [x, y]); loop { polygon(a); }",
    "let s = \"\"; s.pad(9999, \"W\"); loop { text(s, 1); }",
    "let s = \"\"; s.pad(9999, \"W\"); show(text(s, 1));",
    "let a = []; for i in 0..3000 { a.push([sin(i), cos(i), i]); } show(tube(a, 0.1));",
    "let a = []; for i in 0..3000 { a.push([sin(i), cos(i)]); } show(polygon(a).extrude(1));",
    "fn f(n, a) { if n == 0 { a } else { f(n - 1, a.dx()) + f(n - 1, a.dy()) } } show(f(20, sin(x * y)));",
    "fn f(n) { if n == 0 { sphere(1) } else { f(n - 1) | f(n - 1).translate([n, 0, 0]) } } show(f(30));",
    "let f = |a| a.dx() * a; for i in 0..30 { let g = f; f = |a| g.call(g.call(a)); } show(f.call(sin(x)));",
    "let a = sphere(1); for i in 0..400000 { a |= sphere(i).translate([i, 0, 0]); } show(a);",
    "let a = sphere(1); for i in 0..100000 { a = a.translate([i, t, 0]); } show(a);",
    "let a = sphere(1); for i in 0..3000 { a |= sphere(i); show(a.translate([i, 0, 0])); }",
    "let a = sphere(1); for i in 0..9000 { show(a.translate([sin(t * i), i, 0]).color([i / 9000, 0, t])); }",
    "let a = x; for i in 0..2000 { a = sin(a) + i; } let b = a; for i in 0..1000 { b |= a.translate([i, 0, 0]); } show(b);",
    "let a = t; for i in 0..20 { let h = (x + a).translate([1, 0, 0]); a = (h.delay(1) + h.delay(2)).remap(0, 0, 0, t); } show(sphere(a));",
    "let a = sin(x); for i in 0..60 { a = a.remap(x + a, y, z, t) + a.remap(x - a, y, z, t); } show(a);",
    "let a = sphere(1).translate([sin(t), 0, 0]); for i in 0..3 { a = a.sweep(0, t + i); } show(a);",
    "let a = box([1, 1, 1]); for i in 0..16 { a = a.mirror(\"x\").rotate_z(0.3).translate([0.4, 0, 0]) | a.scale(0.5); } show(a);",
    "let a = []; for i in 0..5000 { a.push([i, sin(i)]); } show(sphere(keyframes(a)));",
    "let a = []; for i in 0..3000 { a.push(sphere(i / 3000)); } show(smooth_union(a[0], union(a), 0.2).mean_curvature());",
    "let a = param(\"a\", 1, 0, 2); for i in 0..900 { a = sin(a) * a + param(\"p\" + i, i); } show(sphere(a));",
    "let a = sphere(1); for i in 0..40 { a = a.warp([a, a, a]); } camera(#{ eye: [0, 0, a.freeze(0).remap(0, 0, 0, 0)] }); show(a);",
    "let a = t; for i in 0..40 { a = a.delay(a) + a.speed(a); } camera(#{ eye: [a, 2, 3] }); show(sphere(1));",
    "let a = t; for i in 0..40 { a = a.delay(a) + a.speed(a); } light(#{ intensity: a }); background([a, a, a]); show(sphere(1));",
    "let c = x; for i in 0..40 { c = c.warp([c, c, c]); } show(sphere(1).color([c, c, c]));",
    "let m = #{}; for i in 0..9000 { m[\"k\" + i] = i; } loop { m.keys(); }",
    "let a = 0; while true { a = (a + 1) % 7; print(a); }",
    "let a = x; for i in 0..100000 { a = abs(a + 1) - 1; } for i in 0..100 { a = a.dx() + a; } show(a);",
    "let a = x; for i in 0..60000 { a = sin(a); } show(a.dx());",
    "let a = x; for i in 0..60000 { a = sin(a); } show(a.mean_curvature());",
    "let a = x; for i in 0..90000 { a = sin(a) + y; } show(a.twist(1));",
    "let a = noise(1); for i in 0..200 { a = a + noise(i + 1).warp([a, a, a]); } show(a);",
    "show(sphere(1).repeat([1, 1, 1], [1000000, 1000000, 1000000]));",
    "show(polar_repeat(star(100000, 1, 0.4), 100000).extrude(1));",
];

/// A word of the language called on `a` in one of its ways.
fn called(word: &Word, random: &mut Random) -> String {
    let mut pick = |count: usize| (random.unit() * count as f64) as usize;
    let form = &word.forms[pick(word.forms.len())];
    let arguments = form.arguments.iter().map(|(_, kind)| {
        let number = ["a", "0.3", "2", "t", "a.dx()", "(a + 1)"][pick(6)];
        match kind {
            Kind::Field => "a".into(),
            Kind::Pair | Kind::Extent2 => format!("[{number}, 1]"),
            Kind::Triple | Kind::Extent3 | Kind::Direction => format!("[{number}, 0.5, a]"),
            Kind::Outline => format!("[[0, {number}], [1, a], [0.5, 2]]"),
            Kind::Path => format!("[[0, {number}, 1], [1, a, a]]"),
            Kind::Keys => format!("[[0, {number}], [1, a]]"),
            Kind::Shapes => format!("a, {number}, a.translate([1, 0, 0])"),
            Kind::SpaceAxis => "\"y\"".into(),
            Kind::SmoothKind => "\"root\"".into(),
            Kind::Text => "\"Ab\"".into(),
            Kind::Color => format!("[{number}, a, 0]"),
            Kind::Corners => "5".into(),
            Kind::Options | Kind::Start => "0.5".into(),
            _ => number.into(),
        }
    });
    let arguments: Vec<String> = arguments.collect();
    format!("a = {}({});", word.name, arguments.join(", "))
}

/// The programs, the same each time: what was written; each growth by itself, often; and what is put together.
fn programs() -> Vec<String> {
    let mut random = Random(14);
    let mut all: Vec<String> = WRITTEN.iter().map(|program| program.to_string()).collect();
    for growth in GROWTHS {
        for turns in [60, 5000] {
            let start = STARTS[(random.unit() * STARTS.len() as f64) as usize];
            all.push(format!("let a = {start}; for i in 0..{turns} {{ {growth} }} show(a);"));
        }
    }
    let words: Vec<Word> = words();
    let is_fit = |word: &&Word| {
        word.group != "scene" && word.group != "files" && word.name != "name" && word.name != "material"
    };
    let words: Vec<&Word> = words.iter().filter(is_fit).collect();
    while all.len() < COUNT {
        let start = STARTS[(random.unit() * STARTS.len() as f64) as usize];
        let mut body = String::new();
        for _ in 0..1 + (random.unit() * 3.0) as usize {
            body += &match random.unit() < 0.5 {
                true => called(words[(random.unit() * words.len() as f64) as usize], &mut random),
                false => GROWTHS[(random.unit() * GROWTHS.len() as f64) as usize].into(),
            };
            body += " ";
        }
        let turns = [3, 12, 60, 400][(random.unit() * 4.0) as usize];
        let nested =
            if random.unit() < 0.2 { "for j in 0..3 { for k in 0..i { a = a | sphere(k); } }" } else { "" };
        all.push(format!("let a = {start}; for i in 0..{turns} {{ {body}{nested} }} show(a);"));
    }
    all
}

/// How long this process has worked, on all processors; by the clock where the system does not tell.
fn worked() -> Duration {
    static START: std::sync::OnceLock<std::time::Instant> = std::sync::OnceLock::new();
    let clock = START.get_or_init(std::time::Instant::now).elapsed();
    let told = std::fs::read_to_string("/proc/self/stat").unwrap_or_default();
    // Behind the name, which ends with the last parenthesis, the 12th and 13th are hundredths of a second.
    let numbers: Vec<&str> = told.rsplit(')').next().unwrap_or_default().split_whitespace().collect();
    let hundredths = |i: usize| numbers.get(i).and_then(|number| number.parse::<u64>().ok());
    match (hundredths(11), hundredths(12)) {
        (Some(own), Some(system)) => Duration::from_millis(10 * (own + system)),
        _ => clock,
    }
}

/// The most memory this process has held since it was last asked, where the system tells.
fn most_memory() -> usize {
    let told = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let most = told.lines().find_map(|line| line.strip_prefix("VmHWM:"));
    let kilobytes = most.and_then(|most| most.trim().trim_end_matches("kB").trim().parse().ok());
    let _ = std::fs::write("/proc/self/clear_refs", "5"); // counts anew, from what is held now
    kilobytes.map_or(0, |kilobytes: usize| kilobytes << 10)
}

/// Reads a program and has it ready to be drawn, if it is not refused. What is said of it.
fn tried(program: &str) -> String {
    let scene = match Scene::from_text(program, "hostile.rhai") {
        Ok(scene) => scene,
        Err(error) => return error.to_string().lines().next().unwrap_or_default().into(),
    };
    let ready = scene.field().tape().and_then(|tape| {
        let slopes = Tape::new(&scene.field().gradient());
        let looks: Vec<Field> =
            scene.field().material().into_iter().flat_map(|material| material.channels()).cloned().collect();
        let seen = scene.camera().map(|camera| camera.at(0.0).map(|_| ())).unwrap_or(Ok(()));
        let lit = scene.lights().iter().try_for_each(|light| light.at(0.0).map(|_| ()));
        let behind = scene.background().at(0.0);
        Tape::new(&looks).and(slopes).map(|slopes| {
            format!("{} lines, {} of slopes {seen:?} {lit:?} {}", tape.len(), slopes.len(), behind.is_ok())
        })
    });
    ready.unwrap_or_else(|error| format!("not drawn: {error}"))
}

/// One test at a time: what is measured is the process'.
static ALONE: Mutex<()> = Mutex::new(());

#[test]
fn no_program_takes_long_or_much() {
    let _alone = ALONE.lock().unwrap_or_else(PoisonError::into_inner);
    let only = std::env::var("HOSTILE").unwrap_or_default();
    let (mut longest, mut most) = ((Duration::ZERO, 0), (0, 0));
    let mut wrong = String::new();
    for (n, program) in programs().iter().enumerate() {
        let is_asked = match only.parse::<usize>() {
            Ok(only) => only == n,
            Err(_) => !only.is_empty() || n % 4 == 0,
        };
        if !is_asked {
            continue;
        }
        most_memory();
        let (start, held) = (worked(), most_memory());
        let said = tried(program);
        let (time, memory) = (worked() - start, most_memory().saturating_sub(held));
        if !only.is_empty() {
            eprintln!("{n}: {time:.2?}, {} MB: {program}\n    {said}", memory >> 20);
        }
        longest = longest.max((time, n));
        most = most.max((memory, n));
        if time > MAX_TIME || memory > MAX_MEMORY {
            wrong += &format!("{n} took {time:?} and {} MB: {program}\n    {said}\n", memory >> 20);
        }
    }
    eprintln!(
        "the longest took {:.2?} ({}), the most {} MB ({})",
        longest.0,
        longest.1,
        most.0 >> 20,
        most.1
    );
    assert!(wrong.is_empty(), "\n{wrong}");
}

#[test]
fn what_a_person_writes_is_far_from_every_limit() {
    let _alone = ALONE.lock().unwrap_or_else(PoisonError::into_inner);
    for exhibit in GALLERY {
        let start = worked();
        let scene = exhibit.scene().unwrap_or_else(|error| panic!("{}: {error}", exhibit.name));
        let time = worked() - start;
        scene.field().tape().unwrap_or_else(|error| panic!("{}: {error}", exhibit.name));
        Tape::new(&scene.field().gradient()).unwrap_or_else(|error| panic!("{}: {error}", exhibit.name));
        assert!(time < Duration::from_secs(1), "{} took {time:?} to be read", exhibit.name);
    }
}

/// A file of as many lines as there may be is read, and one more is not; nor is one written that would not be read.
#[test]
fn expression_files_have_a_million_lines() {
    let _alone = ALONE.lock().unwrap_or_else(PoisonError::into_inner);
    use fieldgrad::scene::vm::{MAX_LINES, read_vm, write_vm};
    use std::fmt::Write;
    let mut text = String::from("_0 var-x\n_1 var-y\n");
    for i in 2..MAX_LINES {
        let _ = match i % 3 {
            0 => writeln!(text, "_{i:x} add _{:x} _{:x}", i - 1, i - 2),
            1 => writeln!(text, "_{i:x} sin _{:x}", i - 1),
            _ => writeln!(text, "_{i:x} const {:?}", (i as f64).sqrt()),
        };
    }
    let path = std::path::Path::new(env!("CARGO_TARGET_TMPDIR")).join("million.vm");
    std::fs::write(&path, &text).unwrap();
    assert!(text.len() > 4 << 20);
    drop(text);
    most_memory();
    let (start, held) = (worked(), most_memory());
    let scene = Scene::from_file(&path).unwrap();
    let (time, memory) = (worked() - start, most_memory().saturating_sub(held));
    eprintln!("a million lines are read in {time:.2?} and {} MB", memory >> 20);
    assert!(time < MAX_TIME && memory < MAX_MEMORY, "{time:?}, {} MB", memory >> 20);
    assert!(
        scene.field().tape().is_ok() && scene.field().value_at([0.3, 0.2, 0.0, 0.0]).unwrap().is_finite()
    );
    drop(scene);
    let _ = std::fs::remove_file(&path);

    let high = (0..100_000).map(|i| (x() + i).pow(61)).reduce(|a, b| a + b).unwrap();
    let refused = write_vm(&high).unwrap_err().to_string();
    assert_eq!(refused, "a .vm file has at most 1000000 lines, and this field takes more");
    let less = (0..7_500).map(|i| (x() + i).pow(61)).reduce(|a, b| a + b).unwrap();
    assert!(read_vm(&write_vm(&less).unwrap(), "less.vm").is_ok());
}
