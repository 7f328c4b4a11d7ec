"""What travels between processes and machines; the one place both halves take it from; pure."""
