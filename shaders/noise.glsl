// Gradient noise in four dimensions, or its derivative of order o in each: what src/shape/noise.rs computes, with the
// same 64-bit hash in pairs of 32 bits (low, high).

uvec2 field_noise_product(uint a, uint b) {
    uvec2 low = uvec2(a & 0xffffu, b & 0xffffu);
    uvec2 high = uvec2(a >> 16u, b >> 16u);
    uint middle = high.x * low.y + ((low.x * low.y) >> 16u);
    uint rest = low.x * high.y + (middle & 0xffffu);
    return uvec2(a * b, high.x * high.y + (middle >> 16u) + (rest >> 16u));
}

uvec2 field_noise_times(uvec2 a, uvec2 b) {
    uvec2 product = field_noise_product(a.x, b.x);
    return uvec2(product.x, product.y + a.x * b.y + a.y * b.x);
}

uvec2 field_noise_shifted(uvec2 a, uint by) {
    return a ^ uvec2((a.x >> by) | (a.y << (32u - by)), a.y >> by);
}

uvec2 field_noise_scramble(uvec2 word) {
    uint low = word.x + 0x7f4a7c15u;
    uint carry = low < 0x7f4a7c15u ? 1u : 0u;
    uvec2 w = uvec2(low, word.y + 0x9e3779b9u + carry);
    w = field_noise_times(field_noise_shifted(w, 30u), uvec2(0x1ce4e5b9u, 0xbf58476du));
    w = field_noise_times(field_noise_shifted(w, 27u), uvec2(0x133111ebu, 0x94d049bbu));
    return field_noise_shifted(w, 31u);
}

// The unit gradient of a lattice corner.
vec4 field_noise_gradient(ivec4 corner) {
    uvec2 state = uvec2(0x4f6cdd1du, 0x2545f491u);
    uvec4 sign = uvec4(corner >> 31);
    state = field_noise_scramble(state ^ uvec2(uint(corner.x), sign.x));
    state = field_noise_scramble(state ^ uvec2(uint(corner.y), sign.y));
    state = field_noise_scramble(state ^ uvec2(uint(corner.z), sign.z));
    state = field_noise_scramble(state ^ uvec2(uint(corner.w), sign.w));
    vec4 g = vec4(1.0, 0.0, 0.0, 0.0);
    for (int tries = 0; tries < 64; tries++) {
        uvec2 a = field_noise_scramble(state);
        uvec2 b = field_noise_scramble(a);
        uvec2 c = field_noise_scramble(b);
        state = field_noise_scramble(c);
        g = vec4(float(a.y), float(b.y), float(c.y), float(state.y)) * (1.0 / 2147483648.0) - 1.0;
        float square = dot(g, g);
        if (square <= 1.0 && square > 0.01) {
            break;
        }
    }
    return normalize(g);
}

// The derivative of order n of the fade 6u^5 - 15u^4 + 10u^3.
float field_noise_fade(float u, int n) {
    switch (n) {
        case 0: return u * u * u * (u * (6.0 * u - 15.0) + 10.0);
        case 1: return 30.0 * u * u * (1.0 - u) * (1.0 - u);
        case 2: return 60.0 * u * (1.0 - u) * (1.0 - 2.0 * u);
        case 3: return 60.0 * (6.0 * u * (u - 1.0) + 1.0);
        case 4: return 360.0 * (2.0 * u - 1.0);
        case 5: return 720.0;
        default: return 0.0;
    }
}

float field_noise(float x, float y, float z, float t, int ox, int oy, int oz, int ot) {
    vec4 p = clamp(vec4(x, y, z, t), vec4(-1e9), vec4(1e9));
    vec4 cell = floor(p);
    vec4 u = p - cell;
    ivec4 orders = ivec4(ox, oy, oz, ot);
    // The weights of the far and the near corner, of the order wanted and one below.
    vec4 far = vec4(field_noise_fade(u.x, ox), field_noise_fade(u.y, oy), field_noise_fade(u.z, oz),
                        field_noise_fade(u.w, ot));
    vec4 near = mix(-far, 1.0 - far, equal(orders, ivec4(0)));
    vec4 far_below = vec4(field_noise_fade(u.x, ox - 1), field_noise_fade(u.y, oy - 1),
                              field_noise_fade(u.z, oz - 1), field_noise_fade(u.w, ot - 1));
    vec4 near_below = mix(-far_below, 1.0 - far_below, equal(orders, ivec4(1)));
    float sum = 0.0;
    for (int corner = 0; corner < 16; corner++) {
        ivec4 side = ivec4(corner & 1, (corner >> 1) & 1, (corner >> 2) & 1, (corner >> 3) & 1);
        vec4 g = field_noise_gradient(ivec4(cell) + side);
        vec4 w = mix(near, far, equal(side, ivec4(1)));
        vec4 b = mix(near_below, far_below, equal(side, ivec4(1))) * g * vec4(orders);
        sum += w.x * w.y * w.z * w.w * dot(g, u - vec4(side));
        sum += b.x * w.y * w.z * w.w + w.x * b.y * w.z * w.w + w.x * w.y * b.z * w.w + w.x * w.y * w.z * b.w;
    }
    return 2.0 * sum;
}
