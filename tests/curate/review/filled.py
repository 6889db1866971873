"""Label Studio's side: tasks as people fill them, in the forms in which it exports them."""

import json
import re

from skulens.curate.review.form import ABOUT, COMMENT, DECISION, FITS, INSTRUCTION, REWRITE, choice

TIME = "2026-11-20T10:00:00.000000Z"


def fill(task, decision, fits=None, words=None, comment=None, who=1, at=TIME, number=1, **more):
    """One annotation of a task, as in Label Studio's JSON export.

    Args:
        fits: product -> "yes" or "no".
    """
    names = [c["id"] for c in task["data"]["candidates"]]
    result = [choice(DECISION, INSTRUCTION, decision)] if decision else []
    for product, said in (fits or {}).items():
        i = names.index(product)
        result.append(choice(f"{FITS}_{i}", f"{ABOUT}_{i}", said))
    for name, text in ((REWRITE, words), (COMMENT, comment)):
        if text is not None:
            result.append(
                {
                    "id": name,
                    "from_name": name,
                    "to_name": INSTRUCTION,
                    "type": "textarea",
                    "value": {"text": [text]},
                }
            )
    return {
        "id": number,
        "completed_by": who,
        "result": result,
        "was_cancelled": False,
        "ground_truth": False,
        "created_at": at,
        "updated_at": at,
        "lead_time": 12.5,
        **more,
    }


def export(path, tasks, **annotations):
    """A JSON export: {query id: [annotations]}; tasks without any are exported empty."""
    listed = [
        {"id": i, **task, "annotations": annotations.get(task["data"]["query_id"], [])}
        for i, task in enumerate(tasks, 1)
    ]
    path.write_text(json.dumps(listed))
    return path


def flat(task, annotation, number=1):
    """The annotation as JSON-MIN tells it."""
    said = {}
    for entry in annotation["result"]:
        value = entry["value"]
        texts = value.get("choices", value.get("text"))
        said[entry["from_name"]] = texts[0] if len(texts) == 1 else texts
    return {
        "id": number,
        **task["data"],
        **said,
        "annotator": annotation["completed_by"],
        "annotation_id": annotation["id"],
        "created_at": annotation["created_at"],
        "updated_at": annotation["updated_at"],
        "lead_time": annotation["lead_time"],
    }


def expand(config, task):
    """The configuration with Repeater tags written out for a task, as Label Studio documents it."""

    def repeat(match):
        n = len(task["data"][match[1]])
        return "".join(match[2].replace("{{idx}}", str(i)) for i in range(n))

    pattern = r'<Repeater on="\$(\w+)" indexFlag="\{\{idx\}\}">(.*?)</Repeater>'
    return re.sub(pattern, repeat, config, flags=re.S)
