// A spline through samples on a grid, or its derivative of order n in each of t, x, y and z: what
// src/shape/grid.rs computes, in units of its cells.

// Along an axis: the weights of the coefficients that a place is made of, and which is the first.
struct FieldNAMETaps {
    weights: vec4<f32>,
    first: i32,
    count: i32,
}

fn field_NAME_taps(at: f32, samples: i32, n: i32) -> FieldNAMETaps {
    if (samples == 1) {
        return FieldNAMETaps(vec4<f32>(select(0.0, 1.0, n == 0), 0.0, 0.0, 0.0), 0, 1);
    }
    let place = clamp(at, 0.0, f32(samples - 1));
    let cell = min(floor(place), f32(samples - 2));
    let u = place - cell;
    let v = 1.0 - u;
    if (!CUBIC) {
        var straight = vec2<f32>(v, u);
        if (n > 0) {
            straight = select(vec2<f32>(0.0), vec2<f32>(-1.0, 1.0), n == 1);
        }
        return FieldNAMETaps(vec4<f32>(straight, 0.0, 0.0), i32(cell), 2);
    }
    var weights = vec4<f32>(0.0);
    switch n {
        case 0: {
            let a = 4.0 + 3.0 * u * u * (u - 2.0);
            let b = 4.0 + 3.0 * v * v * (v - 2.0);
            weights = vec4<f32>(v * v * v, a, b, u * u * u) / 6.0;
        }
        case 1: {
            weights = vec4<f32>(-v * v, u * (3.0 * u - 4.0), v * (4.0 - 3.0 * v), u * u) / 2.0;
        }
        case 2: {
            weights = vec4<f32>(v, 3.0 * u - 2.0, 3.0 * v - 2.0, u);
        }
        case 3: {
            weights = vec4<f32>(-1.0, 3.0, -3.0, 1.0);
        }
        default: {}
    }
    return FieldNAMETaps(weights, i32(cell), 4);
}

fn field_NAME(t: f32, x: f32, y: f32, z: f32, nt: i32, nx: i32, ny: i32, nz: i32) -> f32 {
    let a = field_NAME_taps(t, SAMPLES_T, nt);
    let b = field_NAME_taps(x, SAMPLES_X, nx);
    let c = field_NAME_taps(y, SAMPLES_Y, ny);
    let d = field_NAME_taps(z, SAMPLES_Z, nz);
    var wa = a.weights;
    var wb = b.weights;
    var wc = c.weights;
    var sum = 0.0;
    for (var i = 0; i < a.count; i++) {
        for (var j = 0; j < b.count; j++) {
            for (var k = 0; k < c.count; k++) {
                let row = ((a.first + i) * SIZE_X + b.first + j) * SIZE_Y + c.first + k;
                let start = row * SIZE_Z + d.first;
                var along = d.weights.x * field_NAME_number(start);
                if (d.count > 1) {
                    along += d.weights.y * field_NAME_number(start + 1);
                }
                if (d.count > 2) {
                    along += d.weights.z * field_NAME_number(start + 2);
                    along += d.weights.w * field_NAME_number(start + 3);
                }
                sum += wa[i] * wb[j] * wc[k] * along;
            }
        }
    }
    return sum;
}
