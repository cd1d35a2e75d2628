"""Prometheus's own client reads an exposition: families by name, with their kind and how many samples there are."""

import json
import sys

from prometheus_client.parser import text_string_to_metric_families

families = {}
for family in text_string_to_metric_families(sys.stdin.read()):
    assert family.name not in families, family.name + " is told twice"
    assert family.type in ("gauge", "counter", "histogram"), family
    assert family.documentation, family
    seen = [(sample.name, tuple(sorted(sample.labels.items()))) for sample in family.samples]
    assert len(set(seen)) == len(seen), family
    families[family.name] = {"type": family.type, "samples": len(seen)}
json.dump(families, sys.stdout)
