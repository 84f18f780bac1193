//! Where values stand in a block's memory.

use super::step::Chunk;
use std::cell::Cell;

/// The memory a step works on. Cells, since a result may take the place of an operand: a chunk is read before it is
/// written.
pub(super) type ChunkMemory = [Cell<Chunk>];

/// The most chunks in a block: beyond this, reading an instruction costs nothing to speak of.
pub(super) const MAX_CHUNKS: usize = 16;

/// Where a value stands: its first chunk, and whether there is one for each of the block's. A value that is the same
/// for all points has one, which is read again and again.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Slot(u32);

impl Slot {
    pub(super) fn varying(start: usize) -> Slot {
        Slot((start as u32) << 1 | 1)
    }

    pub(super) fn uniform(start: usize) -> Slot {
        Slot((start as u32) << 1)
    }

    #[inline(always)]
    fn start(self) -> usize {
        (self.0 >> 1) as usize
    }

    /// What the number of a chunk is masked with to find it: everything, or nothing.
    #[inline(always)]
    pub(super) fn mask(self) -> usize {
        (self.0 & 1) as usize * (MAX_CHUNKS - 1)
    }

    /// Where chunk `c` of the value is.
    #[inline(always)]
    pub(super) fn at(self, c: usize) -> usize {
        self.start() + (c & self.mask())
    }

    /// As many chunks from the start on as a block may have, whether or not all are the value's: a loop over them
    /// then needs no check. The memory goes on for so many behind its last value.
    #[inline(always)]
    pub(super) fn view(self, memory: &ChunkMemory) -> &[Cell<Chunk>; MAX_CHUNKS] {
        memory[self.start()..].first_chunk().expect("the memory goes on behind the last value")
    }
}
