"""The hooks of an upload controller, as data: what the operator lets the kit do that no client may.

Registering files, deciding on uploads, reading the events, and letting time pass are the business of services around a
controller. A hooks file binds them to HTTP as an API file binds operations::

    base = "http://127.0.0.1:8080"   # optional: where they are, if not at the URL of the service
    [register]                       # PUT a file of {size} bytes under {file_id}
    request = "PUT /hooks/files/{file_id}"
    body = { size = "{size}" }

What is left out makes the requirements that need it not applicable, never passed.
"""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, field
from importlib.resources import files
from pathlib import Path
from typing import get_args

from conformance.adapters.upload_controller.api import Binding, Hook, read_binding
from conformance.storage import ConnectionStringInvalid


@dataclass(frozen=True, slots=True, kw_only=True)
class HooksFile:
    """What a hooks file says; ``base`` is a URL, or ``""`` for that of the service."""

    base: str = ""
    bindings: Mapping[Hook, Binding] = field(default_factory=dict[Hook, Binding])


def read_hooks(name: str) -> HooksFile:
    """Return the hooks in a file, or those of our reference service, which are called ``reference``.

    Raises:
        ConnectionStringInvalid: there is no such file, or it does not say what it must.

    """
    folder = files("conformance.adapters.upload_controller")
    try:
        text = (folder.joinpath("hooks.toml") if name == "reference" else Path(name)).read_text("utf-8")
        data = tomllib.loads(text)
    except (OSError, UnicodeDecodeError) as error:
        raise ConnectionStringInvalid(f"the hooks {name} cannot be read: {error}; or write reference") from None
    except tomllib.TOMLDecodeError as error:
        raise ConnectionStringInvalid(f"{name} is not TOML: {error}") from None
    base = data.pop("base", "")
    bindings = {hook: read_binding(name, hook, data.pop(hook)) for hook in get_args(Hook) if hook in data}
    for key in data:
        raise ConnectionStringInvalid(f"{name}: unknown hook {key!r}; there are {', '.join(get_args(Hook))}, and base")
    return HooksFile(base=str(base), bindings=bindings)
