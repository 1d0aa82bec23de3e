"""The edge that all programs share: flags in, one clear line and an exit code out.

0 done · 1 some run failed · 2 bad flags or config · 3 refused · 75 preempted, run the
same command to continue · 130 interrupted.
"""

import sys
import unicodedata
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import NoReturn

from absl import app, flags, logging

from experiments import complaint
from lib.error import UserError
from lib.store import CorruptError, WriteError

_HELP = {
    "--help",
    "-help",
    "--helpshort",
    "-helpshort",
    "--helpfull",
    "-helpfull",
    "-?",
}

Main = Callable[[Sequence[str]], int | None]


def run(main: Main, num_arguments: int = 0) -> None:
    """Parse the command line, call `main(arguments)` and exit with what it returns.

    `num_arguments` words may stand beside the flags.
    """
    app.run(_guarded(main), flags_parser=lambda argv: _parse(argv, num_arguments))


def plain(text: object) -> str:
    """Text for a terminal: one line, without control or formatting characters."""
    joined = " ".join(str(text).split())
    return "".join(c for c in joined if not unicodedata.category(c).startswith("C"))


def report_folder(store: Path, name: str) -> Path:
    """<store>/report/<name>, where a program writes figures; made by who writes."""
    folder = store / "report" / name
    # A link planted in the store must not make a figure be written outside it.
    if not folder.resolve().is_relative_to(store.resolve()):
        raise UserError(f"{folder}: a link leads out of the store")
    return folder


def _guarded(main: Main) -> Main:
    def guarded(arguments: Sequence[str]) -> int:
        if flags.FLAGS["verbosity"].using_default_value:
            flags.FLAGS.verbosity = -1  # libraries report all they do otherwise
        try:
            return main(arguments) or 0
        except (UserError, CorruptError, WriteError) as error:
            for problem in str(error).splitlines():
                _say(problem)
            return error.exit_code
        except KeyboardInterrupt:
            _say("interrupted")
            return 130
        except BrokenPipeError:
            sys.stdout = None  # the reader, such as `head`, has seen enough
            return 0

    return guarded


def _parse(argv: Sequence[str], num_arguments: int) -> list[str]:
    for module, defined in flags.FLAGS.flags_by_module_dict().items():
        for flag in defined if module.startswith("experiments.") else ():
            flags.FLAGS.register_key_flag_for_module(argv[0], flag)
    if _HELP & set(argv[1:]):
        print((sys.modules["__main__"].__doc__ or "").strip())
        print(flags.FLAGS.main_module_help())
        sys.exit(0)
    logging.set_verbosity(logging.ERROR)  # until the flags say otherwise
    try:
        rest = flags.FLAGS(argv)
    except Exception as error:  # a config file may raise anything
        _stop(complaint.problems_of(argv, error))
    if more := rest[1 + num_arguments :]:
        _stop([f"unexpected argument {more[0]!r}; flags are given as --name=value"])
    unread = complaint.unread_configs(argv)
    if unread:
        _stop(unread)
    return rest


def _say(message: str) -> None:
    print(plain(message), file=sys.stderr)


def _stop(problems: Sequence[str]) -> NoReturn:
    for problem in problems:
        _say(problem)
    sys.exit(2)
