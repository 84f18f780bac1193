//! A field as text, and back: the same graph.

mod support;

use fieldgrad::field::Axis;
use fieldgrad::number::{Closure, Derivative, Identity, Interval, Kernel};
use fieldgrad::prelude::*;
use fieldgrad::scene::GALLERY;
use fieldgrad::shape::catalogue;
use fieldgrad::shape::grid::{GridSamples, Interpolation, sampled};
use std::sync::Arc;
use support::Random;

/// The names, places and materials of a graph, node by node.
fn told(field: &Field) -> Vec<String> {
    let mut nodes = vec![field.clone()];
    let mut told = Vec::new();
    while let Some(node) = nodes.pop() {
        if told.len() == 2000 {
            break;
        }
        let place =
            node.label().map(|label| (label.function(), label.place().clone(), label.arguments().len()));
        told.push(format!("{} {place:?} {:?}", node.title(), node.material()));
        nodes.extend(node.parents().iter().cloned());
    }
    told
}

fn comes_back(name: &str, field: &Field) {
    let text = field.to_json().unwrap_or_else(|error| panic!("{name}: {error}"));
    let back = Field::from_json(&text).unwrap_or_else(|error| panic!("{name}: {error}"));
    assert!(back == *field, "{name} is another field");
    assert_eq!(back.parameters(), field.parameters(), "{name}");
    assert_eq!(told(&back), told(field), "{name}");
    // Leaves that were shared may stand apart once, but nodes do not pile up.
    let again = back.to_json().expect("a text");
    let third = Field::from_json(&again).and_then(|field| field.to_json()).expect("a text");
    let [first, second, third] = [&text, &again, &third].map(|text| text.matches('{').count());
    assert!(10 * second <= 11 * first && third <= second, "{name} grows: {first}, {second}, {third}");
}

#[test]
fn everything_there_is_comes_back_as_it_was() {
    for entry in catalogue() {
        comes_back(entry.name, &(entry.sample)());
    }
    for exhibit in GALLERY {
        comes_back(exhibit.name, exhibit.scene().expect("a scene").field());
    }
    let moving = sphere(param_in("r", 0.3, 0.1, 1.0)).translate((param("way", 1.0) * t(), 0, 0));
    comes_back(
        "derivatives",
        &(moving.sweep(0.0, 1.0).dx() + noise(0.3).dy().dz() * moving.mean_curvature()),
    );
    let values = (0..60).map(|n| (n as f32 * 0.37).sin()).collect();
    let samples = GridSamples::new(&[3, 4, 5], [-1.0; 4], [1.0; 4], values).expect("samples");
    for interpolation in [Interpolation::Cubic, Interpolation::Linear] {
        comes_back("grid", &sampled(&samples, interpolation).rotate_x(0.3));
    }
    let numbers = [0.1, -0.0, 1e-300, f64::MAX, f64::MIN_POSITIVE / 8.0, 1.0 / 3.0, 123_456_789.123_456_79];
    comes_back("numbers", &numbers.into_iter().fold(x(), |sum, number| (sum * number).max(y() - number)));
}

#[test]
fn deep_graphs_come_back() {
    let deep = (0..50_000).fold(sphere(0.1), |all, n| all.min(x() - f64::from(n)));
    assert!(Field::from_json(&deep.to_json().expect("a text")).expect("a field") == deep);
}

/// a²b, with an identity of its own, and derivatives that are other outputs.
#[derive(Debug)]
struct Own(&'static str);

impl Kernel for Own {
    fn name(&self) -> &str {
        "own"
    }
    fn identity(&self) -> Option<Identity> {
        Some(Identity::of(self.0))
    }
    fn value(&self, output: usize, inputs: &[f64]) -> f64 {
        let [a, b] = [inputs[0], inputs[1]];
        [a * a * b, 2.0 * a * b, a * a][output.min(2)]
    }
    fn bounds(&self, _: usize, _: &[Interval]) -> Interval {
        Interval::WHOLE
    }
    fn derivative(&self, output: usize, input: usize) -> Derivative {
        if output == 0 { Derivative::Own(1 + input) } else { Derivative::Zero }
    }
}

#[test]
fn kernels_from_outside_are_given_when_a_text_is_read() {
    let closure = |slope: f64| {
        Closure::new(
            "mine",
            move |at: &[f64]| slope * at[0],
            move |over: &[Interval]| Interval::point(slope) * over[0],
        )
    };
    let (mine, own): (_, Arc<dyn Kernel>) = (closure(1.0), Arc::new(Own("a square times a number")));
    let field = kernel(mine.clone(), [x()]) + kernel(own.clone(), [y(), z()]).derivative(Axis::Y);
    let text = field.to_json().expect("a text");
    let read = |kernels: &[(Arc<dyn Kernel>, usize)]| Field::from_json_with(&text, kernels);
    let back = read(&[(own.clone(), 2), (mine.clone(), 1)]).expect("a field");
    assert!(back == field);
    assert_eq!(back.value_at([0.5, 2.0, 3.0, 0.0]).expect("a value"), 12.5);
    let error = |kernels: &[(Arc<dyn Kernel>, usize)]| read(kernels).expect_err("an error").to_string();
    assert!(error(&[(mine.clone(), 1)]).contains("the kernel \"own\" is not among those given"));
    assert!(error(&[(own, 2), (mine.clone(), 2)]).contains("given is of 2, not of 1"));
    let other: Arc<dyn Kernel> = Arc::new(Own("another"));
    assert!(error(&[(other, 2), (mine.clone(), 1)]).contains("\"own\" that is given is another one"));
    // By their names alone these could not be told apart.
    let two = kernel(mine, [x()]) + kernel(closure(2.0), [x()]);
    assert!(two.to_json().expect_err("no text").to_string().contains("two kernels are called \"mine\""));
}

#[test]
fn what_is_wrong_is_said_with_its_node() {
    let error = |nodes: &str| {
        let text = format!(r#"{{"format":"fieldgrad field","version":1,"root":0,"nodes":[{nodes}]}}"#);
        Field::from_json(&text).expect_err("an error").to_string()
    };
    assert_eq!(error(r#"{"number":1},{"op":"sine","of":[0]}"#), "node 1: there is no operation \"sine\"");
    assert_eq!(error(r#"{"op":"sin","of":[0]}"#), "node 0: 0 is no node before it");
    assert_eq!(error(r#"{"number":1},{"op":"sin","of":[0,0]}"#), "node 1: sin is of 1, not of 2");
    assert_eq!(error(r#"{"kernel":"mesh","output":0,"of":[]}"#), "node 0: there is no kernel \"mesh\"");
    assert!(error(r#"{"parameter":"r","value":2,"range":[0,1]}"#).contains("outside its range [0, 1]"));
    assert_eq!(error(""), "its root is none of its nodes");
    let broken = Field::from_json("{\n\"format\": }").expect_err("an error").to_string();
    assert!(broken.starts_with("field:2:11: "), "{broken}");
    let other =
        Field::from_json(r#"{"format":"fieldgrad field","version":2}"#).expect_err("an error").to_string();
    assert_eq!(other, "it is no \"fieldgrad field\" of version 1");
}

#[test]
fn hostile_texts_are_read_or_refused() {
    let scene = sphere(param("r", 0.4)).color("#ff0000").translate((t(), 0, 0)).sweep(0.0, 0.5);
    let values = vec![0.5; 8];
    let samples = GridSamples::new(&[2, 2, 2], [-1.0; 4], [1.0; 4], values).expect("samples");
    let field = scene.smooth_union(sampled(&samples, Interpolation::Cubic), 0.1) + noise(0.5).dx();
    let text = field.to_json().expect("a text").into_bytes();
    let mut random = Random(7);
    let mut below = |count: usize| (random.unit() * count as f64) as usize;
    let mut read = 0;
    for _ in 0..3_000 {
        let mut other = text.clone();
        for _ in 0..1 + below(3) {
            let at = below(other.len());
            match below(4) {
                0 => other.truncate(at.max(1)),
                1 => other[at] = b"0123456789-,:[]{}\"e."[below(20)],
                2 => drop(other.remove(at)),
                _ => other.insert(at, b"0123456789-"[below(11)]),
            }
        }
        let Ok(other) = String::from_utf8(other) else { continue };
        if let Ok(field) = Field::from_json(&other) {
            read += 1;
            let _ = field.value_at([0.1, 0.2, 0.3, 0.4]);
        }
    }
    assert!(read > 30, "some texts are still fields: {read}");
}

#[test]
fn a_mistake_in_the_text_is_said_once_with_its_place() {
    let error = Field::from_json("{\n  \"format\": ?").unwrap_err().to_string();
    assert_eq!(error.matches("line").count(), 0, "{error}");
    assert!(error.contains("field:2:13"), "{error}");
}

#[test]
fn high_derivatives_of_sweeps_come_back() -> Result<()> {
    let parameters: Vec<Field> = (0..12).map(|i| param(&format!("p{i}"), 0.01 * f64::from(i))).collect();
    let ball = sphere(0.3).translate([parameters.iter().fold(t(), |sum, p| sum + p), 0.into(), 0.into()]);
    let fourth = ball.sweep(0.0, 1.0).dx().dx().dy().dz();
    assert_eq!(Field::from_json(&fourth.to_json()?)?, fourth);
    Ok(())
}
