"""docs/analytics.md: how analysts read, and the data dictionary of all that they may."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from workflow.aggregates.events.concerns import CONFIDED
from workflow.cli.docs.markdown import codes, page, table
from workflow.projections.analytics.columns import Column, Kind
from workflow.projections.analytics.views import VIEWS
from workflow.projections.check_ins import FEWEST
from workflow.projections.questions.catalogue import QUESTIONS

_KINDS = {
    Kind.INTEGER: "whole number",
    Kind.BOOLEAN: "yes or no",
    Kind.DAY: "day, as text",
    Kind.MONTH: "month, as text",
}

_SQL = """```sh
sqlite3 -readonly -box mentoring-data/views.db "SELECT month, held, missed, cancelled FROM analytics_months"
```"""

_SQL_IN_PYTHON = """```python
import sqlite3

views = sqlite3.connect("file:mentoring-data/views.db?mode=ro", uri=True)
for state, stays, days in views.execute(
    "SELECT state, count(*), avg(days) FROM analytics_states WHERE NOT withdrawn GROUP BY state"
):
    print(state, stays, days)
views.close()
```"""

_PSQL = """```sh
psql "$ANALYSTS" -c "SELECT month, held, missed, cancelled FROM analytics.months"
```"""

_PSYCOPG = """```python
import os

import psycopg

with psycopg.connect(os.environ["ANALYSTS"]) as views:
    for state, stays, days in views.execute(
        "SELECT state, count(*), avg(days) FROM analytics.states WHERE NOT withdrawn GROUP BY state"
    ):
        print(state, stays, days)
```"""

_ROLE = """```sh
psql "$DATABASE" -c "CREATE ROLE ada LOGIN IN ROLE mentoring_analyst" -c "\\password ada"
```"""

_EXPORT = """```sh
mentoring export --to export                                # every view, as Parquet
mentoring export --to months --format csv --views months,cohorts
```"""

_DUCKDB = """```python
import duckdb

duckdb.sql("SET TimeZone = 'UTC'")
held = duckdb.sql(\"\"\"
    SELECT r.cohort, count(DISTINCT r.pair) AS pairs, count(*) FILTER (WHERE m.status = 'held') AS held
    FROM 'export/relationships.parquet' AS r LEFT JOIN 'export/meetings.parquet' AS m USING (pair)
    GROUP BY r.cohort ORDER BY r.cohort
\"\"\")
print(held)
```"""

_ARROW = """```python
import pyarrow.compute as arrow
from pyarrow import parquet

meetings = parquet.read_table("export/meetings.parquet")
print(arrow.mean(meetings.filter(arrow.field("counts"))["lead_days"]))
print(meetings.schema.field("lead_days").metadata[b"meaning"].decode())
```"""

_HTTP = """```sh
curl -s 'http://127.0.0.1:8080/v1/analytics'
curl -s 'http://127.0.0.1:8080/v1/analytics/day?day=2026-03-01'
curl -s -H 'Accept: text/csv' 'http://127.0.0.1:8080/v1/analytics/meetings?from=2026-01-01&to=2026-06-30'
```"""


_BEGINNING = """There are three ways to the programme's figures. They rest on the same rows, so they cannot be of
different minds: SQL over views with stable names, files of these views, and questions over HTTP. [A
notebook](notebooks/questions.ipynb) answers a dozen of them from files."""

_ON_SQL = """Any SQLite client reads the views `analytics_*` in `views.db`, also while the service runs: it keeps on
folding, and a query sees one moment. They stay while projections are folded anew. Open the file for reading only.
(In `mentoring-data` lies what a service keeps that was not told another folder.)"""

_ON_POSTGRES = """Where the facts lie in PostgreSQL, what is `analytics_x` in a file is `analytics.x`: the same views
in a schema of their own, with its types, and with what they and their columns mean as comments
(`\\d+ analytics.months`). They too stay while projections are folded anew. An administrator makes users who may read
them, and nothing else:"""

_ON_THE_ROLE = """The service makes the role `mentoring_analyst` where its own user may; else its log says what an
administrator is to run, and the next start lets the role read the views. Where not everybody may connect
to the database, the role has to be let (`GRANT CONNECT ON DATABASE mentoring TO mentoring_analyst`, as
deploy/databases.sql does). With `ANALYSTS` as such a user's address
(`postgresql://ada@db.example.org/mentoring`), psql reads them, and so does a notebook
(`pip install 'psycopg[binary]'`):"""

_ON_LONG_QUERIES = """A query may take as long as it likes: nobody waits for it, and rows that were folded anew begin to
serve once it has ended. Ask each statement for itself, as psql does, rather than many in one transaction of
`REPEATABLE READ`: there a view that is read first after such a change may lack rows. `EXPLAIN ANALYZE` tells how many
rows a view has left out. Who must not learn even that is given files, or the HTTP routes
([why](adr/0058-analysts-of-a-database.md))."""

_ON_FILES = """`mentoring export` writes views to files, all of one moment, whether the service runs or not. Parquet
has typed columns and needs pyarrow (`pip install 'mentoring-workflow[analytics]'`). CSV is RFC 4180 with a header;
null is an empty member, and a text that a spreadsheet would take for a formula begins with an apostrophe.
`manifest.json` is written last: the position of the log that all is of, what the service's clock showed, the
version of the policy in force, of each file its rows and sha256, and the dictionary below."""

_ON_HTTP = """`GET /v1/analytics/{question}` answers a question, as JSON or as CSV (`Accept: text/csv`, or
`format=csv`), and `GET /v1/analytics` lists them. With `after` an answer waits until a position is folded, as every
read does; it names the position that it is of."""

_ON_FILTERS = """Filters are `programme`, `cohort` (a month such as `2026-02`), `state`, `day`, and `from` and `to`,
both of which belong to what is asked. Days and months are those of UTC. A filter that does not narrow a question is
refused. *Who needs contact, and why* is a coordinator's question, and names relationships: `GET /v1/today`."""

_NOBODY = f"""- A relationship is a number, its `pair`: the same in every view, after a rebuild and for ever. It is the
  position of the relationship's opening in the log, so only the log turns it back
  ([why](adr/0043-a-pair-is-a-position.md)). There is no id of a relationship, person, goal or measure, no identity, no
  calendar entry, no source, nothing that is sealed.
- A meeting was called off by a side, a measure is a role's. Nobody is ranked.
- What rests on what a party confided (check-ins, reminders to check in, the concerns {codes([*CONFIDED])}) is told of
  {FEWEST} relationships or more, by programme or by month alone. Where it is of fewer, figures are null, and `withheld`
  says which and why. No filter narrows these figures further, and none is of all programmes together: of two that
  differ by one relationship, the difference would tell of it.
- Times are told as they are. Who knows when a pair met can find it by that: rows of single pairs are personal data all
  the same."""

_ON_NOTEBOOK = """[The notebook](notebooks/questions.ipynb) reads them, too, from the folder `export` beside it. What
`make` builds has all that it needs, and `--inplace` writes the answers into the copy, for any Jupyter to show:

```console
$ cp docs/notebooks/questions.ipynb . && .venv/bin/jupyter execute --inplace questions.ipynb
```"""

_ON_COLUMNS = """A view or column keeps its name and type; new ones may be added. *Empty* says when a value is null.
A length in days is a number: a day is 24 hours. Instants are in UTC. Days and months are text everywhere.
The examples are for a file: in PostgreSQL `analytics_` is `analytics.`."""

_TYPES = (
    ("whole number", "INTEGER", "bigint", "int64"),
    ("number", "REAL", "double precision", "double"),
    ("yes or no", "1 and 0", "boolean", "bool (`true`, `false` in CSV)"),
    ("text", "TEXT", "text", "string"),
    (
        "instant",
        "TEXT of one length (RFC 3339)",
        "timestamp with time zone",
        "timestamp, UTC (RFC 3339 in CSV)",
    ),
    ("day, month", "TEXT, as `2026-03-01` and `2026-03`", "text, the same", "string"),
)


def analytics() -> str:
    """The page."""
    return page(
        "For analysts",
        _BEGINNING,
        "## With SQL",
        _ON_SQL,
        _SQL,
        _SQL_IN_PYTHON,
        "Whoever can open `views.db` can read its other tables too, and these have ids. Who is to see no more than the "
        "views is given files, or the HTTP routes.",
        "### In PostgreSQL",
        _ON_POSTGRES,
        _ROLE,
        _ON_THE_ROLE,
        _PSQL,
        _PSYCOPG,
        _ON_LONG_QUERIES,
        "## Files",
        _ON_FILES,
        _EXPORT,
        "DuckDB (`pip install duckdb`) reads them where they lie:",
        _DUCKDB,
        "So do `read_parquet` of pandas and of polars, and Arrow itself:",
        _ARROW,
        _ON_NOTEBOOK,
        "## Over HTTP",
        _ON_HTTP,
        _HTTP,
        table(["question", "what it asks", "filters", "its columns"], list(_questions())),
        _ON_FILTERS,
        "## What nobody is told here",
        _NOBODY,
        "## Data dictionary",
        _ON_COLUMNS,
        table(["type", "in a file", "in PostgreSQL", "in Parquet"], [list(row) for row in _TYPES]),
        *(
            block
            for view in VIEWS
            for block in _view(view.full_name, view.meaning, view.columns, view.example)
        ),
    )


def _questions() -> Iterator[list[str]]:
    for question in QUESTIONS.values():
        yield [
            f"`{question.name}`",
            question.asks,
            codes([*question.filters]),
            "; ".join(f"`{column.name}`: {_meaning(column)}" for column in question.columns),
        ]


def _view(name: str, meaning: str, columns: Iterable[Column], example: str) -> Iterator[str]:
    yield f"### {name}"
    yield meaning
    yield table(
        ["column", "type", "unit", "meaning", "empty"],
        [
            [
                f"`{column.name}`",
                _KINDS.get(column.kind, column.kind.value),
                column.unit,
                column.meaning,
                column.empty,
            ]
            for column in columns
        ],
    )
    yield f"```sql\n{example};\n```"


def _meaning(column: Column) -> str:
    return column.meaning + (f" ({column.unit})" if column.unit else "")
