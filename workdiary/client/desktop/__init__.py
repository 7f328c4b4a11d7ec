"""The window people keep open all day (Qt Widgets)."""
