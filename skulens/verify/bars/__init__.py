"""Bar codes in pictures, decoded by zxing-cpp."""
