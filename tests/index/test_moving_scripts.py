"""Moves in TypeScript: lists of exports, types, overloads and circles that only matter later."""

from __future__ import annotations

from pathlib import Path

from tests.index.test_moving import check, check_reason, check_refused, plan_of


def test_typescript_passes_on_what_moved(tmp_path: Path) -> None:
    before = """\
-- all.ts --
export * from './a';
-- a.ts --
const limit = 1;
function wo$0rk() { return limit; }
export const other = 1;
export { work, limit as most };
-- b.ts --
export const b = 1;
-- some.ts --
export { other, work as job } from './a';
export type { Other } from './other';
-- user.ts --
import { work } from './all';
work();
"""
    after = """\
-- a.ts --
const limit = 1;
export const other = 1;
export { limit as most };
-- all.ts --
export * from './a';
export { work } from './b';
-- b.ts --
import { limit } from "./a";

export const b = 1;

export function work() { return limit; }
-- some.ts --
export { other } from './a';
export { work as job } from './b';
export type { Other } from './other';
-- user.ts --
import { work } from './all';
work();
"""
    after = after.replace("const limit", "export const limit")
    check(tmp_path, before, "b.ts", after)


def test_typescript_functions_may_use_each_other_across_files(tmp_path: Path) -> None:
    before = "-- a.ts --\nexport function helper() { return 1; }\nexport function wo$0rk() { return helper(); }\nexport const f = () => work();\n"
    after = '-- a.ts --\nimport { work } from "./b";\n\nexport function helper() { return 1; }\nexport const f = () => work();\n-- b.ts --\nimport { helper } from "./a";\n\nexport function work() { return helper(); }\n'
    check(tmp_path, before, "b.ts", after)
    eager = before.replace("() => work()", "work()")
    check_refused(tmp_path / "1", eager, "b.ts", "each file would import the other")


def test_typescript_overloads_move_together(tmp_path: Path) -> None:
    before = "-- a.ts --\nexport function work(x: string): string;\nexport function work(x: number): number;\nexport function wo$0rk(x: any) { return x; }\n"
    after = "-- a.ts --\n-- b.ts --\nexport function work(x: string): string;\nexport function work(x: number): number;\nexport function work(x: any) { return x; }\n"
    check(tmp_path, before, "b.ts", after)


def test_typescript_passes_on_one_thing_under_two_names(tmp_path: Path) -> None:
    before = """\
-- a.ts --
export function wo$0rk() {}
export const z = 1;
-- c.ts --
export { z, work as first, work as second } from "./a";
"""
    after = """\
-- a.ts --
export const z = 1;
-- b.ts --
export function work() {}
-- c.ts --
export { z } from "./a";
export { work as first, work as second } from "./b";
"""
    check(tmp_path, before, "b.ts", after)


def test_typescript_what_is_taken_as_a_type_stays_one(tmp_path: Path) -> None:
    before = """\
-- a.ts --
export interface Wo$0rk { a: number }
export const z = 1;
-- c.ts --
import { z, type Work } from "./a";
let x: Work = { a: z };
-- d.ts --
export { z, type Work } from "./a";
export * from "./a";
"""
    after = """\
-- a.ts --
export const z = 1;
-- b.ts --
export interface Work { a: number }
-- c.ts --
import { z } from "./a";
import type { Work } from "./b";
let x: Work = { a: z };
-- d.ts --
export { z } from "./a";
export { type Work } from "./b";
export * from "./a";
"""
    check(tmp_path, before, "b.ts", after)


def test_typescript_a_constant_stands_before_what_runs_it(tmp_path: Path) -> None:
    before = """\
-- a.ts --
export KIND
export const z = 1;
-- b.ts --
import { work } from "./a";
function inner() { return work(); }
export const value = inner();
"""
    constant = "const work = () => 1;"
    _, result = plan_of(tmp_path, before.replace("KIND", constant.replace("work", "wo$0rk")), "b.ts")
    assert result.index(f"export {constant}") < result.index("export const value")
    function = "function work() { return 1; }"
    _, result = plan_of(tmp_path, before.replace("KIND", function.replace("work", "wo$0rk")), "b.ts")
    assert result.endswith(f"export {function}\n")


def test_typescript_a_namespace_is_given_away(tmp_path: Path) -> None:
    text = """\
-- a.ts --
namespace N { export const q = 1; }
export function wo$0rk() { return N.q; }
"""
    plan, result = plan_of(tmp_path, text, "b.ts")
    assert plan.reason == ""
    assert "export namespace N" in result
    assert 'import { N } from "./a";' in result


def test_typescript_circles_do_not_hinder_what_is_used_later(tmp_path: Path) -> None:
    before = """\
-- a.ts --
export interface Other<T> { t: T }
export interface Own<T> { t: T }
export function wo$0rk<T>(own: Own<T>) { return own; }
-- b.ts --
import { c } from "./c";
export const b = () => c;
-- c.ts --
import { work } from "./a";
export const c = () => work;
"""
    after = """\
-- a.ts --
export interface Other<T> { t: T }
export interface Own<T> { t: T }
-- b.ts --
import type { Own } from "./a";
import { c } from "./c";
export const b = () => c;

export function work<T>(own: Own<T>) { return own; }
-- c.ts --
import { work } from "./b";

export const c = () => work;
"""
    check(tmp_path, before, "b.ts", after)
    check_refused(tmp_path / "1", before.replace("() => work", "work({t: 1})"), "b.ts", "in a circle")


def test_types_in_the_head_of_a_typescript_function_are_used_later(tmp_path: Path) -> None:
    before = """\
-- a.ts --
export class Own {}
export function wo$0rk(own?: Own): Own { return new Own(); }
-- b.ts --
export const b = 1;
-- c.ts --
import { work } from "./a";
export const c = (): typeof work => work;
"""
    check_reason(tmp_path, before.replace("-- b.ts --\n", '-- b.ts --\nimport "./c";\n'), "", "b.ts")
