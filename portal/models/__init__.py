"""The nouns of the portal, by subject."""

from portal.models.attachments import Attachment
from portal.models.audit import Event, Message, canonical
from portal.models.campaigns import Campaign, CampaignDuty, Expected, Extension, Reminder
from portal.models.catalogue import CatalogueEntry, CodeCounter, Edition
from portal.models.fields import ChoiceListField
from portal.models.filings import Filing, FilingQuerySet, FilingVersion
from portal.models.organisations import Membership, Organisation, Region, User

__all__ = [
    "Attachment",
    "Campaign",
    "CampaignDuty",
    "CatalogueEntry",
    "ChoiceListField",
    "CodeCounter",
    "Edition",
    "Event",
    "Expected",
    "Extension",
    "Filing",
    "FilingQuerySet",
    "FilingVersion",
    "Membership",
    "Message",
    "Organisation",
    "Region",
    "Reminder",
    "User",
    "canonical",
]
