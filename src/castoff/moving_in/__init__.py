"""Moving in: what other release tools were told, as far as it means something here."""
