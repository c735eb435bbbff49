"""Files that a server keeps in directories: what the adapters of such protocols have in common."""
