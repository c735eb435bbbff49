"""Connection strings of upload controllers: ``upload-controller://HOST:PORT?store=…&bucket=…``.

===================  ============================================================================================
``store``            URL of the S3 server behind it, for reading what was uploaded; credentials from the AWS chain
``bucket``           the inbox, ``inbox`` if left out
``api``, ``hooks``   as for ``conformance check upload-controller``; ``seed`` and ``reference`` if left out
``part_minimum``     bytes below which the store refuses a part that is not the last; 5 MiB if left out
===================  ============================================================================================
"""

from __future__ import annotations

from conformance.adapters.connection import Connection, address
from conformance.adapters.options import Options, endpoint, number, text
from conformance.adapters.s3.client import MIB, Location
from conformance.adapters.upload_controller.api import api
from conformance.adapters.upload_controller.client import Controller, Hooks, Http, NoAnswer
from conformance.adapters.upload_controller.hooks import read_hooks
from conformance.adapters.upload_controller.storage import UploadControllerStorage
from conformance.storage import ConnectionStringInvalid

EXAMPLE = "upload-controller://127.0.0.1:8000?store=http://127.0.0.1:9000&bucket=inbox"
OPTIONS: Options = {
    "store": endpoint,
    "bucket": text,
    "region": text,
    "api": text,
    "hooks": text,
    "part_minimum": number(int, 0, 5 * 1024**3),
}
NEEDED = ("register", "file", "state", "reject")


def connect(spec: str) -> Connection:
    """Return the connection to the controller that ``spec`` names.

    Raises:
        ConnectionStringInvalid: it names none, an option is wrong, or a hook is missing.

    """
    parts = address(spec, EXAMPLE, OPTIONS, what="host")
    options = parts.options
    if "store" not in options:
        raise ConnectionStringInvalid(f"{spec!r} does not say where the store is: write {EXAMPLE}")
    base = f"http://{parts.place}"
    hooks = read_hooks(options.get("hooks", "reference"))
    lacking = [name for name in NEEDED if name not in hooks.bindings]
    if lacking:
        raise ConnectionStringInvalid(f"the hooks lack {', '.join(lacking)}, without which nothing can be observed")
    location = Location(
        bucket=options.get("bucket", "inbox"),
        endpoint=options["store"],
        region=options.get("region"),
        part_minimum=options.get("part_minimum", 5 * MIB),
    )
    found = api(options.get("api", "seed"))

    def opened(work_dir: str) -> UploadControllerStorage:
        controller = Controller(base, found)
        return UploadControllerStorage(controller, Hooks(hooks.base or base, hooks.bindings), location, work_dir)

    def prepare() -> None:
        try:
            Http(base, timeout=10).ask("reach", "GET", "/")
        except NoAnswer:
            raise ConnectionStringInvalid(f"nothing answers at {base}: start the upload controller first") from None

    return Connection(
        spec=spec,
        name=parts.name,
        describe=f"the upload controller at {base}, its uploads as multipart uploads",
        open=opened,
        prepare=prepare,
        sees_root=False,
    )
