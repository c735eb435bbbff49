"""A run that meets a service which lets everybody wait."""

from __future__ import annotations

import socket
import threading
from contextlib import contextmanager
from dataclasses import replace

from conformance.planning import Asked
from conformance.upload_controller.place import Given, placed
from conformance.upload_controller.running import HANGS_ALLOWED, run


@contextmanager
def silent():
    """Take requests, answer the first and no other; yield the URL."""
    held = []
    with socket.create_server(("127.0.0.1", 0)) as listener:

        def take():
            while True:
                try:
                    held.append(listener.accept()[0])
                except OSError:
                    return
                if len(held) == 1:
                    held[0].recv(65536)
                    held[0].sendall(b"HTTP/1.1 404 Not Found\r\nContent-Length: 0\r\nConnection: close\r\n\r\n")

        taker = threading.Thread(target=take, daemon=True)
        taker.start()
        yield f"http://127.0.0.1:{listener.getsockname()[1]}"
        listener.shutdown(socket.SHUT_RDWR)
    taker.join()
    for connection in held:
        connection.close()


def test_a_service_that_lets_everybody_wait_is_not_asked_everything():
    with silent() as url, placed(Given(url=url, hooks="reference")) as there:
        document = run(replace(there, timeout=0.2), Asked(profile="standard", seed=0))
    failed = [result for result in document.results if result.state == "fail"]
    assert len(failed) == HANGS_ALLOWED
    assert {(result.failure.requirement, result.failure.reproduced) for result in failed} == {
        ("upload_errors.answers", "1 of 1")
    }
    others = {(result.state, result.reason) for result in document.results if result not in failed}
    assert ("not-run", f"{HANGS_ALLOWED} laws waited in vain for an answer; the run was ended") in others
    assert {state for state, _ in others} == {"not-run", "not-applicable"}
