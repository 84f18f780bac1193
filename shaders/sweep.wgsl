// The least of NAME over a span of time, and its derivatives in x, y, z and the ends of the span: what
// src/shape/sweep.rs searches for. Where f falls and then rises its least is narrowed down.

// A time, f and f_t there.
fn field_NAME_look(p: vec3<f32>, time: f32ARGUMENTS) -> vec3<f32> {
    return vec3<f32>(time, field_NAME_moving(p, timeGIVEN));
}

fn field_NAME_meet(a: vec3<f32>, b: vec3<f32>) -> f32 {
    let time = a.x + (a.y - b.y + b.z * (b.x - a.x)) / (b.z - a.z);
    return select(0.5 * (a.x + b.x), time, time >= a.x && time <= b.x);
}

fn field_NAME(x: f32, y: f32, z: f32, t0: f32, t1: f32ARGUMENTS, which: i32, n1: i32, n2: i32, n3: i32) -> f32 {
    let p = vec3<f32>(x, y, z);
    let first = min(t0, t1);
    let last = max(t0, t1);
    var before = field_NAME_look(p, firstGIVEN);
    // The lowest, and the times on its two sides.
    var lowest = before.y;
    var left = before;
    var right = before;
    for (var i = 1; i <= LOOKS; i++) {
        let after = field_NAME_look(p, mix(first, last, f32(i) / f32(LOOKS))GIVEN);
        if (after.y < lowest) {
            lowest = after.y;
            left = after;
            right = after;
        }
        if (before.z < 0.0 && after.z > 0.0) {
            var a = before;
            var b = after;
            for (var k = 0; k < NARROWINGS; k++) {
                let straight = a.x - a.z * (b.x - a.x) / (b.z - a.z);
                var time = select(field_NAME_meet(a, b), straight, k % 3 == 0);
                time = select(time, 0.5 * (a.x + b.x), k % 3 == 2);
                let middle = field_NAME_look(p, clamp(time, a.x, b.x)GIVEN);
                if (middle.z < 0.0) {
                    a = middle;
                } else {
                    b = middle;
                }
                if (middle.y <= lowest) {
                    lowest = middle.y;
                    left = a;
                    right = b;
                }
            }
            if (left.x >= before.x && right.x <= after.x && left.x < right.x) {
                left = a;
                right = b;
            }
        }
        before = after;
    }
    if (which == 0) {
        return lowest;
    }
    if (which >= SPAN) {
        // An end moves the least if that is there.
        let own = select(t1, t0, which == SPAN);
        let is_there = left.x == right.x && right.x == own && t0 != t1;
        return select(0.0, left.z, is_there);
    }
    // The mean of both sides whose f_t is 0.
    let whole = right.z - left.z;
    let share = select(0.5, right.z / whole, whole > 0.0 && left.z < 0.0 && right.z > 0.0);
    let slopes = mix(field_NAME_slopes(p, right.xGIVEN), field_NAME_slopes(p, left.xGIVEN), share);
    return slopes[which - 1];
}
