"""Boards that several files look at."""

import pytest

from skulens.analysis.boards import Board, published_board

from .boards import write_190


@pytest.fixture(scope="session")
def board_190(tmp_path_factory) -> Board:
    """See `write_190`."""
    return published_board("openmpr", write_190(tmp_path_factory.mktemp("board-190")))
