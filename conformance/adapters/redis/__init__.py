"""Redis: strings under flat keys."""
