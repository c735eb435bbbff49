"""Defects of paths: names that fall together, are changed, or lead elsewhere."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator
from dataclasses import replace
from typing import Any
from urllib.parse import unquote, unquote_plus

from conformance.storage import Object, RestrictionDissatisfied, operations

from .base import EVERYWHERE, NATIVE, VIRTUAL, Defective, defect

DISTINCT = ("paths.distinct",)


class Keyed(Defective):
    """Every path goes through :meth:`key` before it is used; what comes back has the path asked for."""

    def key(self, path: str) -> str:
        """Return the path that is really used."""
        raise NotImplementedError

    def call(self, op: str, *arguments: Any, **pairs: Any) -> Any:
        names = operations()[op].params
        real = [self._real(name, value) for name, value in zip(names, arguments, strict=False)]
        result = super().call(op, *real, **pairs)
        return replace(result, path=arguments[0]) if isinstance(result, Object) and names[0] == "path" else result

    def _real(self, name: str, value: Any) -> Any:
        if name in {"path", "src", "dst"}:
            return self.key(value)
        return replace(value, path=self.key(value.path)) if isinstance(value, Object) else value


@defect(trips=DISTINCT, like="rclone/rclone#53")
class KeysLowered(Keyed):
    """Names are put in lower case."""

    def key(self, path: str) -> str:
        return path.lower()


@defect(trips=DISTINCT)
class KeysCaseFolded(Keyed):
    """Names are case-folded: ``straße`` and ``strasse`` are one."""

    def key(self, path: str) -> str:
        return path.replace("ß", "ss")


@defect(trips=DISTINCT)
class KeysDecomposed(Keyed):
    """Names are normalised to NFD, as on older Apple file systems."""

    def key(self, path: str) -> str:
        return unicodedata.normalize("NFD", path)


@defect(trips=DISTINCT)
class KeysComposed(Keyed):
    """Names are normalised to NFC."""

    def key(self, path: str) -> str:
        return unicodedata.normalize("NFC", path)


@defect(trips=DISTINCT, like="basho/riak_cs#977")
class KeysDecodedTwice(Keyed):
    """Names are percent-decoded once too often: ``a%41`` and ``aA`` are one."""

    def key(self, path: str) -> str:
        decoded = unquote(path)
        return decoded if decoded and "/" not in decoded.replace("/", "", path.count("/")) else path


@defect(trips=DISTINCT)
class PlusIsBlank(Keyed):
    """A plus in a name becomes a blank."""

    def key(self, path: str) -> str:
        return unquote_plus(path.replace("%", "%25"))


@defect(trips=DISTINCT)
class PercentEncodedSlashIsOther(Keyed):
    """``%2F`` in a name becomes ``_``, as cleaners of names do."""

    def key(self, path: str) -> str:
        return path.replace("%2F", "_").replace("%2f", "_")


@defect(trips=DISTINCT, like="supabase/supabase-js#2576")
class KeysCutAtQuestionMark(Keyed):
    """A name ends at its first question mark, where the query begins."""

    def key(self, path: str) -> str:
        return path.partition("?")[0] or path


@defect(trips=DISTINCT)
class KeysCutAtHash(Keyed):
    """A name ends at its first ``#``, where the fragment begins."""

    def key(self, path: str) -> str:
        return path.partition("#")[0] or path


@defect(trips=DISTINCT)
class KeysCutAtSemicolon(Keyed):
    """A name ends at its first semicolon, where parameters begin."""

    def key(self, path: str) -> str:
        return path.partition(";")[0] or path


@defect(trips=DISTINCT)
class NamesRightTrimmed(Keyed):
    """Blanks and dots at the end of names are trimmed, as Windows does."""

    def key(self, path: str) -> str:
        return "/".join(name.rstrip(" .") or name for name in path.split("/"))


@defect(trips=DISTINCT)
class NamesLeftTrimmed(Keyed):
    """Blanks at the beginning of names are trimmed."""

    def key(self, path: str) -> str:
        return "/".join(name.lstrip(" ") or name for name in path.split("/"))


@defect(trips=DISTINCT)
class NamesLoseExtension(Keyed):
    """Names are told apart up to their last dot."""

    def key(self, path: str) -> str:
        head, _, name = path.rpartition("/")
        short = name.rpartition(".")[0]
        return path if not short.strip(".") else f"{head}/{short}" if head else short


@defect(trips=DISTINCT)
class AstralCharactersReplaced(Keyed):
    """Characters outside the basic plane become ``?``: a column of three-byte UTF-8."""

    def key(self, path: str) -> str:
        return "".join("?" if sign > "\uffff" else sign for sign in path)


@defect(trips=DISTINCT)
class NamesAreAscii(Keyed):
    """Characters that are not ASCII are dropped from names."""

    def key(self, path: str) -> str:
        return "/".join(name.encode("ascii", "ignore").decode() or "x" for name in path.split("/")) if path else path


@defect(trips=DISTINCT)
class ControlCharactersDropped(Keyed):
    """Control characters are dropped from names."""

    def key(self, path: str) -> str:
        return "".join(sign for sign in path if sign >= " ")


@defect(trips=DISTINCT)
class NumbersNormalised(Keyed):
    """A name that is a number is stored as the number: ``01`` and ``1`` are one."""

    def key(self, path: str) -> str:
        return "/".join(str(int(name)) if name.isascii() and name.isdigit() else name for name in path.split("/"))


@defect(trips=DISTINCT, on=("memory",))
class BackslashIsDropped(Keyed):
    """A backslash is dropped from names: it escapes the next character."""

    def key(self, path: str) -> str:
        return path.replace("\\", "")


@defect(trips=DISTINCT)
class QuotesAreDropped(Keyed):
    """Quotation marks are dropped from names."""

    def key(self, path: str) -> str:
        return path.replace("'", "").replace('"', "")


@defect(trips=DISTINCT)
class EntitiesDecoded(Keyed):
    """``&amp;`` in a name becomes ``&``."""

    def key(self, path: str) -> str:
        return path.replace("&amp;", "&").replace("q&", "q")


@defect(trips=("paths.long", "paths.distinct"))
class KeysCutAt64(Keyed):
    """Names are cut at 64 characters."""

    def key(self, path: str) -> str:
        return "/".join(name[:64] for name in path.split("/"))


@defect(trips=("paths.long", "paths.distinct"))
class KeysCutBeforeTheirEnd(Keyed):
    """Names of more than 180 bytes lose their last character."""

    def key(self, path: str) -> str:
        return "/".join(name[:-1] if len(name.encode()) > 180 else name for name in path.split("/"))


@defect(trips=("paths.long", "paths.distinct"))
class LongNamesRefused(Keyed):
    """Names of more than 128 bytes are refused, although more is declared."""

    def key(self, path: str) -> str:
        if any(len(name.encode()) > 128 for name in path.split("/")):
            raise RestrictionDissatisfied("name too long")
        return path


@defect(trips=("errors.path_too_long",))
class TooLongNamesCut(Keyed):
    """Names above the declared maximum are cut to it."""

    def key(self, path: str) -> str:
        features = self.features()
        longest = features.name_maximum or features.path_maximum or 1024
        names = [name.encode()[:longest].decode("utf-8", "ignore") for name in path.split("/")]
        cut = "/".join(names)
        limit = (features.path_maximum or 1 << 20) - 64
        return cut.encode()[:limit].decode("utf-8", "ignore") if len(cut.encode()) > limit + 64 else cut


@defect(trips=("errors.path_too_long", "errors.taxonomy"), on=NATIVE)
class TooLongNamesLeakOSError(Defective):
    """A name above the declared maximum lets an OSError out."""

    def call(self, op: str, *arguments: Any, **pairs: Any) -> Any:
        try:
            return super().call(op, *arguments, **pairs)
        except RestrictionDissatisfied:
            if isinstance(arguments[0], str) and len(arguments[0]) > 200:
                raise OSError(36, "File name too long") from None
            raise


@defect(
    trips=("paths.below_work_dir", "paths.every_client", "list.root"),
    like="beyondstorage/go-storage: services/qingstor, fetch",
)
class WorkDirIgnored(Keyed):
    """Everything lies in one subdirectory, whatever the work_dir: from above it is not where it should be."""

    def key(self, path: str) -> str:
        depth = len([name for name in self.work_dir.split("/") if name])
        return path if path.startswith("/") or not path else f"w{depth}/{path}"


@defect(trips=("paths.below_work_dir",), like="beyondstorage/go-storage: services/s3, work_dir", on=("memory",))
class WorkDirWithoutSlash(Defective):
    """The last name of the work_dir and the path are joined without a slash."""

    def call(self, op: str, *arguments: Any, **pairs: Any) -> Any:
        if (
            self.features().absolute_paths
            and arguments
            and isinstance(arguments[0], str)
            and arguments[0][:1] not in ("", "/")
        ):
            head = self.work_dir.rstrip("/")
            result = super().call(op, head + arguments[0], *arguments[1:], **pairs)
            return replace(result, path=arguments[0]) if isinstance(result, Object) else result
        return super().call(op, *arguments, **pairs)


@defect(trips=("paths.absolute", "paths.style"), on=("memory",), like="beyondstorage/go-storage: services/oss, paths")
class AbsolutePathsTakenAsRelative(Keyed):
    """A leading slash is stripped: absolute paths lie below the work_dir."""

    def key(self, path: str) -> str:
        return path.lstrip("/")


@defect(trips=("paths.style",), on=("memory",))
class AbsoluteToldAsRelative(Defective):
    """stat of an absolute path tells the path without its leading slash."""

    def stat(self, path: str, **pairs: Any) -> Object:
        return replace(super().stat(path, **pairs), path=path.lstrip("/"))


@defect(trips=("paths.no_escape",), like="google/go-cloud#3669")
class DotsLeadOut(Defective):
    """``..`` at the beginning of a path leads up, out of the work_dir."""

    def call(self, op: str, *arguments: Any, **pairs: Any) -> Any:
        if arguments and isinstance(arguments[0], str) and arguments[0].startswith("../"):
            above = self.opener(self.work_dir.rstrip("/").rpartition("/")[0] + "/")
            return getattr(above, op)(arguments[0][3:], *arguments[1:], **pairs)
        return super().call(op, *arguments, **pairs)


@defect(trips=("paths.every_client", "list.current"))
class NewObjectsInvisibleToOthers(Defective):
    """What a client writes is listed for itself only."""

    def write(self, path: str, r: Any, size: int, **pairs: Any) -> int:
        count = super().write(path, r, size, **pairs)
        self.memory("owner").setdefault(path, id(self))
        return count

    def list(self, path: str, **pairs: Any) -> Iterator[Object]:
        owners = self.memory("owner")
        return (o for o in super().list(path, **pairs) if owners.get(o.path, id(self)) == id(self))


@defect(trips=("paths.distinct", "write.stores"), on=EVERYWHERE)
class NamesShareSlots(Keyed):
    """Names fall into few slots by their letters: ``ab`` and ``ba`` are one."""

    def key(self, path: str) -> str:
        return "/".join("".join(sorted(name)) if len(name) < 4 and name.isalnum() else name for name in path.split("/"))


@defect(trips=DISTINCT)
class InvisibleCharactersDropped(Keyed):
    """Characters that nobody sees are taken out of names."""

    def key(self, path: str) -> str:
        return "".join(c for c in path if c not in "\u200b\u00ad\ufeff")


@defect(trips=DISTINCT)
class ShellCharactersReplaced(Keyed):
    """Characters that a shell would interpret become ``_``."""

    def key(self, path: str) -> str:
        return "".join("_" if c in "!$^`()" else c for c in path)


@defect(trips=("paths.segments",), on=VIRTUAL)
class SlashesCollapsed(Keyed):
    """Several slashes in a row become one."""

    def key(self, path: str) -> str:
        return re.sub("//+", "/", path)


@defect(trips=DISTINCT)
class DepthLimited(Keyed):
    """Only the first six segments of a path count."""

    def key(self, path: str) -> str:
        return "/".join(path.split("/")[:6])
