"""The one service layer that pages, REST and commands call."""

from vitrina.services.principal import Principal
from vitrina.services.services import Services, build_services

__all__ = ["Principal", "Services", "build_services"]
