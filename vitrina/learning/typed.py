"""A value read as the type that a setting has."""

from __future__ import annotations

import math
import types
import typing
from collections.abc import Sequence
from enum import Enum
from typing import Any, Literal, Union

import yaml

_NAMES = {bool: "true or false", int: "a whole number", float: "a number", str: "a text", Any: "YAML"}
_LISTS = {str: "a list of texts", int: "a list of whole numbers", float: "a list of numbers"}
# Values of an enumeration that a message names.
_MOST = 12


def read_as(value: Any, kind: Any) -> Any:
    """`value`, as YAML or a command line gives it, as `kind`: a type, Literal, Union, list[...], dict[...], Any.

    Texts are read as YAML where the kind is no text. What comes back is plain: what JSON writes, it reads again
    as the same. Raises ValueError or TypeError where it does not fit.
    """
    origin = typing.get_origin(kind)
    if kind is Any:
        return _plain(_loaded(value) if isinstance(value, str) else value)
    if origin in (Union, types.UnionType):
        return _as_one_of(value, typing.get_args(kind))
    if origin is Literal:
        if value not in typing.get_args(kind):
            raise ValueError(value)
        return value
    if kind in (list, dict) or origin in (list, dict):
        return _as_collection(value, kind)
    if kind is bool:
        return _as_bool(value)
    if kind is int or kind is float:
        return _as_number(value, kind)
    if isinstance(kind, type) and issubclass(kind, Enum):
        # YAML 1.1 reads a bare no as false.
        return kind("no" if value is False else value).value
    if kind is not str or not isinstance(value, str):
        raise TypeError(value)
    return value


def name_of(kind: Any) -> str:
    """What `kind` is called in a message: "a whole number", "one of head, full"."""
    origin = typing.get_origin(kind)
    if origin is Literal:
        return f"one of {', '.join(map(str, typing.get_args(kind)))}"
    if origin in (Union, types.UnionType):
        return " or ".join(name_of(each) for each in _narrowed(typing.get_args(kind)))
    if isinstance(kind, type) and issubclass(kind, Enum):
        values = [str(each.value) for each in kind]
        return f"one of {', '.join(values[:_MOST])}{', ...' if len(values) > _MOST else ''}"
    if kind in _NAMES:
        return _NAMES[kind]
    plain, inner = origin or kind, typing.get_args(kind)
    if plain is list:
        return _LISTS.get(inner[0], "a list") if inner else "a list"
    return "names with values" if plain is dict else getattr(kind, "__name__", str(kind))


def _as_one_of(value: Any, kinds: Sequence[Any]) -> Any:
    if value is None or (isinstance(value, str) and value in ("null", "none") and str not in kinds):
        if type(None) in kinds:
            return None
        raise TypeError(value)
    # The narrow kinds first: a text fits a number before it fits a text, a number never fits a text.
    order = [bool, int, float, list, dict, str]
    for kind in sorted(_narrowed(kinds), key=lambda k: order.index(k) if k in order else -1):
        if kind is int and isinstance(value, str) and float in kinds:
            continue
        try:
            return read_as(value, kind)
        except (TypeError, ValueError):
            continue
    raise TypeError(value)


def _narrowed(kinds: Sequence[Any]) -> list[Any]:
    """Without None; without text beside an enumeration, which names every text there is."""
    enumerated = any(isinstance(kind, type) and issubclass(kind, Enum) for kind in kinds)
    return [kind for kind in kinds if kind is not type(None) and not (enumerated and kind is str)]


def _as_collection(value: Any, kind: Any) -> Any:
    plain = typing.get_origin(kind) or kind
    if isinstance(value, str):
        value = _loaded(value if plain is dict else f"[{value}]")
        if plain is list and len(value) == 1 and isinstance(value[0], list):
            value = value[0]
    if not isinstance(value, plain):
        raise TypeError(value)
    inner = typing.get_args(kind)
    if plain is list:
        return [read_as(each, inner[0]) for each in value] if inner else _plain(value)
    if inner:
        # A text among values of any kind stays a text: only the command line's outermost text is YAML.
        read = _plain if inner[1] is Any else lambda each: read_as(each, inner[1])
        return {str(name): read(each) for name, each in value.items()}
    return _plain(value)


def _as_number(value: Any, kind: type) -> Any:
    if isinstance(value, bool) or not isinstance(value, int | float | str):
        raise TypeError(value)
    if kind is int and isinstance(value, float) and not value.is_integer():
        raise ValueError(value)
    number = kind(value)
    if not math.isfinite(number):
        raise ValueError(value)
    return number


def _as_bool(value: Any) -> bool:
    if isinstance(value, str) and value.lower() in ("true", "false"):
        return value.lower() == "true"
    if not isinstance(value, bool):
        raise TypeError(value)
    return value


def _loaded(text: str) -> Any:
    try:
        return yaml.safe_load(text)
    except yaml.YAMLError as error:
        raise ValueError(text) from error


def _plain(value: Any) -> Any:
    """`value` with texts as names: class names such as 0 or 2020 are no texts to YAML."""
    if isinstance(value, dict):
        return {str(name): _plain(each) for name, each in value.items()}
    if isinstance(value, list):
        return [_plain(each) for each in value]
    if isinstance(value, float) and not math.isfinite(value):
        raise ValueError(value)
    if value is not None and not isinstance(value, bool | int | float | str):
        raise TypeError(value)
    return value
