"""Everything recorded and not yet receipted, durable and encrypted."""
