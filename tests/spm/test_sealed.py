"""Stored secrets: unreadable without the key, readable under an earlier one, sealed anew."""

from typing import Any

import pytest
from django.core.management import CommandError, call_command

from spm.accounts.models import Role
from spm.sealed import Unreadable, reseal_all, seal, unseal
from spm.webhooks import changes
from spm.webhooks.models import Event, Webhook
from tests.factories import make_member, make_portfolio


def test_what_was_sealed_is_opened_by_its_key_alone(settings: Any) -> None:
    settings.DATA_KEYS = ["one"]
    sealed = seal("whsec_secret")
    assert "secret" not in sealed and seal("whsec_secret") != sealed
    settings.DATA_KEYS = ["two", "one"]
    assert unseal(sealed) == "whsec_secret"
    settings.DATA_KEYS = ["two"]
    with pytest.raises(Unreadable, match="not among the data keys"):
        unseal(sealed)
    settings.DATA_KEYS = ["one"]
    with pytest.raises(Unreadable, match="not what was sealed"):
        unseal(sealed[:-4] + "AAAA")


@pytest.mark.django_db
def test_after_a_new_key_the_earlier_one_can_be_forgotten(settings: Any, capsys: Any) -> None:
    settings.DATA_KEYS = ["one"]
    portfolio = make_portfolio()
    admin = make_member(portfolio, Role.ADMIN)
    address = "https://hooks.example.org/"
    hook, secret = changes.add(admin, portfolio.pk, address, [Event.THESIS_BROKEN])
    _, second = changes.rotate(admin, hook.pk)
    settings.DATA_KEYS = ["two", "one"]
    call_command("reseal")
    assert "2 secrets" in capsys.readouterr().out
    assert reseal_all() == 0
    settings.DATA_KEYS = ["two"]
    row = Webhook.objects.get()
    assert (unseal(row.sealed_secret), unseal(row.sealed_earlier)) == (second, secret)
    settings.DATA_KEYS = ["three"]
    with pytest.raises(CommandError, match="not among the data keys"):
        call_command("reseal")
