//! The widest vectors that loops are compiled for and this machine has.
//!
//! A debug build leaves AVX-512 out: a loop that is compiled for each width of vector is compiled once less. What it
//! computes is the same, bit for bit; `cargo test --release` runs on the widest there are.

#[cfg(not(all(debug_assertions, any(target_arch = "x86", target_arch = "x86_64"))))]
pub(crate) use pulp::Arch;

#[cfg(all(debug_assertions, any(target_arch = "x86", target_arch = "x86_64")))]
pub(crate) use narrow::Arch;

#[cfg(all(debug_assertions, any(target_arch = "x86", target_arch = "x86_64")))]
mod narrow {
    use pulp::x86::V3;
    use pulp::{Scalar, Simd, WithSimd};

    /// As `pulp::Arch`, without AVX-512.
    #[derive(Clone, Copy, Debug)]
    pub enum Arch {
        Scalar,
        Avx2(V3),
    }

    impl Arch {
        /// The widest vectors this machine has.
        pub fn new() -> Arch {
            V3::try_new().map_or(Arch::Scalar, Arch::Avx2)
        }

        /// Does work with them.
        #[inline(always)]
        pub fn dispatch<Op: WithSimd>(self, op: Op) -> Op::Output {
            match self {
                Arch::Scalar => Simd::vectorize(Scalar, op),
                Arch::Avx2(simd) => Simd::vectorize(simd, op),
            }
        }
    }
}
