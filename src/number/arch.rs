//! The widest vectors that loops are compiled for and this machine has.
//!
//! A release build has every loop for each width there is. A debug build has it for one, the widest of the machine that
//! builds it (`build.rs`), so that it is built in less time: on a machine that has less it says so, and does not run.
//! Results are the same for all widths, bit for bit.

#[cfg(not(all(debug_assertions, builder_has_avx2)))]
pub(crate) use pulp::Arch;

#[cfg(all(debug_assertions, builder_has_avx2))]
pub(crate) use one_width::Arch;

#[cfg(all(debug_assertions, builder_has_avx2))]
mod one_width {
    #[cfg(not(builder_has_avx512))]
    use pulp::x86::V3 as Wide;
    #[cfg(builder_has_avx512)]
    use pulp::x86::V4 as Wide;
    use pulp::{Simd, WithSimd};

    /// As `pulp::Arch`, with one width of vectors.
    #[derive(Clone, Copy, Debug)]
    pub struct Arch(Wide);

    impl Arch {
        /// The vectors that the machine had that built this.
        #[inline(always)]
        pub fn new() -> Arch {
            match Wide::try_new() {
                Some(wide) => Arch(wide),
                None => absent(),
            }
        }

        /// Does work with them.
        #[inline(always)]
        pub fn dispatch<Op: WithSimd>(self, op: Op) -> Op::Output {
            Simd::vectorize(self.0, op)
        }
    }

    #[cold]
    fn absent() -> ! {
        panic!(
            "this debug build of fieldgrad is for machines with the vectors of the one that built it, which this one has \
             not: build it here, or with --release"
        )
    }
}
