"""Everything a person or a CI reads, made from a result document and its judgement: HTML, terminal, JUnit, Markdown."""

from conformance.report.badge import badge
from conformance.report.comparison import Run, comparison
from conformance.report.html import Section, page, source
from conformance.report.junit import junit
from conformance.report.markdown import markdown
from conformance.report.terminal import show

__all__ = ["Run", "Section", "badge", "comparison", "junit", "markdown", "page", "show", "source"]
