"""A whole harbour: ships, tides, berths, pilots and dues in one place."""

from harbour_berths import fits
from harbour_ledger import dues
from harbour_pilots import next_entry
from harbour_ships import Ship
from harbour_tides import has_water, height

__all__ = ["Ship", "dues", "fits", "has_water", "height", "next_entry"]
