"""Usage of tokens -> money, and budgets."""
