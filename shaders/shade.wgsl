// What colour pixels have, from how deep their rays go. A first pass looks at one ray of each; a second at all the others
// of the pixels where colours or depths part: as src/render/picture.rs does.

struct Lamp {
    toward: vec4<f32>,   // w: how wide a texel of its shadows is
    radiance: vec4<f32>, // w: how many there are across
    eye: vec4<f32>,
    ahead: vec4<f32>,
    right: vec4<f32>,    // of length 1, as all of these are
    up: vec4<f32>,
}

struct Shot {
    horizon: vec4<f32>, // the background; w: how many rays a pixel has across
    zenith: vec4<f32>,  // w: which pass this is, 0 or 1
    ball: vec4<f32>,    // about the scene: its middle, its radius
    ground: vec4<f32>,  // how high it is; 1 if there is one; how far occlusion reaches; how many lamps there are
    scale: vec4<f32>,   // the values of the first and the last colour; 1 if values are wanted in place of colours
    sky: array<vec4<f32>, 3>, // at the horizon, straight up, straight down
    lamps: array<Lamp, LAMPS>,
}

@group(0) @binding(2) var<uniform> shot: Shot;
@group(0) @binding(3) var depths: texture_2d<f32>;
@group(0) @binding(4) var before: texture_2d<f32>;
@group(0) @binding(5) var shadows: texture_2d_array<f32>;
@group(0) @binding(6) var colors: texture_2d<f32>;

const NOTHING: f32 = 3e38;

struct Sight {
    ray: vec3<f32>,
    place: vec3<f32>,
    depth: f32,    // -1 where no surface is met
    steps: f32,
    plainly: f32,  // how plainly the ground's shadows are seen; 0 where there is none
}

struct Tile {
    @location(0) rect: vec4<f32>,  // left, top, right, bottom, in rays
    @location(1) lines: vec4<u32>, // of what is asked for there, if it is interpreted
}

struct Pixel {
    @builtin(position) position: vec4<f32>,
    @location(0) @interpolate(flat) lines: vec4<u32>,
}

@vertex
fn tile(@builtin(vertex_index) corner: u32, tile: Tile) -> Pixel {
    return Pixel(view_corner(tile.rect, corner), tile.lines);
}

fn behind(ray: vec3<f32>) -> vec3<f32> {
    return mix(shot.horizon.rgb, shot.zenith.rgb, max(ray.y, 0.0));
}

// What a ray sees.
fn sight_of(pixel: vec2<i32>) -> Sight {
    let uv = view_across(vec2<f32>(pixel) + 0.5);
    let met = textureLoad(depths, pixel, 0);
    let start = view_at(uv, 0.0);
    var sight = Sight(view_ray(uv), view_at(uv, met.x), met.x, met.y, 0.0);
    if (met.x < 0.0 && shot.ground.y > 0.0 && start.y > shot.ground.x && sight.ray.y < -1e-3) {
        let place = start + sight.ray * ((shot.ground.x - start.y) / sight.ray.y);
        let away = length(place.xz - shot.ball.xz) / (GROUND * shot.ball.w);
        if (away < 1.0) {
            sight.place = place;
            sight.plainly = (1.0 - away * away) * (1.0 - away * away);
        }
    }
    return sight;
}

// What the eye takes colours by.
fn seen(color: vec3<f32>) -> vec3<f32> {
    return sqrt(max(color, vec3<f32>(0.0)));
}

fn is_edge(pixel: vec2<i32>, color: vec3<f32>, side: i32) -> bool {
    var near = NOTHING;
    var far = 0.0;
    for (var k = 0; k < side * side; k++) {
        let s = textureLoad(depths, pixel * side + vec2<i32>(k % side, k / side), 0).x;
        let depth = select(s, NOTHING, s < 0.0);
        near = min(near, depth);
        far = max(far, depth);
    }
    let wide = view.tolerance.z + view.tolerance.w * near;
    if (near < NOTHING && far - near > EDGE_DEPTH * wide * f32(side)) {
        return true;
    }
    let last = vec2<i32>(textureDimensions(before)) - 1;
    var ways = array<vec2<i32>, 4>(vec2<i32>(1, 0), vec2<i32>(-1, 0), vec2<i32>(0, 1), vec2<i32>(0, -1));
    for (var k = 0; k < 4; k++) {
        let other = clamp(pixel + ways[k], vec2<i32>(0), last);
        if (any(abs(seen(textureLoad(before, other, 0).rgb) - seen(color)) > vec3<f32>(EDGE))) {
            return true;
        }
    }
    return false;
}

@fragment
fn shade(here: Pixel) -> @location(0) vec4<f32> {
    field_lines = here.lines;
    let pixel = vec2<i32>(here.position.xy);
    let side = i32(shot.horizon.w);
    let middle = side / 2 * (side + 1);
    var sum = vec4<f32>(0.0);
    var first = middle;
    var last = middle + 1;
    if (shot.zenith.w > 0.0) {
        sum = textureLoad(before, pixel, 0);
        if (!is_edge(pixel, sum.rgb, side)) {
            return sum;
        }
        first = 0;
        last = side * side;
    }
    for (var k = first; k < last; k++) {
        if (k != middle || shot.zenith.w == 0.0) {
            sum += color_of(sight_of(pixel * side + vec2<i32>(k % side, k / side)));
        }
    }
    return sum / f32(last - first);
}
