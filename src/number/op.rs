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
    DirectionCosine,
}

impl Op {
    /// Every operation, once.
    pub const ALL: [Op; 44] = {
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
            DirectionCosine,
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
            DirectionCosine => 43,
        }
    }

    /// How many numbers it takes.
    pub const fn arity(self) -> usize {
        use Op::*;
        match self {
            Neg | Abs | Sqrt | Square | Recip | Exp | Ln | Sin | Cos | Tan | Asin | Acos | Atan | Floor
            | Ceil | Round | Sign | Ramp => 1,
            Add | Sub | Mul | Div | Min | Max | Pow | Atan2 | Modulo | Hypot | DirectionCosine => 2,
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
            DirectionCosine => "direction_cosine",
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
            DirectionCosine => arg(0).direction_cosine(arg(1)),
        }
    }
}

/// The numbers of the operations in [`Op::ALL`], to choose by while code is compiled.
pub(crate) mod number {
    use super::{Op, Smooth};

    macro_rules! numbers {
        ($($name:ident $op:expr;)*) => { $(pub(crate) const $name: usize = $op.number();)* };
    }

    numbers! {
        NEG Op::Neg; ABS Op::Abs; SQRT Op::Sqrt; SQUARE Op::Square; RECIP Op::Recip; EXP Op::Exp; LN Op::Ln;
        SIN Op::Sin; COS Op::Cos; TAN Op::Tan; ASIN Op::Asin; ACOS Op::Acos; ATAN Op::Atan; FLOOR Op::Floor;
        CEIL Op::Ceil; ROUND Op::Round; SIGN Op::Sign; RAMP Op::Ramp; ADD Op::Add; SUB Op::Sub; MUL Op::Mul;
        DIV Op::Div; MIN Op::Min; MAX Op::Max; POW Op::Pow; ATAN2 Op::Atan2; MODULO Op::Modulo; HYPOT Op::Hypot;
        LENGTH Op::Length; MIX Op::Mix; IF_LESS Op::IfLess; DIRECTION_COSINE Op::DirectionCosine;
        FIRST_SMOOTH_MIN Op::SmoothMin(Smooth::Quadratic); LAST_SMOOTH_MIN Op::SmoothMin(Smooth::Root);
        FIRST_SMOOTH_WEIGHT Op::SmoothWeight(Smooth::Quadratic); LAST_SMOOTH_WEIGHT Op::SmoothWeight(Smooth::Root);
    }
}

/// An operation that is known while code is compiled.
pub(crate) trait ConstantOp {
    /// Which.
    const OP: Op;
}

/// That of a number in [`Op::ALL`].
pub(crate) struct NumberedOp<const N: usize>;

impl<const N: usize> ConstantOp for NumberedOp<N> {
    const OP: Op = Op::ALL[N];
}

/// An operation that is a constant, on numbers of a type: [`Op::apply`].
///
/// The choice is made on a number known before the code is handed to the optimiser. `Op::apply` itself hands over
/// all 44 operations each time, and the optimiser throws 43 away: for hundreds of loops that takes minutes.
macro_rules! apply_known {
    ($op:expr, $number:ty, $arg:expr) => {{
        use $crate::number::op::number;
        let arg = $arg;
        match const { $op.number() } {
            number::NEG => -arg(0),
            number::ABS => arg(0).abs(),
            number::SQRT => arg(0).sqrt(),
            number::SQUARE => arg(0).square(),
            number::RECIP => arg(0).recip(),
            number::EXP => arg(0).exp(),
            number::LN => arg(0).ln(),
            number::SIN => arg(0).sin(),
            number::COS => arg(0).cos(),
            number::TAN => arg(0).tan(),
            number::ASIN => arg(0).asin(),
            number::ACOS => arg(0).acos(),
            number::ATAN => arg(0).atan(),
            number::FLOOR => arg(0).floor(),
            number::CEIL => arg(0).ceil(),
            number::ROUND => arg(0).round(),
            number::SIGN => arg(0).sign(),
            number::RAMP => arg(0).ramp(),
            number::ADD => arg(0) + arg(1),
            number::SUB => arg(0) - arg(1),
            number::MUL => arg(0) * arg(1),
            number::DIV => arg(0) / arg(1),
            number::MIN => arg(0).min(arg(1)),
            number::MAX => arg(0).max(arg(1)),
            number::POW => arg(0).pow(arg(1)),
            number::ATAN2 => arg(0).atan2(arg(1)),
            number::MODULO => arg(0).modulo(arg(1)),
            number::HYPOT => arg(0).hypot(arg(1)),
            number::LENGTH => <$number>::length(arg(0), arg(1), arg(2)),
            number::MIX => <$number>::mix(arg(0), arg(1), arg(2)),
            number::FIRST_SMOOTH_MIN..=number::LAST_SMOOTH_MIN => {
                let Op::SmoothMin(kind) = (const { $op }) else { unreachable!("by its number") };
                <$number>::smooth_min(arg(0), arg(1), arg(2), kind)
            }
            number::FIRST_SMOOTH_WEIGHT..=number::LAST_SMOOTH_WEIGHT => {
                let Op::SmoothWeight(kind) = (const { $op }) else { unreachable!("by its number") };
                <$number>::smooth_weight(arg(0), arg(1), arg(2), kind)
            }
            number::IF_LESS => <$number>::if_less(arg(0), arg(1), arg(2), arg(3)),
            number::DIRECTION_COSINE => arg(0).direction_cosine(arg(1)),
            _ => unreachable!("a number of an operation"),
        }
    }};
}
pub(crate) use apply_known;

/// All operations' numbers, handed to a macro that makes of them a table of functions, one an operation.
macro_rules! of_every_operation {
    ($with:ident) => {
        $with! {
            0 1 2 3 4 5 6 7 8 9 10 11 12 13 14 15 16 17 18 19 20 21 22 23 24 25 26 27 28 29 30 31 32 33 34 35 36 37 38 39
            40 41 42 43
        }
    };
}
pub(crate) use of_every_operation;

#[cfg(test)]
impl Op {
    /// The operation on numbers, as [`Op::apply`] has it, by a function of its own: for tests, which are compiled for many
    /// types of numbers.
    pub(crate) fn on<R: Real>(self, arg: impl Fn(usize) -> R) -> R {
        struct ByOperation<R>(std::marker::PhantomData<R>);
        fn function<R: Real, const OP: usize>(args: &[R]) -> R {
            apply_known!(Op::ALL[OP], R, |i: usize| args[i].clone())
        }
        macro_rules! functions {
            ($($op:literal)*) => { [$(function::<R, $op>),*] };
        }
        impl<R: Real> ByOperation<R> {
            const ALL: [fn(&[R]) -> R; Op::ALL.len()] = of_every_operation!(functions);
        }
        let args: Vec<R> = (0..self.arity()).map(arg).collect();
        ByOperation::<R>::ALL[self.number()](&args)
    }

    /// Whether numbers are in its domain, where outside of it there are numbers too. A length is 0, or no smaller than
    /// the root of the least number there is.
    pub(crate) fn is_defined(self, arg: impl Fn(usize) -> f64) -> bool {
        self != Op::DirectionCosine || (arg(0).abs() <= arg(1) && (arg(1) == 0.0 || arg(1) > 1e-22))
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
