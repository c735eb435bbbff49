"""``python -m backends.dropbox_simulator --port PORT --token TOKEN``: serve on loopback until interrupted."""

from __future__ import annotations

import argparse
from contextlib import suppress

from backends.dropbox_simulator.server import Simulator


def main() -> None:
    """Run the simulator."""
    parser = argparse.ArgumentParser(prog="python -m backends.dropbox_simulator", description=__doc__)
    parser.add_argument("--port", type=int, required=True, help="on 127.0.0.1")
    parser.add_argument("--token", default="simulated", help="the access token that clients have to show")
    options = parser.parse_args()
    with suppress(KeyboardInterrupt), Simulator(options.port, options.token) as server:
        server.serve_forever()


if __name__ == "__main__":
    main()
