"""What the pytest plugin does once a project uses it."""
