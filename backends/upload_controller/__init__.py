"""A service that lets clients upload files in parts: presigned URLs for the bytes, a database for the state.

A reference for services of this kind: ``docs/upload-controller-service.md`` says what it promises and why.
``python -m backends.upload_controller`` starts it; :func:`backends.upload_controller.launcher.start` does so for tests.
"""
