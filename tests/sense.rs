//! Probes and what is made of them: tracks are what their expressions say, particles keep to surfaces, sounds keep to
//! their tracks, and other programs understand what they are sent.

#[path = "support/command.rs"]
mod support;

use fieldgrad::prelude::*;
use fieldgrad::scene::{CHANNELS, Scene, Way, words};
use fieldgrad::sense::osc::{self, OscArgument};
use fieldgrad::sense::{Clock, Recording, Sound};
use fieldgrad::tape::Machine;
use std::f64::consts::{PI, TAU};
use std::net::UdpSocket;
use std::time::Duration;
use support::Folder;

const PAIR: &str = r##"
    let k = param("blend", 0.5, 0.05, 1.0);
    let pair = smooth_union(sphere(0.6).translate([sin(t), 0, 0]), box([1, 0.6, 0.8]).rotate_y(t), k);
    let p = probe("p", [1.5 * cos(t), 0.5, k - sin(2 * t)], #{ of: pair, reads: #{ slope: dx(pair), heat: x * y } });
    tone(p, #{
        pitch: #{ value: 440 * 2 ** (-pair), range: [200, 500] },
        volume: exp(-(pair * pair)), brightness: #{ value: abs(dt(pair)), smooth: 0.1 }, pan: x,
    });
    light(p, #{ color: "#e07a5f", strength: 3 * abs(normal_speed(pair)), place: [2 * x, y, z] });
    touch(p, #{ strength: #{ value: 1 - abs(pair), range: [0.1, 0.9], smooth: 0.02 }, frequency: 90 + 10 * z });
    probe("q", [0, t, 0]);
    touch("q", #{ direction: [1, t, 0] });
    show(pair);
    timeline(0, 4);
"##;

fn scene(text: &str) -> Scene {
    Scene::from_text(text, "scene.rhai").unwrap_or_else(|error| panic!("{error}"))
}

fn recording(scene: &Scene, from: f64, to: f64) -> Recording {
    Recording::of(scene, &Clock::new(from, to, 250.0).unwrap()).unwrap_or_else(|error| panic!("{error}"))
}

fn mistake(text: &str) -> String {
    Scene::from_text(text, "scene.rhai").unwrap_err().to_string()
}

#[test]
fn tracks_are_what_their_expressions_say_at_every_tick() {
    for scene in [scene(PAIR), scene(PAIR).with_parameters(&[("blend", 0.9)]).unwrap()] {
        let recording = recording(&scene, 0.5, 2.5);
        assert_eq!((recording.clock.count(), recording.faults.len()), (501, 0));
        for (probe, played) in scene.probes().iter().zip(&recording.probes) {
            // A scene's fields declare the values of its text: these are read at those of the scene.
            let reader = |field: &Field| {
                let tape = field.tape().unwrap();
                let mut known = scene.parameters();
                known.retain(|own| tape.place_of_parameter(own.name()).is_ok());
                let known: Vec<(&str, f64)> = known.iter().map(|own| (own.name(), own.value())).collect();
                let mut machine: Machine<f64> = Machine::new(&tape.with_parameters(&known).unwrap());
                move |at: [f64; 4]| machine.at(at)[0]
            };
            let Way::Along(way) = &probe.way else { panic!("{} follows nothing", probe.name) };
            let mut way = way.0.each_ref().map(reader);
            let at: Vec<[f64; 4]> = (0..recording.clock.count())
                .map(|tick| {
                    let t = 0.5 + tick as f64 / 250.0;
                    let [x, y, z] = way.each_mut().map(|part| part([0.0, 0.0, 0.0, t]));
                    [x, y, z, t]
                })
                .collect();
            for (tick, [x, y, z, _]) in at.iter().enumerate() {
                assert_eq!(played.places[tick], [*x, *y, *z]);
            }
            let [fx, fy, fz, ft] = probe.field.gradient();
            let own = [probe.field.clone(), fx, fy, fz, ft, probe.field.normal_speed()];
            let own = own.into_iter().zip(["f", "fx", "fy", "fz", "ft", "normal_speed"].map(String::from));
            let named = probe.reads.iter().map(|(name, field)| (field.clone(), name.clone()));
            for (field, name) in own.chain(named) {
                let (track, mut read) = (played.track(&name).unwrap(), reader(&field));
                for (tick, at) in at.iter().enumerate() {
                    let (got, is) = (track.values[tick], read(*at));
                    assert!(
                        (got - is).abs() <= 1e-12 * (1.0 + is.abs()),
                        "{name} at {at:?}: {got}, not {is}"
                    );
                }
            }
            for channel in &probe.channels {
                let track = played.track(&channel.name()).unwrap();
                let [low, high] = channel.range;
                let (mut smooth, mut read) = (None, reader(&channel.value));
                for (tick, at) in at.iter().enumerate() {
                    let is = read(*at).clamp(low, high);
                    let last = smooth.unwrap_or(is);
                    let share = match channel.smooth {
                        0.0 => 1.0,
                        smooth => 1.0 - (-1.0 / (250.0 * smooth)).exp(),
                    };
                    let is = last + share * (is - last);
                    smooth = Some(is);
                    let got = track.values[tick];
                    let name = channel.name();
                    assert!(
                        (got - is).abs() <= 1e-11 * (1.0 + is.abs()),
                        "{name} at {at:?}: {got}, not {is}"
                    );
                }
            }
        }
    }
}

#[test]
fn every_channel_of_the_schema_is_made_and_told_of_in_the_reference() {
    let scene = scene(PAIR);
    let made: Vec<String> = scene.probes()[0].channels.iter().map(|channel| channel.name()).collect();
    let known: Vec<String> =
        CHANNELS.iter().map(|own| format!("{}.{}", own.sense.name(), own.name)).collect();
    assert_eq!(made, known);
    for own in CHANNELS.iter().filter(|own| !["x", "y", "z"].contains(&own.name)) {
        let word = words().into_iter().find(|word| word.name == own.sense.name()).unwrap();
        let doc = word.doc.join("\n");
        assert!(doc.contains(&format!("`{}`", own.name)), "{} does not say what {} is", word.name, own.name);
    }
    // What a probe's light is, it is in pictures too: the lamp of the first probe.
    let (way, light) = scene.lights()[0].at(1.0).unwrap();
    let played = recording(&scene, 1.0, 1.0);
    let value = |name: &str| played.probes[0].track(name).unwrap().values[0];
    assert_eq!(way, ["light.x", "light.y", "light.z"].map(value));
    let colors = ["light.red", "light.green", "light.blue"].map(|name| value(name) * value("light.strength"));
    assert!((0..3).all(|i| (light[i] - colors[i]).abs() < 1e-12), "{light:?} {colors:?}");
}

/// A particle about a field, for some seconds: its recording.
fn followed(options: &str, shape: &str, seconds: f64) -> Recording {
    let text = format!("let f = {shape}; probe(\"p\", #{{ {options}, of: f }}); show(f); timeline(0, 20);");
    recording(&scene(&text), 0.0, seconds)
}

fn distances(recording: &Recording) -> Vec<f64> {
    let read = |name: &str| &recording.probes[0].track(name).unwrap().values;
    let (f, fx, fy, fz) = (read("f"), read("fx"), read("fy"), read("fz"));
    let steep = |n: usize| (fx[n].powi(2) + fy[n].powi(2) + fz[n].powi(2)).sqrt();
    (0..f.len()).map(|n| f[n].abs() / steep(n)).collect()
}

const MOVING: &str =
    "smooth_union(sphere(0.6 + 0.1 * sin(3 * t)).translate([0.3 * sin(t), 0, 0]), torus(0.8, 0.25), 0.3)";

#[test]
fn what_follows_the_gradient_reaches_the_surface_and_stays() {
    for from in ["[2, 1, 0.5]", "[0.1, 0.2, 0.05]", "[-1.5, -0.4, 1]"] {
        let recording = followed(&format!("follow: \"gradient\", from: {from}, speed: 1.5"), MOVING, 6.0);
        assert!(recording.faults.is_empty(), "{:?}", recording.faults);
        let far = distances(&recording);
        let reached = far.iter().position(|far| *far < 1e-9).expect("it reaches the surface");
        assert!(reached > 5 && reached < 500, "{from}: at tick {reached}");
        let most = far[reached..].iter().copied().fold(0.0, f64::max);
        assert!(most < 1e-9, "{from}: {most:e} from the surface it had reached");
        // On its way it keeps its speed.
        let places = &recording.probes[0].places;
        let step = |n: usize| (0..3).map(|i| (places[n + 1][i] - places[n][i]).powi(2)).sum::<f64>().sqrt();
        assert!((0..reached - 1).all(|n| step(n) < 1.5 / 250.0 + 1e-9), "{from}");
    }
    // Straight down onto a ball that stands still, and there it rests.
    let recording = followed("follow: \"gradient\", from: [3, 0, 0], speed: 0.5", "sphere(1)", 6.0);
    let places = &recording.probes[0].places;
    assert!((places[250][0] - 2.5).abs() < 1e-9 && (places[1250][0] - 1.0).abs() < 1e-9);
    assert_eq!(places[1250], places[1400]);
}

#[test]
fn what_follows_a_tangent_stays_on_the_surface_and_goes_on() {
    for shape in [MOVING, "torus(0.9, 0.3)", "ellipsoid([1, 0.5, 0.7])", "box([1, 1, 1]).offset(0.2)"] {
        let recording = followed("follow: \"tangent\", from: [1.3, 0.1, 0.2], speed: 0.8", shape, 8.0);
        assert!(recording.faults.is_empty(), "{:?}", recording.faults);
        let far = distances(&recording);
        assert_eq!(far.len(), 2001);
        let most = far.iter().copied().fold(0.0, f64::max);
        assert!(most < 1e-9, "{shape}: {most:e} from the surface");
    }
    // Around a ball's equator it comes back to where it started, after 2πr/v, to the accuracy that is promised.
    let scene = scene(
        "let f = sphere(1); probe(\"p\", #{ follow: \"tangent\", from: [1, 0, 0], of: f }); show(f); timeline(0, 20);",
    );
    let clock = Clock::new(0.0, TAU, 1000.0 / TAU).unwrap();
    let recording = Recording::of(&scene, &clock).unwrap();
    let [x, y, z] = *recording.probes[0].places.last().unwrap();
    assert_eq!(recording.clock.count(), 1001);
    assert!((x - 1.0).abs() < 1e-9 && y.abs() < 1e-9 && z.abs() < 1e-7, "{x} {y} {z}");
    // Counter-clockwise seen from above: from x towards −z.
    assert!(recording.probes[0].places[250][2] < -0.99);
}

#[test]
fn what_follows_the_surface_is_carried_by_it_wherever_a_recording_starts() {
    let shape = "sphere(0.5 + 0.4 * sin(t)).translate([0, 0.3 * t, 0])";
    let whole = followed("follow: \"surface\", from: [0.6, 0.6, 0.3]", shape, 6.0);
    assert!(distances(&whole).iter().all(|far| *far < 1e-9));
    let text = format!(
        "let f = {shape}; probe(\"p\", #{{ follow: \"surface\", from: [0.6, 0.6, 0.3], of: f }}); show(f); timeline(0, 20);"
    );
    let late = recording(&scene(&text), 4.0, 6.0);
    for tick in [0, 100, 500] {
        let (a, b) = (whole.probes[0].places[1000 + tick], late.probes[0].places[tick]);
        assert!((0..3).all(|i| (a[i] - b[i]).abs() < 1e-7), "{a:?} {b:?}");
    }
}

#[test]
fn the_same_scene_gives_the_same_bits_on_any_number_of_threads() {
    let scene = scene(&format!(
        "{PAIR} probe(\"r\", #{{ follow: \"tangent\", from: [0, 1, 1] }}); tone(\"r\", #{{}});"
    ));
    let play = |threads: usize| {
        let pool = rayon::ThreadPoolBuilder::new().num_threads(threads).build().unwrap();
        pool.install(|| {
            let recording = recording(&scene, 0.0, 1.0);
            (format!("{recording:?}"), Sound::of(&recording, 48_000).unwrap())
        })
    };
    let (one, sound) = play(1);
    assert!(play(3) == (one, sound));
}

#[test]
fn a_channel_that_is_no_number_is_held_and_reported_once_with_its_line() {
    let text = "let f = sphere(1);\nprobe(\"p\", [1.5 - t, 0, 0]);\n\
                let root = sqrt(x);\ntone(\"p\", #{ volume: root });\nshow(f);\ntimeline(0, 3);";
    let recording = recording(&scene(text), 0.0, 3.0);
    let volume = &recording.probes[0].track("tone.volume").unwrap().values;
    assert_eq!(volume[0], 1.0); // its range ends there
    let last = (1.5f64 - 374.0 / 250.0).sqrt();
    assert!((volume[374] - last).abs() < 1e-7);
    assert!(volume[376..].iter().all(|value| *value == volume[375]));
    let [fault] = recording.faults.as_slice() else { panic!("{:?}", recording.faults) };
    let said = fault.to_string();
    assert!(said.starts_with("scene.rhai:3:") && said.contains("tone.volume is NaN at t = 1.504"), "{said}");
    assert!(said.contains("let root = sqrt(x);"), "{said}");
    // And nothing that is written of it is anything but a number.
    assert!(Sound::of(&recording, 8000).unwrap().samples.iter().all(|sample| sample.is_finite()));
}

#[test]
fn mistakes_in_the_words_are_told_where_they_are() {
    let with = |call: &str| mistake(&format!("let p = probe(\"p\", [t, 0, 0]);\n{call};\nshow(sphere(1));"));
    for (call, says) in [
        ("probe(\"p\", [0, 0, 0])", "there is a probe \"p\" already, at scene.rhai:1:9"),
        ("probe(\"a b\", [0, 0, 0])", "must be of letters, digits, _ and -"),
        ("probe(\"q\", [x, 0, 0])", "depends on x, and may only depend on t and on parameters"),
        (
            "probe(\"q\", #{ follow: \"normal\", from: [1, 0, 0] })",
            "must be one of gradient, tangent, surface",
        ),
        ("probe(\"q\", #{ follow: \"tangent\" })", "from is missing"),
        ("probe(\"q\", #{ follow: \"tangent\", from: [0, 1, 0], around: [0, 0, 0] })", "no direction"),
        ("probe(\"q\", [0, 0, 0], #{ read: x })", "did you mean reads?"),
        ("tone(\"q\", #{})", "there is no probe \"q\"; did you mean \"p\"?"),
        ("tone(p, #{ pich: 3 })", "tone has no option \"pich\"; did you mean pitch?"),
        ("tone(p, #{ pitch: \"high\" })", "pitch is text, and must be a number or a field"),
        ("tone(p, #{ volume: #{ value: 1, range: [0, 2] } })", "must go up within 0 and 1"),
        ("tone(p, #{ volume: #{ value: 1, smooth: -1 } })", "smooth is -1 seconds"),
        ("tone(p, #{ volume: #{ range: [0, 1] } })", "volume has no value"),
        ("tone(p, #{}); tone(p, #{})", "has a tone already, at scene.rhai:2:1"),
        ("touch(p, #{ direction: 3 })", "direction is a number, and must be a vector"),
        ("light(p, #{ color: \"#12\" })", "color"),
    ] {
        let said = with(call);
        assert!(said.contains(says) && said.contains("scene.rhai:2:"), "{call}: {said}");
    }
    let bare = scene("show(sphere(1));");
    let none = Recording::of(&bare, &Clock::new(0.0, 1.0, 250.0).unwrap()).unwrap_err();
    assert!(none.to_string().contains("has no probe"), "{none}");
    let nowhere =
        scene("probe(\"p\", #{ follow: \"tangent\", from: [0, 0, 0] }); show(sphere(1) + 9 * (1 + x * x)); ");
    let nowhere = Recording::of(&nowhere, &Clock::new(0.0, 1.0, 250.0).unwrap()).unwrap_err();
    assert!(nowhere.to_string().contains("scene.rhai:1:1: probe p: there is no surface"), "{nowhere}");
    for (from, to, rate) in [(1.0, 0.0, 250.0), (0.0, f64::NAN, 1.0), (0.0, 1.0, 0.0), (0.0, 1e9, 1000.0)] {
        assert!(Clock::new(from, to, rate).is_err());
    }
}

/// The recording of one tone.
fn tone(options: &str, seconds: f64) -> Recording {
    let text = format!(
        "probe(\"p\", [t, 0, 0]); tone(\"p\", #{{ {options} }}); show(sphere(1)); timeline(0, {seconds});"
    );
    recording(&scene(&text), 0.0, seconds)
}

/// The size of a frequency in a stretch of a sound, through a Hann window: of a sine, its amplitude.
fn size(samples: &[f64], frequency: f64, rate: f64) -> f64 {
    let (mut re, mut im) = (0.0, 0.0);
    for (n, sample) in samples.iter().enumerate() {
        let window = 1.0 - (TAU * n as f64 / samples.len() as f64).cos();
        let (sin, cos) = (TAU * frequency * n as f64 / rate).sin_cos();
        re += window * sample * cos;
        im += window * sample * sin;
    }
    2.0 * re.hypot(im) / samples.len() as f64
}

/// The strongest frequency: the highest of the discrete Fourier transform, and between its neighbours that of a
/// parabola.
fn pitch(samples: &[f64], rate: f64) -> f64 {
    let bin = rate / samples.len() as f64;
    let sizes: Vec<f64> = (1..1200).map(|k| size(samples, k as f64 * bin, rate).ln()).collect();
    let top = (1..sizes.len() - 1).max_by(|a, b| sizes[*a].total_cmp(&sizes[*b])).unwrap();
    let [a, b, c] = [sizes[top - 1], sizes[top], sizes[top + 1]];
    ((top + 1) as f64 + 0.5 * (a - c) / (a - 2.0 * b + c)) * bin
}

#[test]
fn the_pitch_that_is_measured_is_that_of_the_track() {
    for (hz, brightness) in [(110.0, 0.8), (440.0, 0.3), (987.77, 0.0), (2500.0, 1.0)] {
        // It glides there first, so that the steady part comes after a change.
        let options = format!("pitch: if_less(t, 0.2, 300 + t, {hz}), brightness: {brightness}");
        let recording = tone(&options, 0.8);
        let sound = Sound::of(&recording, 48_000).unwrap();
        let left: Vec<f64> = sound.channel(0).skip(14_400).take(16_384).map(f64::from).collect();
        let cents = 1200.0 * (pitch(&left, 48_000.0) / hz).log2();
        assert!(cents.abs() < 1.0, "{hz} Hz: {cents} cents off");
        let expected = 0.5 * (PI / 4.0).cos();
        let loud = size(&left, hz, 48_000.0);
        assert!(loud > 0.15 * expected && loud < 1.001 * expected, "{hz} Hz: {loud}");
    }
}

#[test]
fn sounds_stay_within_their_scale_and_their_band_and_change_without_clicks() {
    // Three tones, as loud and as bright as can be, all on one side.
    let text = "for i in 0..3 { let p = probe(\"p\" + i, [t, 0, 0]);\n\
                tone(p, #{ pitch: 300 + 97 * i, volume: 1, brightness: 1, pan: -1 }); }\n\
                show(sphere(1)); timeline(0, 1);";
    let sound = Sound::of(&recording(&scene(text), 0.0, 1.0), 48_000).unwrap();
    assert_eq!((sound.length(), sound.samples.len()), (1.0, 96_000));
    assert!(sound.samples.iter().all(|sample| sample.abs() <= 1.0));
    assert!(sound.channel(0).any(|sample| sample.abs() > 0.5) && sound.channel(1).all(|s| s.abs() < 1e-6));
    // A volume and a pitch that jump: no step of a sine is larger than its frequency and the ramp of a tick make it.
    let jumps = tone(
        "pitch: 400 + 400 * step(0.5, fract(5 * t)), volume: step(0.4, fract(7 * t)), brightness: 0",
        1.0,
    );
    let sound = Sound::of(&jumps, 48_000).unwrap();
    let samples: Vec<f64> = sound.channel(0).map(f64::from).collect();
    let steepest = (PI / 4.0).cos() * (TAU * 800.0 / 48_000.0 + 1.5 * 250.0 / 48_000.0);
    let most = samples.windows(2).map(|pair| (pair[1] - pair[0]).abs()).fold(0.0, f64::max);
    assert!(most <= steepest && most > 0.5 * steepest, "{most} {steepest}");
    assert!(samples[0] == 0.0 && samples.last().unwrap().abs() < 1e-3);
    // Where the volume is 0 there is silence, to the last bit.
    let volume = &jumps.probes[0].track("tone.volume").unwrap().values;
    let mut silent = 0;
    for (n, sample) in samples.iter().enumerate() {
        let tick = n * 250 / 48_000;
        if volume[tick] == 0.0 && volume[tick + 1] == 0.0 {
            assert_eq!(*sample, 0.0, "sample {n}");
            silent += 1;
        }
    }
    assert!(silent > 10_000);
    // Overtones of a high tone do not come back as other tones.
    let high = Sound::of(&tone("pitch: 4700, volume: 1, brightness: 1", 0.6), 48_000).unwrap();
    let high: Vec<f64> = high.channel(0).skip(4800).take(16_384).map(f64::from).collect();
    for other in [1000.0, 3100.0, 7600.0, 12_000.0, 16_500.0, 22_000.0] {
        let size = size(&high, other, 48_000.0);
        assert!(size < 1e-5, "{other} Hz: {size:e}");
    }
    assert!(size(&high, 9400.0, 48_000.0) > 0.05);
    assert!(Sound::of(&jumps, 100).is_err());
    let mute = scene("probe(\"p\", [t, 0, 0]); show(sphere(1));");
    let mute = recording(&mute, 0.0, 1.0);
    assert!(Sound::of(&mute, 48_000).unwrap_err().to_string().contains("has a tone"));
    assert!(Sound::voltages(&mute, 48_000).unwrap_err().to_string().contains("has a channel"));
}

/// The chunks of a RIFF file by their names.
fn chunks(bytes: &[u8]) -> Vec<(String, Vec<u8>)> {
    let word = |at: usize| u32::from_le_bytes(bytes[at..at + 4].try_into().unwrap()) as usize;
    assert_eq!((&bytes[..4], &bytes[8..12], word(4) + 8), (&b"RIFF"[..], &b"WAVE"[..], bytes.len()));
    let (mut at, mut found) = (12, Vec::new());
    while at < bytes.len() {
        let (name, size) = (String::from_utf8(bytes[at..at + 4].to_vec()).unwrap(), word(at + 4));
        found.push((name, bytes[at + 8..at + 8 + size].to_vec()));
        at += 8 + size;
    }
    found
}

#[test]
fn the_command_writes_sounds_and_tracks() {
    let folder = Folder::new("sense").with("pair.rhai", PAIR);
    folder.run("sense pair.rhai -o a.wav -o a.csv -o a.json --from 1 --to 2 --set blend=0.8 --quiet").ends(0);
    folder
        .run("sense pair.rhai -o b.wav -o b.csv -o b.json --from 1 --to 2 --set blend=0.8 --threads 1")
        .ends(0);
    for kind in ["wav", "csv", "json"] {
        assert!(folder.read(&format!("a.{kind}")) == folder.read(&format!("b.{kind}")), "{kind}");
    }
    let scene = scene(PAIR).with_parameters(&[("blend", 0.8)]).unwrap();
    let recording = recording(&scene, 1.0, 2.0);
    let wav = chunks(&folder.read("a.wav"));
    let format: Vec<u16> = wav[0].1.chunks(2).map(|two| u16::from_le_bytes([two[0], two[1]])).collect();
    assert_eq!(format[..2], [3, 2]); // floating-point numbers, two channels
    assert_eq!((format[2], format[7], wav[1].1.clone()), (48_000, 32, 48_000u32.to_le_bytes().to_vec()));
    let samples: Vec<f32> =
        wav[2].1.chunks(4).map(|four| f32::from_le_bytes(four.try_into().unwrap())).collect();
    assert!(wav[2].0 == "data" && samples == Sound::of(&recording, 48_000).unwrap().samples);

    let table = folder.text("a.csv");
    let names: Vec<&str> = table.lines().next().unwrap().split(',').collect();
    let column = names.iter().position(|name| *name == "p.touch.strength").unwrap();
    assert!(
        names.starts_with(&["t", "p.x", "p.y", "p.z", "p.f", "p.fx"]) && names.contains(&"p.heat"),
        "{names:?}"
    );
    let strength = recording.probes[0].track("touch.strength").unwrap();
    assert_eq!(table.lines().count(), 252);
    for (row, value) in table.lines().skip(1).zip(&strength.values) {
        assert_eq!(row.split(',').nth(column).unwrap().parse::<f64>().unwrap(), *value);
    }
    let json: serde_json::Value = serde_json::from_slice(&folder.read("a.json")).unwrap();
    assert_eq!((json["times"][250].as_f64(), json["probes"][1]["name"].as_str()), (Some(2.0), Some("q")));
    let channels = json["probes"][0]["channels"].as_array().unwrap();
    let own = channels.iter().find(|channel| channel["name"] == "touch.strength").unwrap();
    assert_eq!((own["range"][1].as_f64(), own["values"][9].as_f64()), (Some(0.9), Some(strength.values[9])));

    folder
        .run("sense pair.rhai -o v.wav --voltages --set blend=0.8 --from 1 --to 1.5 --samples 8000")
        .ends(0);
    let wav = chunks(&folder.read("v.wav"));
    let (channels, rest) = (u16::from_le_bytes([wav[0].1[2], wav[0].1[3]]), wav[2].1.len());
    assert_eq!((channels, rest), (21, 21 * 4 * 4000));
    let first: Vec<f32> =
        wav[2].1.chunks(4).take(21).map(|v| f32::from_le_bytes(v.try_into().unwrap())).collect();
    assert!(first.iter().all(|value| (-1.0..=1.0).contains(value)), "{first:?}");
    assert!((f64::from(first[11]) - (strength.values[0] - 0.1) / 0.8).abs() < 1e-6);

    let error = |arguments: &str| folder.run(arguments).error();
    assert!(error("sense pair.rhai -o a.mp3").contains(".wav, .csv or .json"));
    assert!(error("sense pair.rhai").contains("nothing to do"));
    assert!(error("sense pair.rhai -o a.wav --from 3 --to 2").contains("from 3 to 2"));
    assert!(error("sense pair.rhai --osc nowhere:x").contains("no address"));
    assert!(error("sense drop -o a.wav").contains("has no probe"));
}

#[test]
fn bundles_come_in_order_with_their_times() {
    let socket = UdpSocket::bind("127.0.0.1:0").unwrap();
    socket.set_read_timeout(Some(Duration::from_secs(60))).unwrap();
    let port = socket.local_addr().unwrap().port();
    let folder = Folder::new("sense_osc").with("pair.rhai", PAIR);
    let mut command = folder.command(&format!("sense pair.rhai --from 1 --to 1.4 --rate 50 --osc {port}"));
    let mut sending = command.spawn().unwrap();
    let scene = scene(PAIR);
    let recording = Recording::of(&scene, &Clock::new(1.0, 1.4, 50.0).unwrap()).unwrap();
    let (mut packet, mut last, mut first) = ([0; 4096], 0.0, None);
    for tick in 0..21 {
        let size = socket.recv(&mut packet).unwrap();
        let tag = u64::from_be_bytes(packet[8..16].try_into().unwrap()) as f64 / (1u64 << 32) as f64;
        let since = tag - *first.get_or_insert(tag);
        assert!((since - f64::from(tick) / 50.0).abs() < 1e-5 && tag > last, "{since}");
        last = tag;
        let messages = osc::messages(&packet[..size]).unwrap();
        let mut expected = Vec::new();
        for probe in &recording.probes {
            for track in &probe.channels {
                let value = f64::from(track.values[tick as usize] as f32);
                expected.push((
                    format!("/fieldgrad/probe/{}/{}", probe.name, track.name),
                    vec![OscArgument::Number(value)],
                ));
            }
        }
        let got: Vec<_> = messages.into_iter().map(|own| (own.address, own.arguments)).collect();
        assert_eq!(got, expected);
    }
    assert!(sending.wait().unwrap().success());
}

/// A receiver that shares nothing with this project: python-osc, from PyPI. Where it is not there, nothing is tested.
const RECEIVER: &str = "
import socket
from pythonosc.osc_packet import OscPacket
from pythonosc.osc_bundle import OscBundle
s = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
s.bind(('127.0.0.1', 0))
s.settimeout(60)
print(s.getsockname()[1], flush=True)
for n in range(21):
    data = s.recv(65536)
    assert OscBundle.dgram_is_bundle(data)
    stamp = OscBundle(data).timestamp
    for m in OscPacket(data).messages:
        print('%.6f %s %r' % (stamp, m.message.address, m.message.params[0]))
";

#[test]
fn an_independent_receiver_gets_every_bundle_in_order() {
    let python = |script: &str| {
        let mut command = std::process::Command::new("python3");
        command
            .args(["-c", script])
            .stdout(std::process::Stdio::piped())
            .stderr(std::process::Stdio::piped());
        command
    };
    if !python("import pythonosc").output().is_ok_and(|output| output.status.success()) {
        eprintln!("python-osc is not there: nothing was tested");
        return;
    }
    use std::io::{BufRead, BufReader};
    let mut receiver = python(RECEIVER).spawn().unwrap();
    let mut lines = BufReader::new(receiver.stdout.take().unwrap()).lines().map(|line| line.unwrap());
    let port = lines.next().expect("it listens");
    let folder = Folder::new("sense_python").with("pair.rhai", PAIR);
    folder.run(&format!("sense pair.rhai --from 1 --to 1.4 --rate 50 --osc 127.0.0.1:{port}")).ends(0);
    let recording = Recording::of(&scene(PAIR), &Clock::new(1.0, 1.4, 50.0).unwrap()).unwrap();
    let mut last = 0.0;
    for tick in 0..21 {
        for probe in &recording.probes {
            for track in &probe.channels {
                let line = lines.next().expect("a message");
                let said: Vec<&str> = line.split(' ').collect();
                assert_eq!(said[1], format!("/fieldgrad/probe/{}/{}", probe.name, track.name));
                assert_eq!(said[2].parse::<f64>().unwrap(), f64::from(track.values[tick] as f32));
                let stamp: f64 = said[0].parse().unwrap();
                assert!(stamp >= last, "{stamp} after {last}");
                last = stamp;
            }
        }
    }
    assert!(lines.next().is_none() && receiver.wait().unwrap().success());
}

#[test]
fn packets_are_read_as_they_are_written_and_nothing_else_is() {
    let messages = [osc::message("/a", 1.5), osc::message("/fieldgrad/param/k", -0.25)];
    let bundle = osc::bundle(std::time::SystemTime::now(), &messages);
    let read = osc::messages(&bundle).unwrap();
    assert_eq!(read.len(), 2);
    assert_eq!(
        (read[1].address.as_str(), &read[1].arguments[..]),
        ("/fieldgrad/param/k", &[OscArgument::Number(-0.25)][..])
    );
    // Cut anywhere but between its messages, it is no packet any more.
    let ends = [16, 16 + 4 + messages[0].len(), bundle.len()];
    for end in 0..bundle.len() {
        assert_eq!(osc::messages(&bundle[..end]).is_some(), ends.contains(&end), "{end} bytes");
    }
    // Whatever byte is changed, it is read without fail.
    for n in 0..bundle.len() {
        for byte in [0, 1, 44, 47, 127, 128, 255] {
            let mut other = bundle.clone();
            other[n] = byte;
            let _ = osc::messages(&other);
        }
    }
    let mut deep = osc::message("/a", 1.0);
    for _ in 0..5000 {
        deep = osc::bundle(std::time::UNIX_EPOCH, &[deep]);
    }
    assert_eq!(osc::messages(&deep), None);
    let other = b"/x\0\0,ifdhsbTFNI\0\0\0\0\x07\x3f\x80\0\0\x40\0\0\0\0\0\0\0\0\0\0\0\0\0\0\x09ab\0\0\0\0\0\x01c\0\0\0";
    let values = [7.0, 1.0, 2.0, 9.0].map(OscArgument::Number);
    let read = osc::messages(other).unwrap();
    assert_eq!(read[0].arguments[..4], values);
    assert_eq!((&read[0].arguments[4], read[0].arguments.len()), (&OscArgument::Text("ab".into()), 10));
}
