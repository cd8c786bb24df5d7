//! The keeper.

pub use lighthouse_core::Bearing;

/// Chooses the signal for a ship.
pub fn signal(fog: bool, ship: Bearing) -> &'static str {
    if fog && lighthouse_horn::heard(ship) {
        "horn"
    } else if lighthouse_lamp::beam(0) == ship {
        "flash"
    } else {
        "dark"
    }
}
