//! Bearings and flashes.

/// A direction in degrees, clockwise from north.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Bearing(pub u16);

impl Bearing {
    /// The opposite direction.
    pub fn back(self) -> Self {
        Bearing((self.0 + 180) % 360)
    }
}

#[cfg(test)]
mod tests {
    use super::Bearing;

    #[test]
    fn back_turns_round() {
        assert_eq!(Bearing(10).back(), Bearing(190));
    }
}
