(function_declaration name: (identifier) @name) @def.function
(function_declaration name: [
  (dot_index_expression table: (_) @container field: (identifier) @name)
  (method_index_expression table: (_) @container method: (identifier) @name)]) @def.method
(assignment_statement (variable_list name: (dot_index_expression table: (_) @container field: (identifier) @name))
  (expression_list value: (function_definition))) @def.method
(chunk (assignment_statement (variable_list name: (dot_index_expression table: (_) @container field: (identifier) @name))) @def.field)
(chunk (variable_declaration (assignment_statement (variable_list name: (identifier) @name))) @def.variable)
(chunk (assignment_statement (variable_list name: (identifier) @name)) @def.variable)

(function_call name: (identifier) @_require (#eq? @_require "require")) @import

(comment) @comment
(string_content) @opaque
