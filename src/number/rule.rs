//! The derivative of every operation in each of its operands.
//!
//! This is the one place a derivative is written: forward mode ([`Dual`](super::Dual)) multiplies it by what comes in,
//! reverse mode (the adjoint) by what comes back. Each operation's rule is a function by itself, so that code which
//! knows its operation is compiled with that rule alone.

use super::op::ConstantOp;
use super::{Op, Real, Smooth};

/// `quotient` where `guard` is above 0, else 0: an edge at which the rule would divide by zero.
#[inline(always)]
fn guarded<R: Real>(guard: R, quotient: R) -> R {
    R::if_less(R::zero(), guard, quotient, R::zero())
}

/// Rules by the name of their operation's method: the derivative in operand `i`, where `arg` gives the operands and
/// the operation gave `value`. And the choice among them.
macro_rules! rules {
    ($($op:ident $name:ident |$i:pat_param, $arg:pat_param, $value:pat_param| $rule:expr;)*) => {
        $(
            #[inline(always)]
            pub(super) fn $name<R: Real>($i: usize, $arg: &impl Fn(usize) -> R, $value: &R) -> R {
                $rule
            }
        )*

        impl Op {
            /// The derivative of the operation in its i-th operand, where it gave `value`.
            #[inline(always)]
            pub fn partial<R: Real>(self, i: usize, arg: impl Fn(usize) -> R, value: &R) -> R {
                match self {
                    $(Op::$op => $name(i, &arg, value),)*
                    Op::SmoothMin(kind) => smooth_min(kind, i, &arg),
                    Op::SmoothWeight(kind) => smooth_weight(kind, i, &arg),
                }
            }
        }

        /// [`Op::partial`] of an operation that is a constant: its rule alone is handed to the optimiser.
        #[inline(always)]
        pub(crate) fn partial_of<O: ConstantOp, R: Real>(i: usize, arg: impl Fn(usize) -> R, value: &R) -> R {
            $(
                if const { O::OP.number() == Op::$op.number() } {
                    return $name(i, &arg, value);
                }
            )*
            if const { matches!(O::OP, Op::SmoothMin(_)) } {
                let Op::SmoothMin(kind) = (const { O::OP }) else { unreachable!("it is one") };
                return smooth_min(kind, i, &arg);
            }
            let Op::SmoothWeight(kind) = (const { O::OP }) else { unreachable!("all others are above") };
            smooth_weight(kind, i, &arg)
        }
    };
}

rules! {
    Neg neg |_, _, _| R::constant(-1.0);
    Abs abs |_, arg, _| arg(0).sign();
    Sqrt sqrt |_, _, value| guarded(value.clone(), R::constant(0.5) / value.clone());
    Square square |_, arg, _| R::constant(2.0) * arg(0);
    Recip recip |_, _, value| -value.clone().square();
    Exp exp |_, _, value| value.clone();
    Ln ln |_, arg, _| arg(0).recip();
    Sin sin |_, arg, _| arg(0).cos();
    Cos cos |_, arg, _| -arg(0).sin();
    Tan tan |_, _, value| R::one() + value.clone().square();
    Asin asin |_, arg, _| {
        let root = (R::one() - arg(0).square()).sqrt();
        guarded(root.clone(), root.recip())
    };
    Acos acos |i, arg, value| -asin(i, arg, value);
    Atan atan |_, arg, _| (R::one() + arg(0).square()).recip();
    Floor floor |_, _, _| R::zero();
    Ceil ceil |_, _, _| R::zero();
    Round round |_, _, _| R::zero();
    Sign sign |_, _, _| R::zero();
    Ramp ramp |_, arg, _| {
        let a = arg(0).clamp(R::zero(), R::one());
        R::constant(6.0) * a.clone() * (R::one() - a)
    };
    Add add |_, _, _| R::one();
    Sub sub |i, _, _| if i == 0 { R::one() } else { R::constant(-1.0) };
    Mul mul |i, arg, _| arg(1 - i);
    Div div |i, arg, value| if i == 0 { arg(1).recip() } else { -(value.clone() / arg(1)) };
    Min min |i, arg, _| match i {
        0 => R::if_less(arg(1), arg(0), R::zero(), R::one()),
        _ => R::if_less(arg(1), arg(0), R::one(), R::zero()),
    };
    Max max |i, arg, _| match i {
        0 => R::if_less(arg(0), arg(1), R::zero(), R::one()),
        _ => R::if_less(arg(0), arg(1), R::one(), R::zero()),
    };
    Pow pow |i, arg, value| match i {
        0 => {
            // b·aᵇ⁻¹, but 0 at a = 0 where that is infinite (b < 1).
            let slope = arg(1) * arg(0).pow(arg(1) - R::one());
            let at_zero = R::if_less(arg(1), R::one(), R::zero(), slope.clone());
            R::if_less(R::zero(), arg(0).abs(), slope, at_zero)
        }
        _ => guarded(arg(0), value.clone() * arg(0).ln()),
    };
    Atan2 atan2 |i, arg, _| {
        let square = arg(0).square() + arg(1).square();
        let numerator = if i == 0 { arg(1) } else { -arg(0) };
        guarded(square.clone(), numerator / square)
    };
    Modulo modulo |i, arg, _| if i == 0 { R::one() } else { -(arg(0) / arg(1)).floor() };
    Hypot hypot |i, arg, value| arg(i).direction_cosine(value.clone());
    Length length |i, arg, value| arg(i).direction_cosine(value.clone());
    Mix mix |i, arg, _| match i {
        0 => R::one() - arg(2),
        1 => arg(2),
        _ => arg(1) - arg(0),
    };
    IfLess if_less |i, arg, _| match i {
        0 | 1 => R::zero(),
        2 => R::if_less(arg(0), arg(1), R::one(), R::zero()),
        _ => R::if_less(arg(0), arg(1), R::zero(), R::one()),
    };
    // By quotients with the length: its square may be 0 where it is not.
    DirectionCosine direction_cosine |i, arg, value| {
        let inverse = guarded(arg(1), arg(1).recip());
        if i == 0 { inverse } else { -(value.clone() * inverse) }
    };
}

#[inline(always)]
fn smooth_min<R: Real>(kind: Smooth, i: usize, arg: &impl Fn(usize) -> R) -> R {
    match i {
        0 => R::one() - R::smooth_weight(arg(0), arg(1), arg(2), kind),
        1 => R::smooth_weight(arg(0), arg(1), arg(2), kind),
        _ => kind.slope_in_k(arg(0), arg(1), arg(2)),
    }
}

#[inline(always)]
fn smooth_weight<R: Real>(kind: Smooth, i: usize, arg: &impl Fn(usize) -> R) -> R {
    let curve = kind.curve(arg(0), arg(1), arg(2));
    match i {
        0 => curve,
        1 => -curve,
        _ => smooth_weight_in_k(&curve, [&arg(0), &arg(1), &arg(2)]),
    }
}

/// The derivative in k, where `curve` is that in a.
#[inline(always)]
pub(super) fn smooth_weight_in_k<R: Real>(curve: &R, [a, b, k]: [&R; 3]) -> R {
    guarded(k.clone(), curve.clone() * (b.clone() - a.clone()) / k.clone())
}
