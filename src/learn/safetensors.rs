//! Networks in `safetensors` files: a JSON header that says where each tensor lies, and the numbers behind it. A file may
//! come from a stranger: sizes are limited, and nothing is taken on trust.

use super::encoding::{AXES, GridEncoding, MAX_LEVELS};
use super::network::{MAX_LAYERS, MAX_WEIGHTS};
use super::precision::NetworkFloat;
use super::{Activation, Network};
use crate::error::{Error, Result};
use crate::file::{bytes_of, write_whole};
use serde_json::{Map, Value, json};
use std::path::Path;
use std::sync::Arc;

/// The most bytes of a header.
const MAX_HEADER: usize = 1 << 20;

/// The most bytes of a file: weights of eight bytes behind a header.
const MAX_BYTES: u64 = (8 * MAX_WEIGHTS + MAX_HEADER + 8) as u64;

/// The most tensors of a file.
const MAX_TENSORS: usize = 1 << 12;

/// Where a header says what each layer's sums are passed through.
const METADATA: &str = "__metadata__";
const ACTIVATIONS: &str = "activations";
/// Where it says what a hash grid before them is like.
const ENCODING: &str = "encoding";
/// The beginning of the names of its tables' tensors: `grid.N`.
const TABLE: &str = "grid.";

impl Network {
    /// Reads the network of a `safetensors` file: for each layer a matrix `….N.weight`, a row an output, and `….N.bias`, as
    /// PyTorch calls them, of `F64`, `F32`, `F16` or `BF16`; and in the metadata `activations`, a list of words, with a number
    /// behind those that have one: `["sine 30", "sine 30", "linear"]`. Where the metadata has an `encoding`, as
    /// [`Network::write`] writes it, the tables of a hash grid are `grid.N`, a row a corner.
    pub fn read(path: impl AsRef<Path>) -> Result<Network> {
        let path = path.as_ref();
        Network::read_at_most(path, &path.display().to_string(), MAX_BYTES)
    }

    /// The same of a file of at most so many bytes. `shown` is what messages call it.
    pub(crate) fn read_at_most(path: &Path, shown: &str, most: u64) -> Result<Network> {
        let bytes = bytes_of(path, shown, most.min(MAX_BYTES))?;
        let wrong = |problem: String| Error::File { path: shown.into(), problem };
        network_of(&bytes, None).map_err(wrong)
    }

    /// Reads a network from the bytes of such a file. Activations may be given where its metadata has none.
    pub fn from_bytes(bytes: &[u8], activations: Option<&[Activation]>) -> Result<Network> {
        network_of(bytes, activations)
            .map_err(|problem| Error::Input(format!("a safetensors file {problem}")))
    }

    /// Writes a `safetensors` file, whole or not at all: `F32` where that holds every weight, else `F64`.
    pub fn write(&self, path: impl AsRef<Path>) -> Result<()> {
        let bytes = self.to_bytes();
        write_whole(path.as_ref(), |out| out.write_all(&bytes))
    }

    /// The bytes of such a file.
    pub fn to_bytes(&self) -> Vec<u8> {
        let words: Vec<String> = self.layers().iter().map(|layer| word_of(layer.activation)).collect();
        let mut tensors = Vec::new();
        for (n, layer) in self.layers().iter().enumerate() {
            tensors.push((format!("layers.{n}.weight"), vec![layer.outputs, layer.inputs]));
            tensors.push((format!("layers.{n}.bias"), vec![layer.outputs]));
        }
        let is_single = self.weights().iter().all(|&weight| f64::from(weight as f32) == weight);
        let mut metadata = json!({ ACTIVATIONS: json!(words).to_string() });
        if let Some(encoding) = self.encoding() {
            metadata[ENCODING] = json!(encoding_json(encoding).to_string());
            for (n, level) in encoding.levels.iter().enumerate() {
                tensors.push((format!("{TABLE}{n}"), vec![level.rows, encoding.features]));
            }
        }
        let number = if is_single { NumberFormat::F32 } else { NumberFormat::F64 };
        written(Some(metadata), number, &tensors, self.weights().iter().copied())
    }
}

/// A tensor of a file: its name, its shape, and its numbers, the last axis the fastest.
pub(super) type NamedNumbers = (String, Vec<usize>, Vec<f64>);

/// Reads all tensors of a file. `shown` is what messages call it.
pub(super) fn read(path: &Path, shown: &str) -> Result<Vec<NamedNumbers>> {
    let bytes = bytes_of(path, shown, MAX_BYTES)?;
    let read = || {
        let (header, data) = parts_of(&bytes)?;
        let tensors = tensors_of(&header, data, MAX_TENSORS)?;
        Ok(tensors
            .into_iter()
            .map(|(name, tensor)| {
                let numbers = tensor.numbers().collect();
                (name.to_string(), tensor.shape, numbers)
            })
            .collect())
    };
    read().map_err(|problem: String| Error::File { path: shown.into(), problem })
}

/// Writes tensors to a file, whole or not at all: as `F32` what is of `f32`, as `F64` what is of `f64`.
pub(super) fn write<T: NetworkFloat>(path: &Path, tensors: &[(&str, &[usize], Vec<T>)]) -> Result<()> {
    let about: Vec<_> = tensors.iter().map(|(name, shape, _)| (name.to_string(), shape.to_vec())).collect();
    let number = if size_of::<T>() == 4 { NumberFormat::F32 } else { NumberFormat::F64 };
    let numbers = tensors.iter().flat_map(|(.., numbers)| numbers.iter().map(|&number| number.into()));
    let bytes = written(None, number, &about, numbers);
    write_whole(path, |out| out.write_all(&bytes))
}

/// The bytes of a file of tensors, one behind the other.
fn written(
    metadata: Option<Value>,
    number: NumberFormat,
    tensors: &[(String, Vec<usize>)],
    numbers: impl Iterator<Item = f64>,
) -> Vec<u8> {
    let mut header = Map::new();
    header.extend(metadata.map(|metadata| (METADATA.to_string(), metadata)));
    let is_single = number.size() == 4;
    let mut at = 0;
    for (name, shape) in tensors {
        let end = at + number.size() * shape.iter().product::<usize>();
        let dtype = if is_single { "F32" } else { "F64" };
        header.insert(name.clone(), json!({ "dtype": dtype, "shape": shape, "data_offsets": [at, end] }));
        at = end;
    }
    let mut text = Value::Object(header).to_string().into_bytes();
    text.resize(text.len().next_multiple_of(8), b' ');
    let mut bytes = (text.len() as u64).to_le_bytes().to_vec();
    bytes.extend(text);
    for number in numbers {
        match is_single {
            true => bytes.extend((number as f32).to_le_bytes()),
            false => bytes.extend(number.to_le_bytes()),
        }
    }
    bytes
}

/// A number's bytes in a file.
#[derive(Clone, Copy)]
enum NumberFormat {
    F64,
    F32,
    F16,
    Bf16,
}

impl NumberFormat {
    fn of(name: &str) -> Option<NumberFormat> {
        Some(match name {
            "F64" => NumberFormat::F64,
            "F32" => NumberFormat::F32,
            "F16" => NumberFormat::F16,
            "BF16" => NumberFormat::Bf16,
            _ => return None,
        })
    }

    const fn size(self) -> usize {
        match self {
            NumberFormat::F64 => 8,
            NumberFormat::F32 => 4,
            NumberFormat::F16 | NumberFormat::Bf16 => 2,
        }
    }

    fn read(self, bytes: &[u8]) -> f64 {
        let word = bytes.iter().rev().fold(0u64, |word, &byte| word << 8 | u64::from(byte));
        match self {
            NumberFormat::F64 => f64::from_bits(word),
            NumberFormat::F32 => f64::from(f32::from_bits(word as u32)),
            NumberFormat::F16 => half(word as u16),
            NumberFormat::Bf16 => f64::from(f32::from_bits((word as u32) << 16)),
        }
    }
}

/// A half-precision number of IEEE 754.
fn half(bits: u16) -> f64 {
    let (exponent, fraction) = (i32::from(bits >> 10 & 31), f64::from(bits & 1023));
    let size = match exponent {
        0 => fraction * 2f64.powi(-24),
        31 if fraction == 0.0 => f64::INFINITY,
        31 => f64::NAN,
        _ => (1024.0 + fraction) * 2f64.powi(exponent - 25),
    };
    if bits >> 15 == 1 { -size } else { size }
}

/// A tensor as the header has it.
struct StoredTensor<'a> {
    number: NumberFormat,
    shape: Vec<usize>,
    data: &'a [u8],
}

impl StoredTensor<'_> {
    fn numbers(&self) -> impl Iterator<Item = f64> {
        self.data.chunks_exact(self.number.size()).map(|bytes| self.number.read(bytes))
    }
}

/// The header of a file, and the bytes behind it.
fn parts_of(bytes: &[u8]) -> Result<(Map<String, Value>, &[u8]), String> {
    let (length, rest) = bytes.split_at_checked(8).ok_or("ends in the middle of its header's length")?;
    let length = length.iter().rev().fold(0u64, |length, &byte| length << 8 | u64::from(byte));
    if length > MAX_HEADER as u64 {
        return Err(format!("has a header of {length} bytes; at most {MAX_HEADER} are read"));
    }
    let (header, data) = rest.split_at_checked(length as usize).ok_or("ends in the middle of its header")?;
    match serde_json::from_slice(header) {
        Ok(Value::Object(header)) => Ok((header, data)),
        Ok(_) => Err("has a header that is no JSON object".into()),
        Err(error) => Err(format!("has a header that is no JSON: {error}")),
    }
}

fn network_of(bytes: &[u8], activations: Option<&[Activation]>) -> Result<Network, String> {
    let (header, data) = parts_of(bytes)?;
    let layers = layers_of(&header, data)?;
    let activations = match activations {
        Some(activations) => activations.to_vec(),
        None => activations_of(&header)?,
    };
    if activations.len() != layers.len() {
        return Err(format!("has {} layers and {} activations", layers.len(), activations.len()));
    }
    let encoding = encoding_of(&header)?;
    let (mut weights, mut shape, mut inputs) = (Vec::new(), Vec::new(), 0);
    for (n, ([matrix, bias], activation)) in layers.iter().zip(activations).enumerate() {
        let [outputs, wide] = matrix.shape[..] else {
            return Err(format!("has a matrix of {} sides for layer {n}, not of 2", matrix.shape.len()));
        };
        if bias.shape != [outputs] {
            return Err(format!("has {:?} biases for layer {n}, which has {outputs} outputs", bias.shape));
        }
        let before = shape.last().map_or(wide, |&(outputs, _): &(usize, Activation)| outputs);
        if wide != before {
            return Err(format!("has {wide} inputs for layer {n}, behind one of {before} outputs"));
        }
        inputs = if n == 0 { wide } else { inputs };
        shape.push((outputs, activation));
        for tensor in [matrix, bias] {
            weights.extend(tensor.numbers());
        }
    }
    let Some(encoding) = encoding else {
        return Network::new(inputs, &shape, weights).map_err(|error| format!("is no network: {error}"));
    };
    if inputs != encoding.width() {
        return Err(format!("has {inputs} inputs for layer 0, behind {} features", encoding.width()));
    }
    weights.extend(tables_of(&header, data, &encoding)?);
    let (inputs, encoding) = (encoding.inputs, Some(Arc::new(encoding)));
    Network::encoded(inputs, encoding, &shape, weights).map_err(|error| format!("is no network: {error}"))
}

/// All tensors with their names, if they are no more than so many and take up all bytes, one behind the other.
fn tensors_of<'a, 'h>(
    header: &'h Map<String, Value>,
    data: &'a [u8],
    most: usize,
) -> Result<Vec<(&'h str, StoredTensor<'a>)>, String> {
    let tensors = header.iter().filter(|(name, _)| *name != METADATA);
    if tensors.clone().count() > most {
        return Err(format!("has more than {most} tensors"));
    }
    let (mut ranges, mut found) = (Vec::new(), Vec::new());
    for (name, about) in tensors {
        let (tensor, range) = tensor_of(name, about, data)?;
        ranges.push(range);
        found.push((name.as_str(), tensor));
    }
    ranges.sort_unstable();
    let mut end = 0;
    for [from, to] in ranges {
        if from != end {
            return Err(format!("has a tensor that begins at {from}, where the last one ended at {end}"));
        }
        end = to;
    }
    if end != data.len() {
        return Err(format!("has {} bytes of numbers, of which tensors take {end}", data.len()));
    }
    Ok(found)
}

/// The tensors of each layer, in the order of the layers' numbers.
fn layers_of<'a>(header: &Map<String, Value>, data: &'a [u8]) -> Result<Vec<[StoredTensor<'a>; 2]>, String> {
    let mut found: Vec<(usize, &str, &str, StoredTensor)> = Vec::new();
    for (name, tensor) in tensors_of(header, data, 2 * MAX_LAYERS + MAX_LEVELS)? {
        if name.starts_with(TABLE) {
            continue;
        }
        let known = name.rsplit_once('.').and_then(|(layer, what)| {
            let (prefix, number) = layer.rsplit_once('.').unwrap_or(("", layer));
            let is_known = what == "weight" || what == "bias";
            is_known.then_some((number.parse().ok()?, prefix, what))
        });
        let Some((number, prefix, what)) = known else {
            return Err(format!(
                "has a tensor {name:?}, which is none of N.weight and N.bias with a number N"
            ));
        };
        found.push((number, prefix, what, tensor));
    }
    if let Some(other) = found.iter().find(|tensor| tensor.1 != found[0].1) {
        return Err(format!(
            "has layers {:?} and {:?}, and must have those of one network",
            found[0].1, other.1
        ));
    }
    found.sort_by(|a, b| (a.0, b.2).cmp(&(b.0, a.2))); // "weight" before "bias"
    let mut layers = Vec::new();
    let mut tensors = found.into_iter();
    while let Some((number, _, what, matrix)) = tensors.next() {
        match tensors.next() {
            Some((other, _, "bias", bias)) if other == number && what == "weight" => {
                layers.push([matrix, bias])
            }
            _ => return Err(format!("has no weight and bias for layer {number}")),
        }
    }
    Ok(layers)
}

/// A tensor, and the bytes it takes.
fn tensor_of<'a>(
    name: &str,
    about: &Value,
    data: &'a [u8],
) -> Result<(StoredTensor<'a>, [usize; 2]), String> {
    let of = |key: &str| about.get(key).ok_or(format!("has no {key} of {name:?}"));
    let dtype = of("dtype")?.as_str().unwrap_or("");
    let number = NumberFormat::of(dtype)
        .ok_or_else(|| format!("has {name:?} of type {dtype:?}, and must be one of F64, F32, F16, BF16"))?;
    let whole = |value: &Value| value.as_u64().and_then(|value| usize::try_from(value).ok());
    let numbers = |key: &str| -> Result<Vec<usize>, String> {
        let list = of(key)?.as_array().map(|list| list.iter().map(whole).collect::<Option<Vec<usize>>>());
        list.flatten().ok_or_else(|| format!("has a {key} of {name:?} that is no list of whole numbers"))
    };
    let (shape, offsets) = (numbers("shape")?, numbers("data_offsets")?);
    let [from, to] = offsets[..] else {
        return Err(format!("has {} data_offsets of {name:?}, not 2", offsets.len()));
    };
    let size = shape.iter().try_fold(number.size(), |size, &side| size.checked_mul(side));
    let bytes = data
        .get(from..to)
        .ok_or_else(|| format!("has {name:?} from byte {from} to {to}, of {} that there are", data.len()))?;
    if size != Some(bytes.len()) {
        return Err(format!("has {} bytes of {name:?}, not those of {shape:?} of {dtype}", bytes.len()));
    }
    Ok((StoredTensor { number, shape, data: bytes }, [from, to]))
}

/// The sizes of a hash grid.
fn encoding_json(encoding: &GridEncoding) -> Value {
    let rows = encoding.levels.iter().filter(|level| level.is_hashed).map(|level| level.rows).next();
    let all = encoding.levels.iter().map(|level| level.rows).max().unwrap_or(1);
    let GridEncoding { inputs, low, size, features, is_smooth, levels } = encoding;
    json!({
        "inputs": inputs, "low": low[..*inputs], "size": size[..*inputs], "features": features,
        "smooth": is_smooth, "cells": levels.iter().map(|level| level.cells).collect::<Vec<_>>(),
        "rows": rows.unwrap_or(all.next_power_of_two()),
    })
}

/// The hash grid that the metadata tells of; none, where it tells of none.
fn encoding_of(header: &Map<String, Value>) -> Result<Option<GridEncoding>, String> {
    let told = header.get(METADATA).and_then(|metadata| metadata.get(ENCODING));
    let Some(text) = told.and_then(Value::as_str) else { return Ok(None) };
    let told: Value =
        serde_json::from_str(text).map_err(|error| format!("has an {ENCODING} that is no JSON: {error}"))?;
    let wrong = |name: &str| format!("has an {ENCODING} without {name:?}, or with another than it must be");
    let whole = |value: &Value| value.as_u64().and_then(|value| usize::try_from(value).ok());
    let count = |name: &str| told.get(name).and_then(whole).ok_or_else(|| wrong(name));
    let list = |name: &str| told.get(name).and_then(Value::as_array).ok_or_else(|| wrong(name));
    let inputs = count("inputs")?;
    if !(3..=AXES).contains(&inputs) {
        return Err(wrong("inputs"));
    }
    let [mut low, mut size] = [[0.0; AXES], [1.0; AXES]];
    for (name, into) in [("low", &mut low), ("size", &mut size)] {
        let numbers: Option<Vec<f64>> = list(name)?.iter().map(Value::as_f64).collect();
        let numbers = numbers.filter(|numbers| numbers.len() == inputs).ok_or_else(|| wrong(name))?;
        into[..inputs].copy_from_slice(&numbers);
    }
    let cells: Option<Vec<usize>> = list("cells")?.iter().map(whole).collect();
    let cells = cells.ok_or_else(|| wrong("cells"))?;
    let is_smooth = told.get("smooth").and_then(Value::as_bool).ok_or_else(|| wrong("smooth"))?;
    let made = GridEncoding::new(inputs, [low, size], count("features")?, is_smooth, &cells, count("rows")?);
    made.map(Some).map_err(|problem| format!("has an {ENCODING} that is none: {problem}"))
}

/// The numbers of a hash grid's tables.
fn tables_of(header: &Map<String, Value>, data: &[u8], encoding: &GridEncoding) -> Result<Vec<f64>, String> {
    let mut numbers = Vec::new();
    for (n, level) in encoding.levels.iter().enumerate() {
        let name = format!("{TABLE}{n}");
        let about = header.get(&name).ok_or_else(|| format!("has no tensor {name:?}"))?;
        let (tensor, _) = tensor_of(&name, about, data)?;
        if tensor.shape != [level.rows, encoding.features] {
            let wanted = [level.rows, encoding.features];
            return Err(format!("has {name:?} of shape {:?}, and must have {wanted:?}", tensor.shape));
        }
        numbers.extend(tensor.numbers());
    }
    let tables = header.keys().filter(|name| name.starts_with(TABLE)).count();
    match tables == encoding.levels.len() {
        true => Ok(numbers),
        false => Err(format!("has {tables} tables of grids, not {}", encoding.levels.len())),
    }
}

/// The activations that the metadata lists.
fn activations_of(header: &Map<String, Value>) -> Result<Vec<Activation>, String> {
    let text = header.get(METADATA).and_then(|metadata| metadata.get(ACTIVATIONS)).and_then(Value::as_str);
    let text = text.ok_or_else(|| {
        format!("has no {ACTIVATIONS} in its metadata, such as [\"sine 30\", \"linear\"], one a layer")
    })?;
    let words: Vec<String> = serde_json::from_str(text)
        .map_err(|error| format!("has {ACTIVATIONS} that are no list of words: {error}"))?;
    words.iter().map(|word| activation_of(word)).collect()
}

fn word_of(activation: Activation) -> String {
    match activation {
        Activation::Sine { frequency: number } | Activation::Softplus { sharpness: number } => {
            format!("{} {number}", activation.name())
        }
        _ => activation.name().into(),
    }
}

fn activation_of(word: &str) -> Result<Activation, String> {
    let (name, number) = word.split_once(' ').unwrap_or((word, "1"));
    let activation = number.parse().ok().and_then(|number| Activation::of(name, number));
    activation.ok_or_else(|| {
        format!(
            "has an activation {word:?}, and must be one of linear, sine W, relu, softplus B, tanh, sigmoid, gelu"
        )
    })
}
