"""What others catch: the planted HTTP defects before the test suites that a user would run instead of the kit.

``python -m tests.peers`` runs each suite against a correct server first, to learn which of its tests pass there and how
many requests they take, and then against the same server with one defect after another. A defect counts as caught when
a test fails that passes on the correct server. None of their code is here: the suites come from checkouts and installed
packages that the command is pointed at.
"""
