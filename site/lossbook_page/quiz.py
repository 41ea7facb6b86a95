"""A question with its options, each with feedback, written so that JupyterLab folds the answers too:

    :::{quiz} At which score is the sigmoid steepest?
    - At the far right.
    - At $z = 0$.
    - It is equally steep
      everywhere.

    <details><summary>Answers</summary>

    1. Not right. There $\\sigma(z)$ is nearly 1, but $\\sigma(-z)$ is nearly 0.
    2. Right. There both factors of $\\sigma(z)\\,\\sigma(-z)$ are one half.
    3. Not right. That would be a straight line.

    </details>
    :::

Lines that continue an option or an answer are indented; lines before the first option continue the question. The full
stop of an option is dropped on the page. There are two to six options, one right or several, no two alike, each with
an answer. Anything else fails the build, which names page and question.

The page shows radio buttons (check boxes if several options are right) and says the answer to the chosen option.
Nothing is stored or sent. Without JavaScript the answers are folded away under the options.
"""

import re
from itertools import count

from docutils import nodes
from sphinx.util import logging
from sphinx.util.docutils import SphinxDirective

OPTION = re.compile(r"- (?P<text>\S.*)")
ANSWER = re.compile(r"(?P<number>\d+)\. (?P<verdict>Right|Not right)\. (?P<text>\S.*)")
FOLD = ["<details><summary>Answers</summary>", "</details>"]

logger = logging.getLogger(__name__)


class QuizError(ValueError):
    """A quiz that a reader could not answer."""


def read(lines):
    """(further lines of the question, [(right, option, feedback)]) from the lines of a quiz."""
    question, options, answers = [], [], []
    for line in filter(str.strip, lines):
        option, answer = OPTION.fullmatch(line.rstrip()), ANSWER.fullmatch(line.rstrip())
        if answer and int(answer["number"]) == len(answers) + 1:
            answers.append((answer["verdict"] == "Right", [answer["text"]]))
        elif option and not answers:
            options.append([option["text"]])
        elif line.startswith("  ") and options:
            (answers[-1][1] if answers else options[-1]).append(line.strip())
        elif not options:
            question.append(line.strip())
        elif line.strip() not in FOLD:
            raise QuizError(
                f"expected '- ...', then '1. Right. ...' or '1. Not right. ...', or an indented line, got {line!r}"
            )
    if len(options) != len(answers):
        raise QuizError(f"expected an answer to each of {len(options)} options, got {len(answers)}")
    if [line.strip() for line in lines if line.strip() in FOLD] != FOLD:
        raise QuizError(f"expected the answers between {FOLD[0]!r} and {FOLD[1]!r}")
    said = [" ".join(option).removesuffix(".") for option in options]
    return " ".join(question), [(right, option, " ".join(text)) for option, (right, text) in zip(said, answers)]


def check(question, options):
    if not question:
        raise QuizError("expected a question on the first line")
    if not 2 <= len(options) <= 6:
        raise QuizError(f"expected 2 to 6 options, got {len(options)}")
    if not any(right for right, _, _ in options):
        raise QuizError("expected an option that is right")
    if all(right for right, _, _ in options):
        raise QuizError("expected an option that is not right")
    said = [option for _, option, _ in options]
    if len(set(said)) < len(said):
        raise QuizError("expected options that differ")


class quiz(nodes.General, nodes.Element):
    pass


class quiz_question(nodes.TextElement):
    pass


class quiz_option(nodes.TextElement):
    pass


class quiz_answers(nodes.General, nodes.Element):
    pass


class quiz_answer(nodes.TextElement):
    pass


class Quiz(SphinxDirective):
    required_arguments = 1
    final_argument_whitespace = True
    has_content = True

    def run(self):
        asked = " ".join(self.arguments[0].split())
        try:
            more, options = read(self.content)
            check(asked, options)
        except QuizError as error:
            logger.warning("quiz %r: %s", asked, error, location=(self.env.docname, self.lineno))
            return []
        number = self.env.new_serialno("quiz") + 1
        several = sum(right for right, _, _ in options) > 1
        node = quiz("", quiz_question("", "", *self._inline(f"{asked} {more}".strip())), number=number)
        folded = quiz_answers()
        for place, (right, said, feedback) in zip(count(1), options):
            kind = "checkbox" if several else "radio"
            wordless = not re.search(r"\w", re.sub(r"\$[^$]*\$", "", said))  # a name for those who listen
            name = [nodes.inline("", f"Option {place}: ", classes=["unseen"])] if wordless else []
            node += quiz_option("", "", *name, *self._inline(said), kind=kind, quiz=number, place=place)
            folded += quiz_answer(
                "",
                "",
                nodes.strong("", "Right: " if right else "Not right: "),
                *self._inline(said),
                nodes.Text(". " if said[-1] not in "?!" else " "),
                nodes.inline("", "", *self._inline(feedback), classes=["feedback"]),
                right=right,
            )
        node += folded
        return [node]

    def _inline(self, text):
        parsed, messages = self.state.inline_text(text, self.lineno)
        return [*parsed, *messages]


def visit_quiz(writer, node):
    writer.body.append('<div class="quiz"><fieldset>')


def visit_option(writer, node):
    name = f"quiz-{node['quiz']}"
    place = f"{name}-{node['place']}"
    writer.body.append(
        f'<div class="option"><input type="{node["kind"]}" name="{name}" id="{place}" autocomplete="off">'
        f'<label for="{place}">'
    )


def visit_answer(writer, node):
    writer.body.append(f'<li class="{"right" if node["right"] else "wrong"}">')


def put(html):
    return lambda writer, node: writer.body.append(html)


def setup(app):
    app.add_directive("quiz", Quiz)
    app.add_node(quiz, html=(visit_quiz, put("</div>\n")))
    app.add_node(quiz_question, html=(put("<legend>"), put("</legend>\n")))
    app.add_node(quiz_option, html=(visit_option, put("</label></div>\n")))
    app.add_node(
        quiz_answers,
        html=(
            put(
                '</fieldset><div class="said" role="status"></div>'
                '<details class="answers"><summary>Answers</summary><ul>'
            ),
            put("</ul></details>"),
        ),
    )
    app.add_node(quiz_answer, html=(visit_answer, put("</li>\n")))
