"""What each view shows and says, without Qt."""
