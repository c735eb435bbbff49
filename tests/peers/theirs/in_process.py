"""A pytest plugin: what boto3 would send is answered inside this process, by moto with the defect ``$DEFECT`` planted.

No socket and no server: the suite takes a fraction of the time. What is sent past boto3 finds nobody; tests that do so
fail on the correct server too and do not count. The number of requests goes to the file ``$REQUESTS``.
"""

import os
from pathlib import Path

from botocore.awsrequest import AWSResponse
from botocore.exceptions import EndpointConnectionError
from botocore.httpsession import URLLib3Session
from moto.core.botocore_stubber import MockRawResponse

from tests.defects.http import DEFECTS
from tests.defects.http.carriers import moto, planted
from tests.defects.http.messages import Request

serve = planted(DEFECTS.get(os.environ["DEFECT"]), moto)
endpoint = os.environ["ENDPOINT"]
requests = 0


def send(_session, request):
    """Answer in place of the HTTP client of botocore."""
    global requests  # noqa: PLW0603 - counted for the whole process
    if not request.url.startswith(endpoint):
        raise EndpointConnectionError(endpoint_url=request.url)
    body = request.body.read() if hasattr(request.body, "read") else request.body or b""
    headers = {name: told.decode() if isinstance(told, bytes) else told for name, told in request.headers.items()}
    asked = Request.of(request.method, request.url, headers, body.encode() if isinstance(body, str) else bytes(body))
    requests += 1
    given = serve(asked)
    shown = b"" if request.method == "HEAD" else given.body
    return AWSResponse(request.url, given.status, dict(given.headers), MockRawResponse(shown))


def pytest_sessionfinish():
    """Tell how many requests there were."""
    Path(os.environ["REQUESTS"]).write_text(str(requests), "utf-8")


URLLib3Session.send = send
