//! NumPy on the same: its files, both ways; its promotions; and the results of tensors' operations. Where there is
//! no Python with NumPy nothing is tested, and that is said.

use fieldgrad::learn::tensor::{Tensor, Windows};
use fieldgrad::npy::{self, Half, NumberType, Numbers, NumpyArray};
use std::path::{Path, PathBuf};
use std::process::Command;

fn folder(name: &str) -> PathBuf {
    let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join("numpy").join(name);
    std::fs::create_dir_all(&folder).unwrap();
    folder
}

/// Runs a Python program in a folder; whether there was NumPy to run it with.
fn python(program: &str, folder: &Path) -> bool {
    let run = |program: &str| Command::new("python3").args(["-c", program]).current_dir(folder).output();
    if !run("import numpy").is_ok_and(|out| out.status.success()) {
        eprintln!("skipped: there is no Python with NumPy");
        return false;
    }
    let out = run(&format!("import numpy as np\n{program}")).unwrap();
    assert!(out.status.success(), "{}", String::from_utf8_lossy(&out.stderr));
    true
}

/// An array of each type, with its extremes.
fn of_every_type() -> Vec<(String, NumpyArray)> {
    let all = [
        Numbers::Bool(vec![true, false, true, true, false, false]),
        Numbers::Int8(vec![i8::MIN, -1, 0, 1, 2, i8::MAX]),
        Numbers::Int16(vec![i16::MIN, -1, 0, 1, 2, i16::MAX]),
        Numbers::Int32(vec![i32::MIN, -1, 0, 1, 2, i32::MAX]),
        Numbers::Int64(vec![i64::MIN, -1, 0, 1, (1 << 53) + 1, i64::MAX]),
        Numbers::UInt8(vec![0, 1, 2, 3, 4, u8::MAX]),
        Numbers::UInt16(vec![0, 1, 2, 3, 4, u16::MAX]),
        Numbers::UInt32(vec![0, 1, 2, 3, 4, u32::MAX]),
        Numbers::UInt64(vec![0, 1, 2, 3, (1 << 53) + 1, u64::MAX]),
        Numbers::Float16([0.0, -0.1, 65504.0, 6e-8, 1.0 / 3.0, f64::INFINITY].map(Half::of).to_vec()),
        Numbers::Float32(vec![0.0, -0.1, f32::MAX, 1e-42, 1.0 / 3.0, f32::NEG_INFINITY]),
        Numbers::Float64(vec![0.0, -0.1, f64::MAX, 5e-324, 1.0 / 3.0, f64::INFINITY]),
    ];
    all.into_iter().map(|n| (n.number_type().to_string(), NumpyArray::new(&[2, 3], n).unwrap())).collect()
}

#[test]
fn files_go_to_numpy_and_back() {
    let folder = folder("files");
    let arrays = of_every_type();
    let named: Vec<(&str, &NumpyArray)> = arrays.iter().map(|(name, array)| (name.as_str(), array)).collect();
    for is_packed in [false, true] {
        npy::write_archive(folder.join(format!("{is_packed}.npz")), &named, is_packed).unwrap();
    }
    named.iter().for_each(|(name, array)| npy::write(folder.join(format!("{name}.npy")), array).unwrap());
    let program = "
a, b = np.load('false.npz'), np.load('true.npz')
assert len(a.files) == 12 and a.files == b.files
for name in a.files:
    assert a[name].dtype == np.dtype(name) and a[name].shape == (2, 3), name
    assert a[name].tobytes() == b[name].tobytes() == np.load(name + '.npy').tobytes(), name
assert a['int64'].tolist() == [[-2**63, -1, 0], [1, 2**53 + 1, 2**63 - 1]]
assert a['uint64'][1, 2] == 2**64 - 1 and a['bool'].tolist()[0] == [True, False, True]
assert (a['float16'] == np.array([[0, -0.1, 65504], [6e-8, 1/3, np.inf]], 'f2')).all()
assert (a['float64'] == np.array([[0, -0.1, np.finfo('f8').max], [5e-324, 1/3, np.inf]])).all()
np.savez('plain.npz', **a)
np.savez_compressed('packed.npz', **a)
np.savez('turned.npz', **{n: np.asfortranarray(a[n]).astype(np.dtype(n).newbyteorder('>')) for n in a.files})
np.save('scalar.npy', np.float32(2.5))
np.save('empty.npy', np.zeros((0, 4), 'i2'))
np.savez('large.npz', x=np.arange(200000, dtype='u4').reshape(4, -1))
open('cut.npz', 'wb').write(open('packed.npz', 'rb').read()[:-40])
np.save('complex.npy', np.zeros(3, 'c8'))
np.save('objects.npy', np.array([{}, None], dtype=object), allow_pickle=True)
np.savez('records.npz', r=np.zeros(2, [('a', 'f4'), ('b', 'i2')]))
";
    if !python(program, &folder) {
        return;
    }
    for file in ["plain", "packed", "turned"] {
        assert_eq!(npy::read_archive(folder.join(format!("{file}.npz"))).unwrap(), arrays, "{file}");
    }
    let scalar = npy::read(folder.join("scalar.npy")).unwrap();
    assert_eq!((scalar.shape(), scalar.numbers()), (&[][..], &Numbers::Float32(vec![2.5])));
    assert_eq!(npy::read(folder.join("empty.npy")).unwrap().shape(), [0, 4]);
    let large = npy::read_archive(folder.join("large.npz")).unwrap();
    assert_eq!(large[0].1.numbers(), &Numbers::UInt32((0..200_000).collect()));
    let said = |file: &str| match file.ends_with('y') {
        true => npy::read(folder.join(file)).unwrap_err().to_string(),
        false => npy::read_archive(folder.join(file)).unwrap_err().to_string(),
    };
    assert!(said("cut.npz").ends_with("cut.npz: is no ZIP archive"), "{}", said("cut.npz"));
    assert!(said("complex.npy").contains("holds numbers of the type <c8"), "{}", said("complex.npy"));
    assert!(said("objects.npy").contains("holds numbers of the type |O"), "{}", said("objects.npy"));
    assert!(
        said("records.npz").contains("an array \"r\" that holds numbers of the type [('a'"),
        "{}",
        said("records.npz")
    );
}

#[test]
fn types_promote_and_convert_as_numpys_do() {
    let folder = folder("types");
    let mut named = Vec::new();
    for (name, array) in of_every_type() {
        for to in NumberType::ALL {
            // Numbers out of an integer type's range NumPy leaves undefined.
            let is_float = |of: NumberType| of.to_string().starts_with("float");
            if is_float(to) || to == NumberType::Bool || !is_float(array.number_type()) {
                named.push((format!("{name}-{to}"), array.converted(to)));
            }
        }
    }
    let of_type = |to: NumberType| NumpyArray::new(&[], Numbers::Bool(vec![true])).unwrap().converted(to);
    for a in NumberType::ALL {
        named.extend(NumberType::ALL.map(|b| (format!("{a}+{b}"), of_type(a.promoted(b)))));
    }
    let arrays: Vec<(&str, &NumpyArray)> = named.iter().map(|(name, array)| (name.as_str(), array)).collect();
    npy::write_archive(folder.join("all.npz"), &arrays, false).unwrap();
    for (name, array) in of_every_type() {
        npy::write(folder.join(format!("{name}.npy")), &array).unwrap();
    }
    python(
        "
np.seterr(all='ignore')
for name, found in np.load('all.npz').items():
    if '+' in name:
        a, b = map(np.dtype, name.split('+'))
        assert found.dtype == np.result_type(a, b), (name, found.dtype)
    else:
        a, b = name.split('-')
        wanted = np.load(a + '.npy').astype(b)
        assert found.dtype == wanted.dtype and (found == wanted).all(), (name, found, wanted)
",
        &folder,
    );
}

/// Results with the Python that gives the same of `a`, `b` and further inputs, and how far off a number may be.
fn results(inputs: &[Tensor<f64>]) -> Vec<(&'static str, Tensor<f64>, f64)> {
    let [a, b, positive, row, image, weights] = inputs else { panic!() };
    let exact = 0.0;
    let near = 1e-14;
    vec![
        ("a + row", a + row, exact),
        ("a - row", a - row, exact),
        ("a * row", a * row, exact),
        ("a / positive", a / positive, exact),
        ("-a", -a, exact),
        ("positive ** a", positive.pow(a), near),
        ("positive ** 2.5", positive.pow(2.5), near),
        ("np.exp(a)", a.exp(), near),
        ("np.log(positive)", positive.ln(), near),
        ("np.sqrt(positive)", positive.sqrt(), exact),
        ("np.sin(a)", a.sin(), near),
        ("np.cos(a)", a.cos(), near),
        ("np.abs(a)", a.abs(), exact),
        ("np.tanh(a)", a.tanh(), near),
        ("1 / (1 + np.exp(-a))", a.sigmoid(), near),
        ("np.log1p(np.exp(3 * a)) / 3", a.softplus(3.0), near),
        ("np.maximum(a, 0)", a.relu(), exact),
        ("a / 2 * (1 + np.tanh(np.sqrt(2 / np.pi) * (a + 0.044715 * a**3)))", a.gelu(), near),
        ("np.exp(a) / np.exp(a).sum(1, keepdims=True)", a.softmax(1), near),
        ("a @ b", a.matmul(b), near),
        ("b.transpose(2, 0, 1)", b.permute(&[2, 0, 1]), exact),
        ("np.swapaxes(b, 1, 2) @ np.swapaxes(a, 1, 2)", b.transposed().matmul(&a.transposed()), near),
        ("a.sum()", a.sum(), near),
        ("a.sum((0, 2))", a.sum_axes(&[0, 2], false), near),
        ("a.sum(1, keepdims=True)", a.sum_axis(1, true), near),
        ("a.mean((1, 2))", a.mean_axes(&[1, 2], false), near),
        ("a.max(2)", a.max_axis(2, false), exact),
        ("a.max()", a.max(), exact),
        ("a.reshape(5, -1)", a.reshape(&[5, a.len() / 5]), exact),
        ("a[:, 1:4:2]", a.slice(1, 1, 4, 2), exact),
        ("np.broadcast_to(row, a.shape)", row.expand(a.shape()), exact),
        ("np.concatenate([a, 2 * a], 1)", Tensor::concatenated(&[a, &(a * 2.0)], 1), exact),
        ("np.take(a, [3, 0, 3], 1)", a.gather(1, &[3, 0, 3]), exact),
        (
            "np.take_along_axis(a, np.full((*a.shape[:2], 1), 2), 2)",
            a.take_along(2, &[a.shape()[0], a.shape()[1], 1], &vec![2; a.shape()[0] * a.shape()[1]]),
            exact,
        ),
        ("convolved(image, weights, 1, 1)", image.conv2d(weights, 1, 1), near),
        ("convolved(image, weights, 2, 0)", image.conv2d(weights, 2, 0), near),
        ("((a - row)**2).mean()", a.squared_loss(&row.expand(a.shape())), near),
        ("np.abs(a - row).mean()", a.absolute_loss(&row.expand(a.shape())), near),
        (
            "(lambda e: np.where(e > 0.5, 0.5 * (e - 0.25), e * e / 2).mean())(np.abs(a - row))",
            a.huber_loss(&row.expand(a.shape()), 0.5),
            near,
        ),
        (
            "-np.log(np.exp(a) / np.exp(a).sum(2, keepdims=True))[..., 1].mean()",
            a.cross_entropy(&vec![1; a.shape()[0] * a.shape()[1]]),
            near,
        ),
        (
            "(lambda p: -(s * np.log(p) + (1 - s) * np.log(1 - p)).mean())(1 / (1 + np.exp(-a)))",
            a.binary_cross_entropy(&(positive / 10.0)),
            near,
        ),
    ]
}

#[test]
fn operations_give_what_numpys_give() {
    let folder = folder("operations");
    let draw = |shape: &[usize], low, high, seed| Tensor::<f64>::uniform(shape, low, high, seed);
    let inputs = [
        draw(&[3, 5, 4], -2.0, 2.0, 1),
        draw(&[3, 4, 6], -2.0, 2.0, 2),
        draw(&[3, 5, 4], 0.1, 3.0, 3),
        draw(&[5, 1], -1.0, 1.0, 4),
        draw(&[2, 3, 7, 6], -1.0, 1.0, 5),
        draw(&[4, 3, 3, 2], -1.0, 1.0, 6),
    ];
    let mut named: Vec<(String, NumpyArray)> = ["a", "b", "positive", "row", "image", "weights"]
        .iter()
        .zip(&inputs)
        .map(|(name, input)| (name.to_string(), input.to_numpy().unwrap()))
        .collect();
    let results = results(&inputs);
    let mut program = String::from(
        "
x = np.load('all.npz')
a, b, positive, row, image, weights = (x[n] for n in ('a', 'b', 'positive', 'row', 'image', 'weights'))
s = positive / 10
def convolved(i, w, stride, pad):
    i = np.pad(i, ((0, 0), (0, 0), (pad, pad), (pad, pad)))
    v = np.lib.stride_tricks.sliding_window_view(i, w.shape[2:], (2, 3))[:, :, ::stride, ::stride]
    return np.einsum('ncijyx,ocyx->noij', v, w)
def check(n, wanted, off):
    found = x['result%d' % n]
    assert found.shape == np.shape(wanted), (n, found.shape, np.shape(wanted))
    worst = np.max(np.abs(found - wanted) / (1 + np.abs(wanted)))
    assert worst <= off, (n, worst)
",
    );
    for (n, (formula, tensor, off)) in results.iter().enumerate() {
        named.push((format!("result{n}"), tensor.to_numpy().unwrap()));
        program += &format!("check({n}, {formula}, {off})\n");
    }
    let arrays: Vec<(&str, &NumpyArray)> = named.iter().map(|(name, array)| (name.as_str(), array)).collect();
    npy::write_archive(folder.join("all.npz"), &arrays, true).unwrap();
    python(&program, &folder);
}

#[test]
fn windows_that_do_not_fit_are_refused() {
    let image = Tensor::<f32>::zeros(&[1, 1, 2, 2]);
    let windows = Windows { size: [1, 1], stride: 0, padding: 0 };
    assert!(image.windows(windows).array().unwrap_err().to_string().contains("are empty"));
}
