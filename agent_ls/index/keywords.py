"""Words of the indexed languages that are no names."""

from __future__ import annotations

from collections.abc import Mapping

from agent_ls.index.names import DATA


def _words(text: str) -> frozenset[str]:
    return frozenset(text.split())


_JS = _words(
    "async await break case catch class const continue debugger default delete do else export extends false "
    "finally for function if import in instanceof let new null of return static super switch this throw true "
    "try typeof undefined var void while with yield"
)
_TS = _JS | _words(
    "abstract any as asserts boolean declare enum implements infer interface is keyof namespace never number "
    "object private protected public readonly satisfies string symbol type unknown"
)
_C = _words(
    "auto break case char const continue default do double else enum extern float for goto if inline int long "
    "register restrict return short signed sizeof static struct switch typedef union unsigned void volatile "
    "while define include ifdef ifndef endif undef pragma elif defined"
)

KEYWORDS: Mapping[str, frozenset[str]] = {
    "python": _words(
        "False None True and as assert async await break class continue def del elif else except finally for "
        "from global if import in is lambda nonlocal not or pass raise return try while with yield"
    ),
    "javascript": _JS,
    "typescript": _TS,
    "tsx": _TS,
    "go": _words(
        "break case chan const continue default defer else fallthrough for func go goto if import interface map "
        "package range return select struct switch type var nil true false"
    ),
    "rust": _words(
        "as async await break const continue crate dyn else enum extern false fn for if impl in let loop match "
        "mod move mut pub ref return self Self static struct super trait true type unsafe use where while"
    ),
    "java": _words(
        "abstract assert boolean break byte case catch char class const continue default do double else enum "
        "extends final finally float for goto if implements import instanceof int interface long native new "
        "package private protected public return short static strictfp super switch synchronized this throw "
        "throws transient try void volatile while true false null"
    ),
    "c": _C,
    "cpp": _C
    | _words(
        "bool catch class constexpr const_cast decltype delete dynamic_cast explicit export false final friend "
        "mutable namespace new noexcept nullptr operator override private protected public reinterpret_cast "
        "static_assert static_cast template this throw true try typeid typename using virtual"
    ),
    "csharp": _words(
        "abstract as async await base bool break byte case catch char checked class const continue decimal default "
        "delegate do double else enum event explicit extern false finally fixed float for foreach goto if implicit "
        "in int interface internal is lock long namespace new null object operator out override params private "
        "protected public readonly record ref return sbyte sealed short sizeof static string struct switch this "
        "throw true try typeof uint ulong unchecked unsafe ushort using var virtual void volatile when where while "
        "yield"
    ),
    "ruby": _words(
        "alias and begin break case class def defined do else elsif end ensure false for if in module next nil not "
        "or redo rescue retry return self super then true undef unless until when while yield __FILE__ __LINE__"
    ),
    "php": _words(
        "abstract and array as bool break callable case catch class clone const continue declare default do echo "
        "else elseif empty enum extends false final finally float fn for foreach function global goto if implements "
        "include include_once instanceof insteadof int interface isset list match mixed namespace never new null or "
        "print private protected public readonly require require_once return self static string switch this throw "
        "trait true try unset use var void while xor yield php"
    ),
    "bash": _words(
        "if then else elif fi for while until do done case esac in function select time coproc local export readonly "
        "declare typeset unset return break continue shift exit set source eval exec trap test echo true false"
    ),
    "kotlin": _words(
        "abstract actual annotation as break by catch class companion const constructor continue crossinline data do "
        "dynamic else enum expect external false final finally for fun get if import in infix init inline inner "
        "interface internal is it lateinit noinline null object open operator out override package private protected "
        "public reified return sealed set super suspend tailrec this throw true try typealias val value var vararg "
        "when where while"
    ),
    "scala": _words(
        "abstract case catch class def derives do else end enum export extends extension false final finally for "
        "given if implicit import inline lazy match new null object opaque open override package private protected "
        "return sealed super then this throw trait true try type using val var while with yield"
    ),
    "swift": _words(
        "actor any as associatedtype async await break case catch class continue convenience default defer deinit do "
        "dynamic else enum extension fallthrough false fileprivate final for func get guard if import in indirect "
        "infix init inout internal is isolated lazy let mutating nil nonisolated nonmutating open operator optional "
        "override postfix precedencegroup prefix private protocol public repeat required rethrows return self Self "
        "set some static struct subscript super switch throw throws true try typealias unowned var weak where while"
    ),
    "lua": _words(
        "and break do else elseif end false for function goto if in local nil not or repeat return then true until "
        "while"
    ),
    "elixir": _words(
        "after alias and case catch cond def defdelegate defexception defguard defguardp defimpl defmacro defmacrop "
        "defmodule defp defprotocol defstruct do else end false fn for if import in nil not or quote raise receive "
        "require rescue true try unless unquote use when with __MODULE__"
    ),
    "make": _words(
        "define else endef endif export ifdef ifeq ifndef ifneq include override private undefine vpath"
    ),
    **dict.fromkeys(DATA, frozenset[str]()),
    "html": _JS,
    "vue": _TS,
    "svelte": _TS | {"then"},
}
"""Words of a language that are never names: left out of references, refused as a new name."""
