"""What a value means: the normaliser norm-v1, the types it knows and the registry of fields.

Nothing heavy is imported before a value of its type is read: pint takes a third of a second.
"""
