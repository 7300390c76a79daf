"""Answers, failures and signals that come instead of success (contract §5)."""
