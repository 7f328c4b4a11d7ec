"""The kinds of records, one module per group; `evidence.records` assembles them into the one table."""
