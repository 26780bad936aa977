"""Rule files hold rules alone: no function, lambda, loop, condition, arithmetic or formatted text."""

import ast
import re
from pathlib import Path

import pytest
from softbench.plan.modules import PACKAGE

ROOT = PACKAGE.parents[1]
FILES = [ROOT / "Snakefile", *sorted((ROOT / "workflow" / "rules").rglob("*.smk"))]
STATEMENTS = re.compile(
    r"^\s*(def|class|for|while|if|elif|else|try|with|import|from|lambda|return|assert)\b|\blambda\b"
)
BANNED = (ast.Lambda, ast.ListComp, ast.DictComp, ast.SetComp, ast.GeneratorExp, ast.BinOp, ast.IfExp, ast.JoinedStr)
LINES, COUNT = 1000, 20


def values(text: str) -> list[str]:
    """What stands after the colons of keywords: the arguments, each as a text of Python."""
    found, block = [], []
    for line in [*text.splitlines(), "rule end:"]:
        if re.match(r"^\s*(?:use )?[a-z_]+(?: \w+)*:", line) or not line.strip():
            if block:
                found.append("\n".join(block))
            block = []
            after = line.partition(":")[2].strip()
            if after and line.strip():
                found.append(after)
        else:
            block.append(line)
    return found


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.name)
def test_only_rule_keywords(path: Path) -> None:
    text = re.sub(r'(?m)^\s*""".*?"""$', "", path.read_text(encoding="utf-8"), flags=re.DOTALL)
    text = re.sub(r"(?m)(^|\s)#.*$", "", text)
    assert not [line for line in text.splitlines() if STATEMENTS.search(line)]
    for value in values(text):
        tree = ast.parse(f"call(\n{value}\n)")
        wrong = [ast.unparse(node) for node in ast.walk(tree) if isinstance(node, BANNED)]
        wrong += [name.id for name in ast.walk(tree) if isinstance(name, ast.Name) and name.id in ("partial", "exec")]
        assert not wrong, f"{path.name}: {wrong}"


def test_function_in_a_rule_file_is_found() -> None:
    text = "rule a:\n    input:\n        x=lambda w: w.x,\n        y=1 + 2,\n    threads: 4 * 2\n"
    trees = [ast.parse(f"call(\n{value}\n)") for value in values(text)]
    kinds = {type(node) for tree in trees for node in ast.walk(tree)}
    assert {ast.Lambda, ast.BinOp} <= kinds
    assert len(trees) == 2


def test_rules_fit_a_reader() -> None:
    own = [path for path in FILES if path.parent.name == "rules" or path.name == "Snakefile"]
    assert len(own) <= COUNT
    assert sum(len(path.read_text(encoding="utf-8").splitlines()) for path in own) <= LINES
