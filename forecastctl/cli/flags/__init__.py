"""What flags there are, and which command takes which."""
