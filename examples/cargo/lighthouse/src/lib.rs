//! A lighthouse in one crate.

pub use lighthouse_core as core;
pub use lighthouse_horn as horn;
pub use lighthouse_keeper as keeper;
pub use lighthouse_lamp as lamp;
