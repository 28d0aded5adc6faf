"""Alerts whose every text and number is as bad as a capture or a log can make it."""

from __future__ import annotations

from hypothesis import strategies as st

from oddflow.alerts.alert import Alert, ModelRef
from oddflow.alerts.attack import T1071, T1110, T1498, Technique
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

MARKS = "\n\r\t\x00\x0b\x0c\x1b\x1c\x1e\x7f\x85\x9b\u2028\u2029|\\=\"',;#-()%[]<>{} \ud800\udfff…é"
"""Line ends of every alphabet, separators and escapes of every format, halves of pairs."""

INJECTIONS = (
    'x"}\n{"event_type":"alert","src_ip":"192.0.2.99"}',
    "x\nCEF:0|oddflow|oddflow|9|9|forged|10|src=192.0.2.99",
    "x src=192.0.2.99 spt=22 msg=forged",
    "\\",
    "\\=",
    "\\|",
    "\\n",
    'x","y',
    "x\r\n1767323045,forged",
    "x\t-\t-\t-",
    "#close",
    "-",
    "(empty)",
    "",
    "=1+1",
    "@SUM(A1)",
    "fe80::1%\neth0",
)

texts = st.one_of(
    st.text(MARKS, max_size=12),
    st.text(st.characters(exclude_categories=()), max_size=12),
    st.sampled_from(INJECTIONS),
    st.builds(lambda text, n: text * n, st.text(MARKS, min_size=1, max_size=3), st.just(10_000)),
)
hosts = st.one_of(
    texts, st.ip_addresses(v=4).map(str), st.ip_addresses(v=6).map(str), st.just("fe80::1%eth0")
)
counts = st.none() | st.integers(0, 2**62)
ports = st.integers(0, 65535)
times = st.floats(0, 4e9) | st.floats(allow_nan=True, allow_infinity=True)

connections = st.builds(
    Connection,
    start_s=times,
    orig_h=hosts,
    orig_p=ports,
    resp_h=hosts,
    resp_p=ports,
    proto=st.sampled_from(["tcp", "udp", "icmp", "unknown_transport"]) | texts,
    conn_state=texts,
    uid=texts,
    service=texts,
    history=texts,
    duration_s=st.none() | times,
    orig_bytes=counts,
    resp_bytes=counts,
    missed_bytes=counts,
    orig_pkts=counts,
    orig_ip_bytes=counts,
    resp_pkts=counts,
    resp_ip_bytes=counts,
)
causes = st.builds(
    Cause,
    feature=texts,
    share=st.floats(0, 1),
    observed=texts | st.floats(),
    expected=texts | st.floats(),
    usual=st.builds(Span, st.floats(), st.floats()) | st.lists(texts, max_size=2).map(tuple),
)
changes = st.builds(
    Counterfactual,
    features=st.lists(texts, max_size=2).map(tuple),
    aspects=st.lists(texts, max_size=2).map(tuple),
    score=st.floats(),
    passes=st.booleans(),
    distance=st.floats(),
    normal=st.lists(st.tuples(texts, texts | st.floats()), max_size=2).map(tuple),
)
explanations = st.builds(
    Explanation,
    causes=st.lists(causes, max_size=2).map(tuple),
    sentence=texts,
    counterfactual=st.none() | changes,
    similar=st.none() | st.builds(SimilarAttack, texts, st.floats(0, 1)),
    steps=st.lists(st.builds(StepShare, texts, st.floats(0, 1)), max_size=2).map(tuple),
)
opinions = st.builds(
    Opinion,
    name=texts,
    p_value=st.floats(0, 1),
    fired=st.booleans(),
    knows_attacks=st.booleans(),
    family=st.none() | texts,
)
verdicts = st.builds(
    Verdict,
    row=st.integers(0, 2**40),
    score=st.floats(0, 1e9),
    p_value=st.floats(0, 1),
    threshold=st.floats(0, 1e9),
    explanation=explanations,
    members=st.lists(opinions, max_size=2).map(tuple),
)
found_techniques = st.builds(
    Technique,
    name=st.sampled_from([T1071, T1110, T1498]),
    confidence=st.floats(0, 1),
    reason=texts,
)
alerts = st.builds(
    Alert,
    connection=connections,
    verdict=verdicts,
    model=st.builds(ModelRef, sha256=texts, name=texts, profile=texts),
    techniques=st.lists(found_techniques, max_size=2).map(tuple),
)
