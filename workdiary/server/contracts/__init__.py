"""Contracts and the accessor that loads and authorises in one call."""
