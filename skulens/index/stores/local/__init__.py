"""What stores in this process are made of: ids, fields, vectors and words in memory."""
