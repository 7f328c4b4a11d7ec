"""What the operating system shows: screens, input counts, idle time, windows, lock and sleep."""
