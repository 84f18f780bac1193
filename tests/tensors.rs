//! Tensors: every operation's derivative, first and second, against differences over random shapes and broadcasts; what
//! is wrong, said; and what a graph of any length takes.

use fieldgrad::learn::Activation;
use fieldgrad::learn::tensor::*;
use fieldgrad::number::Op;

type Array = Tensor<f64>;

/// Draws that are the same in each run (splitmix64).
struct Draws(u64);

impl Draws {
    fn next(&mut self) -> f64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let word = (self.0 ^ (self.0 >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        let word = (word ^ (word >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        ((word ^ (word >> 31)) >> 11) as f64 / (1u64 << 53) as f64
    }

    fn below(&mut self, end: usize) -> usize {
        (self.next() * end as f64) as usize
    }

    fn tensor(&mut self, shape: &[usize], [low, high]: [f64; 2]) -> Array {
        let numbers = (0..shape.iter().product()).map(|_| low + (high - low) * self.next()).collect();
        Tensor::from_vec(shape, numbers)
    }

    fn shape(&mut self, axes: std::ops::Range<usize>) -> Vec<usize> {
        let count = axes.start + self.below(axes.end - axes.start);
        (0..count).map(|_| 1 + self.below(4)).collect()
    }

    /// A shape that broadcasts to another.
    fn part_of(&mut self, shape: &[usize]) -> Vec<usize> {
        let skipped = self.below(shape.len() + 1);
        shape[skipped..].iter().map(|&side| if self.next() < 0.3 { 1 } else { side }).collect()
    }
}

fn numbers(tensor: &Array) -> Vec<f64> {
    tensor.to_vec().unwrap()
}

/// The sum of two tensors' products, place by place.
fn dot(a: &Array, b: &Array) -> Array {
    (a * b).sum()
}

/// Holds the derivative of a function of tensors, weighted at random, against differences; and, of the derivative along
/// random directions, the derivative.
fn check(name: &str, draws: &mut Draws, inputs: &[Array], function: impl Fn(&[Array]) -> Array) {
    let shape = function(inputs).array().unwrap_or_else(|error| panic!("{name}: {error}")).shape().to_vec();
    let weights = draws.tensor(&shape, [-1.0, 1.0]);
    let ways: Vec<Array> = inputs.iter().map(|input| draws.tensor(input.shape(), [-1.0, 1.0])).collect();
    let first = |inputs: &[Array]| dot(&function(inputs), &weights);
    let second = |inputs: &[Array]| {
        let variables: Vec<Array> = inputs
            .iter()
            .map(|input| if input.is_tracked() { input.clone() } else { input.as_variable() })
            .collect();
        let wanted: Vec<&Array> = variables.iter().collect();
        let slopes = first(&variables).differentiable_gradients(&wanted).unwrap();
        slopes.iter().zip(&ways).map(|(slope, way)| dot(slope, way)).reduce(|a, b| a + b).unwrap()
    };
    agrees(&format!("{name}, first order"), draws, inputs, &first);
    agrees(&format!("{name}, second order"), draws, inputs, &second);
}

fn agrees(name: &str, draws: &mut Draws, inputs: &[Array], function: &dyn Fn(&[Array]) -> Array) {
    let variables: Vec<Array> = inputs.iter().map(Tensor::as_variable).collect();
    let value = function(&variables);
    let shapes: Vec<&[usize]> = inputs.iter().map(|input| input.shape()).collect();
    if !value.is_tracked() {
        return; // a derivative that is constant
    }
    let slopes = value.gradients(&variables.iter().collect::<Vec<_>>()).unwrap();
    for (n, input) in inputs.iter().enumerate().filter(|(_, input)| !input.is_empty()) {
        assert_eq!(slopes[n].shape(), input.shape(), "{name}");
        for _ in 0..3 {
            let place = draws.below(input.len());
            let moved = |by: f64| {
                let mut all = inputs.to_vec();
                let mut own = numbers(input);
                own[place] += by;
                all[n] = Tensor::from_vec(input.shape(), own);
                function(&all).item().unwrap()
            };
            // Two central differences, for an error of fourth order.
            let step = 1e-3;
            let [near, far] = [step, 2.0 * step].map(|by| (moved(by) - moved(-by)) / (2.0 * by));
            let (wanted, found) = ((4.0 * near - far) / 3.0, numbers(&slopes[n])[place]);
            let near_enough = 1e-6 * (1.0 + wanted.abs().max(found.abs()));
            assert!(
                (wanted - found).abs() < near_enough,
                "{name} of {shapes:?} in {n}[{place}]: {found}, not {wanted}"
            );
        }
    }
}

#[test]
fn operations_of_numbers_have_their_derivatives() {
    let mut draws = Draws(1);
    let smooth = [
        (Op::Neg, [-2.0, 2.0]),
        (Op::Sqrt, [0.3, 2.0]),
        (Op::Square, [-2.0, 2.0]),
        (Op::Recip, [0.4, 2.0]),
        (Op::Exp, [-2.0, 2.0]),
        (Op::Ln, [0.3, 2.0]),
        (Op::Sin, [-3.0, 3.0]),
        (Op::Cos, [-3.0, 3.0]),
        (Op::Tan, [-1.0, 1.0]),
        (Op::Asin, [-0.8, 0.8]),
        (Op::Acos, [-0.8, 0.8]),
        (Op::Atan, [-2.0, 2.0]),
        (Op::Ramp, [0.1, 0.9]),
        (Op::Add, [-2.0, 2.0]),
        (Op::Sub, [-2.0, 2.0]),
        (Op::Mul, [-2.0, 2.0]),
        (Op::Div, [0.5, 2.0]),
        (Op::Pow, [0.5, 2.0]),
        (Op::Atan2, [0.5, 2.0]),
        (Op::Hypot, [0.5, 2.0]),
        (Op::Length, [0.5, 2.0]),
        (Op::Mix, [-2.0, 2.0]),
    ];
    for (op, range) in smooth {
        for _ in 0..8 {
            let shape = draws.shape(0..4);
            let inputs: Vec<Array> = (0..op.arity())
                .map(|n| {
                    let own = if n == 0 { shape.clone() } else { draws.part_of(&shape) };
                    draws.tensor(&own, range)
                })
                .collect();
            check(op.name(), &mut draws, &inputs, |inputs| {
                Tensor::apply(op, &inputs.iter().collect::<Vec<_>>())
            });
        }
    }
}

#[test]
fn powers_and_kinks_have_their_derivatives() {
    let mut draws = Draws(2);
    for exponent in [2.0, 3.0, 1.0, 0.5, -1.5] {
        let shape = draws.shape(1..4);
        let inputs = [draws.tensor(&shape, [0.5, 2.0])];
        check("pow", &mut draws, &inputs, |x| x[0].pow(exponent));
    }
    // Away from their kinks.
    let shape = draws.shape(1..4);
    let inputs = [draws.tensor(&shape, [-2.0, -1.0]), draws.tensor(&shape, [0.5, 2.0])];
    check("min and max", &mut draws, &inputs, |x| {
        Tensor::apply(Op::Max, &[&x[0], &x[1]]) * Tensor::apply(Op::Min, &[&x[0], &x[1]]).exp()
    });
    check("abs, relu", &mut draws, &inputs, |x| x[0].abs() * x[1].relu() + x[0].relu());
    // At it, the first operand: relu's derivative is 0 there.
    let zero = Array::from([0.0]).as_variable();
    assert_eq!(numbers(&zero.relu().sum().gradients(&[&zero]).unwrap()[0]), [0.0]);
    // A branch that is not taken sends nothing, however steep it is.
    let x = Array::from([0.0, 4.0]).as_variable();
    let root = Tensor::apply(Op::IfLess, &[&Tensor::from(0.0), &x, &x.pow(-0.5), &Tensor::from(0.0)]);
    let slope = root.sum().differentiable_gradients(&[&x]).unwrap().remove(0);
    assert_eq!(numbers(&slope), [0.0, -0.0625]);
    assert_eq!(numbers(&slope.sum().gradients(&[&x]).unwrap()[0]), [0.0, 0.75 / 32.0]);
}

#[test]
fn activations_have_their_derivatives() {
    let mut draws = Draws(3);
    use Activation::*;
    for by in [Linear, Sine { frequency: 3.0 }, Softplus { sharpness: 4.0 }, Tanh, Sigmoid, Gelu] {
        for _ in 0..4 {
            let shape = draws.shape(0..4);
            let inputs = [draws.tensor(&shape, [-2.0, 2.0])];
            check(by.name(), &mut draws, &inputs, |x| x[0].activated(by));
        }
    }
    for _ in 0..8 {
        let shape = draws.shape(1..4);
        let axis = draws.below(shape.len());
        let inputs = [draws.tensor(&shape, [-2.0, 2.0])];
        check("softmax", &mut draws, &inputs, |x| x[0].softmax(axis));
        check("log softmax", &mut draws, &inputs, |x| x[0].log_softmax(axis));
    }
    // Sines far out, and of what is no number.
    let far = [3.0, 1e4, 1e7, -1e12, f64::NAN, f64::INFINITY];
    for (found, x) in numbers(&Array::from(far).sin()).into_iter().zip(far) {
        assert!(
            (found - x.sin()).abs() < 1e-11 || (found.is_nan() && x.sin().is_nan()),
            "sin {x} is {found}"
        );
    }
    for (found, x) in Tensor::from(far.map(|x| x as f32)).cos().to_vec().unwrap().into_iter().zip(far) {
        let truth = f64::from(x as f32).cos();
        let is_near = (f64::from(found) - truth).abs() < 1e-6 || x.abs() > 4e9; // where `Lanes` promises it
        assert!(if x.is_nan() { found.is_nan() } else { is_near }, "cos {x} is {found}");
    }
    let steep = Array::from([[1000.0, -1000.0, 0.0]]);
    assert_eq!(numbers(&steep.softmax(1)), [1.0, 0.0, 0.0]);
    for value in numbers(&steep.sigmoid()).into_iter().chain(numbers(&steep.softplus(1.0))) {
        assert!(value.is_finite());
    }
}

#[test]
fn reductions_have_their_derivatives() {
    let mut draws = Draws(4);
    for _ in 0..20 {
        let shape = draws.shape(1..5);
        let axes: Vec<usize> = (0..shape.len()).filter(|_| draws.next() < 0.5).collect();
        let (axis, keep) = (draws.below(shape.len()), draws.next() < 0.5);
        let inputs = [draws.tensor(&shape, [-2.0, 2.0])];
        check("sum", &mut draws, &inputs, |x| x[0].sum_axes(&axes, keep).square());
        check("mean", &mut draws, &inputs, |x| x[0].mean_axes(&axes, keep).square());
        check("max", &mut draws, &inputs, |x| x[0].max_axis(axis, keep).square());
        check("all", &mut draws, &inputs, |x| x[0].sum() * x[0].mean() * x[0].max());
    }
}

#[test]
fn arrangements_have_their_derivatives() {
    let mut draws = Draws(5);
    for _ in 0..20 {
        let shape = draws.shape(1..5);
        let inputs = [draws.tensor(&shape, [-2.0, 2.0])];
        let mut order: Vec<usize> = (0..shape.len()).collect();
        (1..shape.len()).for_each(|n| order.swap(n, draws.below(n + 1)));
        let axis = draws.below(shape.len());
        let (from, step) = (draws.below(shape[axis]), 1 + draws.below(2));
        let flat = [inputs[0].len()];
        check("reshape", &mut draws, &inputs, |x| x[0].permute(&order).reshape(&flat).square());
        check("slice", &mut draws, &inputs, |x| {
            x[0].permute(&order).permute(&order).square().slice(axis, 0, 1, 1)
        });
        check("slice", &mut draws, &inputs, |x| x[0].slice(axis, from, shape[axis], step).square());
        check("placed", &mut draws, &inputs, |x| x[0].square().placed(axis, 1, step, 2 + shape[axis] * step));
        let large: Vec<usize> =
            [&[2], &shape[..]].concat().iter().map(|&side| if side == 1 { 3 } else { side }).collect();
        check("expand", &mut draws, &inputs, |x| x[0].expand(&large).square());
        let mut other = shape.clone();
        other[axis] = 2;
        let both = [inputs[0].clone(), draws.tensor(&other, [-2.0, 2.0])];
        check("concatenated", &mut draws, &both, |x| {
            Tensor::concatenated(&[&x[0], &x[1], &x[0]], axis).square()
        });
        let places: Vec<usize> = (0..5).map(|_| draws.below(shape[axis])).collect();
        check("gather", &mut draws, &inputs, |x| x[0].gather(axis, &places).square());
        let along: Vec<usize> =
            (0..2 * inputs[0].len() / shape[axis]).map(|_| draws.below(shape[axis])).collect();
        check("take along", &mut draws, &inputs, |x| x[0].take_along(axis, &other, &along).square());
    }
}

#[test]
fn products_have_their_derivatives() {
    let mut draws = Draws(6);
    for _ in 0..20 {
        let batch = draws.shape(0..3);
        let [rows, depth, columns] = [0; 3].map(|_| 1 + draws.below(5));
        let left = [&draws.part_of(&batch)[..], &[rows, depth]].concat();
        let right = [&draws.part_of(&batch)[..], &[depth, columns]].concat();
        let inputs = [draws.tensor(&left, [-1.0, 1.0]), draws.tensor(&right, [-1.0, 1.0])];
        check("matmul", &mut draws, &inputs, |x| x[0].matmul(&x[1]).square());
        check("transposed", &mut draws, &inputs, |x| x[1].transposed().matmul(&x[0].transposed()));
    }
}

#[test]
fn a_product_is_the_sum_of_products_at_any_size() {
    let mut draws = Draws(7);
    for [rows, depth, columns] in
        [[1, 1, 1], [13, 7, 33], [97, 300, 35], [5, 513, 65], [200, 64, 31], [12, 256, 32]]
    {
        let (a, b) =
            (draws.tensor(&[rows, depth], [-1.0, 1.0]), draws.tensor(&[columns, depth], [-1.0, 1.0]));
        let (left, right) = (numbers(&a), numbers(&b));
        let product = numbers(&a.matmul(&b.transposed()));
        let single = |tensor: &Array| {
            Tensor::<f32>::from_vec(tensor.shape(), numbers(tensor).into_iter().map(|x| x as f32).collect())
        };
        let narrow = single(&a).matmul(&single(&b).transposed()).to_vec().unwrap();
        for r in 0..rows {
            for c in 0..columns {
                let wanted: f64 = (0..depth).map(|k| left[r * depth + k] * right[c * depth + k]).sum();
                assert!((product[r * columns + c] - wanted).abs() < 1e-12);
                assert!((f64::from(narrow[r * columns + c]) - wanted).abs() < 1e-4);
            }
        }
    }
}

#[test]
fn convolutions_and_norms_have_their_derivatives() {
    let mut draws = Draws(8);
    for (stride, padding) in [(1, 0), (1, 1), (2, 1), (3, 2)] {
        let inputs = [draws.tensor(&[2, 2, 5, 4], [-1.0, 1.0]), draws.tensor(&[3, 2, 3, 2], [-1.0, 1.0])];
        check("conv2d", &mut draws, &inputs, |x| x[0].conv2d(&x[1], stride, padding).square());
        // A number of the result, by hand.
        let (image, weights) = (numbers(&inputs[0]), numbers(&inputs[1]));
        let found = inputs[0].conv2d(&inputs[1], stride, padding);
        let &[_, _, down, across] = found.shape() else { panic!() };
        assert_eq!([down, across], [(5 + 2 * padding - 3) / stride + 1, (4 + 2 * padding - 2) / stride + 1]);
        let (n, o, i, j) = (1, 2, down - 1, across - 1);
        let mut wanted = 0.0;
        for (c, y, x) in (0..2).flat_map(|c| (0..3).flat_map(move |y| (0..2).map(move |x| (c, y, x)))) {
            let (row, column) = (i * stride + y, j * stride + x);
            if (padding..5 + padding).contains(&row) && (padding..4 + padding).contains(&column) {
                let pixel = image[((n * 2 + c) * 5 + row - padding) * 4 + column - padding];
                wanted += pixel * weights[((o * 2 + c) * 3 + y) * 2 + x];
            }
        }
        let place = ((n * 3 + o) * down + i) * across + j;
        assert!((numbers(&found)[place] - wanted).abs() < 1e-12);
    }
    let mut weights = NamedTensors::new();
    let norm = BatchNorm::new(&mut weights, "norm", 3);
    for shape in [&[4, 3][..], &[2, 3, 2, 2]] {
        let inputs = [draws.tensor(shape, [-2.0, 2.0])];
        check("batch norm", &mut draws, &inputs, |x| norm.forward_training(&weights, &x[0]));
        check("batch norm, after", &mut draws, &inputs, |x| norm.forward(&weights, &x[0]).square());
    }
    let batch = draws.tensor(&[500, 3], [1.0, 3.0]);
    (0..200).for_each(|_| norm.update(&mut weights, &batch).unwrap());
    assert_eq!(weights.variables().len(), 2, "what was seen is not fitted");
    let (now, later) = (norm.forward_training(&weights, &batch), norm.forward(&weights, &batch));
    assert!((now - later).abs().max().item().unwrap() < 0.01);
}

#[test]
fn losses_have_their_derivatives() {
    let mut draws = Draws(9);
    for _ in 0..6 {
        let shape = draws.shape(1..4);
        let inputs = [draws.tensor(&shape, [-2.0, 2.0]), draws.tensor(&shape, [0.1, 0.9])];
        check("squared", &mut draws, &inputs, |x| x[0].squared_loss(&x[1]));
        check("huber", &mut draws, &inputs, |x| x[0].huber_loss(&x[1], 0.7));
        check("binary", &mut draws, &inputs, |x| x[0].binary_cross_entropy(&x[1]));
        let last = shape[shape.len() - 1];
        let classes: Vec<usize> = (0..inputs[0].len() / last).map(|_| draws.below(last)).collect();
        check("cross entropy", &mut draws, &inputs, |x| (&x[0] * &x[1]).cross_entropy(&classes));
        let apart = [inputs[0].clone(), &inputs[1] + 3.0];
        check("absolute", &mut draws, &apart, |x| x[0].absolute_loss(&x[1]));
    }
}

#[test]
fn layers_have_their_derivatives() {
    let mut draws = Draws(10);
    let mut weights = NamedTensors::<f64>::new();
    let waves = FourierFeatures::new(&mut weights, "waves", [3, 4], 0.3, 1);
    let sines =
        Perceptron::new(&mut weights, "sines", &[3, 5, 5, 1], Activation::Sine { frequency: 3.0 }, &[2], 2);
    let smooth =
        Perceptron::new(&mut weights, "smooth", &[8, 5, 1], Activation::Softplus { sharpness: 2.0 }, &[], 3);
    let windows = Windows { size: [2, 2], stride: 1, padding: 1 };
    let images = Conv2d::new(&mut weights, "images", [1, 2], windows, 4);
    let size =
        HashGridSize { coordinates: 3, levels: 3, features: 2, rows: 50, cells: [2, 7], is_smooth: true };
    let grid = HashGrid::new(&mut weights, "grid", size, 5).unwrap();
    let dense = HashGrid::dense(&mut weights, "dense", 3, 2, 2, 6).unwrap();
    // In the points, away from the borders of cells, which lie at k/2, k/3 and k/7.
    let points = [Tensor::from([[0.11, 0.23, 0.37], [0.61, 0.74, 0.93], [0.55, 0.38, 0.41]])];
    // Features as large as they may become.
    let all: Vec<f64> =
        weights.numbers().unwrap().iter().map(|x| if x.abs() < 1e-4 { 1e4 * x } else { *x }).collect();
    weights.set_numbers(&all).unwrap();
    check("waves", &mut draws, &points, |x| smooth.forward(&weights, &waves.forward(&weights, &x[0])));
    check("sines", &mut draws, &points, |x| sines.forward(&weights, &x[0]));
    check("hash grid", &mut draws, &points, |x| grid.forward(&weights, &x[0]));
    check("dense grid", &mut draws, &points, |x| dense.forward(&weights, &x[0]));
    let picture = [draws.tensor(&[2, 1, 3, 3], [-1.0, 1.0])];
    check("images", &mut draws, &picture, |x| images.forward(&weights, &x[0]).square());
    // And in the weights: of all of them, a row.
    let start = [Tensor::from_vec(&[all.len()], all)];
    check("weights", &mut draws, &start, |row| {
        let mut own = NamedTensors::new();
        let mut at = 0;
        for (name, tensor) in weights.iter() {
            if tensor.is_tracked() {
                let part = row[0].slice(0, at, at + tensor.len(), 1).reshape(tensor.shape());
                at += tensor.len();
                own.add_made(name, part);
            } else {
                own.add_constant(name, tensor.clone());
            }
        }
        let far = [
            smooth.forward(&own, &waves.forward(&own, &points[0])),
            sines.forward(&own, &points[0]),
            grid.forward(&own, &points[0]),
            dense.forward(&own, &points[0]),
        ];
        Tensor::concatenated(&far.iter().collect::<Vec<_>>(), 1).square().sum()
            + images.forward(&own, &picture[0]).square().sum()
    });
}

#[test]
fn a_directional_derivative_and_a_hessian_are_had() {
    let x = Array::from([0.3, -0.7, 1.1]).as_variable();
    let f = |x: &Array| x.sin() * x.gather(0, &[1, 2, 0]);
    let way = Array::from([1.0, 2.0, -0.5]);
    let along = numbers(&f(&x).pushed_forward(&x, &way).unwrap());
    let moved = |by: f64| numbers(&f(&(&x.detached() + &way * by)));
    for (n, (high, low)) in moved(1e-5).into_iter().zip(moved(-1e-5)).enumerate() {
        assert!((along[n] - (high - low) / 2e-5).abs() < 1e-8);
    }
    let constant = Array::from([1.0, 1.0]).as_variable();
    assert_eq!(numbers(&(&constant * 2.0).pushed_forward(&x, &way).unwrap()), [0.0, 0.0]);
}

#[test]
fn sums_are_right_to_their_last_digits_and_always_the_same() {
    let count = 1_000_003;
    let wide = Tensor::<f32>::from_vec(&[count], (0..count).map(|n| 0.1 + (n % 7) as f32).collect());
    let truth: f64 = wide.to_vec().unwrap().iter().map(|&x| f64::from(x)).sum();
    let sum = f64::from(wide.sum().item().unwrap());
    assert!((sum - truth).abs() < 1e-6 * truth, "{sum} {truth}");
    let tall = wide.slice(0, 0, 999_999, 1).reshape(&[333_333, 3]).sum_axis(0, false).to_vec().unwrap();
    let column: f64 = (0..333_333).map(|n| f64::from(0.1 + (3 * n % 7) as f32)).sum();
    assert!((f64::from(tall[0]) - column).abs() < 1e-6 * column);
    // The same whatever the number of threads.
    let a = Tensor::<f32>::uniform(&[400, 300], -1.0, 1.0, 1);
    let b = Tensor::<f32>::uniform(&[300, 500], -1.0, 1.0, 2);
    let with = |threads: usize| {
        let pool = rayon::ThreadPoolBuilder::new().num_threads(threads).build().unwrap();
        pool.install(|| (a.matmul(&b).to_vec().unwrap(), wide.sum().item().unwrap()))
    };
    let (one, three) = (with(1), with(3));
    assert!(one == three);
}

#[test]
fn a_wrong_argument_is_said_where_it_is_read() {
    let (a, b) = (Array::zeros(&[2, 3]), Array::zeros(&[4, 3]));
    let said = |tensor: Array| (tensor.exp() + 1.0).sum().array().unwrap_err().to_string();
    for (tensor, want) in [
        (&a + &b, "has shape [4, 3], which does not go with [2, 3]"),
        (a.matmul(&b), "has shape [4, 3], which does not go behind [2, 3]"),
        (a.reshape(&[5]), "[5] does not hold the numbers of [2, 3]"),
        (a.permute(&[0, 0]), "[0, 0] is none of the axes"),
        (a.sum_axis(2, true), "2 is none of a tensor of shape [2, 3]"),
        (a.max_axis(7, false), "7 is none"),
        (a.slice(0, 1, 9, 1), "1 to 9 by 1 along axis 0 is none of [2, 3]"),
        (a.expand(&[2, 2, 2]), "[2, 2, 2] is none that [2, 3] expands to"),
        (a.gather(0, &[2]), "has 2, and there are 2"),
        (a.cross_entropy(&[0, 3]), "must be one below 3"),
        (a.conv2d(&b, 1, 0), "not of 4 axes"),
        (Array::from_vec(&[2], vec![1.0; 3]), "has 3 numbers, not those of [2]"),
        (Tensor::concatenated(&[&a, &b], 1), "have shapes [2, 3] and [4, 3]"),
        (Tensor::concatenated(&[], 1), "are none"),
        (Tensor::apply(Op::Add, &[&a]), "are 1, where + takes 2"),
        (Array::zeros(&[1, 1, 2, 2]).conv2d(&Array::zeros(&[1, 1, 3, 3]), 1, 0), "do not fit"),
        (Array::zeros(&[0, 2]).max_axis(0, false), "has no numbers"),
    ] {
        let text = said(tensor);
        assert!(text.contains(want) && text.contains("tensors.rs"), "{text}, not {want}");
    }
    let x = a.as_variable();
    assert!(x.gradients(&[&x]).unwrap_err().to_string().contains("[2, 3] is not one number"));
    assert!(x.sum().gradients(&[&a]).unwrap_err().to_string().contains("no variable"));
}

#[test]
fn a_long_chain_is_made_gone_back_through_and_dropped() {
    let x = Array::from([1.0]).as_variable();
    let mut chain = x.clone();
    for _ in 0..100_000 {
        chain = chain + 1.0;
    }
    assert_eq!(chain.item().unwrap(), 100_001.0);
    let slope = chain.sum().differentiable_gradients(&[&x]).unwrap().remove(0);
    assert_eq!(slope.item().unwrap(), 1.0);
}

#[test]
fn a_field_runs_on_tensors() {
    use fieldgrad::prelude::*;
    let field = sphere(0.5).smooth_union(torus(1.0, 0.2), 0.3).twist(0.4);
    let points = [[0.9, 0.4, 0.1], [0.2, -0.3, 0.6], [0.7, 0.1, -0.8]];
    let all = Array::from(points).as_variable();
    let [x, y, z] = [0, 1, 2].map(|axis| all.slice(1, axis, axis + 1, 1));
    let values = field.run([x, y, z, Tensor::from(0.0)]).unwrap();
    let slopes = values.sum().differentiable_gradients(&[&all]).unwrap().remove(0);
    let bends = slopes.slice(1, 0, 1, 1).sum().gradients(&[&all]).unwrap().remove(0);
    for (n, [x, y, z]) in points.into_iter().enumerate() {
        let at = [x, y, z, 0.0];
        assert!((numbers(&values)[n] - field.value_at(at).unwrap()).abs() < 1e-12);
        let hessian = field.hessian_at(at).unwrap();
        for axis in 0..3 {
            assert!((numbers(&slopes)[3 * n + axis] - field.gradient_at(at).unwrap()[axis]).abs() < 1e-12);
            assert!((numbers(&bends)[3 * n + axis] - hessian[0][axis]).abs() < 1e-10);
        }
    }
}

#[test]
fn weights_are_written_and_read() {
    let path = std::env::temp_dir().join(format!("tensors_{}.safetensors", std::process::id()));
    let mut weights = NamedTensors::<f32>::new();
    let network =
        Perceptron::new(&mut weights, "layers", &[3, 8, 1], Activation::Sine { frequency: 10.0 }, &[], 1);
    weights.write(&path).unwrap();
    // As a field, by the reader of networks.
    let bytes = std::fs::read(&path).unwrap();
    let sines = [Activation::Sine { frequency: 10.0 }, Activation::Linear];
    let field = fieldgrad::learn::Network::from_bytes(&bytes, Some(&sines)).unwrap().field();
    let found = network.forward(&weights, &Tensor::from([[0.1, 0.2, 0.3]])).item().unwrap();
    assert!((f64::from(found) - field.value_at([0.1, 0.2, 0.3, 0.0]).unwrap()).abs() < 1e-5);
    // As tensors.
    let mut other = NamedTensors::<f32>::new();
    Perceptron::new(&mut other, "layers", &[3, 8, 1], Activation::Tanh, &[], 2);
    assert!(other.numbers().unwrap() != weights.numbers().unwrap());
    other.read(&path).unwrap();
    assert_eq!(other.numbers().unwrap(), weights.numbers().unwrap());
    let mut wider = NamedTensors::<f32>::new();
    Perceptron::new(&mut wider, "layers", &[3, 9, 1], Activation::Tanh, &[], 2);
    assert!(wider.read(&path).unwrap_err().to_string().contains("of shape [8, 3], not [9, 3]"));
    wider.add_variable("more", Tensor::scalar(1.0));
    let mut bad = NamedTensors::<f32>::new();
    bad.add_variable("more", Tensor::scalar(f32::NAN));
    bad.write(&path).unwrap();
    assert!(bad.read(&path).unwrap_err().to_string().contains("has NaN in \"more\""));
    for cut in [0, 7, 30, 80] {
        std::fs::write(&path, &bytes[..cut]).unwrap();
        assert!(other.read(&path).is_err(), "{cut}");
    }
    std::fs::remove_file(&path).unwrap();
}
