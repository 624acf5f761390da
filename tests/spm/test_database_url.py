"""Addresses, as each library wants them."""

import pytest

from spm.database_url import celery_broker, django_database, with_database_number


def test_a_database_behind_a_socket_is_found_by_its_directory() -> None:
    database = django_database("postgresql://spm:a%2Fb@/office?host=/run/x&port=5433")
    wanted = {"NAME": "office", "USER": "spm", "PASSWORD": "a/b", "HOST": "/run/x", "PORT": "5433"}
    assert wanted.items() <= database.items()


def test_another_database_than_postgresql_is_refused_with_what_would_be_right() -> None:
    with pytest.raises(ValueError, match="postgresql://user:password@host:5432/name"):
        django_database("sqlite:///office.db")


def test_a_valkey_socket_is_spelled_the_way_celery_wants_it() -> None:
    url = "unix:///run/valkey.sock?db=0&password=secret"
    assert celery_broker(url) == "redis+socket://:secret@/run/valkey.sock?virtual_host=0"


@pytest.mark.parametrize(
    ("url", "expected"),
    [
        ("unix:///run/v.sock?db=0&password=a%2Fb", "unix:///run/v.sock?db=2&password=a%2Fb"),
        ("redis://:secret@valkey:6379/0", "redis://:secret@valkey:6379/2"),
        ("redis://valkey:6379", "redis://valkey:6379/2"),
    ],
)
def test_broker_cache_and_live_channel_have_a_database_each(url: str, expected: str) -> None:
    assert with_database_number(url, 2) == expected
