"""Admission of records and blobs (server.md, Ingest)."""
