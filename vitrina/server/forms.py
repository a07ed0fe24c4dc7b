"""The one file of a multipart form, passed on while it arrives."""

from __future__ import annotations

from python_multipart import MultipartParser
from python_multipart.exceptions import FormParserError
from python_multipart.multipart import parse_options_header

from vitrina.errors import BadRequest

MOST_FIELDS = 8
_NEXT_STEP = "Send it as curl -F file=@photo.jpg does."


class FormFile:
    """Takes a form apart as it comes: nothing of it is kept here, in memory or on disk.

    Other fields than `file` are passed over. Raises BadRequest for a form that is malformed, has more than
    one file or more than MOST_FIELDS other fields.
    """

    def __init__(self, content_type: str) -> None:
        _, options = parse_options_header(content_type)
        boundary = options.get(b"boundary")
        if not boundary:
            raise _malformed("Missing boundary in multipart.")
        self._names: list[str] = []
        self._files = 0
        self._inside = self._complete = False
        self._chunks: list[bytes] = []
        self._header = self._value = self._disposition = b""
        try:
            self._parser = MultipartParser(
                boundary,
                {
                    "on_part_begin": self._begin_part,
                    "on_header_field": self._header_field,
                    "on_header_value": self._header_value,
                    "on_header_end": self._end_header,
                    "on_headers_finished": self._end_headers,
                    "on_part_data": self._data,
                    "on_part_end": self._end_part,
                },
            )
        except FormParserError as error:
            raise _malformed("A boundary that is too long.") from error

    def feed(self, chunk: bytes) -> bytes:
        """The bytes of the file that are in this piece of the body."""
        try:
            self._parser.write(chunk)
        except FormParserError as error:
            raise _malformed("Invalid multipart data.") from error
        found, self._chunks = b"".join(self._chunks), []
        return found

    def finish(self) -> None:
        """Raises BadRequest where the body ended without a whole file."""
        if self._inside:
            raise _malformed("A file that is cut off.")
        if not self._complete:
            raise BadRequest(
                "a form with one file in the field 'file'",
                "fields " + (", ".join(sorted(self._names))[:100] or "none"),
                _NEXT_STEP,
            )

    def _begin_part(self) -> None:
        self._disposition = b""

    def _header_field(self, data: bytes, start: int, end: int) -> None:
        self._header += data[start:end]

    def _header_value(self, data: bytes, start: int, end: int) -> None:
        self._value += data[start:end]

    def _end_header(self) -> None:
        if self._header.lower() == b"content-disposition":
            self._disposition = self._value
        self._header = self._value = b""

    def _end_headers(self) -> None:
        _, options = parse_options_header(self._disposition)
        if b"name" not in options:
            raise _malformed('The Content-Disposition header field "name" must be provided.')
        name, is_file = options[b"name"].decode("utf-8", "replace"), b"filename" in options
        self._names.append(name)
        self._files += is_file
        if self._files > 1:
            raise _malformed("Too many files. Maximum number of files is 1.")
        if len(self._names) - self._files > MOST_FIELDS:
            raise _malformed(f"Too many fields. Maximum number of fields is {MOST_FIELDS}.")
        self._inside = is_file and name == "file"

    def _data(self, data: bytes, start: int, end: int) -> None:
        if self._inside:
            self._chunks.append(data[start:end])

    def _end_part(self) -> None:
        self._complete = self._complete or self._inside
        self._inside = False


def _malformed(found: str) -> BadRequest:
    return BadRequest("a well-formed multipart form with one file", found, _NEXT_STEP)
