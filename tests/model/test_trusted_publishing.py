from __future__ import annotations

import pytest

from castoff.errors import Problem
from castoff.model.acts import Refused, Unclear
from castoff.model.observations import Unknown
from castoff.model.trusted_publishing import Exchange, Exchanged, ExchangeRefused, outcome_by_exchange

FAILED = Unclear(reason="it ended", problem=Problem(code="upload-failed", message="", reason="", remedy=""))


@pytest.mark.parametrize(
    ("got", "code"),
    [
        pytest.param(Exchanged("t"), "upload-failed", id="the exchange works: the client says why"),
        pytest.param(ExchangeRefused(status=422, text="no"), "publisher-missing", id="refused"),
        pytest.param(Unknown(reason="503"), None, id="no answer: only time helps"),
    ],
)
def test_a_failed_upload_without_tokens_is_what_its_exchange_is(got: Exchange, code: str | None) -> None:
    outcome = outcome_by_exchange(FAILED, (got, ""), "python", None)

    assert isinstance(outcome, Unclear | Refused)
    assert (outcome.problem.code if outcome.problem else None) == code
