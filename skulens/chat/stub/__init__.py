"""A server that answers like a model behind OpenAI's chat completions, and fails on demand.

For tests and for trying things out: `skulens chat-stub`. See `app` for what it answers, `faults`
for how it fails.
"""
