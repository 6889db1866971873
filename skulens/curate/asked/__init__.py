"""Steps of a query's making that ask a model: cold start, rewriting, filtering; and candidates."""
