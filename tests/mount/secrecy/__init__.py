"""Where values and the token must not be (contract §7)."""
