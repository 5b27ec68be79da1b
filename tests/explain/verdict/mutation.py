"""Change the logic of verdicts in many small ways, one at a time, and count what tests notice.

    python -m tests.explain.verdict.mutation                   # a sample, the same one every time
    python -m tests.explain.verdict.mutation --count 10000     # all of them

The changes are those of Cosmic Ray: numbers by one, comparisons by their neighbours, signs, ``and``
for ``or``. Each is tried in a fork of this process, which has loaded all that is slow to load, and
which no file is changed for. What is printed: each change that no test notices, and the score. The
exit code is 1 below the floor.

How many are tried is a number and not a time, so a busy machine gives the same score as an idle one.
"""

import argparse
import ast
import importlib.util
import itertools
import os
import resource
import sys
import zlib
from collections import Counter
from importlib.machinery import SourceFileLoader
from pathlib import Path
from typing import NamedTuple

MODULES = tuple(
    f"forecastctl.explain.{name}"
    for name in (
        "case",
        "parts.attribution",
        "size",
        "standing",
        "verdict.alternatives",
        "verdict.breaks",
        "verdict.candidate",
        "verdict.causes.data",
        "verdict.causes.feast",
        "verdict.causes.fleet",
        "verdict.causes.level",
        "verdict.causes.model",
        "verdict.causes.rest",
        "verdict.changepoints",
        "verdict.evidence",
        "verdict.fault",
        "verdict.faults",
        "verdict.faults_seen",
        "verdict.findings",
        "verdict.fleet",
        "verdict.flights",
        "verdict.neighbours",
        "verdict.rules",
        "verdict.spread",
        "verdict.strange",
        "verdict.swaps",
        "verdict.zeros",
    )
)
"""What is changed."""

HERE = Path(__file__).resolve().parent
CORPUS = HERE / "test_corpus.py"
APART = {"test_calendar.py", "test_benchmark.py", "test_real.py", CORPUS.name}
"""Tests of what is not changed here, or slow ones."""
QUICK = tuple(str(path) for path in sorted(HERE.glob("test_*.py")) if path.name not in APART)
THOROUGH = (
    *(
        str(HERE.parent / f"test_{name}.py")
        for name in ("verdict", "verdict_words", "breaks", "changepoints", "attribution")
    ),
    str(CORPUS),
)
"""What should notice: these only where the quick ones do not."""

FLOOR = 0.8
"""Share of the changes that must be noticed. Of what is not, most is none: of `x or 0.0` where `x` is
never missing, of a check that another one implies, of a quotient in place of a product's sign."""

LONGEST = 120
"""CPU seconds after which a change counts as noticed: it made a loop endless."""

OPERATORS = (
    *(f"ReplaceBinaryOperator_{a}_{b}" for a, b in (("Add", "Sub"), ("Sub", "Add"))),
    *(f"ReplaceBinaryOperator_{a}_{b}" for a, b in (("Mul", "Div"), ("Div", "Mul"))),
    *(f"ReplaceBinaryOperator_{a}_{b}" for a, b in (("FloorDiv", "Mul"), ("Mod", "Mul"))),
    *(f"ReplaceBinaryOperator_{a}_{b}" for a, b in (("BitAnd", "BitOr"), ("BitOr", "BitAnd"))),
    *(f"ReplaceComparisonOperator_{a}_{b}" for a, b in (("Lt", "LtE"), ("LtE", "Lt"))),
    *(f"ReplaceComparisonOperator_{a}_{b}" for a, b in (("Gt", "GtE"), ("GtE", "Gt"))),
    *(f"ReplaceComparisonOperator_{a}_{b}" for a, b in (("Lt", "Gt"), ("GtE", "LtE"))),
    *(f"ReplaceComparisonOperator_{a}_{b}" for a, b in (("Gt", "Lt"), ("LtE", "GtE"))),
    *(f"ReplaceComparisonOperator_{a}_{b}" for a, b in (("Eq", "NotEq"), ("NotEq", "Eq"))),
    *(f"ReplaceComparisonOperator_{a}_{b}" for a, b in (("Is", "IsNot"), ("IsNot", "Is"))),
    "ReplaceUnaryOperator_Delete_USub",
    "ReplaceUnaryOperator_Delete_Not",
    "AddNot",
    "ReplaceTrueWithFalse",
    "ReplaceFalseWithTrue",
    "ReplaceAndWithOr",
    "ReplaceOrWithAnd",
    "ReplaceBreakWithContinue",
    "ReplaceContinueWithBreak",
    "NumberReplacer",
    "ZeroIterationForLoop",
)


class Mutant(NamedTuple):
    """A module with one change, and the line of it before and after."""

    module: str
    line: int
    before: str
    after: str
    source: str


def places(only=""):
    """Module, operator and occurrence of every change that might be made."""
    import parso  # noqa: F401 - before Cosmic Ray, which cannot be imported first
    from cosmic_ray.ast import ast_nodes, get_ast
    from cosmic_ray.plugins import get_operator

    for module in MODULES:
        if only not in module:
            continue
        nodes = list(ast_nodes(get_ast(_source(module))))
        for name in OPERATORS:
            operator = get_operator(f"core/{name}")()
            count = sum(len(list(operator.mutation_positions(node))) for node in nodes)
            yield from ((module, name, occurrence) for occurrence in range(count))


def lot(seed, place):
    """What orders the changes: a change of one module leaves the order of the others' as it is."""
    return zlib.crc32(repr((seed, *place)).encode())


def mutants(chosen):
    """The changes that are ones: none of an annotation or of a docstring."""
    from cosmic_ray.mutating import mutate_code
    from cosmic_ray.plugins import get_operator

    meant = {module: _meaning(_source(module)) for module in MODULES}
    for module, name, occurrence in chosen:
        source = _source(module)
        changed = mutate_code(source, get_operator(f"core/{name}")(), occurrence)
        if _meaning(changed) not in (None, meant[module]):
            yield _mutant(module, source, changed)


def _source(module):
    return Path(importlib.util.find_spec(module).origin).read_text(encoding="utf-8")


def _mutant(module, source, changed):
    pairs = zip(source.splitlines(), changed.splitlines(), strict=False)
    line, before, after = next((n, a, b) for n, (a, b) in enumerate(pairs, 1) if a != b)
    return Mutant(module, line, before.strip(), after.strip(), changed)


class _Bare(ast.NodeTransformer):
    """Without annotations, which nothing evaluates, and without imports for them."""

    def visit_If(self, node):
        return None if "TYPE_CHECKING" in ast.unparse(node.test) else self.generic_visit(node)

    def visit_arg(self, node):
        node.annotation = None
        return node

    def visit_AnnAssign(self, node):
        node.annotation = ast.Constant(None)
        return self.generic_visit(node)

    def visit_FunctionDef(self, node):
        node.returns = None
        return self.generic_visit(node)


def _meaning(source):
    try:
        return ast.dump(_Bare().visit(ast.parse(source)))
    except SyntaxError:
        return None


class Changed(SourceFileLoader):
    """Loads a module from the source of a mutant; a finder of that module alone."""

    def __init__(self, mutant, path):
        super().__init__(mutant.module, path)
        self._mutant = mutant

    def find_spec(self, name, *_):
        if name != self._mutant.module:
            return None
        return importlib.util.spec_from_file_location(name, self.path, loader=self)

    def get_code(self, _):
        return compile(self._mutant.source, self.path, "exec")


def load():
    """What is slow to load and is never changed: libraries, families, compiled models."""
    import hypothesis  # noqa: F401
    import pandas as pd  # noqa: F401
    import pytest  # noqa: F401
    import ruptures  # noqa: F401

    from forecastctl.models.combination.fit_and_predict import fit, predict
    from forecastctl.models.make import make_model
    from forecastctl.records import Member, Series, Specification
    from forecastctl.search.pool import pool
    from tests.explain.verdict.generated import panel

    table = panel(0, 1)
    y, days = table["A00"].to_numpy(), table.index.to_numpy().astype("datetime64[D]")
    for name, options in pool(y, 12):
        one = Specification((Member(make_model(name, options)),))
        predict(fit(Series("A", "M", 12, days, y, ""), one)[0], 12)
    early = sorted(set(MODULES) & set(sys.modules))
    if early:
        raise SystemExit(f"loaded before they are changed: {', '.join(early)}")
    for name in [n for n in sys.modules if n.partition(".")[0] == "tests"]:
        del sys.modules[name]


def start(mutant):
    """A fork in which the tests see a mutant; its exit code says whether they noticed."""
    pid = os.fork()
    if pid:
        return pid
    resource.setrlimit(resource.RLIMIT_CPU, (LONGEST, LONGEST))
    quiet = os.open(os.devnull, os.O_RDWR)
    for stream in (0, 1, 2):
        os.dup2(quiet, stream)
    try:
        import pytest

        if mutant is not None:
            path = importlib.util.find_spec(mutant.module).origin
            sys.meta_path.insert(0, Changed(mutant, path))
        options = ("-x", "-q", "-p", "no:cacheprovider", "-p", "no:xdist", "--hypothesis-seed=0")
        code = int(any(pytest.main([*options, *tests]) for tests in (QUICK, THOROUGH)))
    except BaseException:  # noqa: BLE001 - whatever it is, it was noticed
        code = 1
    os._exit(code)


def outcomes(left, jobs):
    """Mutants with what became of them."""
    running = {}
    while True:
        for mutant in itertools.islice(left, jobs - len(running)):
            running[start(mutant)] = mutant
        if not running:
            return
        pid, status = os.wait()
        yield running.pop(pid), status != 0


def parse():
    parser = argparse.ArgumentParser(description="Mutation test of the verdict's logic")
    parser.add_argument("--count", type=int, default=60, help="how many changes are tried")
    parser.add_argument("--seed", type=int, default=0, help="of the sample")
    parser.add_argument("--jobs", type=int, default=2, help="forks at a time")
    parser.add_argument("--only", default="", help="modules whose name holds this text")
    return parser.parse_args()


def main():
    options = parse()
    every = sorted(places(options.only), key=lambda place: lot(options.seed, place))
    load()
    if os.waitpid(start(None), 0)[1]:
        raise SystemExit("The tests fail without any change.")
    tried, noticed = Counter(), Counter()
    chosen = itertools.islice(mutants(every), options.count)
    for mutant, seen in outcomes(chosen, options.jobs):
        tried[mutant.module] += 1
        noticed[mutant.module] += seen
        if not seen:
            say(f"not noticed: {mutant.module}:{mutant.line}")
            say(f"  - {mutant.before}\n  + {mutant.after}")
    for module in tried:
        say(f"{module}: {noticed[module]} of {tried[module]}")
    share = noticed.total() / max(tried.total(), 1)
    say(f"{noticed.total()} of {tried.total()} changes noticed, {share:.1%}, of about {len(every)}")
    return int(share < FLOOR)


def say(text):
    print(text, flush=True)  # noqa: T201 - a script


if __name__ == "__main__":
    sys.exit(main())
