//! Networks as fields: derivatives, adjoints, bounds, files, scenes and training, through the public API.

use fieldgrad::field::Kind;
use fieldgrad::fit::{Target, Training};
use fieldgrad::learn::{Activation, HashGridSize, Network, neural};
use fieldgrad::measure::Ray;
use fieldgrad::mesh::Extraction;
use fieldgrad::number::{Columns, Derivative, Output};
use fieldgrad::prelude::*;
use fieldgrad::scene::Scene;
use fieldgrad::tape::Coordinates;

mod support;
use support::Random;

fn networks() -> Vec<Network> {
    vec![
        Network::siren(3, &[20, 20], 8.0, 1).unwrap(),
        Network::siren(4, &[9, 17, 33], 4.0, 2).unwrap(),
        Network::dense(3, &[17, 30], Activation::Relu, 3).unwrap(),
        Network::dense(3, &[16, 16], Activation::Softplus { sharpness: 8.0 }, 4).unwrap(),
        Network::dense(4, &[12, 5], Activation::Gelu, 5).unwrap(),
        Network::dense(3, &[12, 7], Activation::Sigmoid, 6).unwrap(),
        Network::fourier(3, 8, 0.6, &[16, 16], Activation::Tanh, 7).unwrap(),
    ]
}

const GRID: HashGridSize =
    HashGridSize { coordinates: 3, levels: 4, features: 2, rows: 64, cells: [2, 9], is_smooth: false };

/// Networks behind hash grids, with features of a size that matters. Some levels have a row for each corner, others do not.
fn hash_networks() -> Vec<Network> {
    let sizes = [
        GRID,
        HashGridSize { is_smooth: true, ..GRID },
        HashGridSize { coordinates: 4, rows: 128, cells: [1, 3], is_smooth: true, features: 3, ..GRID },
    ];
    let made = sizes.into_iter().enumerate().map(|(n, size)| {
        let activation = if n == 0 { Activation::Tanh } else { Activation::Softplus { sharpness: 3.0 } };
        let network = Network::hash(size, &[13, 8], activation, n as u64).unwrap();
        let mut random = Random(20 + n as u64);
        let of_layers =
            network.layers().iter().map(|layer| (layer.inputs + 1) * layer.outputs).sum::<usize>();
        let mut weights = network.weights().to_vec();
        weights[of_layers..].iter_mut().for_each(|weight| *weight = random.between(-0.7, 0.7));
        network.with_weights(weights).unwrap()
    });
    made.collect()
}

/// A hash grid's features of a point, written out.
fn plain_features(size: &HashGridSize, tables: &[f64], at: &[f64]) -> Vec<f64> {
    const PRIMES: [u64; 4] = [1, 2_654_435_761, 805_459_861, 3_674_653_429];
    let HashGridSize { coordinates: d, levels, features, rows, cells: [coarse, fine], is_smooth } = *size;
    let growth = (fine as f64 / coarse as f64).powf(1.0 / (levels - 1) as f64);
    let (mut start, mut found) = (0, Vec::new());
    for level in 0..levels {
        let cells = (coarse as f64 * growth.powi(level as i32) + 1e-9).floor();
        let side = cells as u64 + 1;
        let is_hashed = side.pow(d as u32) > rows as u64;
        let own_rows = if is_hashed { rows as u64 } else { side.pow(d as u32) };
        let place: Vec<f64> = at.iter().map(|x| (0.5 * (x + 1.0)).clamp(0.0, 1.0) * cells).collect();
        let near: Vec<f64> = place.iter().map(|u| u.floor().min(cells - 1.0)).collect();
        let mut sums = vec![0.0; features];
        for corner in 0..1usize << d {
            let is_far = |axis: usize| corner >> axis & 1;
            let share: f64 = (0..d)
                .map(|axis| {
                    let s = place[axis] - near[axis];
                    let s = if is_smooth { s * s * (3.0 - 2.0 * s) } else { s };
                    if is_far(axis) == 1 { s } else { 1.0 - s }
                })
                .product();
            let at = |axis: usize| near[axis] as u64 + is_far(axis) as u64;
            let row = match is_hashed {
                true => (0..d).fold(0, |row, axis| row ^ at(axis).wrapping_mul(PRIMES[axis])) % rows as u64,
                false => (0..d).rev().fold(0, |row, axis| row * side + at(axis)),
            };
            for (feature, sum) in sums.iter_mut().enumerate() {
                *sum += share * tables[start + row as usize * features + feature];
            }
        }
        start += own_rows as usize * features;
        found.extend(sums);
    }
    found
}

#[test]
fn hash_grids_mix_the_features_of_their_cells_corners() {
    let mut random = Random(30);
    let sizes = [GRID, HashGridSize { is_smooth: true, ..GRID }];
    for (network, size) in hash_networks().iter().zip(sizes) {
        let of_layers =
            network.layers().iter().map(|layer| (layer.inputs + 1) * layer.outputs).sum::<usize>();
        for _ in 0..200 {
            // Out of the box too, where nothing changes.
            let at: Vec<f64> = (0..3).map(|_| random.between(-1.4, 1.4)).collect();
            let features = plain_features(&size, &network.weights()[of_layers..], &at);
            let value = output_of(network).value(&at);
            assert!((value - plain(network, &features)).abs() < 1e-12, "{network:?} at {at:?}");
        }
    }
    for bad in [
        HashGridSize { rows: 100, ..GRID },
        HashGridSize { levels: 0, ..GRID },
        HashGridSize { cells: [5, 4], ..GRID },
        HashGridSize { coordinates: 2, ..GRID },
        HashGridSize { features: 17, ..GRID },
    ] {
        assert!(Network::hash(bad, &[4], Activation::Relu, 1).is_err(), "{bad:?}");
    }
}

fn output_of(network: &Network) -> Output {
    match network.field().kind() {
        Kind::Kernel(output) => output.clone(),
        other => panic!("{other:?} is no kernel"),
    }
}

/// A network's value, written out.
fn plain(network: &Network, at: &[f64]) -> f64 {
    let (mut values, mut start) = (at.to_vec(), 0);
    for layer in network.layers() {
        let (wide, matrix) = (layer.inputs, layer.inputs * layer.outputs);
        let weights = &network.weights()[start..];
        values = (0..layer.outputs)
            .map(|o| {
                let products = weights[o * wide..(o + 1) * wide].iter().zip(&values).map(|(w, v)| w * v);
                let a = products.sum::<f64>() + weights[matrix + o];
                match layer.activation {
                    Activation::Linear => a,
                    Activation::Sine { frequency } => (frequency * a).sin(),
                    Activation::Relu => a.max(0.0),
                    Activation::Softplus { sharpness } => (1.0 + (sharpness * a).exp()).ln() / sharpness,
                    Activation::Tanh => a.tanh(),
                    Activation::Sigmoid => 1.0 / (1.0 + (-a).exp()),
                    Activation::Gelu => {
                        0.5 * a
                            * (1.0
                                + ((2.0 / std::f64::consts::PI).sqrt() * (a + 0.044715 * a.powi(3))).tanh())
                    }
                }
            })
            .collect();
        start += matrix + layer.outputs;
    }
    values[0]
}

#[test]
fn values_and_derivatives_are_those_of_the_network_written_out() {
    let mut random = Random(1);
    let all = networks().into_iter().map(|network| (network, true));
    for (network, is_plain) in all.chain(hash_networks().into_iter().map(|network| (network, false))) {
        let output = output_of(&network);
        for _ in 0..40 {
            let at: Vec<f64> = (0..network.inputs()).map(|_| random.between(-1.0, 1.0)).collect();
            let value = output.value(&at);
            if is_plain {
                assert!((value - plain(&network, &at)).abs() < 1e-12, "{network:?} at {at:?}");
            }
            for i in 0..at.len() {
                let by = |number: usize, d: f64| {
                    let mut moved = at.clone();
                    moved[i] += d;
                    Kernel::value(&**output, number, &moved)
                };
                let Derivative::Own(first) = Kernel::derivative(&**output, 0, i) else { panic!("its own") };
                let slope = (by(0, 1e-5) - by(0, -1e-5)) / 2e-5;
                let found = Kernel::value(&**output, first, &at);
                let is_bent = network.layers()[0].activation == Activation::Relu;
                assert!((found - slope).abs() < 1e-7 * (1.0 + slope.abs()), "{network:?}: {found}, {slope}");
                for j in (0..at.len()).filter(|_| !is_bent) {
                    let Derivative::Own(one) = Kernel::derivative(&**output, 0, j) else { panic!("its own") };
                    let Derivative::Own(both) = Kernel::derivative(&**output, one, i) else {
                        panic!("its own")
                    };
                    let slope = (by(one, 1e-5) - by(one, -1e-5)) / 2e-5;
                    let found = Kernel::value(&**output, both, &at);
                    assert!(
                        (found - slope).abs() < 1e-6 * (1.0 + slope.abs()),
                        "{network:?}: {found}, {slope}"
                    );
                }
            }
        }
    }
}

/// Outputs of all orders, for adjoints.
const OUTPUTS: [usize; 5] = [0, 2, 5, 6, 1];

#[test]
fn columns_are_points_and_adjoints_are_differences() {
    let mut random = Random(2);
    for network in networks().into_iter().chain(hash_networks()) {
        let (output, wide, rows) = (output_of(&network), network.inputs(), 70);
        let columns: Vec<f64> = (0..wide * rows).map(|_| random.between(-1.0, 1.0)).collect();
        let points = Columns::new(&columns, rows);
        let mut found = vec![0.0; OUTPUTS.len() * rows];
        output.values(&OUTPUTS, points, &mut found);
        let narrow: Vec<f32> = columns.iter().map(|&x| x as f32).collect();
        let mut single = vec![0f32; found.len()];
        output.values_f32(&OUTPUTS, Columns::new(&narrow, rows), &mut single);
        for row in 0..rows {
            let at: Vec<f64> = (0..wide).map(|i| points.column(i)[row]).collect();
            for (n, &number) in OUTPUTS.iter().enumerate() {
                let (value, both) = (Kernel::value(&**output, number, &at), found[n * rows + row]);
                assert_eq!(value.to_bits(), both.to_bits(), "{network:?}: output {number} at {at:?}");
                if n == 0 {
                    assert!((f64::from(single[row]) - value).abs() < 1e-5, "{network:?} in f32 at {at:?}");
                }
            }
        }
        if network.layers()[0].activation == Activation::Relu {
            continue; // its kinks are between the differences' ends now and then
        }
        let adjoints: Vec<f64> = found.iter().map(|_| random.between(-1.0, 1.0)).collect();
        let (mut to_inputs, mut to_weights) = (vec![0.0; columns.len()], vec![0.0; output.weight_count()]);
        output.backward(&OUTPUTS, points, Columns::new(&adjoints, rows), &mut to_inputs, &mut to_weights);
        let loss = |weights: &[f64], columns: &[f64]| {
            let mut out = vec![0.0; found.len()];
            let moved = output.with_weights(weights).unwrap();
            moved.values(&OUTPUTS, Columns::new(columns, rows), &mut out);
            out.iter().zip(&adjoints).map(|(a, b)| a * b).sum::<f64>()
        };
        let weights = output.weights();
        for _ in 0..25 {
            for (given, sent, is_weights) in [(&weights, &to_weights, true), (&columns, &to_inputs, false)] {
                let n = (random.unit() * given.len() as f64) as usize;
                let by = |d: f64| {
                    let mut moved = given.clone();
                    moved[n] += d;
                    if is_weights { loss(&moved, &columns) } else { loss(&weights, &moved) }
                };
                let slope = (by(1e-6) - by(-1e-6)) / 2e-6;
                assert!(
                    (slope - sent[n]).abs() < 1e-6 * (1.0 + slope.abs()),
                    "{network:?}: {}, {slope}",
                    sent[n]
                );
            }
        }
    }
}

#[test]
fn bounds_contain_and_are_tight_over_small_boxes() {
    let mut random = Random(3);
    for network in networks().into_iter().chain(hash_networks()) {
        let output = output_of(&network);
        for round in 0..60 {
            let size = [1e-6, 0.01, 0.1, 0.7][round % 4];
            let sides: Vec<Interval> = (0..network.inputs())
                .map(|_| random.between(-0.9, 0.9))
                .map(|middle| Interval::new(middle - size, middle + size))
                .collect();
            let inside = |random: &mut Random| -> Vec<f64> {
                sides.iter().map(|side| random.between(side.lo(), side.hi())).collect()
            };
            for number in OUTPUTS {
                let bound = Kernel::bounds(&**output, number, &sides);
                for _ in 0..30 {
                    let (a, b) = (inside(&mut random), inside(&mut random));
                    let [fa, fb] = [&a, &b].map(|at| Kernel::value(&**output, number, at));
                    assert!(bound.contains(fa), "{network:?}: {bound:?} of output {number} holds {fa}");
                    if number == 0 {
                        let rates: Vec<Interval> =
                            a.iter().zip(&b).map(|(a, b)| Interval::point(b - a)).collect();
                        let rise = output.rise(0, &sides, &rates);
                        let slack = 1e-9 * (1.0 + fa.abs());
                        let is_within = rise.lo() - slack <= fb - fa && fb - fa <= rise.hi() + slack;
                        assert!(is_within, "{network:?}: {rise:?} bounds {}", fb - fa);
                    }
                }
                // A hash grid's slopes are intervals, which do not tell what they have in common.
                let most = if network.layers()[0].inputs == network.inputs() { 5 } else { 1 };
                if size < 1e-5 && number < most && network.layers()[0].activation != Activation::Relu {
                    // Over so small a box the values are those of a plane, whose corners reach this far.
                    let middle: Vec<f64> = sides.iter().map(|side| side.middle()).collect();
                    let slope = |i: usize| match Kernel::derivative(&**output, number, i) {
                        Derivative::Own(slope) => Kernel::value(&**output, slope, &middle).abs(),
                        _ => panic!("its own"),
                    };
                    let reach: f64 = (0..sides.len()).map(|i| slope(i) * sides[i].width()).sum();
                    assert!(
                        bound.width() < 1.2 * reach,
                        "{network:?}: {bound:?}, {reach} wide, output {number}"
                    );
                }
            }
        }
        let whole = vec![Interval::WHOLE; network.inputs()];
        assert_eq!(Kernel::bounds(&**output, 0, &whole), Interval::WHOLE);
    }
}

fn scratch(name: &str) -> std::path::PathBuf {
    std::env::temp_dir().join(format!("neural_{}_{name}", std::process::id()))
}

#[test]
fn files_are_read_as_they_were_written() {
    for (n, network) in networks().into_iter().chain(hash_networks()).enumerate() {
        let path = scratch(&format!("{n}.safetensors"));
        network.write(&path).unwrap();
        assert_eq!(Network::read(&path).unwrap(), network);
        assert_eq!(neural(&path).unwrap(), network.field());
        let single = network.weights().iter().map(|&weight| f64::from(weight as f32)).collect();
        let single = network.with_weights(single).unwrap();
        single.write(&path).unwrap();
        assert_eq!(Network::read(&path).unwrap(), single);
        assert!(std::fs::metadata(&path).unwrap().len() < 4 * single.weights().len() as u64 + 1000);
        std::fs::remove_file(&path).unwrap();
    }
}

/// A file of a header and so many bytes.
fn file(header: &str, data: &[u8]) -> Vec<u8> {
    [&(header.len() as u64).to_le_bytes(), header.as_bytes(), data].concat()
}

#[test]
fn broken_files_say_what_is_wrong() {
    let network = Network::siren(3, &[2], 3.0, 1).unwrap();
    let whole = network.to_bytes();
    for end in 0..whole.len() {
        assert!(Network::from_bytes(&whole[..end], None).is_err(), "cut at {end}");
    }
    let more = [&whole[..], &[0]].concat();
    assert!(Network::from_bytes(&more, None).unwrap_err().to_string().contains("of which tensors take"));
    // Any byte changed: an error, or a network; never a panic.
    let mut random = Random(9);
    for _ in 0..20_000 {
        let mut bytes = whole.clone();
        for _ in 0..1 + (3.0 * random.unit()) as usize {
            let at = (random.unit() * bytes.len() as f64) as usize;
            bytes[at] = (256.0 * random.unit()) as u8;
        }
        let _ = Network::from_bytes(&bytes, None);
    }
    let nan = [&whole[..whole.len() - 8], &f64::NAN.to_le_bytes()].concat();
    let meta = r#""__metadata__":{"activations":"[\"linear\"]"}"#;
    let weight = |shape: &str, from: usize, to: usize| {
        format!(r#""0.weight":{{"dtype":"F32","shape":{shape},"data_offsets":[{from},{to}]}}"#)
    };
    let bias = r#""0.bias":{"dtype":"F32","shape":[1],"data_offsets":[12,16]}"#;
    let of = |parts: &[&str]| file(&format!("{{{}}}", parts.join(",")), &[0; 16]);
    let good = of(&[meta, &weight("[1,3]", 0, 12), bias]);
    assert_eq!(Network::from_bytes(&good, None).unwrap().weights(), [0.0; 4]);
    let without = of(&[&weight("[1,3]", 0, 12), bias]);
    assert!(Network::from_bytes(&without, Some(&[Activation::Linear])).is_ok());
    let cases: Vec<(Vec<u8>, &str)> = vec![
        (nan, "is NaN"),
        (without, "no activations in its metadata"),
        (u64::MAX.to_le_bytes().to_vec(), "at most 1048576 are read"),
        (file("[]", &[]), "no JSON object"),
        (file("{", &[]), "no JSON"),
        (of(&[meta, &weight("[1,4]", 0, 12), bias]), "12 bytes of \"0.weight\""),
        (of(&[meta, &weight("[1,3]", 0, 99), bias]), "from byte 0 to 99, of 16"),
        (of(&[meta, &weight("[1,3]", 12, 0), bias]), "from byte 12 to 0"),
        (of(&[meta, &weight("[4294967296,4294967296,16]", 0, 12), bias]), "12 bytes of \"0.weight\""),
        (of(&[meta, &weight("[1,3]", 4, 16), bias]), "begins at 4, where the last one ended at 0"),
        (of(&[meta, &weight("[3]", 0, 12), bias]), "a matrix of 1 sides"),
        (of(&[meta, &weight("[3,1]", 0, 12), bias]), "3 outputs"),
        (of(&[meta, &weight("[1,-3]", 0, 12), bias]), "no list of whole numbers"),
        (of(&[meta, &weight("[1,3]", 0, 12).replace("F32", "I32"), bias]), "of type \"I32\""),
        (
            of(&[meta, &weight("[1,3]", 0, 12), &bias.replace("0.bias", "1.bias")]),
            "no weight and bias for layer 0",
        ),
        (
            of(&[meta, &weight("[1,3]", 0, 12), &bias.replace("0.bias", "0.scale")]),
            "none of N.weight and N.bias",
        ),
        (of(&[&meta.replace("linear", "lunar"), &weight("[1,3]", 0, 12), bias]), "activation \"lunar\""),
        (of(&[&meta.replace("linear", "sine -1"), &weight("[1,3]", 0, 12), bias]), "a number above 0"),
    ];
    for (bytes, what) in cases {
        let error = Network::from_bytes(&bytes, None).unwrap_err().to_string();
        assert!(error.contains(what), "{error:?} does not say {what:?}");
    }
}

#[test]
fn half_precision_is_read() {
    let header = r#"{"a.0.weight":{"dtype":"F16","shape":[1,3],"data_offsets":[0,6]},"a.0.bias":{"dtype":"BF16","shape":[1],"data_offsets":[6,8]}}"#;
    let words = [0x3c00u16, 0xc500, 0x0001, 0xbfc0]; // 1, −5, 2⁻²⁴; −1.5
    let data: Vec<u8> = words.iter().flat_map(|word| word.to_le_bytes()).collect();
    let network = Network::from_bytes(&file(header, &data), Some(&[Activation::Linear])).unwrap();
    assert_eq!(network.weights(), [1.0, -5.0, 2f64.powi(-24), -1.5]);
}

#[test]
fn a_scaled_network_is_the_same_elsewhere() {
    let network = Network::siren(3, &[16, 16], 6.0, 1).unwrap();
    let scaled = network.scaled([0.3, -0.2, 0.1], 2.5).unwrap().field();
    let (at, own) = ([0.7, 0.4, -0.9, 0.0], [0.4 / 2.5, 0.6 / 2.5, -1.0 / 2.5, 0.0]);
    let expected = 2.5 * network.field().value_at(own).unwrap();
    assert!((scaled.value_at(at).unwrap() - expected).abs() < 1e-12);
    let network = &hash_networks()[0];
    let scaled = network.scaled([0.3, -0.2, 0.1], 2.5).unwrap().field();
    let expected = 2.5 * network.field().value_at(own).unwrap();
    assert!((scaled.value_at(at).unwrap() - expected).abs() < 1e-12);
}

#[test]
fn networks_behind_hash_grids_learn_and_go_on_bit_for_bit() {
    let shape = sphere(0.6).smooth_union(r#box([1.5, 0.4, 0.4]), 0.2);
    let bounds = Bounds::new([-1.0; 3], [1.0; 3]);
    let target = Target::of_field(&shape, &bounds, 0.0, 6000, 1).unwrap();
    let size = HashGridSize { levels: 4, rows: 1 << 12, cells: [4, 24], ..GRID };
    for (is_smooth, eikonal) in [(false, 0.0), (true, 0.05)] {
        let network = Network::hash(HashGridSize { is_smooth, ..size }, &[24], Activation::Relu, 1).unwrap();
        let training =
            Training::default().with_steps(150).with_batch(960).with_rate(1e-2).with_eikonal(eikonal);
        let pools = [1, 3].map(|n| rayon::ThreadPoolBuilder::new().num_threads(n).build().unwrap());
        let [one, three] =
            pools.each_ref().map(|pool| pool.install(|| training.train(&network, &target).unwrap()));
        assert_eq!(one.network, three.network, "the number of threads matters");
        let mut random = Random(7);
        let field = one.network.field();
        let offs = (0..500).map(|_| [0, 1, 2].map(|_| random.between(-0.9, 0.9))).map(|[x, y, z]| {
            let at = [x, y, z, 0.0];
            (field.value_at(at).unwrap() - shape.value_at(at).unwrap()).abs()
        });
        let off = offs.sum::<f64>() / 500.0;
        assert!(off < 0.02, "off by {off}, smooth: {is_smooth}");
        // Stopped after a while, written down, and gone on with.
        let mut first = training.begin(&network, &target).unwrap();
        (0..40).for_each(|_| assert!(first.step().is_some()));
        first.loss(); // looked at, but not made
        let notes = serde_json::from_str(&first.to_json().to_string()).unwrap();
        let mut second = training.begin(&network, &target).unwrap();
        second.resume(&notes, "notes.json").unwrap();
        while second.step().is_some() {}
        assert_eq!(second.network().unwrap(), one.network);
        assert_eq!(second.losses(), one.losses);
    }
}

#[test]
fn gradients_of_all_losses_are_differences() {
    // Through ∇f, by the weights' change after one step of plain numbers: two trainings that differ in one weight.
    let target = Target::of_surface(&sphere(0.7), &Bounds::new([-1.0; 3], [1.0; 3]), 0.0, 240, 1).unwrap();
    for network in [Network::siren(3, &[10, 7], 5.0, 3).unwrap(), hash_networks()[1].clone()] {
        let training = Training::default().with_steps(1).with_batch(240).with_normals(0.3).with_eikonal(0.2);
        let training = training.with_squares();
        let loss = |weights: &[f64]| {
            let moved = network.with_weights(weights.to_vec()).unwrap();
            let mut run = training.begin(&moved, &target).unwrap();
            let loss = run.loss().unwrap();
            (loss, run.gradient().to_vec())
        };
        let (_, gradient) = loss(network.weights());
        let mut random = Random(9);
        for _ in 0..40 {
            let n = (random.unit() * gradient.len() as f64) as usize;
            let by = |d: f64| {
                let mut moved = network.weights().to_vec();
                moved[n] += d;
                loss(&moved).0
            };
            // In f32: differences over a wide step.
            let slope = (by(4e-3) - by(-4e-3)) / 8e-3;
            let off = (slope - gradient[n]).abs();
            assert!(off < 0.02 * slope.abs() + 4e-4, "{network:?} {n}: {}, {slope}", gradient[n]);
        }
    }
}

#[test]
fn moving_targets_are_learned_in_space_and_time() {
    // A ball that goes from left to right, seen at five times.
    let ball = |t: f64| sphere(0.4).translate([t - 0.5, 0.0, 0.0]);
    let cube = Bounds::new([-1.0; 3], [1.0; 3]);
    let at = |t: f64| Target::of_field(&ball(t), &cube, t, 1500, 1).unwrap();
    let target = Target::together([0.0, 0.25, 0.5, 0.75, 1.0].map(at));
    let network = Network::siren(4, &[24, 24], 8.0, 1).unwrap();
    let training = Training::default().with_steps(500).with_batch(720).with_rate(2e-3);
    let learned = training.train(&network, &target).unwrap().network.field();
    for t in [0.0, 0.375, 0.6, 1.0] {
        for x in [-0.6, -0.2, 0.3, 0.7] {
            let place = [x, 0.2, -0.1, t];
            let off = learned.value_at(place).unwrap() - ball(t).value_at(place).unwrap();
            assert!(off.abs() < 0.06, "off by {off} at {place:?}");
        }
    }
    // It moves as the ball does: ∂f/∂t of f(x − t) is −∂f/∂x.
    let [x, _, _, t] = learned.gradient_at([0.45, 0.0, 0.0, 0.6]).unwrap();
    assert!((x - 1.0).abs() < 0.2 && (t + 1.0).abs() < 0.2, "{x}, {t}");
}

#[test]
fn training_finds_a_shape_by_value_and_by_normals() {
    let shape = sphere(0.6).smooth_union(r#box([1.5, 0.4, 0.4]), 0.2);
    let bounds = Bounds::new([-1.0; 3], [1.0; 3]);
    let target = Target::of_field(&shape, &bounds, 0.0, 6000, 1).unwrap();
    let network = Network::siren(3, &[32, 32], 10.0, 1).unwrap();
    let training = Training::default().with_steps(600).with_batch(512).with_rate(2e-3);
    let pools = [1, 3].map(|n| rayon::ThreadPoolBuilder::new().num_threads(n).build().unwrap());
    let mean = |field: &Field, of: &dyn Fn(f64, [f64; 4], [f64; 4]) -> f64| {
        let mut random = Random(7);
        let points = (0..500).map(|_| [0, 1, 2].map(|_| random.between(-0.9, 0.9)));
        let offs = points.map(|[x, y, z]| {
            let at = [x, y, z, 0.0];
            let off = field.value_at(at).unwrap() - shape.value_at(at).unwrap();
            of(off, field.gradient_at(at).unwrap(), shape.gradient_at(at).unwrap())
        });
        offs.sum::<f64>() / 500.0
    };
    let length = |v: [f64; 4]| v[..3].iter().map(|x| x * x).sum::<f64>().sqrt();
    let eikonal = |field: &Field| mean(field, &|_, slope, _| (length(slope) - 1.0).powi(2));
    let [plain, smooth] = [0.0, 0.1].map(|weight| {
        let training = training.clone().with_eikonal(weight);
        let [one, three] =
            pools.each_ref().map(|pool| pool.install(|| training.train(&network, &target).unwrap()));
        assert_eq!(one.network, three.network, "the number of threads matters");
        assert!(one.losses[599] < 0.1 * one.losses[0], "{:?}", one.losses);
        one.network.field()
    });
    for field in [&plain, &smooth] {
        let off = mean(field, &|off, _, _| off.abs());
        assert!(off < 0.015, "off by {off}");
    }
    assert!(eikonal(&smooth) < eikonal(&plain), "{} is not below {}", eikonal(&smooth), eikonal(&plain));

    // On the surface alone, by normals and the eikonal equation.
    let surface = Target::of_surface(&sphere(0.7), &bounds, 0.0, 2000, 1).unwrap();
    let training = training.with_normals(1.0).with_eikonal(0.1).with_squares();
    let trained = training.train(&network, &surface).unwrap();
    let field = trained.network.field();
    let slope = field.gradient_at([0.42, 0.56, 0.0, 0.0]).unwrap();
    assert!((slope[0] - 0.6).abs() < 0.1 && (slope[1] - 0.8).abs() < 0.1, "{slope:?}");
    assert!(field.value_at([0.42, 0.0, 0.56, 0.0]).unwrap().abs() < 0.03);
}

#[test]
fn bad_trainings_say_so() {
    let network = Network::siren(3, &[8], 10.0, 1).unwrap();
    let target = Target::new(vec![[0.0; 3], [1.0, 0.0, 0.0]]).unwrap();
    let error =
        |training: Training, target: &Target| training.train(&network, target).unwrap_err().to_string();
    assert!(error(Training::default(), &Target::default()).contains("without points"));
    assert!(error(Training::default().with_normals(1.0), &target).contains("no normals"));
    assert!(error(Training::default().with_rate(f64::NAN), &target).contains("from 0 on"));
    assert!(Network::siren(2, &[8], 10.0, 1).is_err() && Network::siren(3, &[0], 10.0, 1).is_err());
    assert!(Network::dense(3, &[1 << 14], Activation::Tanh, 1).is_err());
}

#[test]
fn a_scene_reads_a_network_and_composes_it() {
    let folder = scratch("scene");
    std::fs::create_dir_all(&folder).unwrap();
    let network = Network::siren(3, &[16, 16], 5.0, 1).unwrap();
    network.write(folder.join("learned.safetensors")).unwrap();
    let text = "show(smooth_union(neural(\"learned.safetensors\"), sphere(0.5), 0.2));\n";
    std::fs::write(folder.join("scene.rhai"), text).unwrap();
    let scene = Scene::from_file(folder.join("scene.rhai")).unwrap();
    let own = network.field().smooth_union(sphere(0.5), 0.2);
    let at = [0.4, 0.3, -0.6, 0.0];
    assert_eq!(scene.field().value_at(at).unwrap(), own.value_at(at).unwrap());
    std::fs::write(folder.join("learned.safetensors"), b"no such thing").unwrap();
    let error = Scene::from_file(folder.join("scene.rhai")).unwrap_err().to_string();
    assert!(error.contains("neural: ") && error.contains("scene.rhai:1:"), "{error}");
    std::fs::remove_dir_all(&folder).unwrap();
}

#[test]
fn learned_fields_are_composed_meshed_and_met_by_rays_that_miss_nothing() {
    let cube = Bounds::new([-1.0; 3], [1.0; 3]);
    let learn = |shape: Field, network: &Network, rate: f64| {
        let target = Target::of_field(&shape, &cube, 0.0, 3000, 1).unwrap();
        let training = Training::default().with_steps(150).with_batch(480).with_rate(rate);
        training.train(network, &target).unwrap().network.field()
    };
    let ball = learn(sphere(0.5), &Network::siren(3, &[12, 12], 6.0, 1).unwrap(), 5e-3);
    let size = HashGridSize { levels: 3, rows: 1 << 10, cells: [3, 12], ..GRID };
    let bar = r#box([1.2, 0.5, 0.5]);
    let bar = learn(bar, &Network::hash(size, &[10], Activation::Relu, 1).unwrap(), 1e-2);
    let field = ball.translate((0, 0.3 + 0.1 * t(), 0)).smooth_union(bar, 0.15);
    let field = field.intersection(r#box([1.8; 3]));

    // A closed surface, on which the field is 0.
    let mesh = field.extract(&Extraction::default().resolution(24).bounds(cube)).unwrap().mesh;
    assert!(mesh.open_edges().is_empty() && mesh.triangles.len() > 500, "{}", mesh.triangles.len());
    for vertex in mesh.vertices.iter().step_by(7) {
        let [x, y, z] = *vertex;
        let value = field.value_at([x, y, z, 0.0]).unwrap();
        assert!(value.abs() < 0.02, "{value} at {vertex:?}");
    }
    assert!(mesh.volume() > 0.4 && mesh.volume() < 0.9, "{}", mesh.volume());

    // Rays against a search in small steps.
    let tape = field.tape().unwrap();
    let (mut random, mut hits) = (Random(12), 0);
    for _ in 0..30 {
        let mut on_ball = || {
            let at = [0; 3].map(|_| random.between(-1.0, 1.0));
            let length = at.iter().map(|x| x * x).sum::<f64>().sqrt();
            at.map(|x| x / length)
        };
        let (origin, to) = (on_ball().map(|x| 2.0 * x), on_ball().map(|x| 0.5 * x));
        let ray = Ray { origin, direction: [0, 1, 2].map(|i| to[i] - origin[i]) };
        let points: Vec<[f64; 3]> = (0..=4000).map(|n| ray.at(f64::from(n) / 2000.0)).collect();
        let values = &tape.eval(Coordinates::from(&points))[0];
        let first = values.iter().position(|&value| value < 0.0);
        match (first, tape.hit(ray, 0.0, (0.0, 2.0)).unwrap()) {
            (Some(first), Some(hit)) => {
                let [before, after] = [first as f64 - 1.0, first as f64].map(|n| n / 2000.0);
                assert!(hit.distance <= after + 1e-9, "a surface at {after} was missed: {}", hit.distance);
                assert!(
                    hit.distance >= before - 1e-9 || hit.grazing || at_zero(&field, hit.point),
                    "{hit:?}"
                );
                hits += 1;
            }
            (Some(first), None) => panic!("a surface at {first} was missed along {ray:?}"),
            (None, Some(hit)) => assert!(hit.grazing || at_zero(&field, hit.point), "{hit:?}"),
            (None, None) => {}
        }
    }
    assert!(hits > 10, "{hits}");
}

fn at_zero(field: &Field, [x, y, z]: [f64; 3]) -> bool {
    field.value_at([x, y, z, 0.0]).unwrap().abs() < 1e-9
}
