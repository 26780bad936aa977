"""Reads config and the rule files found as one plan, which every rule asks: `plan.<rule file>.<question>`."""

from softbench.jobs import bytecode

bytecode.keep()  # before what follows is compiled

from softbench.plan.bridge import read

plan = read(workflow, config)
