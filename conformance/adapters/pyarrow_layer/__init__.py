"""Apache Arrow: the file systems of ``pyarrow.fs``."""
