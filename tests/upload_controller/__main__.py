"""``python -m tests.upload_controller [NAME…]``: how every planted defect of the upload controller is caught."""

from __future__ import annotations

import logging
import os
import statistics
import sys

from moto.server import ThreadedMotoServer

from backends.server import CREDENTIALS
from backends.upload_controller.config import S3Settings
from tests.upload_controller.planted import PLANTED
from tests.upload_controller.serving import serving
from tests.upload_controller.test_planted import caught


def main(names: list[str]) -> int:
    """Print a line for each defect and the figures of all; return 1 where one escapes or is blamed elsewhere."""
    os.environ.update(CREDENTIALS | {"AWS_DEFAULT_REGION": "us-east-1"})
    logging.disable(logging.CRITICAL)  # the defects make the service raise
    access_key, secret_key = CREDENTIALS.values()
    server = ThreadedMotoServer(ip_address="127.0.0.1", port=0, verbose=False)
    server.start()
    host, port = server.get_host_and_port()
    s3 = S3Settings(endpoint=f"http://{host}:{port}", access_key=access_key, secret_key=secret_key)
    requests, right = [], 0
    for name in names or PLANTED:
        planted = PLANTED[name]
        with serving(s3, planted) as place:
            blamed, used, check = caught(place, planted)
        right += blamed in planted.trips
        requests += [used] if blamed else []
        sys.stdout.write(f"{name}: {f'{blamed}, {used} requests, {check}' if blamed else 'escaped'}\n")
    server.stop()
    many = len(names or PLANTED)
    told = f"{len(requests)} of {many} caught, {right} blamed where planted"
    sys.stdout.write(
        f"{told}; requests median {statistics.median(requests or [0]):g}, most {max(requests, default=0)}\n"
    )
    return int(right != many)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
