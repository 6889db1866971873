"""The portable subset of JSON schema: `check` is the door."""
