"""Upload controllers: services that let clients upload a file in parts through presigned URLs, and keep its state."""
