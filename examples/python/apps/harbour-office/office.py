"""A day in the office: which of the ships come in today, and what do they owe?"""

import sys

from harbour import Ship, dues, next_entry

SHIPS = (Ship("Marie", 42.0, 3.1), Ship("Constance", 118.0, 7.4), Ship("Leviathan", 310.0, 12.0))


def main() -> None:
    """Say it, a line a ship."""
    for ship in SHIPS:
        hour = next_entry(ship, 6.0)
        when = "stays outside" if hour is None else f"comes in {hour:.1f} h after high water"
        sys.stdout.write(f"{ship.name}: {when}, owes {dues(ship, 2):.2f}\n")


if __name__ == "__main__":
    main()
