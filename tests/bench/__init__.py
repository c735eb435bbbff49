"""What the kit itself costs."""
