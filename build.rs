//! Tells debug builds which vectors the machine has that builds them: their loops are compiled for those alone
//! (`src/number/arch.rs`).

fn main() {
    println!("cargo::rerun-if-changed=build.rs");
    println!("cargo::rustc-check-cfg=cfg(builder_has_avx2, builder_has_avx512)");
    // What is built for another machine is not for what this one has.
    let is_for_here = std::env::var("HOST").is_ok() && std::env::var("HOST") == std::env::var("TARGET");
    if is_for_here && has_avx2() {
        println!("cargo::rustc-cfg=builder_has_avx2");
        if has_avx512() {
            println!("cargo::rustc-cfg=builder_has_avx512");
        }
    }
}

/// Whether this machine has features.
macro_rules! has {
    ($($feature:tt)*) => {{
        #[cfg(any(target_arch = "x86", target_arch = "x86_64"))]
        {
            true $(&& is_x86_feature_detected!($feature))*
        }
        #[cfg(not(any(target_arch = "x86", target_arch = "x86_64")))]
        false
    }};
}

/// All that `pulp::x86::V3` asks for.
fn has_avx2() -> bool {
    has!("sse" "sse2" "fxsr" "sse3" "ssse3" "sse4.1" "sse4.2" "popcnt" "avx" "avx2" "bmi1" "bmi2" "fma" "lzcnt")
}

/// All that `pulp::x86::V4` asks for besides.
fn has_avx512() -> bool {
    has!("avx512f" "avx512bw" "avx512cd" "avx512dq" "avx512vl")
}
