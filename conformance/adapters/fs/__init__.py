"""The local file system of a POSIX host."""
