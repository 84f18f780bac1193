//! tmp
/// tmp
#[derive(Clone, Copy, Debug)]
pub enum Detail {
    /// a
    Names,
    /// b
    Full,
}
