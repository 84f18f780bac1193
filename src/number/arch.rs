//! The widest vectors that loops are compiled for and this machine has.
//!
//! A release build has every loop for each width there is. A debug build has it for one, the widest of the machine that
//! builds it (`build.rs`), so that it is built in less time; elsewhere it goes without. Results are the same, bit for bit.

#[cfg(not(all(debug_assertions, any(target_arch = "x86", target_arch = "x86_64"))))]
pub(crate) use pulp::Arch;

#[cfg(all(debug_assertions, any(target_arch = "x86", target_arch = "x86_64")))]
pub(crate) use one_width::Arch;

#[cfg(all(debug_assertions, any(target_arch = "x86", target_arch = "x86_64")))]
mod one_width {
    #[cfg(not(builder_has_avx512))]
    use pulp::x86::V3 as Wide;
    #[cfg(builder_has_avx512)]
    use pulp::x86::V4 as Wide;
    use pulp::{Scalar, Simd, WithSimd};

    /// As `pulp::Arch`, with one width of vectors.
    #[derive(Clone, Copy, Debug)]
    pub enum Arch {
        Scalar,
        Wide(Wide),
    }

    impl Arch {
        /// The vectors, if this machine has them.
        pub fn new() -> Arch {
            Wide::try_new().map_or(Arch::Scalar, Arch::Wide)
        }

        /// Does work with them.
        #[inline(always)]
        pub fn dispatch<Op: WithSimd>(self, op: Op) -> Op::Output {
            match self {
                Arch::Scalar => Simd::vectorize(Scalar, op),
                Arch::Wide(simd) => Simd::vectorize(simd, op),
            }
        }
    }
}
