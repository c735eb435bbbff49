"""Google Cloud Storage and its emulators, through google-cloud-storage and the JSON API."""
