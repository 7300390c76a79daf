"""Who may use an organization's secret (contract §4)."""
