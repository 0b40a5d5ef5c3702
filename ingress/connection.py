"""One client's connection: what it is waiting for, and one request after the other from it.

aiohttp's parser reads the requests; everything around it is ours (ADR 0041): a request costs no task and no timer, answers are bytes that were
written out before, and nothing a stranger sends is read further than it is worth.
"""

from __future__ import annotations

import asyncio
from enum import Enum
from typing import TYPE_CHECKING, cast

from aiohttp.http import HttpProcessingError

from ingress import answers
from ingress.answers import Answer
from ingress.request import SLICE, Reader, Request
from runtime.faults import fault_point, fault_point_half_way
from runtime.logs import get_logger

if TYPE_CHECKING:
    from ingress.guard import Guard

log = get_logger(__name__)

READ_SECONDS = 0.0001  # what a read of a body takes, most of it in the kernel where nobody measures it
CONTINUE = b"HTTP/1.1 100 Continue\r\n\r\n"


class Phase(Enum):
    """What a connection is waiting for. All but WORK and REFUSED wait for the client."""

    IDLE = "idle"
    HEAD = "slow_head"
    BODY = "slow_body"
    WORK = "slow_answer"
    REFUSED = "slow_refusal"  # there is an answer, and too many are being turned away to give it now
    FAREWELL = "slow_farewell"  # the last answer is on its way; what still comes is thrown away


ENDING = (Phase.REFUSED, Phase.FAREWELL)


class Connection(asyncio.BufferedProtocol):
    """`suspect`: its last request was refused, asked for what is not there, or came before the answer to the one before it. Such a one has no claim to be
    quick any more, until it shows a good credential.
    """

    __slots__ = (
        "_ahead", "_bare", "_busy", "_choked", "_ended", "_last", "_parting", "_paused", "_reader", "_reads", "_request", "_running", "_transport",
        "gone", "guard", "phase", "since", "suspect",
    )  # fmt: skip

    def __init__(self, guard: Guard) -> None:
        self.guard = guard
        self.phase = Phase.IDLE
        self.since = 0.0
        self.gone = False
        self.suspect = False
        self._transport = cast(asyncio.Transport, None)
        self._reader: Reader = guard.reader()
        self._request: Request | None = None
        self._reads = 0  # since the request began
        self._ahead = False  # a request of what came in this read was begun
        self._bare = False  # of its answer only the head is wanted
        self._busy = False  # its answer is being worked on
        self._choked = False  # the client does not take its answers
        self._last = b""  # what is still to be said before it ends
        self._ended = False  # the client sends nothing more; it still reads
        self._parting = False  # the next answer is the last
        self._paused = False
        self._running = False

    @property
    def peer(self) -> object:
        """The other end's address, as the socket says it."""
        return self._transport.get_extra_info("peername")

    @property
    def vouched(self) -> bool:
        """The head of the request that arrives carries a valid credential."""
        return self._request is not None and self._request.vouched

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast(asyncio.Transport, transport)
        if not self.guard.admit():
            self._transport.write(self.guard.full.wire(last=True))
            self._transport.close()
            self.gone = True
            return
        fault_point("ingress.accepted")
        self._enter(Phase.IDLE)

    def connection_lost(self, exc: BaseException | None) -> None:
        self.gone = True
        self._request = None
        self._reader.drop()
        self.guard.leave(self)

    def get_buffer(self, sizehint: int) -> memoryview:
        """Where the next read goes: a little of who has not said yet what it wants, much of a body, and of what is thrown away."""
        return self.guard.scratch.large if self._is_wide else self.guard.scratch.small

    def buffer_updated(self, nbytes: int) -> None:
        if self.phase is Phase.FAREWELL or self.gone:
            if not self.guard.discards(nbytes):
                self._pause()
            return
        self.received(bytes(self.guard.scratch.large[:nbytes]))

    def received(self, data: bytes) -> None:
        """More from the client."""
        self._reads += 1
        self._ahead = False
        if self.phase is Phase.IDLE and len(data) <= SLICE and not (self.suspect or self._choked):
            self._take_quickly(data)
        else:
            self._reader.add(data)
            self.proceed()

    @property
    def _is_wide(self) -> bool:
        return self.phase is Phase.BODY or self.phase is Phase.FAREWELL

    def _take_quickly(self, data: bytes) -> None:
        """Most requests are small, come in one piece and find nothing before them: the steps of `proceed`, without asking what is next."""
        self._running = True
        try:
            request = self._reader.at_once(data)
            if request is not None:
                self._begin(request)
                if request.whole and self._request is request:
                    self._take(request)
                    if not self._reader.waiting:
                        return
        except Exception as error:  # noqa: BLE001 - as in `proceed`
            self._failed(error)
        finally:
            self._running = False
        self.proceed()

    def eof_received(self) -> bool:
        """The client has sent everything. What came whole is answered; True keeps our half open for that."""
        self._ended = True
        if self.phase is Phase.REFUSED:
            return True
        if self.phase is Phase.FAREWELL or self.gone:
            return False
        if self._busy or self._choked or self._reader.waiting:
            return True
        if self._request is not None:
            self.turn_away("broken_body")
        return False

    def pause_writing(self) -> None:
        self._choked = True

    def resume_writing(self) -> None:
        self._choked = False
        self.proceed()

    def proceed(self) -> None:
        """Goes on until the client, the broker or somebody else has to come first."""
        if self._running:
            return
        self._running = True
        try:
            while self._step():
                pass
        except Exception as error:  # noqa: BLE001 - a bug costs this one connection and one line, never the door
            self._failed(error)
        finally:
            self._running = False
        self._settle()

    def _step(self) -> bool:
        """One step of work; False when there is none."""
        request = self._request
        if self._busy or self._choked or self.phase in ENDING or self.gone:
            return False
        if not self._reader.waiting and not (request is not None and request.whole):
            return False
        if not self._is_costly(request):
            self._work(request)
            return True
        turnstile = self.guard.turnstile
        if not turnstile.admits(self):
            return False
        started = turnstile.clock()
        self._work(request)
        turnstile.spend(turnstile.clock() - started)
        return True

    def _is_costly(self, request: Request | None) -> bool:
        if request is not None and request.vouched:
            return False
        return self.suspect or self.guard.is_costly(request, self._reads)

    def _work(self, request: Request | None) -> None:
        if request is None:
            request = self._reader.next()
            if request is not None:
                self._begin(request)
                return
            self._reader.parse_head()
            if self.guard.is_endless(self._reader.head, self._reads):
                self._say_last(answers.HEADERS_TOO_LARGE)
        elif request.whole:
            self._take(request)
        else:
            self._reader.parse_body(request)
            cause = self.guard.too_much(request, self._reads)
            if cause is not None:
                self.turn_away(cause)

    def _take(self, request: Request) -> None:
        # Thousands may wait for the broker: of what came, only what the answer needs stays with them.
        self._busy, self._request = True, None
        self._parting = self._parting or request.is_last
        self._bare = request.is_head
        self._enter(Phase.WORK)
        self.guard.door.take(self, request)

    def _begin(self, request: Request) -> None:
        self._request = request
        cause = self.guard.door.look(request) or self.guard.too_much(request, self._reads)
        # One read may bring hundreds of small requests: each is quick, and all of them are not.
        self.suspect = self.suspect or (self._ahead and not request.vouched)
        self._ahead = True
        if cause is not None:
            self.turn_away(cause)
        elif not request.whole and request.asks_to_go_on and not self._reader.held:
            self._transport.write(CONTINUE)

    def _settle(self) -> None:
        """What is to be waited for now; how much is held; whether to read on."""
        if self.gone or self.phase in ENDING:
            return
        request, held = self._request, self._reader.held
        if self._busy:
            pass
        elif self._choked:
            self._wait(Phase.WORK)
        elif request is not None:
            if self._ended and not held and not request.whole:
                self.turn_away("broken_body")
                return
            self._wait(Phase.BODY)
            fault_point("ingress.mid_body")
            held += request.size
        elif held or (self._reader.head and not self._ended):
            self._wait(Phase.HEAD)
            held += self._reader.head
        else:
            self._reads = 0
            if self._ended:
                self._part()
                return
            self._wait(Phase.IDLE)
        if self._reader.held or not self._may_read():
            self._pause()
        else:
            self._resume()
        self.guard.unverified.hold(self, held)

    def _may_read(self) -> bool:
        """Who is costly is read once for each turn it gets: a thousand of them could fill a turn of the loop with reading alone."""
        if self._busy or self._choked or self._ended or not self._is_costly(self._request):
            return True
        turnstile = self.guard.turnstile
        if not turnstile.admits(self):
            return False
        turnstile.spend(READ_SECONDS)
        return True

    def reply(self, answer: Answer, *, last: bool) -> None:
        """Ends a request that `take` was given. A client that has left is not told."""
        self._busy = False
        if self.gone or self.phase in ENDING:
            return
        last = last or self._parting
        if last:
            self._end(answer.wire(last=True, bare=self._bare), refused=self.suspect)
            return
        wire = answer.wire(last=False, bare=self._bare)
        fault_point_half_way("ingress.half_answered", self._transport.write, wire)
        self._transport.write(wire)
        self._reads = 0
        self._enter(Phase.IDLE)
        if self._ended or self._reader.waiting:
            self.proceed()

    def turn_away(self, cause: str) -> None:
        """Ends a request that is not read any further."""
        if self._request is None:
            self._say_last(self.guard.full)
        else:
            self._say_last(self.guard.door.turn_away(self, self._request, cause))

    def relieve(self) -> None:
        """There is no memory for what this client sent."""
        self.guard.cut_for("crowded")
        if self._busy or self._choked:
            self._reader.drop()
            self._parting = True
        else:
            self.turn_away("crowded")

    def late(self) -> None:
        """The deadline of its phase is over."""
        if self.phase is Phase.BODY:
            self.turn_away("slow_body")
        elif self.phase is Phase.REFUSED:
            self.refuse()
        else:
            self.cut()

    def cut(self) -> None:
        """Closes now, without a farewell."""
        self.gone = True
        self._transport.abort()

    def close(self) -> None:
        """Closes when what was said is out."""
        self._transport.close()

    def _failed(self, error: Exception) -> None:
        if not isinstance(error, HttpProcessingError):
            log.error("request failed", action="ingress.error", error=type(error).__name__)
            self._say_last(answers.INTERNAL)
            return
        # Its text quotes what the client sent: the kind is all that is told.
        self.guard.malformed(type(error).__name__)
        if self._request is None:
            self._say_last(answers.BAD_REQUEST)
        else:
            self.turn_away("broken_body")

    def _say_last(self, answer: Answer) -> None:
        if not self.gone and self.phase not in ENDING:
            bare = self._bare if self._request is None else self._request.is_head
            self._end(answer.wire(last=True, bare=bare), refused=self._unread and not self.vouched)

    @property
    def _unread(self) -> bool:
        """The client sends what nobody will read."""
        if self._ended:
            return False
        return bool(self._reader.held) or (self._request is not None and not self._request.whole)

    def _end(self, last: bytes, *, refused: bool) -> None:
        """Nothing is read after this. Whoever is refused may have to wait for the answer: what it ends costs us the next connection."""
        unread, self._last = self._unread, last
        self._request, self._busy = None, False
        self._reader.drop()
        if not refused or self.guard.refusals.admits(self):
            self._part(unread=unread)
        else:
            self._enter(Phase.REFUSED)
            self.guard.unverified.leave(self)
            self._pause()

    def refuse(self) -> None:
        """Gives the answer that had to wait."""
        self._part(unread=True)

    def _part(self, *, unread: bool = False) -> None:
        """With the last answer, if there is one. Closing while more comes would reset the connection, and the client might lose it."""
        self._enter(Phase.FAREWELL)
        if self._last:
            self._transport.write(self._last)
        if not unread or self._ended:
            self._transport.close()
            return
        self._transport.write_eof()
        self._resume()

    def _wait(self, phase: Phase) -> None:
        if self.phase is not phase:
            self._enter(phase)

    def _enter(self, phase: Phase) -> None:
        self.phase = phase
        if not self.gone:
            self.guard.entered(self, phase)

    def _pause(self) -> None:
        if not self._paused and not self._ended:
            self._paused = True
            self._transport.pause_reading()

    def _resume(self) -> None:
        if self._paused and not self._ended:
            self._paused = False
            self._transport.resume_reading()
