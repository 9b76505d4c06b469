"""The two pluggy markers; nothing else in core touches pluggy."""

from pluggy import HookimplMarker, HookspecMarker

PROJECT = "vezne"

hookspec = HookspecMarker(PROJECT)
hookimpl = HookimplMarker(PROJECT)
