"""Values that no argument is made for; each is made anew for every call."""

import collections
import datetime
import decimal
import fractions
import io
import math
import pathlib
import random
import types

import brian2
import numpy as np
import pandas as pd
import torch
from brian2 import Hz, Quantity, ms, mV, nA, second
from hypothesis import strategies as st

import brainsleep as bs


class Hostile:
    """Raises whatever is asked of it."""

    def _refuse(self, *_):
        raise ZeroDivisionError("no")

    __repr__ = __str__ = __len__ = __iter__ = __bool__ = __float__ = __int__ = __index__ = _refuse
    __eq__ = __lt__ = __add__ = __mul__ = __array__ = __fspath__ = __contains__ = _refuse
    __hash__ = None


class HasAnyName:
    """Has whatever attribute is asked for."""

    def __getattr__(self, name):
        if name.startswith("__"):
            raise AttributeError(name)
        return self


def _huge():
    return np.broadcast_to(np.float64(0.5), (10**6, 10**5))


def _itself():
    itself = [1.0]
    itself.append(itself)
    return itself


def _deep(depth=5000):
    deep = 1.0
    for _ in range(depth):
        deep = [deep]
    return deep


def _count():
    number = 0
    while True:
        yield number
        number += 1


#: Made by a function each, by what a failure is to say.
PLAIN = {
    "None": lambda: None,
    "True": lambda: True,
    "False": lambda: False,
    **{
        repr(value): lambda value=value: value
        for value in (
            -1, 0, 1, 2, 3, 2**31, 2**32, 2**63, 2**64, -(2**63), 10**18, 0.0, -0.0, 0.5, 1.0, 1.5,
            -1.0, 1e-300, 1e300, -1e300, 5e-324, math.nan, math.inf, -math.inf, 2j, 1e-30, 1e30,
            "", " ", "0", "2", "all", "tadros", "calibrated", "cpp", "runtime", "float32", "none",
            "1..2 ms", "1e999 ms", "1e-999 ms", "nan ms", "-1 ms", "20 ms", "20ms", "5 Hz", "3 mV",
            "20 parsec", "ms", "1e5", "\0", "\ud800", "a/b", "../x", "~", "é" * 300, "1" * 5000,
            b"", b"20 ms", ..., NotImplemented, (), (1,), (1, 2), (784,), (-1,), (1.5,), ("a",),
            ("0",), (2, 3, 4), (10**9, 10**9), (True,), (None, None), frozenset({"0"}),
        )
    },
    "10**400": lambda: 10**400,
    "-10**400": lambda: -(10**400),
    "10**5000": lambda: 10**5000,
    "a long text": lambda: "ab " * 300_000,
    "bytearray": lambda: bytearray(b"12"),
    "memoryview": lambda: memoryview(b"12"),
    "range": lambda: range(3),
    "endless range": lambda: range(10**11),
    "set": lambda: {1, 2},
    "empty list": lambda: [],
    "numbers": lambda: [1, 2, 3],
    "texts": lambda: ["0", "2"],
    "mixed": lambda: [1, "a", None, 2 * ms],
    "ragged": lambda: [[1], [1, 2]],
    "holds itself": _itself,
    "deep": _deep,
    "list of times": lambda: [1 * ms, 2 * ms],
    "list of lists": lambda: [["0"], ["2"]],
    "list of dicts": lambda: [{}, {"a": []}],
    "list of arrays": lambda: [np.ones(3), np.ones(4)],
    "empty dict": lambda: {},
    "dict": lambda: {"a": 1},
    "dict of layers": lambda: {"0": 1.0, "2": np.ones(3)},
    "dict of numbers": lambda: {1: 2, None: 3, (1, 2): 4},
    "dict with NaN": lambda: {math.nan: math.nan},
    "dict of dicts": lambda: {"0": {"0": {"0": []}}},
    "defaultdict": lambda: collections.defaultdict(list),
    "deque": lambda: collections.deque([1, 2]),
    "generator": lambda: (n for n in range(3)),
    "endless generator": _count,
    "iterator": lambda: iter([1, 2]),
    "map": lambda: map(int, "12"),
    "class": lambda: int,
    "class of the package": lambda: bs.LIF,
    "function": lambda: len,
    "lambda": lambda: lambda *args, **keywords: None,
    "lambda that fails": lambda: lambda *args: 1 / 0,
    "module": lambda: math,
    "object": object,
    "hostile": Hostile,
    "has any name": HasAnyName,
    "namespace": lambda: types.SimpleNamespace(gate=1, parameters=2, prepare=3, equations=4),
    "error": lambda: ValueError("x"),
    "path": lambda: pathlib.Path("nowhere"),
    "path of a file": lambda: pathlib.Path(__file__),
    "file": io.StringIO,
    "date": lambda: datetime.date(2020, 1, 1),
    "timedelta": lambda: datetime.timedelta(milliseconds=20),
    "Decimal": lambda: decimal.Decimal("0.1"),
    "Decimal NaN": lambda: decimal.Decimal("sNaN"),
    "Fraction": lambda: fractions.Fraction(1, 3),
    "random": lambda: random.Random(0),
    "generator of NumPy": lambda: np.random.default_rng(0),
    "unit ms": lambda: ms,
    "unit Hz": lambda: Hz,
    "20 ms": lambda: 20 * ms,
    "0 ms": lambda: 0 * ms,
    "-1 ms": lambda: -1 * ms,
    "1e-30 ms": lambda: 1e-30 * ms,
    "1e30 s": lambda: 1e30 * second,
    "NaN ms": lambda: math.nan * ms,
    "inf s": lambda: math.inf * second,
    "5 Hz": lambda: 5 * Hz,
    "1e9 Hz": lambda: 1e9 * Hz,
    "3 mV": lambda: 3 * mV,
    "-50 mV": lambda: -50 * mV,
    "2 nA": lambda: 2 * nA,
    "5 metre": lambda: 5 * brian2.metre,
    "1 ms^2": lambda: (1 * ms) ** 2,
    "complex ms": lambda: 2j * ms,
    "array of ms": lambda: [1, 2] * ms,
    "matrix of mV": lambda: np.ones((2, 3)) * mV,
    "empty ms": lambda: [] * ms,
    "array of Hz": lambda: [5, 5, 5] * Hz,
    "dimensionless": lambda: Quantity(0.5),
    "a neuron": lambda: bs.LIF(gain=1, threshold=5),
    "a plain neuron": bs.Heaviside,
    "a rule": bs.SRC,
    "a stage": bs.stages.NREM,
    "a stimulus": lambda: bs.stimuli.ConstantProbabilities(np.full(12, 0.1)),
    "a stimulus of another size": lambda: bs.stimuli.ConstantProbabilities([0.1]),
    "a mask": bs.stimuli.RandomPixels,
    "a record": bs.Record,
    "a module": lambda: torch.nn.Linear(12, 5),
    "a module without layers": lambda: torch.nn.Flatten(),
    "a generator of torch": torch.Generator,
    "a device of torch": lambda: torch.device("cpu"),
    "a type of torch": lambda: torch.float32,
    "a type of NumPy": lambda: np.dtype("float32"),
    "a type of NumPy, structured": lambda: np.dtype([("a", "f4")]),
}  # fmt: skip

_DTYPES = (
    "bool", "int8", "uint8", "int64", "uint64", "float16", "float32", "float64", "longdouble",
    "complex64", "object", "str", "bytes", "datetime64[s]", "timedelta64[ms]", "S3", "V4",
)  # fmt: skip
_SHAPES = ((), (0,), (1,), (3,), (12,), (5, 12), (10, 12), (2, 3, 4), (0, 12), (1,) * 33)

#: Arrays and tensors.
ARRAYS = {
    **{
        f"array of {dtype}, {shape}": lambda dtype=dtype, shape=shape: np.zeros(shape, dtype)
        for dtype in _DTYPES
        for shape in _SHAPES
    },
    **{f"scalar {dtype}": lambda dtype=dtype: np.zeros((), dtype)[()] for dtype in _DTYPES},
    "array of ones": lambda: np.ones((10, 12)),
    "array of 2": lambda: np.full((10, 12), 2),
    "array of NaN": lambda: np.full(12, math.nan),
    "array of inf": lambda: np.full((5, 12), math.inf),
    "array of -1": lambda: np.full((10, 12), -1.0),
    "array of 2**63": lambda: np.full(12, 2**63, dtype=np.uint64),
    "array of 1e300": lambda: np.full((10, 12), 1e300),
    "array of lists": lambda: np.array([[1], [1, 2], "a"], dtype=object),
    "structured array": lambda: np.zeros(3, dtype=[("a", "f4"), ("b", "i4")]),
    "record array": lambda: np.rec.array([(1, 2.0)], names="a,b"),
    "masked array": lambda: np.ma.array([1.0, 2.0], mask=[True, False]),
    "matrix": lambda: np.asmatrix(np.eye(3)),
    "read-only array": lambda: np.broadcast_to(0.5, (12,)),
    "huge array": _huge,
    "huge flat array": lambda: np.broadcast_to(np.float64(0.5), (10**11,)),
    "huge array of bool": lambda: np.broadcast_to(np.True_, (10**9, 12)),
    "huge tensor": lambda: torch.zeros(1).expand(10**11),
    "huge images": lambda: np.broadcast_to(np.float32(0.5), (10**10, 12)),
    **{
        f"tensor of {dtype}, {shape}": lambda dtype=dtype, shape=shape: torch.zeros(
            shape, dtype=getattr(torch, dtype)
        )
        for dtype in ("bool", "int64", "float16", "bfloat16", "float64", "complex64")
        for shape in ((), (0,), (3,), (12,), (5, 12), (2, 3, 4))
    },
    "tensor with a gradient": lambda: torch.zeros(5, 12, requires_grad=True),
    "tensor from a graph": lambda: torch.zeros(12, requires_grad=True) * 2,
    "scalar with a gradient": lambda: torch.tensor(0.5, requires_grad=True),
    "meta tensor": lambda: torch.empty(5, 12, device="meta"),
    "meta scalar": lambda: torch.empty((), device="meta"),
    "sparse tensor": lambda: torch.eye(12).to_sparse(),
    "sparse rows": lambda: torch.eye(12).to_sparse_csr(),
    "conjugate": lambda: torch.zeros(12, dtype=torch.complex64).conj(),
    "quantised": lambda: torch.quantize_per_tensor(torch.zeros(12), 0.1, 0, torch.qint8),
    "parameter": lambda: torch.nn.Parameter(torch.zeros(5, 12)),
    "nested tensor": lambda: torch.nested.nested_tensor([torch.zeros(2), torch.zeros(3)]),
    "series": lambda: pd.Series([0.1, 0.2, 0.3]),
    "series with an index": lambda: pd.Series([1.0, 2.0], index=["0", "2"]),
    "frame": lambda: pd.DataFrame(np.zeros((5, 12))),
    "frame of texts": lambda: pd.DataFrame({"a": ["x"], "b": [None]}),
    "NA": lambda: pd.NA,
    "NaT": lambda: pd.NaT,
    "timestamp": lambda: pd.Timestamp("2020-01-01"),
    "categorical": lambda: pd.Categorical(["a", "b"]),
    "Boolean series": lambda: pd.Series([True, None], dtype="boolean"),
}

#: All of them, by name.
FOREIGN = PLAIN | ARRAYS


def foreign_values():
    """Return a strategy of names of foreign values, the plain ones as likely as arrays."""
    return st.one_of(st.sampled_from(sorted(PLAIN)), st.sampled_from(sorted(ARRAYS)))
