"""Servers of WebDAV (RFC 4918): collections and their members, over HTTP."""
