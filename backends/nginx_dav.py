"""nginx with its dav module and dav-ext: a directory of the local disk behind RFC 4918."""

from __future__ import annotations

import subprocess
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from backends.server import NotInstalled, Started, answers, running, system_program
from backends.webdav import USER, users_file, worker

if TYPE_CHECKING:
    from collections.abc import Generator, Sequence

MODULE = Path("/usr/lib/nginx/modules/ngx_http_dav_ext_module.so")
CONFIGURATION = """\
load_module {module};
daemon off;
pid {directory}/pid;
error_log stderr;
worker_processes 1;
{account}
events {{}}
http {{
  access_log off;
  client_body_temp_path {directory}/body;
  proxy_temp_path {directory}/proxy;
  fastcgi_temp_path {directory}/fastcgi;
  uwsgi_temp_path {directory}/uwsgi;
  scgi_temp_path {directory}/scgi;
  client_max_body_size 0;
  dav_ext_lock_zone zone=locks:1m;
  server {{
    listen 127.0.0.1:{port};
    root {directory}/served;
    auth_basic conformance;
    auth_basic_user_file {users};
    location / {{
      dav_methods PUT DELETE MKCOL COPY MOVE;
      dav_ext_methods PROPFIND OPTIONS LOCK UNLOCK;
      dav_ext_lock zone=locks;
      dav_access user:rw;
      create_full_put_path on;
    }}
  }}
}}
"""
"""The least that serves one folder with locks and one user; a PUT makes the collections above."""
# the conditions of a PUT or DELETE are ignored; those of a GET are not, but no property tells the ETag that they need
WITHOUT = (
    *("write.if_match", "write.if_none_match", "delete.if_match"),
    *("read.if_match", "read.if_none_match", "stat.if_match", "stat.if_none_match"),
)


@contextmanager
def start() -> Generator[Started]:
    """Start ``nginx`` in the foreground on an empty directory and yield it.

    Raises:
        NotInstalled: nginx, or its module, is missing.
        ServerFailed: it did not start.

    """
    program = system_program("nginx", "nginx-light")
    if not MODULE.exists():
        raise NotInstalled(f"{MODULE} is not installed: apt-get install libnginx-mod-http-dav-ext")

    def command(directory: Path, ports: Sequence[int]) -> Sequence[str]:
        (directory / "served").mkdir()
        users, settings = users_file(directory), directory / "nginx.conf"
        account = "user {} {};".format(*as_nobody) if (as_nobody := worker(directory)) else ""
        settings.write_text(
            CONFIGURATION.format(directory=directory, port=ports[0], module=MODULE, account=account, users=users)
        )
        return (program, "-c", str(settings), "-e", "stderr")

    with running("nginx-dav", command, ports=1, ready=lambda ports: answers(f"http://127.0.0.1:{ports[0]}/", 401)) as (
        ports,
        log,
    ):
        said = subprocess.run((program, "-v"), capture_output=True, text=True, check=True).stderr  # noqa: S603 - as above
        yield Started(
            name="nginx-dav",
            connection=f"webdav://127.0.0.1:{ports[0]}/conformance?create=true&etag=some&without={','.join(WITHOUT)}",
            version=f"nginx with dav-ext {said.partition('nginx/')[2].split()[0]}",
            environment=USER,
            log=log,
        )
