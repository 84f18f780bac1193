//! Networks: layers of weighted sums, each passed through an activation function.

use super::encoding::{AXES, GridEncoding};
use super::{Activation, HashGridSize};
use crate::error::{Error, Result};
use crate::random::Random;
use std::f64::consts::{FRAC_PI_2, PI};
use std::fmt;
use std::sync::Arc;

/// The most weights that a network has.
pub(super) const MAX_WEIGHTS: usize = 1 << 24;
/// The most layers, and the most sums of one.
pub(super) const MAX_LAYERS: usize = 64;
pub(super) const MAX_WIDTH: usize = 1 << 12;

/// A layer: so many inputs, so many weighted sums of them, and what is made of each.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Layer {
    /// How many numbers come in.
    pub inputs: usize,
    /// How many go out.
    pub outputs: usize,
    /// What each sum is passed through.
    pub activation: Activation,
    /// Where its weights start among the network's.
    pub(super) start: usize,
}

impl Layer {
    /// The matrix among the network's weights, a row an output, and the biases behind it.
    #[inline(always)]
    pub(super) fn of<'a, T>(&self, weights: &'a [T]) -> (&'a [T], &'a [T]) {
        let size = self.inputs * self.outputs;
        weights[self.start..self.start + size + self.outputs].split_at(size)
    }

    /// How many weights it has.
    pub(super) fn count(&self) -> usize {
        (self.inputs + 1) * self.outputs
    }
}

/// A network (a multilayer perceptron) of one output: a function of x, y, z, or of x, y, z and t.
///
/// Its weights stand layer after layer: the matrix, a row an output, then the biases. Frequencies that features are made
/// with (Tancik et al. 2020) are the first layer of such a network: sines of weighted sums. Before the layers there may
/// be a hash grid (Müller et al. 2022), whose tables of features are the last weights.
///
/// ```
/// use fieldgrad::learn::{Activation, Network};
///
/// let network = Network::siren(3, &[32, 32], 10.0, 1)?;
/// assert_eq!(network.weights().len(), (3 + 1) * 32 + (32 + 1) * 32 + 33);
/// let field = network.field();
/// let [x, y, z, _] = field.gradient_at([0.1, 0.2, 0.3, 0.0])?;
/// assert!(x * x + y * y + z * z > 0.0);
///
/// let path = std::env::temp_dir().join(format!("siren_{}.safetensors", std::process::id()));
/// network.write(&path)?; // for PyTorch and JAX, and a scene's neural("siren.safetensors")
/// assert_eq!(Network::read(&path)?, network);
/// # std::fs::remove_file(&path).unwrap();
/// # Ok::<(), fieldgrad::Error>(())
/// ```
#[derive(Clone, PartialEq)]
pub struct Network {
    inputs: usize,
    encoding: Option<Arc<GridEncoding>>,
    layers: Arc<[Layer]>,
    weights: Arc<[f64]>,
}

impl fmt::Debug for Network {
    fn fmt(&self, f: &mut fmt::Formatter) -> fmt::Result {
        write!(f, "Network({}", self.inputs())?;
        if let Some(encoding) = &self.encoding {
            write!(f, " → {} hash grids", encoding.levels.len())?;
        }
        for layer in &*self.layers {
            write!(f, " → {} {}", layer.outputs, layer.activation.name())?;
        }
        write!(f, ")")
    }
}

impl Network {
    /// A network of so many inputs, 3 or 4, layers by their widths and activations, and all their weights. The last layer
    /// has one output.
    ///
    /// An error if there are too many or too few weights, one is not finite, or the widths do not fit.
    pub fn new(inputs: usize, layers: &[(usize, Activation)], weights: Vec<f64>) -> Result<Network> {
        Network::encoded(inputs, None, layers, weights)
    }

    /// The same behind a hash grid, if one is given.
    pub(super) fn encoded(
        inputs: usize,
        encoding: Option<Arc<GridEncoding>>,
        layers: &[(usize, Activation)],
        weights: Vec<f64>,
    ) -> Result<Network> {
        let tables = encoding.as_ref().map_or(0, |encoding| encoding.count());
        let wide = encoding.as_ref().map_or(inputs, |encoding| encoding.width());
        let layers = placed(inputs, wide, layers).map_err(Error::Input)?;
        let count: usize = layers.iter().map(Layer::count).sum::<usize>() + tables;
        if count > MAX_WEIGHTS {
            return Err(Error::Input(format!("a network has at most {MAX_WEIGHTS} weights; not {count}")));
        }
        if count != weights.len() {
            let problem = format!("a network of these layers has {count} weights, not {}", weights.len());
            return Err(Error::Input(problem));
        }
        match weights.iter().position(|weight| !weight.is_finite()) {
            Some(n) => Err(Error::Input(format!("weight {n} of a network is {}", weights[n]))),
            None => Ok(Network { inputs, encoding, layers: layers.into(), weights: weights.into() }),
        }
    }

    /// A network of sines (Sitzmann et al. 2020), with weights drawn as they say: all arguments of the sines are spread
    /// alike, whatever the depth. The frequency, 30 in the paper, says how fine the details are that it begins with, where
    /// coordinates go from −1 to 1.
    pub fn siren(inputs: usize, hidden: &[usize], frequency: f64, seed: u64) -> Result<Network> {
        let mut random = Random(seed);
        Network::drawn(inputs, hidden, Activation::Sine { frequency }, |layer, n, wide| {
            let most = if layer == 0 { 1.0 / wide } else { (6.0 / wide).sqrt() / frequency };
            match n {
                Some(_) => random.between(-most, most),
                None => random.between(-1.0, 1.0) / wide.sqrt(),
            }
        })
    }

    /// A network of one activation, with weights drawn evenly, as wide as He et al. (2015) say for those that are 0 on one
    /// side, and as Glorot and Bengio (2010) say for the others. Biases are 0.
    pub fn dense(inputs: usize, hidden: &[usize], activation: Activation, seed: u64) -> Result<Network> {
        let mut random = Random(seed);
        Network::drawn(inputs, hidden, activation, spread(activation, &mut random))
    }

    /// The same behind Fourier features (Tancik et al. 2020): the sines and cosines of so many random frequencies, whose
    /// standard deviation is given in turns a unit.
    pub fn fourier(
        inputs: usize,
        features: usize,
        deviation: f64,
        hidden: &[usize],
        activation: Activation,
        seed: u64,
    ) -> Result<Network> {
        let mut random = Random(seed);
        let first: Vec<f64> =
            (0..features * inputs).map(|_| 2.0 * PI * deviation * normal(&mut random)).collect();
        let mut weights = first.repeat(2);
        weights.extend((0..2 * features).map(|n| if n < features { 0.0 } else { FRAC_PI_2 }));
        let mut layers = vec![(2 * features, Activation::Sine { frequency: 1.0 })];
        layers.extend(hidden.iter().map(|&width| (width, activation)));
        layers.push((1, Activation::Linear));
        let mut spread = spread(activation, &mut random);
        for (n, layer) in placed(inputs, inputs, &layers).map_err(Error::Input)?.iter().enumerate().skip(1) {
            let wide = layer.inputs as f64;
            weights.extend((0..layer.inputs * layer.outputs).map(|place| spread(n, Some(place), wide)));
            weights.extend((0..layer.outputs).map(|_| spread(n, None, wide)));
        }
        Network::new(inputs, &layers, weights)
    }

    /// A network of one activation behind a multi-resolution hash grid (Müller et al. 2022) over −1 to 1, or another box once
    /// it is [scaled](Network::scaled); outside of it the value is that at the nearest place in it. Features are drawn within
    /// 10⁻⁴ of 0, the layers' weights as [`Network::dense`] says.
    ///
    /// An error where the size is none, or its rows are no power of two.
    ///
    /// ```
    /// use fieldgrad::learn::{Activation, HashGridSize, Network};
    ///
    /// let size = HashGridSize { coordinates: 3, levels: 4, features: 2, rows: 1 << 10, cells: [4, 32], is_smooth: false };
    /// let network = Network::hash(size, &[32], Activation::Relu, 1)?;
    /// assert_eq!(network.inputs(), 3);
    /// assert!(network.field().value_at([0.1, 0.2, 0.3, 0.0])?.abs() < 1.0);
    /// # Ok::<(), fieldgrad::Error>(())
    /// ```
    pub fn hash(size: HashGridSize, hidden: &[usize], activation: Activation, seed: u64) -> Result<Network> {
        let none = || Error::Input(format!("there is no hash grid of {size:?}"));
        let (cells, inputs) = (size.cells_of_levels().ok_or_else(none)?, size.coordinates);
        let over = [[-1.0; AXES], [2.0; AXES]];
        let encoding = GridEncoding::new(inputs, over, size.features, size.is_smooth, &cells, size.rows);
        let encoding = encoding.map_err(Error::Input)?;
        let mut random = Random(seed);
        let mut layers: Vec<(usize, Activation)> = hidden.iter().map(|&width| (width, activation)).collect();
        layers.push((1, Activation::Linear));
        let mut weights = Vec::new();
        let mut draw = spread(activation, &mut random);
        for (n, layer) in placed(inputs, encoding.width(), &layers).map_err(Error::Input)?.iter().enumerate()
        {
            let wide = layer.inputs as f64;
            weights.extend((0..layer.inputs * layer.outputs).map(|place| draw(n, Some(place), wide)));
            weights.extend((0..layer.outputs).map(|_| draw(n, None, wide)));
        }
        drop(draw);
        if encoding.count() > MAX_WEIGHTS {
            return Err(Error::Input(format!("a network has at most {MAX_WEIGHTS} weights")));
        }
        weights.extend((0..encoding.count()).map(|_| random.between(-1e-4, 1e-4)));
        Network::encoded(inputs, Some(Arc::new(encoding)), &layers, weights)
    }

    /// One output behind hidden layers; `draw` gives the weight of a place in a layer's matrix, or a bias, and is told how
    /// many inputs the layer has.
    fn drawn(
        inputs: usize,
        hidden: &[usize],
        activation: Activation,
        mut draw: impl FnMut(usize, Option<usize>, f64) -> f64,
    ) -> Result<Network> {
        let mut layers: Vec<(usize, Activation)> = hidden.iter().map(|&width| (width, activation)).collect();
        layers.push((1, Activation::Linear));
        let mut weights = Vec::new();
        for (n, layer) in placed(inputs, inputs, &layers).map_err(Error::Input)?.iter().enumerate() {
            let wide = layer.inputs as f64;
            weights.extend((0..layer.inputs * layer.outputs).map(|place| draw(n, Some(place), wide)));
            weights.extend((0..layer.outputs).map(|_| draw(n, None, wide)));
        }
        Network::new(inputs, &layers, weights)
    }

    /// Its layers, from the inputs on.
    pub fn layers(&self) -> &[Layer] {
        &self.layers
    }

    /// How many inputs it has: 3, or 4 if it changes with time.
    pub fn inputs(&self) -> usize {
        self.inputs
    }

    /// The hash grid before its layers, if there is one.
    pub(super) fn encoding(&self) -> Option<&GridEncoding> {
        self.encoding.as_deref()
    }

    /// How many of its weights are the layers'; those behind are the tables of a hash grid.
    pub(crate) fn layer_weights(&self) -> usize {
        self.layers.last().map_or(0, |last| last.start + last.count())
    }

    /// How many numbers each table of its hash grid has.
    pub(crate) fn table_lengths(&self) -> Vec<usize> {
        let Some(encoding) = &self.encoding else { return Vec::new() };
        encoding.levels.iter().map(|level| level.rows * encoding.features).collect()
    }

    /// All its weights.
    pub fn weights(&self) -> &[f64] {
        &self.weights
    }

    /// The same network with other weights. An error if they are not as many, or one is not finite.
    pub fn with_weights(&self, weights: Vec<f64>) -> Result<Network> {
        let layers: Vec<(usize, Activation)> =
            self.layers.iter().map(|layer| (layer.outputs, layer.activation)).collect();
        Network::encoded(self.inputs, self.encoding.clone(), &layers, weights)
    }

    /// The network of which this is seen in other units: s·f((p − c)/s), a distance again if f is one. Time stays.
    pub fn scaled(&self, center: [f64; 3], scale: f64) -> Result<Network> {
        if !(scale > 0.0 && scale.is_finite() && center.iter().all(|x| x.is_finite())) {
            return Err(Error::Input(format!("a network is not scaled by {scale} about {center:?}")));
        }
        let mut moved = self.clone();
        for axis in 0..3 {
            moved = moved.moved_along(axis, center[axis], scale)?;
        }
        let mut weights = moved.weights.to_vec();
        let last = self.layers[self.layers.len() - 1];
        if last.activation != Activation::Linear {
            return Err(Error::Unsupported("a network whose last layer is not linear is not scaled".into()));
        }
        weights[last.start..last.start + last.count()].iter_mut().for_each(|weight| *weight *= scale);
        moved.with_weights(weights)
    }

    /// The network with (a − c)/s in place of the input a.
    pub(crate) fn moved_along(&self, input: usize, center: f64, scale: f64) -> Result<Network> {
        if let Some(encoding) = &self.encoding {
            let mut encoding = (**encoding).clone();
            encoding.low[input] = center + scale * encoding.low[input];
            encoding.size[input] *= scale;
            return Ok(Network { encoding: Some(Arc::new(encoding)), ..self.clone() });
        }
        let mut weights = self.weights.to_vec();
        let first = self.layers[0];
        let (matrix, biases) = weights[..first.count()].split_at_mut(first.inputs * first.outputs);
        for (row, bias) in matrix.chunks_exact_mut(first.inputs).zip(biases) {
            row[input] /= scale;
            *bias -= row[input] * center;
        }
        self.with_weights(weights)
    }
}

/// Weights drawn evenly, as wide as an activation asks for.
fn spread(activation: Activation, random: &mut Random) -> impl FnMut(usize, Option<usize>, f64) -> f64 {
    let gain = match activation {
        Activation::Relu | Activation::Softplus { .. } | Activation::Gelu => 6.0f64,
        _ => 3.0,
    };
    move |_, place, wide| match place {
        Some(_) => random.between(-1.0, 1.0) * (gain / wide).sqrt(),
        None => 0.0,
    }
}

/// A draw from the normal distribution (Box and Muller 1958).
fn normal(random: &mut Random) -> f64 {
    let radius = (-2.0 * (1.0 - random.unit()).ln()).sqrt();
    radius * (2.0 * PI * random.unit()).cos()
}

/// Layers with their places among the weights, or why they are none. The first has `wide` numbers before it.
pub(super) fn placed(
    inputs: usize,
    wide: usize,
    layers: &[(usize, Activation)],
) -> Result<Vec<Layer>, String> {
    if !(3..=4).contains(&inputs) {
        return Err(format!("a network has the inputs x, y, z or x, y, z, t; not {inputs}"));
    }
    if layers.is_empty() || layers.len() > MAX_LAYERS {
        return Err(format!("a network has 1 to {MAX_LAYERS} layers; not {}", layers.len()));
    }
    let (mut wide, mut start, mut placed) = (wide, 0usize, Vec::new());
    for (n, &(outputs, activation)) in layers.iter().enumerate() {
        if !(1..=MAX_WIDTH).contains(&outputs) {
            return Err(format!("layer {n} has 1 to {MAX_WIDTH} outputs; not {outputs}"));
        }
        let number = activation.number();
        if !(number.is_finite() && number > 0.0) {
            return Err(format!("the {} of layer {n} has a number above 0; not {number}", activation.name()));
        }
        placed.push(Layer { inputs: wide, outputs, activation, start });
        start += (wide + 1) * outputs;
        wide = outputs;
        if start > MAX_WEIGHTS {
            return Err(format!("a network has at most {MAX_WEIGHTS} weights"));
        }
    }
    match wide {
        1 => Ok(placed),
        _ => Err(format!("a network's last layer has one output; not {wide}")),
    }
}
