import json
from contextlib import suppress

import pytest
from hypothesis import given
from hypothesis import strategies as st

from spm.api.strict_json import decode
from spm.errors import Invalid

values = st.recursive(
    st.none()
    | st.booleans()
    | st.integers(-(2**63), 2**63)
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.text(st.characters(exclude_characters="\x00", exclude_categories=["Cs"])),
    lambda inner: (
        st.lists(inner, max_size=4)
        | st.dictionaries(
            st.text(st.characters(exclude_characters="\x00", exclude_categories=["Cs"])),
            inner,
            max_size=4,
        )
    ),
    max_leaves=20,
)


@given(values, st.booleans())
def test_whatever_json_can_say_is_read_as_it_was_written(value: object, escaped: bool) -> None:
    assert decode(json.dumps(value, ensure_ascii=escaped).encode()) == value


@given(st.binary(max_size=200))
def test_any_bytes_are_read_or_refused_in_our_own_words(raw: bytes) -> None:
    with suppress(Invalid):
        decode(raw)


@pytest.mark.parametrize(
    ("raw", "field", "says"),
    [
        (b"", "", "not JSON"),
        (b"{", "", "line 1, column 2"),
        (b'{"a": NaN}', "", "NaN is not a JSON number"),
        (b'{"a": -Infinity}', "", "-Infinity is not"),
        (b'{"a": 1e999}', "", "too large"),
        (b'{"a": ' + b"9" * 5000 + b"}", "", "too many digits"),
        (b'{"a": 1, "a": 2}', "a", "given twice"),
        (b'{"b": {"a": 1, "a": 2}}', "a", "given twice"),
        (b'{"a": ["x", "\\u0000"]}', "a[1]", "NUL"),
        (b'{"a": {"b": "\\ud800"}}', "a.b", "surrogate"),
        (b'{"\\udfff": 1}', "\N{REPLACEMENT CHARACTER}", "surrogate"),
        (b'{"\\ud800": 1, "\\ud800": 2}', "\N{REPLACEMENT CHARACTER}", "given twice"),
        (b'{"a": "\x00"}', "", "control character"),
        (b'{"a": "\xff"}', "", "not UTF-8: see byte 8"),
        (b'\xef\xbb\xbf{"a": 1}', "", "not JSON"),
        (b'{"a": "\xed\xa0\x80"}', "", "not UTF-8"),
    ],
)
def test_what_is_no_strict_json_is_refused_with_its_place(
    raw: bytes, field: str, says: str
) -> None:
    with pytest.raises(Invalid) as caught:
        decode(raw)
    assert says in caught.value.fields[field]


def test_thirty_two_levels_are_read_and_thirty_three_are_not() -> None:
    assert decode(b"[" * 32 + b"]" * 32)
    with pytest.raises(Invalid, match="more than 32 deep"):
        decode(b"[" * 33 + b"]" * 33)


@pytest.mark.parametrize("opening", [b"[", b'{"a":'])
def test_a_hundred_thousand_levels_are_refused_without_being_built(opening: bytes) -> None:
    with pytest.raises(Invalid, match="more than 32 deep"):
        decode(opening * 100_000)


def test_brackets_inside_texts_are_not_nesting() -> None:
    assert decode(b'["' + b"[{" * 1000 + b'\\"[["]')


def test_ten_thousand_names_are_read_and_one_more_is_not() -> None:
    def names(count: int) -> bytes:
        return json.dumps([{f"n{i}": 0 for i in range(count // 2)}] * 2).encode()

    assert decode(names(10_000))
    with pytest.raises(Invalid, match="more than 10,000 names"):
        decode(names(10_002))


def test_a_pair_of_surrogates_is_one_character() -> None:
    assert decode(b'["\\ud83d\\ude00"]') == ["\N{GRINNING FACE}"]


def test_a_text_that_does_not_end_is_not_read_again_from_each_of_its_signs() -> None:
    hostile = b'"' + b'\\"' * 400_000 + b"[" * 40
    with pytest.raises(Invalid):  # in linear time: the test run would notice hours
        decode(hostile)
