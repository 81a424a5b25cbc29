"""The nouns of the portal, by subject."""

from portal.models.audit import Event, Message, canonical
from portal.models.catalogue import CatalogueEntry, CodeCounter, Edition
from portal.models.fields import ChoiceListField
from portal.models.filings import Filing, FilingQuerySet, FilingVersion
from portal.models.organisations import Membership, Organisation, Region, User

__all__ = [
    "CatalogueEntry",
    "ChoiceListField",
    "CodeCounter",
    "Edition",
    "Event",
    "Filing",
    "FilingQuerySet",
    "FilingVersion",
    "Membership",
    "Message",
    "Organisation",
    "Region",
    "User",
    "canonical",
]
