// a to the power of b, for negative a too where b is whole: the language's own takes a > 0 only.
float field_pow(float a, float b) {
    if (b == 0.0) {
        return 1.0;
    }
    if (a == 0.0) {
        return b > 0.0 ? 0.0 : 1.0 / a;
    }
    if (a > 0.0) {
        return pow(a, b);
    }
    bool odd = b - 2.0 * floor(b / 2.0) == 1.0;
    float size = floor(b) != b ? log(a) : pow(-a, b); // the logarithm of what is below 0 is none
    return odd ? -size : size;
}
