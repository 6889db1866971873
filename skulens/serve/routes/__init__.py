"""One module per group of routes; `app` puts them together."""
