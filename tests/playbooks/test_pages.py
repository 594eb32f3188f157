"""What is shipped and what the pages show can be loaded as it stands; schema and reference are those of the code.

When a step type has changed: `netcheck schema > docs/playbook.schema.json`, and the table of step types in
docs/writing-playbooks.md is what `bot.engine.library.reference()` gives.
"""

import json
import re
from pathlib import Path
from typing import Any

import pytest

from bot.engine.files.shape import PlaybookShape, StepShape
from bot.engine.library import Library, lint, load_text, reference, schema, shipped_folder
from bot.model.errors import PlaybookError
from bot.model.template_filters import FILTERS
from bot.model.template_tests import TESTS
from bot.steps.library import STEP_TYPES

ROOT = Path(__file__).resolve().parent.parent.parent
PAGE = (ROOT / "docs/writing-playbooks.md").read_text()
EXAMPLES = re.findall(r"^```yaml\n(.*?)^```", PAGE, re.MULTILINE | re.DOTALL)
MARK = "<!-- step types -->"
HEADER = "# yaml-language-server: $schema=../docs/playbook.schema.json\n"


@pytest.mark.parametrize("example", EXAMPLES, ids=[re.findall("name: (.*)", text)[0] for text in EXAMPLES])
def test_every_example_of_the_page_is_a_playbook(example: str) -> None:
    assert load_text("docs/writing-playbooks.md", example).steps


def test_the_mistake_that_the_page_shows_is_told_as_it_stands_there() -> None:
    with pytest.raises(PlaybookError) as refused:
        load_text("playbooks/shop.yaml", EXAMPLES[0].replace("kubernetes.list", "kubernetes.lst"))
    assert [str(problem) in PAGE for problem in refused.value.problems] == [True]


def test_shipped_playbooks_have_no_mistakes_and_are_named_after_their_files() -> None:
    assert lint([shipped_folder()]) == []
    playbooks = Library([shipped_folder()]).all()
    assert "dns" in [playbook.name for playbook in playbooks]
    assert [playbook.name for playbook in playbooks] == [Path(playbook.source).stem for playbook in playbooks]
    assert all(playbook.summary for playbook in playbooks)


def test_shipped_playbooks_open_with_the_line_that_editors_read() -> None:
    for path in shipped_folder().glob("*.yaml"):
        assert path.read_text().startswith(HEADER), path.name
    assert (shipped_folder() / "../docs/playbook.schema.json").resolve() == ROOT / "docs/playbook.schema.json"


def test_the_schema_in_the_docs_is_that_of_the_code() -> None:
    assert json.loads((ROOT / "docs/playbook.schema.json").read_text()) == schema()


def test_the_page_names_every_step_type_as_it_is() -> None:
    _, mark, rest = PAGE.partition(MARK)
    assert mark
    assert rest.split("\n## ")[0].strip() == reference()


def test_the_page_names_every_key_filter_and_test() -> None:
    words = set(re.findall(r"[a-z_]+", PAGE))
    keys = {field.alias or name for shape in (StepShape, PlaybookShape) for name, field in shape.model_fields.items()}
    assert keys - words == set()
    assert set(FILTERS) - words - {"d"} == set()
    assert set(STEP_TYPES) - set(re.findall(r"`([a-z_.]+)`", PAGE)) == set()
    assert {"none", "defined", "contains", "startswith", "endswith", "in"} <= set(TESTS)


def _branches(given: Any) -> dict[str, Any]:
    step = given["$defs"]["StepShape"]
    return {branch["if"]["properties"]["uses"]["const"]: branch["then"]["properties"] for branch in step["allOf"]}


def test_the_schema_knows_the_arguments_of_each_step_type_and_which_take_outcomes() -> None:
    branches = _branches(schema())
    assert branches.keys() == STEP_TYPES.keys()
    for name, branch in branches.items():
        allowed = branch["with"]["anyOf"][0]["properties"].keys() | ({"outcomes"} if branch["outcomes"] else set())
        fields = {field.alias or key for key, field in STEP_TYPES[name].args.model_fields.items()}
        assert allowed == fields


def test_every_pointer_of_the_schema_leads_somewhere() -> None:
    given = schema()
    pointers = set(re.findall(r'"\$ref": "#/\$defs/([^"]+)"', json.dumps(given)))
    assert pointers <= given["$defs"].keys()
