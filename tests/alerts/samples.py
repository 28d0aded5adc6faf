"""Two fixed alerts, made up: of an ensemble a port scan over IPv4, of a single detector an odd DNS
answer over IPv6."""

from __future__ import annotations

from oddflow.alerts.alert import Alert, ModelRef
from oddflow.alerts.attack import techniques
from oddflow.core.connection import Connection
from oddflow.core.opinions import Opinion
from oddflow.core.verdicts import (
    Cause,
    Counterfactual,
    Explanation,
    SimilarAttack,
    Span,
    StepShare,
    Verdict,
)

MODEL = ModelRef(sha256="5e" * 32, name="lstm_autoencoder", profile="traffic28")
ENSEMBLE = ModelRef(sha256="e5" * 32, name="ensemble", profile="traffic28")

SCAN = Alert(
    connection=Connection(
        start_s=1767323045.678901,
        orig_h="192.0.2.17",
        orig_p=40312,
        resp_h="192.0.2.80",
        resp_p=3306,
        proto="tcp",
        conn_state="REJ",
        uid="CX4f2p1mYqRz8nVt5c",
        history="Sr",
        duration_s=0.000212,
        orig_bytes=0,
        resp_bytes=0,
        missed_bytes=0,
        orig_pkts=1,
        orig_ip_bytes=44,
        resp_pkts=1,
        resp_ip_bytes=40,
    ),
    verdict=Verdict(
        row=1041,
        score=7.25,
        p_value=0.000375,
        threshold=2.5,
        explanation=Explanation(
            (
                Cause(
                    feature="diff_srv_rate",
                    share=0.625,
                    observed=0.98,
                    expected=0.02,
                    usual=Span(0, 0.06),
                ),
                Cause(feature="flag", share=0.25, observed="REJ", expected="SF", usual=("SF",)),
            ),
            sentence="ended as REJ (rejected), 98 % to other services; normal is SF (completed), "
            "none to 6 % to other services",
            counterfactual=Counterfactual(
                features=("flag", "diff_srv_rate"),
                aspects=("how connections ended", "to how many services"),
                score=1.75,
                passes=True,
                distance=3.5,
                normal=(("diff_srv_rate", 0.02), ("flag", "SF")),
            ),
            similar=SimilarAttack("portsweep", 0.8125),
            steps=(StepShare("time window", 0.75), StepShare("basic", 0.25)),
        ),
        members=(
            Opinion("residual_1", 0.00025, fired=True),
            Opinion("residual_2", 0.125, fired=False),
            Opinion("neighbours", 0.0005, fired=True),
            Opinion("known_attacks", 0.00025, fired=True, knows_attacks=True, family="probe"),
        ),
    ),
    model=ENSEMBLE,
    techniques=techniques({"count": 214.0, "diff_srv_rate": 0.98, "rerror_rate": 0.96}),
)

ANSWER = Alert(
    connection=Connection(
        start_s=1767323100.0,
        orig_h="2001:db8::53",
        orig_p=53122,
        resp_h="2001:db8:1::1",
        resp_p=53,
        proto="udp",
        conn_state="SF",
        service="dns",
        duration_s=None,
        orig_bytes=48,
        resp_bytes=1379963888,
    ),
    verdict=Verdict(
        row=0,
        score=3.0625,
        p_value=0.0078125,
        threshold=2.5,
        explanation=Explanation(
            (Cause(feature="dst_bytes", share=0.875, observed=1379963888.0, expected=146.0),)
        ),
    ),
    model=MODEL,
)

PING = Alert(
    connection=Connection(
        start_s=1767323200.5,
        orig_h="2001:db8::53",
        orig_p=128,
        resp_h="2001:db8:1::1",
        resp_p=0,
        proto="icmp",
        conn_state="OTH",
    ),
    verdict=Verdict(row=7, score=2.75, p_value=0.005, threshold=2.5, explanation=Explanation(())),
    model=MODEL,
)
"""A third without ports and without an explanation."""

GOLDEN = (SCAN, ANSWER)
