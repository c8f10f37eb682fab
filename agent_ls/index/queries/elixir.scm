(call target: (identifier) @_kind (arguments . (alias) @name)
  (#any-of? @_kind "defmodule" "defprotocol")) @def.module
(call target: (identifier) @_kind (arguments . [
    (call target: (identifier) @name)
    (identifier) @name
    (binary_operator left: (call target: (identifier) @name))
    (binary_operator left: (identifier) @name)])
  (#any-of? @_kind "def" "defp" "defdelegate" "defguard" "defguardp")) @def.function
(call target: (identifier) @_kind (arguments . [
    (call target: (identifier) @name)
    (identifier) @name
    (binary_operator left: (call target: (identifier) @name))])
  (#any-of? @_kind "defmacro" "defmacrop")) @def.macro
(do_block (unary_operator operator: "@" operand: (call target: (identifier) @name)
  (#not-match? @name "^(doc|moduledoc|typedoc|spec|type|typep|opaque|impl|behaviour|callback|deprecated|since|derive|tag|moduletag|dialyzer|compile)$")) @def.constant)
(unary_operator operator: "@" operand: (call target: (identifier) @_kind (arguments . (binary_operator left: [(call target: (identifier) @name) (identifier) @name]))
  (#any-of? @_kind "type" "typep" "opaque"))) @def.type

(call target: (identifier) @_kind (arguments)
  (#any-of? @_kind "alias" "import" "use" "require")) @import

(comment) @comment
(quoted_content) @opaque
(charlist) @opaque
