"""Speed, as ratios against other programs measured in the same run on the same core.

`make bench` writes results.json: a list of {"name", "ours", "peer", "ratio", "unit"}; a ratio above
1 is in our favour. Peers run in processes of their own, pinned to the same core as ours; the two
take turns, and the best of several turns counts for both, which is the one least disturbed by
whatever else the machine does.
"""
