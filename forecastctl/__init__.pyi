from forecastctl.api.ask import explain as explain
from forecastctl.api.ask import history as history
from forecastctl.api.ask import report as report
from forecastctl.api.results import AirportFailure as AirportFailure
from forecastctl.api.results import BacktestResult as BacktestResult
from forecastctl.api.results import Explanation as Explanation
from forecastctl.api.results import JobResult as JobResult
from forecastctl.api.site import Site as Site
from forecastctl.api.work import backtest as backtest
from forecastctl.api.work import forecast as forecast
from forecastctl.api.work import run as run
from forecastctl.api.work import train as train
from forecastctl.api.work import tune as tune
from forecastctl.errors import ForecastctlError as ForecastctlError

__version__: str
