"""The client on a slow line: a request is given up when nothing moves, not when it takes long."""

from __future__ import annotations

import socket
import threading
import time
from contextlib import contextmanager

import pytest

from conformance.adapters.upload_controller.client import Http, NoAnswer

BLOCK = 1 << 16
ANSWER = b'HTTP/1.1 200 OK\r\nETag: "x"\r\nContent-Length: 0\r\n\r\n'


@contextmanager
def slow(*, take, pause, stalls_at=None):
    """Serve one request, ``take`` bytes at a time with a ``pause``; with ``stalls_at`` it stops reading there."""
    listening = socket.create_server(("127.0.0.1", 0))
    listening.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
    over = threading.Event()

    def serve():
        connection, _ = listening.accept()
        with connection:
            head, got = b"", 0
            while b"\r\n\r\n" not in head:
                head += connection.recv(1)
            size = int(head.lower().partition(b"content-length: ")[2].partition(b"\r\n")[0])
            while got < size and not over.is_set():
                if stalls_at is not None and got >= stalls_at:
                    over.wait(30)
                else:
                    got += len(connection.recv(take))
                    time.sleep(pause)
            connection.sendall(ANSWER)

    thread = threading.Thread(target=serve, daemon=True)
    thread.start()
    try:
        yield f"http://127.0.0.1:{listening.getsockname()[1]}/part"
    finally:
        over.set()
        thread.join(10)
        listening.close()


def put(url, blocks, timeout):
    """PUT blocks of zeros; return the code and the seconds that it took."""
    began = time.monotonic()
    headers = {"Content-Length": str(blocks * BLOCK)}
    answer = Http(url, timeout=timeout).send("put", "PUT", url, (bytes(BLOCK) for _ in range(blocks)), headers=headers)
    return answer.code, time.monotonic() - began


def test_a_slow_part_may_take_longer_than_a_request_may_be_silent():
    with slow(take=20_000, pause=0.05) as url:
        code, seconds = put(url, 8, timeout=0.5)
    assert (code, seconds > 1) == (200, True)


def test_a_part_that_stalls_is_given_up():
    began = time.monotonic()
    with slow(take=BLOCK, pause=0, stalls_at=BLOCK) as url, pytest.raises(NoAnswer, match="timed out"):
        put(url, 200, timeout=0.5)
    assert time.monotonic() - began < 10
