"""Make the corpus of labelled cases, or judge the stored ones again, and print the score.

python -m tests.explain.verdict            # minutes: jobs, records, cases; then as below
python -m tests.explain.verdict --judge    # seconds: what is said of the stored cases by now
"""

import sys
from collections import Counter

from tests.explain.verdict import stored
from tests.explain.verdict.values import said


def made():
    """Every case with a label, once."""
    from joblib import Parallel, delayed

    from tests.explain.verdict.scenarios import scenarios

    parts = Parallel(n_jobs=2)(delayed(entries_of)(scenario) for scenario in scenarios())
    entries = {entry["name"]: entry for part in parts for entry in part}
    return list(entries.values())


def entries_of(scenario):
    """Labelled cases of one scenario."""
    from tests.explain.verdict.scenarios import label, play

    entries = []
    for question, case in play(scenario):
        found = label(question, case)
        if found is not None:
            right, causes = found
            words = (scenario.name, question.kind, question.airport, case.date, case.lead)
            entries.append(
                {
                    "name": " | ".join(map(str, words)),
                    "kind": question.kind,
                    "right": right,
                    "causes": causes,
                    "case": stored.case_to_dict(case),
                }
            )
    return entries


def judged(entry):
    """The entry with what is said of it by now, and whether that is wrong."""
    verdict = said(stored.case_from_dict(entry["case"]))
    cause = verdict.evidence[0].name
    wrong = verdict.name != entry["right"] or not cause.startswith(tuple(entry["causes"]))
    answer = {"verdict": verdict.name, "cause": cause, "confidence": round(verdict.confidence, 2)}
    return {**entry, "said": answer, "known_wrong": wrong}


def score(entries):
    """Right and asked by kind, and every case that is known to be wrong."""
    asked = Counter(e["kind"] for e in entries)
    wrong = [e for e in entries if e["known_wrong"]]
    lines = [f"{len(entries) - len(wrong)} of {len(entries)} right"]
    missed = Counter(e["kind"] for e in wrong)
    lines += [f"  {kind}: {n - missed[kind]} of {n}" for kind, n in sorted(asked.items())]
    for e in wrong:
        lines.append(f"wrong: {e['name']}: {e['said']} for {e['right']} by {e['causes']}")
    return "\n".join(lines)


if __name__ == "__main__":
    entries = stored.read() if "--judge" in sys.argv else made()
    entries = [judged(entry) for entry in entries]
    stored.write(entries)
    print(score(entries))
