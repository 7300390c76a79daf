"""The command, from its options and its token to the end of the mount (contract §1)."""
