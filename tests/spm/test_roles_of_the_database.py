"""The two database roles, as every test meets them."""

import threading

import pytest
from django.db import DatabaseError, connection, connections

from spm.accounts.models import User


@pytest.mark.django_db
def test_tests_run_as_the_role_that_owns_nothing() -> None:
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT current_user, (SELECT count(*) FROM pg_class WHERE relowner = "
            "(SELECT oid FROM pg_roles WHERE rolname = current_user))"
        )
        assert cursor.fetchone() == ("spm", 0)


@pytest.mark.django_db
@pytest.mark.parametrize(
    "attempt",
    [
        "TRUNCATE accounts_user CASCADE",
        "ALTER TABLE accounts_user DISABLE TRIGGER ALL",
        "CREATE TABLE mine (i int)",
        "DROP TABLE accounts_user CASCADE",
        "SET ROLE spm_owner",
    ],
)
def test_the_runtime_role_cannot_change_the_rules(attempt: str) -> None:
    with pytest.raises(DatabaseError, match=r"permission denied|must be owner"):
        connection.cursor().execute(attempt)


def test_what_is_committed_is_seen_by_others_and_gone_after_the_test(committed_db: None) -> None:
    assert not User.objects.exists()  # nor is anything left from the time before
    User.objects.create_user(email="ada@example.org", password="a long enough password")
    seen: list[int] = []

    def look() -> None:
        seen.append(User.objects.count())
        connections.close_all()

    thread = threading.Thread(target=look)
    thread.start()
    thread.join()
    assert seen == [1]


def test_nothing_is_left_of_what_another_test_committed(committed_db: None) -> None:
    assert not User.objects.exists()
