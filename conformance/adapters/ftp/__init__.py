"""Servers of FTP (RFC 959, with the facts and restarts of RFC 3659)."""
