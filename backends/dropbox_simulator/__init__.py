"""A simulator of the Dropbox HTTP API, for lack of a server that could be installed: one account, in memory.

It answers the ``files`` endpoints that the official SDK calls as Dropbox documents them: write modes and conflicts,
upload sessions, listings with cursors, temporary links, ``save_url``, and errors as tagged unions (HTTP 409). What it
proves is that a client keeps to that documentation, never how Dropbox itself behaves: every report has to call it a
simulator. Where the documentation is silent, the modules say what was assumed.

``python -m backends.dropbox_simulator --port 8080`` serves on loopback. All hosts of the API are this one server.
"""
