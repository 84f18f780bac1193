// Where rays come from and go, and a picture's pixels: what src/render/rays.rs has.

struct View {
    eye: vec4<f32>,       // w: 1 where rays are parallel
    ahead: vec4<f32>,     // w: from one pixel to the next, in u and v
    right: vec4<f32>,     // w: half the pixels across
    up: vec4<f32>,        // w: half the pixels down
    tolerance: vec4<f32>, // of depths, at depth 0 and more for each unit of it; how wide a pixel is: the same two
}

@group(0) @binding(0) var<uniform> view: View;

// Where a field is interpreted: the first line and the one behind the last of each of two tapes.
var<private> field_lines: vec4<u32>;

// The u and v of a place of the picture.
fn view_across(pixel: vec2<f32>) -> vec2<f32> {
    return (pixel - vec2<f32>(view.right.w, view.up.w)) * vec2<f32>(view.ahead.w, -view.ahead.w);
}

// The place at a depth.
fn view_at(uv: vec2<f32>, s: f32) -> vec3<f32> {
    let spread = select(s, 1.0, view.eye.w > 0.0);
    return view.eye.xyz + s * view.ahead.xyz + spread * (uv.x * view.right.xyz + uv.y * view.up.xyz);
}

// Which way the ray goes, for a length of 1.
fn view_ray(uv: vec2<f32>) -> vec3<f32> {
    let aside = uv.x * view.right.xyz + uv.y * view.up.xyz;
    return normalize(view.ahead.xyz + select(aside, vec3<f32>(0.0), view.eye.w > 0.0));
}

// Where on a target the corner of a rectangle of rays is.
fn view_corner(rect: vec4<f32>, corner: u32) -> vec4<f32> {
    let part = vec2<f32>(f32(corner & 1u), f32(corner >> 1u));
    let at = mix(rect.xy, rect.zw, part) / vec2<f32>(view.right.w, view.up.w) - 1.0;
    return vec4<f32>(at.x, -at.y, 0.0, 1.0);
}
