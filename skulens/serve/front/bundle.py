"""Modules of the page in one script, so that it loads in few requests; there is no build step.

Each module becomes a function that gives what the module exports, in the order in which they need
each other:

    const $dom = (() => { ...; return { el, icon }; })();
"""

import re
from collections.abc import Mapping

IMPORT = re.compile(r'^import \{([^}]*)\} from "\./([\w.]+)\.js";\n', re.MULTILINE)
EXPORT = re.compile(r"^export (?=(?:async function|function|const|class) ([\w$]+))", re.MULTILINE)
LEFT = re.compile(r"^(import|export)\b.*", re.MULTILINE)


def bundle_modules(entry: str, modules: Mapping[str, str]) -> str:
    """One script that does what the module `entry` does.

    Args:
        entry: its name, without ".js".
        modules: name -> its text. Imports and exports stand at line starts, as `import { a } from
            "./b.js";` and `export` before a function, const or class; others stay out.
    Raises:
        ValueError: a module in another form, an import of one that there is not, or a circle.
    """
    order: list[str] = []
    visit(entry, modules, order, [])
    return "".join(wrap(name, modules[name]) for name in order)


def visit(name: str, modules: Mapping[str, str], order: list[str], above: list[str]) -> None:
    """Append a module to `order` after those that it needs."""
    if name in above:
        raise ValueError(f"modules need each other in a circle: {' > '.join([*above, name])}")
    if name not in modules:
        raise ValueError(
            f"{above[-1] if above else 'the page'} needs {name}.js, which there is not"
        )
    for match in IMPORT.finditer(modules[name]):
        if match[2] not in order:
            visit(match[2], modules, order, [*above, name])
    order.append(name)


def wrap(name: str, text: str) -> str:
    """A module as a function that is called once."""
    given = ", ".join(EXPORT.findall(text))
    inner = IMPORT.sub(lambda m: f"const {{{m[1].replace(' as ', ': ')}}} = ${m[2]};\n", text)
    inner = EXPORT.sub("", inner)
    if left := LEFT.search(inner):
        raise ValueError(f"{name}.js: cannot bundle {left[0]!r:.80}")
    return f"const ${name} = (() => {{\n{inner}return {{ {given} }};\n}})();\n"
