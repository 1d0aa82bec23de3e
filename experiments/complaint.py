"""What is wrong with a command line, one clear line for each problem.

The flags of absl and ml_collections stop at the first error, and say it in words for
their own authors; this looks again and says it in words for the user.
"""

import importlib.util
import re
from collections.abc import Callable, Sequence
from typing import Any

from absl import flags

from lib.error import UserError
from lib.setting import nearest


def problems_of(argv: Sequence[str], error: Exception) -> list[str]:
    """What is wrong with the command line, one line each."""
    if isinstance(error, flags.UnrecognizedFlagError):
        if (name := error.flagname.partition(".")[0]) in _config_flags():
            return [f"--{error.flagname} is given without --{name}=FILE before it"]
        known = flags.FLAGS.get_key_flags_for_module(argv[0])
        hint = nearest(error.flagname, [flag.name for flag in known])
        return [f"unknown flag --{error.flagname}{hint}"]
    for name in _config_flags():
        config, problems = _load(argv, name)
        if config is not None:
            problems = _override_problems(argv, name, config)
        if problems:
            return problems
    if not isinstance(error, flags.Error):
        raise error
    missing = re.search(r"Flag (--\w+) must have a value", str(error))
    return [f"{missing[1]} must be given" if missing else str(error)]


def unread_configs(argv: Sequence[str]) -> list[str]:
    """Why a config cannot be read; its flag's parser is silent until it is used."""
    return [
        message
        for name in _config_flags()
        if type(flags.FLAGS[name].value).__name__ == "_ErrorConfig"
        for message in _load(argv, name)[1]
    ]


def _config_flags() -> list[str]:
    """The names of flags that load a config file."""
    known = flags.FLAGS
    return [name for name in known if known[name].flag_type() == "config object"]


def _load(argv: Sequence[str], name: str) -> tuple[Any, list[str]]:
    """A config as its file has it, and what is wrong with the file."""
    pairs = zip(argv, [*argv[1:], ""], strict=True)
    given = [
        arg.partition("=")[2] or following
        for arg, following in pairs
        if _is_flag(arg, name)
    ]
    if not given:
        return None, []
    path, _, argument = given[-1].partition(":")
    spec = importlib.util.spec_from_file_location(f"{name}_config", path)
    if spec is None or spec.loader is None:
        return None, [f"--{name}={given[-1]}: is not a Python file"]
    module = importlib.util.module_from_spec(spec)
    try:
        spec.loader.exec_module(module)
        config = module.get_config(*([argument] if argument else []))
    except OSError as error:
        reason = error.strerror or "no such file"
        return None, [f"--{name}={given[-1]}: cannot be read: {reason}"]
    except UserError as error:
        return None, [str(error)]
    except Exception as error:
        return None, [f"--{name}={given[-1]}: {type(error).__name__}: {error}"]
    if not _is_table(config):
        return None, [f"--{name}={given[-1]}: get_config() must return a ConfigDict"]
    return config, []


def _override_problems(argv: Sequence[str], name: str, config: Any) -> list[str]:
    from ml_collections.config_flags import config_path

    problems = []
    for arg in argv[1:]:
        flag, equals, value = arg.lstrip("-").partition("=")
        if flag.startswith(f"no{name}."):
            flag = flag.removeprefix("no")
        if not arg.startswith("-") or not flag.startswith(f"{name}."):
            continue
        try:
            fields = config_path.split(flag.removeprefix(f"{name}."))
        except ValueError:
            problems.append(f"--{flag} is not the name of a setting")
            continue
        problem, found = _walk(name, fields, config)
        if not problem and equals:
            problem = _type_problem(flag, value, found)
        problems += [problem] if problem else []
    return problems


def _walk(name: str, fields: Sequence[Any], config: Any) -> tuple[str, Any]:
    """The setting at a path, or why there is none."""
    place, value = name, config
    for key in fields:
        if isinstance(value, list | tuple):
            if type(key) is not int or key >= len(value):
                return f"--{place} has {len(value)} entries, got [{key!r}]", None
            place, value = f"{place}[{key}]", value[key]
            continue
        if not _is_table(value):
            return f"--{place} is a setting, not a table of settings", None
        if key not in value:
            return (
                f"unknown setting {place}.{key}{nearest(str(key), value.keys())}",
                None,
            )
        place, value = f"{place}.{key}", value[key]
    return "", value


def _type_problem(flag: str, value: str, found: Any) -> str:
    kind = type(found)
    if _is_table(found) or kind in (list, type(None)):
        what = "a table" if _is_table(found) else "None" if found is None else "a list"
        return f"--{flag}={value}: {what} cannot be replaced from the command line"
    kinds: dict[type, tuple[str, Callable[[str], Any]]] = {
        bool: ("true or false", lambda text: flags.BooleanParser().parse(text)),
        int: ("an integer", lambda text: flags.IntegerParser().parse(text)),
        float: ("a number", float),
    }
    what, parse = kinds.get(kind, ("a tuple", lambda text: None))
    try:
        parse(value)
    except (ValueError, TypeError):
        return f"--{flag} must be {what}, got {value!r}"
    return ""


def _is_table(value: Any) -> bool:
    from ml_collections import config_dict

    return isinstance(value, config_dict.ConfigDict | dict)


def _is_flag(arg: str, name: str) -> bool:
    return arg.startswith("-") and arg.lstrip("-").split("=", 1)[0] == name
