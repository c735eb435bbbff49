"""The suite: one module per subject, each function one law about any upload controller."""
