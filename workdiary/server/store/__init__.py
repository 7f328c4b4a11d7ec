"""Rows, encrypted blobs, the write lock and the outbox of events."""
