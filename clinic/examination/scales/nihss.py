"""Facial palsy of the NIH Stroke Scale, its item 4 alone.

Brott and others, Stroke 1989;20:864: one item, seen while teeth are shown, brows raised and eyes closed, of 0 (normal)
to 3 (no movement of the upper and the lower face); lower is better. The total is the item.
"""

from __future__ import annotations

from .shape import Better, Item, Rater, Scale, SubScore, Total, numbered
from .shape import gettext_noop as _

ANSWERS = numbered(
    _("Normal: both sides move alike"),
    _("Minor: a flat fold, an uneven smile"),
    _("Partial: the lower face barely moves, or not at all"),
    _("Complete: neither the upper nor the lower face moves, on one side or both"),
)

NIHSS_FACE = Scale(
    code="nihss_face",
    version="1989",
    name=_("NIHSS, facial palsy"),
    rater=Rater.CLINICIAN,
    items=(Item("palsy", _("Facial palsy"), ANSWERS, view="show_teeth", region="mouth"),),
    sub_scores=(SubScore("palsy", _("Facial palsy"), 0, 3, ("palsy",), sum, Better.LOWER),),
    total=Total(_("Total"), 0, 3, lambda subs: subs["palsy"], Better.LOWER),
    source="Brott and others 1989, Stroke 20:864",
    wording="Facts of the published scale in this project's own short words.",
)
