"""A recorder of labelled traffic: real services, clients and attacks in network namespaces.

`python -m lab FOLDER` records; `docs/lab.md` says what. Nothing here is part of the package, and
nothing here can reach a network outside: the namespaces have no route and no wire that leads there.
"""
