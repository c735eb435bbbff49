"""The gate, row by row: observed is to equal declared."""

from dataclasses import replace
from datetime import date

import pytest

from conformance.declaration import Declarations, Deviation, Exit, accept, judge, judged_by
from conformance.results import (
    BackendEntry,
    Document,
    Footer,
    Header,
    Planned,
    RequirementText,
    cover,
    dumps,
    loads,
)
from tests.results.sample import declarations, document, failed, failure, passed

R = "delete.idempotent"
S = f"{R}: delete raised ObjectNotExist"
TEXT = RequirementText(subject="delete", level="spec-should", statement="Deleting again succeeds.", source="GSP-46")
DAY = date(2026, 3, 1)


def plan(check="c1", requirement=R, **changes):
    return replace(Planned(backend="fs", check=check, requirement=requirement), **changes)


def run(*results, plan, interrupted=False, profile="standard", **backend):
    header = Header(
        kit="0.1.0",
        started="2026-03-01T10:00:00+00:00",
        command=("conformance", "check", "fs:"),
        python="3.11",
        platform="Linux",
        profile=profile,
        seed=1,
        requirements={R: TEXT},
        backends=(BackendEntry(name="fs", **backend),),
        plan=tuple(plan),
    )
    footer = Footer(finished="2026-03-01T10:00:01+00:00", seconds=1.0, calls=1, interrupted=interrupted)
    return Document(header=header, results=cover(plan, results), footer=footer)


def declared(**changes):
    entry = Deviation(backend="fs", requirement=R, reason="why", untracked=True, signature=S)
    return Declarations(deviations=(replace(entry, **changes),))


PASSES = passed(plan())
FAILS = failed(plan(), failure(R))
OTHERWISE = failed(plan(), failure(R, signature="another"))
AT_TIMES = failed(plan(), failure(R, reproduced="1 of 3"))
ERROR = passed(plan(), state="error", reason="no route to host")
NOT_RUN = passed(plan(), state="not-run", reason="the budget was spent")

OBSERVED = {
    "passes": ([plan()], [PASSES]),
    "fails": ([plan()], [FAILS]),
    "fails otherwise": ([plan()], [OTHERWISE]),
    "fails at times": ([plan()], [AT_TIMES]),
    "error": ([plan()], [ERROR]),
    "not run": ([plan()], [NOT_RUN]),
    "unreported": ([plan()], []),
    "does not apply": ([plan(applies=False, reason="no delete"), plan("c2", "x.y")], [passed(plan("c2", "x.y"))]),
    "unplanned": ([plan("c2", "x.y")], [passed(plan("c2", "x.y"))]),
    "blocked": ([plan()], [failed(plan(), failure("write.stores"))]),
}
DECLARED = {
    "nothing": Declarations(),
    "it": declared(),
    "it flaky": declared(flaky=True),
    "it expired": declared(expires=DAY),
    "it not yet expired": declared(expires=date(2026, 3, 2)),
}
TABLE = {
    ("passes", "nothing"): ("pass", 0),
    ("passes", "it"): ("stale", 3),
    ("passes", "it flaky"): ("deviation", 0),
    ("passes", "it expired"): ("expired", 3),
    ("passes", "it not yet expired"): ("stale", 3),
    ("fails", "nothing"): ("fail", 1),
    ("fails", "it"): ("deviation", 0),
    ("fails", "it flaky"): ("deviation", 0),
    ("fails", "it expired"): ("expired", 3),
    ("fails", "it not yet expired"): ("deviation", 0),
    ("fails otherwise", "nothing"): ("fail", 1),
    ("fails otherwise", "it"): ("fail", 1),
    ("fails otherwise", "it flaky"): ("fail", 1),
    ("fails otherwise", "it expired"): ("fail", 1),
    ("fails otherwise", "it not yet expired"): ("fail", 1),
    ("fails at times", "nothing"): ("fail", 1),
    ("fails at times", "it"): ("fail", 1),
    ("fails at times", "it flaky"): ("deviation", 0),
    ("fails at times", "it expired"): ("fail", 1),
    ("fails at times", "it not yet expired"): ("fail", 1),
    ("error", "nothing"): ("error", 2),
    ("error", "it"): ("error", 2),
    ("error", "it flaky"): ("error", 2),
    ("error", "it expired"): ("error", 2),
    ("error", "it not yet expired"): ("error", 2),
    ("not run", "nothing"): ("not-run", 2),
    ("not run", "it"): ("not-run", 2),
    ("not run", "it flaky"): ("not-run", 2),
    ("not run", "it expired"): ("not-run", 2),
    ("not run", "it not yet expired"): ("not-run", 2),
    ("unreported", "nothing"): ("error", 2),
    ("unreported", "it"): ("error", 2),
    ("unreported", "it flaky"): ("error", 2),
    ("unreported", "it expired"): ("error", 2),
    ("unreported", "it not yet expired"): ("error", 2),
    ("does not apply", "nothing"): ("not-applicable", 0),
    ("does not apply", "it"): ("stale", 3),
    ("does not apply", "it flaky"): ("deviation", 0),
    ("does not apply", "it expired"): ("expired", 3),
    ("does not apply", "it not yet expired"): ("stale", 3),
    ("unplanned", "nothing"): ("unplanned", 0),
    ("unplanned", "it"): ("unplanned", 0),
    ("unplanned", "it flaky"): ("unplanned", 0),
    ("unplanned", "it expired"): ("unplanned", 0),
    ("unplanned", "it not yet expired"): ("unplanned", 0),
    ("blocked", "nothing"): ("blocked", 1),
    ("blocked", "it"): ("deviation", 1),
    ("blocked", "it flaky"): ("deviation", 1),
    ("blocked", "it expired"): ("expired", 1),
    ("blocked", "it not yet expired"): ("deviation", 1),
}


def test_the_table_is_complete():
    assert TABLE.keys() == {(observed, entry) for observed in OBSERVED for entry in DECLARED}


@pytest.mark.parametrize(("observed", "entry"), TABLE, ids=lambda word: word.replace(" ", "-"))
def test_the_gate(observed, entry):
    entries, results = OBSERVED[observed]
    judged = judge(run(*results, plan=entries), DECLARED[entry])
    standing, code = TABLE[observed, entry]
    cell = judged.of("fs").cells[R]
    assert (cell.standing, int(judged.code)) == (standing, code)
    assert cell.reason
    assert judged.of("fs").sentence.startswith("fs: ")
    assert "%" not in judged.of("fs").words


@pytest.mark.parametrize(
    ("results", "replay", "standing"),
    [
        ([PASSES], "diverges", "deviation"),
        ([PASSES], "agrees", "stale"),
        ([FAILS], "agrees", "deviation"),
        ([FAILS], "diverges", "deviation"),
        ([OTHERWISE], "agrees", "fail"),
        ([AT_TIMES], "diverges", "deviation"),
        ([AT_TIMES], "agrees", "fail"),
    ],
)
def test_a_stored_program_decides_what_the_search_did_not_find(results, replay, standing):
    judged = judge(run(*results, plan=[plan()]), declared(), replayed={f"fs/{R}/{S}": replay})
    assert judged.of("fs").cells[R].standing == standing


@pytest.mark.parametrize("replay", ["agrees", "diverges"])
def test_a_deviation_that_was_not_planned_is_not_counted(replay):
    entries, results = OBSERVED["unplanned"]
    judged = judge(run(*results, plan=entries), declared(), replayed={f"fs/{R}/{S}": replay})
    assert judged.of("fs").words == "conformant to the one requirement that applies and was planned"


@pytest.mark.parametrize(
    ("left_out", "standing", "code"), [((R,), "deviation", 0), (("x.y",), "stale", 3), ((), "stale", 3)]
)
def test_what_the_checks_left_out_might_see_is_not_stale(left_out, standing, code):
    whole = run(PASSES, plan=[plan()])
    asked = replace(whole, header=replace(whole.header, partial={"fs": left_out}))
    judged = judge(asked, declared())
    assert (judged.of("fs").cells[R].standing, judged.code) == (standing, code)
    assert bool(accept(asked, declared(), prune=True).removed) == (standing == "stale")


@pytest.mark.parametrize("observed", OBSERVED)
@pytest.mark.parametrize("entry", DECLARED)
@pytest.mark.parametrize("diverging", [True, False])
def test_a_document_is_judged_by_what_it_carries(observed, entry, diverging):
    entries, results = OBSERVED[observed]
    keys = [e.key for e in DECLARED[entry].deviations] if diverging else []
    made = judged_by(run(*results, plan=entries), DECLARED[entry], keys)
    known = judge(made, DECLARED[entry], replayed=dict.fromkeys(keys, "diverges"))
    read = judge(loads(dumps(made)))
    assert (read.code, [(v.words, v.weak) for v in read.verdicts]) == (
        known.code,
        [(v.words, v.weak) for v in known.verdicts],
    )


def test_two_ways_to_break_a_requirement_are_declared_each():
    checks = [plan("c1"), plan("c2")]
    results = [failed(checks[0], failure(R)), failed(checks[1], failure(R, signature="another"))]
    both = Declarations(deviations=(*declared().deviations, *declared(signature="another").deviations))
    assert judge(run(*results, plan=checks), declared()).code == Exit.DIFFERS
    assert judge(run(*results, plan=checks), both).code == Exit.AS_DECLARED


def test_a_failure_counts_where_its_blame_lies():
    checks = [plan("c1"), plan("c2", "write.stores")]
    results = [failed(checks[0], failure("write.stores")), passed(checks[1])]
    verdict = judge(run(*results, plan=checks)).of("fs")
    assert verdict.cells["write.stores"].standing == "fail"
    assert verdict.cells[R].standing == "blocked"
    assert verdict.cells[R].reason == "blocked by write.stores"
    assert verdict.words == "does not conform: 1 of the 2 requirements that apply fails"
    assert any("another requirement failed first" in sentence for sentence in verdict.weak)


def test_a_declared_blocker_leaves_the_run_as_declared_and_says_what_was_not_verified():
    checks = [plan("c1"), plan("c2", "write.stores")]
    why = failure("write.stores")
    results = [failed(checks[0], why), failed(checks[1], why)]
    entry = declared(requirement="write.stores", signature=why.signature)
    verdict = judge(run(*results, plan=checks), entry).of("fs")
    assert verdict.code == Exit.AS_DECLARED
    told = "as declared: 0 of 2 requirements hold, 1 deviation is declared (write.stores), 1 could not be verified"
    assert verdict.words == told


def test_a_requirement_with_another_check_that_passed_holds_and_tells_the_blocked_one():
    checks = [plan("c1"), plan("c2")]
    verdict = judge(run(failed(checks[0], failure("write.stores")), passed(checks[1]), plan=checks)).of("fs")
    assert verdict.cells[R].standing == "pass"
    assert verdict.cells[R].reason == "holds; 1 of 2 checks blocked by write.stores"


def test_a_check_counts_for_every_requirement_that_it_verifies_also():
    also = plan(also=("delete.missing",))
    verdict = judge(run(passed(also), plan=[also])).of("fs")
    assert verdict.cells["delete.missing"].standing == "pass"


def test_the_words_of_a_clean_run():
    assert judge(run(PASSES, plan=[plan()])).verdicts[0].sentence == (
        "fs: conformant to the one requirement that applies"
    )
    verdict = judge(run(FAILS, plan=[plan()]), declared()).of("fs")
    assert verdict.words == f"as declared: 0 of 1 requirement holds, 1 deviation is declared ({R})"


@pytest.mark.parametrize("entries", [[], [plan(applies=False, reason="no delete")]])
def test_nothing_ran_is_no_verdict(entries):
    judged = judge(run(plan=entries))
    assert judged.code == Exit.NO_VERDICT
    assert judged.of("fs").words == "no verdict, nothing ran"


def test_no_backend_is_no_verdict():
    empty = run(plan=[])
    assert judge(replace(empty, header=replace(empty.header, backends=()))).code == Exit.NO_VERDICT


def test_an_interruption_outweighs_everything():
    judged = judge(run(FAILS, plan=[plan()], interrupted=True))
    assert judged.code == Exit.INTERRUPTED == 130
    assert judged.of("fs").words.startswith("no verdict, the run was interrupted; so far it does not conform")


def test_an_error_outweighs_a_difference_which_outweighs_age():
    whole = judge(document(), declarations())
    assert whole.code == Exit.NO_VERDICT
    assert [verdict.code for verdict in whole.verdicts] == [0, 1, 1, 2]


def test_a_backend_that_is_declared_and_not_run_is_told():
    judged = judge(run(PASSES, plan=[plan()]), declared(backend="fss"))
    assert judged.code == Exit.AS_DECLARED
    assert judged.notes == ("deviations.toml declares deviations of fss, which is not part of this run: it has fs",)


def test_an_opener_is_declared_under_each_of_its_names():
    opened = run(FAILS, plan=[plan()], spec="mystore:open_store")
    for name in ("fs", "mystore:open_store"):
        judged = judge(opened, declared(backend=name))
        assert (judged.code, judged.notes) == (Exit.AS_DECLARED, ())
        assert accept(opened, declared(backend=name), known=[R]).added == ()
        mended = run(PASSES, plan=[plan()], spec="mystore:open_store")
        assert judge(mended, declared(backend=name)).code == Exit.OUT_OF_DATE
        assert len(accept(mended, declared(backend=name), known=[R], prune=True).removed) == 1
    assert judge(opened, declared(backend="mystore:open_other")).code == Exit.DIFFERS


def test_what_makes_a_pass_weak_is_told():
    thin = passed(plan(), examples=2, operations={"delete": 4})
    document = run(thin, plan=[plan()], features={"operations": ["delete", "copy", "metadata"]})
    leaked = replace(document, footer=replace(document.footer, leaks={"fs": ("/x",)}))
    weak = judge(leaked).of("fs").weak
    assert weak == (
        "declared and never called: copy",
        "1 path left behind after the run, the first '/x'",
    )
    deep = judge(run(thin, plan=[plan()], profile="deep")).of("fs").weak
    assert "1 check passed on fewer than 5 examples" in deep
    smoke = judge(run(thin, plan=[plan()], profile="smoke")).of("fs").weak
    assert smoke == ("the smallest profile, smoke, was run: 24 backend calls in all",)


def test_what_only_the_largest_profile_plans_is_told_with_the_way_to_it():
    unplanned = run(passed(plan("c2", "x.y")), plan=[plan("c2", "x.y")])
    note = f"1 requirement not planned in this run ({R})"
    assert judge(unplanned).of("fs").weak[0] == f"{note}: --profile deep plans it"
    for command in (("pytest", "-k", "x"), ("conformance", "check", "upload-controller")):
        other = replace(unplanned, header=replace(unplanned.header, command=command))
        assert judge(other).of("fs").weak[0] == note
    assert judge(run(passed(plan("c2", "x.y")), plan=[plan("c2", "x.y")], profile="smoke")).of("fs").weak[0] == note


def test_an_old_entry_and_one_that_was_seen_are_told_apart():
    other = Deviation(backend="fs", requirement="x.y", reason="why", untracked=True, signature="x.y: s")
    both = Declarations(deviations=(*declared().deviations, other))
    old = "as declared, but 1 declared deviation is out of date"
    seen = failed(plan("c2", "x.y"), failure("x.y", signature="x.y: s"))
    whole = run(PASSES, seen, plan=[plan(), plan("c2", "x.y")])
    assert judge(whole, both).of("fs").words == f"{old}, and x.y is as declared"
    blocked = failed(plan("c2", "x.y"), failure("write.stores", signature="write.stores: s"))
    third = Deviation(backend="fs", requirement="write.stores", reason="w", untracked=True, signature="write.stores: s")
    three = Declarations(deviations=(*both.deviations, third))
    hidden = judge(run(PASSES, blocked, plan=[plan(), plan("c2", "x.y")]), three).of("fs")
    assert hidden.words == f"{old}, and write.stores is as declared"


def test_asking_for_a_backend_that_was_not_run_is_an_error():
    with pytest.raises(LookupError, match="no backend 'nobody'"):
        judge(run(PASSES, plan=[plan()])).of("nobody")
