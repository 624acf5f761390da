"""What people say about a proposal."""

import pytest
from django.db import transaction
from django.test import Client

from allocation.comments import comment
from allocation.models import ProposalComment
from spm.accounts.models import Role
from spm.accounts.permissions import NotAllowed
from spm.errors import Invalid
from tests.allocation.test_decide import proposed
from tests.api_client import client_for
from tests.factories import make_member, make_portfolio


@pytest.mark.django_db
def test_what_is_said_stands_with_who_said_it_and_when_on_the_page() -> None:
    portfolio, _, _, proposal = proposed()
    lead = make_member(portfolio, Role.LEAD)
    client = Client()
    client.force_login(lead)
    address = f"/proposals/{proposal.pk}/comments"
    answer = client.post(
        address, {"text": "Ask <b>legal</b> first."}, headers={"HX-Request": "true"}
    )
    assert "Ask &lt;b&gt;legal&lt;/b&gt; first." in answer.content.decode()
    for place in (f"{address}?section", f"/proposals/{proposal.pk}?all=1"):
        page = client.get(place).content.decode()
        assert "Ask &lt;b&gt;legal" in page and str(lead) in page and "comment-text" in page


@pytest.mark.django_db
def test_an_empty_comment_is_told_beside_the_field_and_none_is_written() -> None:
    portfolio, _, _, proposal = proposed()
    client = Client()
    client.force_login(make_member(portfolio, Role.LEAD))
    answer = client.post(f"/proposals/{proposal.pk}/comments", {"text": "  "})
    assert answer.status_code == 422
    assert "Write what you have to say" in answer.content.decode()
    with pytest.raises(Invalid, match="at most 2000 characters"):
        comment(make_member(portfolio, Role.LEAD), proposal.pk, "x" * 2001)
    assert not ProposalComment.objects.exists()


@pytest.mark.django_db
def test_viewers_read_and_strangers_do_not() -> None:
    portfolio, _, _, proposal = proposed()
    with pytest.raises(NotAllowed):
        comment(make_member(portfolio, Role.VIEWER), proposal.pk, "Hello.")
    client = Client()
    client.force_login(make_member(make_portfolio(), Role.FINANCE))
    assert client.get(f"/proposals/{proposal.pk}/comments").status_code == 404
    assert client.get(f"/proposals/{proposal.pk}.pdf").status_code == 404
    assert client.post(f"/proposals/{proposal.pk}/part").status_code == 404


@pytest.mark.django_db
def test_a_comment_is_never_changed() -> None:
    portfolio, _, _, proposal = proposed()
    written = comment(make_member(portfolio, Role.LEAD), proposal.pk, "So.")
    with pytest.raises(Exception, match=r"permission denied|Cannot update"), transaction.atomic():
        ProposalComment.objects.filter(pk=written.pk).update(text="Otherwise.")


@pytest.mark.django_db
def test_programs_comment_and_read_by_the_api() -> None:
    portfolio, _, _, proposal = proposed()
    client = client_for(portfolio, "lead")
    said = client.post(f"/proposals/{proposal.pk}/comments", {"text": "Not before May."})
    assert said.status_code == 201
    listed = client.get(f"/proposals/{proposal.pk}/comments").json()["results"]
    assert listed == [said.json()]
