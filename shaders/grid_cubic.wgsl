// A cubic spline over a grid: the weights of the four coefficients about a place along one axis, of a derivative.
fn field_grid_cubic_weights(order: i32, w: f32) -> vec4<f32> {
    let v = 1.0 - w;
    switch order {
        case 0: {
            return vec4(v * v * v / 6.0, 2.0 / 3.0 - w * w * (1.0 - 0.5 * w), 2.0 / 3.0 - v * v * (1.0 - 0.5 * v), w * w * w / 6.0);
        }
        case 1: { return vec4(-0.5 * v * v, w * (1.5 * w - 2.0), -v * (1.5 * v - 2.0), 0.5 * w * w); }
        case 2: { return vec4(v, 3.0 * w - 2.0, 3.0 * v - 2.0, w); }
        case 3: { return vec4(-1.0, 3.0, -3.0, 1.0); }
        default: { return vec4(0.0); }
    }
}

// A derivative of the spline whose sizes and coefficients begin at `start` of the data.
fn field_grid_cubic(t: f32, x: f32, y: f32, z: f32, ot: i32, ox: i32, oy: i32, oz: i32, start: i32) -> f32 {
    let at = array<f32, 4>(t, x, y, z);
    let order = array<i32, 4>(ot, ox, oy, oz);
    var first: array<i32, 4>;
    var taps: array<i32, 4>;
    var size: array<i32, 4>;
    var weights: array<vec4<f32>, 4>;
    for (var i = 0; i < 4; i++) {
        size[i] = i32(field_data[start + i]);
        if size[i] == 1 {
            first[i] = 0;
            taps[i] = 1;
            weights[i] = vec4(select(0.0, 1.0, order[i] == 0), 0.0, 0.0, 0.0);
        } else {
            let held = clamp(at[i], 0.0, f32(size[i] - 3));
            first[i] = min(i32(held), size[i] - 4);
            taps[i] = 4;
            weights[i] = field_grid_cubic_weights(order[i], held - f32(first[i]));
        }
    }
    var sum = 0.0;
    for (var l = 0; l < taps[0]; l++) {
        for (var i = 0; i < taps[1]; i++) {
            for (var j = 0; j < taps[2]; j++) {
                let row = start + 4 + (((first[0] + l) * size[1] + first[1] + i) * size[2] + first[2] + j) * size[3] + first[3];
                var line = 0.0;
                for (var k = 0; k < taps[3]; k++) {
                    line += weights[3][k] * field_data[row + k];
                }
                sum += weights[0][l] * weights[1][i] * weights[2][j] * line;
            }
        }
    }
    return sum;
}
