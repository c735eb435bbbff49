"""Storage layers: their connection strings, what they declare, and the translations that a run does not show."""

from __future__ import annotations

import gc
import io

import pytest

from conformance.adapters.connection import open_backend
from conformance.adapters.layers.address import Kind, place
from conformance.adapters.layers.errors import made, sought, translated
from conformance.storage import (
    ConnectionStringInvalid,
    ListMode,
    ListModeInvalid,
    ObjectMode,
    ObjectModeInvalid,
    ObjectNotExist,
    OperationNotSupported,
    PairUnsupported,
    PermissionDenied,
    PreconditionFailed,
    RestrictionDissatisfied,
    Unexpected,
)

IMPLEMENTS = {"read": frozenset({"offset"}), "copy": frozenset[str]()}
LAYERS = {
    "fsspec:memory": "fsspec",
    "fsspec:file?root={root}&auto_mkdir=true": "fsspec",
    "opendal:memory": "opendal",
    "opendal:fs?root={root}": "opendal",
    "opendal-async:memory": "opendal",
    "opendal-async:fs?root={root}": "opendal",
    "obstore:memory": "obstore",
    "obstore:local?root={root}": "obstore",
    "pyarrow:local?root={root}": "pyarrow",
}


def at(text, kinds=None):
    return place(text, kinds or {}, IMPLEMENTS, "layer:kind?root=/dir")


def opened(spec, tmp_path, work_dir="/run/1/"):
    pytest.importorskip(LAYERS[spec])
    return open_backend(spec.format(root=tmp_path)).open(work_dir)


def put(store, path, data=b"content", **pairs):
    return store.write(path, io.BytesIO(data), len(data), **pairs)


def get(store, path, **pairs):
    w = io.BytesIO()
    store.read(path, w, **pairs)
    return w.getvalue()


# connection strings


def test_a_connection_string_is_taken_apart():
    found = at("layer:s3?root=/some/dir/&bucket=b&name_maximum=9&without=copy,read.offset&anonymous=true&key=%2212%22")
    assert (found.layer, found.kind, found.root, found.name) == ("layer", "s3", "/some/dir", "layer:s3")
    assert found.typed() == {"bucket": "b", "anonymous": True, "key": "12"}
    assert found.declares == {"name_maximum": 9}
    assert found.without == ("copy", "read.offset")


def test_what_is_declared_goes_before_what_is_known_of_the_kind():
    kinds = {"disk": Kind(declares={"directories": "native", "name_maximum": 255}, without=("copy",))}
    found = at("layer:disk?name_maximum=14&without=read.offset", kinds)
    assert found.declares == {"directories": "native", "name_maximum": 14}
    assert found.without == ("copy", "read.offset")


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("layer:", "names no kind of storage: write layer:kind"),
        ("layer:/dir", "names no kind of storage"),
        ("layer:s3?bucket=a&bucket=b", "the option bucket is given twice"),
        ("layer:s3?bucket=", "the option bucket is empty"),
        ("layer:s3?without=fly", "names 'fly', which is no operation"),
        ("layer:s3?name_maximum=0", "the option name_maximum is no whole number"),
    ],
)
def test_a_wrong_connection_string_is_told(text, message):
    with pytest.raises(ConnectionStringInvalid, match=message):
        at(text)


@pytest.mark.parametrize(
    ("spec", "library", "message"),
    [
        ("fsspec:nonsense", "fsspec", "fsspec makes no file system of fsspec:nonsense: Protocol not known"),
        ("fsspec:file?root=/no/such/dir", "fsspec", "there is no directory /no/such/dir: make it"),
        ("fsspec:file?rooot=/tmp", "fsspec", "unknown option rooot, did you mean root"),
        ("fsspec:file", "fsspec", "names no directory"),
        ("opendal:fs?rooot=/tmp", "opendal", "unknown option rooot, did you mean root"),
        ("opendal:fs", "opendal", "names no directory"),
        ("opendal:fs?root=/no/such/dir", "opendal", "there is no directory /no/such/dir: make it"),
        (
            "opendal:s3?bukket=b",
            "opendal",
            r"did you mean bucket\? \(python -m pydoc opendal\.config\.S3Config tells of all\)",
        ),
        ("opendal:nonsense", "opendal", "OpenDAL makes no operator of opendal:nonsense"),
        ("opendal:s3?region=us-east-1", "opendal", "OpenDAL makes no operator of opendal:s3"),
        ("obstore:memry", "obstore", "obstore has no store memry, did you mean memory"),
        ("obstore:local", "obstore", "names no directory"),
        ("obstore:local?root=/no/such/dir", "obstore", "there is no directory /no/such/dir: make it"),
        ("pyarrow:loca", "pyarrow", "pyarrow has no file system loca, did you mean local"),
        ("pyarrow:local", "pyarrow", "names no directory"),
        ("pyarrow:local?root=/no/such/dir", "pyarrow", "there is no directory /no/such/dir: make it"),
    ],
)
def test_what_cannot_be_used_is_told_in_a_sentence(spec, library, message):
    pytest.importorskip(library)
    with pytest.raises(ConnectionStringInvalid, match=message):
        open_backend(spec).prepare()


def test_a_secret_comes_from_the_environment(monkeypatch):
    monkeypatch.setenv("MY_KEY", "12")
    assert at("layer:kind?secret_key=env:MY_KEY").typed() == {"secret_key": "12"}
    for value in ("geheim", "env:", "env:NO_SUCH_VARIABLE"):
        with pytest.raises(ConnectionStringInvalid, match="secret_key comes from the environment") as caught:
            at(f"layer:kind?secret_key={value}")
        assert "geheim" not in str(caught.value)


def test_a_directory_that_is_missing_is_not_made(tmp_path):
    pytest.importorskip("opendal")
    with pytest.raises(ConnectionStringInvalid):
        open_backend(f"opendal:fs?root={tmp_path}/new").prepare()
    assert not any(tmp_path.iterdir())


def test_an_unreachable_server_is_told_in_a_sentence():
    pytest.importorskip("opendal")
    spec = "opendal:s3?bucket=b&endpoint=http://127.0.0.1:1&region=us-east-1&access_key_id=a&secret_access_key=env:PATH"
    with pytest.raises(ConnectionStringInvalid, match="opendal:s3 cannot be used: ") as caught:
        open_backend(spec).prepare()
    assert "\n" not in caught.value.message


# what every layer does


@pytest.mark.parametrize("spec", LAYERS)
def test_a_layer_keeps_what_is_written_for_every_client(spec, tmp_path):
    pytest.importorskip(LAYERS[spec])
    connection = open_backend(spec.format(root=tmp_path))
    connection.prepare()
    store, other = connection.open(f"/{tmp_path.name}/"), connection.open(f"/{tmp_path.name}/")
    assert list(store.list("")) == []
    put(store, "d/b", b"0123456789")
    assert get(other, "d/b", offset=3, size=4) == b"3456"
    assert other.stat("d/b").content_length == 10
    assert [(o.path, o.mode) for o in store.list("")] == [("d", ObjectMode.DIR)]
    assert [o.path for o in store.list("d")] == ["d/b"]
    store.delete("d/b")
    store.delete("d/b")
    with pytest.raises(ObjectNotExist):
        other.stat("d/b")
    assert connection.version().split()[0] == LAYERS[spec]


@pytest.mark.parametrize("spec", LAYERS)
def test_a_layer_refuses_what_it_has_not(spec, tmp_path):
    store = opened(spec, tmp_path)
    features = store.features()
    with pytest.raises(ListModeInvalid):
        store.list("", list_mode=ListMode.BLOCK)
    with pytest.raises(PairUnsupported):
        put(store, "a", content_md5="x")
    if "copy" not in features.operations:
        with pytest.raises(OperationNotSupported):
            store.copy("a", "b")
    if "if_none_match" in features.pairs["write"]:
        with pytest.raises(PairUnsupported):
            put(store, "a", if_none_match='"etag"')
        put(store, "a", if_none_match="*")
        with pytest.raises(PreconditionFailed):
            put(store, "a", b"other", if_none_match="*")
        assert get(store, "a") == b"content"


@pytest.mark.parametrize("spec", LAYERS)
def test_a_closed_client_refuses(spec, tmp_path):
    store = opened(spec, tmp_path)
    store.close()
    store.close()
    with pytest.raises(Unexpected, match="closed"):
        store.stat("a")


def test_an_asynchronous_client_that_nobody_closes_gives_its_loop_back(tmp_path):
    store = opened("opendal-async:memory", tmp_path)
    loop = vars(store)["_loop"]
    assert not loop.is_closed()
    del store
    gc.collect()
    assert loop.is_closed()


# declarations


def test_opendal_is_believed_what_its_capability_says():
    pytest.importorskip("opendal")
    credentials = "bucket=b&endpoint=http://127.0.0.1:1&region=us-east-1&access_key_id=a&secret_access_key=env:PATH"
    s3 = open_backend(f"opendal:s3?{credentials}").open("/").features()
    memory = open_backend("opendal:memory").open("/").features()
    assert {"copy", "write_append", "create_dir"} <= s3.operations
    assert {"copy", "write_append", "move", "reach"}.isdisjoint(memory.operations)
    assert {"if_match", "content_type", "user_metadata"} <= s3.pairs["write"]
    assert s3.list_modes == ListMode.DIR | ListMode.PREFIX
    assert "reach" not in s3.operations
    assert "reach" in open_backend(f"opendal-async:s3?{credentials}").open("/").features().operations


def test_a_place_may_have_less(tmp_path):
    store = opened("fsspec:memory", tmp_path)
    assert "copy" in store.features().operations
    less = open_backend("fsspec:memory?without=copy,suffix&name_maximum=14").open("/run/2/")
    assert "copy" not in less.features().operations
    assert "suffix" not in less.features().pairs["read"]
    assert less.features().name_maximum == 14
    with pytest.raises(OperationNotSupported):
        less.copy("a", "b")


def test_opendal_limits_are_refused_before_a_byte_is_read():
    pytest.importorskip("opendal")
    credentials = "bucket=b&endpoint=http://127.0.0.1:1&region=us-east-1&access_key_id=a&secret_access_key=env:PATH"
    store = open_backend(f"opendal:s3?{credentials}").open("/")
    limit = store.metadata().restrictions.write_size_maximum
    with pytest.raises(RestrictionDissatisfied):
        store.write("a", None, limit + 1)


# translations


@pytest.mark.parametrize(
    ("error", "kind"),
    [
        (FileNotFoundError("x"), ObjectNotExist),
        (IsADirectoryError("x"), ObjectModeInvalid),
        (NotADirectoryError("x"), ObjectModeInvalid),
        (PermissionError("x"), PermissionDenied),
        (NotImplementedError("x"), OperationNotSupported),
        (OSError(36, "too long"), RestrictionDissatisfied),
        (OSError("no number"), Unexpected),
        (KeyError("x"), Unexpected),
    ],
)
def test_errors_of_python_are_translated(error, kind):
    assert type(translated(error)) is kind


def test_below_a_file_there_is_nothing_and_over_one_no_directory():
    assert type(sought(NotADirectoryError("x"))) is ObjectNotExist
    assert type(sought(PermissionError("x"))) is PermissionDenied
    assert type(made(FileExistsError("x"))) is ObjectModeInvalid
    assert type(made(FileNotFoundError("x"))) is ObjectNotExist


@pytest.mark.parametrize("spec", [spec for spec in LAYERS if "root" in spec and "obstore" not in spec])
def test_directories_of_the_disk(spec, tmp_path):
    store = opened(spec, tmp_path)
    assert store.create_dir("d").mode == ObjectMode.DIR
    store.create_dir("d")
    assert store.stat("d", object_mode=ObjectMode.DIR).mode == ObjectMode.DIR
    with pytest.raises(ObjectModeInvalid):
        store.stat("d", object_mode=ObjectMode.READ)
    put(store, "f")
    with pytest.raises(ObjectModeInvalid):
        store.create_dir("f")
    put(store, "d/child")
    with pytest.raises(Unexpected):
        store.delete("d")
    assert get(store, "d/child") == b"content"
    store.delete("d/child")
    store.delete("d")
    assert [o.path for o in store.list("")] == ["f"]


@pytest.mark.parametrize("spec", [spec for spec in LAYERS if spec.startswith(("fsspec", "pyarrow", "opendal:fs"))])
def test_an_append_object_grows(spec, tmp_path):
    store = opened(spec, tmp_path, "/append/")
    o = store.create_append("a")
    assert ObjectMode.APPEND in o.mode
    for piece in (b"one", b"two"):
        store.write_append(o, io.BytesIO(piece), 3)
    store.commit_append(o)
    assert get(store, "a") == b"onetwo"
    assert store.stat("a").append_offset == 6
    store.delete("a")
    with pytest.raises(ObjectNotExist):
        store.commit_append(o)


def test_obstore_keeps_what_it_is_told_of_an_object():
    pytest.importorskip("obstore")
    store = open_backend("obstore:memory").open("/run/1/")
    told = put(store, "a", content_type="text/x", cache_control="no-store", user_metadata={"colour": "blue"})
    found = store.stat("a")
    assert (found.content_type, found.cache_control) == ("text/x", "no-store")
    assert dict(found.user_metadata) == {"colour": "blue"}
    assert found.etag == told.object.etag
    with pytest.raises(PreconditionFailed):
        put(store, "a", if_match='"other"')
    with pytest.raises(PreconditionFailed):
        get(store, "a", if_none_match=found.etag)
    assert get(store, "a", suffix=3) == b"ent"


def test_pyarrow_keeps_names_of_archives_as_they_are(tmp_path):
    store = opened("pyarrow:local?root={root}", tmp_path)
    put(store, "log.gz", b"plain")
    assert (tmp_path / "run/1/log.gz").read_bytes() == b"plain"
    assert get(store, "log.gz") == b"plain"


def test_pyarrow_leaves_no_directory_of_what_it_refuses(tmp_path):
    store = opened("pyarrow:local?root={root}", tmp_path)
    with pytest.raises(ObjectNotExist):
        store.copy("missing", "new/copy")
    assert not (tmp_path / "run/1/new").exists()
    put(store, "f")
    store.move("f", "new/moved")
    assert get(store, "new/moved") == b"content"
