"""The choice between attempts: what evidence weighs how much, and what is said of it."""

from __future__ import annotations

from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from agent_ls.core.job import Verdict
from agent_ls.core.paths import RelPath
from agent_ls.core.selection import ALL_TESTS, Evidence, Tally, choose


def chosen(*evidence: Evidence) -> int:
    return choose(evidence).attempt


def fails(*names: str, total: int = 4) -> Tally:
    return Tally(total, frozenset(names))


def test_what_does_not_apply_or_parse_is_never_the_plan() -> None:
    best: dict[str, Any] = {"mended": 9, "verdict": Verdict.VERIFIED, "number": 9.0}
    assert chosen(Evidence(1, applies=False, **best), Evidence(2, broken=frozenset("ab"))) == 2
    assert chosen(Evidence(1, syntax=1, **best), Evidence(2, idle=True)) == 2
    assert chosen(Evidence(1, idle=True, verdict=Verdict.VERIFIED), Evidence(2)) == 2


def test_the_projects_tests_count_as_they_were_before() -> None:
    weakener = Evidence(1, broken=frozenset({"t"}), revised=frozenset({"t"}), verdict=Verdict.VERIFIED)
    assert chosen(weakener, Evidence(2)) == 2


def test_a_test_that_most_attempts_had_to_rewrite_is_overruled_by_the_task() -> None:
    changed = [
        Evidence(n, broken=frozenset({"t"}), revised=frozenset({"t"}), verdict=Verdict.VERIFIED, peers=peers)
        for n, peers in ((1, {1: Tally(3), 2: Tally(3)}), (2, {1: Tally(3), 2: Tally(3)}))
    ]
    timid = Evidence(3, verdict=Verdict.VERIFIED, peers={1: fails("t"), 2: fails("t")})
    assert chosen(timid, *changed) in (1, 2)
    unchanged = [Evidence(n, broken=frozenset({"t"}), verdict=Verdict.WORSE) for n in (1, 2)]
    assert chosen(Evidence(3), *unchanged) == 3, "they broke it and did not mean to"


def test_tests_of_one_attempt_are_run_on_the_others() -> None:
    right = Evidence(2, peers={1: Tally(4), 2: Tally(4)})
    wrong = Evidence(1, peers={1: Tally(4), 2: fails("edge")})
    assert chosen(wrong, right) == 2
    assert "tests that other attempts wrote" in choose([wrong, right]).reason


def test_tests_that_fail_on_their_authors_own_program_say_nothing() -> None:
    author = Evidence(1, peers={1: fails("x")}, size=99)
    assert chosen(author, Evidence(2, peers={1: fails("y")}, size=1)) == 2


def test_a_test_that_nobody_else_passes_counts_after_those_that_somebody_does() -> None:
    seen = Evidence(1, peers={1: Tally(4)}, size=5)
    others = [Evidence(n, peers={1: fails("edge")}, size=3) for n in (2, 3)]
    assert chosen(seen, *others) == 1, "the others missed something"
    overfitted = Evidence(1, peers={1: Tally(4), 2: fails("a")}, size=5)
    others = [Evidence(n, peers={1: fails("odd"), 2: Tally(4)}, size=3) for n in (2, 3)]
    assert chosen(overfitted, *others) in (2, 3)


def test_tests_that_begin_on_nobody_elses_program_test_a_name_of_their_author() -> None:
    unborn = [Evidence(n, peers={1: fails(ALL_TESTS)}, size=3) for n in (2, 3)]
    assert chosen(Evidence(1, peers={1: Tally(4)}, size=99), *unborn) == 2
    assert chosen(Evidence(1, peers={1: Tally(4)}, size=99), unborn[0]) == 2


def test_of_those_that_are_left_the_number_then_the_same_result_then_one_far_smaller_wins() -> None:
    assert chosen(Evidence(1, number=1.0), Evidence(2, number=2.0), Evidence(3)) == 2
    same = [Evidence(n, likeness="x", size=9) for n in (2, 3)]
    assert chosen(Evidence(1, likeness="y", size=1), *same) == 2
    sizes = enumerate((90, 300, 40, 60), 1)
    apart = [Evidence(n, likeness=str(n), size=z, paths=frozenset({RelPath("a.py")})) for n, z in sizes]
    assert chosen(*apart) == 3
    assert chosen(Evidence(1, size=20), Evidence(2, size=2)) == 1, "a few lines more tell nothing"
    assert chosen(Evidence(1), Evidence(2)) == 1


def test_the_reason_says_what_set_it_apart() -> None:
    choice = choose([Evidence(1, syntax=2), Evidence(2), Evidence(3, broken=frozenset("ab")), Evidence(4)])
    assert choice.order == (2, 4, 3, 1)
    assert choice.reason == (
        "It brings no new syntax errors (not so attempt 1); it breaks fewer tests of the project "
        "(not so attempt 3); nothing tells it from attempt 4"
    )
    assert choose([Evidence(3)]).reason == "It is the only attempt with a plan"


names = st.frozensets(st.sampled_from(["a", "b", ALL_TESTS]))
tallies = st.builds(Tally, st.integers(0, 5), names)
some = st.builds(
    Evidence,
    st.just(0),
    applies=st.booleans(),
    syntax=st.integers(0, 2),
    idle=st.booleans(),
    broken=names,
    revised=names,
    mended=st.integers(0, 2),
    peers=st.dictionaries(st.integers(1, 4), tallies),
    number=st.none() | st.floats(0, 2),
    likeness=st.sampled_from(["", "x", "y"]),
    size=st.integers(0, 9),
)


@given(st.lists(some, min_size=1, max_size=5), st.randoms())
def test_the_choice_does_not_depend_on_the_order_and_names_everyone_once(
    found: list[Evidence], random: Any
) -> None:
    from dataclasses import replace

    numbered = [replace(e, attempt=n) for n, e in enumerate(found, 1)]
    first = choose(numbered)
    random.shuffle(numbered)
    assert choose(numbered) == first
    assert sorted(first.order) == list(range(1, len(found) + 1))
    sound = [e for e in numbered if e.applies]
    assert not sound or next(e for e in numbered if e.attempt == first.attempt).applies
