//! Derivatives by their order in each of four inputs, as the outputs of kernels that have all of them.

/// An order for each input.
pub(super) type Orders = [u8; 4];

/// The orders are the digits of an output's number, to a base that none reaches: beyond it all derivatives are 0.
const BASE: usize = 8;

/// The derivative that is an output.
pub(super) fn orders_of(output: usize) -> Orders {
    std::array::from_fn(|i| (output / BASE.pow(i as u32) % BASE) as u8)
}

/// The output that is a derivative.
pub(super) fn output_of(orders: Orders) -> usize {
    orders.into_iter().rev().fold(0, |number, order| number * BASE + usize::from(order))
}

/// The orders raised by one in an input.
pub(super) fn raised(mut orders: Orders, input: usize) -> Orders {
    orders[input] = (orders[input] + 1).min(BASE as u8 - 1);
    orders
}
