"""Gzip files, decompressed in large steps: the bytes of Python's own `gzip`, with a hundredth of its calls."""

import gzip
import io
import os
import zlib
from pathlib import Path

VERSION = None  # the bytes are the same
STEP = 1 << 18  # compressed bytes read at a time
MOST = 1 << 20  # bytes decompressed at a time: what is read past a header stays small, however well it is compressed
MEANS = {"incorrect data check": "CRC check failed", "incorrect header check": "Not a gzipped file"}
GZIP = 31  # zlib's number for a gzip header, with a checksum and a length at the end


class GzipStream(io.RawIOBase):
    """A gzip file of one or several members as a stream of its bytes; zeros behind the last member are padding.

    Reading raises EOFError where the file ends too early, and gzip.BadGzipFile where it is damaged or no gzip.
    """

    def __init__(self, path: Path) -> None:
        """Open a file."""
        self._file = open(path, "rb")  # noqa: SIM115 - closed with the stream
        self._begin()

    def _begin(self) -> None:
        self._file.seek(0)
        self._engine, self._rest, self._place, self._ended = zlib.decompressobj(GZIP), b"", 0, False

    def readable(self) -> bool:
        """Return True."""
        return True

    def seekable(self) -> bool:
        """Return True; a step back begins at the start again."""
        return True

    def tell(self) -> int:
        """Return the place among the decompressed bytes."""
        return self._place

    def seek(self, offset: int, whence: int = os.SEEK_SET) -> int:
        """Go to a place, counted from the start or from here."""
        if whence == os.SEEK_END:
            raise io.UnsupportedOperation("the end of a gzip file is known only once all of it is read")
        target = offset + (self._place if whence == os.SEEK_CUR else 0)
        if target < self._place:
            self._begin()
        while self._place < target and (piece := self._inflate(target - self._place)):
            self._place += len(piece)
        return self._place

    def readinto(self, buffer: bytearray | memoryview) -> int:  # type: ignore[override]
        """Fill a buffer; return how many bytes there were."""
        view, done = memoryview(buffer).cast("B"), 0
        while done < len(view) and (piece := self._inflate(len(view) - done)):
            view[done : done + len(piece)] = piece
            done += len(piece)
        self._place += done
        return done

    def close(self) -> None:
        """Close the file."""
        self._file.close()
        super().close()

    def _inflate(self, most: int) -> bytes:
        """Return up to `most` of the bytes that follow; none at the end."""
        while not self._ended:
            if self._engine.eof and not self._next_member():
                break
            packed = self._rest or self._file.read(STEP)
            piece = self._decompress(packed, min(most, MOST))
            self._rest = self._engine.unused_data if self._engine.eof else self._engine.unconsumed_tail
            if piece:
                return piece
            if not packed and not self._engine.eof:
                raise EOFError("Compressed file ended before the end-of-stream marker was reached")
        return b""

    def _decompress(self, packed: bytes, most: int) -> bytes:
        try:
            return self._engine.decompress(packed, most)
        except zlib.error as error:
            said = str(error).rpartition(": ")[2]
            raise gzip.BadGzipFile(MEANS.get(said, said)) from error

    def _next_member(self) -> bool:
        """Begin the next member; return whether there is one."""
        self._rest = self._rest.lstrip(b"\0")
        while not self._rest and (packed := self._file.read(STEP)):
            self._rest = packed.lstrip(b"\0")
        self._engine, self._ended = zlib.decompressobj(GZIP), not self._rest
        return not self._ended
