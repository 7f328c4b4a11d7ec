"""What the bytes of a record, a log and a bundle are (evidence.md); pure."""
