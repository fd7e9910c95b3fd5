"""What objects of other people's classes are shown as; none of them is consumed, changed or believed."""

from __future__ import annotations

import array
import itertools
import json
from collections import OrderedDict, UserDict, deque
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from enum import Enum, IntEnum
from typing import Any, ClassVar, NamedTuple
from unittest.mock import MagicMock

import pytest

from outcrop.capture.render import to_json


def shown(value: Any) -> Any:
    return json.loads(to_json(value))


class Point(NamedTuple):
    x: int
    y: int


class Level(IntEnum):
    LOW = 1


class Colour(Enum):
    TEAL = "teal"


@dataclass
class Login:
    kind: ClassVar[str] = "login"
    user: str
    key: str = field(repr=False)


class Trickster:
    """Answers every name, and nothing with sense."""

    def __getattr__(self, name: str) -> Any:
        raise RuntimeError(name)


class Masked:
    @property  # type: ignore[misc]  # such classes exist
    def __class__(self) -> Any:  # pyright: ignore[reportIncompatibleVariableOverride, reportIncompatibleMethodOverride]  # as above
        raise RuntimeError("no class")


class Unsized(UserDict[str, int]):
    def __len__(self) -> int:
        raise RuntimeError("no length")


class Unending:
    def __iter__(self) -> Iterator[int]:
        return itertools.count()


class OddText(str):
    __slots__ = ()

    def __str__(self) -> str:
        raise RuntimeError("no text")

    def __len__(self) -> int:
        raise RuntimeError("no length")


class Vector:
    """What numpy's arrays, torch's tensors and pandas' series have in common."""

    dtype = "float64"

    def __init__(self, *shape: int) -> None:
        self._shape = shape

    @property
    def shape(self) -> tuple[int, ...]:
        return self._shape

    def __getitem__(self, index: Any) -> Vector:
        if isinstance(index, slice):
            return Vector(len(range(*index.indices(self.shape[0]))), *self.shape[1:])
        return Vector(*self.shape[1:])

    def tolist(self) -> list[float]:
        (length,) = self.shape
        if length > 10_000:
            raise MemoryError
        return [0.5] * length


EXPECTED: list[tuple[Any, Any]] = [
    (Point(1, 2), {"x": 1, "y": 2}),
    (Level.LOW, 1),
    ({Colour.TEAL: Colour.TEAL}, {"<Colour.TEAL: 'teal'>": "teal"}),
    (OrderedDict(a=1), {"a": 1}),
    (UserDict(a=1), {"a": 1}),
    ({"a": 1}.keys(), ["a"]),
    (deque([1, 2]), [1, 2]),
    (array.array("d", [1.0]), [1.0]),
    (memoryview(b"abcdef")[::2], "YWNl"),
    (Login("ann", "secret"), {"user": "ann", "key": "<hidden: its class keeps it out of its repr>"}),
    (Unsized(a=1), "<Unsized cannot be shown: RuntimeError>"),
    (OddText("odd"), "odd"),
    ([OddText("odd")], ["odd"]),
    ({OddText("odd"): True}, {"odd": True}),
    (1j, "1j"),
    (Vector(3), [0.5, 0.5, 0.5]),
]


@pytest.mark.parametrize("index", range(len(EXPECTED)))
def test_it_is_shown_as(index: int) -> None:
    # By index: pytest would ask the values themselves for their names.
    value, expected = EXPECTED[index]
    assert shown(value) == expected


@pytest.mark.parametrize("make", [Trickster, Unending, MagicMock, object, lambda: Trickster])
def test_what_nothing_is_known_of_is_shown_by_its_repr(make: Callable[[], object]) -> None:
    value = make()
    assert shown(value) == repr(value)
    assert shown([value]) == [repr(value)]


def test_an_object_that_denies_its_class_is_shown() -> None:
    assert "Masked object" in to_json({"it": Masked()})


def test_what_can_be_read_but_once_is_not_read() -> None:
    numbers = iter([1, 2])
    squares = (number**2 for number in numbers)
    assert "generator" in shown({"squares": squares})["squares"]
    assert list(squares) == [1, 4]


def test_a_large_array_is_shown_by_its_shape_and_its_beginning() -> None:
    found = shown(Vector(1_000, 50_000))
    assert (found["shape"], found["dtype"]) == ([1_000, 50_000], "float64")
    assert found["type"].endswith("Vector")
    assert found["first"] == [0.5] * 100 + ["… (cut: 50,000,000 elements in all)"]


def test_numpy_arrays_and_scalars() -> None:
    np = pytest.importorskip("numpy")
    assert shown({"row": np.arange(3), "x": np.float64(0.5), "n": np.int64(7), "yes": np.bool_(1)}) == {
        "row": [0, 1, 2],
        "x": 0.5,
        "n": 7,
        "yes": True,
    }
    assert shown(np.array([0.5, np.nan])) == [0.5, "NaN"]
    large = shown(np.zeros((2_000, 5_000)))
    assert (large["type"], large["shape"]) == ("numpy.ndarray", [2_000, 5_000])
    assert len(large["first"]) == 101
    assert "longdouble" in shown(np.longdouble(1))


def test_pandas_frames_and_series() -> None:
    pd = pytest.importorskip("pandas")
    small = shown(pd.DataFrame({"a": [1, 2], "b": ["x", "y"]}))
    assert (small["columns"], small["data"]) == (["a", "b"], [[1, "x"], [2, "y"]])
    large = shown(pd.DataFrame({"a": range(1_000)}))
    assert len(large["data"]) == 100
    assert large["…"] == "… (cut: 1,000 rows of 1 columns in all)"
    assert shown(pd.Series([1, 2])) == [1, 2]
    assert shown(pd.Series(range(20_000)))["shape"] == [20_000]


def test_pydantic_models_show_their_fields_but_what_they_keep_to_themselves() -> None:
    pydantic = pytest.importorskip("pydantic")

    class Account(pydantic.BaseModel):  # type: ignore[misc, name-defined]  # loaded at run time
        model_config = pydantic.ConfigDict(extra="allow")
        name: str
        password: pydantic.SecretStr  # type: ignore[name-defined]  # as above
        token: str = pydantic.Field("t", exclude=True)

    account = Account(name="ann", password="hunter2", more=[1])
    assert shown(account) == {
        "name": "ann",
        "password": "SecretStr('**********')",
        "token": "<hidden: its class keeps it out of its repr>",
        "more": [1],
    }
