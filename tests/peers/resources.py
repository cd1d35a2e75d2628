"""Judges FHIR resources, one JSON object a line on standard input, by fhir.resources; says what is wrong and ends with 1."""

import json
import sys

from fhir.resources.R4B import get_fhir_model_class

wrong = 0
for line in sys.stdin:
    resource = json.loads(line)
    try:
        get_fhir_model_class(resource["resourceType"]).model_validate(resource)
    except ValueError as error:
        wrong += 1
        print(resource["resourceType"], error, file=sys.stderr)
sys.exit(1 if wrong else 0)
