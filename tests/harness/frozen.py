"""Imported last by a process that others begin as copies of: what is here now, the collector of a copy need not look at."""

import gc

gc.collect()
gc.freeze()
