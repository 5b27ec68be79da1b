"""What must not leave the process: secrets in addresses, and in texts that quote them.

Everything that is printed, logged or recorded passes one of three functions: `masked` for a value
that may be an address (a setting, a label), `scrub` for a sentence that may quote one, and a
`Redactor` for a sentence that may quote any part of addresses that are known. A `Redactor` is a
plain value, made from the settings and handed to whoever prints: there is no register of secrets
that code would have to remember to fill.
"""

from forecastctl.redaction.texts import Redactor, masked, parse, scrub

__all__ = ["Redactor", "masked", "parse", "scrub"]
