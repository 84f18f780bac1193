//! Where a tape's values are kept by what runs its lines one after the other, elsewhere.

use super::Tape;

impl Tape {
    /// For each line the register it writes, and how many there are: a value keeps its own until its last use. Leaves
    /// have none, and the lines that are not run for each point share theirs with nobody.
    pub(crate) fn registers(&self) -> (Vec<u32>, usize) {
        let leaves = self.program.leaves();
        let (mut registers, count) = self.program.allocate(2);
        registers.iter_mut().for_each(|register| *register -= leaves as u32);
        (registers, count - leaves)
    }
}

#[cfg(test)]
mod tests {
    use crate::prelude::*;

    #[test]
    fn a_long_tape_needs_few_registers() {
        let balls = (0..200).map(|i| sphere(0.1).translate([f64::from(i), 0.0, 0.0]));
        let tape = union(balls.collect::<Vec<_>>()).tape().unwrap().fixed([None, None, None, Some(0.0)]);
        let (registers, count) = tape.registers();
        assert_eq!(registers.len(), tape.len());
        assert!(count < 12 && registers.iter().all(|&register| (register as usize) < count), "{count}");
    }
}
