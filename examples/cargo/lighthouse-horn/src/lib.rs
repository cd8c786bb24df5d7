//! The horn.

use lighthouse_core::Bearing;

/// Says whether a ship in this direction hears the horn, which points seawards (south).
pub fn heard(from: Bearing) -> bool {
    (90..=270).contains(&from.0)
}
