"""What happened, written for people and for other tools, from one plain report."""
