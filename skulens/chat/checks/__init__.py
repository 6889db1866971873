"""Whether a server may be trusted with a bulk run: the canary and `skulens chat check`."""
