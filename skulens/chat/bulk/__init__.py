"""Many questions through one engine, each asked once: `remember` is the door."""
