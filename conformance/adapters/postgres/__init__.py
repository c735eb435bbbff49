"""PostgreSQL: large objects, with a table of their names."""
