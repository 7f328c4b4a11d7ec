"""X11: input counts, idle time, active window and screenshots, all over one small protocol module (xcb)."""
