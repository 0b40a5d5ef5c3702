"""Writes without the thread of the journal: the loop lays them in the file, and the kernel syncs it by itself.

At a door that computes all the while, the thread waits for Python's lock longer than for the disk: it is woken at every chance that the loop leaves,
fifty times a write, and comes too late for nearly all of them; at a quiet one, waking it costs more than the write. Here nobody waits: a sync is asked for, and a descriptor tells the loop when it is done
(Linux AIO, io_submit(2)). Laying bytes in the file does not wait for the disk either: one sync is asked for at a time, and nothing is laid before it is done.
"""

from __future__ import annotations

import asyncio
import ctypes
import os
import platform
import struct
from collections.abc import Callable, Sequence

from ingress.journal.segment import OpenSegment
from runtime.logs import get_logger

log = get_logger(__name__)

CALLS = {"x86_64": (206, 207, 208, 209), "aarch64": (0, 1, 4, 2)}
"""Numbers of io_setup, io_destroy, io_getevents and io_submit, by machine: the C library has no names for them."""
FDSYNC = 3  # IOCB_CMD_FDSYNC, since Linux 4.18: what fdatasync(2) does
TELLS = 1  # IOCB_FLAG_RESFD: over an eventfd
_ORDER = struct.Struct("<QIIHhIQQqQII")  # struct iocb
_DONE = struct.Struct("<QQqq")  # struct io_event


class KernelSyncs:
    """Syncs files, one at a time. `told` hears of each: 0, or the number of the error."""

    def __init__(self, loop: asyncio.AbstractEventLoop, told: Callable[[int], object]) -> None:
        """Raises OSError where the kernel does not offer it, or whoever fences this process in; NotImplementedError where the loop does not."""
        numbers = CALLS.get(platform.machine())
        if numbers is None:
            raise NotImplementedError(f"nobody told us the calls of {platform.machine()}")
        setup, self._destroy, self._events, self._submit = (ctypes.c_long(number) for number in numbers)
        self._kernel = ctypes.CDLL(None, use_errno=True).syscall
        self._kernel.restype = ctypes.c_long
        self._loop = loop
        self._told = told
        self._context = ctypes.c_ulong(0)
        self._order = ctypes.create_string_buffer(_ORDER.size)
        self._orders = (ctypes.c_void_p * 1)(ctypes.addressof(self._order))
        self._done = ctypes.create_string_buffer(_DONE.size)
        self._call(setup, ctypes.c_long(1), ctypes.byref(self._context))
        self._bell = os.eventfd(0, os.EFD_NONBLOCK | os.EFD_CLOEXEC)
        try:
            loop.add_reader(self._bell, self._rung)
        except BaseException:
            self._leave()
            raise

    def sync(self, descriptor: int) -> None:
        """Begins. Raises OSError when the kernel does not take it: then nobody is told."""
        _ORDER.pack_into(self._order, 0, 0, 0, 0, FDSYNC, 0, descriptor, 0, 0, 0, 0, TELLS, self._bell)
        self._call(self._submit, self._context, ctypes.c_long(1), self._orders)

    def close(self) -> None:
        """While none is under way."""
        self._loop.remove_reader(self._bell)
        self._leave()

    def _rung(self) -> None:
        os.eventfd_read(self._bell)
        if self._call(self._events, self._context, ctypes.c_long(0), ctypes.c_long(1), self._done, None):
            self._told(-_DONE.unpack(self._done)[2])

    def _leave(self) -> None:
        os.close(self._bell)
        self._call(self._destroy, self._context)

    def _call(self, *words: object) -> int:
        result = int(self._kernel(*words))
        if result < 0:
            number = ctypes.get_errno()
            raise OSError(number, os.strerror(number))
        return result


class DirectWrites:
    """One write at a time. Where the kernel or the loop does not offer it there is none, and the thread of the journal writes everything."""

    def __init__(self, loop: asyncio.AbstractEventLoop) -> None:
        self._loop = loop
        self._syncs: KernelSyncs | None = None
        self._offered = True
        self._writing: tuple[OpenSegment, int, asyncio.Future[None]] | None = None

    def begin(self, segment: OpenSegment, parts: Sequence[bytes]) -> asyncio.Future[None] | None:
        """Done when the parts are on the disk, or failed with an OSError. None: nothing is under way, and the thread is to write them.

        It meets an error of the disk again, and knows what to do then.
        """
        syncs = self._syncs or self._open()
        if syncs is None:
            return None
        try:
            end = segment.lay(parts)
        except OSError:
            return None
        try:
            syncs.sync(segment.laid)
        except OSError as error:
            self._do_without(error)
            return None
        future: asyncio.Future[None] = self._loop.create_future()
        self._writing = segment, end, future
        return future

    def close(self) -> None:
        """While nothing is under way."""
        if self._syncs is not None:
            self._syncs.close()
            self._syncs = None

    def _open(self) -> KernelSyncs | None:
        if self._offered:
            try:
                self._syncs = KernelSyncs(self._loop, self._told)
            except (OSError, NotImplementedError) as error:
                self._do_without(error)
        return self._syncs

    def _do_without(self, error: Exception) -> None:
        self._offered = False
        self.close()
        log.info(
            "the kernel syncs nothing by itself: the journal's thread does",
            action="ingress.journal_by_thread",
            error=str(error),
        )

    def _told(self, error: int) -> None:
        if self._writing is None:
            return
        (segment, end, future), self._writing = self._writing, None
        if error:
            future.set_exception(OSError(error, os.strerror(error)))
        else:
            segment.reached(end)
            future.set_result(None)
