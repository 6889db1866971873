"""`python -m skulens.cli`."""

from skulens.cli import main

main()
