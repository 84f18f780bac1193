//! What each operation sends back to each operand, in kind: read off the derivative rule itself.

use crate::field::{Axis, Field, Reads, param};
use crate::number::Op;
use crate::tape::adjoint::send_back;
use std::collections::HashMap;
use std::sync::LazyLock;

/// What an operation sends back to an operand.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Sent {
    /// Nothing, whatever comes: steps are flat, and a condition has no slope.
    Nothing,
    /// What came, as it is.
    Same,
    /// What came, with the other sign.
    Negated,
    /// What came, times an operand.
    Times(usize),
    /// Something that is worked out.
    Rule,
}

/// What is sent to an operand, and what that is worked out from.
#[derive(Clone, Copy, Debug)]
pub(super) struct AdjointRule {
    pub(super) sent: Sent,
    pub(super) reads_operand: [bool; 4],
    pub(super) reads_value: bool,
}

/// The rules of an operation, an operand each.
pub(super) fn rules(op: Op) -> &'static [AdjointRule] {
    static RULES: LazyLock<HashMap<Op, Vec<AdjointRule>>> = LazyLock::new(|| {
        let of = |op: Op| (0..op.arity()).map(|n| AdjointRule::of(op, n)).collect();
        Op::ALL.iter().map(|&op| (op, of(op))).collect()
    });
    &RULES[&op]
}

impl AdjointRule {
    /// The rule run on symbols: the operands are the coordinates, the value is a parameter, and 1 comes.
    fn of(op: Op, n: usize) -> AdjointRule {
        let operand = |i: usize| Field::coordinate(Axis::ALL[i]);
        let value = param("value", 1.0);
        let sent = send_back(op, n, operand, &value, Field::constant(1.0));
        let times = (0..op.arity()).find(|&i| sent.key() == operand(i).key());
        let reads = sent.reads();
        AdjointRule {
            sent: match (sent.as_constant(), times) {
                (Some(0.0), _) => Sent::Nothing,
                (Some(1.0), _) => Sent::Same,
                (Some(-1.0), _) => Sent::Negated,
                (_, Some(i)) => Sent::Times(i),
                _ => Sent::Rule,
            },
            reads_operand: Axis::ALL.map(|axis| reads.has(axis)),
            reads_value: reads.with(Reads::PARAMETERS) == reads,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::number::Smooth;

    #[test]
    fn kinds_are_read_off_the_rule() {
        let sent = |op: Op| rules(op).iter().map(|rule| rule.sent).collect::<Vec<_>>();
        use Sent::*;
        assert_eq!(sent(Op::Floor), [Nothing]);
        assert_eq!(sent(Op::Neg), [Negated]);
        assert_eq!(sent(Op::Sub), [Same, Negated]);
        assert_eq!(sent(Op::Mul), [Times(1), Times(0)]);
        assert_eq!(sent(Op::Mix), [Rule, Times(2), Rule]);
        assert_eq!(sent(Op::IfLess), [Nothing, Nothing, Rule, Rule]);
        let [sine, root] = [Op::Sin, Op::Sqrt].map(|op| rules(op)[0]);
        assert!(sine.reads_operand[0] && !sine.reads_value);
        assert!(!root.reads_operand[0] && root.reads_value);
        let weight = rules(Op::SmoothMin(Smooth::Cubic))[1];
        assert!(weight.reads_operand == [true, true, true, false] && !weight.reads_value);
    }
}
