"""``python -m forecastctl``."""

from forecastctl.cli.app import main

main()
