//! Arrays in the types that NumPy has.

use super::half::Half;
use super::header::{header_of, write_header_of};
use super::number_type::{FileNumber, NumberType};
use super::{checked_count, last_fastest, opened, unread};
use crate::error::{Error, Result};
use crate::file::write_whole;
use crate::task;
use std::io::{self, Read, Write};
use std::path::Path;

/// An array of one of NumPy's real types, the last axis the fastest.
#[derive(Clone, Debug, PartialEq)]
pub struct NumpyArray {
    shape: Vec<usize>,
    numbers: Numbers,
}

/// Numbers of one of NumPy's real types.
#[derive(Clone, Debug, PartialEq)]
#[allow(missing_docs)] // each is NumPy's type of that name
pub enum Numbers {
    Bool(Vec<bool>),
    Int8(Vec<i8>),
    Int16(Vec<i16>),
    Int32(Vec<i32>),
    Int64(Vec<i64>),
    UInt8(Vec<u8>),
    UInt16(Vec<u16>),
    UInt32(Vec<u32>),
    UInt64(Vec<u64>),
    Float16(Vec<Half>),
    Float32(Vec<f32>),
    Float64(Vec<f64>),
}

/// An expression in the numbers of any type.
macro_rules! of_any {
    ($numbers:expr, $found:ident => $result:expr) => {
        match $numbers {
            Numbers::Bool($found) => $result,
            Numbers::Int8($found) => $result,
            Numbers::Int16($found) => $result,
            Numbers::Int32($found) => $result,
            Numbers::Int64($found) => $result,
            Numbers::UInt8($found) => $result,
            Numbers::UInt16($found) => $result,
            Numbers::UInt32($found) => $result,
            Numbers::UInt64($found) => $result,
            Numbers::Float16($found) => $result,
            Numbers::Float32($found) => $result,
            Numbers::Float64($found) => $result,
        }
    };
}

/// The numbers of a type, by an expression that gives those of any.
macro_rules! by_type {
    ($number:expr, $result:expr) => {
        match $number {
            NumberType::Bool => Numbers::Bool($result),
            NumberType::Int8 => Numbers::Int8($result),
            NumberType::Int16 => Numbers::Int16($result),
            NumberType::Int32 => Numbers::Int32($result),
            NumberType::Int64 => Numbers::Int64($result),
            NumberType::UInt8 => Numbers::UInt8($result),
            NumberType::UInt16 => Numbers::UInt16($result),
            NumberType::UInt32 => Numbers::UInt32($result),
            NumberType::UInt64 => Numbers::UInt64($result),
            NumberType::Float16 => Numbers::Float16($result),
            NumberType::Float32 => Numbers::Float32($result),
            NumberType::Float64 => Numbers::Float64($result),
        }
    };
}

/// A number of any type, as the widest that holds it.
enum WideNumber {
    Int(i64),
    UInt(u64),
    Float(f64),
}

/// A number as it goes to other types and to files.
trait StoredNumber: Copy {
    fn wide(self) -> WideNumber;
    fn append_to(self, bytes: &mut Vec<u8>);
}

macro_rules! stored_number {
    ($($type:ty, $kind:ident;)*) => {$(
        impl StoredNumber for $type {
            fn wide(self) -> WideNumber {
                WideNumber::$kind(self.into())
            }
            fn append_to(self, bytes: &mut Vec<u8>) {
                bytes.extend(self.to_le_bytes());
            }
        }
    )*};
}
stored_number! { i8, Int; i16, Int; i32, Int; i64, Int; u8, UInt; u16, UInt; u32, UInt; u64, UInt; f32, Float; f64, Float; }

impl StoredNumber for bool {
    fn wide(self) -> WideNumber {
        WideNumber::UInt(self.into())
    }
    fn append_to(self, bytes: &mut Vec<u8>) {
        bytes.push(self.into());
    }
}

impl StoredNumber for Half {
    fn wide(self) -> WideNumber {
        WideNumber::Float(self.to_f64())
    }
    fn append_to(self, bytes: &mut Vec<u8>) {
        bytes.extend(self.0.to_le_bytes());
    }
}

fn converted<A: StoredNumber, B: FileNumber>(numbers: &[A]) -> Vec<B> {
    let convert = |number: &A| match number.wide() {
        WideNumber::Int(number) => B::of_i64(number),
        WideNumber::UInt(number) => B::of_u64(number),
        WideNumber::Float(number) => B::of_f64(number),
    };
    numbers.iter().map(convert).collect()
}

impl Numbers {
    /// How many there are.
    pub fn len(&self) -> usize {
        of_any!(self, numbers => numbers.len())
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// Their type.
    pub fn number_type(&self) -> NumberType {
        match self {
            Numbers::Bool(_) => NumberType::Bool,
            Numbers::Int8(_) => NumberType::Int8,
            Numbers::Int16(_) => NumberType::Int16,
            Numbers::Int32(_) => NumberType::Int32,
            Numbers::Int64(_) => NumberType::Int64,
            Numbers::UInt8(_) => NumberType::UInt8,
            Numbers::UInt16(_) => NumberType::UInt16,
            Numbers::UInt32(_) => NumberType::UInt32,
            Numbers::UInt64(_) => NumberType::UInt64,
            Numbers::Float16(_) => NumberType::Float16,
            Numbers::Float32(_) => NumberType::Float32,
            Numbers::Float64(_) => NumberType::Float64,
        }
    }
}

impl NumpyArray {
    /// Numbers of a shape, the last axis the fastest. An error where they are not as many.
    pub fn new(shape: &[usize], numbers: Numbers) -> Result<NumpyArray> {
        let count = shape.iter().try_fold(1usize, |count, &side| count.checked_mul(side));
        if count != Some(numbers.len()) {
            return Err(Error::Input(format!("{} numbers are not those of {shape:?}", numbers.len())));
        }
        Ok(NumpyArray { shape: shape.to_vec(), numbers })
    }

    /// How many there are along each axis.
    pub fn shape(&self) -> &[usize] {
        &self.shape
    }

    /// The numbers, the last axis the fastest.
    pub fn numbers(&self) -> &Numbers {
        &self.numbers
    }

    /// Their type.
    pub fn number_type(&self) -> NumberType {
        self.numbers.number_type()
    }

    /// The same numbers in another type: rounded where they must be, integers wrapped as NumPy wraps them, and what is out
    /// of an integer type's range and no integer the nearest in it.
    pub fn converted(&self, to: NumberType) -> NumpyArray {
        let numbers = of_any!(&self.numbers, numbers => by_type!(to, converted(numbers)));
        NumpyArray { shape: self.shape.clone(), numbers }
    }

    /// The numbers as `f64`.
    pub fn to_f64(&self) -> Vec<f64> {
        of_any!(&self.numbers, numbers => converted(numbers))
    }

    /// Reads a file's bytes, of which there are so many.
    pub(super) fn read_from(mut from: impl Read, length: u64) -> Result<NumpyArray, String> {
        let (header, before) = header_of(&mut from)?;
        let count = checked_count(&header, length.saturating_sub(before), usize::MAX >> 4)?;
        let stored = header.number;
        let (shape, is_turned) = (header.shape, header.fortran_order);
        let numbers = by_type!(stored.number, {
            let mut numbers = Vec::new();
            numbers.try_reserve_exact(count).map_err(|_| "is larger than the memory there is".to_string())?;
            stored.read_all(count, from, &mut numbers).map_err(unread)?;
            if is_turned { last_fastest(&shape, &numbers) } else { numbers }
        });
        Ok(NumpyArray { shape, numbers })
    }

    /// Writes a file's bytes.
    pub(super) fn write_to(&self, out: &mut dyn Write) -> io::Result<()> {
        write_header_of(out, &self.shape, &self.number_type().descr())?;
        of_any!(&self.numbers, numbers => {
            for piece in numbers.chunks(1 << 13) {
                let mut bytes = Vec::with_capacity(8 * piece.len());
                piece.iter().for_each(|number| number.append_to(&mut bytes));
                out.write_all(&bytes)?;
            }
        });
        Ok(())
    }
}

/// Reads an array from a `.npy` file, in the type that it has there.
///
/// ```
/// use fieldgrad::npy::{self, NumberType, Numbers, NumpyArray};
///
/// let path = std::env::temp_dir().join(format!("bytes_{}.npy", std::process::id()));
/// let array = NumpyArray::new(&[2, 2], Numbers::UInt8(vec![0, 1, 128, 255]))?;
/// npy::write(&path, &array)?; // np.load reads it
/// assert_eq!(npy::read(&path)?, array);
/// let product = array.number_type().promoted(NumberType::Int8);
/// assert_eq!(array.converted(product).numbers(), &Numbers::Int16(vec![0, 1, 128, 255]));
/// # std::fs::remove_file(&path).unwrap();
/// # Ok::<(), fieldgrad::Error>(())
/// ```
pub fn read(path: impl AsRef<Path>) -> Result<NumpyArray> {
    let path = path.as_ref();
    let shown = path.display().to_string();
    let (file, length) = opened(path, &shown)?;
    let read = NumpyArray::read_from(file, length);
    task::check()?; // what was given up is not whole
    read.map_err(|problem| Error::File { path: shown, problem })
}

/// Writes an array to a `.npy` file, whole or not at all.
pub fn write(path: impl AsRef<Path>, array: &NumpyArray) -> Result<()> {
    write_whole(path.as_ref(), |out| array.write_to(out))
}
