// Numbers as colours of a scale, or as themselves, for a scale to be found that suits them.

fn color_of(sight: Sight) -> vec4<f32> {
    if (sight.depth < 0.0) {
        return vec4<f32>(behind(sight.ray) * (1.0 - shot.scale.z), 1.0 - shot.scale.z);
    }
    let value = value_of(sight);
    if (shot.scale.z > 0.0) {
        return vec4<f32>(value, 0.0, 0.0, 1.0);
    }
    let most = f32(textureDimensions(colors).x - 1u);
    let at = clamp((value - shot.scale.x) / (shot.scale.y - shot.scale.x), 0.0, 1.0) * most;
    let left = i32(min(floor(at), most - 1.0));
    let low = textureLoad(colors, vec2<i32>(left, 0), 0);
    let high = textureLoad(colors, vec2<i32>(left + 1, 0), 0);
    return vec4<f32>(mix(low, high, at - f32(left)).rgb, 1.0);
}
