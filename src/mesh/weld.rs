//! Vertices at the very same place, made one.

/// No vertex.
const NONE: u32 = u32::MAX;

/// The places of vertices, each once, in the order they were first seen.
pub(super) struct Weld {
    pub(super) places: Vec<[f64; 3]>,
    /// Numbers of places, where their hashes say, or behind; a power of two of them, less than two thirds full.
    table: Vec<u32>,
}

impl Weld {
    /// With room for about so many places.
    pub(super) fn new(count: usize) -> Weld {
        Weld {
            places: Vec::with_capacity(count),
            table: vec![NONE; (count * 3 / 2).next_power_of_two().max(16)],
        }
    }

    /// The number of a place, which is added if it is new. 0 and −0 are the same.
    pub(super) fn number(&mut self, place: [f64; 3]) -> u32 {
        let place = place.map(|x| x + 0.0);
        let mask = self.table.len() - 1;
        let mut slot = hash(place) as usize & mask;
        loop {
            match self.table[slot] {
                NONE => break,
                number if self.places[number as usize] == place => return number,
                _ => slot = (slot + 1) & mask,
            }
        }
        let number = self.places.len() as u32;
        self.table[slot] = number;
        self.places.push(place);
        if self.places.len() * 3 > self.table.len() * 2 {
            self.grow();
        }
        number
    }

    fn grow(&mut self) {
        let mask = self.table.len() * 2 - 1;
        self.table.clear();
        self.table.resize(mask + 1, NONE);
        for (number, &place) in self.places.iter().enumerate() {
            let mut slot = hash(place) as usize & mask;
            while self.table[slot] != NONE {
                slot = (slot + 1) & mask;
            }
            self.table[slot] = number as u32;
        }
    }
}

fn hash(place: [f64; 3]) -> u64 {
    let mixed = place.iter().fold(0x9e37_79b9_7f4a_7c15u64, |all, x| {
        (all ^ x.to_bits()).wrapping_mul(0xd6e8_feb8_6659_fd93).rotate_left(32)
    });
    let mixed = (mixed ^ mixed >> 29).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    mixed ^ mixed >> 32
}
