"""docs/guidance.md: every piece of advice, in every language."""

from __future__ import annotations

from workflow.cli.docs.markdown import page, table, words
from workflow.guidance import Language, texts

_LANGUAGES = {Language.EN: "English", Language.FI: "suomeksi"}


def guidance() -> str:
    """The page."""
    spoken = {language: texts(language) for language in _LANGUAGES}
    return page(
        "Guidance",
        "Each reminder carries a short piece of advice that fits its reason, whom it is for and the state of the "
        "relationship; each concern has one for the coordinator. Portals read them from "
        "`GET /v1/guidance?language=fi`. The texts are data, one file a language in `workflow/guidance/`; a new "
        "language is a new file there.",
        *(
            block
            for reason in dict.fromkeys(name.split(".")[0] for name in spoken[Language.EN])
            for block in (
                f"## {words(reason).capitalize()}",
                table(
                    ["of" if reason == "concern" else "for", "in state", *_LANGUAGES.values()],
                    [
                        [words(whom), state, *(spoken[language][name] for language in _LANGUAGES)]
                        for name in spoken[Language.EN]
                        for found, whom, state in [name.split(".")]
                        if found == reason
                    ],
                ),
            )
        ),
    )
