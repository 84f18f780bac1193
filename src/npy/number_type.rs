//! The types of numbers that arrays are of, and how they stand in files.

use super::half::Half;
use crate::task;
use std::fmt;
use std::io::{self, Read};

/// How many numbers are read at a time.
const PIECE: usize = 1 << 13;

/// A type of real numbers that NumPy has.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[allow(missing_docs)] // each is NumPy's of that name
pub enum NumberType {
    Bool,
    Int8,
    Int16,
    Int32,
    Int64,
    UInt8,
    UInt16,
    UInt32,
    UInt64,
    Float16,
    Float32,
    Float64,
}

impl NumberType {
    /// Every type, once.
    pub const ALL: [NumberType; 12] = {
        use NumberType::*;
        [Bool, Int8, Int16, Int32, Int64, UInt8, UInt16, UInt32, UInt64, Float16, Float32, Float64]
    };

    /// The kind's letter in a file, and how many bytes a number has.
    pub(super) const fn letter_and_size(self) -> (char, usize) {
        match self {
            NumberType::Bool => ('b', 1),
            NumberType::Int8 => ('i', 1),
            NumberType::Int16 => ('i', 2),
            NumberType::Int32 => ('i', 4),
            NumberType::Int64 => ('i', 8),
            NumberType::UInt8 => ('u', 1),
            NumberType::UInt16 => ('u', 2),
            NumberType::UInt32 => ('u', 4),
            NumberType::UInt64 => ('u', 8),
            NumberType::Float16 => ('f', 2),
            NumberType::Float32 => ('f', 4),
            NumberType::Float64 => ('f', 8),
        }
    }

    fn of(letter: char, size: usize) -> Option<NumberType> {
        NumberType::ALL.into_iter().find(|of| of.letter_and_size() == (letter, size))
    }

    /// The name of it in a file.
    pub(super) fn descr(self) -> String {
        let (letter, size) = self.letter_and_size();
        format!("{}{letter}{size}", if size == 1 { '|' } else { '<' })
    }

    /// The type that NumPy works in where a number of this type meets one of another: the least that holds both, or
    /// `float64` where integers have none.
    ///
    /// ```
    /// use fieldgrad::npy::NumberType::*;
    ///
    /// assert_eq!(Int8.promoted(UInt8), Int16);
    /// assert_eq!(UInt64.promoted(Int64), Float64);
    /// assert_eq!(Float16.promoted(Int16), Float32);
    /// ```
    pub fn promoted(self, other: NumberType) -> NumberType {
        let ((letter, size), (other_letter, other_size)) = (self.letter_and_size(), other.letter_and_size());
        // The size of the float that holds an integer type.
        let as_float = |letter, size: usize| if letter == 'f' { size } else { (2 * size).min(8) };
        let found = match (letter, other_letter) {
            ('b', _) => return other,
            (_, 'b') => return self,
            (a, b) if a == b => (a, size.max(other_size)),
            ('f', _) | (_, 'f') => ('f', as_float(letter, size).max(as_float(other_letter, other_size))),
            _ => {
                let (signed, unsigned) = if letter == 'i' { (size, other_size) } else { (other_size, size) };
                let needed = signed.max(2 * unsigned);
                if needed > 8 { ('f', 8) } else { ('i', needed) }
            }
        };
        NumberType::of(found.0, found.1).expect("there is one of each such size")
    }
}

impl fmt::Display for NumberType {
    fn fmt(&self, f: &mut fmt::Formatter) -> fmt::Result {
        let (letter, size) = self.letter_and_size();
        match letter {
            'b' => write!(f, "bool"),
            'i' => write!(f, "int{}", 8 * size),
            'u' => write!(f, "uint{}", 8 * size),
            _ => write!(f, "float{}", 8 * size),
        }
    }
}

/// A type of numbers as it stands in a file.
#[derive(Clone, Copy)]
pub(super) struct StoredType {
    pub(super) number: NumberType,
    is_big_endian: bool,
}

/// A number that numbers of a file become.
pub(crate) trait FileNumber: Sized {
    fn of_f64(number: f64) -> Self;
    fn of_i64(number: i64) -> Self;
    fn of_u64(number: u64) -> Self;
}

macro_rules! file_number {
    ($($type:ty)*) => {$(
        impl FileNumber for $type {
            fn of_f64(number: f64) -> Self {
                number as $type
            }
            fn of_i64(number: i64) -> Self {
                number as $type
            }
            fn of_u64(number: u64) -> Self {
                number as $type
            }
        }
    )*};
}
file_number! { i8 i16 i32 i64 u8 u16 u32 u64 f32 f64 }

impl FileNumber for bool {
    fn of_f64(number: f64) -> Self {
        number != 0.0
    }
    fn of_i64(number: i64) -> Self {
        number != 0
    }
    fn of_u64(number: u64) -> Self {
        number != 0
    }
}

impl FileNumber for Half {
    fn of_f64(number: f64) -> Self {
        Half::of(number)
    }
    fn of_i64(number: i64) -> Self {
        Half::of(number as f64)
    }
    fn of_u64(number: u64) -> Self {
        Half::of(number as f64)
    }
}

impl StoredType {
    /// The type of a name such as `<f4`: the order of bytes, the kind, and how many bytes.
    pub(super) fn of(name: &str) -> Result<StoredType, String> {
        let wrong = || {
            let shown: String = name.chars().take(40).collect();
            format!("holds numbers of the type {shown}; bool, i1 to i8, u1 to u8, f2, f4 and f8 are read")
        };
        let &[order, letter, digit] = name.as_bytes() else { return Err(wrong()) };
        let size = usize::from(digit.wrapping_sub(b'0'));
        let number = NumberType::of(char::from(letter), size).ok_or_else(wrong)?;
        let is_big_endian = match order {
            b'<' => false,
            b'>' => true,
            b'|' if size == 1 => false,
            b'=' => cfg!(target_endian = "big"),
            _ => return Err(wrong()),
        };
        Ok(StoredType { number, is_big_endian })
    }

    /// How many bytes a number has.
    pub(super) fn size(self) -> usize {
        self.number.letter_and_size().1
    }

    /// Reads the numbers, in the order they stand in.
    pub(super) fn read_all<T: FileNumber>(
        self,
        count: usize,
        from: impl Read,
        to: &mut Vec<T>,
    ) -> io::Result<()> {
        macro_rules! as_type {
            ($type:ty, $by:ident, $wide:ty) => {
                match self.is_big_endian {
                    true => {
                        typed(count, from, to, |bytes| Ok(T::$by(<$type>::from_be_bytes(bytes) as $wide)))
                    }
                    false => {
                        typed(count, from, to, |bytes| Ok(T::$by(<$type>::from_le_bytes(bytes) as $wide)))
                    }
                }
            };
        }
        match self.number {
            NumberType::Bool => typed(count, from, to, |[byte]| match byte {
                0 | 1 => Ok(T::of_u64(byte.into())),
                _ => Err(io::Error::other(format!("has a bool of {byte}, which is neither 0 nor 1"))),
            }),
            NumberType::Int8 => as_type!(i8, of_i64, i64),
            NumberType::Int16 => as_type!(i16, of_i64, i64),
            NumberType::Int32 => as_type!(i32, of_i64, i64),
            NumberType::Int64 => as_type!(i64, of_i64, i64),
            NumberType::UInt8 => as_type!(u8, of_u64, u64),
            NumberType::UInt16 => as_type!(u16, of_u64, u64),
            NumberType::UInt32 => as_type!(u32, of_u64, u64),
            NumberType::UInt64 => as_type!(u64, of_u64, u64),
            NumberType::Float16 => match self.is_big_endian {
                true => {
                    typed(count, from, to, |bytes| Ok(T::of_f64(Half(u16::from_be_bytes(bytes)).to_f64())))
                }
                false => {
                    typed(count, from, to, |bytes| Ok(T::of_f64(Half(u16::from_le_bytes(bytes)).to_f64())))
                }
            },
            NumberType::Float32 => as_type!(f32, of_f64, f64),
            NumberType::Float64 => as_type!(f64, of_f64, f64),
        }
    }
}

fn typed<T, const SIZE: usize>(
    count: usize,
    mut from: impl Read,
    to: &mut Vec<T>,
    convert: impl Fn([u8; SIZE]) -> io::Result<T>,
) -> io::Result<()> {
    let mut piece = vec![0; SIZE * PIECE];
    while to.len() < count && !task::is_given_up() {
        let piece = &mut piece[..SIZE * PIECE.min(count - to.len())];
        from.read_exact(piece)?;
        for bytes in piece.as_chunks().0 {
            to.push(convert(*bytes)?);
        }
    }
    Ok(())
}
