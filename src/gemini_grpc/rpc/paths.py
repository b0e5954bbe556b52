"""Resource names that every Google API has."""

from __future__ import annotations

import re
from collections.abc import Callable

Build = Callable[[str], str]
Parse = Callable[[str], dict[str, str]]


def _pair(pattern: str) -> tuple[Build, Parse]:
    """Return the functions that build and take apart a name; the last variable is the argument."""
    expression = re.sub(r"{(\w+)}", r"(?P<\1>.+?)", pattern)
    *_, variable = re.findall(r"{(\w+)}", pattern)

    def build(value: str) -> str:
        return pattern.format(**{variable: value})

    def parse(path: str) -> dict[str, str]:
        match = re.fullmatch(expression, path)
        return match.groupdict() if match else {}

    return build, parse


def common_location_path(project: str, location: str) -> str:
    """Return `projects/{project}/locations/{location}`."""
    return f"projects/{project}/locations/{location}"


def parse_common_location_path(path: str) -> dict[str, str]:
    """Return the parts of `projects/{project}/locations/{location}`; empty if it is not one."""
    match = re.fullmatch(r"projects/(?P<project>.+?)/locations/(?P<location>.+?)", path)
    return match.groupdict() if match else {}


class CommonPaths:
    """The path helpers of `google.api` resources, as static methods of every client."""

    common_billing_account_path, parse_common_billing_account_path = map(
        staticmethod, _pair("billingAccounts/{billing_account}")
    )
    common_folder_path, parse_common_folder_path = map(staticmethod, _pair("folders/{folder}"))
    common_organization_path, parse_common_organization_path = map(
        staticmethod, _pair("organizations/{organization}")
    )
    common_project_path, parse_common_project_path = map(staticmethod, _pair("projects/{project}"))
    common_location_path = staticmethod(common_location_path)
    parse_common_location_path = staticmethod(parse_common_location_path)
