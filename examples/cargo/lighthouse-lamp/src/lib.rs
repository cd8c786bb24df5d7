//! The lamp.

use lighthouse_core::Bearing;

/// Says where the beam points after so many seconds, one turn a minute.
pub fn beam(seconds: u16) -> Bearing {
    Bearing((seconds % 60) * 6)
}
