"""Whether an upload controller keeps its promises: the suite, what it needs beside HTTP, and the uploader."""
