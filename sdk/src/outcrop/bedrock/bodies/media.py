"""Media as bodies carry it: bare base64, data addresses and S3 locations, read into parts."""

from __future__ import annotations

import re
from typing import Any

from outcrop.genai.messages import Part, blob_part, generic_part, uri_part
from outcrop.json_reading import JsonObject, as_object, as_text

_DATA_ADDRESS = re.compile(r"data:(?P<mime>[\w.+-]+/[\w.+-]+)?(?:;[\w=.-]+)*;base64,")

# How the base64 of a picture begins; bodies with bare base64 do not say what it is.
_BEGINNINGS = {"iVBORw0KGgo": "image/png", "/9j/": "image/jpeg", "R0lGOD": "image/gif", "UklGR": "image/webp"}


def image_part(content: str, *, name: str | None = None) -> Part:
    """A picture in bare base64 or as an address."""
    if content.startswith(("data:", "http:", "https:", "s3:")):
        return address_part("image", content, name=name)
    kinds = (mime for start, mime in _BEGINNINGS.items() if content.startswith(start))
    return blob_part("image", next(kinds, None), content, name=name)


def address_part(modality: str, address: str, *, name: str | None = None) -> Part:
    """Media behind an address; a data address holds it itself."""
    found = _DATA_ADDRESS.match(address)
    if found:
        return blob_part(modality, found.group("mime"), address[found.end() :], name=name)
    return uri_part(modality, None, address, name=name)


def source_part(modality: str, source: Any, *, name: str | None = None, mime_type: str | None = None) -> Part:
    """Media in a source of Amazon's or TwelveLabs' make: base64 or an S3 location."""
    members = as_object(source)
    content = as_text(members.get("bytes")) or as_text(members.get("base64String"))
    if content is not None:
        return blob_part(modality, mime_type, content, name=name)
    uri = as_text(as_object(members.get("s3Location")).get("uri"))
    if uri is not None:
        return uri_part(modality, mime_type, uri, name=name)
    return generic_part(source)


def format_mime_type(modality: str, holder: JsonObject) -> str | None:
    """The media type that a member `format` means, such as `png`."""
    name = as_text(holder.get("format"))
    return None if name is None else f"{modality}/{name}"
