"""Pictures of requests and of the catalogue."""
