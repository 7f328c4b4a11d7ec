"""From segments to signed records: keys, streams, the signing journal."""
