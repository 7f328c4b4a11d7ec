"""What is true of those bytes: checks and the axes of a verdict; pure."""
