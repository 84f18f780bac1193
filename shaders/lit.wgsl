// Materials, lamps, sky, shadows and occlusion: what src/render/light.rs, shadow.rs and occlusion.rs do.

const PI: f32 = 3.14159265358979;

struct Finish {
    color: vec3<f32>,
    roughness: f32,
    metallic: f32,
    emission: vec3<f32>,
}

// What is reflected head-on, and what goes in and comes out again every way alike.
fn mirror_of(finish: Finish) -> vec3<f32> {
    return mix(vec3<f32>(0.04), finish.color, finish.metallic);
}

fn chalk_of(finish: Finish) -> vec3<f32> {
    return finish.color * (1.0 - finish.metallic);
}

fn luminance(color: vec3<f32>) -> f32 {
    return dot(color, vec3<f32>(0.2126, 0.7152, 0.0722));
}

fn sky_toward(way: vec3<f32>) -> vec3<f32> {
    let up = clamp(way.y, -1.0, 1.0);
    return mix(shot.sky[0].rgb, select(shot.sky[2].rgb, shot.sky[1].rgb, up > 0.0), abs(up));
}

// The mean of what is above, by the cosine, for a normal at that cosine from up.
fn sky_mean(cosine: f32) -> f32 {
    let sine = sqrt(max(1.0 - cosine * cosine, 0.0));
    return 2.0 / (3.0 * PI) * (sine + (PI - atan2(sine, cosine)) * cosine);
}

fn sky_over(normal: vec3<f32>) -> vec3<f32> {
    let up = clamp(normal.y, -1.0, 1.0);
    let above = sky_mean(up);
    let below = sky_mean(-up);
    return shot.sky[0].rgb * (1.0 - above - below) + shot.sky[1].rgb * above + shot.sky[2].rgb * below;
}

// How much of an even light from everywhere is mirrored to the eye: B. Karis's fit.
fn mirrored_of(normal: vec3<f32>, eye: vec3<f32>, finish: Finish) -> vec3<f32> {
    let seen = clamp(dot(normal, eye), 0.0, 1.0);
    let rough = 1.0 - finish.roughness;
    let bent = min(rough * rough, exp2(-9.28 * seen)) * rough + (0.0425 - 0.0275 * finish.roughness);
    let scale = -1.04 * bent + (1.04 - 0.572 * finish.roughness);
    let offset = 1.04 * bent + (0.022 * finish.roughness - 0.04);
    return clamp(mirror_of(finish) * scale + offset, vec3<f32>(0.0), vec3<f32>(1.0));
}

fn masked(cosine: f32, square: f32) -> f32 {
    return sqrt(cosine * cosine * (1.0 - square) + square);
}

// What reaches the eye of a lamp's light, by Trowbridge and Reitz with Heitz's masking and Schlick's Fresnel.
fn under_lamp(toward: vec3<f32>, normal: vec3<f32>, eye: vec3<f32>, finish: Finish) -> vec3<f32> {
    let facing = dot(normal, toward);
    if (facing <= 0.0) {
        return vec3<f32>(0.0);
    }
    let seen = max(dot(normal, eye), 1e-4);
    let both = toward + eye;
    let half_way = select(normal, normalize(both), dot(both, both) > 1e-20);
    let alpha = max(finish.roughness * finish.roughness, 0.01);
    let square = alpha * alpha;
    let cosine = dot(normal, half_way);
    let spread = cosine * cosine * (square - 1.0) + 1.0;
    let facets = square / (PI * spread * spread);
    let visible = 0.5 / (facing * masked(seen, square) + seen * masked(facing, square));
    let mirror = mirror_of(finish);
    let less = clamp(1.0 - dot(half_way, eye), 0.0, 1.0);
    let fresnel = mirror + (1.0 - mirror) * (less * less * less * less * less);
    let chalk = chalk_of(finish) * (1.0 - mirrored_of(normal, eye, finish));
    return (chalk + fresnel * (PI * facets * visible)) * facing;
}

// What reaches the eye of the sky's light, of which a part `open` comes down to here.
fn under_sky(normal: vec3<f32>, eye: vec3<f32>, finish: Finish, open: f32) -> vec3<f32> {
    let mirrored = mirrored_of(normal, eye, finish);
    let way = normal * (2.0 * dot(normal, eye)) - eye;
    let blurred = mix(sky_toward(way), sky_over(way), finish.roughness);
    let chalk = chalk_of(finish) * (1.0 - mirrored);
    let caught = open / (1.0 - chalk * (1.0 - open));
    return chalk * caught * sky_over(normal) + mirrored * blurred * open;
}

// How far a lamp's light goes at a texel.
fn shadow_depth(lamp: i32, texel: vec2<f32>) -> f32 {
    if (any(texel < vec2<f32>(0.0)) || any(texel >= vec2<f32>(shot.lamps[lamp].radiance.w))) {
        return NOTHING;
    }
    let depth = textureLoad(shadows, vec2<i32>(texel), lamp, 0).x;
    return select(depth, NOTHING, depth < 0.0);
}

// How much of a lamp is seen from a place with that normal.
fn visible_from(lamp: i32, place: vec3<f32>, normal: vec3<f32>) -> f32 {
    let ahead = shot.lamps[lamp].ahead.xyz;
    let right = shot.lamps[lamp].right.xyz;
    let up = shot.lamps[lamp].up.xyz;
    let wide = shot.lamps[lamp].toward.w;
    let from_eye = place - shot.lamps[lamp].eye.xyz;
    let at = vec2<f32>(dot(from_eye, right), -dot(from_eye, up)) / wide + 0.5 * shot.lamps[lamp].radiance.w;
    let depth = dot(from_eye, ahead);
    let steep = min(dot(normal, ahead), -0.12);
    let slope = vec2<f32>(-dot(normal, right), dot(normal, up)) / steep * wide;
    // The depth of the surface's plane, less what may be rounding, at a texel.
    let plane = depth - wide * (0.6 + 0.4 * length(slope) / wide) - dot(slope, at);

    let reach = min(SHADOW_WIDTH * depth / wide, SHADOW_WIDEST);
    var sum = 0.0;
    var count = 0.0;
    for (var i = 0; i < SHADOW_SEARCH; i++) {
        let texel = floor(at + reach * shadow_search[i]);
        let found = shadow_depth(lamp, texel);
        if (found < plane + dot(slope, texel + 0.5)) {
            sum += found;
            count += 1.0;
        }
    }
    if (count == 0.0) {
        return 1.0;
    }
    let blur = clamp(SHADOW_WIDTH * (depth - sum / count) / wide, 1.2, SHADOW_WIDEST);
    var lit = 0.0;
    for (var i = 0; i < SHADOW_TAPS; i++) {
        let around = at + blur * shadow_taps[i] - 0.5;
        let corner = floor(around);
        let part = around - corner;
        for (var k = 0; k < 4; k++) {
            let way = vec2<f32>(f32(k & 1), f32(k >> 1u));
            let weight = mix(1.0 - part, part, way);
            let texel = corner + way;
            if (shadow_depth(lamp, texel) >= plane + dot(slope, texel + 0.5)) {
                lit += weight.x * weight.y;
            }
        }
    }
    return lit / f32(SHADOW_TAPS);
}

// How open the sky is above a place: from what the field lacks of rising as fast as one leaves the surface.
fn openness(place: vec3<f32>, normal: vec3<f32>, slope: f32) -> f32 {
    var open = 1.0;
    for (var i = 0; i < OCCLUSION_LOOKS; i++) {
        let far = occlusion_looks[i].x * shot.ground.z;
        let value = field_value(place + normal * far);
        open -= occlusion_looks[i].y * (1.0 - clamp(value / (max(slope, 1e-6) * far), 0.0, 1.0));
    }
    return open;
}

// The tone curve "PBR Neutral" of the Khronos group.
fn toned(light: vec3<f32>) -> vec3<f32> {
    let least = min(min(light.r, light.g), light.b);
    let color = light - select(0.04, least - 6.25 * least * least, least < 0.08);
    let peak = max(max(color.r, color.g), color.b);
    if (peak < TONE_START) {
        return color;
    }
    let room = 1.0 - TONE_START;
    let bent = 1.0 - room * room / (peak + room - TONE_START);
    let white = 1.0 - 1.0 / (TONE_FADING * (peak - bent) + 1.0);
    return mix(color * (bent / peak), vec3<f32>(bent), white);
}

fn color_of(sight: Sight) -> vec4<f32> {
    let is_surface = sight.depth >= 0.0;
    if (!is_surface && sight.plainly == 0.0) {
        return vec4<f32>(behind(sight.ray), 1.0);
    }
    var normal = vec3<f32>(0.0, 1.0, 0.0);
    var slope = 1.0;
    var finish = Finish(vec3<f32>(0.0), 1.0, 0.0, vec3<f32>(0.0));
    if (is_surface) {
        let found = field_shown(sight.place);
        let way = vec3<f32>(found[0], found[1], found[2]);
        slope = length(way);
        normal = select(-sight.ray, way / slope, slope > 1e-30 && slope < NOTHING);
        finish = Finish(
            clamp(vec3<f32>(found[3], found[4], found[5]), vec3<f32>(0.0), vec3<f32>(1.0)),
            clamp(found[6], 0.0, 1.0),
            clamp(found[7], 0.0, 1.0),
            max(vec3<f32>(found[8], found[9], found[10]), vec3<f32>(0.0)),
        );
    }
    let open = openness(sight.place, normal, slope);
    let bare = luminance(sky_over(normal));
    var sum = vec3<f32>(0.0);
    var all = bare;
    var here = bare * open;
    for (var i = 0; i < i32(shot.ground.w); i++) {
        let toward = shot.lamps[i].toward.xyz;
        let facing = dot(normal, toward);
        if (facing <= 0.0) {
            continue;
        }
        let radiance = shot.lamps[i].radiance.rgb;
        let visible = visible_from(i, sight.place, normal);
        sum += under_lamp(toward, normal, -sight.ray, finish) * radiance * visible;
        all += luminance(radiance) * facing;
        here += luminance(radiance) * facing * visible;
    }
    if (is_surface) {
        let light = finish.emission + sum + under_sky(normal, -sight.ray, finish, open);
        return vec4<f32>(toned(light), 1.0);
    }
    let lit = select(1.0, here / all, all > 0.0);
    return vec4<f32>(behind(sight.ray) * (1.0 - sight.plainly * (1.0 - lit)), 1.0);
}
