"""Times SciPy's cubic splines and ours at the same random points of the same samples, in turn, one thread each.

    cargo build --release --no-default-features --example grid_times
    python3 benches/grid/scipy_times.py [PROGRAM [SIDE [POINTS [ROUNDS]]]]

SciPy is given coefficients that are ready (`prefilter=False`), as ours are. Medians of the rounds, after one that is not
counted. Needs NumPy and SciPy.
"""

import os

for name in ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS"):
    os.environ[name] = "1"

import subprocess
import sys
from statistics import median
from time import perf_counter

import numpy as np
from scipy.ndimage import map_coordinates, spline_filter


def unit(n):
    """The same numbers as the program's: splitmix64's, of 24 bits."""
    z = (n + np.uint64(1)) * np.uint64(0x9E3779B97F4A7C15)
    z = (z ^ (z >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
    z = (z ^ (z >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
    return ((z ^ (z >> np.uint64(31))) >> np.uint64(40)).astype(np.float32) / np.float32(1 << 24)


def main():
    given = sys.argv[1:]
    program = given[0] if given else "target/release/examples/grid_times"
    side, count, rounds = (int(given[i]) if len(given) > i else usual for i, usual in ((1, 128), (2, 1_000_000), (3, 9)))
    i, j, k = np.ogrid[:side, :side, :side]
    samples = (np.sin(0.1 * i) * np.cos(0.13 * j) + np.sin(0.07 * k)).astype(np.float32)
    coefficients = spline_filter(samples, order=3, output=np.float32)
    n = 3 * np.arange(count, dtype=np.uint64)
    points = np.stack([np.float32(side - 1) * unit(n + np.uint64(axis)) for axis in range(3)])
    ours = subprocess.Popen(
        [program, str(side), str(count), "turns"], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    )
    times = []
    for _ in range(rounds + 1):
        start = perf_counter()
        values = map_coordinates(coefficients, points, output=np.float32, order=3, prefilter=False)
        scipy = (perf_counter() - start) / count * 1e9
        ours.stdin.write("\n")
        ours.stdin.flush()
        words = ours.stdout.readline().split()
        times.append((scipy, float(words[1]), float(words[8])))
        means = float(np.mean(values, dtype=np.float64)), float(words[-1])
        assert abs(means[0] - means[1]) < 1e-3, f"other values: {means}"
    ours.stdin.close()
    ours.wait()
    scipy, value, slopes = (median(row[i] for row in times[1:]) for i in range(3))
    print(f"{count} points of {side}^3 samples, medians of {rounds} rounds, ns a point")
    print(f"SciPy, values               {scipy:8.1f}")
    print(f"ours, values                {value:8.1f}   {scipy / value:.1f} times as fast")
    print(f"ours, with 4 derivatives    {slopes:8.1f}   {slopes / value:.2f} times the values")


if __name__ == "__main__":
    main()
