"""Published collections: fetched, checked and unpacked."""
