"""Scripts keep their meaning: strings, templates and regular expressions are left as they are."""

import pytest

from skulens.serve.front.files import FOLDER
from skulens.serve.publish.squeeze import PIECE, squeeze_script, squeeze_style

CASES = [
    ("a  = 1; // one\n  b = 2;", "a = 1;\nb = 2;"),
    ("/** what\n * it does */\nexport const x = 1;", "export const x = 1;"),
    ('s = "// no comment  /* none */"; // one', 's = "// no comment  /* none */";'),
    ("s = 'it\\'s  // so';", "s = 'it\\'s  // so';"),
    ("x = a / b / c; // half", "x = a / b / c;"),
    ("r = /[/\\]\"]  \\/\\/ x/gu; y", "r = /[/\\]\"]  \\/\\/ x/gu; y"),
    ("f(/  `x/, 2)", "f(/  `x/, 2)"),
    ("return /\\s+  /.test(x)", "return /\\s+  /.test(x)"),
    ("t = `a\n   // text  ${ b + `in  ${ {c: 1}.c }  ner` }\n   d`; // x", "t = `a\n   // text  ${ b + `in  ${ {c: 1}.c }  ner` }\n   d`;"),
    ("t = `\\`  \\${ //`;", "t = `\\`  \\${ //`;"),
    ("if (x) {\n    y();\n  }\n  // end\n\n  z", "if (x) {\ny();\n}\nz"),
]  # fmt: skip


@pytest.mark.parametrize(("given", "expected"), CASES)
def test_comments_and_indentation_go(given, expected):
    assert squeeze_script(given) == expected + "\n"
    assert squeeze_script(expected) == expected + "\n"


@pytest.mark.parametrize("path", sorted(FOLDER.glob("*.js")), ids=lambda p: p.name)
def test_the_words_of_every_script_stay(path):
    given = path.read_text("utf-8")
    squeezed = squeeze_script(given)
    assert squeeze_script(squeezed) == squeezed and len(squeezed) < len(given)
    code = [p[0] for p in PIECE.finditer(squeezed) if p.lastgroup == "word"]
    assert "export" in code or "self" in code or "addEventListener" in code


def test_a_template_without_end_is_an_error():
    with pytest.raises(ValueError, match="does not end"):
        squeeze_script("x = `abc")


def test_styles_keep_their_rules():
    assert squeeze_style("/* a */\na {\n  b: c; /* d */\n\n}\n") == "a {\nb: c;\n}\n"
