"""Tables that only grow: evidence, stage changes, thesis breaks, transfers, decisions.

Two things hold them. The runtime role has SELECT and INSERT alone on these tables
(``spm.database_roles``), which no statement of ours can get around. A trigger says why when the
owner tries, since the owner's privileges would allow it.
"""

import pgtrigger
from django.apps import apps
from django.db import models


class AppendOnlyModel(models.Model):
    """A row that is written once. A correction is a later row."""

    class Meta:
        """The trigger that refuses a change of, or the removal of, a row."""

        abstract = True
        triggers = [
            pgtrigger.Protect(name="append_only", operation=pgtrigger.Update | pgtrigger.Delete)
        ]


def append_only_tables() -> list[str]:
    """Names of all tables of which rows are never changed."""
    return sorted(
        model._meta.db_table for model in apps.get_models() if issubclass(model, AppendOnlyModel)
    )
