"""From the spool to the server: records first, images after, receipts verified."""
