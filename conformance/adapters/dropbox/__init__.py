"""Dropbox, or a simulator of it, through the official SDK."""
