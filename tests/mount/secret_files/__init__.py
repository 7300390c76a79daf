"""A secret as a file: written, stored, replaced, renamed, removed (contract §3)."""
