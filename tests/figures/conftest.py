"""Set-up for tests of figures."""

import pytest
from made_up import make_night


@pytest.fixture
def night():
    return make_night()
