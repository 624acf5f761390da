"""One Jira site as it is asked: who we are there, pages of issues, comments, links.

The library speaks both products; what goes wrong is said here in a sentence that a person can act
on, and in a kind that a worker can.
"""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

from evidence.jira.text import clean, short
from spm import outgoing

GLOBAL_ID = "strategic-portfolio-office"
MOST_COMMENT_PAGES = 20
LONGEST_WAIT_SECONDS = 3600
UNLIKE_JIRA = "Jira does not answer as Jira does. Is the address that of its start page?"


class SiteError(Exception):
    """The site was asked in vain; the text says why. It stops until somebody does something."""


class Busy(SiteError):
    """It asks to be left alone for so many seconds."""

    def __init__(self, seconds: int) -> None:
        self.seconds = min(max(seconds, 1), LONGEST_WAIT_SECONDS)
        super().__init__(f"Jira asks to wait for {self.seconds} seconds.")


class Away(SiteError):
    """It does not answer, or not as it should, for now."""


class NotLetIn(SiteError):
    """It does not take the account and the token."""


class TooMuch(SiteError):
    """An answer was too large: ask for less at a time."""


class NotTaken(SiteError):
    """It does not take the request, such as a search that it cannot read; ``status`` is its own."""

    def __init__(self, text: str, status: int) -> None:
        self.status = status
        super().__init__(text)


@dataclass(frozen=True)
class Person:
    """Under whom it is asked; ``time_zone`` is what a search takes times in."""

    name: str
    time_zone: str


@dataclass(frozen=True)
class Page:
    """Some issues as the site shows them, and where to go on: a token, a place, or nowhere."""

    issues: list[Mapping[str, Any]]
    is_last: bool
    token: str = ""
    start_at: int = 0
    total: int | None = None


class Site:
    """A site under an account.

    Args:
        site: its address, without a slash at the end.
        is_cloud: which product it is.
        account: an e-mail address (Cloud) or a name; empty where the token is enough.
        token: an API token, a personal access token, or a password of old Servers.
    """

    def __init__(self, site: str, is_cloud: bool, account: str, token: str) -> None:
        from evidence.jira.line import client_of

        self.is_cloud = is_cloud
        self.client = client_of(site, is_cloud, account, token)

    def says_that_it_is_cloud(self) -> bool:
        """What the site says of itself; anybody may ask."""
        with _in_words():
            info = self.client.server_info()
        if "version" not in info:
            raise NotTaken("This is no Jira site: give the address that its start page has.", 200)
        return info.get("deploymentType") == "Cloud"

    def person(self) -> Person:
        """Under whom we ask."""
        with _in_words():
            found = self.client.myself()
        if not isinstance(found, Mapping):
            raise Away("Jira does not say who the account is.")
        return Person(
            short(clean(str(found.get("displayName") or "somebody")), 200),
            str(found.get("timeZone") or "")[:64],
        )

    def page(
        self, jql: str, fields: list[str], size: int, token: str = "", start_at: int = 0
    ) -> Page:
        """A page of what a search finds: after ``token`` (Cloud), or from ``start_at``."""
        search = self._cloud_page if self.is_cloud else self._server_page
        with _in_words():
            return search(jql, list(fields), size, token, start_at)

    def count(self, jql: str) -> int | None:
        """About how many issues a search finds, or None where that is not said."""
        with _in_words():
            if self.is_cloud:
                counted = self.client.approximate_issue_count(jql)
                return counted if isinstance(counted, int) else None
            return self._server_page(jql, ["updated"], 1, "", 0).total

    def comments(self, issue_id: str) -> list[Mapping[str, Any]]:
        """All comments of an issue."""
        found: list[Mapping[str, Any]] = []
        for _ in range(MOST_COMMENT_PAGES):
            with _in_words():
                page = self.client.comments(issue_id, start_at=len(found), max_results=100)
            found += [each.raw for each in page]
            if not page:
                break
        return found

    def offers(self) -> dict[str, Any]:
        """What a mapping can choose from: names of types and statuses, and fields by id."""
        with _in_words():
            types = {clean(each.name)[:255] for each in self.client.issue_types()}
            statuses = {clean(each.name)[:255] for each in self.client.statuses()}
            fields = [
                [str(each["id"])[:80], clean(str(each.get("name") or each["id"]))[:120]]
                for each in self.client.fields()
            ]
        return {
            "types": sorted(types)[:200],
            "statuses": sorted(statuses)[:200],
            "fields": sorted(fields, key=lambda each: each[1].casefold())[:1000],
        }

    def link(self, key: str, url: str, title: str) -> None:
        """Show a page of ours on an issue; the same again changes nothing."""
        with _in_words():
            self.client.add_remote_link(
                key,
                {"url": url, "title": short(title, 200)},
                globalId=f"{GLOBAL_ID}:{url}",
                application={"type": GLOBAL_ID, "name": "Portfolio office"},
                relationship="bet",
            )

    def _cloud_page(
        self, jql: str, fields: list[str], size: int, token: str, start_at: int
    ) -> Page:
        found: Any = self.client.enhanced_search_issues(
            jql, nextPageToken=token or None, maxResults=size, fields=fields, json_result=True
        )
        following = str(found.get("nextPageToken") or "")
        # A short page says nothing: only where there is no token is there nothing more.
        return Page(_issues_of(found), is_last=not following, token=following)

    def _server_page(
        self, jql: str, fields: list[str], size: int, token: str, start_at: int
    ) -> Page:
        found: Any = self.client.search_issues(
            jql, startAt=start_at, maxResults=size, fields=fields, json_result=True
        )
        issues, total = _issues_of(found), int(found.get("total") or 0)
        after = start_at + len(issues)
        return Page(issues, is_last=not issues or after >= total, start_at=after, total=total)


def _issues_of(found: Any) -> list[Mapping[str, Any]]:
    issues = found.get("issues") if isinstance(found, Mapping) else None
    if not isinstance(issues, list):
        raise Away("Jira answers a search with something else.")
    return [each for each in issues if isinstance(each, Mapping)]


@contextmanager
def _in_words() -> Iterator[None]:
    """Say what went wrong so that somebody can act on it."""
    from jira import JIRAError
    from requests import RequestException

    try:
        yield
    except outgoing.Refused as refusal:
        raise NotTaken(str(refusal), 0) from refusal
    except outgoing.TooLarge as error:
        raise TooMuch("The answer is too large.") from error
    except outgoing.NoAnswer as error:
        raise Away(f"Jira does not answer: {error}.") from error
    except JIRAError as error:
        raise _of_status(error.status_code or 0, error.response) from error
    except (RequestException, ValueError, KeyError, TypeError, AttributeError) as error:
        raise Away(
            "Jira does not answer as Jira does. Is the address that of its start page?"
        ) from (error)


def _of_status(status: int, response: Any) -> SiteError:
    if status in (429, 503):
        return Busy(_seconds(response.headers.get("Retry-After"), 30 if status == 429 else 60))
    if status == 401:
        return NotLetIn("Jira does not know this account with this token.")
    if status == 403:
        return NotLetIn("Jira knows this account and does not let it do this.")
    if status == 410:
        return NotTaken("Jira does not offer this any more: this is a site of Jira Cloud.", status)
    if status >= 500:
        return Away(f"Jira answers with an error of its own ({status}).")
    said = _said(response)
    if status == 404 and not said:
        return NotTaken("There is no Jira at this address.", status)
    return NotTaken(f"Jira says: {said}" if said else f"Jira refuses this ({status}).", status)


def _seconds(text: Any, otherwise: int) -> int:
    return int(text) if isinstance(text, str) and text.isdigit() and len(text) < 8 else otherwise


def _said(response: Any) -> str:
    """What Jira itself says in its own form of an error; anything else is not repeated."""
    try:
        body = response.json()
    except ValueError:
        return ""
    if not isinstance(body, Mapping):
        return ""
    messages = body.get("errorMessages")
    texts = (
        [each for each in messages if isinstance(each, str)] if isinstance(messages, list) else []
    )
    errors = body.get("errors")
    if isinstance(errors, Mapping):
        texts += [each for each in errors.values() if isinstance(each, str)]
    return short(clean(" ".join(texts)), 300)
