// Normals as colours: x, y and z from -1 to 1 as red, green and blue of a screen from nothing to full.

fn color_of(sight: Sight) -> vec4<f32> {
    if (sight.depth < 0.0) {
        return vec4<f32>(behind(sight.ray), 1.0);
    }
    let found = field_shown(sight.place);
    let way = vec3<f32>(found[0], found[1], found[2]);
    let slope = length(way);
    let screen = 0.5 * select(-sight.ray, way / slope, slope > 1e-30 && slope < NOTHING) + 0.5;
    let bright = pow((screen + 0.055) / 1.055, vec3<f32>(2.4));
    return vec4<f32>(select(bright, screen / 12.92, screen <= vec3<f32>(0.04045)), 1.0);
}
