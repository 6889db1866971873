"""The walk over a schema that finds what is not portable; see `chat.schemas.check`."""

import json
from dataclasses import dataclass, field
from typing import Any

from skulens.chat.schemas.rules import (
    CHARS,
    DEPTH,
    ENUM_VALUES,
    FOREIGN,
    KEYWORDS,
    LONG_ENUM,
    LONG_ENUM_CHARS,
    PROPERTIES,
    Finding,
    is_count,
    name_some,
    pattern_problems,
    shorten,
)


@dataclass
class Walk:
    """One walk over a schema: the root, then each definition once."""

    root: dict[str, Any]
    found: list[Finding] = field(default_factory=list)
    properties: int = 0
    values: int = 0
    chars: int = 0
    reach: dict[str, int] = field(default_factory=dict)
    """Definition -> depth of its own containers."""
    uses: dict[str, list[tuple[str, int]]] = field(default_factory=dict)
    """Definition, "" for the root -> definitions it refers to and the depth at which."""
    here: str = ""

    def say(self, path: str, what: str, why: str, todo: str) -> None:
        self.found.append(Finding(path, what, why, todo))

    def run(self) -> None:
        if self.root.get("type") != "object":
            self.say(
                "$",
                f"the root is {shorten(self.root.get('type', 'no object'))}",
                "OpenAI and others take only an object",
                'an object with one property, such as {"items": [...]}',
            )
        self.walk(self.root, "$", 0, "")
        for place in ("$defs", "definitions"):
            definitions = self.root.get(place, {})
            if not isinstance(definitions, dict):
                self.say(
                    f"$.{place}", "it is not an object", "nothing can be looked up", "an object"
                )
                continue
            for name, node in definitions.items():
                self.walk(node, f"$.{place}.{name}", 0, f"#/{place}/{name}")
        self.check_references()
        self.check_size()

    def walk(self, node: object, path: str, depth: int, definition: str | None = None) -> None:
        """One node; `definition` is given for the root of a walk."""
        if definition is not None:
            self.here = definition
            self.reach[definition], self.uses[definition] = 0, []
        if not isinstance(node, dict) or not (set(node) - {"description", "title"}):
            self.say(
                path,
                f"{shorten(node)} allows every value",
                "vLLM compiles it to numbers without end (vllm-project/vllm#52011)",
                'a type, such as {"type": ["string", "null"]}',
            )
        elif "$ref" in node:
            self.walk_reference(node, path, depth)
        elif "anyOf" in node:
            self.walk_union(node, path, depth)
        else:
            self.walk_typed(node, path, depth)

    def walk_reference(self, node: dict[str, Any], path: str, depth: int) -> None:
        target = node["$ref"]
        if len(node) > 1:
            beside = ", ".join(k for k in node if k != "$ref")
            self.say(path, f"{beside} beside $ref", "OpenAI refuses it", "what it refers to, here")
        parts = target.split("/") if isinstance(target, str) else []
        places = self.root.get(parts[1], {}) if len(parts) == 3 and parts[0] == "#" else {}
        if parts[1:2] not in (["$defs"], ["definitions"]) or parts[-1] not in places:
            self.say(
                path,
                f"$ref to {shorten(target)}",
                "engines follow references within the schema only",
                "the node itself, or #/$defs/NAME",
            )
        else:
            self.uses[self.here].append((target, depth))

    def walk_union(self, node: dict[str, Any], path: str, depth: int) -> None:
        branches = node["anyOf"] if isinstance(node["anyOf"], list) else []
        kinds = [b.get("type") if isinstance(b, dict) else None for b in branches]
        if set(node) - {"anyOf", "description", "title"}:
            beside = ", ".join(k for k in node if k not in ("anyOf", "description", "title"))
            self.say(
                path, f"{beside} beside anyOf", "some engines ignore it", "it inside the branches"
            )
        if len(branches) != 2 or kinds.count("null") != 1:
            self.say(
                path,
                f"anyOf of {len(branches)} branches, of which {kinds.count('null')} null",
                "engines commit to a branch at its first token, and small models to the first",
                "one shape or null; several shapes as one object with nullable properties",
            )
        for i, branch in enumerate(branches):
            if isinstance(branch, dict) and "anyOf" in branch:
                self.say(
                    f"{path}.anyOf[{i}]",
                    "anyOf within anyOf",
                    "engines commit to a branch at its first token",
                    "its branches in the outer one",
                )
            else:
                self.walk(branch, f"{path}.anyOf[{i}]", depth)

    def walk_typed(self, node: dict[str, Any], path: str, depth: int) -> None:
        kind = self.kind_of(node, path)
        if kind is None:
            return
        known = KEYWORDS[kind]
        for keyword in node:
            if keyword not in known and keyword != "type":
                why, todo = FOREIGN.get(
                    keyword,
                    ("outside the portable subset: engines ignore or refuse it", "it without"),
                )
                self.say(path, f"{keyword} on {kind}", why, todo)
        if kind == "object":
            self.walk_object(node, path, depth + 1)
        elif kind == "array":
            self.walk_array(node, path, depth + 1)
        elif kind == "string":
            self.check_string(node, path)
        if "enum" in node and "enum" in known:
            self.check_enum(node, path, kind)

    def kind_of(self, node: dict[str, Any], path: str) -> str | None:
        """The type besides null; None where there is none we could go on with."""
        kind = node.get("type")
        if kind is None:
            self.say(
                path,
                f"no type beside {', '.join(node)}",
                "such nodes compile to something else in each engine (mlc-ai/xgrammar#104)",
                "a type",
            )
            return None
        kinds = kind if isinstance(kind, list) else [kind]
        others = [k for k in kinds if k != "null"] or ["null"]
        if unknown := [k for k in kinds if not isinstance(k, str) or k not in KEYWORDS]:
            self.say(path, f"type {shorten(unknown[0])}", "JSON has no such", ", ".join(KEYWORDS))
            return None
        if len(others) > 1 or len(kinds) > 2:
            self.say(
                path,
                f"type {shorten(kind)}",
                "engines differ in several types",
                "one type, or one and null",
            )
            return None
        if len(kinds) == 2 and others[0] in ("object", "array"):
            self.say(
                path,
                f"type {shorten(kind)}",
                "some engines compile each type alone and drop the shape",
                '{"anyOf": [{"type": "' + others[0] + '", ...}, {"type": "null"}]}',
            )
        return others[0]

    def walk_object(self, node: dict[str, Any], path: str, depth: int) -> None:
        self.reach[self.here] = max(self.reach[self.here], depth)
        properties = node.get("properties")
        if not isinstance(properties, dict) or not properties:
            self.say(
                path,
                "an object without properties",
                "it compiles to {} only, without an error (mlc-ai/xgrammar#104)",
                "its properties, or an array of {name, value}",
            )
            return
        if node.get("additionalProperties") is not False:
            self.say(
                path,
                f"additionalProperties is {shorten(node.get('additionalProperties', 'missing'))}",
                "OpenAI refuses it; elsewhere models add keys nobody reads",
                "false; open keys as an array of {name, value}",
            )
        required = node.get("required")
        listed = (
            {r for r in required if isinstance(r, str)} if isinstance(required, list) else set()
        )
        if missing := [name for name in properties if name not in listed]:
            self.say(
                path,
                f"{name_some(missing)} not required",
                "OpenAI refuses optional keys, and a missing key does not tell "
                '"looked and saw nothing" from "did not look"',
                'all in required; {"type": ["string", "null"]} for what may be absent',
            )
        if strange := sorted(listed - set(properties)):
            self.say(
                path,
                f"{name_some(strange)} required and not in properties",
                "no answer can satisfy it",
                "them in properties, too",
            )
        self.properties += len(properties)
        self.chars += sum(map(len, properties))
        for name, child in properties.items():
            self.walk(child, f"{path}.properties.{name}", depth)

    def walk_array(self, node: dict[str, Any], path: str, depth: int) -> None:
        self.reach[self.here] = max(self.reach[self.here], depth)
        most, least = node.get("maxItems"), node.get("minItems", 0)
        if not is_count(most):
            self.say(
                path,
                "no maxItems" if most is None else f"maxItems {shorten(most)}",
                "a looping model fills its whole window (finish_reason length)",
                "a bound: maxItems",
            )
        elif not is_count(least) or least > most:
            self.say(path, f"minItems {shorten(least)}", "no answer can satisfy it", "<= maxItems")
        if "items" not in node:
            self.say(
                path,
                "an array without items",
                "it compiles to [] only, without an error (mlc-ai/xgrammar#104)",
                "the schema of its items",
            )
        else:
            self.walk(node["items"], f"{path}.items", depth)

    def check_string(self, node: dict[str, Any], path: str) -> None:
        if "pattern" not in node:
            return
        if bounds := [k for k in ("minLength", "maxLength") if k in node]:
            self.say(
                path,
                f"pattern together with {' and '.join(bounds)}",
                "xgrammar drops the bounds (vllm-project/vllm#45592, #49996)",
                "the bound inside the pattern: ^[a-z]{1,20}$",
            )
        for what, why, todo in pattern_problems(node["pattern"]):
            self.say(path, what, why, todo)

    def check_enum(self, node: dict[str, Any], path: str, kind: str) -> None:
        values = node["enum"]
        made = {"string": str, "integer": int}[kind]
        null = isinstance(node["type"], list)
        if not isinstance(values, list) or not values:
            self.say(path, "an empty enum", "no answer can satisfy it", "its values")
            return
        strange = [
            v
            for v in values
            if not (isinstance(v, made) and not isinstance(v, bool)) and not (null and v is None)
        ]
        if strange:
            self.say(
                path,
                f"{shorten(strange[0])} in an enum of type {shorten(node['type'])}",
                "engines follow the type or the enum, not both",
                "values of that type only",
            )
        if null and None not in values:
            self.say(
                path,
                "null is a type, but not in the enum",
                "engines follow the type or the enum, not both",
                "null in the enum, too",
            )
        if len({json.dumps(v) for v in values}) < len(values):
            self.say(path, "a value twice in an enum", "some engines refuse it", "each once")
        chars = sum(len(v) for v in values if isinstance(v, str))
        self.values += len(values)
        self.chars += chars
        if len(values) > LONG_ENUM and chars > LONG_ENUM_CHARS:
            self.say(
                path,
                f"an enum of {len(values):,} values with {chars:,} characters",
                f"OpenAI takes {LONG_ENUM_CHARS:,} characters of an enum this long, and grammars "
                "of this size take seconds to compile",
                "a string; match it to the list afterwards",
            )

    def check_references(self) -> None:
        """Recursion, and depth with the references followed."""
        total: dict[str, int] = {}
        trail: list[str] = []

        def depth_of(name: str) -> int:
            if name in total:
                return total[name]
            if name in trail:
                circle = " -> ".join([*trail[trail.index(name) :], name])
                self.say(
                    name.replace("#/", "$.").replace("/", "."),
                    f"it refers to itself: {circle}",
                    "engines refuse recursion or unroll it without end",
                    "as many levels as there are, spelled out",
                )
                total[name] = 0
                return 0
            trail.append(name)
            below = [at + depth_of(to) for to, at in self.uses.get(name, [])]
            trail.pop()
            total[name] = max([self.reach.get(name, 0), *below])
            return total[name]

        depth = depth_of("")
        for name in list(self.uses):  # those that nothing refers to, too
            depth_of(name)
        if depth > DEPTH:
            self.say(
                "$",
                f"{depth} objects and arrays within one another",
                f"OpenAI takes {DEPTH}",
                "a flatter schema",
            )

    def check_size(self) -> None:
        sizes = (
            (self.properties, PROPERTIES, "properties"),
            (self.values, ENUM_VALUES, "values of enums"),
            (self.chars, CHARS, "characters in names and enums"),
        )
        for count, most, what in sizes:
            if count > most:
                self.say(
                    "$",
                    f"{count:,} {what}",
                    f"OpenAI takes {most:,}, and large grammars are slow everywhere",
                    "several questions with a part of it each",
                )
