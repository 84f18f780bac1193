// a to the power of b, for negative a too where b is whole: the language's own takes a > 0 only.
fn field_pow(a: f32, b: f32) -> f32 {
    if (b == 0.0) {
        return 1.0;
    }
    if (a == 0.0) {
        return select(1.0 / a, 0.0, b > 0.0);
    }
    if (a > 0.0) {
        return pow(a, b);
    }
    let odd = b - 2.0 * floor(b / 2.0) == 1.0;
    let size = select(pow(-a, b), log(a), floor(b) != b); // the logarithm of what is below 0 is none
    return select(size, -size, odd);
}
