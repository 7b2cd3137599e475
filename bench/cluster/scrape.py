"""/metrics of several hosts as one: every sample is the sum of theirs. Pure.

Each host answers for its own workers. What is no sum (a maximum, a state) is not among the product's metrics.
"""

from __future__ import annotations

from collections.abc import Iterable

from prometheus_client.parser import text_string_to_metric_families


def summed(texts: Iterable[str]) -> str:
    """The exposition of all hosts together; one that could not be asked ("") adds nothing."""
    heads: dict[str, str] = {}
    samples: dict[str, dict[str, float]] = {}
    for text in texts:
        for family in text_string_to_metric_families(text):
            name = f"{family.name}_total" if family.type == "counter" else family.name
            heads.setdefault(family.name, f"# HELP {name} {family.documentation}\n# TYPE {name} {family.type}")
            own = samples.setdefault(family.name, {})
            for sample in family.samples:
                labels = {name: value for name, value in sample.labels.items() if name != "pid"}
                key = sample.name + _labels(labels)
                own[key] = own.get(key, 0.0) + sample.value
    lines = [line for name, head in heads.items() for line in (head, *_lines(samples[name]))]
    return "\n".join([*lines, ""])


def _labels(labels: dict[str, str]) -> str:
    inside = ",".join(f'{name}="{_escaped(value)}"' for name, value in labels.items())
    return f"{{{inside}}}" if inside else ""


def _escaped(value: str) -> str:
    return value.replace("\\", r"\\").replace('"', r"\"").replace("\n", r"\n")


def _lines(samples: dict[str, float]) -> Iterable[str]:
    return (f"{name} {value}" for name, value in samples.items())
