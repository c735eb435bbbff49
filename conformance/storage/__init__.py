"""The vocabulary of the specification: operations, modes, objects, errors, and the base of every adapter."""

from conformance.storage.base import AsyncStorage, IoCallback, Reader, Storage, Writer
from conformance.storage.bridge import in_sync
from conformance.storage.definitions import Operation, operations
from conformance.storage.errors import (
    CapabilityInsufficient,
    ConnectionStringInvalid,
    ListModeInvalid,
    MetadataUnrecognized,
    ObjectModeInvalid,
    ObjectNotExist,
    OperationNotSupported,
    PairRequired,
    PairUnsupported,
    PermissionDenied,
    PreconditionFailed,
    RequestThrottled,
    RestrictionDissatisfied,
    ServiceInternal,
    ServiceNotRegistered,
    StorageError,
    Unexpected,
)
from conformance.storage.features import Features
from conformance.storage.modes import ListMode, ObjectMode
from conformance.storage.objects import Block, HTTPRequest, Object, Part, Restrictions, Segment, StorageMeta, Told
from conformance.storage.sources import Content, Source, SourceFailed

__all__ = [
    "AsyncStorage",
    "Block",
    "CapabilityInsufficient",
    "ConnectionStringInvalid",
    "Content",
    "Features",
    "HTTPRequest",
    "IoCallback",
    "ListMode",
    "ListModeInvalid",
    "MetadataUnrecognized",
    "Object",
    "ObjectMode",
    "ObjectModeInvalid",
    "ObjectNotExist",
    "Operation",
    "OperationNotSupported",
    "PairRequired",
    "PairUnsupported",
    "Part",
    "PermissionDenied",
    "PreconditionFailed",
    "Reader",
    "RequestThrottled",
    "RestrictionDissatisfied",
    "Restrictions",
    "Segment",
    "ServiceInternal",
    "ServiceNotRegistered",
    "Source",
    "SourceFailed",
    "Storage",
    "StorageError",
    "StorageMeta",
    "Told",
    "Unexpected",
    "Writer",
    "in_sync",
    "operations",
]
