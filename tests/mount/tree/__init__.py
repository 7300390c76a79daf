"""What is there, and under which names (contract §2)."""
