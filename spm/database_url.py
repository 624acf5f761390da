"""Database and Valkey addresses, as the environment gives them, in the form each library wants."""

from typing import Any
from urllib.parse import parse_qs, quote, unquote, urlsplit


def django_database(url: str) -> dict[str, Any]:
    """Django's settings for a PostgreSQL address.

    Takes ``postgresql://user:password@host:port/name`` and, for a Unix socket,
    ``postgresql://user:password@/name?host=/directory&port=5432``.

    Raises:
        ValueError: the address is not one of PostgreSQL; no other database is supported.
    """
    parts = urlsplit(url)
    if parts.scheme not in {"postgres", "postgresql"}:
        raise ValueError(
            f"DATABASE_URL starts with '{parts.scheme}:', but only PostgreSQL is supported: "
            "postgresql://user:password@host:5432/name"
        )
    query = {name: values[-1] for name, values in parse_qs(parts.query).items()}
    return {
        "ENGINE": "django.db.backends.postgresql",
        "NAME": unquote(parts.path.lstrip("/")),
        "USER": unquote(parts.username or ""),
        "PASSWORD": unquote(parts.password or ""),
        "HOST": query.pop("host", parts.hostname or ""),
        "PORT": query.pop("port", str(parts.port or "")),
        "OPTIONS": query,
    }


def celery_broker(url: str) -> str:
    """Celery's spelling of a Valkey address: sockets are ``redis+socket://`` there."""
    parts = urlsplit(url)
    if parts.scheme != "unix":
        return url
    query = {name: values[-1] for name, values in parse_qs(parts.query).items()}
    password = query.get("password") or unquote(parts.password or "")
    credentials = f":{quote(password, safe='')}@" if password else ""
    return f"redis+socket://{credentials}{parts.path}?virtual_host={query.get('db', '0')}"


def with_database_number(url: str, number: int) -> str:
    """The same Valkey, another numbered database: broker, cache and live channel stay apart."""
    parts = urlsplit(url)
    if parts.scheme == "unix":
        pairs = {name: values[-1] for name, values in parse_qs(parts.query).items()}
        pairs["db"] = str(number)
        query = "&".join(f"{name}={quote(value, safe='')}" for name, value in pairs.items())
        # urllib drops the empty authority of a scheme that it does not know.
        return f"unix://{parts.netloc}{parts.path}?{query}"
    return parts._replace(path=f"/{number}").geturl()
