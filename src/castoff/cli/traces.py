"""A run as one OpenTelemetry trace: its stages, the waves of the uploads, and in them steps, writes and waits.

The extra `otlp` brings the libraries; headers for the collector come from their own variables
(``OTEL_EXPORTER_OTLP_HEADERS``). A collector that does not answer never stops a release.
"""

from __future__ import annotations

import logging
import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import TYPE_CHECKING

from castoff.errors import UsageError
from castoff.model.acts import Act, Outcome, Refused, Succeeded
from castoff.model.steps import LocalStep
from castoff.release.publish import UploadFile

if TYPE_CHECKING:
    from opentelemetry.trace import Span, Tracer

_PATIENCE = 5.0
"""Seconds for one request to the collector, and for the last ones at the end of a run."""


class Traces:
    """A reporter that sends spans while a run goes on."""

    def __init__(self, endpoint: str, name: str) -> None:
        try:
            from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter
            from opentelemetry.sdk.resources import Resource
            from opentelemetry.sdk.trace import TracerProvider
            from opentelemetry.sdk.trace.export import BatchSpanProcessor
        except ImportError:
            raise UsageError.of(
                "otlp-library-missing",
                "`--otlp` needs libraries that are not installed",
                reason="they are in the extra `otlp`, which most users do not need",
                remedy="install castoff with it (`castoff[otlp]`), or leave `--otlp` out",
            ) from None

        # The libraries log what they could not send; a release has other things to print.
        logging.getLogger("opentelemetry").setLevel(logging.CRITICAL)
        exporter = OTLPSpanExporter(endpoint=endpoint, timeout=_PATIENCE)
        self._provider = TracerProvider(resource=Resource.create({"service.name": "castoff"}))
        self._provider.add_span_processor(BatchSpanProcessor(exporter))
        self._tracer: Tracer = self._provider.get_tracer("castoff")
        self._lock = threading.Lock()
        self._root = self._tracer.start_span(name)
        self._stage: Span | None = None
        self._acts: dict[str, Span] = {}
        self._wave_of: dict[str, int] = {}
        self._wave_spans: dict[int, Span] = {}

    def close(self) -> None:
        """End what is open, and send what is left; may be called twice."""
        with self._lock:
            if not self._root.is_recording():
                return
            self._end_stage()
            self._root.end()
        self._provider.shutdown()

    def stage(self, name: str, total: int) -> None:
        """A stage begins; the one before ended."""
        with self._lock:
            self._end_stage()
            self._stage = self._begin(f"stage {name}", self._root)
            self._stage.set_attribute("castoff.parts", total)

    def release(self, version: str, waves: Sequence[Sequence[str]]) -> None:
        """Keep which package is in which wave."""
        with self._lock:
            self._root.set_attribute("castoff.version", version)
            self._wave_of = {name: number for number, names in enumerate(waves, start=1) for name in names}

    @contextmanager
    def step(self, step: LocalStep) -> Iterator[None]:
        """Make a span of a step."""
        with self._lock:
            span = self._begin(f"{step.kind} {step.subject}", self._stage or self._root)
        try:
            yield
        finally:
            span.end()

    def observed(self, subject: str, detail: str) -> None:
        """Report nothing: looks are too many."""

    def act_begins(self, act: Act) -> None:
        """Begin the span of a write, an upload's in its wave."""
        with self._lock:
            span = self._begin(act.id, self._parent_of(act))
            span.set_attribute("castoff.target", act.target)
            self._acts[act.id] = span

    def act_ended(self, act: Act, outcome: Outcome) -> None:
        """End the span of a write."""
        from opentelemetry.trace import Status, StatusCode

        with self._lock:
            span = self._acts.pop(act.id, None)
        if span is None:
            return
        match outcome:
            case Succeeded():
                span.set_status(Status(StatusCode.OK))
            case Refused(problem):
                span.set_status(Status(StatusCode.ERROR, problem.message))
            case _:
                span.set_attribute("castoff.outcome", "unclear")
        span.end()

    def waiting(self, subject: str, reason: str, seconds: float) -> None:
        """Note a wait as an event of the stage."""
        with self._lock:
            facts: dict[str, str | float] = {
                "castoff.subject": subject,
                "castoff.reason": reason,
                "castoff.seconds": seconds,
            }
            (self._stage or self._root).add_event("wait", facts)

    def note(self, text: str) -> None:
        """Note a sentence as an event of the run."""
        self._root.add_event(text)

    def _begin(self, name: str, parent: Span) -> Span:
        from opentelemetry.trace import set_span_in_context

        return self._tracer.start_span(name, context=set_span_in_context(parent))

    def _parent_of(self, act: Act) -> Span:
        stage = self._stage or self._root
        wave = self._wave_of.get(act.package) if isinstance(act, UploadFile) else None
        if wave is None:
            return stage
        if wave not in self._wave_spans:
            self._wave_spans[wave] = self._begin(f"wave {wave}", stage)
        return self._wave_spans[wave]

    def _end_stage(self) -> None:
        for span in (*self._acts.values(), *self._wave_spans.values()):
            span.end()
        self._acts.clear()
        self._wave_spans.clear()
        if self._stage is not None:
            self._stage.end()
            self._stage = None
