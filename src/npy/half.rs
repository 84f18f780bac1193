//! Numbers of 16 bits, as IEEE 754's binary16 has them: NumPy's float16.

/// A number of 16 bits, by its bits.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Half(pub u16);

impl Half {
    /// The number as `f64`, which holds all of them.
    pub fn to_f64(self) -> f64 {
        let (exponent, fraction) = (i32::from(self.0 >> 10 & 31), f64::from(self.0 & 1023) / 1024.0);
        let size = match exponent {
            0 => fraction * 2f64.powi(-14),
            31 if fraction == 0.0 => f64::INFINITY,
            31 => f64::NAN,
            _ => (1.0 + fraction) * 2f64.powi(exponent - 15),
        };
        if self.0 >> 15 == 1 { -size } else { size }
    }

    /// The nearest number, the even one of two; infinity beyond the largest.
    pub fn of(number: f64) -> Half {
        let sign = u16::from(number.is_sign_negative()) << 15;
        let size = number.abs();
        let bits = match () {
            _ if size.is_nan() => 0x7e00,
            _ if size >= 65520.0 => 0x7c00, // half way from the largest to the next there would be
            // Numbers below 2⁻¹⁴ are whole multiples of 2⁻²⁴; 1024 of those are the first of the others.
            _ if size < 2f64.powi(-14) => (size * 2f64.powi(24)).round_ties_even() as u16,
            _ => {
                let exponent = (size.to_bits() >> 52) as i32 - 1023;
                let fraction = (size * 2f64.powi(10 - exponent)).round_ties_even() as u16; // 1024 to 2048
                (((exponent + 15) as u16) << 10) + (fraction - 1024)
            }
        };
        Half(sign | bits)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_number_goes_there_and_back() {
        for bits in 0..=u16::MAX {
            let number = Half(bits).to_f64();
            match number.is_nan() {
                true => assert!(Half::of(number).to_f64().is_nan()),
                false => assert_eq!(Half::of(number), Half(bits)),
            }
            // A number between two goes to the nearer, and to the even one half way.
            if bits < 0x7bff {
                let next = Half(bits + 1).to_f64();
                let even = if bits % 2 == 0 { bits } else { bits + 1 };
                assert_eq!(Half::of(0.5 * (number + next)), Half(even));
                assert_eq!(Half::of(0.49 * number + 0.51 * next), Half(bits + 1));
            }
        }
        assert_eq!(Half::of(65519.0), Half(0x7bff));
        assert_eq!(Half::of(-1e9), Half(0xfc00));
    }
}
