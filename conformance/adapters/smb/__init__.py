"""SMB: Samba, and others that serve files by versions 2 and 3 of the protocol."""
