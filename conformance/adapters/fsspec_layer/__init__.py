"""fsspec: any of its file systems."""
