"""People judge queries in Label Studio: tasks go out, what they said comes back into a folder."""
