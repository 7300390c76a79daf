"""Many secrets at once, by a dotenv file (contract §6)."""
