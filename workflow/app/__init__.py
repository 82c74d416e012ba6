"""The composition root: the only place that constructs things and knows how they hang together."""

from workflow.app.beginning import broker_key, installed_version
from workflow.app.elsewhere import others
from workflow.app.service import Service
from workflow.app.troubles import troubles

__all__ = ["Service", "broker_key", "installed_version", "others", "troubles"]
