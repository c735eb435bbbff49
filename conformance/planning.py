"""From what was asked to what will run: checks by id, the plan of a backend, the header and footer of a document."""

from __future__ import annotations

import os
import platform
import random
import sys
from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, fields, replace
from datetime import UTC, datetime
from enum import Flag
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol, cast

from conformance import __version__
from conformance.engine.laws import Check, checks
from conformance.engine.profiles import PROFILES, Profile, ProfileName
from conformance.problems import Problem, meant
from conformance.requirements import System, requirements
from conformance.results import BackendEntry, Header, Planned, RequirementText
from conformance.settings import PROFILE_NAMES

if TYPE_CHECKING:
    from hypothesis.database import ExampleDatabase

    from conformance.engine.runner import Runner

FOLDER = ".conformance"


class Verifying(Protocol):
    """A check of either system, as far as a plan knows it."""

    @property
    def id(self) -> str:
        """What the check is called."""
        ...

    @property
    def requirement(self) -> str:
        """What it verifies."""
        ...

    @property
    def also(self) -> tuple[str, ...]:
        """What it verifies besides."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """What a run was asked for: checks (all of the profile when ``only`` is None), effort, and the seed."""

    profile: str = "standard"
    seed: int = 0
    only: tuple[str, ...] | None = None
    deadline: float | None = None

    def effort(self) -> Profile:
        """Return the profile with the deadline (seconds per call) that was asked for."""
        found = PROFILES[cast("ProfileName", self.profile)]
        return found if self.deadline is None else replace(found, deadline=self.deadline)

    def selects(self, check: Check) -> bool:
        """Whether the check belongs to the run: named, or else part of the profile."""
        if self.only is not None:
            return check.id in self.only
        return check.smoke if self.profile == "smoke" else check.weight > 0 or self.profile == "deep"

    def checks(self) -> list[Check]:
        """Return the checks of the run in the order of their ids."""
        return sorted((check for check in checks().values() if self.selects(check)), key=lambda check: check.id)


def check_profile(name: str) -> str:
    """Return ``name`` when there is such a profile.

    Raises:
        Problem: there is none.

    """
    if name not in PROFILE_NAMES:
        hint = meant(name, PROFILE_NAMES, "; use smoke, standard or deep")
        raise Problem(f"no profile is called {name!r}{hint}")
    return name


def check_seed(text: str, option: str = "--seed") -> int:
    """Return the seed in ``text``, which came by ``option``: a whole number, or ``random`` for a new one.

    Raises:
        Problem: it is neither.

    """
    if text == "random":
        return random.SystemRandom().randrange(2**32)
    if not text.isascii() or not text.isdigit():
        raise Problem(f"{option} {text}: give a whole number, or random for a new one each time")
    return int(text)


def select(names: Iterable[str]) -> tuple[str, ...] | None:
    """Return the checks meant by ``names``: checks, requirements or subjects; None when there are no names.

    Raises:
        Problem: a name is none of them, or no check verifies it.

    """
    wanted = tuple(names)
    if not wanted:
        return None
    every = checks()
    found: set[str] = set()
    for name in wanted:
        matching = {
            check.id
            for check in every.values()
            if name in (check.id, check.requirement, *check.also)
            or name in (check.id.partition(".")[0], check.requirement.partition(".")[0])
        }
        if not matching and name in requirements():
            raise Problem(f"no check verifies {name} by itself yet; `conformance explain {name}` says what it asks")
        if not matching:
            known = {*every, *requirements(), *(other.partition(".")[0] for other in requirements())}
            hint = meant(name, sorted(known), "; `conformance list checks` shows all of them")
            raise Problem(f"no check or requirement is called {name!r}{hint}")
        found |= matching
    return tuple(sorted(found))


def plan(runner: Runner, asked: Asked) -> list[Planned]:
    """Return what is planned for one backend, by the features that it declares."""
    return [planned(runner.backend.name, check, check.missing(runner.features)) for check in asked.checks()]


def planned(backend: str, check: Check, reason: str | None = None) -> Planned:
    """Return the entry of one check in the plan; with a ``reason`` it does not apply."""
    return Planned(
        backend=backend,
        check=check.id,
        requirement=check.requirement,
        also=check.also,
        applies=reason is None,
        reason=reason,
    )


def check_promises(runner: Runner) -> None:
    """Refuse a backend on which no check could say anything true.

    Raises:
        Problem: its work_dirs are not apart, or the clients of one do not see the same.

    """
    broken = runner.promises().broken
    if broken:
        runner.clean()
        raise Problem(f"{runner.backend.name} cannot be checked: {broken}")


def entry(runner: Runner) -> BackendEntry:
    """Return what the document says of the backend."""
    return BackendEntry(
        name=runner.backend.name,
        spec=runner.backend.spec,
        version=runner.backend.version,
        features=_plain(runner.features),
        limits=_plain(runner.limits),
        notes=runner.backend.notes,
    )


def header(
    asked: Asked,
    backends: Iterable[BackendEntry],
    plan: Iterable[Planned],
    started: str,
    *,
    system: System = "storage",
    every: Collection[Verifying] | None = None,
) -> Header:
    """Return the header of a document about backends of a ``system``; ``started`` is ISO 8601.

    ``every`` are the checks that a whole run has, by default those of the profile standard.
    """
    entries, whole = tuple(plan), every or [check for check in checks().values() if check.weight > 0]
    return Header(
        kit=__version__,
        started=started,
        command=(Path(sys.argv[0]).name, *sys.argv[1:]),
        python=platform.python_version(),
        platform=f"{platform.system()} {platform.machine()}",
        profile=asked.profile,
        seed=asked.seed,
        requirements={
            found.id: RequirementText(
                subject=found.subject,
                level=found.level,
                statement=found.statement,
                source=found.source,
                quote=found.quote,
            )
            for found in requirements(system).values()
        },
        backends=tuple(backends),
        plan=entries,
        partial=_partial(entries, whole),
    )


def _partial(plan: Collection[Planned], every: Collection[Verifying]) -> dict[str, tuple[str, ...]]:
    """Return by backend which of the requirements that a plan covers have checks that it leaves out."""
    covering: defaultdict[str, set[str]] = defaultdict(set)
    for check in every:
        for requirement in (check.requirement, *check.also):
            covering[requirement].add(check.id)
    asked: defaultdict[str, set[str]] = defaultdict(set)
    asking: defaultdict[str, set[str]] = defaultdict(set)
    for entry in plan:
        asked[entry.backend].add(entry.check)
        asking[entry.backend].update((entry.requirement, *entry.also))
    found = {name: sorted(r for r in asking[name] if covering[r] - seen) for name, seen in asked.items()}
    return {name: tuple(names) for name, names in found.items() if names}


def now() -> str:
    """Return the time as a document has it."""
    return datetime.now(UTC).isoformat(timespec="seconds")


def database(folder: Path) -> ExampleDatabase | None:
    """Return where failing examples are kept between runs; nowhere on a CI, where runs share nothing."""
    if os.environ.get("CI"):
        return None
    from hypothesis.database import DirectoryBasedExampleDatabase

    return DirectoryBasedExampleDatabase(folder / FOLDER / "examples")


def own_folder(folder: Path) -> Path:
    """Return the kit's folder below ``folder``, made and kept out of version control.

    Raises:
        Problem: it cannot be made.

    """
    made = folder / FOLDER
    try:
        made.mkdir(exist_ok=True)
        ignore = made / ".gitignore"
        if not ignore.exists():
            ignore.write_text("*\n", "utf-8")
    except OSError as error:
        raise Problem(f"{made} cannot be made: {error.strerror or error}; run it in a folder of your own") from None
    return made


def _plain(value: Any) -> Any:
    if hasattr(value, "__dataclass_fields__"):
        return {field.name: _plain(getattr(value, field.name)) for field in fields(value)}
    if isinstance(value, Flag):
        return [flag.name.lower() for flag in type(value) if flag in value and flag.name]
    if isinstance(value, Mapping):
        items = cast("Mapping[Any, Any]", value).items()
        return {str(key): _plain(item) for key, item in sorted(items)}
    if isinstance(value, (set, frozenset)):
        return sorted(cast("set[str]", value))
    if isinstance(value, Sequence) and not isinstance(value, str):
        return [_plain(item) for item in cast("Sequence[Any]", value)]
    return value
