//! The scalar operations by name: applied to any number, and differentiated once for all of them.

use super::{Real, Smooth};

/// A scalar operation: a function of one to four numbers.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[allow(missing_docs)] // each is documented at the method of `Real` that bears its name
pub enum Op {
    Neg,
    Abs,
    Sqrt,
    Square,
    Recip,
    Exp,
    Ln,
    Sin,
    Cos,
    Tan,
    Asin,
    Acos,
    Atan,
    Floor,
    Ceil,
    Round,
    Sign,
    Ramp,
    Add,
    Sub,
    Mul,
    Div,
    Min,
    Max,
    Pow,
    Atan2,
    Modulo,
    Hypot,
    Length,
    Mix,
    SmoothMin(Smooth),
    SmoothWeight(Smooth),
    IfLess,
}

impl Op {
    /// Every operation, once.
    pub const ALL: [Op; 43] = {
        use Op::*;
        use Smooth::*;
        [
            Neg,
            Abs,
            Sqrt,
            Square,
            Recip,
            Exp,
            Ln,
            Sin,
            Cos,
            Tan,
            Asin,
            Acos,
            Atan,
            Floor,
            Ceil,
            Round,
            Sign,
            Ramp,
            Add,
            Sub,
            Mul,
            Div,
            Min,
            Max,
            Pow,
            Atan2,
            Modulo,
            Hypot,
            Length,
            Mix,
            SmoothMin(Quadratic),
            SmoothMin(Cubic),
            SmoothMin(Quartic),
            SmoothMin(Circular),
            SmoothMin(Exponential),
            SmoothMin(Root),
            SmoothWeight(Quadratic),
            SmoothWeight(Cubic),
            SmoothWeight(Quartic),
            SmoothWeight(Circular),
            SmoothWeight(Exponential),
            SmoothWeight(Root),
            IfLess,
        ]
    };

    /// Its place in [`Op::ALL`].
    pub(crate) const fn number(self) -> usize {
        use Op::*;
        match self {
            Neg => 0,
            Abs => 1,
            Sqrt => 2,
            Square => 3,
            Recip => 4,
            Exp => 5,
            Ln => 6,
            Sin => 7,
            Cos => 8,
            Tan => 9,
            Asin => 10,
            Acos => 11,
            Atan => 12,
            Floor => 13,
            Ceil => 14,
            Round => 15,
            Sign => 16,
            Ramp => 17,
            Add => 18,
            Sub => 19,
            Mul => 20,
            Div => 21,
            Min => 22,
            Max => 23,
            Pow => 24,
            Atan2 => 25,
            Modulo => 26,
            Hypot => 27,
            Length => 28,
            Mix => 29,
            SmoothMin(kind) => 30 + kind as usize,
            SmoothWeight(kind) => 36 + kind as usize,
            IfLess => 42,
        }
    }

    /// How many numbers it takes.
    pub const fn arity(self) -> usize {
        use Op::*;
        match self {
            Neg | Abs | Sqrt | Square | Recip | Exp | Ln | Sin | Cos | Tan | Asin | Acos | Atan | Floor
            | Ceil | Round | Sign | Ramp => 1,
            Add | Sub | Mul | Div | Min | Max | Pow | Atan2 | Modulo | Hypot => 2,
            Length | Mix | SmoothMin(_) | SmoothWeight(_) => 3,
            IfLess => 4,
        }
    }

    /// Whether over a box it may turn out to be one of its operands, or one number.
    pub const fn is_choice(self) -> bool {
        use Op::*;
        matches!(self, Min | Max | IfLess | SmoothMin(_) | Floor | Ceil | Round | Sign | Ramp)
    }

    /// Its name, as scenes and pictures of graphs spell it.
    pub const fn name(self) -> &'static str {
        use Op::*;
        match self {
            Neg => "neg",
            Abs => "abs",
            Sqrt => "sqrt",
            Square => "square",
            Recip => "recip",
            Exp => "exp",
            Ln => "ln",
            Sin => "sin",
            Cos => "cos",
            Tan => "tan",
            Asin => "asin",
            Acos => "acos",
            Atan => "atan",
            Floor => "floor",
            Ceil => "ceil",
            Round => "round",
            Sign => "sign",
            Ramp => "ramp",
            Add => "+",
            Sub => "-",
            Mul => "*",
            Div => "/",
            Min => "min",
            Max => "max",
            Pow => "pow",
            Atan2 => "atan2",
            Modulo => "%",
            Hypot => "hypot",
            Length => "length",
            Mix => "mix",
            SmoothMin(_) => "smooth_min",
            SmoothWeight(_) => "smooth_weight",
            IfLess => "if_less",
        }
    }

    /// The operation on numbers; `arg(i)` gives its i-th operand.
    #[inline(always)]
    pub fn apply<R: Real>(self, arg: impl Fn(usize) -> R) -> R {
        use Op::*;
        match self {
            Neg => -arg(0),
            Abs => arg(0).abs(),
            Sqrt => arg(0).sqrt(),
            Square => arg(0).square(),
            Recip => arg(0).recip(),
            Exp => arg(0).exp(),
            Ln => arg(0).ln(),
            Sin => arg(0).sin(),
            Cos => arg(0).cos(),
            Tan => arg(0).tan(),
            Asin => arg(0).asin(),
            Acos => arg(0).acos(),
            Atan => arg(0).atan(),
            Floor => arg(0).floor(),
            Ceil => arg(0).ceil(),
            Round => arg(0).round(),
            Sign => arg(0).sign(),
            Ramp => arg(0).ramp(),
            Add => arg(0) + arg(1),
            Sub => arg(0) - arg(1),
            Mul => arg(0) * arg(1),
            Div => arg(0) / arg(1),
            Min => arg(0).min(arg(1)),
            Max => arg(0).max(arg(1)),
            Pow => arg(0).pow(arg(1)),
            Atan2 => arg(0).atan2(arg(1)),
            Modulo => arg(0).modulo(arg(1)),
            Hypot => arg(0).hypot(arg(1)),
            Length => R::length(arg(0), arg(1), arg(2)),
            Mix => R::mix(arg(0), arg(1), arg(2)),
            SmoothMin(kind) => R::smooth_min(arg(0), arg(1), arg(2), kind),
            SmoothWeight(kind) => R::smooth_weight(arg(0), arg(1), arg(2), kind),
            IfLess => R::if_less(arg(0), arg(1), arg(2), arg(3)),
        }
    }

    /// The derivative of the operation in its i-th operand, where it gave `value`.
    ///
    /// This is the one place a derivative is written: forward mode ([`Dual`](super::Dual)) multiplies it by what
    /// comes in, reverse mode (the adjoint) by what comes back.
    #[inline(always)]
    pub fn partial<R: Real>(self, i: usize, arg: impl Fn(usize) -> R, value: &R) -> R {
        use Op::*;
        let (zero, one) = (R::zero, R::one);
        let value = || value.clone();
        // `quotient` where `guard` is above 0, else 0: an edge at which the rule would divide by zero.
        let guarded = |guard: R, quotient: R| R::if_less(zero(), guard, quotient, zero());
        match (self, i) {
            (Neg, _) => R::constant(-1.0),
            (Abs, _) => arg(0).sign(),
            (Sqrt, _) => guarded(value(), R::constant(0.5) / value()),
            (Square, _) => R::constant(2.0) * arg(0),
            (Recip, _) => -value().square(),
            (Exp, _) => value(),
            (Ln, _) => arg(0).recip(),
            (Sin, _) => arg(0).cos(),
            (Cos, _) => -arg(0).sin(),
            (Tan, _) => one() + value().square(),
            (Asin, _) | (Acos, _) => {
                let root = (one() - arg(0).square()).sqrt();
                let slope = guarded(root.clone(), root.recip());
                if self == Asin { slope } else { -slope }
            }
            (Atan, _) => (one() + arg(0).square()).recip(),
            (Floor | Ceil | Round | Sign, _) => zero(),
            (Ramp, _) => {
                let a = arg(0).clamp(zero(), one());
                R::constant(6.0) * a.clone() * (one() - a)
            }
            (Add, _) | (Sub, 0) | (Modulo, 0) => one(),
            (Sub, _) => R::constant(-1.0),
            (Mul, _) => arg(1 - i),
            (Div, 0) => arg(1).recip(),
            (Div, _) => -(value() / arg(1)),
            (Min, 0) => R::if_less(arg(1), arg(0), zero(), one()),
            (Min, _) => R::if_less(arg(1), arg(0), one(), zero()),
            (Max, 0) => R::if_less(arg(0), arg(1), zero(), one()),
            (Max, _) => R::if_less(arg(0), arg(1), one(), zero()),
            (Pow, 0) => {
                // b·aᵇ⁻¹, but 0 at a = 0 where that is infinite (b < 1).
                let slope = arg(1) * arg(0).pow(arg(1) - one());
                let at_zero = R::if_less(arg(1), one(), zero(), slope.clone());
                R::if_less(zero(), arg(0).abs(), slope, at_zero)
            }
            (Pow, _) => guarded(arg(0), value() * arg(0).ln()),
            (Atan2, _) => {
                let square = arg(0).square() + arg(1).square();
                let numerator = if i == 0 { arg(1) } else { -arg(0) };
                guarded(square.clone(), numerator / square)
            }
            (Modulo, _) => -(arg(0) / arg(1)).floor(),
            (Hypot | Length, _) => arg(i).cosine(value()),
            (Mix, 0) => one() - arg(2),
            (Mix, 1) => arg(2),
            (Mix, _) => arg(1) - arg(0),
            (SmoothMin(kind), 0) => one() - R::smooth_weight(arg(0), arg(1), arg(2), kind),
            (SmoothMin(kind), 1) => R::smooth_weight(arg(0), arg(1), arg(2), kind),
            (SmoothMin(kind), _) => kind.slope_in_k(arg(0), arg(1), arg(2)),
            (SmoothWeight(kind), _) => {
                let curve = kind.curve(arg(0), arg(1), arg(2));
                match i {
                    0 => curve,
                    1 => -curve,
                    _ => guarded(arg(2), curve * (arg(1) - arg(0)) / arg(2)),
                }
            }
            (IfLess, 0 | 1) => zero(),
            (IfLess, 2) => R::if_less(arg(0), arg(1), one(), zero()),
            (IfLess, _) => R::if_less(arg(0), arg(1), zero(), one()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_operation_stands_at_its_number() {
        for (number, op) in Op::ALL.into_iter().enumerate() {
            assert_eq!(op.number(), number, "{op:?}");
        }
    }
}
