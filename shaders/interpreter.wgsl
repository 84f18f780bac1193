// Runs lines of tapes, as src/gpu/interpreter.rs hands them over. Register 0 holds a line's own number.

@group(0) @binding(1) var field_tapes: texture_2d<u32>;

// Runs the lines from the first to before the last on a point.
fn field_run(lines: vec2<u32>, p: vec3<f32>) {
    field_registers[FIELD_POINT] = p.x;
    field_registers[FIELD_POINT + 1u] = p.y;
    field_registers[FIELD_POINT + 2u] = p.z;
    for (var i = lines.x; i < lines.y; i++) {
        let line = textureLoad(field_tapes, vec2<u32>(i % FIELD_ROW, i / FIELD_ROW), 0);
        field_registers[0] = bitcast<f32>(line.w);
        let a = field_registers[line.y & 0xffffu];
        let b = field_registers[line.y >> 16u];
        var value = a;
        switch (line.x & 0xffffu) {
            // The cases.
            default: {}
        }
        field_registers[line.x >> 16u] = value;
    }
}
