"""What people are by office or work, as news says it before or after their names."""

from __future__ import annotations

from typing import Final

HEADS: Final = (
    "ambassador boss captain ceo chair chairman chairperson chairwoman chancellor chief coach commander "
    "commissioner dean director editor envoy founder governor head king leader manager mayor minister negotiator "
    "owner premier president principal prosecutor queen rector secretary speaker spokesman spokesperson "
    "spokeswoman treasurer"
)
"""Offices that one person at a time holds, in small letters."""

WORKERS: Final = (
    "activist actor analyst architect artist athlete attorney author biologist coroner curator defender deputy "
    "detective doctor driver economist engineer executive farmer fisherman forward geologist goalkeeper historian "
    "hydrologist inspector investigator journalist judge lawmaker lawyer midfielder nurse officer photographer "
    "physicist pilot planner player politician professor reporter researcher resident rider scientist "
    "seismologist senator sergeant singer skipper striker student superintendent surgeon surveyor teacher "
    "volunteer writer"
)
"""What many are, in small letters."""
