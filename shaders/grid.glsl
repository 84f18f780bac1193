// A spline through samples on a grid, or its derivative of order n in each of t, x, y and z: what
// src/shape/grid.rs computes, in units of its cells.

// Along an axis: the weights of the coefficients that a place is made of, and which is the first.
struct FieldNAMETaps {
    vec4 weights;
    int first;
    int count;
};

FieldNAMETaps field_NAME_taps(float at, int samples, int n) {
    if (samples == 1) {
        return FieldNAMETaps(vec4(n == 0 ? 1.0 : 0.0, 0.0, 0.0, 0.0), 0, 1);
    }
    float place = clamp(at, 0.0, float(samples - 1));
    float cell = min(floor(place), float(samples - 2));
    float u = place - cell;
    float v = 1.0 - u;
    if (!CUBIC) {
        vec2 straight = vec2(v, u);
        if (n > 0) {
            straight = n == 1 ? vec2(-1.0, 1.0) : vec2(0.0);
        }
        return FieldNAMETaps(vec4(straight, 0.0, 0.0), int(cell), 2);
    }
    vec4 weights = vec4(0.0);
    switch (n) {
        case 0: {
            float a = 4.0 + 3.0 * u * u * (u - 2.0);
            float b = 4.0 + 3.0 * v * v * (v - 2.0);
            weights = vec4(v * v * v, a, b, u * u * u) / 6.0;
            break;
        }
        case 1: {
            weights = vec4(-v * v, u * (3.0 * u - 4.0), v * (4.0 - 3.0 * v), u * u) / 2.0;
            break;
        }
        case 2: {
            weights = vec4(v, 3.0 * u - 2.0, 3.0 * v - 2.0, u);
            break;
        }
        case 3: {
            weights = vec4(-1.0, 3.0, -3.0, 1.0);
            break;
        }
        default: {
            break;
        }
    }
    return FieldNAMETaps(weights, int(cell), 4);
}

float field_NAME(float t, float x, float y, float z, int nt, int nx, int ny, int nz) {
    FieldNAMETaps a = field_NAME_taps(t, SAMPLES_T, nt);
    FieldNAMETaps b = field_NAME_taps(x, SAMPLES_X, nx);
    FieldNAMETaps c = field_NAME_taps(y, SAMPLES_Y, ny);
    FieldNAMETaps d = field_NAME_taps(z, SAMPLES_Z, nz);
    vec4 wa = a.weights;
    vec4 wb = b.weights;
    vec4 wc = c.weights;
    float sum = 0.0;
    for (int i = 0; i < a.count; i++) {
        for (int j = 0; j < b.count; j++) {
            for (int k = 0; k < c.count; k++) {
                int row = ((a.first + i) * SIZE_X + b.first + j) * SIZE_Y + c.first + k;
                int start = row * SIZE_Z + d.first;
                float along = d.weights.x * field_NAME_number(start);
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
