// A picture on a target of any size, even between its pixels.

@group(0) @binding(0) var picture: texture_2d<f32>;

// How wide and high the target is; 1 where it takes what screens take, rather than linear light.
@group(0) @binding(1) var<uniform> frame: vec4<f32>;

@vertex
fn whole(@builtin(vertex_index) corner: u32) -> @builtin(position) vec4<f32> {
    return vec4<f32>(f32(corner & 1u) * 4.0 - 1.0, f32(corner >> 1u) * 4.0 - 1.0, 0.0, 1.0);
}

fn picture_at(at: vec2<f32>) -> vec3<f32> {
    let last = vec2<f32>(textureDimensions(picture)) - 1.0;
    let corner = floor(at);
    let part = at - corner;
    let low = vec2<i32>(clamp(corner, vec2<f32>(0.0), last));
    let high = vec2<i32>(clamp(corner + 1.0, vec2<f32>(0.0), last));
    let above = mix(textureLoad(picture, low, 0), textureLoad(picture, vec2<i32>(high.x, low.y), 0), part.x);
    let below = mix(textureLoad(picture, vec2<i32>(low.x, high.y), 0), textureLoad(picture, high, 0), part.x);
    return clamp(mix(above, below, part.y).rgb, vec3<f32>(0.0), vec3<f32>(1.0));
}

@fragment
fn shown(@builtin(position) position: vec4<f32>) -> @location(0) vec4<f32> {
    let part = position.xy / frame.xy;
    let linear = picture_at(part * vec2<f32>(textureDimensions(picture)) - 0.5);
    if (frame.z == 0.0) {
        return vec4<f32>(linear, 1.0);
    }
    let bright = 1.055 * pow(linear, vec3<f32>(1.0 / 2.4)) - 0.055;
    return vec4<f32>(select(bright, 12.92 * linear, linear <= vec3<f32>(0.0031308)), 1.0);
}
