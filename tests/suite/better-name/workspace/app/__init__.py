"""An app."""

from app.users import get_usr

__all__ = ["get_usr"]
