"""Column types that carry their own limits into the database.

PostgreSQL's ``numeric`` takes NaN and its ``double precision`` takes NaN and Infinity; each type
here adds a CHECK to its column, so that no path into the table, Django's or another, gets past it.
"""

from decimal import Decimal
from typing import Any

from django.core.validators import MaxValueValidator, MinValueValidator
from django.db import models
from django.db.backends.base.base import BaseDatabaseWrapper

MONEY_LIMIT = Decimal("1000000000000")  # one million million, exclusive


class MoneyField(models.DecimalField):
    """An amount or a rate in the portfolio's currency: two places, finite, below a million million.

    Negative amounts are refused unless ``signed`` is set.
    """

    def __init__(self, *args: Any, signed: bool = False, **kwargs: Any) -> None:
        kwargs["max_digits"], kwargs["decimal_places"] = 14, 2
        self.signed = signed
        super().__init__(*args, **kwargs)

    def deconstruct(self) -> tuple[str, str, Any, Any]:
        """Describe the field for migrations."""
        name, path, args, kwargs = super().deconstruct()
        del kwargs["max_digits"], kwargs["decimal_places"]
        if self.signed:
            kwargs["signed"] = True
        return name, path, args, kwargs

    def db_check(self, connection: BaseDatabaseWrapper) -> str:
        """The column's CHECK. NaN sorts above every number, so the upper limit keeps it out."""
        column = connection.ops.quote_name(str(self.column))
        lowest = f"-{MONEY_LIMIT}" if self.signed else "-0.01"
        return f"{column} > {lowest} AND {column} < {MONEY_LIMIT}"


class ShareField(models.FloatField):
    """A share, probability or efficiency in [0, 1]."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        kwargs.setdefault("validators", [MinValueValidator(0.0), MaxValueValidator(1.0)])
        super().__init__(*args, **kwargs)

    def db_check(self, connection: BaseDatabaseWrapper) -> str:
        """The column's CHECK; NaN sorts above every number and so fails it."""
        column = connection.ops.quote_name(str(self.column))
        return f"{column} >= 0 AND {column} <= 1"


class FiniteField(models.FloatField):
    """A number that is neither NaN nor infinite."""

    def db_check(self, connection: BaseDatabaseWrapper) -> str:
        """The column's CHECK."""
        column = connection.ops.quote_name(str(self.column))
        return f"{column} > '-Infinity'::float8 AND {column} < 'Infinity'::float8"
