"""What the adapters of storage layers share: their connection strings, and what a kind of storage is known to do."""
