// Gradient noise in four dimensions, or its derivative of order o in each: what src/shape/noise.rs computes, with the
// same 64-bit hash in pairs of 32 bits (low, high).

fn field_noise_product(a: u32, b: u32) -> vec2<u32> {
    let low = vec2<u32>(a & 0xffffu, b & 0xffffu);
    let high = vec2<u32>(a >> 16u, b >> 16u);
    let middle = high.x * low.y + ((low.x * low.y) >> 16u);
    let rest = low.x * high.y + (middle & 0xffffu);
    return vec2<u32>(a * b, high.x * high.y + (middle >> 16u) + (rest >> 16u));
}

fn field_noise_times(a: vec2<u32>, b: vec2<u32>) -> vec2<u32> {
    let product = field_noise_product(a.x, b.x);
    return vec2<u32>(product.x, product.y + a.x * b.y + a.y * b.x);
}

fn field_noise_shifted(a: vec2<u32>, by: u32) -> vec2<u32> {
    return a ^ vec2<u32>((a.x >> by) | (a.y << (32u - by)), a.y >> by);
}

fn field_noise_scramble(word: vec2<u32>) -> vec2<u32> {
    let low = word.x + 0x7f4a7c15u;
    let carry = select(0u, 1u, low < 0x7f4a7c15u);
    var w = vec2<u32>(low, word.y + 0x9e3779b9u + carry);
    w = field_noise_times(field_noise_shifted(w, 30u), vec2<u32>(0x1ce4e5b9u, 0xbf58476du));
    w = field_noise_times(field_noise_shifted(w, 27u), vec2<u32>(0x133111ebu, 0x94d049bbu));
    return field_noise_shifted(w, 31u);
}

// The unit gradient of a lattice corner.
fn field_noise_gradient(corner: vec4<i32>) -> vec4<f32> {
    var state = vec2<u32>(0x4f6cdd1du, 0x2545f491u);
    let sign = vec4<u32>(corner >> vec4<u32>(31u));
    state = field_noise_scramble(state ^ vec2<u32>(u32(corner.x), sign.x));
    state = field_noise_scramble(state ^ vec2<u32>(u32(corner.y), sign.y));
    state = field_noise_scramble(state ^ vec2<u32>(u32(corner.z), sign.z));
    state = field_noise_scramble(state ^ vec2<u32>(u32(corner.w), sign.w));
    var g = vec4<f32>(1.0, 0.0, 0.0, 0.0);
    for (var tries = 0; tries < 64; tries++) {
        let a = field_noise_scramble(state);
        let b = field_noise_scramble(a);
        let c = field_noise_scramble(b);
        state = field_noise_scramble(c);
        g = vec4<f32>(f32(a.y), f32(b.y), f32(c.y), f32(state.y)) * (1.0 / 2147483648.0) - 1.0;
        let square = dot(g, g);
        if (square <= 1.0 && square > 0.01) {
            break;
        }
    }
    return normalize(g);
}

// The derivative of order n of the fade 6u^5 - 15u^4 + 10u^3.
fn field_noise_fade(u: f32, n: i32) -> f32 {
    switch n {
        case 0: { return u * u * u * (u * (6.0 * u - 15.0) + 10.0); }
        case 1: { return 30.0 * u * u * (1.0 - u) * (1.0 - u); }
        case 2: { return 60.0 * u * (1.0 - u) * (1.0 - 2.0 * u); }
        case 3: { return 60.0 * (6.0 * u * (u - 1.0) + 1.0); }
        case 4: { return 360.0 * (2.0 * u - 1.0); }
        case 5: { return 720.0; }
        default: { return 0.0; }
    }
}

fn field_noise(x: f32, y: f32, z: f32, t: f32, ox: i32, oy: i32, oz: i32, ot: i32) -> f32 {
    let p = clamp(vec4<f32>(x, y, z, t), vec4<f32>(-1e9), vec4<f32>(1e9));
    let cell = floor(p);
    let u = p - cell;
    let orders = vec4<i32>(ox, oy, oz, ot);
    // The weights of the far and the near corner, of the order wanted and one below.
    let far = vec4<f32>(field_noise_fade(u.x, ox), field_noise_fade(u.y, oy), field_noise_fade(u.z, oz),
                        field_noise_fade(u.w, ot));
    let near = select(-far, 1.0 - far, orders == vec4<i32>(0));
    let far_below = vec4<f32>(field_noise_fade(u.x, ox - 1), field_noise_fade(u.y, oy - 1),
                              field_noise_fade(u.z, oz - 1), field_noise_fade(u.w, ot - 1));
    let near_below = select(-far_below, 1.0 - far_below, orders == vec4<i32>(1));
    var sum = 0.0;
    for (var corner = 0; corner < 16; corner++) {
        let side = vec4<i32>(corner & 1, (corner >> 1u) & 1, (corner >> 2u) & 1, (corner >> 3u) & 1);
        let g = field_noise_gradient(vec4<i32>(cell) + side);
        let w = select(near, far, side == vec4<i32>(1));
        let b = select(near_below, far_below, side == vec4<i32>(1)) * g * vec4<f32>(orders);
        sum += w.x * w.y * w.z * w.w * dot(g, u - vec4<f32>(side));
        sum += b.x * w.y * w.z * w.w + w.x * b.y * w.z * w.w + w.x * w.y * b.z * w.w + w.x * w.y * w.z * b.w;
    }
    return 2.0 * sum;
}
