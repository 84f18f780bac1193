// The least of NAME over a span of time, and its derivatives in x, y, z and the ends of the span: what
// src/shape/sweep.rs searches for. Where f falls and then rises its least is narrowed down.

// A time, f and f_t there.
vec3 field_NAME_look(vec3 p, float timeARGUMENTS) {
    return vec3(time, field_NAME_moving(p, timeGIVEN));
}

float field_NAME_meet(vec3 a, vec3 b) {
    float time = a.x + (a.y - b.y + b.z * (b.x - a.x)) / (b.z - a.z);
    return time >= a.x && time <= b.x ? time : 0.5 * (a.x + b.x);
}

float field_NAME(float x, float y, float z, float t0, float t1ARGUMENTS, int which, int n1, int n2, int n3) {
    vec3 p = vec3(x, y, z);
    float first = min(t0, t1);
    float last = max(t0, t1);
    vec3 before = field_NAME_look(p, firstGIVEN);
    // The lowest, and the times on its two sides.
    float lowest = before.y;
    vec3 left = before;
    vec3 right = before;
    for (int i = 1; i <= LOOKS; i++) {
        vec3 after = field_NAME_look(p, mix(first, last, float(i) / float(LOOKS))GIVEN);
        if (after.y < lowest) {
            lowest = after.y;
            left = after;
            right = after;
        }
        if (before.z < 0.0 && after.z > 0.0) {
            vec3 a = before;
            vec3 b = after;
            for (int k = 0; k < NARROWINGS; k++) {
                float straight = a.x - a.z * (b.x - a.x) / (b.z - a.z);
                float time = k % 3 == 0 ? straight : k % 3 == 1 ? field_NAME_meet(a, b) : 0.5 * (a.x + b.x);
                vec3 middle = field_NAME_look(p, clamp(time, a.x, b.x)GIVEN);
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
        float own = which == SPAN ? t0 : t1;
        bool is_there = left.x == right.x && right.x == own && t0 != t1;
        return is_there ? left.z : 0.0;
    }
    // The mean of both sides whose f_t is 0.
    float whole = right.z - left.z;
    float share = whole > 0.0 && left.z < 0.0 && right.z > 0.0 ? right.z / whole : 0.5;
    vec3 slopes = mix(field_NAME_slopes(p, right.xGIVEN), field_NAME_slopes(p, left.xGIVEN), share);
    return slopes[which - 1];
}
