"""From events to segments: clocks, buckets, shots."""
