"""Migration: settings of other release tools, converted as far as castoff has an equivalent."""
