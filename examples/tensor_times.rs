//! Times of tensors beside NumPy, one thread each, the least of many runs in ms.
//!
//! `cargo run --release --example tensor_times [RUNS]`; without Python and NumPy it prints its own times alone.

use fieldgrad::learn::tensor::Tensor;
use std::process::Command;
use std::time::Instant;

/// NumPy's times of the same: a line each, by a function of arrays a, b (1000 × 1000) and m, n (1024 × 1024).
const NUMPY: &str = "
import os; os.environ.update({k: '1' for k in ('OPENBLAS_NUM_THREADS', 'MKL_NUM_THREADS', 'OMP_NUM_THREADS')})
import numpy as np, sys, time
r = np.random.default_rng(0)
a, b, v = (r.random(s, dtype=np.float32) for s in ((1000, 1000), (1000, 1000), (1000,)))
m, n = (r.random((1024, 1024), dtype=np.float32) for _ in 'mn')
for f in (lambda: a + b, lambda: a * v, lambda: np.exp(a), lambda: np.sin(a), lambda: np.tanh(a), lambda: a.sum(),
          lambda: a.sum(0), lambda: a.sum(1), lambda: a.T.copy(), lambda: m @ n):
    best = 1e9
    for _ in range(int(sys.argv[1])):
        t = time.perf_counter(); x = f(); best = min(best, time.perf_counter() - t)
    print(1e3 * best)
";

fn main() {
    let runs = std::env::args().nth(1).and_then(|word| word.parse().ok()).unwrap_or(200);
    let python = Command::new("python3").args(["-c", NUMPY, &runs.to_string()]).output();
    let numpy =
        python.map_or_else(|_| String::new(), |out| String::from_utf8_lossy(&out.stdout).into_owned());
    let mut numpy = numpy.lines();

    let draw = |shape: &[usize], seed| Tensor::<f32>::uniform(shape, 0.0, 1.0, seed);
    let (a, b, v) = (draw(&[1000, 1000], 1), draw(&[1000, 1000], 2), draw(&[1000], 3));
    let (m, n) = (draw(&[1024, 1024], 4), draw(&[1024, 1024], 5));
    let pool = rayon::ThreadPoolBuilder::new().num_threads(1).build().expect("a thread");
    let mut row = |name: &str, function: &(dyn Fn() -> Tensor + Sync)| {
        let run = |_| {
            let start = Instant::now();
            function();
            start.elapsed().as_secs_f64() * 1e3
        };
        let own = pool.install(|| (0..runs).map(run).fold(f64::INFINITY, f64::min));
        let Some(other) = numpy.next().and_then(|line| line.parse::<f64>().ok()) else {
            return println!("{name:20} {own:8.3}");
        };
        println!("{name:20} {own:8.3}   NumPy {other:8.3}   ratio {:.2}", own / other);
    };
    row("a + b", &|| &a + &b);
    row("a · row", &|| &a * &v);
    row("exp a", &|| a.exp());
    row("sin a", &|| a.sin());
    row("tanh a", &|| a.tanh());
    row("sum", &|| a.sum());
    row("sum over rows", &|| a.sum_axis(0, false));
    row("sum over columns", &|| a.sum_axis(1, false));
    row("transpose, copied", &|| a.transposed().reshape(&[1_000_000]));
    row("matrix product", &|| m.matmul(&n));
}
