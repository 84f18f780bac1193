// How deep each ray goes until it meets the surface: as src/render/march.rs does, through the stretches of depth that
// the CPU could not rule out. -1 where it meets nothing; and how often the field was looked at.

const REFINE: i32 = 12;

// For each stretch: from, to, the least and the most rise; then the first line and the one behind the last of what is
// enough of the field there, if it is interpreted, and the side of what follows it.
@group(0) @binding(2) var stretches: texture_2d<f32>;

struct Tile {
    @location(0) rect: vec4<f32>,      // left, top, right, bottom
    @location(1) which: vec4<u32>,     // its first stretch, and how many there are
    @location(2) side: f32,            // of the surface, where all its rays start; 0 where that differs
}

struct Pixel {
    @builtin(position) position: vec4<f32>,
    @location(0) @interpolate(flat) which: vec2<u32>,
    @location(1) @interpolate(flat) side: f32,
}

@vertex
fn tile(@builtin(vertex_index) corner: u32, tile: Tile) -> Pixel {
    return Pixel(view_corner(tile.rect, corner), tile.which.xy, tile.side);
}

fn stretch(i: u32, part: u32) -> vec4<f32> {
    let n = 2u * i + part;
    let width = textureDimensions(stretches).x;
    return textureLoad(stretches, vec2<u32>(n % width, n / width), 0);
}

// Where two places would meet the surface if it were straight between.
fn secant(a: vec2<f32>, b: vec2<f32>) -> f32 {
    return a.x + (b.x - a.x) * (a.y / (a.y - b.y));
}

@fragment
fn march(pixel: Pixel) -> @location(0) vec4<f32> {
    let uv = view_across(pixel.position.xy);
    var which = pixel.which.x;
    let last = which + pixel.which.y;
    var now = stretch(which, 0u);
    var side = pixel.side;
    var s = now.x;
    // Where the side was last the old one, and the value there; the same of the new one.
    var before = vec2<f32>(s, 0.0);
    var after = vec2<f32>(0.0);
    // The smaller of the two values before the last look, once the side has changed.
    var nearest_before = 0.0;
    var round = -1;
    var looks = 0.0;
    var depth = -1.0;
    loop {
        let f = field_seen(uv, s, which);
        let here = select(1.0, -1.0, f <= 0.0);
        if (round >= 0) {
            // Narrow down where the side changes.
            if (here == side) {
                before = vec2<f32>(s, f);
            } else {
                after = vec2<f32>(s, f);
            }
            round += 1;
        } else {
            looks += 1.0;
            if (side == 0.0) {
                side = here;
            }
            if (here != side) {
                after = vec2<f32>(s, f);
                round = 0;
            }
        }
        if (round >= 0) {
            let straight = secant(before, after);
            let between = straight >= before.x && straight <= after.x;
            let least = view.tolerance.x + view.tolerance.y * s;
            let long = after.x - before.x;
            // As src/render/march/walk.rs narrows a bracket, by the same numbers: whether the line was straight, as far as
            // the last look tells.
            let nearest = min(abs(before.y), abs(after.y));
            let is_straight = nearest <= 0.03 * nearest_before;
            nearest_before = nearest;
            if (round == REFINE || long <= 0.125 * least || (long <= least && is_straight)) {
                depth = select(after.x, straight, between);
                break;
            }
            // Where it would be straight, then a little beyond, so that the other end comes near too, then the middle.
            s = 0.5 * (before.x + after.x);
            if (between && round % 3 == 0) {
                s = straight;
            } else if (between && round % 3 == 1) {
                let little = 0.0625 * least;
                let to_end = select(before.x, after.x, straight - before.x < after.x - straight) - straight;
                s = straight + sign(to_end) * min(little, 0.5 * abs(to_end));
            }
            continue;
        }
        before = vec2<f32>(s, f);
        if (s >= now.y) {
            if (stretch(which, 1u).z == -side) {
                depth = now.y; // all rays are on the other side
                break;
            }
            which += 1u;
            if (which >= last) {
                break;
            }
            now = stretch(which, 0u);
            if (now.x > s) {
                s = now.x;
                before = vec2<f32>(s, 0.0);
                continue;
            }
            if (SEEN_ANEW) {
                continue; // another tape may be nearer to 0 here
            }
        }
        // As far as is safe, for a value that may be off by some rounding.
        let towards = select(now.w, -now.z, side > 0.0);
        let unsure = 1e-6 * min(max(abs(now.z), abs(now.w)), 1e3);
        let safe = select(1e30, 0.999 / towards, towards > 1e-30);
        let least = view.tolerance.x + view.tolerance.y * s;
        s = min(s + max((f * side - unsure * s) * safe, least), now.y);
    }
    return vec4<f32>(depth, looks, 0.0, 0.0);
}
