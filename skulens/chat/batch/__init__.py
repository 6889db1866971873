"""OpenAI batch files: questions out, results in."""
