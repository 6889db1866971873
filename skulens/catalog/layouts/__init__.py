"""Files of other projects, written from any catalogue: one file and one row of the registry each."""
