"""Which rows of different periods are the same bet, although they spell it differently.

In this order, each step only joining rows that no period has twice and that stand in the same
value stream (or in two between which the mapping says that work moved):

    key          the same key in the file; joins across streams too
    owner        spellings that the mapping says are one bet
    name         the same name but for capitals, punctuation, brackets and acronyms
    former name  one says what it was called before, and the other is called that
    short form   one is the other without its remark, or its acronym; in neighbouring periods
    similar      the same telling words but for slips and words of progress; neighbouring too

The last two join only where there is one candidate on both sides. What was joined by anything
but key and equal letters is reported, and so is what was nearly joined, so that the owner can
settle it in the mapping (``bet.same``, ``bet.different``).
"""

import math
from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from itertools import combinations

from allocation.portfolio_import.mapping import ImportMapping, plain
from allocation.portfolio_import.names import (
    WORDS_OF_PROGRESS,
    Name,
    acronyms_in,
    alike,
    name_of,
)
from allocation.portfolio_import.rows import StatusRow

# Rows of a bet may be this many periods apart and still be joined by a short or similar name.
NEIGHBOURS = 2
WEIGHT_OF_PROGRESS = 0.25
# Below the mapping's similarity but above this part of it, a pair is worth a look.
NEARLY = 0.8


@dataclass(frozen=True)
class Joined:
    """Two spellings that were taken for one bet, and why; or, nearly, that were not."""

    names: tuple[str, str]
    stream: str
    why: str
    similarity: float = 1.0


@dataclass
class Identified:
    """Rows by bet, in the order of the file; what was joined, and what nearly was."""

    bets: list[list[StatusRow]]
    joined: list[Joined]
    nearly: list[Joined]


@dataclass(eq=False)
class _Group:
    """Rows that are one bet, as far as it is known."""

    rows: list[StatusRow]
    names: list[Name] = field(default_factory=list)

    @property
    def periods(self) -> set[int]:
        return {row.period for row in self.rows}

    @property
    def first_line(self) -> int:
        return min(row.line for row in self.rows)

    def texts(self) -> set[str]:
        return {plain(row.name) for row in self.rows}

    def name_keys(self) -> set[str]:
        return {name.key for name in self.names}


def identify(rows: Iterable[StatusRow], mapping: ImportMapping) -> Identified:
    """Decide which rows are the same bet."""
    work = _Joining(list(rows), mapping)
    work.by_mark("key", _file_keys, across_streams=True)
    work.by_mark("owner", work.owner_groups, across_streams=True)
    work.by_mark("name", lambda group: group.name_keys())
    work.by_former_names()
    work.by_single_candidate("short form", work.short_pairs)
    work.by_single_candidate("similar", work.similar_pairs)
    groups = sorted(work.groups, key=lambda group: group.first_line)
    bets = [sorted(group.rows, key=lambda row: (row.period, row.line)) for group in groups]
    return Identified(bets, work.joined, sorted(work.nearly_joined(), key=lambda j: j.names))


def _file_keys(group: _Group) -> set[str]:
    return {row.key.casefold() for row in group.rows if row.key}


class _Joining:
    """The groups, from one for each row to one for each bet."""

    def __init__(self, rows: list[StatusRow], mapping: ImportMapping) -> None:
        self.mapping = mapping
        self.joined: list[Joined] = []
        self.told: set[frozenset[str]] = set()
        self.similar_tried: list[tuple[float, _Group, _Group]] = []
        acronyms = {
            stream: acronyms_in(row.name for row in rows if row.stream == stream)
            for stream in {row.stream for row in rows}
        }
        self.names = {
            (row.stream, row.name): name_of(row.name, acronyms[row.stream]) for row in rows
        }
        self.groups = [_Group([row], [self.names[row.stream, row.name]]) for row in rows]
        self.weights = self._word_weights()
        self.same = {
            plain(name): number for number, group in enumerate(mapping.bet.same) for name in group
        }

    def _word_weights(self) -> dict[str, float]:
        """How telling each word is: the rarer, the more (inverse document frequency)."""
        names = set(self.names.values())
        counts = Counter(word for name in names for word in set(name.words))
        return {word: math.log(1 + len(names) / count) for word, count in counts.items()}

    def owner_groups(self, group: _Group) -> set[str]:
        """The mapping's groups of spellings that a group's names stand in."""
        return {str(self.same[text]) for text in group.texts() if text in self.same}

    def by_mark(
        self, why: str, marks: Callable[[_Group], set[str]], *, across_streams: bool = False
    ) -> None:
        """Join groups that share a mark, in the order of the periods."""
        holders: dict[str, list[_Group]] = defaultdict(list)
        for group in sorted(self.groups, key=lambda g: (min(g.periods), g.first_line)):
            for mark in sorted(marks(group)):
                if mark:
                    holders[mark].append(group)
        for group_list in holders.values():
            alive = [group for group in group_list if group in self.groups]
            self._join_all(alive, why, across_streams)

    def _join_all(self, groups: list[_Group], why: str, across_streams: bool) -> None:
        kept: list[_Group] = []
        for group in groups:
            host = next(
                (other for other in kept if self.may_join(other, group, across_streams)), None
            )
            if host is None:
                kept.append(group)
            else:
                self.join(host, group, why)

    def may_join(self, one: _Group, other: _Group, across_streams: bool = False) -> bool:
        """Whether nothing speaks against the two being one bet."""
        if one is other or one.periods & other.periods:
            return False
        if not across_streams and not self._streams_agree(one, other):
            return False
        keys = _file_keys(one), _file_keys(other)
        if keys[0] and keys[1] and not keys[0] & keys[1] and one.texts().isdisjoint(other.texts()):
            return False
        texts = one.texts() | other.texts()
        return not any(
            len(texts & {plain(name) for name in group}) > 1 for group in self.mapping.bet.different
        )

    def _streams_agree(self, one: _Group, other: _Group) -> bool:
        pairs = {frozenset((a.stream, b.stream)) for a in one.rows for b in other.rows}
        moved = self.mapping.stream.moved
        return any(len(pair) == 1 or any(pair <= group for group in moved) for pair in pairs)

    def join(self, host: _Group, group: _Group, why: str, similarity: float = 1.0) -> None:
        """Make one group of two, and note spellings that were not simply equal."""
        one, other = _closest(host, group)
        spellings = frozenset((plain(one.name), plain(other.name)))
        if len(spellings) == 2 and spellings not in self.told:
            self.told.add(spellings)
            self.joined.append(Joined((one.name, other.name), one.stream, why, similarity))
        host.rows.extend(group.rows)
        host.names.extend(group.names)
        self.groups.remove(group)

    def by_former_names(self) -> None:
        """Join a group with one that carries the name which it says it had before."""
        by_key: dict[str, list[_Group]] = defaultdict(list)
        for group in self.groups:
            for key in group.name_keys():
                by_key[key].append(group)
        for group in list(self.groups):
            for former in sorted({key for name in group.names for key in name.former}):
                for other in by_key[former]:
                    alive = group in self.groups and other in self.groups
                    if alive and self.may_join(other, group):
                        self.join(other, group, "former name")

    def by_single_candidate(
        self, why: str, pairs: Callable[[], Iterator[tuple[float, _Group, _Group]]]
    ) -> None:
        """Join pairs of which neither side has another candidate, until none is left."""
        while self._join_pairs(why, pairs):
            pass

    def _join_pairs(
        self, why: str, pairs: Callable[[], Iterator[tuple[float, _Group, _Group]]]
    ) -> bool:
        found = sorted(pairs(), key=lambda pair: (-pair[0], pair[1].first_line, pair[2].first_line))
        rivals: dict[int, list[_Group]] = defaultdict(list)
        for _, one, other in found:
            rivals[id(one)].append(other)
            rivals[id(other)].append(one)
        before = len(self.groups)
        for similarity, one, other in found:
            if one not in self.groups or other not in self.groups or not self.may_join(one, other):
                continue
            if _contested(rivals[id(one)], other) or _contested(rivals[id(other)], one):
                self.similar_tried.append((similarity, one, other))
                continue
            self.join(one, other, why, similarity)
        return len(self.groups) < before

    def short_pairs(self) -> Iterator[tuple[float, _Group, _Group]]:
        """Neighbours of which one is the other's short form."""
        for one, other in self._neighbours():
            forms = [{key for name in group.names for key in name.shorts} for group in (one, other)]
            if forms[0] & other.name_keys() or forms[1] & one.name_keys():
                yield 1.0, one, other

    def similar_pairs(self) -> Iterator[tuple[float, _Group, _Group]]:
        """Neighbours whose telling words are the same but for slips and words of progress."""
        least = self.mapping.bet.similarity
        for one, other in self._neighbours():
            similarity = max(
                self.similarity(a, b) for a in set(one.names) for b in set(other.names)
            )
            if similarity >= least:
                yield similarity, one, other
            elif similarity >= least * NEARLY:
                self.similar_tried.append((similarity, one, other))

    def _neighbours(self) -> Iterator[tuple[_Group, _Group]]:
        for one, other in combinations(list(self.groups), 2):
            if self.may_join(one, other) and _apart(one, other) <= NEIGHBOURS:
                yield one, other

    def similarity(self, one: Name, other: Name) -> float:
        """The weight of the words that two names share, over that of all their words, 0 to 1."""
        if one.marks != other.marks:
            return 0.0
        left, both = list(other.words), 0.0
        only_one = 0.0
        for word in one.words:
            match = next((candidate for candidate in left if alike(word, candidate)), None)
            if match is None:
                only_one += self._weight(word)
            else:
                left.remove(match)
                both += self._weight(word)
        total = both + only_one + sum(self._weight(word) for word in left)
        return both / total if total else 0.0

    def _weight(self, word: str) -> float:
        factor = WEIGHT_OF_PROGRESS if word in WORDS_OF_PROGRESS else 1.0
        return factor * self.weights.get(word, 1.0)

    def nearly_joined(self) -> list[Joined]:
        """Pairs that were similar and stayed two bets."""
        pairs = {}
        for similarity, one, other in self.similar_tried:
            if one in self.groups and other in self.groups and self.may_join(one, other):
                a, b = _closest(one, other)
                pairs[a.name, b.name] = Joined((a.name, b.name), a.stream, "similar", similarity)
        return [*pairs.values(), *self._elsewhere()]

    def _elsewhere(self) -> Iterator[Joined]:
        """Bets of the same name in streams between which no work is said to have moved."""
        by_key: dict[str, list[_Group]] = defaultdict(list)
        for group in self.groups:
            for key in sorted(group.name_keys()):
                by_key[key].append(group)
        for groups in by_key.values():
            for one, other in combinations(groups, 2):
                if self.may_join(one, other, across_streams=True):
                    a, b = _closest(one, other)
                    streams = f"{a.stream}, {b.stream}"
                    yield Joined((a.name, b.name), streams, "same name, other stream")


def _closest(one: _Group, other: _Group) -> tuple[StatusRow, StatusRow]:
    """The two rows of two groups that lie closest in time, the earlier first."""
    pairs = [(a, b) for a in one.rows for b in other.rows]
    nearest = min(pairs, key=lambda pair: (abs(pair[0].period - pair[1].period), pair[0].line))
    return nearest if nearest[0].period <= nearest[1].period else (nearest[1], nearest[0])


def _apart(one: _Group, other: _Group) -> int:
    return min(abs(a - b) for a in one.periods for b in other.periods)


def _contested(rivals: list[_Group], chosen: _Group) -> bool:
    """Whether another candidate stands in a period of the chosen one: which of them is unclear."""
    return any(rival is not chosen and rival.periods & chosen.periods for rival in rivals)
