"""What must not leave the process: secrets in addresses, and in texts that quote them.

Everything that is printed, logged or recorded passes one of three functions: `masked` for a value
that may be an address (a setting, a label), `scrub` for a sentence that may quote one, and a
`Redactor` for a sentence that may quote any part of addresses that are known. A `Redactor` is a
plain value, made from the settings and handed to whoever prints: there is no register of secrets
that code would have to remember to fill. `own` is the one that knows the secrets in this process's
environment, for failures, which are made where no settings are known. `without_literals` is what
is kept of a query.
"""

from forecastctl.redaction.environment import addresses_in, own, secrets_in
from forecastctl.redaction.queries import without_literals, without_values
from forecastctl.redaction.texts import Redactor, masked, parse, scrub

__all__ = [
    "Redactor",
    "addresses_in",
    "masked",
    "own",
    "parse",
    "scrub",
    "secrets_in",
    "without_literals",
    "without_values",
]
