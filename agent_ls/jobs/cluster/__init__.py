"""Attempts on other machines: Dask carries messages and finds a place, the journal stays here.

A workspace travels as a parcel (what lies where, by content hash); a node keeps the checkouts that
it has made. On the node the same agent worker runs as on this machine, with the same sandbox; its
events come back before they are acknowledged, each with the texts that it names.
"""
