"""Imported last by the server that forks processes (`forks`): what it has imported is no collector's business, and stays in memory that all of them share.

A process collects once what it loaded (`runtime.lifecycle.spare_what_is_loaded`). In a fork that looked at each object of the server, and so copied
the pages of them all: more than half of what a start costs.
"""

import gc

gc.collect()
gc.freeze()
