"""Options from a TOML file, checked like those of the command line."""

from __future__ import annotations

import argparse
import difflib
import tomllib
from collections.abc import Sequence, Set
from pathlib import Path

from generate.runtime.os_compat import nfc


def parse_with_config(
    parser: argparse.ArgumentParser,
    arguments: Sequence[str] | None,
    *,
    not_in_a_config: Set[str],
    tables: Set[str] = frozenset(),
) -> argparse.Namespace:
    """Parse the command line; the file of its option `--config` gives the defaults.

    Parameters
    ----------
    parser : argparse.ArgumentParser
        With an option `--config`.
    arguments : sequence of str, optional
        Default: those of the program.
    not_in_a_config, tables : set of str
        As in `read_config`.

    Raises
    ------
    FileNotFoundError, ValueError
        If the file does not exist or is invalid.
    """
    config = parser.parse_args(arguments).config
    if config is not None:
        parser.set_defaults(**read_config(config, parser, not_in_a_config=not_in_a_config, tables=tables))
    return parser.parse_args(arguments)


def read_config(
    path: Path, parser: argparse.ArgumentParser, *, not_in_a_config: Set[str], tables: Set[str] = frozenset()
) -> dict[str, object]:
    """Read options from a TOML file; their names are those of the command line, with `-` or `_`.

    Parameters
    ----------
    path : Path
    parser : argparse.ArgumentParser
        With the known options and their types.
    not_in_a_config : set of str
        Options that a file must not have.
    tables : set of str
        Tables that only a file can have: names to lists of texts.

    Returns
    -------
    dict
        Options by their names in `argparse.Namespace`; checked, and of the types of the command line.

    Raises
    ------
    FileNotFoundError
        If it does not exist.
    ValueError
        If it is not TOML, or an option is unknown or has the wrong type.
    """
    if not path.is_file():
        raise FileNotFoundError(f"There is no config file {str(path)!r}.")
    try:
        given = tomllib.loads(path.read_text(encoding="utf-8-sig"))
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise ValueError(
            f"The config file {str(path)!r} is not TOML: {error}. (A name with spaces, or letters other than a to z, "
            "must be in quotes: 'great tit' = ['trim'].)"
        ) from None
    known: dict[str, argparse.Action | None] = {
        name.removeprefix("--").replace("-", "_"): action
        for action in parser._actions
        for name in action.option_strings
        if name.startswith("--")
    }
    known |= dict.fromkeys(tables)
    options = {}
    for key, value in given.items():
        name = key.replace("-", "_")
        if name not in known or name in not_in_a_config:
            close = difflib.get_close_matches(name, set(known) - not_in_a_config, n=1)
            hint = f"; do you mean {close[0].replace('_', '-')!r}?" if close else ""
            raise ValueError(f"The config file {str(path)!r} has an unknown option {key!r}{hint}")
        action = known[name]
        dest = action.dest if action else name
        if dest in options:
            raise ValueError(f"The config file {str(path)!r} gives {key!r} twice, with - and with _; leave one out.")
        options[dest] = _config_value(key, value, action, path)
    return options


def _config_value(key: str, value: object, action: argparse.Action | None, path: Path) -> object:
    """Check one value of the config file as the command line would."""
    if action is None:
        return _table_of_texts(key, value, path)
    as_list = [value] if isinstance(value, str) else value
    if action.nargs == "+":
        if not (isinstance(as_list, list) and all(isinstance(item, str) for item in as_list)):
            example = "['paper', 'noise=20']" if action.dest == "variants" else "['dog', '7']"
            raise ValueError(f"In {str(path)!r}, {key} must be a list of texts, such as {example}.")
        return [action.type(item) for item in as_list] if callable(action.type) else as_list
    if isinstance(action, argparse._StoreTrueAction):
        if not isinstance(value, bool):
            raise ValueError(f"In {str(path)!r}, {key} must be true or false. Got {value!r}.")
        return value
    if action.nargs == "?" and value is True:
        return action.const
    if isinstance(value, bool):
        raise ValueError(f"In {str(path)!r}, {key} must have a value. Got {str(value).lower()}.")
    if action.type is None and not isinstance(value, str):
        raise ValueError(f"In {str(path)!r}, {key} must be a text. Got {value!r}.")
    if action.type is int and (isinstance(value, bool) or not isinstance(value, int)):
        raise ValueError(f"In {str(path)!r}, {key} must be a whole number. Got {value!r}.")
    try:
        text = str(value) if isinstance(value, int | float) else value
        value = action.type(text) if callable(action.type) else value  # type: ignore[arg-type]  # it checks the value
    except AttributeError:  # a list, a table or a date
        raise ValueError(f"In {str(path)!r}, {key} must have one value. Got {value!r}.") from None
    except (ValueError, TypeError, argparse.ArgumentTypeError) as error:
        raise ValueError(f"In {str(path)!r}, {key} is {value!r}: {error}") from None
    if action.choices and value not in action.choices:
        raise ValueError(f"In {str(path)!r}, {key} must be one of {', '.join(action.choices)}. Got {value!r}.")
    return value


def _table_of_texts(key: str, value: object, path: Path) -> dict[str, tuple[str, ...]]:
    """Check a table of names to a text or a list of texts."""
    lists = {
        nfc(name): [texts] if isinstance(texts, str) else texts
        for name, texts in (value.items() if isinstance(value, dict) else ())
    }
    is_valid = isinstance(value, dict) and all(
        isinstance(texts, list) and all(isinstance(text, str) for text in texts) for texts in lists.values()
    )
    if not is_valid:
        raise ValueError(f"In {str(path)!r}, {key} must be a table such as [{key}] dog = ['trim'].")
    return {name: tuple(texts) for name, texts in lists.items()}
