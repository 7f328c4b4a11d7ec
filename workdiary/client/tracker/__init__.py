"""The session's brain, and the only door for the desktop and the control channel."""
