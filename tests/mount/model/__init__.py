"""Random operations, held to a model of the contract."""
