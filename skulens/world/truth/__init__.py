"""What is true: which products there are, how they look, what is said of them and asked for."""
