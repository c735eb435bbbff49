"""Defects of deleting many objects at once."""

from __future__ import annotations

from collections.abc import Iterable
from urllib.parse import unquote, unquote_plus

from conformance.storage import ListMode, ObjectNotExist, Unexpected

from .base import Defective, defect

PAGE = 1000


class Removing(Defective):
    """delete_many takes other paths than those given."""

    def taken(self, paths: list[str]) -> list[str]:
        """Return the paths that are removed."""
        raise NotImplementedError

    def delete_many(self, paths: Iterable[str]) -> None:
        super().delete_many(self.taken(list(paths)))

    def everything(self) -> list[str]:
        """Return the paths of all objects."""
        return [o.path for o in self.inner.list("", list_mode=ListMode.PREFIX)]


@defect(trips=("batch.removes",))
class BatchTakesPrefixes(Removing):
    """delete_many removes every object whose path begins with a name given."""

    def taken(self, paths: list[str]) -> list[str]:
        return [path for path in self.everything() if path.startswith(tuple(paths))]


@defect(trips=("batch.removes",))
class BatchTakesNoCase(Removing):
    """delete_many compares names without their case."""

    def taken(self, paths: list[str]) -> list[str]:
        wanted = {path.lower() for path in paths}
        return [path for path in self.everything() if path.lower() in wanted]


@defect(trips=("batch.removes",))
class BatchTakesLastNames(Removing):
    """delete_many removes the objects of the name given in every directory."""

    def taken(self, paths: list[str]) -> list[str]:
        wanted = {path.rpartition("/")[2] for path in paths}
        return [path for path in self.everything() if path.rpartition("/")[2] in wanted]


@defect(trips=("batch.removes", "batch.twice"))
class BatchForgetsLast(Removing):
    """delete_many leaves out the last name."""

    def taken(self, paths: list[str]) -> list[str]:
        return paths[:-1]


@defect(trips=("batch.removes",))
class BatchSkipsDirectories(Removing):
    """delete_many removes only objects at the top."""

    def taken(self, paths: list[str]) -> list[str]:
        return [path for path in paths if "/" not in path]


@defect(trips=("batch.removes",))
class BatchSaysDone(Removing):
    """delete_many succeeds and removes nothing: the errors inside of the answer are not looked at."""

    def taken(self, paths: list[str]) -> list[str]:
        return []


@defect(trips=("batch.missing",))
class BatchRefusesMissing(Removing):
    """delete_many of a missing object is ObjectNotExist."""

    def taken(self, paths: list[str]) -> list[str]:
        if set(paths) - set(self.everything()):
            raise ObjectNotExist
        return paths


@defect(trips=("batch.missing",))
class BatchEndsAtMissing(Removing):
    """delete_many ends at the first name that is missing."""

    def taken(self, paths: list[str]) -> list[str]:
        there = set(self.everything())
        known = [path in there for path in paths]
        return paths[: known.index(False)] if False in known else paths


@defect(trips=("batch.any_path",), like="basho/riak_cs#977")
class BatchDecodesNames(Removing):
    """delete_many decodes percent signs in the names."""

    def taken(self, paths: list[str]) -> list[str]:
        return [unquote(path) for path in paths]


@defect(trips=("batch.any_path",))
class BatchTakesPlusForBlank(Removing):
    """delete_many takes a plus sign for a blank."""

    def taken(self, paths: list[str]) -> list[str]:
        return [unquote_plus(path) if "%" not in path else path for path in paths]


@defect(trips=("batch.any_path",))
class BatchEscapesTwice(Removing):
    """delete_many writes an ampersand escaped into a document that escapes it again."""

    def taken(self, paths: list[str]) -> list[str]:
        return [path.replace("&", "&amp;").replace("<", "&lt;") for path in paths]


@defect(trips=("batch.any_path",))
class BatchDropsLetters(Removing):
    """delete_many writes names in ASCII and loses every other letter."""

    def taken(self, paths: list[str]) -> list[str]:
        return [path.encode("ascii", "ignore").decode() or "-" for path in paths]


@defect(trips=("batch.empty",))
class BatchOfNothingIsAll(Removing):
    """delete_many of nothing removes everything: an empty filter holds for all."""

    def taken(self, paths: list[str]) -> list[str]:
        return paths or self.everything()


@defect(trips=("batch.twice",))
class BatchRefusesTwice(Removing):
    """delete_many refuses a name that is given twice."""

    def taken(self, paths: list[str]) -> list[str]:
        if len(set(paths)) != len(paths):
            raise Unexpected("a name is given twice")
        return paths


@defect(trips=("batch.twice",))
class BatchTogglesTwice(Removing):
    """delete_many leaves out a name that is given an even number of times."""

    def taken(self, paths: list[str]) -> list[str]:
        return [path for path in set(paths) if paths.count(path) % 2]


@defect(trips=("batch.many",), on=("memory",), profile="deep")
class BatchEndsAfterOneRequest(Removing):
    """delete_many removes the first thousand and drops the rest."""

    def taken(self, paths: list[str]) -> list[str]:
        return paths[:PAGE]
