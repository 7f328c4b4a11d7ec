"""One module for each group of pages; every view asks an accessor that loads and authorises in one call."""
