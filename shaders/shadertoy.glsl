// The part of a ray, from x to y, that is in the scene's box; x > y where it misses.
vec2 in_box(vec3 eye, vec3 way) {
    vec3 slow = mix(way, vec3(1e-9), equal(way, vec3(0.0)));
    vec3 a = (LOW - eye) / slow;
    vec3 b = (HIGH - eye) / slow;
    vec3 enter = min(a, b);
    vec3 leave = max(a, b);
    return vec2(max(max(enter.x, enter.y), max(enter.z, 0.0)), min(min(leave.x, leave.y), leave.z));
}

// How far away the surface is along a ray, looked at no finer than `size` a unit of distance; -1 where there is none.
float march(vec3 eye, vec3 way, float near, float far, float size, float t) {
    float s = near;
    for (int i = 0; i < 400; i++) {
        if (s > far) {
            return -1.0;
        }
        float f = field_value(eye + s * way, t) / STEEPNESS;
        if (f < 0.5 * size * s) {
            return s;
        }
        s += f;
    }
    return -1.0;
}

vec3 background(vec3 way, float t) {
    return mix(background_horizon(t), background_zenith(t), clamp(way.y, 0.0, 1.0));
}

// The light that comes from the surface at p, seen along `way`.
vec3 shaded(vec3 p, vec3 way, float size, float t) {
    FieldMaterial material = field_material(p, t);
    vec3 gradient = field_normal(p, t);
    vec3 normal = gradient / max(length(gradient), 1e-9);
    vec3 base = material.color * (1.0 - material.metallic);
    vec3 gloss = mix(vec3(0.04), material.color, material.metallic);
    float shine = 2.0 / max(pow(material.roughness, 4.0), 1e-3);
    vec3 sky = mix(background_horizon(t), background_zenith(t), 0.5 + 0.5 * normal.y);
    vec3 sum = material.emission + (base + gloss) * sky;
    for (int i = 0; i < LIGHTS; i++) {
        vec3 light = normalize(light_direction(i, t));
        float cosine = dot(normal, light);
        if (cosine > 0.0) {
            vec3 start = p + 4.0 * size * normal;
            vec2 inside = in_box(start, light);
            if (march(start, light, 4.0 * size, inside.y, 0.0, t) < 0.0) {
                float half_way = max(dot(normal, normalize(light - way)), 0.0);
                sum += light_color(i, t) * cosine * (base + gloss * (shine + 8.0) / 8.0 * pow(half_way, shine));
            }
        }
    }
    return sum;
}

void mainImage(out vec4 color, in vec2 pixel) {
    float t = START + iTime;
    if (t > END) {
        t = REPEATS && END > START ? START + mod(iTime, END - START) : END;
    }
    vec3 eye = camera_eye(t);
    vec3 ahead = normalize(camera_target(t) - eye);
    vec3 right = normalize(cross(ahead, camera_up(t)));
    vec3 up = cross(right, ahead);
    float wide = tan(radians(camera_fov(t)) / 2.0);
    vec2 at = (2.0 * pixel - iResolution.xy) / iResolution.y * wide;
    vec3 way = normalize(ahead + at.x * right + at.y * up);
    float size = 2.0 * wide / iResolution.y; // a pixel, a unit away

    vec3 sum = background(way, t);
    vec2 inside = in_box(eye, way);
    if (inside.x <= inside.y) {
        float s = march(eye, way, inside.x, inside.y, size, t);
        if (s >= 0.0) {
            sum = shaded(eye + s * way, way, size * s, t);
        }
    }
    vec3 bright = 1.055 * pow(max(sum, vec3(0.0)), vec3(1.0 / 2.4)) - 0.055;
    color = vec4(mix(bright, 12.92 * sum, lessThan(sum, vec3(0.0031308))), 1.0);
}
