"""The whole engine in one process: virtual time, the store's real code, the real client, the local Google."""
