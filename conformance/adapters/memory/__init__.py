"""The reference storage in memory, and the embedded service it is a client of."""
