"""What stands above every page of a contract: its name and its terms in one line."""

from __future__ import annotations

from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from workdiary.rules.terms import Terms
from workdiary.server.contracts.access import Access
from workdiary.server.web.day_page import ContractHead
from workdiary.server.web.facts import Money
from workdiary.server.web.times import HOUR, MINUTE, SECOND, duration, money
from workdiary.server.web.words import MODES


def head_of(access: Access, terms: Terms | None) -> ContractHead:
    """The head of a contract under the terms in force; None: nothing was signed yet."""
    contract = access.contract
    if terms is None:
        return ContractHead(str(contract.id), contract.name, _("No signed terms yet"), None)
    price = (
        Money(terms.currency, terms.exponent, terms.rate)
        if terms.currency and terms.rate is not None
        else None
    )
    told = [str(MODES.get(terms.mode, terms.mode))]
    if terms.mode in ("full", "blurred", "window"):
        told.append(ngettext("%(n)d per cell", "%(n)d per cell", terms.shots) % {"n": terms.shots})
    if price:
        told.append(_("%(rate)s an hour") % {"rate": money(price.rate, price.currency, price.exponent)})
    if terms.limit_s is not None:
        told.append(_("%(time)s a week at most") % {"time": _limit(terms.limit_s * SECOND)})
    told.append(_("signed terms, version %(n)d") % {"n": terms.rev})
    about = " · ".join(told)
    return ContractHead(str(contract.id), contract.name, about[:1].upper() + about[1:], price)


def _limit(ms: int) -> str:
    return f"{ms // HOUR} h" if ms % HOUR < MINUTE else duration(ms)
