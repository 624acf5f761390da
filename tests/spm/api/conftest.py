"""What the tests of the API may ask for: `world`, one portfolio with one of everything."""

from collections.abc import Iterator
from typing import TYPE_CHECKING

import pytest
from django.db import transaction
from pytest_django import DjangoDbBlocker

if TYPE_CHECKING:
    from tests.spm.api.world import World


@pytest.fixture(scope="module")
def world(django_db_setup: None, django_db_blocker: DjangoDbBlocker) -> Iterator["World"]:
    """One world for all cases: each runs in a transaction of its own inside, and is rolled back."""
    from tests.spm.api.world import make_world

    with django_db_blocker.unblock(), transaction.atomic():
        yield make_world()
        transaction.set_rollback(True)
