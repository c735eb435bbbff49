"""SFTP: OpenSSH's server, and others that speak its protocol."""
