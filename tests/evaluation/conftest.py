from __future__ import annotations

import pytest

from recsys_lessons.data.splits import split_last


@pytest.fixture
def halves(likes):
    return split_last(likes)
