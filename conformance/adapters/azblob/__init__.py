"""Azure Blob Storage and Azurite, through azure-storage-blob."""
