"""Rules as YAML text: what is read, what is refused and where, and the way there and back."""

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.adapters.yaml.rules_text import MOST_DEPTH, read_rules, write_rules
from app.core.access.file_values import MOST_BYTES
from app.core.errors import BadInput

FILE = b"""\
format: 1
sites:
- {name: Harbour, time_zone: Europe/Berlin}
groups:
- name: Norway
- name: no      # a word, not a boolean
schedules:
- name: Days
  windows:
  - days: [Mon, Tue]
    start: 07:00
    length: "12:00"
rules:
- name: Staff
  who: {groups: [Norway, no]}
  where: everywhere
  valid_from: 2026-12-01
  note:
"""


def refusal(raw: bytes) -> str:
    with pytest.raises(BadInput) as refused:
        read_rules(raw)
    assert refused.value.code == "bad_rules_file"
    return refused.value.detail


def test_words_times_and_dates_are_text_and_whole_numbers_are_numbers() -> None:
    data = read_rules(FILE).data
    assert data == {
        "format": 1,
        "sites": [{"name": "Harbour", "time_zone": "Europe/Berlin"}],
        "groups": [{"name": "Norway"}, {"name": "no"}],
        "schedules": [{"name": "Days", "windows": [{"days": ["Mon", "Tue"], "start": "07:00", "length": "12:00"}]}],
        "rules": [
            {
                "name": "Staff",
                "who": {"groups": ["Norway", "no"]},
                "where": "everywhere",
                "valid_from": "2026-12-01",
                "note": None,
            }
        ],
    }


def test_json_is_read_as_well() -> None:
    data = {"format": 1, "rules": [{"name": 'Night "shift"', "who": "everybody", "note": None, "on": True}]}
    assert read_rules(json.dumps(data, indent=1).encode()).data == data


@pytest.mark.parametrize(
    ("path", "line"),
    [
        (("format",), 1),
        (("sites", 0), 3),
        (("sites", 0, "time_zone"), 3),
        (("groups", 1, "name"), 6),
        (("schedules", 0, "windows", 0, "start"), 11),
        (("rules", 0, "who", "groups", 1), 15),
        (("rules", 0, "colour"), 14),  # a key that is missing: its mapping
        ((), 1),
    ],
)
def test_each_value_has_its_line(path: tuple[str | int, ...], line: int) -> None:
    assert read_rules(FILE).line(path) == line


@pytest.mark.parametrize(
    ("raw", "detail"),
    [
        (b"a: &x [1]\nb: *x\n", "Line 1: Anchors and aliases are not read. Write the value out."),
        (b"a: 1\nb: *x\n", "Line 2: Anchors and aliases are not read. Write the value out."),
        (b"a: 1\na: 2\n", 'Line 2: The key "a" is there twice.'),
        (b"a: !!python/object:os.system 1\n", "Line 1: Tags are not read. Write plain values."),
        (b"a: !!set {x, y}\n", "Line 1: Tags are not read. Write plain values."),
        (b"a: 1\n---\nb: 2\n", "Line 2: The file holds a second document. Keep one."),
        (b"? [a, b]\n: 1\n", "Line 1: A key must be text."),
        (b"a: 1\nb: \xff\n", "Line 2: Save the file as UTF-8."),
        (b"a: \x00\n", "The file holds characters that YAML does not allow."),
    ],
)
def test_unsupported_yaml_is_named_with_its_line(raw: bytes, detail: str) -> None:
    assert refusal(raw) == detail


def test_invalid_yaml_is_named_with_its_line() -> None:
    assert refusal(b"a: 1\nb: [1, 2\nc: 3\n").startswith("Line 3: This is not YAML: ")


def test_file_that_is_too_large_is_refused_before_it_is_read() -> None:
    assert refusal(b"a" * 100_000_000) == "The file is too large: at most 2 MB are read."


def test_values_that_are_nested_too_deep_are_refused() -> None:
    assert read_rules(b"[" * MOST_DEPTH + b"]" * MOST_DEPTH).data is not None
    too_deep = b"[" * (MOST_DEPTH + 1) + b"]" * (MOST_DEPTH + 1)
    assert refusal(too_deep) == f"Line 1: Values are nested more than {MOST_DEPTH} deep."
    assert refusal(b"[" * MOST_BYTES) == "Line 1: This is not YAML: exceeded maximum nesting depth."
    assert refusal(b"{a: " * (MOST_BYTES // 4)).startswith("Line 1: ")
    assert refusal(b"- " * (MOST_BYTES // 2)).startswith("Line 1: ")


def test_exploding_anchors_are_refused() -> None:
    lines = ["a0: &a0 [x, x, x, x, x, x, x, x, x]"]
    lines += [f"a{n}: &a{n} [{', '.join([f'*a{n - 1}'] * 9)}]" for n in range(1, 30)]
    assert refusal("\n".join(lines).encode()).startswith("Line 1: Anchors")


def test_empty_file_holds_nothing() -> None:
    assert read_rules(b"").data is None
    assert read_rules(b"# nothing\n").data is None


def test_entry_is_one_line_where_it_fits() -> None:
    data = {"format": 1, "groups": [{"name": "no"}, {"name": "12"}, {"name": "07:00"}, {"name": "Zoë"}]}
    assert (
        write_rules(data) == "format: 1\n\ngroups:\n- {name: 'no'}\n- {name: '12'}\n- {name: '07:00'}\n- {name: Zoë}\n"
    )


def test_repeated_value_is_written_twice() -> None:
    same = ["Mon"]
    assert "&" not in write_rules({"a": [same, same]})


names = st.text(st.characters(exclude_categories=["Cc", "Cs", "Zl", "Zp"]), min_size=1, max_size=30)
texts = names | st.sampled_from(
    ["no", "yes", "true", "null", "~", "12", "012", "1e3", "07:00", "2026-12-01", "=", "<<"]
)
values = st.recursive(
    texts | st.none() | st.booleans() | st.integers(0, 999_999_999),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(texts, inner, max_size=4),
    max_leaves=12,
)


@given(st.dictionaries(texts, values, min_size=1, max_size=6))
def test_written_rules_are_read_back(data: dict[str, object]) -> None:
    assert read_rules(write_rules(data).encode()).data == data


@given(st.binary(max_size=200) | st.text(max_size=200).map(lambda text: text.encode(errors="replace")))
def test_any_bytes_are_read_or_refused(raw: bytes) -> None:
    try:
        read_rules(raw)
    except BadInput as refused:
        assert refused.code == "bad_rules_file"
