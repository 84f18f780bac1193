// A derivative of what is linear between the samples of a grid, whose numbers and values begin at `start` of the data.
fn field_grid_linear(t: f32, x: f32, y: f32, z: f32, ot: i32, ox: i32, oy: i32, oz: i32, start: i32) -> f32 {
    let at = array<f32, 4>(t, x, y, z);
    let order = array<i32, 4>(ot, ox, oy, oz);
    var first: array<i32, 4>;
    var taps: array<i32, 4>;
    var size: array<i32, 4>;
    var weights: array<vec2<f32>, 4>;
    for (var i = 0; i < 4; i++) {
        size[i] = i32(field_data[start + i]);
        if size[i] == 1 {
            first[i] = 0;
            taps[i] = 1;
            weights[i] = vec2(select(0.0, 1.0, order[i] == 0), 0.0);
        } else {
            let held = clamp(at[i], 0.0, f32(size[i] - 1));
            first[i] = min(i32(held), size[i] - 2);
            taps[i] = 2;
            let w = held - f32(first[i]);
            if order[i] == 0 {
                weights[i] = vec2(1.0 - w, w);
            } else if order[i] == 1 {
                weights[i] = vec2(-1.0, 1.0);
            } else {
                weights[i] = vec2(0.0, 0.0);
            }
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
