//! Tells debug builds which vectors the machine has that builds them: their loops are compiled for those alone
//! (`src/number/arch.rs`).

fn main() {
    println!("cargo::rerun-if-changed=build.rs");
    println!("cargo::rustc-check-cfg=cfg(builder_has_avx512)");
    if has_avx512() {
        println!("cargo::rustc-cfg=builder_has_avx512");
    }
}

/// All of AVX-512 that loops use.
fn has_avx512() -> bool {
    #[cfg(any(target_arch = "x86", target_arch = "x86_64"))]
    {
        is_x86_feature_detected!("avx512f")
            && is_x86_feature_detected!("avx512bw")
            && is_x86_feature_detected!("avx512cd")
            && is_x86_feature_detected!("avx512dq")
            && is_x86_feature_detected!("avx512vl")
    }
    #[cfg(not(any(target_arch = "x86", target_arch = "x86_64")))]
    false
}
