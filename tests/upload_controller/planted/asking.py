"""Defects of what every request meets: refusals, strange bodies, silence."""

import asyncio

from .base import again, answer, body_of, parsed, plant_layer

FIELDS = ("exception_id", "description", "data")


@plant_layer("upload_errors.body", fields=FIELDS)
def refusals_are_text(app):
    """Refusals are told in words and not as JSON."""

    async def layered(scope, receive, send):
        async def changed(message):
            if message["type"] == "http.response.start" and 400 <= message["status"] < 500:
                changed.refused = message["status"]
            elif changed.refused:
                await answer(send, changed.refused, b"Refused.", "text/plain")
            else:
                await send(message)

        changed.refused = 0
        await app(scope, receive, changed)

    return layered


@plant_layer("upload_errors.body", fields=FIELDS)
def refusals_lack_their_data(app):
    """Refusals have no data: a client cannot tell what they are about."""

    async def layered(scope, receive, send):
        async def changed(message):
            if message["type"] == "http.response.body":
                body = message.get("body", b"").replace(b'"data"', b'"info"')
                message = {**message, "body": body}
            await send(message)

        await app(scope, receive, changed)

    return layered


@plant_layer("upload_errors.no_5xx", "upload_errors.no_such_request")
def bad_bodies_are_failures(app):
    """A body that is no JSON object ends in a traceback."""

    async def layered(scope, receive, send):
        if scope.get("method") != "PATCH":
            await app(scope, receive, send)
            return
        body = await body_of(receive)
        if not isinstance(parsed(body), dict):
            await answer(send, 500, b"Internal Server Error", "text/plain")
            return
        await app(scope, again(body), send)

    return layered


@plant_layer("upload_errors.no_5xx", "upload_errors.answers")
def strange_ids_are_failures(app):
    """An id with a quote in it reaches the database as it is."""

    async def layered(scope, receive, send):
        if "'" in scope.get("path", "") or "\u0000" in scope.get("path", ""):
            await answer(send, 500, b"Internal Server Error", "text/plain")
            return
        await app(scope, receive, send)

    return layered


@plant_layer("upload_errors.no_such_request")
def every_path_is_fine(app):
    """A path that does not exist is answered with a page, as single page applications do."""

    async def layered(scope, receive, send):
        async def changed(message):
            if message["type"] == "http.response.start" and message["status"] == 404 and "/no/such" in scope["path"]:
                message = {**message, "status": 200}
            await send(message)

        await app(scope, receive, changed)

    return layered


@plant_layer("upload_errors.answers", timeout=1.0)
def never_answers(app):
    """A request about an upload that does not exist is never answered."""

    async def layered(scope, receive, send):
        if "nobody" in scope.get("path", ""):
            await asyncio.sleep(3)
        await app(scope, receive, send)

    return layered


@plant_layer("upload_find.other_status")
def any_status_is_pending(app):
    """The status that is asked for is not looked at: a pending upload is told as an uploaded one."""

    async def layered(scope, receive, send):
        if scope.get("query_string", b"").startswith(b"status"):
            scope = {**scope, "query_string": b"status=pending"}
        await app(scope, receive, send)

    return layered


@plant_layer("upload_find.other_status", "upload_errors.no_5xx")
def unknown_status_is_a_failure(app):
    """A status that does not exist is an unhandled ValueError."""

    async def layered(scope, receive, send):
        if b"nonsense" in scope.get("query_string", b""):
            await answer(send, 500, b"Internal Server Error", "text/plain")
            return
        await app(scope, receive, send)

    return layered
