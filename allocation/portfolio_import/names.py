"""When two spellings are the same name: capitals, punctuation, brackets, acronyms, old names.

A name is taken apart into words. Words that any piece of work may carry ('programme', 'the')
count for nothing; numbers, phases and single letters count for everything.
"""

import re
import unicodedata
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

# Words that say that it is a piece of work, and words that only join others.
JOINING = frozenset({"the", "a", "an", "and", "of", "for", "to", "in", "at", "on"})
EMPTY_WORDS = JOINING | {"programme", "program", "project", "portfolio"}
# Words that come and go as the same work moves on; they alone do not tell two names apart.
WORDS_OF_PROGRESS = frozenset(
    {"implementation", "delivery", "initiative", "feasibility", "development", "rollout", "plan"}
)
ROMAN = {"ii": "2", "iii": "3", "iv": "4", "vi": "6", "vii": "7", "viii": "8"}
FORMER = re.compile(
    r"^(?:formerly|formally|previously|originally|was|now|also)"
    r"(?:\s+(?:known as|called|named))?\s+(?!part of)(?:the\s+)?",
    re.IGNORECASE,
)
INCLUDING = re.compile(r"\b(?:incl\b\.?|including\b|covers\b).*", re.IGNORECASE)
LONGEST_ACRONYM = 10


@dataclass(frozen=True)
class Name:
    """A name taken apart.

    ``key`` is equal for two spellings of the same name; ``words`` are its telling words in order;
    ``shorts`` are other forms under which the same work may stand: without a remark in brackets,
    the remark alone, or the acronym for the whole; ``former`` are keys of what it says it was
    called before.
    """

    text: str
    key: str
    words: tuple[str, ...]
    shorts: frozenset[str]
    former: frozenset[str]

    @property
    def marks(self) -> tuple[str, ...]:
        """Numbers and single letters, sorted: names that differ in one are different work."""
        return tuple(sorted(word for word in self.words if word.isdigit() or len(word) == 1))


def words_of(text: str) -> list[str]:
    """The words of a text, plain: no accents, capitals, punctuation or plural; numbers apart."""
    plain = unicodedata.normalize("NFKD", text).casefold().replace("&", " and ")
    plain = "".join(char for char in plain if not unicodedata.combining(char))
    plain = re.sub(r"(?<=\d),(?=\d{3}\b)", "", plain)
    plain = re.sub(r"['’]s\b|['’]", "", plain)
    return [_singular(ROMAN.get(word, word)) for word in re.findall(r"[^\W\d_]+|\d+", plain)]


def _singular(word: str) -> str:
    return word[:-1] if len(word) > 3 and word.endswith("s") and word[-2] not in "su" else word


def telling(words: Iterable[str]) -> list[str]:
    """The words that tell one piece of work from another."""
    words = list(words)
    return [word for word in words if word not in EMPTY_WORDS] or words


def brackets(text: str) -> tuple[str, list[tuple[str, str]]]:
    """The text without its outermost brackets, and each bracket with what stood before it."""
    outside: list[str] = []
    found: list[tuple[str, str]] = []
    depth, begins = 0, 0
    for place, char in enumerate(text):
        if char == "(":
            depth += 1
            begins = place + 1 if depth == 1 else begins
        elif char == ")" and depth:
            depth -= 1
            if depth == 0:
                found.append(("".join(outside), text[begins:place].strip()))
                outside.append(" ")
        elif depth == 0:
            outside.append(char)
    return "".join(outside), found


def stands_for(acronym: str, before: str) -> list[str] | None:
    """The words at the end of a text whose initials an acronym is, or None."""
    letters = [char for char in acronym.casefold() if char.isalnum()]
    words = re.findall(r"[^\W_]+", re.sub(r"['’]s?\b", "", before.replace("&", " and ")))
    for skip_joining in (False, True):
        taken = list(letters)
        for place in range(len(words) - 1, -1, -1):
            word = words[place].casefold()
            if taken and word[0] == taken[-1]:
                taken.pop()
            elif not (skip_joining and word in JOINING):
                break
            if not taken:
                return words[place:]
    return None


def is_acronym(text: str) -> bool:
    """Whether a remark is a short form rather than a word: mostly capitals, no spaces."""
    capitals = sum(char.isupper() or char.isdigit() for char in text)
    return text.isascii() and text.isalnum() and len(text) <= LONGEST_ACRONYM and capitals >= 2


def acronyms_in(names: Iterable[str]) -> dict[str, tuple[str, ...]]:
    """What the names themselves say that acronyms stand for; those said in two ways are left out.

    Only acronyms of three letters and more, whose initials match.
    """
    said: dict[str, set[tuple[str, ...]]] = {}
    for name in names:
        for before, remark in brackets(name)[1]:
            first = remark.split()[0] if remark.split() else ""
            words = stands_for(first, before) if is_acronym(first) else None
            if words is not None and len(first) >= 3:
                expansion = tuple(words_of(" ".join(words)))
                said.setdefault(_singular(first.casefold()), set()).add(expansion)
    return {acronym: min(ways) for acronym, ways in said.items() if len(ways) == 1}


def name_of(text: str, acronyms: Mapping[str, tuple[str, ...]]) -> Name:
    """Take a name apart, with what acronyms stand for where it was written."""
    outside, remarks = brackets(text)
    former, shorts, kept = set(), set(), []
    for before, remark in remarks:
        old_name = FORMER.sub("", remark)
        if old_name != remark:
            former.add(_key(telling(_expanded(brackets(old_name)[0], acronyms))))
            continue
        rest = _without_acronym(remark, before)
        if rest is None and not telling(words_of(before)):
            rest = remark
        if rest:
            kept.append(rest)
            shorts.add(_key(telling(_expanded(rest, acronyms))))
        elif rest is None and _whole(remark, before):
            shorts.add(_key(words_of(remark)))
    bare = INCLUDING.sub("", outside) or outside
    words = telling(
        _expanded(" ".join((bare, *(INCLUDING.sub("", rest) for rest in kept))), acronyms)
    )
    if kept:
        shorts.add(_key(telling(_expanded(bare, acronyms))))
    key = _key(words)
    return Name(
        text, key, tuple(words), frozenset(shorts - {key, ""}), frozenset(former - {key, ""})
    )


def _without_acronym(remark: str, before: str) -> str | None:
    """What a remark says beyond an acronym of the words before it; None if nothing."""
    first, _, rest = remark.partition(" ")
    if is_acronym(first) and (not rest or stands_for(first, before) is not None):
        return rest.strip() or None
    if stands_for(first, before) is not None and len(first) >= 3 and first[0].isupper():
        return rest.strip() or None
    return remark


def _whole(acronym: str, before: str) -> bool:
    """Whether an acronym stands for the whole of what is before it."""
    words = stands_for(acronym, before)
    return words is not None and telling(words_of(" ".join(words))) == telling(words_of(before))


def _expanded(text: str, acronyms: Mapping[str, tuple[str, ...]]) -> list[str]:
    words: list[str] = []
    for word in words_of(text):
        words.extend(acronyms.get(word, (word,)))
    return words


def _key(words: Iterable[str]) -> str:
    return "".join(words)


def alike(one: str, other: str) -> bool:
    """Whether two words are the same but for a slip of the pen or an ending."""
    if one == other:
        return True
    short, long = sorted((one, other), key=len)
    if short.isdigit() or long.isdigit() or len(short) < 5:
        return False
    if long.startswith(short) and long[len(short) :] in {"ing", "ed", "er", "s", "es", "d"}:
        return True
    return len(short) >= 7 and _one_slip(short, long)


def _one_slip(short: str, long: str) -> bool:
    """Whether one letter changed, added, or swapped with its neighbour makes one of the other."""
    if len(long) - len(short) > 1:
        return False
    start = next((i for i, char in enumerate(short) if char != long[i]), len(short))
    if len(short) < len(long):
        return short[start:] == long[start + 1 :]
    swapped = short[start + 1 : start + 2] + short[start : start + 1] + short[start + 2 :]
    return short[start + 1 :] == long[start + 1 :] or swapped == long[start:]
